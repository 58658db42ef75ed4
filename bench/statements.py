"""SQL of single requests, in this process through the real application: ``python -m bench.statements`` prints JSON.

For each request how many statements it sends (BEGIN, COMMIT and the like are not counted), and which of them read all
of a large table instead of going by an index.
"""

import itertools
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, func, select

from bench.fill import OWNER, PASSWORD
from bench.load import CSRF_TOKEN, form_for
from bench.records import FORUM, OTHER, TABLE
from bench.waiting import make_reminders_due, plan, queue_confirmations
from eventsapp.app import create_app
from eventsapp.config import Settings
from eventsapp.db import db
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.models import Base
from eventsapp.worker import run

LARGE = 10_000  # rows: below that, reading all of a table is what a planner should do
LETTERS = 20
_NO_WORK = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA", re.IGNORECASE)
_EXPLAINED = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_SCAN = re.compile(r"SCAN (\w+?)(?:_\d+)?(?: USING (?:COVERING )?INDEX (\w+))?$")

Statement = tuple[str, Any]


@dataclass
class Told:
    """What is said of one request."""

    statements: float
    scans: list[str]


class Nowhere:
    """Takes every letter."""

    def send(self, message: object, envelope: Envelope) -> Outcome:  # noqa: ARG002
        return Outcome(Verdict.ACCEPTED, 250, "taken")

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def seeing(app: Flask) -> Iterator[list[Statement]]:
    """The statements of the block, with their parameters."""
    seen: list[Statement] = []

    def see(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not _NO_WORK.match(statement):
            seen.append((statement, parameters[0] if many else parameters))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", see)


def tell(app: Flask, settings: Settings) -> dict[str, Told]:
    with app.app_context(), db.engine.connect() as connection:
        large = _large(connection)
    told: dict[str, Told] = {}

    def note(name: str, seen: list[Statement], share: int = 1, without: int = 0) -> None:
        with app.app_context(), db.engine.connect() as connection:
            told[name] = Told(round((len(seen) - without) / share, 2), scans(connection, seen, large))

    def watch(name: str, does: Callable[[], object]) -> None:
        with seeing(app) as seen:
            does()
        note(name, seen)

    client = app.test_client()
    _look(client, f"/events/{FORUM}")  # what a process asks once in its life is not counted
    watch("event page, first", lambda: _look(client, f"/events/{OTHER.format(0)}"))
    watch("event page, again", lambda: _look(client, f"/events/{FORUM}"))
    watch(".ics of one date", lambda: _look(client, f"/events/{FORUM}/date-0.ics"))
    watch("feed", lambda: _look(client, f"/events/{FORUM}/calendar.ics"))
    tag = client.get(f"/events/{FORUM}/calendar.ics").headers["ETag"]
    watch("feed, not changed", lambda: client.get(f"/events/{FORUM}/calendar.ics", headers={"If-None-Match": tag}))
    receipts: list[str] = []
    watch("registration, POST", lambda: receipts.append(_register(client)))
    watch("registration, receipt", lambda: _look(client, receipts[0]))
    _sign_in(client)
    table = TABLE
    _look(client, table)
    watch("organizer's table", lambda: _look(client, table))
    watch("organizer's table, by name", lambda: _look(client, f"{table}?sort=name"))
    watch("organizer's table, searched", lambda: _look(client, f"{table}?q=d77.example.net"))
    _letters(app, settings, note)
    return told


def _letters(app: Flask, settings: Settings, note: Callable[..., None]) -> None:
    """A letter's share of what the worker sends for many; what it asks with nothing to do is taken off."""
    _work(app)
    with seeing(app) as nothing:
        _work(app)
    idle = len(nothing)
    note("worker with nothing to do", nothing)
    with app.app_context():
        queue_confirmations(LETTERS, 0)
    with seeing(app) as seen:
        _work(app)
    note("confirmation, sent by the worker", seen, LETTERS, idle)
    with app.app_context():
        make_reminders_due(LETTERS, 0)
        with seeing(app) as seen:
            plan(settings)
    note(f"planning {LETTERS} reminders", seen)
    with seeing(app) as seen:
        _work(app)
    note("reminder, sent by the worker", seen, LETTERS, idle)


def _work(app: Flask) -> None:
    run(app, stop=threading.Event(), once=True, transport=Nowhere(), clock=lambda: datetime.now(UTC))


def _look(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status}"


def _register(client: FlaskClient) -> str:
    form = form_for(f"statements{secrets.token_hex(4)}", 1, "date-0")
    answer = client.post(f"/events/{FORUM}/registrations", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303, answer.status
    return urlsplit(answer.headers["Location"]).path


def _sign_in(client: FlaskClient) -> None:
    token = CSRF_TOKEN.search(client.get("/organizer/sign-in").text)
    assert token is not None
    form = {"email": OWNER, "password": PASSWORD, "csrf_token": token[1]}
    client.post("/organizer/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"})


# --- plans ------------------------------------------------------------------------------------------------------------


def _large(connection: Connection) -> set[str]:
    tables = Base.metadata.tables.values()
    counts = {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    return {name for name, number in counts.items() if number >= LARGE}


def scans(connection: Connection, seen: list[Statement], large: set[str]) -> list[str]:
    """Where a plan reads all of a large table, each with the statement's beginning. A partial index is none."""
    by_text = {statement: parameters for statement, parameters in seen if _EXPLAINED.match(statement)}
    explain = _of_postgresql if connection.dialect.name == "postgresql" else _of_sqlite
    found = []
    for statement, parameters in by_text.items():
        for table, how in explain(connection, statement, parameters):
            if table in large:
                found.append(f"{how} {table}: {' '.join(statement.split())[:160]}")
    return found


def _partial() -> set[str]:
    indexes = itertools.chain.from_iterable(table.indexes for table in Base.metadata.tables.values())
    return {str(index.name) for index in indexes if index.dialect_options["sqlite"]["where"] is not None}


def _of_sqlite(connection: Connection, statement: str, parameters: Any) -> Iterator[tuple[str, str]]:
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
        if (scan := _SCAN.match(row[3])) and scan[2] not in _partial():
            yield scan[1], "SCAN"


def _of_postgresql(connection: Connection, statement: str, parameters: Any) -> Iterator[tuple[str, str]]:
    driver: Any = connection.connection.driver_connection
    with psycopg.ClientCursor(driver) as cursor:  # it writes the parameters into the statement
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        row = cursor.fetchone()
    driver.rollback()
    nodes = [row[0][0]["Plan"]] if row else []
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        table = node.get("Relation Name", "")
        if node["Node Type"] == "Seq Scan":
            yield table, "Seq Scan"
        elif "Index Name" in node and "Index Cond" not in node and _many(node):
            yield table, "whole index of"


def _many(node: dict[str, Any]) -> bool:
    return node["Index Name"] not in _partial() and node["Plan Rows"] >= LARGE


if __name__ == "__main__":
    given = Settings.from_environment()
    print(json.dumps({name: vars(one) for name, one in tell(create_app(given), given).items()}))
