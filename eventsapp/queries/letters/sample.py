"""A letter as it would read to somebody: for previews and tests, of words that may not even be saved. Keeps nothing.

Its reader holds a place as the letter supposes, whoever they are; the personal links in it open nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from eventsapp.config import Settings
from eventsapp.domain.entry import CalendarEntry, Party
from eventsapp.domain.languages import related
from eventsapp.domain.vocabulary import FOLLOW_UPS, Choose, LetterKind, PlaceState, Purpose
from eventsapp.mail.letters import Invitation, Letter, Passage, Was
from eventsapp.models import Event, Message, Occurrence, Place, Registration
from eventsapp.queries.entries import CANCELLED, personal_join_url, personal_manage_url, unsubscribe_url
from eventsapp.queries.letters.frame import frame_of, own_words, personal_of, slots_of
from eventsapp.queries.letters.mailing import written

REFERENCE = "K7PM-2QXD"
NOBODY = "sample"  # instead of the public id that personal links are made of
_SUPPOSES = {
    LetterKind.WAITLISTED: PlaceState.WAITLISTED,
    LetterKind.PENDING: PlaceState.PENDING,
    LetterKind.DECLINED: PlaceState.DECLINED,
    LetterKind.CANCELLED: PlaceState.CANCELLED,
}
_INVITES = frozenset(
    {LetterKind.CONFIRMATION, LetterKind.INVITE, LetterKind.APPROVED, LetterKind.PROMOTED, LetterKind.CHANGED}
)
_AN_HOUR, _A_DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """Who reads it. ``dates`` are keys of occurrences; none: those that one would usually choose."""

    name: str
    language_tag: str
    tzid: str
    reference: str = REFERENCE
    dates: tuple[str, ...] = ()

    @classmethod
    def of(cls, registration: Registration) -> "Sample":
        """Somebody who is registered; all but the address and the links."""
        return cls(
            registration.name or "",
            registration.language_tag,
            registration.tzid,
            registration.reference,
            tuple(place.occurrence.key for place in registration.places),
        )


def sample_letter(
    event: Event,
    kind: LetterKind,
    sample: Sample,
    *,
    recipient: str,
    words: Mapping[str, Mapping[str, str]] | None = None,
    needed: bool = False,
    now: datetime,
    settings: Settings,
) -> Letter | None:
    """``words``: {language tag: {"subject", "body"}} instead of those that are saved; of a mailing, all there are.

    None where the event has no date that a letter could be about.
    """
    dates = _dates(event, sample, now)
    if not dates:
        return None
    state = _SUPPOSES.get(kind, PlaceState.CONFIRMED)
    registration = _registration(event, sample, recipient, dates, state=state, now=now)
    message = Message(
        kind=kind,
        public_id=NOBODY,
        message_id=f"<{NOBODY}@{settings.mail_domain}>",
        thread_of="",
        recipient=recipient,
        language_tag=sample.language_tag,
        created_at=now,
    )
    if kind is LetterKind.MAILING:
        letter = written(message, registration, words or {}, needed=needed, settings=settings)
    else:
        letter = _standard(message, registration, words, settings)
    return _with_links(letter, registration, settings)


def _standard(
    message: Message, registration: Registration, words: Mapping[str, Mapping[str, str]] | None, settings: Settings
) -> Letter:
    letter = replace(
        frame_of(message, registration, settings),
        name=registration.name or "",
        reference=registration.reference,
        about=slots_of(registration.places),
        own_subject=_own(message, registration, words, "subject"),
        own_body=_own(message, registration, words, "body"),
        invitation=_invitation(message.kind, registration.places, settings),
    )
    return _as_kind(letter, registration, settings)


def _as_kind(letter: Letter, registration: Registration, settings: Settings) -> Letter:
    """What letters of this kind have that others have not."""
    if letter.kind is LetterKind.CHANGED:
        moved = (
            replace(slot, was=Was(times=(slot.starts_at - _AN_HOUR, slot.ends_at - _AN_HOUR, slot.tzid)))
            for slot in letter.about
        )
        return replace(letter, about=tuple(moved))
    if letter.kind is LetterKind.REMINDER:
        url = unsubscribe_url(registration, Purpose.REMINDERS, settings=settings)
        return replace(letter, until_start=_A_DAY, unsubscribe_url=url)
    if letter.kind in FOLLOW_UPS:
        recorded = next((place.occurrence for place in registration.places if place.occurrence.recording), None)
        join_url = personal_join_url(registration, settings=settings)
        return replace(
            letter,
            sender=Party(settings.follow_up_from or letter.sender.email, letter.sender.name),
            about=tuple(replace(slot, held=False, joins=False) for slot in letter.about),
            what_to_bring=Passage("", ""),
            came=letter.kind is LetterKind.FOLLOW_UP,
            recording_url=f"{join_url}/{recorded.key}" if recorded else "",
            unsubscribe_url=unsubscribe_url(registration, Purpose.FOLLOW_UPS, settings=settings),
        )
    return letter


def _with_links(letter: Letter, registration: Registration, settings: Settings) -> Letter:
    confirmed = any(slot.state is PlaceState.CONFIRMED for slot in letter.about)
    return replace(
        letter,
        join_url=personal_join_url(registration, settings=settings) if confirmed else "",
        manage_url=personal_manage_url(registration, settings=settings),
    )


def _own(
    message: Message, registration: Registration, words: Mapping[str, Mapping[str, str]] | None, part: str
) -> Passage | None:
    if words is None:
        asked, as_confirmed = registration.language_tag, part == "body"
        return own_words(registration.event, message.kind, asked, part, as_confirmed=as_confirmed)
    tag, given = next(iter(words.items()))
    return Passage(given[part], tag) if given[part].strip() else None


def _invitation(kind: LetterKind, places: Sequence[Place], settings: Settings) -> Invitation | None:
    """A letter carries at most one calendar object; about several dates the confirmation carries none."""
    if len(places) > 1 and kind is LetterKind.CONFIRMATION:
        return None
    if kind is LetterKind.CANCELLED:
        return Invitation("CANCEL", _of_a_sample(places[0], settings, status=CANCELLED))
    return Invitation("REQUEST", _of_a_sample(places[0], settings)) if kind in _INVITES else None


def _of_a_sample(place: Place, settings: Settings, *, status: str | None = None) -> CalendarEntry:
    """An entry of its own, so that whoever opens it in a calendar does not spoil the real one."""
    entry = personal_of(place, settings, status=status)
    return replace(entry, uid=f"{NOBODY}-{entry.uid}")


def _dates(event: Event, sample: Sample, now: datetime) -> list[Occurrence]:
    """The sample's own; or all where everybody takes all, or else the next one, in the reader's language if there is
    one."""
    own = [one for one in event.occurrences if one.key in sample.dates]
    if own or event.choose is Choose.ALL:
        return own or list(event.occurrences)
    to_come = [one for one in event.occurrences if now < one.ends_at] or list(event.occurrences)
    held = [one for one in to_come if one.language_tag and related(one.language_tag, sample.language_tag)]
    return (held or to_come)[:1]


def _registration(
    event: Event, sample: Sample, recipient: str, dates: Sequence[Occurrence], *, state: PlaceState, now: datetime
) -> Registration:
    """A row that no session knows of."""
    return Registration(
        event=event,
        public_id=NOBODY,
        reference=sample.reference,
        email=recipient,
        name=sample.name,
        language_tag=sample.language_tag,
        tzid=sample.tzid,
        link_generation=1,
        created_at=now,
        places=[Place(occurrence=one, state=state, revision=0, changed_at=now, created_at=now) for one in dates],
    )
