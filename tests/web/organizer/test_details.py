"""What holds for the whole event."""

import io
import re
from html import unescape

import pytest
from PIL import Image

from eventsapp.db import db, transaction
from eventsapp.domain.triggers import read_trigger
from eventsapp.domain.vocabulary import Approval, Choose, Visibility
from eventsapp.models import Event
from tests.factory import IN_ENGLISH

HERE = "/o/example-league/events/forum/details"


@pytest.fixture
def event(make):
    return make.event(languages={"en": "Forum", "es": "Foro"})


@pytest.fixture
def olga(desk, event, make):
    return desk(make.member(event.organization))


def form_on(page):
    """What a browser would send of the page's first form, nothing changed."""
    html = page.text.split("data-kept")[1].split("</form>")[0]
    typed = dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', html, re.DOTALL))
    for tag in re.findall(r"<input[^>]*>", html):
        known = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if known.get("type") not in ("radio", "checkbox") or " checked" in tag:
            typed[known["name"]] = known.get("value", "")
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        first = re.findall(r'value="([^"]*)"', options)[0]
        typed[name] = (re.findall(r'value="([^"]*)"[^>]* selected', options) or [first])[0]
    typed.pop("csrf_token")
    return {name: unescape(text) for name, text in typed.items()}


def row(name, number, unit="hours", side="before-start", clock=""):
    return {f"{name}-number": number, f"{name}-unit": unit, f"{name}-side": side, f"{name}-clock": clock}


def stored(event):
    db.session.expire_all()
    return db.session.get(Event, event.id)


def test_sending_the_page_as_it_is_changes_nothing(olga, event):
    answer = olga.post(HERE, form_on(olga.get(HERE)))
    assert (answer.status_code, stored(event).version) == (303, 1)


def test_everything_on_the_page_is_saved(olga, event):
    form = form_on(olga.get(HERE)) | {
        "visibility": "unlisted",
        "contact": "help@example.org",
        "choose": "any",
        "approval": "manual",
        "waitlist": "yes",
        "verify": "24",
        "zone": "Madrid",
        "opens-date": "2026-05-01",
        "opens-time": "09:00",
        "topics-en": "Peace\nZoom",
        "topics-es": "Paz\n",
        "cities": "Berlin\nMexico City\nMunich",
        **row("reminder-0", "2", "days", "before-start", "09:00"),
        **row("reminder-1", ""),
        **row("follow-up-0", "2", "hours", "after-end"),
        "follow-up-0-to": "came",
        "follow-up-0-wait": "yes",
    }
    assert olga.post(HERE, form).status_code == 303
    now = stored(event)
    assert (now.visibility, now.contact, now.choose) == (Visibility.UNLISTED, "help@example.org", Choose.ANY)
    assert (now.approval, now.waitlist, now.verify_seconds) == (Approval.MANUAL, True, 86400)
    assert (now.opens_at.isoformat(), now.closes_at) == ("2026-05-01T07:00:00+00:00", None)
    assert now.topics == [{"en": "Peace", "es": "Paz"}, {"": "Zoom"}]
    assert now.city_tzids == ["Europe/Berlin", "America/Mexico_City"]
    assert now.reminders == ["2 days before start at 09:00"]
    assert now.follow_ups == [{"trigger": "2 hours after end", "for": "came", "wait_for_recording": True}]
    assert olga.post(HERE, form_on(olga.get(HERE))).status_code == 303
    assert stored(event).version == 2


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"contact": "nobody"}, "email"),
        ({"verify": "soon"}, "Enter a whole number from 1 to 336."),
        ({"reminder-0-number": "soon"}, "Enter a whole number from 0 to 9,999."),
        ({"reminder-0-unit": "weeks", "reminder-0-number": "99"}, "Write a time of at most 366 days."),
        ({"reminder-0-number": "1"}, "Somebody would get two letters at the same time. Leave one out."),
        ({"reminder-0-number": "0", "reminder-0-side": "before-end"}, "Enter a whole number from 1 to 9,999."),
        ({"reminder-0-clock": "09:00"}, "A time of day goes with days and weeks only."),
        ({"opens-date": "2026-05-01"}, "Enter the day, the time and the city, or leave day and time empty."),
        ({"choose": "none"}, "Choose one of these."),
        ({"cities": "Nowhereville"}, "Nowhereville"),
        ({"cities": "\n".join(["Berlin"] * 13)}, "Write at most 12 lines of at most 100 characters each."),
        ({"topics-es": "x" * 61}, "Write at most 20 lines of at most 60 characters each."),
        ({"opens-date": "2026-11-01", "opens-time": "01:30", "zone": "Los Angeles"}, "Which of the two?"),
        ({"opens-date": "2026-03-08", "opens-time": "02:30", "zone": "Los Angeles"}, "02:30"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_lost(olga, event, typed, sentence):
    answer = olga.post(HERE, form_on(olga.get(HERE)) | typed)
    assert (answer.status_code, stored(event).version) == (422, 1)
    assert sentence in unescape(answer.text)
    assert all(text in answer.text for text in typed.values() if text != "none")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("24 hours before start", "at end"),
        ("90 minutes before end", "2 weeks after end"),
        ("1 day before start at 09:00", "1 day after end at 10:00"),
        ("on the day at 08:00", "2 hours after end"),
        ("1 day 2 hours before start", "1 week 1 day 30 minutes after end"),
        ("at start", "45 minutes after end"),
    ],
)
def test_each_trigger_is_a_row_or_kept_in_words(olga, event, before, after):
    before, after = str(read_trigger(before)), str(read_trigger(after))
    follow_up = {"trigger": after, "for": "missed", "wait_for_recording": False}
    with transaction() as session:
        kept = session.get(Event, event.id)
        kept.reminders, kept.follow_ups = [before], [follow_up]
    page = olga.get(HERE)
    assert ("1 day 2 hours before the start" in page.text) == (before == "1 day 2 hours before start")
    assert ("8 days 30 minutes after the end" in page.text) == (after == "8 days 30 minutes after end")
    assert olga.post(HERE, form_on(page)).status_code == 303
    assert (stored(event).version, stored(event).reminders, stored(event).follow_ups) == (1, [before], [follow_up])


def test_rows_come_and_go_by_buttons_and_nothing_is_saved_by_them(olga, event):
    form = form_on(olga.get(HERE)) | {"contact": "help@example.org"}
    more = olga.post(HERE, form | {"do": "add-reminder"})
    assert (more.status_code, more.text.count("<legend>Reminder ")) == (200, 3)
    typed = form_on(more) | row("reminder-2", "15", "minutes")
    assert typed["contact"] == "help@example.org"
    less = olga.post(HERE, typed | {"do": "remove-reminder-0"})
    assert (less.text.count("<legend>Reminder "), stored(event).version) == (2, 1)
    assert olga.post(HERE, form_on(less)).status_code == 303
    assert stored(event).reminders == ["1 hour before start", "15 minutes before start"]
    form = form_on(olga.get(HERE))
    for _time in range(12):
        form = form_on(olga.post(HERE, form | {"do": "add-follow-up"}))
    full = olga.post(HERE, form | {"do": "add-follow-up"})
    assert (full.text.count("<legend>Follow-up "), "add-follow-up" in full.text) == (10, False)


def test_what_somebody_else_did_is_seen_after_a_row_was_added(olga, event):
    form = form_on(olga.get(HERE))
    assert olga.post(HERE, form | {"contact": "first@example.org"}).status_code == 303
    form = form_on(olga.post(HERE, form | {"do": "add-reminder"}))
    answer = olga.post(HERE, form | {"contact": "second@example.org"})
    assert (answer.status_code, "first@example.org" in answer.text) == (422, True)
    assert stored(event).contact == "first@example.org"


@pytest.mark.parametrize("published", [False, True])
def test_the_address_changes_and_a_published_event_is_asked_about(olga, event, make, published):
    make.event("talk", organization=event.organization, occurrences=[IN_ENGLISH | {"key": "one"}])
    if not published:
        with transaction() as session:
            session.get(Event, event.id).published_at = None
    for slug in ("", "Forum 2", "talk", "a" * 81, "../x"):
        assert olga.post(f"{HERE}/address", {"slug": slug, "sure": "yes"}).status_code == 422
    assert (olga.post(f"{HERE}/address", {"slug": "forum-2"}).status_code == 422) == published
    if published:
        assert olga.post(f"{HERE}/address", {"slug": "forum-2", "sure": "yes"}).status_code == 303
    assert (stored(event).slug, stored(event).version) == ("forum-2", 2)
    assert (olga.get(HERE).status_code, olga.get(HERE.replace("forum", "forum-2")).status_code) == (404, 200)
    assert "Address of the page" in olga.get(HERE.replace("forum/details", "forum-2/history")).text


def test_a_large_picture_is_taken_where_pictures_are_and_nowhere_else(olga, event):
    data = io.BytesIO()
    Image.effect_noise((1200, 1100), 90).save(data, "JPEG", quality=98)
    assert len(data.getvalue()) > 1024 * 1024
    assert sent(olga, f"{HERE}/picture", data.getvalue()) == 303
    assert stored(event).picture.endswith(".jpg")
    assert sent(olga, HERE, data.getvalue()) == 413
    assert sent(olga, f"{HERE}/picture", bytes(10 * 1024 * 1024)) == 413


def sent(olga, path, data):
    """The status of the answer to a form with a file, as it comes over the wire."""
    head = "--edge\r\nContent-Disposition: form-data; name="
    parts = f'{head}"csrf_token"\r\n\r\n{olga.token()}\r\n{head}"picture"; filename="p.png"\r\n\r\n'
    body = parts.encode() + data + b"\r\n--edge--\r\n"
    kind = "multipart/form-data; boundary=edge"
    with olga.client.post(f"/organizer{path}", data=body, content_type=kind) as answer:
        return answer.status_code


def test_a_picture_is_kept_and_removed(olga, event):
    data = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(data, "PNG")
    data.seek(0)
    assert olga.post(f"{HERE}/picture", {"picture": (data, "p.png")}).status_code == 303
    name = stored(event).picture
    assert name.endswith(".png")
    assert f"/pictures/{name}" in olga.get(HERE).text
    for sent in ({}, {"picture": (io.BytesIO(b"<svg/>"), "p.svg")}):
        assert olga.post(f"{HERE}/picture", sent).status_code == 422
    assert olga.post(f"{HERE}/picture", {"do": "remove"}).status_code == 303
    assert stored(event).picture == ""
