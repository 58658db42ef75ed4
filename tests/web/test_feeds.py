"""Long calendar files are kept for new processes, and are never older than the event."""

import pytest
from sqlalchemy import update

from eventsapp.db import transaction
from eventsapp.models import LanguageVariant
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


def test_what_is_kept_is_what_is_answered(app, client, kept):
    """The control: the file itself is read."""
    client.get("/en/events/forum/calendar.ics")
    path = next(kept.iterdir())
    path.write_bytes(path.read_bytes().replace(b"SUMMARY:Public forum", b"SUMMARY:Kept forum"))
    cold(app)
    assert b"SUMMARY:Kept forum" in client.get("/en/events/forum/calendar.ics").data


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
