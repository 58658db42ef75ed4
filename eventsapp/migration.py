"""The database's schema: at which version it stands, and moving it. Flask-Migrate runs what lies in ``migrations/``.

Alembic is slow to import, so only the command line and the doctor use this room, when they need it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from flask_migrate import Migrate
from sqlalchemy import NullPool, create_engine

from eventsapp.config import resource
from eventsapp.db import db


class BadVersion(Exception):
    """The database cannot be moved as asked, or is not where this program needs it. Says what to do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``current`` is None where no migration ever ran; ``head`` is what this program needs."""

    current: str | None
    head: str
    known: bool  # False: a newer program made ``current``

    @property
    def at_head(self) -> bool:
        return self.current == self.head

    @property
    def words(self) -> str:
        if self.at_head:
            return f"at version {self.head}"
        if not self.known:
            return f"at version {self.current}, which is newer than this program ({self.head})"
        return f"{f'at version {self.current}' if self.current else 'new'} and needs version {self.head}"

    @property
    def remedy(self) -> str:
        if not self.known:
            return "Install the eventsapp that made it, or restore the backup taken before the upgrade."
        backup = "Make a backup, then run" if self.current else "Run"
        return f"{backup} `eventsapp db upgrade`."


def standing(database_url: str) -> Standing:
    """Where a database stands. Only reads; raises what the driver raises."""
    scripts = ScriptDirectory(str(resource("migrations")))
    head = scripts.get_current_head()
    if head is None:
        raise BadVersion("No migrations are installed beside the program; install eventsapp again.")
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    known = current is None or current in {script.revision for script in scripts.walk_revisions()}
    return Standing(current, head, known)


def upgrade(version: str = "head") -> Standing:
    """Move the schema up. Every table and row of one call change together or not at all."""
    _run(command.upgrade, version)
    return standing(current_app.extensions["settings"].database_url)


def downgrade(version: str = "-1") -> Standing:
    """Move the schema down, by default one version. What only the newer tables and columns held is lost."""
    _run(command.downgrade, version)
    return standing(current_app.extensions["settings"].database_url)


def write_version(message: str) -> None:
    """Write the next file of ``migrations/versions`` from what the models say and the database lacks."""
    number = datetime.now(UTC).strftime("%Y%m%d_%H%M")
    _run(lambda config: command.revision(config, message, autogenerate=True, rev_id=number))


def _run(wish: Callable[..., Any], *arguments: str) -> None:
    try:
        wish(config(), *arguments)
    except CommandError as error:
        raise BadVersion(f"The database was left as it is: {error}.") from error


def config() -> Config:
    """Alembic's configuration for the application in context."""
    migrate = Migrate(current_app, db, directory=str(resource("migrations")), render_as_batch=True)
    config: Config = migrate.get_config()
    return config
