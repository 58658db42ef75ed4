"""The database's schema: at which version it stands, and moving it. Flask-Migrate runs what lies in ``migrations/``.

The web server asks for it too, so what reads and moves versions is imported by those functions that do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, NullPool, create_engine

from eventsapp.config import resource

if TYPE_CHECKING:
    from alembic.config import Config


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
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        return standing_of(connection)


def standing_of(connection: Connection) -> Standing:
    """The same over a connection that is there."""
    from alembic.migration import MigrationContext

    head, versions = _history()
    current = MigrationContext.configure(connection).get_current_revision()
    return Standing(current, head, current is None or current in versions)


@cache
def _history() -> tuple[str, frozenset[str]]:
    """The newest version, and all that lead to it."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(resource("migrations")))
    head = scripts.get_current_head()
    if head is None:
        raise BadVersion("No migrations are installed beside the program; install eventsapp again.")
    return head, frozenset(script.revision for script in scripts.walk_revisions())


def upgrade(version: str = "head") -> Standing:
    """Move the schema up. Every table and row of one call change together or not at all."""
    from alembic import command

    return _move(command.upgrade, version)


def downgrade(version: str = "-1") -> Standing:
    """Move the schema down, by default one version. What only the newer tables and columns held is lost."""
    from alembic import command

    return _move(command.downgrade, version)


def write_version(message: str) -> None:
    """Write the next file of ``migrations/versions`` from what the models say and the database lacks."""
    from alembic import command

    number = datetime.now(UTC).strftime("%Y%m%d_%H%M")
    _move(lambda config, text: command.revision(config, text, autogenerate=True, rev_id=number), message)


def _move(wish: Callable[["Config", str], object], argument: str) -> Standing:
    """Do it to the database of the application in context."""
    from alembic.util import CommandError
    from flask import current_app
    from flask_migrate import Migrate

    from eventsapp.db import db

    migrate = Migrate(current_app, db, directory=str(resource("migrations")), render_as_batch=True)
    try:
        wish(migrate.get_config(), argument)
    except CommandError as error:
        raise BadVersion(f"The database was left as it is: {error}.") from error
    return standing(current_app.extensions["settings"].database_url)
