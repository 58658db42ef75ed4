"""The one database handle, and the one way to write: ``with transaction() as session``."""

import contextlib
import select
import sqlite3
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import InterfaceError, InternalError, InvalidatePoolError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.pool import ConnectionPoolEntry

from eventsapp import metrics
from eventsapp.models import Base

if TYPE_CHECKING:
    import psycopg

db = SQLAlchemy(model_class=Base, disable_autonaming=True)

PATIENCE = {  # of libpq
    "connect_timeout": 5,  # seconds, for each of the server's addresses
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds, for an answer to what was sent
}
BUSY = 15_000  # milliseconds, for whoever is writing
SERVER_PATIENCE = {
    # The same of the server, which else would keep the locks of a machine that went without a word for two hours.
    **{f"tcp_{name}": PATIENCE[name] for name in ("keepalives_idle", "keepalives_interval", "keepalives_count")},
    "tcp_user_timeout": PATIENCE["tcp_user_timeout"],
    # Or of a program that has stopped in the middle, with its machine or by itself.
    "idle_in_transaction_session_timeout": 60_000,
    "lock_timeout": BUSY,
}
REST = 5.0  # seconds for which a connection that nobody used is trusted
POOL_SIZE = 5
MAX_OVERFLOW = 15
# The database is away, full, locked, or only to be read for now: the same thing may go well the next time.
AWAY = (OperationalError, InternalError, InterfaceError, NoConnectionInTime)
# How PostgreSQL is read: each statement by itself, since it shows each another moment even in one transaction; and
# psycopg forgets at ROLLBACK what it prepared, so that every statement would be planned anew.
_READING = {"isolation_level": "AUTOCOMMIT"}
_WRITING: dict[str, dict[str, Any]] = {
    "sqlite": {"eventsapp_writing": True},
    "postgresql": {"isolation_level": "READ COMMITTED"},
}
_IN_TRANSACTION = "eventsapp_in_transaction"
_GLANCING: dict[str, dict[str, Any]] = {"sqlite": {"eventsapp_glancing": True}, "postgresql": {}}


@contextlib.contextmanager
def transaction() -> Iterator[Session]:
    """Commit what the block wrote, or roll all of it back. Needs an application context.

    On SQLite it begins with BEGIN IMMEDIATE, so that two writers queue instead of one failing half-way; whatever
    the session had read before is dropped first, because a read transaction cannot become a writing one.
    """
    session: Session = db.session()
    session.rollback()
    session.connection(execution_options=_WRITING[session.get_bind().dialect.name])
    session.info[_IN_TRANSACTION] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.info[_IN_TRANSACTION]


@event.listens_for(db.session, "before_flush")
def _refuse_elsewhere(session: Session, *_: object) -> None:
    """Rows changed outside of ``transaction`` by mistake would stay in PostgreSQL, and be lost in SQLite."""
    if _IN_TRANSACTION not in session.info:
        raise RuntimeError("rows are written in db.transaction() alone")


@event.listens_for(db.session, "do_orm_execute")
def _refuse_statements_elsewhere(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        _refuse_elsewhere(state.session)


def for_writing() -> Engine:
    """The engine whose transactions may write, for what needs no session: ``with for_writing().begin() as connection``.
    Needs an application context.
    """
    return db.engine.execution_options(**_WRITING[db.engine.dialect.name])


@contextlib.contextmanager
def glance() -> Iterator[Connection]:
    """A connection for a single statement that reads: no transaction is begun or ended around it. No session either,
    which costs more than the statement. Needs an application context.
    """
    with db.engine.connect() as connection:
        yield connection.execution_options(**_GLANCING[connection.dialect.name])


def let_go(_error: BaseException | None) -> None:
    """End what a request read. An answer that is made stays good, whatever has become of the connection meanwhile."""
    if db.session.registry.has():
        with contextlib.suppress(SQLAlchemyError):
            db.session.rollback()
    db.session.remove()


def engine_options(database_url: str) -> dict[str, Any]:
    """How connections are made and kept.

    A process keeps five to PostgreSQL, opens at most twenty, and uses none that was lost meanwhile: the server may be
    started anew under us. One that went without a word is noticed within a minute. What the URL says itself holds.
    """
    options: dict[str, Any] = {"hide_parameters": True}  # no name and no address in a log
    pool = {"pool_size": POOL_SIZE, "max_overflow": MAX_OVERFLOW, "pool_timeout": 10}
    if database_url.startswith("sqlite:"):
        return options | pool
    asked = make_url(database_url).query
    patience = {name: seconds for name, seconds in PATIENCE.items() if name not in asked}
    return options | pool | _READING | {"connect_args": patience}


def count_connections(engine: Engine) -> None:
    """Let ``metrics`` know how many connections are in use."""
    metrics.begin(connections=POOL_SIZE + MAX_OVERFLOW)
    event.listen(engine, "checkout", lambda *_: metrics.connection(1))
    event.listen(engine, "checkin", lambda *_: metrics.connection(-1))


def prepare_engine(engine: Engine) -> None:
    """Give SQLite what PostgreSQL has by itself, and let PostgreSQL notice who is gone."""
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkin", _note_rest)
        event.listen(engine, "checkout", _use_none_that_is_lost)


def _prepare_postgresql(connection: "psycopg.Connection", _record: object) -> None:
    connection.autocommit = True  # as ``_READING`` has it; else it would be taken back with the transaction
    bounds = (f"set_config('{name}', '{value}', false)" for name, value in SERVER_PATIENCE.items())
    connection.execute(f"SELECT {', '.join(bounds)}")


def _note_rest(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = time.monotonic()


def _use_none_that_is_lost(connection: "psycopg.Connection", record: ConnectionPoolEntry, _proxy: object) -> None:
    """Like SQLAlchemy's ``pool_pre_ping``, which asks the server each time."""
    if not _may_be_lost(connection, record):
        return
    try:
        connection.execute("SELECT 1")
    except connection.Error as error:
        raise InvalidatePoolError from error


def _may_be_lost(connection: "psycopg.Connection", record: ConnectionPoolEntry) -> bool:
    """A server that ends a connection says so, and then there is something to read."""
    since = record.info.get("rests_since")
    if since is None:
        return False  # it is new
    if connection.closed or time.monotonic() - since > REST:
        return True
    words = select.poll()
    words.register(connection.fileno(), select.POLLIN)
    return bool(words.poll(0))


def _prepare_sqlite(engine: Engine) -> None:
    """Foreign keys, real transactions, readers beside a writer."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        options = connection.get_execution_options()
        if "eventsapp_glancing" not in options:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("eventsapp_writing") else "BEGIN")
