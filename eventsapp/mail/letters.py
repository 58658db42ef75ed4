"""A letter as plain values: all that is decided before it is put into words. No rows, no markup."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from eventsapp.domain.entry import CalendarEntry, Party, Room
from eventsapp.domain.vocabulary import LetterKind, Notice, Parting, PlaceState, StaffRole


@dataclass(frozen=True, slots=True)
class Passage:
    """Words in a language that may not be the letter's own."""

    text: str
    tag: str


@dataclass(frozen=True, slots=True)
class Was:
    """What a reader was told last of a date; each is None where it is as it was. ``cancelled``: it was called off."""

    times: tuple[datetime, datetime, str] | None = None  # starts_at, ends_at, tzid
    location: Passage | None = None  # an empty text: it was held online alone
    online: bool = False  # there was a way to join from afar; it says something beside ``location`` only
    summary: Passage | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """One place as its holder's letter shows it.

    ``key`` is the occurrence's. ``held``: the place is confirmed, so that a calendar may have it; ``joins``: and its
    holder gets in from afar, by the link of their own.
    ``held_tag`` is empty where the occurrence is held in every language of the event. ``called_off``: the organizer
    cancelled the date itself.
    """

    key: str
    state: PlaceState
    starts_at: datetime
    ends_at: datetime
    tzid: str
    location: Passage
    online: bool = False  # there is a way to join from afar
    held_tag: str = ""
    join_opens_seconds: int = 0
    called_off: bool = False
    held: bool = False
    joins: bool = False
    was: Was | None = None  # in a letter about a change


@dataclass(frozen=True, slots=True)
class Invitation:
    """The calendar object a letter carries."""

    method: Literal["REQUEST", "CANCEL"]
    entry: CalendarEntry


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One date of an event in the organizer's digest. ``new`` and ``cancelled`` are since the last digest."""

    starts_at: datetime
    ends_at: datetime
    tzid: str
    held_tag: str
    new: int
    cancelled: int
    confirmed: int
    waiting: int
    pending: int
    capacity: int | None
    full: bool


@dataclass(frozen=True, slots=True)
class Digest:
    """What happened at an event ``since``. ``bounced`` counts people who hold a place and are not reached.

    ``more`` counts the dates that are not among ``lines``.
    """

    since: datetime
    lines: tuple[DigestLine, ...]
    new: int = 0  # people, each once
    cancelled: int = 0
    bounced: int = 0
    more: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one person, all decided. ``about`` are the places the letter is about, ``others`` the rest.

    ``language_tag`` and ``tzid`` are the reader's. ``name`` is as the reader typed it. ``recipient`` and ``reply_to``
    are ASCII addresses, ``reply_to`` may be empty. ``join_url`` is empty unless a place is confirmed, ``manage_url``
    unless the reader is known to want our letters. ``written_at`` and ``message_id`` stay the same however often the
    letter is tried. ``name`` and ``reference`` may be empty.
    """

    kind: LetterKind
    public_id: str
    message_id: str
    thread_of: str
    written_at: datetime
    language_tag: str
    tzid: str
    recipient: str
    name: str
    reference: str
    sender: Party
    reply_to: str
    organization: str
    contact: str
    event_slug: str
    event_url: str
    summary: Passage
    what_to_bring: Passage
    about: tuple[Slot, ...]
    others: tuple[Slot, ...] = ()
    join_url: str = ""
    manage_url: str = ""
    own_subject: Passage | None = None
    own_body: Passage | None = None
    invitation: Invitation | None = None
    event_called_off: bool = False
    parting: Parting | None = None  # to an address that the registration left: this reader is told nothing personal
    action_url: str = ""  # the one page that a neutral letter asks its reader to open, ``action_until`` then
    action_until: datetime | None = None
    asked_by: str = ""  # a hint at the address that a new one is to replace
    until_start: timedelta | None = None  # of a reminder, when it is sent; below zero once it has begun
    unsubscribe_url: str = ""  # of a scheduled letter: its page, and the address of one-click unsubscribing (RFC 8058)
    came: bool | None = None  # in a follow-up; None: nobody's coming was noted
    recording_url: str = ""  # in a follow-up, where there is one
    ticket_url: str = ""  # where there is a place to go to: what the QR code in the letter holds
    role: StaffRole | None = None  # in a letter to staff
    room: Room | None = None  # the room itself, in a letter to staff who hold the date
    digest: Digest | None = None
    notice: Notice | None = None  # to an organizer: what has changed about signing in
    trial: bool = False  # an organizer sends it to themselves, to see it
    accent: str = ""
    privacy_url: str = ""
    imprint_url: str = ""
