"""The database's schema: at which version it stands, and moving it. Flask-Migrate runs what lies in ``migrations/``.

The web server asks for it too, so what reads and moves versions is imported by those functions that do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, NullPool, column, create_engine, delete, insert, inspect, select, table

from eventsapp.config import resource

if TYPE_CHECKING:
    from alembic.config import Config


COMPATIBLE = table("compatible_version", column("version"))  # a model of it may be another version's


class BadVersion(Exception):
    """The database cannot be moved as asked, or is not where this program needs it. Says what to do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``current`` is None where no migration ever ran; ``head`` is what this program needs."""

    current: str | None
    head: str
    known: bool  # False: a newer program made ``current``
    compatible: bool = False  # which says that the program of ``head`` can work over its schema

    @property
    def at_head(self) -> bool:
        return self.current == self.head

    @property
    def fits(self) -> bool:
        """Whether this program can work over the database as it is."""
        return self.at_head or self.compatible

    @property
    def words(self) -> str:
        if self.at_head:
            return f"at version {self.head}"
        if not self.known:
            also = " and lets it go on" if self.compatible else ""
            return f"at version {self.current}, which is newer than this program ({self.head}){also}"
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
    known = current is None or current in versions
    return Standing(current, head, known, compatible=not known and _goes_on(connection, head))


def _goes_on(connection: Connection, head: str) -> bool:
    """Whether whoever made this newer schema says that the program of ``head`` can work over it."""
    if not inspect(connection).has_table(COMPATIBLE.name):
        return False
    return connection.scalar(select(COMPATIBLE.c.version).where(COMPATIBLE.c.version == head)) is not None


def note_step(connection: Connection, *, up: bool, version: str, runs_beside: bool) -> None:
    """A step of the schema was made. Unless the program before ``version`` ``runs_beside`` it, none of before does."""
    if not inspect(connection).has_table(COMPATIBLE.name):
        return  # before there was one, or after it has gone
    if not up:
        connection.execute(delete(COMPATIBLE).where(COMPATIBLE.c.version == version))
        return
    if not runs_beside:
        connection.execute(delete(COMPATIBLE))
    connection.execute(insert(COMPATIBLE).values(version=version))


@contextmanager
def triggers_kept(connection: Connection) -> Iterator[None]:
    """For a version that makes tables anew: no trigger is there within, and afterwards all of them are there again.

    SQLite drops a table's triggers with it, and gives no table a name that other tables' triggers speak of. PostgreSQL
    alters tables as they are, so there nothing happens.
    """
    found = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    triggers = connection.exec_driver_sql(found).all() if connection.dialect.name == "sqlite" else []
    for name, _statement in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _name, statement in triggers:
        connection.exec_driver_sql(statement)


def fits(connection: Connection) -> bool:
    """Whether this program can work over the database behind it."""
    return standing_of(connection).fits


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
