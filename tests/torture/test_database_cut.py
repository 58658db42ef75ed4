"""A database whose connections are cut, which is started anew, or which somebody else keeps to himself."""

import contextlib
import random
import sqlite3
import time
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import make_url

from tests.torture import scene
from tests.torture.books import Books
from tests.torture.crowd import Crowd, meanwhile, people
from tests.torture.house import opened
from tests.torture.postgres import Server
from tests.torture.scene import Stage

SHARE = 10  # of all people, for each database
LEAST = 600  # people: with fewer it may be over before anybody notices
LOCKED_FOR = ((1.0, 5.0), (16.5, 20.0))  # seconds; SQLite's patience is 15
PAUSE = (0.2, 3.0)


@pytest.fixture
def database(own_database: str) -> str:
    return own_database


def cut_by(database: str, server: Server | None, chance: random.Random) -> Callable[[], None]:
    """One fault at a time, each as it happens to people who run databases."""
    if server is None:
        return lambda: keep_to_oneself(make_url(database).database or "", chance)

    def throw_out() -> None:
        with contextlib.suppress(psycopg.Error), server.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'eventsapp'")

    def throw_one_out() -> None:
        with contextlib.suppress(psycopg.Error), server.connect() as connection:
            found = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = 'eventsapp'").fetchall()
            if found:
                connection.execute("SELECT pg_terminate_backend(%s)", chance.choice(found))

    def restart() -> None:
        server.stop(chance.choice(["fast", "immediate"]))
        time.sleep(chance.uniform(0, 6))
        server.start()

    def cut() -> None:
        time.sleep(chance.uniform(*PAUSE))
        chance.choices([throw_out, throw_one_out, restart], [4, 8, 1])[0]()

    return cut


def keep_to_oneself(path: str, chance: random.Random) -> None:
    """Another program writes for long."""
    time.sleep(chance.uniform(*PAUSE))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(chance.uniform(*chance.choice(LOCKED_FOR)))
        connection.execute("ROLLBACK")


def test_everybody_gets_a_clear_answer_and_nothing_is_lost(stage: Stage, request: pytest.FixtureRequest) -> None:
    number = max(LEAST, stage.people // SHARE)
    scene.make_events(stage.make, number)
    crowd_of = people(number, scene.CHOICES, stage.chance)
    server = request.getfixturevalue("server") if stage.on_postgresql else None
    with opened(stage.settings, workers=stage.workers) as house:
        crowd = Crowd(house, stage.postbox)
        with meanwhile(cut_by(stage.settings.database_url, server, stage.chance)):
            crowd.register_all(crowd_of)
        scene.settle(stage.session)
        assert house.unforeseen() == []
    stage.said = dict(crowd.answers) | {"doubles": stage.postbox.doubles}
    assert crowd.answers["503"] > 0, "nobody noticed anything"
    assert Books(stage.session, crowd, crowd_of).wrong() == [], "and nobody was killed, so no letter came twice"
