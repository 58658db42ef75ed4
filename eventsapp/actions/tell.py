"""Tell people of dates that changed, once the organizer said so: one letter for each of them. Renders nothing.

A letter goes from what its reader was told last, by ``context["from"]``, to what is so when it leaves.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from eventsapp.actions import letters, outbox
from eventsapp.actions.outbox import Earlier
from eventsapp.actions.places import take_event
from eventsapp.actions.staff import tell_staff
from eventsapp.config import Settings
from eventsapp.domain.vocabulary import LetterKind, MessageState
from eventsapp.models import Event, Message, Occurrence, Place, Registration
from eventsapp.queries.letters.changed import Revisions, is_news, revisions_of
from eventsapp.queries.untold import TOLD_STATES, is_untold

_LEFT = frozenset({MessageState.SENDING, MessageState.SENT, MessageState.BOUNCED})


def tell(session: Session, event: Event, *, now: datetime, settings: Settings) -> None:
    """Have whoever does not know how a date stands be written to, ``change_delay`` from now.

    It counts from the last time this is said, so that several changes in a row make one letter. Takes the event, so
    that no worker is done with it at this moment.
    """
    session.flush()
    event = take_event(session, event.id)
    dates = _to_come(event, now)
    behind = session.scalars(
        select(Place.occurrence_id).join(Place.registration).where(*is_untold(dates)).distinct()
    ).all()
    for occurrence_id in behind:
        dates[occurrence_id].tell_at = now + timedelta(seconds=settings.change_delay)
    tell_staff(session, event, now=now, settings=settings)


def plan_changes(session: Session, *, now: datetime, settings: Settings, limit: int = 100) -> int:
    """Write the letters to up to ``limit`` people of one event whose time has come; returns how much was done, 0: none.

    The event is locked meanwhile, so two workers never write to the same person. What is written and that it is
    written are one transaction: a worker that dies leaves either both or nothing.
    """
    event = _take_due(session, now)
    if event is None:
        return 0
    due = [one for one in event.occurrences if one.tell_at is not None and one.tell_at <= now]
    dates = {one.id: one for one in due if now < one.ends_at and event.published_at is not None}
    readers = session.scalars(
        select(Place.registration_id)
        .join(Place.registration)
        .where(*is_untold(dates))
        .distinct()
        .order_by(Place.registration_id)
        .limit(limit)
    ).all()
    # The letters are as old as the delay: a worker that looks ahead by it, to leave nothing behind, can send them.
    written_at = now - timedelta(seconds=settings.change_delay)
    _write_to(session, event, readers, dates, now=written_at, settings=settings)
    if len(readers) == limit:
        return limit
    for occurrence in due:
        occurrence.tell_at = None
    return len(readers) + len(due)


@contextmanager
def rehearsed(
    session: Session, event: Event, registration_ids: Iterable[int], *, now: datetime, settings: Settings
) -> Iterator[list[Message]]:
    """The letters that these people would be written now; they are there within the block alone."""
    session.flush()
    with session.begin_nested() as part:
        yield _write_to(session, event, list(registration_ids), _to_come(event, now), now=now, settings=settings)
        part.rollback()
    session.expire_all()


def _to_come(event: Event, now: datetime) -> dict[int, Occurrence]:
    return {one.id: one for one in event.occurrences if now < one.ends_at}


def _take_due(session: Session, now: datetime) -> Event | None:
    """The event of a date that is due to be told: one that nobody else has taken, or else the first to be free."""
    due = (
        select(Event.id)
        .where(Event.id.in_(select(Occurrence.event_id).where(Occurrence.tell_at <= now)))
        .order_by(Event.id)
        .limit(1)
    )
    event_id = session.scalar(due.with_for_update(key_share=True, skip_locked=True)) or session.scalar(due)
    return None if event_id is None else take_event(session, event_id)


class _Letter(NamedTuple):
    """One that was written to tell somebody how places stand."""

    id: int
    registration_id: int | None
    place_id: int | None
    kind: LetterKind
    address_key: str | None
    state: MessageState
    uncertain: bool
    context: dict[str, Any]

    @property
    def waits(self) -> bool:
        """It has surely not left yet; so it will say what is so by then."""
        return self.state is MessageState.QUEUED and not self.uncertain

    @property
    def left(self) -> bool:
        return self.state in _LEFT or self.uncertain

    @property
    def told_before(self) -> Mapping[str, int]:
        """By place id the sequence that the reader knew when this was written; of letters about changes alone."""
        told: Mapping[str, int] = self.context.get("from", {})
        return told

    def is_about(self, place: Place) -> bool:
        return place.id in self.context.get("places", ())


def _write_to(
    session: Session,
    event: Event,
    registration_ids: Sequence[int],
    dates: Mapping[int, Occurrence],
    *,
    now: datetime,
    settings: Settings,
) -> list[Message]:
    """A number of statements that does not grow with the people. The event must be taken."""
    session.flush()
    registrations = session.scalars(
        select(Registration)
        .where(Registration.id.in_(registration_ids))
        .order_by(Registration.id)
        .options(selectinload(Registration.places))
        .execution_options(populate_existing=True)
    ).all()
    revisions = revisions_of(session, [one.id for one in event.occurrences])
    written = _letters_to(session, registration_ids)
    earlier = outbox.earlier_letters(session, registration_ids)
    made: list[Message] = []
    dropped: list[int] = []
    told: list[Place] = []
    written_to: list[Place] = []
    for registration in registrations:
        reader = _Reader(registration, written[registration.id], revisions)
        reader.decide(dates, now)
        dropped += reader.dropped
        told += reader.told
        written_to += (*reader.called_off, *reader.changed)
        made += _write(session, reader, earlier[registration.id], now=now, settings=settings)
    if dropped:
        session.execute(
            update(Message)
            .where(Message.id.in_(dropped), Message.state == MessageState.QUEUED)
            .values(state=MessageState.SUPERSEDED, due_at=now)
        )
    session.flush()
    _note_told(session, told, dates)
    of_letters = Place.id.in_([place.id for place in written_to])
    session.execute(update(Place).where(of_letters).values(told_at=now).execution_options(synchronize_session=False))
    return made


def _note_told(session: Session, told: Iterable[Place], dates: Mapping[int, Occurrence]) -> None:
    """In one statement for each date, however many people there are."""
    by_date: dict[int, list[int]] = {}
    for place in told:
        by_date.setdefault(place.occurrence_id, []).append(place.id)
    for occurrence_id, ids in by_date.items():
        session.execute(
            update(Place)
            .where(Place.id.in_(ids))
            .values(told_sequence=dates[occurrence_id].sequence)
            .execution_options(synchronize_session=False)
        )


def _letters_to(session: Session, registration_ids: Sequence[int]) -> dict[int, list[_Letter]]:
    """What was written to these people, oldest first. What waits is held, so that no worker takes it meanwhile."""
    theirs = Message.registration_id.in_(registration_ids)
    session.execute(
        select(Message.id).where(theirs, Message.state == MessageState.QUEUED).order_by(Message.id).with_for_update()
    )
    columns = (getattr(Message, name) for name in _Letter._fields)
    rows = session.execute(
        select(*columns).where(theirs, Message.kind.in_(letters.TELL_HOW_IT_STANDS)).order_by(Message.id)
    )
    written: dict[int, list[_Letter]] = {id_: [] for id_ in registration_ids}
    for row in rows:
        written[row.registration_id].append(_Letter(*row))
    return written


@dataclass(slots=True)
class _Reader:
    """One person, and what has to be said: ``called_off`` and ``changed`` by place, with the sequence known so far."""

    registration: Registration
    letters: list[_Letter]
    revisions: Revisions
    called_off: dict[Place, int | None] = field(default_factory=dict)
    changed: dict[Place, int] = field(default_factory=dict)
    dropped: list[int] = field(default_factory=list)
    told: list[Place] = field(default_factory=list)

    def decide(self, dates: Mapping[int, Occurrence], now: datetime) -> None:
        """From here on these places count as told, whether there is anything to say to this reader or not."""
        self.letters = [one for one in self.letters if one.address_key == self.registration.address_key]
        untold = [place for place in self.registration.places if place.occurrence_id in dates and is_behind(place)]
        for place in untold:
            self._decide(place)
        overtaken = [letter for letter in self.letters if self._overtakes(letter, untold)]
        for place in self.registration.places:
            if place not in untold and _is_told(place, now) and any(letter.is_about(place) for letter in overtaken):
                self._decide(place)
        self.dropped = [letter.id for letter in self.letters if letter in overtaken or self._repeats(letter)]
        self.told = untold

    def _decide(self, place: Place) -> None:
        known, gone = self._known(place), place.occurrence.called_off
        if known is None:
            if gone:  # what waits to be sent falls silent
                self.called_off[place] = None
            return
        revision = self.revisions.get((place.occurrence_id, known))
        if revision is None or not is_news(revision, place.occurrence, self.registration.language_tag):
            return
        if gone:
            self.called_off[place] = known
        else:
            self.changed[place] = known

    def _known(self, place: Place) -> int | None:
        """The last sequence that the reader was told of; None where all they are told has yet to leave, and will."""
        known = place.told_sequence
        for letter in reversed(self.letters):
            if letter.kind is LetterKind.INVITE or not letter.is_about(place):
                continue
            if str(place.id) in letter.told_before and not letter.left:
                known = letter.told_before[str(place.id)]
                continue
            return None if letter.waits else known
        return known

    def _overtakes(self, letter: _Letter, untold: Sequence[Place]) -> bool:
        """Whether it waits and says what is said anew; whoever is written to of changes gets one letter of all."""
        if not letter.waits or not letter.told_before:
            return False
        return any(map(letter.is_about, untold)) or (bool(self.changed) and letter.kind is not LetterKind.CANCELLED)

    def _repeats(self, letter: _Letter) -> bool:
        """Whether it waits with a calendar object that a new letter brings, or takes back."""
        known = [place.id for place, known in (*self.called_off.items(), *self.changed.items()) if known is not None]
        return letter.waits and letter.place_id in known


def _is_told(place: Place, now: datetime) -> bool:
    return place.state in TOLD_STATES and now < place.occurrence.ends_at


def is_behind(place: Place) -> bool:
    """Whether its owner was told something of the date that has changed since."""
    told = place.told_sequence
    return place.state in TOLD_STATES and told is not None and told < place.occurrence.sequence


def _write(
    session: Session, reader: _Reader, earlier: list[Earlier], *, now: datetime, settings: Settings
) -> list[Message]:
    registration = reader.registration
    written = [
        letters.call_off(session, registration, place, known, now=now, settings=settings, earlier=earlier)
        for place, known in reader.called_off.items()
    ]
    if reader.changed:
        written += letters.change(session, registration, reader.changed, now=now, settings=settings, earlier=earlier)
    return [message for message in written if message is not None]
