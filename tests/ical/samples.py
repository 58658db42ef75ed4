"""Entries for tests: the forum of the samples, and any other entry by what differs from it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from eventsapp.domain import timezones
from eventsapp.domain.entry import CalendarEntry, DialIn, Party, Room
from eventsapp.domain.vocabulary import ConferenceKind, ConferenceProvider

MADE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
REVISED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LOS_ANGELES = "America/Los_Angeles"
ORGANIZER = Party("events@example.org", "Example League (International)")

ROOM = Room(
    provider=ConferenceProvider.ZOOM,
    kind=ConferenceKind.MEETING,
    url="https://us06web.zoom.us/j/85835549492?pwd=b3BlbiBkb29y",
    meeting_id="85835549492",
    passcode="191837",
    dial_in=(DialIn("+52 55 1234 5678", "MX", "Mexico City"), DialIn("+1 669 900 6833")),
)


def wall(text: str) -> datetime:
    """A naive wall time from ISO 8601."""
    return datetime.fromisoformat(text)


def at(start: str, tzid: str, *, seconds: int = 5400, fold: int = 0) -> dict[str, Any]:
    """The time fields of an entry: a wall time, its zone and the elapsed duration."""
    starts_at, ends_at = timezones.span(wall(start), fold, tzid, seconds)
    return {
        "tzid": tzid,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "dtstart_local": _wall(starts_at, tzid),
        "dtend_local": _wall(ends_at, tzid),
    }


def _wall(instant: datetime, tzid: str) -> datetime:
    return timezones.local(instant, tzid).replace(tzinfo=None, fold=0)


def entry(**values: Any) -> CalendarEntry:
    """The English forum on 13 June 2026, in a public room."""
    return replace(FORUM, **values)


FORUM = CalendarEntry(
    uid="forum-english@events.example.org",
    sequence=2,
    dtstamp=REVISED,
    created=MADE,
    last_modified=REVISED,
    language_tag="en",
    summary="Public online forum",
    description="Everybody is welcome.\n\n• Bring a question\n• Bring a friend",
    location="",
    url="https://events.example.org/en/events/forum",
    status="CONFIRMED",
    organizer=ORGANIZER,
    room=ROOM,
    join_url=ROOM.url,
    lead=f"Join: {ROOM.url}",
    transparent=True,
    categories=("peace", "law"),
    **at("2026-06-13T16:00", LOS_ANGELES),
)

_OWN_LINK = "https://events.example.org/j/registrationabcd.abcdefghijklmnopqrstuvwxyz"
INVITED = entry(
    uid="forum-spanish@events.example.org",
    sequence=3,
    language_tag="es",
    summary="Foro público, 28 de junio",
    description="Transmisión por Zoom.",
    url=_OWN_LINK,
    room=None,
    join_url=_OWN_LINK,
    lead=f"Unirse: {_OWN_LINK}",
    attendee=Party("zoe.munoz@example.com", "Zoë Muñoz"),
    transparent=False,
    **at("2026-06-28T17:00", LOS_ANGELES, seconds=3600),
)
