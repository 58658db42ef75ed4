"""The one database handle, and the one way to write: ``with transaction() as session``."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from eventsapp.models import Base

db = SQLAlchemy(model_class=Base, disable_autonaming=True)

_WRITING = {"eventsapp_writing": True}


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit what the block wrote, or roll all of it back. Needs an application context.

    On SQLite it begins with BEGIN IMMEDIATE, so that two writers queue instead of one failing half-way; whatever
    the session had read before is dropped first, because a read transaction cannot become a writing one.
    """
    session: Session = db.session()
    session.rollback()
    session.connection(execution_options=_WRITING)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def prepare_engine(engine: Engine) -> None:
    """Give SQLite what PostgreSQL has by itself: foreign keys, real transactions, readers beside a writer."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        writing = connection.get_execution_options().get("eventsapp_writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
