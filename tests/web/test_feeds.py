"""Long calendar files are kept for new processes, and are never older than the event."""

import hashlib
import json
from datetime import datetime

import pytest
from sqlalchemy import select, update

from eventsapp.db import transaction
from eventsapp.models import Event, LanguageVariant, Occurrence
from eventsapp.web.caching import Shelf
from eventsapp.web.feeds import stored


@pytest.fixture
def kept(app, make, monkeypatch):
    """Every file is long enough to be kept."""
    make.event()
    monkeypatch.setattr(stored, "__kwdefaults__", stored.__kwdefaults__ | {"long": 1})
    return app.extensions["settings"].instance_path / "calendars"


def cold(app):
    app.extensions["shelf"] = Shelf()


def test_a_new_process_answers_with_the_same_bytes(app, client, kept):
    first = client.get("/es/events/forum/calendar.ics")
    assert [path.suffix for path in kept.iterdir()] == [".ics"]
    cold(app)
    again = client.get("/es/events/forum/calendar.ics")
    assert again.data == first.data
    assert {**again.headers, "X-Request-ID": ""} == {**first.headers, "X-Request-ID": ""}
    cold(app)
    asked = client.get("/es/events/forum/calendar.ics", headers={"If-None-Match": first.headers["ETag"]})
    assert asked.status_code == 304


def rewrite(path, old, new):
    """Another file of the same length under a true digest, as if our program had written it."""
    head, _, body = path.read_bytes().partition(b"\n")
    assert len(old) == len(new)
    assert old in body
    changed = body.replace(old, new)
    facts = json.loads(head) | {"digest": hashlib.sha256(changed).hexdigest()}
    path.write_bytes(json.dumps(facts).encode() + b"\n" + changed)


def test_what_is_kept_is_what_is_answered(app, client, kept):
    """The control: the file itself is read."""
    client.get("/en/events/forum/calendar.ics")
    rewrite(next(kept.iterdir()), b"SUMMARY:Public forum", b"SUMMARY:Secret forum")
    cold(app)
    assert b"SUMMARY:Secret forum" in client.get("/en/events/forum/calendar.ics").data


def test_of_many_dates_only_the_one_that_changed_is_written_anew(app, client, make, kept):
    days = [datetime(2026, 6, day, 16, 0) for day in range(10, 20)]  # noqa: DTZ001  wall times
    series = [{"key": f"{day:%m-%d}", "language_tag": "en", "dtstart_local": day} for day in days]
    make.event("series", occurrences=series)
    client.get("/en/events/series/calendar.ics")
    path = kept / f"{id_of('series')}-en.ics"
    rewrite(path, b"SUMMARY:Public forum", b"SUMMARY:Secret forum")
    with transaction() as session:
        changed = session.scalars(select(Occurrence).where(Occurrence.key == "06-13")).one()
        changed.location = {"": "Somewhere else"}
    cold(app)
    entries = entries_of(client)
    assert [b"Secret forum" in entry for entry in entries] == [True] * 3 + [False] + [True] * 6
    assert b"LOCATION:Somewhere else" in entries[3]

    path.unlink()
    cold(app)
    anew = entries_of(client)
    assert [entry.replace(b"Public forum", b"Secret forum") for entry in anew[:3]] == entries[:3]
    assert anew[3] == entries[3]


def id_of(slug):
    with transaction() as session:
        return session.scalars(select(Event.id).where(Event.slug == slug)).one()


def entries_of(client):
    return client.get("/en/events/series/calendar.ics").data.split(b"BEGIN:VEVENT")[1:]


def test_after_a_change_it_is_rendered_anew(app, client, kept):
    client.get("/en/events/forum/calendar.ics")
    with transaction() as session:
        session.execute(update(LanguageVariant).values(summary="Another name"))
    cold(app)
    assert b"SUMMARY:Another name" in client.get("/en/events/forum/calendar.ics").data
    cold(app)
    assert b"SUMMARY:Another name" in client.get("/en/events/forum/calendar.ics").data
    assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"\n", b"{}\nBEGIN", b"not json\nBEGIN", b'{"mark": 1}', b"\xff\xfe"])
def test_a_damaged_file_is_rendered_anew(app, client, kept, damage):
    first = client.get("/en/events/forum/calendar.ics").data
    next(kept.iterdir()).write_bytes(damage)
    cold(app)
    assert client.get("/en/events/forum/calendar.ics").data == first


def test_a_disk_that_takes_nothing_keeps_nobody_from_the_file(app, client, kept, caplog):
    kept.write_text("a file where the folder should be")
    assert client.get("/en/events/forum/calendar.ics").status_code == 200
    assert "could not be kept" in caplog.text


def test_short_ones_are_not_kept(app, client, make):
    make.event()
    client.get("/en/events/forum/calendar.ics")
    assert not (app.extensions["settings"].instance_path / "calendars").exists()
