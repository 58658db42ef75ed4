"""/metrics, read by Prometheus' own parser: for whom it is, what it says, what it costs, what it keeps to itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from eventsapp.actions import heartbeat, outage
from eventsapp.actions.jobs import order
from eventsapp.actions.outbox import enqueue
from eventsapp.app import create_app
from eventsapp.db import db, for_writing, transaction
from eventsapp.domain.vocabulary import JobKind, LetterKind, Priority
from eventsapp.migration import fits
from eventsapp.queries.operation import facts
from eventsapp.rates import Rates
from tests.redis_server import redis_server
from tests.statements import statements

TOKEN = "a-token-for-tests-alone"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def settings(settings):
    return replace(settings, metrics_token=TOKEN)


def samples(said):
    """Every value by name and labels, and the type of each family."""
    families = list(text_string_to_metric_families(said))
    found = {(one.name, *sorted(one.labels.items())): one.value for family in families for one in family.samples}
    return found, {family.name: family.type for family in families}


def scrape(client):
    answer = client.get("/metrics", headers=HEADERS, base_url="http://10.0.0.7:8000")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return samples(answer.text)[0]


def test_without_a_token_there_is_no_such_page(settings):
    client = create_app(replace(settings, metrics_token="")).test_client()
    for headers in ({}, HEADERS, {"Authorization": "Bearer "}):
        assert client.get("/metrics", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é", TOKEN],
)
def test_whoever_lacks_the_token_is_told_nothing(client, given):
    answer = client.get("/metrics", headers={} if given is None else {"Authorization": given})
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.get(f"/metrics?token={TOKEN}").status_code == 401
    assert client.post("/metrics", headers=HEADERS).status_code == 405


def test_the_form_is_what_prometheus_reads(client):
    client.get("/")
    _, types = samples(client.get("/metrics", headers=HEADERS).text)
    assert types == {
        "eventsapp_http_request_duration_seconds": "histogram",
        "eventsapp_registrations": "counter",
        "eventsapp_messages": "counter",
        "eventsapp_message_send_duration_seconds": "histogram",
        "eventsapp_database_connections_in_use": "gauge",
        "eventsapp_database_connections_limit": "gauge",
        "eventsapp_database_pool_usage_ratio": "gauge",
        "eventsapp_info": "gauge",
        "eventsapp_database_up": "gauge",
        "eventsapp_database_fits": "gauge",
        "eventsapp_messages_waiting": "gauge",
        "eventsapp_messages_due": "gauge",
        "eventsapp_message_oldest_due_age_seconds": "gauge",
        "eventsapp_mail_outage": "gauge",
        "eventsapp_mail_outage_age_seconds": "gauge",
        "eventsapp_jobs": "gauge",
        "eventsapp_job_oldest_queued_age_seconds": "gauge",
        "eventsapp_workers": "gauge",
    }


def test_what_waits_in_the_database(session, make, now, settings):
    event = make.event()
    one, other = make.registration(event), make.registration(event)
    with transaction():
        enqueue(session, one, LetterKind.CONFIRMATION, now=now - timedelta(minutes=7), settings=settings)
        enqueue(session, other, LetterKind.CONFIRMATION, now=now - timedelta(minutes=5), settings=settings)
        enqueue(session, other, LetterKind.LINK, now=now + timedelta(hours=5), settings=settings)
        outage.turned_away(session, sure=True, now=now - timedelta(minutes=3), code=535, words="who are you")
        order(
            session,
            organization=event.organization,
            event=event,
            user=None,
            kind=JobKind.EXPORT,
            asked={},
            now=now - timedelta(minutes=2),
        )
        heartbeat.beat(session, worker="one", now=now - timedelta(seconds=20))
        heartbeat.beat(session, worker="silent", now=now - timedelta(hours=2))
    said = {fact.name: fact.value for fact in facts(session, fits=fits, rates=Rates(), now=now)}
    none = {priority.name.lower(): 0 for priority in Priority}
    assert said.pop("eventsapp_info") == {"0.1.0": 1}
    assert said == {
        "eventsapp_database_up": 1,
        "eventsapp_database_fits": 1,
        "eventsapp_messages_waiting": none | {"asked_for": 3},
        "eventsapp_messages_due": none | {"asked_for": 2},
        "eventsapp_message_oldest_due_age_seconds": none | {"asked_for": 420},
        "eventsapp_mail_outage": 1,
        "eventsapp_mail_outage_age_seconds": 180,
        "eventsapp_jobs": {"queued": 1, "running": 0},
        "eventsapp_job_oldest_queued_age_seconds": 120,
        "eventsapp_workers": 1,
        "eventsapp_worker_last_seen_age_seconds": 20,
    }
    with transaction():
        heartbeat.leave(session, worker="one")
        heartbeat.beat(session, worker="later", now=now + timedelta(days=2))
    later = {fact.name: fact.value for fact in facts(session, fits=fits, rates=Rates(), now=now + timedelta(days=2))}
    assert (later["eventsapp_workers"], later["eventsapp_worker_last_seen_age_seconds"]) == (1, 0)
    with transaction():
        heartbeat.leave(session, worker="later")
    empty = {fact.name: fact.value for fact in facts(session, fits=fits, rates=Rates(), now=now)}
    assert empty["eventsapp_workers"] == 0
    assert "eventsapp_worker_last_seen_age_seconds" not in empty  # the silent one was forgotten


def test_a_scrape_asks_as_often_however_much_there_is(client, session, make, now, settings):
    scrape(client)
    counted = []
    for number in (1, 20):
        event = make.event(f"event-{number}")
        people = [make.registration(event) for _ in range(number)]
        with transaction():
            for registration in people:
                enqueue(session, registration, LetterKind.CONFIRMATION, now=now, settings=settings)
        with statements() as seen:
            scrape(client)
        counted.append(len(seen))
    assert counted[0] == counted[1] <= 8


def test_the_letters_that_wait_are_found_by_their_index(session, now):
    """Among a hundred thousand that were sent, a scrape looks at those alone that wait."""
    with statements() as seen:
        facts(session, fits=fits, rates=Rates(), now=now)
    [asked] = [one for one in seen if "FROM message" in one]
    if db.engine.dialect.name == "sqlite":
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {asked}", (now, *[now] * (asked.count("?") - 1))
        )
    else:
        with for_writing().begin() as connection:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = connection.exec_driver_sql(f"EXPLAIN {asked}", {"due_at_1": now})
    assert "ix_message_waiting" in str(plan.all())


def test_pages_and_registrations_are_counted_by_name_alone(client, make):
    make.event("forum", languages={"en": "Secret title"})
    before = scrape(client)

    def grown(name, **labels):
        key = (name, *sorted(labels.items()))
        return after.get(key, 0) - before.get(key, 0)

    form = {"name": "Ana", "email": "ana@example.org", "occurrences": "english"}
    assert client.get("/events/forum").status_code == 200
    assert client.get("/nowhere/at/all").status_code == 404
    assert client.post("/events/forum/registrations", data={}).status_code == 422
    assert client.get("/healthz").status_code == 200
    assert client.post("/events/forum/registrations", data=form).status_code in (303, 409)
    after = scrape(client)
    count = "eventsapp_http_request_duration_seconds_count"
    assert grown(count, endpoint="public.event", status="2xx") == 1
    assert grown(count, endpoint="unknown", status="4xx") == 1
    assert grown(count, endpoint="registrations.create", status="4xx") >= 1
    assert grown("eventsapp_registrations_total", outcome="invalid") == 1
    outcomes = [labels for name, *labels in after if name == "eventsapp_registrations_total"]
    assert sum(grown("eventsapp_registrations_total", **dict(labels)) for labels in outcomes) == 2
    told = " ".join(str(key) for key in after)
    assert not [word for word in ("forum", "Secret", "ana", "nowhere", "health") if word in told]


def test_connections_in_use_come_back(client, make):
    make.event()
    client.get("/events/forum")
    db.session.remove()
    said = scrape(client)
    assert said["eventsapp_database_connections_in_use",] == 0
    assert said["eventsapp_database_connections_limit",] == 20
    with db.engine.connect(), db.engine.connect():
        said = scrape(client)
        assert said["eventsapp_database_connections_in_use",] == 2
        assert said["eventsapp_database_pool_usage_ratio",] == 0.1


def test_without_a_database_it_says_so(settings):
    app = create_app(replace(settings, database_url="postgresql+psycopg://me:hidden@127.0.0.1:1/events"))
    answer = app.test_client().get("/metrics", headers=HEADERS)
    assert answer.status_code == 200
    said, _ = samples(answer.text)
    assert said["eventsapp_database_up",] == 0
    assert ("eventsapp_workers",) not in said
    assert "hidden" not in answer.text


def test_at_another_version_it_says_so(client):
    with for_writing().begin() as connection:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '20261122_1437'"))
    try:
        said = scrape(client)
    finally:
        with for_writing().begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    assert (said["eventsapp_database_up",], said["eventsapp_database_fits",]) == (1, 0)
    assert ("eventsapp_workers",) not in said


def test_redis(app, tmp_path, settings):
    with redis_server(tmp_path) as server:
        shared = create_app(replace(settings, redis_url=server.url))
        assert scrape(shared.test_client())["eventsapp_redis_up",] == 1
        server.stop()
        assert scrape(shared.test_client())["eventsapp_redis_up",] == 0
    with shared.app_context():
        db.engine.dispose()
