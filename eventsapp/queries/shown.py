"""Events as public pages show them: read once, and kept in this process for as long as their stamp is the same.

What is kept belongs to no session and is read by several threads at once: whoever has it changes nothing of it. It is
read outside of transactions that write alone, because one of those may change an event again under the same stamp.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from eventsapp.domain.vocabulary import PlaceState
from eventsapp.models import Event, EventStamp, LanguageVariant, Occurrence, Place, Registration

MOST_ROWS = 2_000  # that are kept altogether, some kB each
_STAMP = (
    select(Event.id, EventStamp.number)
    .join(EventStamp, EventStamp.event_id == Event.id)
    .where(Event.slug == bindparam("slug"), Event.published_at.is_not(None))
)
_ALL = select(func.count(), func.sum(EventStamp.number))
_NUMBER = select(EventStamp.number).where(EventStamp.event_id == bindparam("event_id"))
_LANGUAGES = (
    select(LanguageVariant.language_tag, Event.default_language_tag)
    .join(LanguageVariant.event)
    .where(Event.id == bindparam("event_id"))
    .order_by(LanguageVariant.position)
)
WHOLE = (
    joinedload(Event.organization),
    selectinload(Event.variants),
    selectinload(Event.occurrences).joinedload(Occurrence.conference),
    selectinload(Event.questions),
)


class _Kept:
    """By event id its stamp and the event; those that were asked for last."""

    def __init__(self) -> None:
        self._events: OrderedDict[int, tuple[int, Event]] = OrderedDict()
        self._lock = Lock()
        self._rows = 0

    def __contains__(self, event_id: int) -> bool:
        return event_id in self._events

    def get(self, event_id: int, stamp: int) -> Event | None:
        with self._lock:
            kept_stamp, event = self._events.get(event_id, (None, None))
            if kept_stamp != stamp:
                return None
            self._events.move_to_end(event_id)
            return event

    def put(self, event: Event, stamp: int) -> None:
        with self._lock:
            self._drop(event.id)
            self._events[event.id] = stamp, event
            self._rows += _rows(event)
            while self._rows > MOST_ROWS:
                self._drop(next(iter(self._events)))

    def _drop(self, event_id: int) -> None:
        if event_id in self._events:
            self._rows -= _rows(self._events.pop(event_id)[1])


_kept = _Kept()


def stamp_of(session: Session | Connection, slug: str) -> tuple[int, int] | None:
    """A published event's id and its stamp (``models.EventStamp``); None where there is none. One statement."""
    return session.execute(_STAMP, {"slug": slug}).one_or_none()


def stamp_of_all(session: Session | Connection) -> tuple[int, int]:
    """A stamp of everything that lists of events show. One statement."""
    number, together = session.execute(_ALL).one()
    return number, int(together or 0)


def next_change(session: Session, events: Sequence[Event], *, now: datetime, of_lists: bool = False) -> datetime | None:
    """The next moment at which pages about these events say something else by the clock alone; None: never.

    ``of_lists``: at which lists hold other events, as well.
    """
    moments = [moment for event in events for one in event.occurrences for moment in (one.starts_at, one.ends_at)]
    moments += [moment for event in events for moment in (event.opens_at, event.closes_at) if moment is not None]
    ids = [one.id for event in events for one in event.occurrences if one.capacity is not None]
    held = (
        select(func.min(Registration.verify_until))
        .join(Registration.places)
        .where(Place.occurrence_id.in_(ids), Place.state == PlaceState.UNVERIFIED, Registration.verify_until > now)
    )
    ends = select(func.min(Occurrence.ends_at)).where(Occurrence.ends_at > now)
    moments += [moment for moment in ([session.scalar(held)] if ids else []) if moment is not None]
    moments += [moment for moment in ([session.scalar(ends)] if of_lists else []) if moment is not None]
    return min((moment for moment in moments if moment > now), default=None)


def languages_shown(session: Session, event_id: int) -> tuple[list[str], str]:
    """The languages that the event's words exist in, in their order, and its default. One statement."""
    rows = session.execute(_LANGUAGES, {"event_id": event_id}).all()
    return [tag for tag, _default in rows], rows[0][1]


def event_shown(session: Session, event_id: int, stamp: int) -> Event:
    """The event as of that stamp, or newer, with organization, variants, occurrences, rooms and questions.

    ``stamp`` was read before, from this session. No session of a transaction that writes.
    """
    if (event := _kept.get(event_id, stamp)) is None:
        event = _read(session, event_id)
        _kept.put(event, stamp)
    return event


def is_kept(event_id: int) -> bool:
    """Whether the event is kept here, as it is or as it was."""
    return event_id in _kept


def taken(session: Session, event_id: int) -> Event | None:
    """A kept event as rows of this session, where it is as it is now; for whoever holds the event's lock."""
    stamp = session.scalar(_NUMBER, {"event_id": event_id})
    event = None if stamp is None else _kept.get(event_id, stamp)
    return None if event is None else session.merge(event, load=False)


def _read(session: Session, event_id: int) -> Event:
    """Over the same connection, and apart from what the session holds."""
    with Session(session.connection()) as apart:
        event = apart.scalars(select(Event).where(Event.id == event_id).options(*WHOLE)).one()
        for part in (*event.variants, *event.occurrences, *event.questions):
            set_committed_value(part, "event", event)
        for occurrence in event.occurrences:
            if occurrence.conference is not None:
                set_committed_value(occurrence.conference, "occurrence", occurrence)
        apart.expunge_all()
    return event


def _rows(event: Event) -> int:
    return 2 + len(event.variants) + 2 * len(event.occurrences) + len(event.questions)
