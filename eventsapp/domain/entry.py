"""CalendarEntry: one occurrence in one language for one reader. Every writer reads this and nothing else."""

from dataclasses import dataclass
from datetime import datetime

from eventsapp.domain.vocabulary import ConferenceKind, ConferenceProvider


@dataclass(frozen=True, slots=True)
class Party:
    """A calendar user: ``email`` is a bare address in ASCII where it has one, ``name`` may be empty."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class DialIn:
    """A telephone number into the room. ``country`` is an ISO 3166 code such as MX, or empty."""

    number: str
    country: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """Where an online occurrence is held. Secret unless the organizer made it public."""

    provider: ConferenceProvider
    kind: ConferenceKind
    url: str = ""
    meeting_id: str = ""  # digits alone; grouped for reading by domain.rooms.grouped
    passcode: str = ""
    dial_in: tuple[DialIn, ...] = ()


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """RFC 5545 property names; times are decided already and never computed again by a writer.

    ``dtstart_local`` and ``dtend_local`` are naive wall times at ``tzid``; ``starts_at``, ``ends_at``,
    ``dtstamp``, ``last_modified`` and ``created`` are aware UTC instants. ``url`` is the page about this
    occurrence (public) or the reader's own join link (personal). ``join_url`` is where this reader joins: the own
    link, or a public room's; empty where there is nothing to join. ``room`` is filled only where this reader
    may see it; ``attendee`` only in what is mailed to one person. ``status`` is CONFIRMED or CANCELLED.
    ``lead`` stands before the description, for example the join link; it is plain text.
    """

    uid: str
    sequence: int
    dtstamp: datetime
    created: datetime
    last_modified: datetime
    tzid: str
    dtstart_local: datetime
    dtend_local: datetime
    starts_at: datetime
    ends_at: datetime
    language_tag: str
    summary: str
    description: str  # plain text
    location: str
    url: str
    status: str
    organizer: Party
    attendee: Party | None = None
    room: Room | None = None
    join_url: str = ""
    lead: str = ""
    place_alone: bool = False  # cancelled is this reader's own place, and not the date
    transparent: bool = False  # TRANSP:TRANSPARENT for a public listing, OPAQUE for one's own invite
    categories: tuple[str, ...] = ()
