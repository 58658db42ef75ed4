"""What machines that watch are told, and that it costs and gives away nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from eventsapp.actions.outbox import enqueue
from eventsapp.app import create_app
from eventsapp.db import db, for_writing, transaction
from eventsapp.domain.vocabulary import LetterKind
from tests.redis_server import redis_server


def test_a_process_that_lives_says_so_whatever_is_away(settings):
    """No database is there."""
    app = create_app(replace(settings, limit_per_network=1))
    for method in ("GET", "HEAD"):
        for _ in range(3):
            answer = app.test_client().open("/healthz", method=method, base_url="http://10.0.0.7:8000")
            assert answer.status_code == 200
    assert app.test_client().get("/healthz").text == "ok\n"
    assert app.test_client().post("/healthz").status_code == 405


def test_nobody_keeps_it_and_it_leaves_nothing(client):
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


def test_ready(client, make, now, settings):
    registration = make.registration(make.event())
    with transaction() as session:
        session.add(registration)
        enqueue(session, registration, LetterKind.CONFIRMATION, now=now - timedelta(minutes=5), settings=settings)
    answer = client.get("/readyz", base_url="http://10.0.0.7:8000")
    letters = {"due": 1, "oldest_due_seconds": 300}
    assert (answer.status_code, answer.json) == (
        200,
        {"ready": True, "database": "ok", "migrations": "ok", "letters": letters},
    )
    assert client.head("/readyz").status_code == 200


def test_another_version_is_not_ready(app, client):
    head = client.get("/readyz")
    assert head.json["ready"]
    with for_writing().begin() as connection:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '20261122_1437'"))
    try:
        answer = client.get("/readyz")
    finally:
        with for_writing().begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    assert (answer.status_code, answer.json) == (
        503,
        {
            "ready": False,
            "database": "ok",
            "migrations": f"the database is at version 20261122_1437 and needs version {version}",
        },
    )


@pytest.mark.parametrize("url", ["postgresql+psycopg://me:hidden@127.0.0.1:1/events", "sqlite:////nowhere/at.all"])
def test_without_a_database_it_is_not_ready_and_pages_say_so_in_words(settings, url, caplog):
    client = create_app(replace(settings, database_url=url)).test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"ready": False, "database": "does not answer"})
    page = client.get("/es/")
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "60"
    assert "<h1" in page.text
    assert "hidden" not in caplog.text


def test_redis(app, client, tmp_path, settings):
    with redis_server(tmp_path) as server:
        shared = create_app(replace(settings, redis_url=server.url))
        assert shared.test_client().get("/readyz").json["redis"] == "ok"
        server.stop()
        answer = shared.test_client().get("/readyz")
    assert answer.status_code == 200  # pages do without
    assert answer.json["redis"] == "does not answer; each process counts for itself"
    with shared.app_context():
        db.engine.dispose()
