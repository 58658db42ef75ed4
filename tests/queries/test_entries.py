"""Rows as entries: the right language, the right sequence, and no room for anybody who may not see it."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from eventsapp import ical
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.entry import DialIn, Party, Room
from eventsapp.domain.links import token
from eventsapp.domain.vocabulary import ConferenceAccess, ConferenceKind, ConferenceProvider, PlaceState, Purpose
from eventsapp.ical.add_links import add_links
from eventsapp.models import Event, Place
from eventsapp.queries.entries import held_tag, personal_entry, public_entry, variant
from tests.factory import IN_ENGLISH, IN_SPANISH, Make

SECRETS = ("82314567890", "823 1456 7890", "428571", "us06web.zoom.us/j/82314567890")
FOUR_STATES = [state for state in PlaceState if state is not PlaceState.CONFIRMED]
WORDS = {
    "en": {"summary": "Public forum", "description": "**Welcome**, everybody.", "what_to_bring": "* A question"},
    "es": {"summary": "Foro público", "description": "Bienvenidos."},
}


@pytest.fixture
def forum(make: Make) -> Event:
    return make.event(languages=WORDS, topics=[{"": "Esperanto"}, {"en": "peace", "es": "paz"}])


def place_of(make: Make, event: Event, state: PlaceState = PlaceState.CONFIRMED, key: str = "spanish") -> Place:
    return make.registration(event, places={key: state}).places[0]


def change(row: Any, **values: Any) -> None:
    with transaction() as session:
        row = session.merge(row)
        for name, value in values.items():
            setattr(row, name, value)


@pytest.mark.parametrize(
    ("asked", "served"), [("es", "es"), ("es-MX", "es"), ("en-GB", "en"), ("fr", "en"), ("nonsense!", "en")]
)
def test_a_reader_gets_the_words_of_the_asked_language_or_its_parent_or_the_default(
    forum: Event, asked: str, served: str
) -> None:
    assert variant(forum, asked).language_tag == served


def test_an_occurrence_is_held_in_its_own_language_or_in_the_reader_s(make: Make) -> None:
    both = {key: value for key, value in IN_ENGLISH.items() if key != "language_tag"} | {"key": "both"}
    forum = make.event(occurrences=[IN_SPANISH, both])
    tags = {occurrence.key: held_tag(occurrence, "es-MX") for occurrence in forum.occurrences}
    assert tags == {"both": "es", "spanish": "es"}
    assert {occurrence.key: held_tag(occurrence, "en") for occurrence in forum.occurrences} == {
        "both": "en",
        "spanish": "es",
    }


def test_a_public_entry_of_a_public_room(forum: Event, settings: Settings, now: datetime) -> None:
    entry = public_entry(forum.occurrences[0], "en-GB", settings=settings)
    room = Room(
        ConferenceProvider.ZOOM,
        ConferenceKind.MEETING,
        url="https://us06web.zoom.us/j/85835549492",
        meeting_id="85835549492",
        passcode="191837",
    )
    assert asdict(entry) == {
        "uid": "forum-english@events.example.org",
        "sequence": 0,
        "dtstamp": now,
        "created": now,
        "last_modified": now,
        "tzid": "America/Los_Angeles",
        "dtstart_local": datetime.fromisoformat("2026-06-13T16:00"),
        "dtend_local": datetime.fromisoformat("2026-06-13T17:00"),
        "starts_at": datetime.fromisoformat("2026-06-13T23:00Z"),
        "ends_at": datetime.fromisoformat("2026-06-14T00:00Z"),
        "language_tag": "en",
        "summary": "Public forum",
        "description": "Welcome, everybody.\n\nWhat to bring\n- A question",
        "location": "",
        "url": "https://events.example.org/en/events/forum",
        "status": "CONFIRMED",
        "organizer": asdict(Party("events@example.org", "Example League")),
        "attendee": None,
        "room": asdict(room),
        "join_url": room.url,
        "lead": f"Join: {room.url}",
        "place_alone": False,
        "transparent": True,
        "categories": ("Esperanto", "peace"),
    }


@pytest.mark.parametrize(
    ("asked", "served"),
    [("en", "peace"), ("es-MX", "paz"), ("fr", "peace"), ("de", "Ruhe und Frieden")],
)
def test_the_categories_are_the_topics_in_the_entry_s_language(
    make: Make, settings: Settings, asked: str, served: str
) -> None:
    topics = [{"es": "paz", "en": "peace", "de": "Ruhe und Frieden"}, {"es": "foro"}, {"": "Esperanto"}]
    forum = make.event(languages={"en": "Forum", "es": "Foro", "de": "Forum"}, topics=topics)
    entry = public_entry(forum.occurrences[0], asked, settings=settings)
    assert entry.categories == (served, "foro", "Esperanto")


def test_a_room_known_by_its_number_alone_still_has_a_link(make: Make, settings: Settings) -> None:
    conference = {"meeting_id": "85835549492", "access": ConferenceAccess.PUBLIC}
    dial_in = [{"number": "+52 55 1234 5678", "country": "MX"}]
    forum = make.event(occurrences=[{**IN_ENGLISH, "conference": conference | {"dial_in": dial_in}}])
    entry = public_entry(forum.occurrences[0], "en", settings=settings)
    assert entry.room is not None
    assert (entry.join_url, entry.room.dial_in) == (
        "https://zoom.us/j/85835549492",
        (DialIn("+52 55 1234 5678", "MX"),),
    )


def test_a_public_entry_says_in_which_other_language_the_occurrence_is_held(forum: Event, settings: Settings) -> None:
    english, spanish = forum.occurrences
    assert public_entry(spanish, "en", settings=settings).description.startswith("Held in Spanish.\n\nWelcome")
    assert public_entry(spanish, "es", settings=settings).description == "Bienvenidos."
    assert public_entry(english, "en-AU", settings=settings).description.startswith("Welcome")


def test_a_personal_entry_of_a_confirmed_place(make: Make, forum: Event, settings: Settings, now: datetime) -> None:
    place = place_of(make, forum)
    link = "https://events.example.org/j/" + token(settings.link_key, Purpose.JOIN, place.registration.public_id, 1)
    public = public_entry(forum.occurrences[1], "es", settings=settings)
    entry = personal_entry(place, settings=settings)
    assert entry == replace(
        public,
        dtstamp=place.changed_at,
        last_modified=place.changed_at,
        url=link,
        join_url=link,
        lead=entry.lead,
        attendee=Party("person1@example.com", "Zoë Muñoz"),
        transparent=False,
    )
    assert entry.lead.endswith(link)
    assert (entry.language_tag, entry.summary, entry.room) == ("es", "Foro público", None)


def test_a_personal_entry_may_be_asked_for_in_another_language(make: Make, forum: Event, settings: Settings) -> None:
    assert personal_entry(place_of(make, forum), settings=settings, tag="en").summary == "Public forum"


def test_a_raised_generation_makes_another_join_link(make: Make, forum: Event, settings: Settings) -> None:
    place = place_of(make, forum)
    before = personal_entry(place, settings=settings).join_url
    change(place.registration, link_generation=2)
    assert personal_entry(place, settings=settings).join_url not in ("", before)


def test_sequence_adds_what_changed_for_all_and_what_changed_for_this_person(
    make: Make, forum: Event, settings: Settings, now: datetime
) -> None:
    place = place_of(make, forum)
    change(forum.occurrences[1], sequence=3, revised_at=now + timedelta(days=2))
    change(place, revision=2)
    assert public_entry(place.occurrence, "es", settings=settings).sequence == 3
    entry = personal_entry(place, settings=settings)
    assert (entry.sequence, entry.dtstamp) == (5, now + timedelta(days=2))
    held = personal_entry(place, settings=settings, sequence=4, status="CANCELLED")
    assert (held.sequence, held.status, held.join_url) == (4, "CANCELLED", "")


@pytest.mark.parametrize("whole_event", [True, False])
def test_what_is_called_off_is_cancelled_for_all_and_shows_no_room(
    make: Make, forum: Event, settings: Settings, now: datetime, whole_event: bool
) -> None:
    place = place_of(make, forum, key="english")
    change(forum if whole_event else forum.occurrences[0], cancelled_at=now)
    public = public_entry(forum.occurrences[0], "en", settings=settings)
    personal = personal_entry(place, settings=settings)
    assert [(entry.status, entry.room, entry.join_url, entry.lead) for entry in (public, personal)] == [
        ("CANCELLED", None, "", "")
    ] * 2
    assert b"191837" not in ical.publish([public]) + ical.cancel(personal)


def test_a_given_up_place_is_cancelled_for_its_person_alone(make: Make, forum: Event, settings: Settings) -> None:
    entry = personal_entry(place_of(make, forum, PlaceState.CANCELLED), settings=settings)
    assert (entry.status, entry.join_url, entry.url) == (
        "CANCELLED",
        "",
        "https://events.example.org/es/events/forum",
    )


@pytest.mark.parametrize("state", FOUR_STATES)
def test_no_unconfirmed_place_carries_a_way_in(make: Make, forum: Event, settings: Settings, state: PlaceState) -> None:
    place = place_of(make, forum, state)
    entry = personal_entry(place, settings=settings)
    text = _everything(entry)
    assert [secret for secret in (*SECRETS, "/j/") if secret in text] == []


def test_a_room_for_registered_people_is_in_no_entry_at_all(make: Make, forum: Event, settings: Settings) -> None:
    """Not even in the confirmed person's: the room may change after the letter left."""
    spanish = forum.occurrences[1]
    entries = [public_entry(spanish, tag, settings=settings) for tag in ("en", "es", "fr")]
    entries.append(personal_entry(place_of(make, forum), settings=settings))
    text = "".join(map(_everything, entries))
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_public_room_is_not_in_a_person_s_entry_either(make: Make, forum: Event, settings: Settings) -> None:
    text = _everything(personal_entry(place_of(make, forum, key="english"), settings=settings))
    assert [secret for secret in ("85835549492", "858 3554 9492", "191837") if secret in text] == []


def _everything(entry: Any) -> str:
    """All that any writer makes of an entry."""
    files = [ical.publish([entry])]
    if entry.attendee:
        files += [ical.request(entry), ical.cancel(entry)]
    unfolded = b"".join(files).replace(b"\r\n ", b"").decode()
    return repr(entry) + unfolded + "".join(link.url for link in add_links(entry))


def test_people_who_meet_at_an_address_alone_get_no_join_link(make: Make, settings: Settings) -> None:
    hall = {"key": "hall", "dtstart_local": IN_ENGLISH["dtstart_local"], "location": {"": "12 Main St., Springfield"}}
    forum = make.event(occurrences=[hall])
    entry = personal_entry(place_of(make, forum, key="hall"), settings=settings)
    assert (entry.join_url, entry.lead, entry.location) == ("", "", "12 Main St., Springfield")
    assert entry.url == "https://events.example.org/es/events/forum"


def test_an_online_occurrence_whose_room_is_not_yet_known_has_its_join_link(make: Make, settings: Settings) -> None:
    forum = make.event(occurrences=[{"key": "soon", "dtstart_local": IN_ENGLISH["dtstart_local"]}])
    assert personal_entry(place_of(make, forum, key="soon"), settings=settings).join_url != ""
    assert public_entry(forum.occurrences[0], "en", settings=settings).join_url == ""


@pytest.mark.parametrize(
    ("location", "seen"),
    [
        ({"": "Hall 1"}, "Hall 1"),
        ({"es": "Sala 1", "en": "Room 1"}, "Sala 1"),
        ({"es": "Sala 1", "": "Hall 1"}, "Sala 1"),
        ({"en": "Room 1"}, "Room 1"),
        ({"fr": "Salle 1"}, "Salle 1"),
        ({"es": "", "en": "Room 1"}, "Room 1"),
        ({}, ""),
    ],
)
def test_the_address_is_in_the_reader_s_language_where_there_is_one(
    make: Make, settings: Settings, location: dict[str, str], seen: str
) -> None:
    forum = make.event(occurrences=[{**IN_SPANISH, "location": location}])
    assert public_entry(forum.occurrences[0], "es-MX", settings=settings).location == seen


def test_the_sender_s_name_is_the_organization_s_own(make: Make, settings: Settings) -> None:
    forum = make.event(organization=make.organization(sender_name="The League"))
    entry = public_entry(forum.occurrences[0], "en", settings=settings)
    assert entry.organizer == Party("events@example.org", "The League")


def test_an_international_domain_is_in_ascii(make: Make, forum: Event, settings: Settings) -> None:
    registration = make.registration(forum, email="zoe@münchen.example")
    attendee = personal_entry(registration.places[0], settings=settings).attendee
    assert attendee == Party("zoe@xn--mnchen-3ya.example", "Zoë Muñoz")


def test_an_erased_person_is_named_nowhere(make: Make, forum: Event, settings: Settings, now: datetime) -> None:
    place = place_of(make, forum)
    change(place.registration, email=None, name=None, address_key=None, erased_at=now)
    assert personal_entry(place, settings=settings).attendee is None
