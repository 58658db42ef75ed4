"""Statements that each database words in its own way, or that SQLAlchemy types loosely."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Executable, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from eventsapp.models.base import Base

_INSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert_unless_there(session: Session, table: type[Base]) -> Any:
    """An INSERT into the table that leaves a row alone which is there already, by any of the table's unique columns."""
    return _INSERT[session.get_bind().dialect.name](table.__table__).on_conflict_do_nothing()


def insert_rows(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """INSERT these rows, without making objects of them. What they name by its id is there already."""
    with session.no_autoflush:
        session.execute(insert(cast("Table", table.__table__)), rows)


def rows_changed(session: Session, statement: Executable, values: dict[str, Any] | None = None) -> int:
    """Execute it; how many rows that changed."""
    return cast("CursorResult[Any]", session.execute(statement, values)).rowcount
