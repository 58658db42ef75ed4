"""Count the SQL statements of a block: a list that grows must not ask more often."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from eventsapp.db import db


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that the block sends, but the BEGIN of a transaction. Needs an application context."""
    seen: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", see)
