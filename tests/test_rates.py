"""Limits that several processes share through a real Redis, and what holds while it is away."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from limits import RateLimitItemPerHour

from eventsapp import rates
from eventsapp.app import create_app
from eventsapp.config import Settings
from eventsapp.db import db
from eventsapp.rates import Rates
from tests.redis_server import redis_server

THREE = RateLimitItemPerHour(3)
FORM = "/events/forum/registrations"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(shared):
    """It runs and holds nothing."""
    Rates(shared.url)._storage.reset()
    return shared


@pytest.fixture
def database(_sqlite_url):
    """One kind is enough where nothing is counted in it."""
    return _sqlite_url


@pytest.fixture
def sites(app, make):
    """``sites(settings)`` are two web processes over one event."""
    make.event()
    made = []

    def sites(settings: Settings) -> list[FlaskClient]:
        made.extend([create_app(settings), create_app(settings)])
        return [site.test_client() for site in made]

    yield sites
    for site in made:
        with site.app_context():
            db.engine.dispose()


def test_each_process_counts_for_itself():
    one, other = Rates(), Rates()
    assert [one.take(THREE, "a") for _ in range(4)] == [True, True, True, False]
    assert other.take(THREE, "a")
    assert not one.answers()


@pytest.mark.parametrize("way", ["port", "socket"])
def test_through_redis_they_count_together(redis, way):
    url = redis.url if way == "port" else f"unix://{redis.socket}"
    one, other = Rates(url), Rates(url)
    assert [each.take(THREE, "a") for each in (one, other, one, other, one)] == [True, True, True, False, False]
    assert other.take(THREE, "b")
    assert one.answers()


def test_while_redis_is_away_each_counts_for_itself_and_says_so_once(redis, caplog, monkeypatch):
    monkeypatch.setattr(rates, "ASK_AGAIN_AFTER", 0.0)
    caplog.set_level(logging.INFO)
    one = Rates(redis.url)
    assert one.take(THREE, "a")
    redis.stop()
    try:
        assert [one.take(THREE, "a") for _ in range(4)] == [True, True, True, False]
        assert not one.answers()
    finally:
        redis.start()
    assert [one.take(THREE, "a") for _ in range(4)] == [True, True, True, False]  # a new Redis knows nothing of before
    assert one.answers()
    assert caplog.messages == [
        "Redis does not answer (ConnectionError): limits hold in each process by itself until it does",
        "Redis answers again: limits hold for all processes together",
    ]


def test_a_redis_that_is_away_keeps_nobody(monkeypatch):
    """It is asked again after a while and not by everybody, and threads that lose it at once are all answered."""
    gone = Rates("redis://127.0.0.1:1/0")
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: gone.take(RateLimitItemPerHour(100), "a"), range(40)))
    assert taken == [True] * 40
    asked = []
    monkeypatch.setattr(gone._shared, "hit", lambda *_: asked.append(1))
    assert gone.take(THREE, "b")
    assert asked == []


def test_two_web_processes_share_the_limit_of_a_network(sites, settings, redis):
    both = sites(replace(settings, limit_per_network=3, redis_url=redis.url))
    assert [site.post(FORM).status_code for site in both * 3] == [422, 422, 422, 429, 429, 429]
    keys = Rates(redis.url)._storage.storage.keys()
    assert len(keys) == 1
    assert b"127.0.0.1" not in keys[0]


def test_without_redis_two_web_processes_let_twice_as_many_through(sites, settings):
    both = sites(replace(settings, limit_per_network=3))
    assert [site.post(FORM).status_code for site in both * 4] == [422] * 6 + [429] * 2
