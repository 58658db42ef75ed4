"""Alembic's way in: runs the versions over the application's own database, inside its context.

All of it is one transaction on both databases, and a second process that migrates at the same time waits.
"""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from eventsapp import migration
from eventsapp.db import db, for_writing
from eventsapp.models import Base
from eventsapp.models.base import Json, UtcInstant, WallTime

PATIENCE = 5000  # milliseconds for a table: all who want it meanwhile wait behind us
ONE_AT_A_TIME = 7_302_118  # any number, the same for all our processes


def plain_type(kind: str, thing: object, _context: object) -> str | bool:
    """Write our column types into a version as plain SQL ones: what a version makes must not change with the models."""
    if kind == "type" and isinstance(thing, UtcInstant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, WallTime):
        return "sa.DateTime()"
    if kind == "type" and thing is Json:
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def note(*, ctx: Any, step: Any, **_: Any) -> None:
    """After each version, within its transaction: say which programs go on over what it has made."""
    script = step.up_revision
    beside = getattr(script.module, "runs_beside", False)
    migration.note_step(ctx.connection, up=step.is_upgrade, version=script.revision, runs_beside=beside)


def migrate(connection: Connection) -> None:
    options = current_app.extensions["migrate"].configure_args
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,
        render_item=plain_type,
        on_version_apply=note,
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()


def on_postgresql() -> None:
    with for_writing().begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # whoever is migrating already takes the time it takes
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})
        connection.execute(text(f"SET LOCAL lock_timeout = {PATIENCE}"))
        migrate(connection)


def on_sqlite() -> None:
    """SQLite alters a table by making it anew and dropping the old one, which must not delete what refers to it."""
    with for_writing().connect() as connection:
        driver = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                migrate(connection)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"rows refer to nothing after this migration: {broken[:5]}")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


if db.engine.dialect.name == "sqlite":
    on_sqlite()
else:
    on_postgresql()
