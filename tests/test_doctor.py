"""`eventsapp doctor`: every line that can be not ok is made so once, and says what to do."""

import os
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import pytest
from sqlalchemy import text

from eventsapp import cli, doctor
from eventsapp.actions import heartbeat
from eventsapp.actions.outbox import enqueue
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState
from tests.mail.server import Script, smtp_server
from tests.redis_server import redis_server


@pytest.fixture
def environ(settings, tmp_path):
    given = {f"EVENTSAPP_{field.name.upper()}": str(getattr(settings, field.name)) for field in fields(Settings)}
    return given | {"EVENTSAPP_MAIL_URL": (tmp_path / "mail").as_uri()}


def examined(environ):
    findings = doctor.examine(environ)
    assert [finding for finding in findings if not finding.words or (not finding.ok and not finding.remedy)] == []
    return {finding.name: finding for finding in findings}


def not_ok(environ):
    return {name: finding.words for name, finding in examined(environ).items() if not finding.ok}


@pytest.fixture
def at_work(app):
    """A worker of this version says that it lives, by the real clock."""
    with transaction() as session:
        heartbeat.beat(session, worker="one", version=version("eventsapp"), now=datetime.now(UTC))


@pytest.mark.usefixtures("at_work")
def test_all_is_well(make, environ):
    make.event(occurrences=[])
    assert {name: finding.ok for name, finding in examined(environ).items()} == {
        "settings": True,
        "keys": True,
        "base URL": True,
        "time zones": True,
        "interface": True,
        "mail": True,
        "database": True,
        "migrations": True,
        "limits": True,
        "counts": True,
        "workers": True,
        "outbox": True,
        "letters sent back": True,
        "events": True,
        "share pictures": True,
    }


def test_the_command_prints_and_its_status_tells(app, environ, monkeypatch, capsys):
    for name in [name for name in os.environ if name.startswith("EVENTSAPP_")]:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["doctor"]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if not line.startswith("ok      ")] == []
    monkeypatch.setenv("EVENTSAPP_BASE_URL", "http://events.example.org")
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().out.splitlines()
    at = next(number for number, line in enumerate(said) if line.startswith("not ok"))
    assert said[at] == "not ok  base URL: http://events.example.org is not https"
    assert said[at + 1].startswith("        Set EVENTSAPP_BASE_URL")


def test_settings(environ):
    assert not_ok(environ | {"EVENTSAPP_BASEURL": "x"})["settings"] == "EVENTSAPP_BASEURL is no setting"
    assert list(not_ok(environ | {"EVENTSAPP_BASE_URL": "x"})) == ["settings"]


def test_keys(environ, settings):
    same = environ | {"EVENTSAPP_SECRET_KEY": settings.link_key}
    assert not_ok(same)["keys"] == "the secret key and the link key are the same"
    stored = {name: value for name, value in environ.items() if not name.endswith("_KEY")}
    assert "keys" not in not_ok(stored)
    (settings.instance_path / "link_key").chmod(0o644)
    assert not_ok(stored)["keys"] == "other users can read them"


@pytest.mark.parametrize(
    ("base_url", "bind", "proxies", "ok"),
    [
        ("https://events.example.org", "127.0.0.1:8000", "1", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "0", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "1", False),
        ("http://127.0.0.1:8000", "0.0.0.0:8000", "0", False),
        ("http://localhost:8000", "unix:/run/eventsapp.socket", "0", False),
        ("http://events.example.org", "127.0.0.1:8000", "1", False),
    ],
)
def test_base_url(settings, base_url, bind, proxies, ok):
    found = doctor.base_url(replace(settings, base_url=base_url, bind=bind, trusted_proxies=int(proxies)))
    assert found.ok is ok


def test_mail_folder(settings, tmp_path):
    (tmp_path / "file").write_text("")
    found = doctor.mail(replace(settings, mail_url=(tmp_path / "file" / "mail").as_uri()))
    assert (found.ok, found.words) == (False, f"nothing can be written to {tmp_path}/file/mail (Not a directory)")


@pytest.mark.parametrize(("greeting", "ok"), [("", True), ("554 5.7.1 no service for you", False)])
def test_mail_server(settings, greeting, ok):
    with smtp_server(Script(at_greeting=greeting)) as server:
        found = doctor.mail(replace(settings, mail_url=f"smtp://127.0.0.1:{server.port}"))
    assert found.ok is ok
    assert ok or "554" in found.words


def test_mail_server_that_is_away(settings):
    found = doctor.mail(replace(settings, mail_url="smtp://me:hidden@127.0.0.1:1"))
    assert not found.ok
    assert "hidden" not in found.words


def test_mail_from_nowhere(settings):
    found = doctor.mail(replace(settings, mail_url="smtp://127.0.0.1:1", mail_from="events@localhost.localdomain"))
    assert (found.ok, found.words) == (False, "letters come from events@localhost.localdomain")


def test_a_new_database(environ):
    assert not_ok(environ)["migrations"].startswith("new and needs version ")


def test_a_database_that_is_away(environ):
    away = environ | {"EVENTSAPP_DATABASE_URL": "postgresql://me:hidden@127.0.0.1:1/events"}
    said = not_ok(away)["database"]
    assert said.startswith("PostgreSQL cannot be reached: ")
    assert "hidden" not in said


def test_wrong_counts_and_their_remedy(app, make, environ, monkeypatch, capsys):
    event = make.event()
    make.registration(event)
    with transaction() as session:
        session.execute(text("UPDATE place_count SET number = 7"))
    found = not_ok(environ)
    assert found == {"counts": f"1 are wrong, for example occurrence {event.occurrences[-1].id}, confirmed: 7, not 1"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["db", "recount"]) == 0
    assert "counted anew" in capsys.readouterr().out
    assert not_ok(environ) == {}


def test_letters_that_wait_for_a_worker(app, make, settings, environ, now):
    registration = make.registration(make.event())
    with transaction() as session:
        session.add(registration)
        enqueue(session, registration, LetterKind.CONFIRMATION, now=now, settings=settings)
    assert doctor.letters(now - timedelta(minutes=1)).words == "no letter is due"
    for after, ok, words in ((40, True, "40 seconds"), (3600, False, "1 hour")):
        found = doctor.letters(now + timedelta(seconds=after))
        said = f"1 letters are due, the oldest for {words}, since 2026-03-02 12:00 UTC"
        assert (found.ok, found.words) == (ok, said)


def test_whether_anybody_works(make, settings, now):
    registration = make.registration(make.event())
    assert doctor.workers(now).words == "none is at work, and nothing waits for one"
    with transaction() as session:
        enqueue(session, session.merge(registration), LetterKind.CONFIRMATION, now=now, settings=settings)
    assert (doctor.workers(now).ok, doctor.workers(now).words) == (False, "none is at work")
    ours, seconds = version("eventsapp"), timedelta(seconds=1)
    with transaction() as session:
        heartbeat.beat(session, worker="one", version=ours, now=now)
        heartbeat.beat(session, worker="two", version=ours, now=now - 30 * seconds)
        heartbeat.beat(session, worker="killed", version="0.0.9", now=now - 300 * seconds)
    found = doctor.workers(now + 20 * seconds)
    assert (found.ok, found.words) == (True, "2 at work, the last sign of life 20 seconds ago")
    late = doctor.workers(now + timedelta(hours=50))
    assert (late.ok, late.words) == (False, "no sign of life for 2 days, since 2026-03-02 12:00 UTC")


@pytest.mark.parametrize(("other", "said"), [("0.0.9", "0.0.9"), ("", "an older one")])
def test_that_more_than_one_version_runs(app, now, other, said):
    with transaction() as session:
        heartbeat.beat(session, worker="one", version=version("eventsapp"), now=now)
        heartbeat.beat(session, worker="two", version=other, now=now)
    found = doctor.workers(now)
    assert not found.ok
    assert found.words.startswith("more than one version runs (")
    assert said in found.words


def test_limits(settings, tmp_path):
    assert doctor.limits(settings).words.startswith("each web server process counts for itself")
    with redis_server(tmp_path) as server:
        shared = replace(settings, redis_url=server.url)
        assert doctor.limits(shared).words == "shared through Redis"
    away = doctor.limits(shared)
    assert (away.ok, away.words) == (False, "Redis does not answer")


def test_letters_that_receivers_sent_back_because_of_us(app, make, settings, now):
    registration = make.registration(make.event())
    with transaction() as session:
        session.add(registration)
        letter = enqueue(session, registration, LetterKind.CONFIRMATION, now=now, settings=settings)
        letter.state, letter.sent_at = MessageState.BOUNCED, now
        letter.context, letter.last_error = {"came_back": "hard"}, "5.1.1 nobody there"
    assert doctor.returned(now).ok
    with transaction():
        letter.context, letter.last_error = {"came_back": "policy"}, "5.7.26 DMARC"
    found = doctor.returned(now)
    assert (found.ok, found.words) == (
        False,
        "1 of the last week because of our mail server, for example: 5.7.26 DMARC",
    )
    assert doctor.returned(now + timedelta(days=8)).ok


def test_missing_translations_of_events_to_come(app, make, now):
    make.event(languages={"en": {"summary": "Forum", "excerpt": "Come"}, "es": "Foro"}, occurrences=[])
    make.event("past", languages={"en": {"summary": "Old", "excerpt": "Gone"}, "es": "Viejo"})
    assert [(one.name, one.ok) for one in doctor.translations(now + timedelta(days=3650))] == [("event forum", False)]
    said = doctor.translations(now + timedelta(days=3650))[0].words
    assert said == "1 texts lack a translation. languages.es.excerpt is missing; en has it."


def test_zone_data_of_two_releases(monkeypatch):
    monkeypatch.setattr("eventsapp.domain.timezones.data_release", lambda: ("2026a", "2026f"))
    assert doctor.zone_data().words == "pytz has 2026a and tzdata 2026f"


def test_pictures_that_no_font_has_the_words_for(app, make, settings, now):
    make.event(languages={"en": "Forum", "mi": "Hui"})
    assert doctor.posters(now, settings).words == "2 of events to come, and fonts for all of them"
    make.event("old", languages={"en": "Forum", "ja": "\U00017000 forum"})
    found = doctor.posters(now, settings)
    assert (found.ok, found.words) == (False, "without the words of old (ja): no font here has them")
    assert "apt install fonts-noto-core fonts-noto-cjk" in found.remedy
