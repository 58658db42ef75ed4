"""Very many rows at once into one of the models' tables, on SQLite and PostgreSQL."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table, text

from eventsapp.models import Base

CHUNK = 20_000
names = str.split  # columns, as words


def pour(
    connection: Connection,
    model: type[Base],
    shared: dict[str, Any],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Insert many rows: ``shared`` columns alike in all, ``names`` as the rows have them, the others by default."""
    table = cast("Table", model.__table__)
    same = _defaults(table, {*shared, *names}) | shared
    columns = [*same, *names]
    binds = [_binding(connection, table, name) for name in columns]
    head = tuple(bind(value) for bind, value in zip(binds, same.values(), strict=False))
    tails = binds[len(head) :]
    bound = (head + tuple(bind(value) for bind, value in zip(tails, row, strict=True)) for row in rows)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in bound:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    insert = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  our own names
    for chunk in _chunks(bound, CHUNK):
        connection.exec_driver_sql(insert, chunk)


def _defaults(table: Table, given: set[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given or column.name == "id":
            continue
        default: Any = column.default
        if default is not None:
            values[column.name] = default.arg(None) if default.is_callable else default.arg
    return values


def _binding(connection: Connection, table: Table, name: str) -> Callable[[Any], Any]:
    """What the column makes of a value; times repeat, so each is made once."""
    made = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    if made is None:
        return lambda value: value
    bind: Callable[[Any], Any] = made
    known: dict[Any, Any] = {}

    def remember(value: Any) -> Any:
        try:
            if value not in known:
                known[value] = bind(value)
            return known[value]
        except TypeError:  # a value that cannot be a key
            return bind(value)

    return remember


def _chunks(rows: Iterable[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def go_on_counting(connection: Connection, model: type[Base]) -> None:
    """Where ids were given, new ones follow the highest."""
    table = cast("Table", model.__table__)
    if connection.dialect.name == "postgresql":
        highest = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"  # noqa: S608
        connection.execute(text(highest))
