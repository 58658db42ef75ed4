"""Two web servers and two workers over one PostgreSQL, as processes: the last places, the letters, and a database that
goes away under all of them."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import psycopg
import pytest
from flask import request_finished
from sqlalchemy import make_url, select, text

from eventsapp.db import AWAY, REST, SERVER_PATIENCE, db, for_writing
from eventsapp.domain.vocabulary import MessageState, PlaceState
from eventsapp.instance import InUse, alone
from eventsapp.models import Event, Message, Place
from tests.mail.server import Script, smtp_server
from tests.processes import running, wait_for

LAST_PLACES = 5
PEOPLE = 14
AHEAD = {"key": "later", "dtstart_local": datetime(2040, 6, 13, 16, 0)}  # noqa: DTZ001  a wall time beside its tzid
WEB = ("serve", "--no-worker", "--workers", "1", "--threads", "4")


@contextmanager
def away(url: str) -> Iterator[None]:
    """Nobody gets in, and whoever was in is thrown out, as when the server is started anew."""
    name = make_url(url).database
    server = make_url(url).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    inside = "FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(server, autocommit=True) as connection:
        try:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            # It waits for each; "false" is also said of one who left by himself meanwhile, so look again.
            connection.execute(f"SELECT pg_terminate_backend(pid, 20000) {inside}", [name])
            wait_for(lambda: not connection.execute(f"SELECT 1 {inside}", [name]).fetchone())
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.fixture
def database(_postgresql_url):
    return _postgresql_url


def test_many_processes_are_one_house(app, make, settings):
    make.event(occurrences=[AHEAD | {"capacity": LAST_PLACES}])
    make.event("talk", occurrences=[AHEAD])
    db.session.remove()
    db.engine.dispose()
    with smtp_server(Script()) as mail:
        ran = replace(settings, mail_url=f"smtp://127.0.0.1:{mail.port}", base_url="http://127.0.0.1:8000")
        with running(ran, WEB, WEB, ("worker",), ("worker",)) as [one, other, *workers]:

            def register(number: int) -> int:
                form = {"name": "Ana", "email": f"ana{number}@example.org", "occurrences": "later"}
                return [one, other][number % 2].ask("/events/forum/registrations", form)[0]

            with ThreadPoolExecutor(PEOPLE) as people:
                answers = Counter(people.map(register, range(PEOPLE)))
            assert answers == {303: LAST_PLACES, 409: PEOPLE - LAST_PLACES}

            with away(settings.database_url):
                for web in (one, other):
                    status, _, page = web.ask("/events/forum")
                    assert (status, "<h1" in page) == (503, True)
                    assert web.ask("/readyz")[0] == 503
                    assert web.ask("/healthz")[0] == 200
            for web in (one, other):
                assert web.ask("/events/forum")[0] == 200
            form = {"name": "Ana", "email": "later@example.org", "occurrences": "later"}
            assert other.ask("/events/talk/registrations", form)[0] == 303
            wait_for(lambda: len(mail.taken) == LAST_PLACES + 1)
            with pytest.raises(InUse), alone(settings.instance_path):
                pass
            assert [program.end() for program in (one, other, *workers)] == [0] * 4
    with alone(settings.instance_path):
        pass  # none of them holds it any more
    assert len({recipient for recipient, _ in mail.taken}) == LAST_PLACES + 1
    assert Counter(db.session.scalars(select(Place.state))) == {PlaceState.CONFIRMED: LAST_PLACES + 1}
    sent = db.session.execute(select(Message.state, Message.attempts)).all()
    assert {state for state, _ in sent} == {MessageState.SENT}
    assert len(sent) == LAST_PLACES + 1


@pytest.mark.parametrize("rest", [REST, 0.0])
def test_a_connection_that_was_lost_meanwhile_is_not_used(client, make, settings, monkeypatch, rest):
    """The control: without a look at it before use, the first page after a restart would fail."""
    monkeypatch.setattr("eventsapp.db.REST", rest)
    make.event()
    db.session.remove()
    db.engine.dispose()  # so that the pool holds one connection, the one that is lost
    assert client.get("/events/forum").status_code == 200
    with away(settings.database_url):
        assert client.get("/events/forum").status_code == 503
    assert client.get("/events/forum").status_code == 200
    with away(settings.database_url):
        pass
    assert client.get("/events/forum").status_code == 200
    monkeypatch.setattr("eventsapp.db._may_be_lost", lambda *_: False)
    with away(settings.database_url):
        pass
    assert client.get("/events/forum").status_code == 503
    assert client.get("/events/forum").status_code == 200


def test_a_connection_that_is_lost_once_the_answer_is_made_takes_nothing_with_it(app, client, make, settings):
    make.event()

    def cut(*_: object, **__: object) -> None:
        with away(settings.database_url):
            pass

    with request_finished.connected_to(cut, app):
        assert client.get("/events/forum").status_code == 200


def test_nobody_waits_for_long_for_a_program_that_stands_still(app, client, make, monkeypatch):
    """In the middle of a transaction, suspended with its machine for one: its locks end before it goes on."""
    make.event(occurrences=[AHEAD])
    form = {"name": "Ana", "email": "ana@example.org", "occurrences": "later"}
    db.session.remove()
    db.engine.dispose()
    monkeypatch.setitem(SERVER_PATIENCE, "lock_timeout", 50)
    monkeypatch.setitem(SERVER_PATIENCE, "idle_in_transaction_session_timeout", 1000)
    try:
        with for_writing().connect() as still:
            still.execute(select(Event.id).with_for_update())
            answer = client.post("/events/forum/registrations", data=form)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
            wait_for(lambda: client.post("/events/forum/registrations", data=form).status_code == 303)
            with pytest.raises(AWAY):  # what it wanted to do comes too late
                still.execute(select(Event.id))
    finally:
        db.engine.dispose()


def test_a_database_that_is_only_to_be_read_for_now_says_so(app, client, make, settings):
    """As a standby is until it takes over."""
    make.event(occurrences=[AHEAD])
    name = make_url(settings.database_url).database
    form = {"name": "Ana", "email": "ana@example.org", "occurrences": "later"}

    def only_read(word: str) -> None:
        db.session.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = {word}"))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()

    only_read("on")
    try:
        assert client.get("/events/forum").status_code == 200
        answer = client.post("/events/forum/registrations", data=form)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    finally:
        db.session.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"))
        db.session.commit()
        only_read("off")
    assert client.post("/events/forum/registrations", data=form).status_code == 303
