from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from eventsapp.actions.demo import FOLDER, Loaded, dated, load_demo
from eventsapp.actions.schedule import plan_scheduled
from eventsapp.db import transaction
from eventsapp.domain import timezones
from eventsapp.domain.vocabulary import (
    ConferenceAccess,
    ConferenceKind,
    EventStatus,
    MessageState,
    PlaceState,
    RegistrationNeed,
)
from eventsapp.models import Attendance, Event, Message, Place, Registration
from eventsapp.queries.record import record_of
from eventsapp.reading.completeness import missing_translations
from eventsapp.reading.record import read_bytes
from eventsapp.translations import INTERFACE_LANGUAGES

SLUGS = (
    "public-forum",
    "calligraphy-workshop",
    "choir-evening",
    "founders-talk",
    "garden-exchange",
    "harbour-walk",
    "night-sky",
    "open-kitchen",
    "storytellers",
    "tea-afternoon",
)


@pytest.fixture
def load(app, settings, now):
    def load(later: timedelta = timedelta(0)) -> Loaded:
        with transaction() as session:
            return load_demo(session, now=now + later, settings=settings)

    return load


def test_the_demo_is_loaded_once(load, session):
    assert load() == Loaded(created=SLUGS, kept=())
    assert load(timedelta(days=300)) == Loaded(created=(), kept=SLUGS)
    assert session.scalar(select(Event.version).where(Event.slug == "public-forum")) == 1


def test_the_forum_is_held_in_two_languages_as_the_announcements_say(load, session, now):
    load()
    event = session.scalars(select(Event).where(Event.slug == "public-forum")).one()
    assert event.organization.name == "Example League (International)"
    english, spanish = event.occurrences
    for one, weekday, clock in ((english, 5, "16:00"), (spanish, 6, "17:00")):
        local = timezones.local(one.starts_at, "America/Los_Angeles")
        assert (local.weekday(), f"{local:%H:%M}", one.tzid) == (weekday, clock, "America/Los_Angeles")
    assert timedelta(days=13) < spanish.starts_at - english.starts_at < timedelta(days=17)
    assert english.starts_at > now + timedelta(days=7)
    assert (english.registration, spanish.registration) == (RegistrationNeed.NONE, RegistrationNeed.REQUIRED)
    room, webinar = english.conference, spanish.conference
    assert (room.meeting_id, room.passcode, room.access) == ("85835549492", "191837", ConferenceAccess.PUBLIC)
    assert (webinar.kind, webinar.access) == (ConferenceKind.WEBINAR, ConferenceAccess.REGISTERED)


def test_the_list_is_alive(load, session, now):
    load()
    events = {event.slug: event for event in session.scalars(select(Event)).all()}
    assert events["harbour-walk"].status is EventStatus.CANCELLED
    assert all(one.ends_at < now for one in events["founders-talk"].occurrences)
    full = events["choir-evening"].occurrences[0]
    states = session.scalars(select(Place.state).where(Place.occurrence_id == full.id)).all()
    assert states == [PlaceState.CONFIRMED] * full.capacity
    assert {words.language_tag for event in events.values() for words in event.variants} == {
        *INTERFACE_LANGUAGES,
        "ja",
        "mi",
    }
    held = {one.language_tag for event in events.values() for one in event.occurrences}
    assert held >= {*INTERFACE_LANGUAGES}
    assert {event.slug: missing_translations(record_of(event)) for event in events.values()} == {
        slug: [] for slug in events
    }


def test_people_have_registered_and_nobody_is_written_to(load, session, now, settings):
    load()
    people = session.execute(
        select(Event.slug, Registration.language_tag).join(Event).where(Event.slug != "choir-evening")
    ).all()
    assert len(people) == 300
    assert {slug for slug, _tag in people} == {"public-forum", "storytellers", "founders-talk"}
    assert {tag for _slug, tag in people} == {"en", "es", "fr", "de", "pt-BR", "ar"}
    assert set(session.scalars(select(Message.state))) == {MessageState.SENT, MessageState.BOUNCED}
    evening = session.scalars(select(Event).where(Event.slug == "storytellers")).one()
    for one in evening.occurrences:
        states = Counter(session.scalars(select(Place.state).where(Place.occurrence_id == one.id)))
        assert states[PlaceState.CONFIRMED] <= one.capacity
    assert session.scalar(select(func.count()).select_from(Attendance)) > 20
    with transaction() as writing:
        later = now + timedelta(days=60)
        assert plan_scheduled(writing, now=later, settings=settings) == 0


@pytest.mark.parametrize("day", range(0, 371, 5))
def test_the_demo_can_be_loaded_on_every_day(day):
    """Reading is what could fail: a date in a clock change, or a window that closes too early."""
    now = datetime(2026, 11, 22, 23, 59, tzinfo=UTC) + timedelta(days=day)
    for path in FOLDER.glob("*.yaml"):
        record = read_bytes(dated(path.read_text(encoding="utf-8"), now).encode(), path.name)
        assert record.notes == ()
        for one in record.occurrences:
            starts_at = timezones.instant(one.start.local, one.start.tzid, one.start.fold)
            assert (starts_at > now + timedelta(days=6)) is (record.slug != "founders-talk")
