"""What an event record says, as plain frozen values: the same whether it was read from a file or from the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path as FilePath

from eventsapp.domain.entry import DialIn
from eventsapp.domain.triggers import DEFAULT_REMINDERS
from eventsapp.domain.vocabulary import (
    Approval,
    Choose,
    ConferenceAccess,
    ConferenceKind,
    ConferenceProvider,
    DigestEvery,
    EventStatus,
    FollowUpFor,
    LetterKind,
    QuestionType,
    RegistrationNeed,
    StaffRole,
    Visibility,
)
from eventsapp.reading.mistakes import Mistake, Path, key_of
from eventsapp.reading.source import Source

RECORD_VERSION = 1
JOIN_OPENS_SECONDS = 900

Labels = Mapping[str, str]  # {language tag: text}


@dataclass(frozen=True, slots=True)
class OrganizationRecord:
    """Who holds the event. None is what the record does not say: an existing organization keeps it.

    ``new_name`` is what to call it if it has to be created, where the record names it without a key for the name.
    """

    slug: str
    name: str | None = None
    sender_name: str | None = None
    contact: str | None = None
    default_language: str | None = None
    default_tzid: str | None = None
    privacy_url: str | None = None
    imprint_url: str | None = None
    accent: str | None = None
    conference_hosts: tuple[str, ...] | None = None
    retention_days: int | None = None
    new_name: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """The event in one language; ``description`` and ``what_to_bring`` are Markdown."""

    summary: str
    excerpt: str = ""
    description: str = ""
    what_to_bring: str = ""
    picture_alt: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A wall time in a zone; ``fold`` 1 is the second pass of an overlap."""

    local: datetime
    tzid: str
    fold: int = 0


@dataclass(frozen=True, slots=True)
class ConferenceRecord:
    provider: ConferenceProvider = ConferenceProvider.ZOOM
    kind: ConferenceKind = ConferenceKind.MEETING
    meeting_id: str = ""
    passcode: str = ""
    url: str = ""
    dial_in: tuple[DialIn, ...] = ()
    access: ConferenceAccess = ConferenceAccess.REGISTERED


@dataclass(frozen=True, slots=True)
class OccurrenceRecord:
    """``duration_seconds`` is elapsed time; ``location`` and ``recording`` go by language tag, "" is for all."""

    id: str
    start: Moment
    duration_seconds: int
    language: str | None = None
    capacity: int | None = None
    location: Labels = field(default_factory=dict)
    registration: RegistrationNeed = RegistrationNeed.REQUIRED
    join_opens_seconds: int = JOIN_OPENS_SECONDS
    cancelled: bool = False
    conference: ConferenceRecord | None = None
    recording: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OptionRecord:
    """``limit`` is the most who can choose it; whoever chooses the ``other`` one says what."""

    id: str
    label: Labels
    limit: int | None = None
    other: bool = False


@dataclass(frozen=True, slots=True)
class ConditionRecord:
    """It holds where the answer to an earlier ``question`` is, or holds, one of ``values``."""

    question: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """``only_if``: it is asked where all of these hold; ``retired``: it is not asked any more, its answers stay."""

    id: str
    type: QuestionType
    required: bool
    label: Labels
    help: Labels = field(default_factory=dict)
    options: tuple[OptionRecord, ...] = ()
    only_if: tuple[ConditionRecord, ...] = ()
    retired: bool = False


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """Somebody who works at the event. ``occurrences`` None: at all of them; an organizer works at none in particular.

    ``digest`` is an organizer's, and NEVER for everybody else.
    """

    role: StaffRole
    email: str
    language: str
    tzid: str
    name: str = ""
    occurrences: tuple[str, ...] | None = None
    digest: DigestEvery = DigestEvery.NEVER


@dataclass(frozen=True, slots=True)
class FollowUpRecord:
    """``trigger`` as ``domain.triggers`` writes it; ``wait_for_recording``: it is worth nothing without one."""

    trigger: str
    to: FollowUpFor = FollowUpFor.ALL
    wait_for_recording: bool = False


@dataclass(frozen=True, slots=True)
class LetterWords:
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record was read: its source, and the folder in which a picture may lie. Both None: not from a file."""

    source: Source | None = None
    folder: FilePath | None = None

    def mistake(self, path: Path, message: str) -> Mistake:
        """A mistake found after reading, with the file and line of its key."""
        if self.source is None:
            return Mistake("record", 0, key_of(path), message)
        return Mistake(self.source.file, self.source.line(path), key_of(path), message)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """The whole event. Each of ``topics`` goes by language tag, "" is for all languages.

    ``status`` None is what the record does not say: an existing event keeps its own.
    """

    slug: str
    organization: OrganizationRecord
    default_language: str
    languages: Mapping[str, Words]
    occurrences: tuple[OccurrenceRecord, ...]
    contact: str = ""
    picture: str = ""
    topics: tuple[Labels, ...] = ()
    city_tzids: tuple[str, ...] = ()
    opens: Moment | None = None
    closes: Moment | None = None
    choose: Choose = Choose.ONE
    approval: Approval = Approval.AUTOMATIC
    waitlist: bool = False
    verify_seconds: int | None = None
    questions: tuple[QuestionRecord, ...] = ()
    reminders: tuple[str, ...] = DEFAULT_REMINDERS
    follow_ups: tuple[FollowUpRecord, ...] = ()
    letters: Mapping[LetterKind, Mapping[str, LetterWords]] = field(default_factory=dict)
    team: tuple[MemberRecord, ...] = ()
    status: EventStatus | None = None
    visibility: Visibility = Visibility.PUBLIC
    notes: tuple[str, ...] = field(default=(), compare=False)  # what the reader should know, though it is no mistake
    origin: Origin = field(default_factory=Origin, compare=False, repr=False)
