# ruff: noqa: DTZ001  wall times, which stand beside their tzid
"""Before an event is published: what is doubted, what is refused, and the button."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from eventsapp.db import db
from eventsapp.domain.vocabulary import ConferenceProvider, EventStatus, RegistrationNeed, Visibility
from eventsapp.models import Event, Message
from eventsapp.queries.preflight import Check, Level, preflight
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

CHECK = "/o/example-league/events/forum/check"
ROOM = {"meeting_id": "85835549492", "passcode": "191837", "url": "https://us06web.zoom.us/j/85835549492"}
NO_ZOOM = {"provider": ConferenceProvider.OTHER, "url": "https://meet.example.org/a"}


def date(local=datetime(2026, 6, 13, 16, 0), **values):
    return {"key": "one", "dtstart_local": local, "conference": dict(ROOM)} | values


def words(session, event, now, check):
    """What one check finds, as (level, the first words of its sentence)."""
    found = {one.check: one for one in preflight(session, event, now=now)}[check]
    return [(one.level.name, " ".join(str(one.words).split()[:4])) for one in found.findings]


DATES = [
    ({}, []),
    ({"dtstart_local": datetime(2026, 6, 13, 4, 0)}, [("DOUBT", "It begins in the")]),
    ({"dtstart_local": datetime(2029, 6, 13, 16, 0)}, [("DOUBT", "This date is more")]),
    ({"duration_seconds": 13 * 3600}, [("DOUBT", "It lasts longer than")]),
    (
        {"dtstart_local": datetime(2026, 1, 13, 16, 0)},
        [("WRONG", "No date is still"), ("DOUBT", "This date is over.")],
    ),
    (
        {"dtstart_local": datetime(2026, 11, 1, 1, 30), "fold": 1},
        [("DOUBT", "It begins in the"), ("DOUBT", "The clocks go back")],
    ),
]


def test_dates_are_doubted(make, session, now):
    said = [
        words(session, make.event(f"at-{number}", occurrences=[date(**values)]), now, Check.DATES)
        for number, (values, _found) in enumerate(DATES)
    ]
    assert said == [found for _values, found in DATES]


def test_a_day_of_the_week_is_held_against_the_dates(make, session, now):
    languages = {
        "en": {"summary": "Forum", "description": "Join us on Saturday."},
        "es": {"summary": "Foro", "description": "Nos vemos el lunes."},
        "zh-Hans": {"summary": "论坛", "description": "星期日见"},
    }
    event = make.event(languages=languages, occurrences=[date()])
    found = next(one for one in preflight(session, event, now=now) if one.check is Check.DATES).findings
    assert [(one.tag, one.words.values["weekday"]) for one in found] == [("es", "lunes"), ("zh-Hans", "星期日")]


ROOMS = [
    (None, [("DOUBT", "There is neither a")]),
    ({"kind": "meeting"}, [("DOUBT", "There is no link")]),
    (ROOM | {"passcode": ""}, [("DOUBT", "The room has no")]),
    (ROOM | {"url": "https://zoom.us/j/81111111111"}, [("WRONG", "The meeting ID is")]),
    (ROOM | {"meeting_id": "5551234567", "url": ""}, [("DOUBT", "This looks like somebody's")]),
    (ROOM | {"meeting_id": "", "url": "https://zoom.us/my/olga"}, [("DOUBT", "This looks like somebody's")]),
    (ROOM | {"access": "public"}, [("DOUBT", "Everybody who opens the")]),
    (NO_ZOOM, [("WRONG", "The link leads to")]),
]


def test_rooms_are_doubted(make, session, now):
    said = []
    for number, (room, _found) in enumerate(ROOMS):
        apart = datetime(2026, 6, 1 + number, 16, 0)
        event = make.event(f"in-{number}", occurrences=[date(apart, conference=room)])
        said.append(words(session, event, now, Check.ROOMS))
    assert said == [found for _room, found in ROOMS]


def test_more_places_than_the_room_takes_are_doubted(make, session, now):
    event = make.event(occurrences=[date(capacity=number, key=f"at-{number}") for number in (100, 101, 1001)])
    said = [sentence for _level, sentence in words(session, event, now, Check.ROOMS) if sentence.startswith("There")]
    assert said == ["There are 101 places.", "There are 1001 places,"]


def test_two_dates_in_one_room_at_one_time_are_found_in_the_whole_organization(make, session, now):
    link = {"meeting_id": "", "passcode": "", "url": ROOM["url"] + "?pwd=x"}
    make.event("other", occurrences=[date(datetime(2026, 6, 13, 16, 30), conference=link)])
    make.event("after", occurrences=[date(datetime(2026, 6, 13, 17, 0))])
    make.event("off", occurrences=[date()], cancelled_at=now)
    make.event("theirs", organization=make.organization(slug="b"), occurrences=[date()])
    event = make.event("mine", occurrences=[date(), date(key="two")])
    found = words(session, event, now, Check.ROOMS)
    assert found == [("DOUBT", "Another date is in")] * 4  # each of the two with the other, and with the other event's


WINDOWS = [
    ({}, []),
    ({"closes_at": timedelta(days=-1)}, [("WRONG", "Registration is closed already,")]),
    ({"closes_at": timedelta(days=200)}, [("DOUBT", "Registration closes after the")]),
    ({"opens_at": timedelta(days=200)}, [("WRONG", "Registration opens when all")]),
    ({"opens_at": timedelta(days=2)}, [("DOUBT", "Nobody can register before")]),
    (
        {"opens_at": timedelta(days=9), "closes_at": timedelta(days=8)},
        [("WRONG", "Registration closes before it"), ("DOUBT", "Nobody can register before")],
    ),
]


def test_the_window_of_registration_is_held_against_the_dates(make, session, now):
    said = []
    for number, (values, _found) in enumerate(WINDOWS):
        window = {}
        for name, delta in values.items():
            prefix = name.removesuffix("_at")
            window |= {name: now + delta, f"{prefix}_local": datetime(2026, 1, 1), f"{prefix}_tzid": "Etc/UTC"}
        event = make.event(f"opens-{number}", occurrences=[date()], **window)
        said.append(words(session, event, now, Check.REGISTRATION))
    assert said == [found for _values, found in WINDOWS]


def test_nobody_asks_for_a_window_where_nobody_registers(make, session, now):
    event = make.event(occurrences=[date(registration=RegistrationNeed.NONE)])
    assert words(session, event, now, Check.REGISTRATION) == []


def test_languages_that_lack_a_text_or_have_an_older_one_are_named(make, session, now):
    languages = {
        "en": {"summary": "Forum", "excerpt": "Every month", "changed": {"summary": "2026-02-01T00:00:00+00:00"}},
        "es": {"summary": "Foro", "changed": {"summary": "2026-01-01T00:00:00+00:00"}},
    }
    event = make.event(languages=languages, occurrences=[date()])
    assert words(session, event, now, Check.LANGUAGES) == [
        ("DOUBT", "Texts that are missing"),
        ("DOUBT", "Some texts are older"),
    ]


def test_contact_and_privacy_are_missed(make, session, now):
    bare = make.organization(slug="bare", contact="", privacy_url="")
    event = make.event(contact="", organization=bare)
    assert words(session, event, now, Check.CONTACT) == [
        ("DOUBT", "There is no contact,"),
        ("DOUBT", "The organization names no"),
    ]


def test_three_dates_take_no_more_statements_than_one(make, session, now):
    def asked(event):
        session.expire_all()
        with statements() as seen:
            preflight(session, session.get(Event, event), now=now)
        return len(seen)

    one = make.event("one", occurrences=[date()]).id
    three = make.event("three", occurrences=[date(key=key) for key in "abc"]).id
    assert asked(three) == asked(one)


class TestPublishing:
    @pytest.fixture
    def owner(self, desk, make):
        return lambda event: desk(make.member(event.organization, email="olga@example.org"))

    def status(self):
        db.session.expire_all()
        event = db.session.scalar(select(Event).where(Event.slug == "forum"))
        return event.status, event.visibility

    def test_doubts_are_asked_about_and_then_it_is_published(self, owner, make):
        olga = owner(make.event(occurrences=[IN_ENGLISH, IN_SPANISH], published_at=None))
        page = olga.get(CHECK)
        assert "Everybody who opens the event&#39;s page sees how to get into the room." in page.text
        assert "Saturday 13 June 2026" in page.text
        asked = olga.post(CHECK, {"visibility": "unlisted"})
        assert (asked.status_code, self.status()[0]) == (422, EventStatus.DRAFT)
        done = olga.post(CHECK, {"visibility": "unlisted", "looked": "yes"})
        assert (done.status_code, self.status()) == (303, (EventStatus.PUBLISHED, Visibility.UNLISTED))
        assert olga.client.get("/events/forum").status_code == 200

    def test_nothing_is_published_that_is_wrong(self, owner, make):
        olga = owner(make.event(occurrences=[date(datetime(2026, 1, 5, 16, 0))], published_at=None))
        assert "Publish the event" not in olga.get(CHECK).text
        refused = olga.post(CHECK, {"visibility": "public", "looked": "yes"})
        assert (refused.status_code, self.status()[0]) == (422, EventStatus.DRAFT)

    def test_without_a_doubt_there_is_nothing_to_tick(self, owner, make):
        olga = owner(make.event(occurrences=[date()], published_at=None, languages={"en": "Forum"}))
        assert 'name="looked"' not in olga.get(CHECK).text
        assert olga.post(CHECK, {"visibility": "public"}).status_code == 303

    def test_each_finding_leads_to_where_it_is_mended(self, owner, make):
        olga = owner(make.event(published_at=None))
        links = set(re.findall(r'href="(/organizer/[^"]+)">Change it', olga.get(CHECK).text))
        assert links == {"/organizer/o/example-league/events/forum/dates/english"}
        assert {olga.client.get(link).status_code for link in links} == {200}

    def test_a_letter_goes_to_oneself_in_every_language(self, owner, make):
        event = make.event(published_at=None)
        make.registration(event)
        olga = owner(event)
        assert olga.post(f"{CHECK}/letter").status_code == 303
        letters = db.session.scalars(select(Message).order_by(Message.id)).all()
        assert [(one.recipient, one.language_tag) for one in letters] == [
            ("olga@example.org", "en"),
            ("olga@example.org", "es"),
        ]


def test_levels_say_which_is_worse():
    assert max(Level) is Level.WRONG
