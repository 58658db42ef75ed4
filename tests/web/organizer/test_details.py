"""What holds for the whole event."""

import io
import re
from html import unescape

import pytest
from PIL import Image

from eventsapp.db import db
from eventsapp.domain.vocabulary import Approval, Choose, Visibility
from eventsapp.models import Event

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
        typed[name] = re.findall(r'value="([^"]*)"[^>]* selected', options)[0]
    typed.pop("csrf_token")
    return {name: unescape(text) for name, text in typed.items()}


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
        "cities": "Berlin\nMexico City",
        "reminders": "2 days before start",
        "trigger-0": "2 hours after end",
        "to-0": "came",
        "wait-0": "yes",
    }
    assert olga.post(HERE, form).status_code == 303
    now = stored(event)
    assert (now.visibility, now.contact, now.choose) == (Visibility.UNLISTED, "help@example.org", Choose.ANY)
    assert (now.approval, now.waitlist, now.verify_seconds) == (Approval.MANUAL, True, 86400)
    assert (now.opens_at.isoformat(), now.closes_at) == ("2026-05-01T07:00:00+00:00", None)
    assert now.topics == [{"en": "Peace", "es": "Paz"}, {"": "Zoom"}]
    assert now.city_tzids == ["Europe/Berlin", "America/Mexico_City"]
    assert now.reminders == ["2 days before start"]
    assert now.follow_ups == [{"trigger": "2 hours after end", "for": "came", "wait_for_recording": True}]
    assert olga.post(HERE, form_on(olga.get(HERE))).status_code == 303
    assert stored(event).version == 2


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"contact": "nobody"}, "email"),
        ({"verify": "soon"}, "Enter a whole number from 1 to 336."),
        ({"reminders": "sometime"}, "sometime is no time before or after an event."),
        ({"opens-date": "2026-05-01"}, "Enter the day, the time and the city, or leave day and time empty."),
        ({"choose": "none"}, "Choose one of these."),
        ({"cities": "Nowhereville"}, "Nowhereville"),
        ({"opens-date": "2026-11-01", "opens-time": "01:30", "zone": "Los Angeles"}, "Which of the two?"),
        ({"opens-date": "2026-03-08", "opens-time": "02:30", "zone": "Los Angeles"}, "02:30"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_lost(olga, event, typed, sentence):
    answer = olga.post(HERE, form_on(olga.get(HERE)) | typed)
    assert (answer.status_code, stored(event).version) == (422, 1)
    assert sentence in unescape(answer.text)
    assert all(text in answer.text for text in typed.values() if text != "none")


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
