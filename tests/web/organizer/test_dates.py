"""An event's dates: the list, one of them, a series, and the page that asks whether to tell."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from eventsapp.actions.tell import plan_changes
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import ConferenceAccess, LetterKind, PlaceState, Role
from eventsapp.models import Event, Message, Occurrence
from eventsapp.web.pages import settings
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

DATES = "/o/example-league/events/forum/dates"
NEXT_YEAR = "2027-06-28"


@pytest.fixture
def forum(make):
    return make.event()


@pytest.fixture
def owner(desk, make, forum):
    return desk(make.member(forum.organization, tzid="Europe/Berlin"))


def fields_of(page, **changed):
    """What a browser would send of the page's last form, with some of it typed anew; None leaves a field out."""
    form = page.text.split("<form")[-1]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]+>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="(\w+)"', tag)
        picked = kind is not None and kind[1] in {"radio", "checkbox"}
        if name is None or (picked and " checked" not in tag):
            continue
        if kind is not None and kind[1] == "checkbox":
            found.setdefault(name[1], []).append(value[1])
        else:
            found[name[1]] = value[1] if value else ""
    found |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL))
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)"[^>]* selected', options)
        found[name] = chosen[1] if chosen else ""
    return {name: value for name, value in (found | changed).items() if value is not None}


def date_of(key):
    db.session.expire_all()
    return db.session.scalar(select(Occurrence).where(Occurrence.key == key))


def keys():
    db.session.expire_all()
    return list(db.session.scalars(select(Occurrence.key).order_by(Occurrence.starts_at)))


def test_the_list_says_when_where_and_how_many(owner, make, forum):
    make.registration(forum)
    make.registration(forum, places={"spanish": PlaceState.WAITLISTED})
    page = owner.get(DATES)
    text = page.text.replace("\xa0", " ")
    assert "Sunday 28 June 2026, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)" in text
    assert "Monday 2:00 am – 3:00 am (Berlin, UTC+2)" in text
    assert "1 person waiting" in page.text
    assert page.text.index("13 June 2026") < page.text.index("28 June 2026")
    assert "823 1456 7890" in page.text
    assert "428571" not in page.text


def test_an_assistant_sees_the_dates_and_changes_none(desk, make, forum):
    assistant = desk(make.member(forum.organization, Role.ASSISTANT))
    page = assistant.get(DATES)
    assert page.status_code == 200
    assert "dates/new" not in page.text
    for path in ("/new", "/english", "/series", "/english/cancel", "/english/remove", "/said", "/cities"):
        assert assistant.get(DATES + path).status_code == 403


def test_a_date_of_another_event_is_none(owner, make, forum):
    make.event("talk", occurrences=[dict(IN_ENGLISH, key="theirs")])
    for path in ("/theirs", "/none", "/theirs/cancel", "/theirs/remove"):
        assert owner.get(DATES + path).status_code == 404
    assert owner.get(DATES + "/new", like="theirs").status_code == 404


def test_the_list_asks_as_much_for_many_dates_as_for_one(owner, make):
    counts = []
    for slug, number in (("one", 1), ("three", 3)):
        days = [datetime(2026, 7, at + 1, 17, 0) for at in range(number)]  # noqa: DTZ001
        make.event(slug, occurrences=[dict(IN_SPANISH, key=f"d{day.day}", dtstart_local=day) for day in days])
    for slug in ("one", "three"):
        db.session.remove()
        with statements() as asked:
            assert owner.get(f"/o/example-league/events/{slug}/dates").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_what_is_typed_is_said_back(owner):
    part = owner.get(DATES + "/said", date="2026-06-28", time="17:00", zone="los angeles", length="1:30")
    assert "Sunday 28 June 2026, 5:00 pm – 6:30 pm, Pacific Time (Los Angeles, UTC−7)" in part.text.replace("\xa0", " ")
    assert "Monday 2:00 am – 3:30 am (Berlin, UTC+2)" in part.text
    twice = owner.get(DATES + "/said", date="2026-11-01", time="01:30", zone="Los Angeles", length="1:00")
    assert "Before the clocks change (UTC−7)" in twice.text
    assert "After the clocks change (UTC−8)" in twice.text
    assert "Error:" not in twice.text
    gap = owner.get(DATES + "/said", date="2027-03-14", time="02:30", zone="Los Angeles", length="1:00")
    assert "Write 03:30 or 01:30." in gap.text
    assert "Ciudad de México" in owner.get(DATES + "/cities", zone="mexico", lang="es").text
    assert "<html" not in part.text + twice.text + gap.text


def test_a_new_date_with_a_pasted_invitation(owner):
    pasted = "Únase a Zoom\nhttps://us06web.zoom.us/j/99999999999?pwd=abc\nID de reunión: 999 9999 9999\nCódigo: 4711"
    page = owner.get(DATES + "/new")
    typed = fields_of(page, date=NEXT_YEAR, time="17:00", paste=pasted, read="yes")
    read = owner.post(DATES + "/new", typed)
    assert (read.status_code, keys()) == (200, ["english", "spanish"])
    answer = owner.post(DATES + "/new", fields_of(read))
    assert answer.status_code == 303
    made = date_of(NEXT_YEAR)
    assert (made.dtstart_local, made.tzid) == (datetime(2027, 6, 28, 17, 0), "America/Los_Angeles")  # noqa: DTZ001
    room = made.conference
    assert (room.meeting_id, room.passcode) == ("99999999999", "4711")
    assert (room.url, room.access) == ("https://us06web.zoom.us/j/99999999999?pwd=abc", ConferenceAccess.REGISTERED)


WRONG = [
    ({"date": ""}, "Enter a date as year-month-day"),
    ({"time": "25:00"}, "Enter a time of the day"),
    ({"zone": "Nowhere"}, "Nowhere"),
    ({"length": "2"}, "Enter how long it takes"),
    ({"capacity": "0"}, "Enter a whole number"),
    ({"date": "2027-03-14", "time": "02:30"}, "Write 03:30 or 01:30."),
    ({"date": "2026-11-01", "time": "01:30"}, "Choose which of the two is meant."),
    ({"meeting_id": "12"}, "A Zoom meeting ID has 9 to 11 digits"),
    ({"url": "https://zoom.us/j/82314567899"}, "correct the one that is wrong"),
    ({"passcode": "x" * 11}, "A Zoom passcode has"),
    ({"recording": "http://example.org/"}, "The link must begin with https://."),
    ({"read": "yes", "paste": "no link"}, "There is no link and no meeting ID in this text."),
    ({"language": "xx"}, "Choose one of the answers."),
    ({"dial_in": "call me"}, "is no telephone number"),
]


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(owner):
    typed = fields_of(owner.get(DATES + "/spanish"), location="Main Street <1>")
    for wrong, sentence in WRONG:
        answer = owner.post(DATES + "/spanish", typed | wrong)
        assert (answer.status_code, sentence in answer.text) == (422, True), wrong
        assert "Main Street &lt;1&gt;" in answer.text
    assert date_of("spanish").location == {}


def test_an_overlap_is_answered_and_a_language_has_its_own_address(owner):
    typed = fields_of(owner.get(DATES + "/spanish"), date="2026-11-01", time="01:30", fold="1")
    typed |= {"location": "Hall", "location-es": "Sala", "tell": "no"}
    assert owner.post(DATES + "/spanish", typed).status_code == 303
    changed = date_of("spanish")
    assert (changed.fold, changed.location) == (1, {"en": "Hall", "es": "Sala"})


def test_saving_what_is_there_changes_nothing(owner, forum):
    before = date_of("spanish").event.version
    for key in ("english", "spanish"):
        assert owner.post(f"{DATES}/{key}", fields_of(owner.get(f"{DATES}/{key}"))).status_code == 303
    db.session.expire_all()
    assert db.session.get(Event, forum.id).version == before


def readers_of(make, forum):
    for tag in ("en", "es", "es", "fr"):
        make.registration(forum, language_tag=tag)


def test_people_are_counted_asked_about_and_told_once(owner, make, forum, now):
    readers_of(make, forum)
    typed = fields_of(owner.get(DATES + "/spanish"), time="18:00", paste="")
    asked = owner.post(DATES + "/spanish", typed)
    assert "Tell 4 people?" in asked.text
    assert "2 people read Español" in asked.text
    assert "/j/…" in asked.text
    assert date_of("spanish").dtstart_local.hour == 17
    kept = fields_of(asked)
    assert kept.items() >= {"time": "18:00", "version": typed["version"]}.items()
    back = owner.post(DATES + "/spanish", kept | {"tell": "back"})
    assert (back.status_code, date_of("spanish").dtstart_local.hour) == (200, 17)
    assert fields_of(back)["time"] == "18:00"
    for _again in range(2):  # somebody presses twice
        assert owner.post(DATES + "/spanish", kept | {"tell": "yes"}).status_code == 303
    assert date_of("spanish").dtstart_local.hour == 18
    later = now + timedelta(hours=1)
    while True:
        with transaction() as session:
            if not plan_changes(session, now=later, settings=settings()):
                break
    letters = db.session.scalars(select(Message).where(Message.kind == LetterKind.CHANGED)).all()
    assert sorted(letter.language_tag for letter in letters) == ["en", "es", "es", "fr"]


def test_a_quiet_change_stays_to_be_told(owner, make, forum):
    readers_of(make, forum)
    typed = fields_of(owner.get(DATES + "/spanish"), time="18:00", tell="no")
    assert owner.post(DATES + "/spanish", typed).status_code == 303
    assert date_of("spanish").tell_at is None
    more = fields_of(owner.get(DATES + "/spanish"), length="2:00")
    assert "Tell 4 people?" in owner.post(DATES + "/spanish", more).text


def test_two_organizers_at_one_date(owner, desk, make, forum):
    other = desk(make.member(forum.organization, Role.MANAGER, name="Ana"))
    mine, theirs = (fields_of(one.get(DATES + "/spanish"), tell="no") for one in (owner, other))
    assert other.post(DATES + "/spanish", theirs | {"time": "18:00"}).status_code == 303
    late = owner.post(DATES + "/spanish", mine | {"time": "19:00"})
    assert late.status_code == 422
    assert "Ana" in late.text
    assert date_of("spanish").dtstart_local.hour == 18
    assert owner.post(DATES + "/spanish", fields_of(late, tell="no")).status_code == 303
    assert date_of("spanish").dtstart_local.hour == 19


def test_a_date_is_called_off_and_put_back(owner, make, forum):
    make.registration(forum)
    page = owner.get(DATES + "/spanish/cancel")
    assert "1 person holds a place at this date." in page.text
    asked = owner.post(DATES + "/spanish/cancel", fields_of(page))
    assert "Tell 1 person?" in asked.text
    assert owner.post(DATES + "/spanish/cancel", fields_of(asked, tell="yes")).status_code == 303
    assert date_of("spanish").cancelled_at is not None
    assert owner.post(DATES + "/spanish", fields_of(owner.get(DATES + "/spanish"), capacity="9")).status_code == 303
    assert (date_of("spanish").cancelled_at is None, date_of("spanish").capacity) == (False, 9)
    page = owner.get(DATES + "/spanish/cancel")
    assert owner.post(DATES + "/spanish/cancel", fields_of(page, tell="no")).status_code == 303
    assert date_of("spanish").cancelled_at is None


def test_only_a_date_that_nobody_had_is_removed(owner, make, forum):
    make.registration(forum, places={"spanish": PlaceState.CANCELLED})
    refused = owner.post(DATES + "/spanish/remove", {"version": "1"})
    assert (refused.status_code, keys()) == (422, ["english", "spanish"])
    make.staff(forum, keys=["english"])
    assert "works at this date alone" in owner.get(DATES + "/english/remove").text
    form = fields_of(owner.get(DATES + "/new", like="english"))
    assert owner.post(DATES + "/new?like=english", form).status_code == 303
    assert keys() == ["english", "2026-06-20", "spanish"]
    assert owner.post(DATES + "/2026-06-20/remove", {}).status_code == 303
    assert keys() == ["english", "spanish"]


def test_a_series_is_shown_asked_about_and_made(owner):
    typed = fields_of(owner.get(DATES + "/series"), date="2026-10-18", time="01:30", weekdays="6", count="3")
    shown = owner.post(DATES + "/series", typed)
    assert (shown.status_code, keys()) == (200, ["english", "spanish"])
    assert shown.text.count('name="taken"') == 3
    ready = fields_of(shown, create="yes")
    unsettled = owner.post(DATES + "/series", ready)
    assert "Choose there which time is meant." in unsettled.text
    answer = owner.post(DATES + "/series", ready | {"at-2026-11-01": "1", "taken": ["2026-10-18", "2026-11-01"]})
    assert answer.status_code == 303
    assert keys() == ["english", "spanish", "2026-10-18", "2026-11-01"]
    assert (date_of("2026-11-01").fold, date_of("2026-10-18").fold) == (1, 0)
    changed = owner.post(DATES + "/series", ready | {"count": "2"})
    assert (changed.status_code, len(keys())) == (200, 4)


def test_the_pages_are_read_from_right_to_left(owner):
    page = owner.get(DATES + "/series", lang="ar")
    assert 'dir="rtl"' in page.text
    assert "الاثنين" in page.text
