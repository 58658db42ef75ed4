"""An organization's events as its organizers see them: drafts too, with who comes. Statements do not grow with them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from eventsapp.domain.vocabulary import EventStatus, MessageState, PlaceState, Visibility
from eventsapp.models import Event, LanguageVariant, Message, Occurrence, PlaceCount, Registration

PAGE_SIZE = 25


class State(StrEnum):
    """What an organizer would say that an event is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    UNLISTED = "unlisted"
    CANCELLED = "cancelled"
    PAST = "past"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Row:
    """One event. ``next`` is the date to come, else the last one. The numbers are of all dates to come, else of all.

    ``capacity`` is None where a date has no limit.
    """

    event: Event
    state: State
    next: Occurrence | None
    dates: int  # to come
    confirmed: int
    capacity: int | None
    pending: int
    waitlisted: int


@dataclass(frozen=True, slots=True)
class DeskListing:
    """One page; ``page`` counts from 1, ``pages`` is at least 1, ``total`` how many there are."""

    rows: list[Row]
    page: int
    pages: int
    total: int


def desk_events(
    session: Session,
    visible: ColumnElement[bool],
    *,
    now: datetime,
    q: str = "",
    state: State | None = None,
    page: int = 1,
) -> DeskListing:
    """The events that meet ``visible``, soonest first and past ones last. A page beyond the last is the last."""
    found = _found(now).where(visible, _in_state(state, now), *_named(q)).subquery()
    total = session.scalar(select(func.count()).select_from(found)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    events = session.scalars(
        select(Event)
        .join(found, found.c.id == Event.id)
        .order_by(case((found.c.next_at.is_(None), 1), else_=0), found.c.next_at, found.c.last_at.desc(), Event.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
        .options(selectinload(Event.variants), selectinload(Event.occurrences))
    ).all()
    places = _places(session, events)
    return DeskListing([_row(event, places, now) for event in events], page, pages, total)


def state_of(event: Event, now: datetime) -> State:
    if event.archived_at is not None:
        return State.ARCHIVED
    if event.status is not EventStatus.PUBLISHED:
        return State(event.status.value)
    if all(one.ends_at <= now for one in event.occurrences):
        return State.PAST
    return State.UNLISTED if event.visibility is Visibility.UNLISTED else State.PUBLISHED


def load_rooms(session: Session, event: Event) -> None:
    """Read the rooms of all dates at once, and not one by one when each is asked for."""
    ids = [one.id for one in event.occurrences]  # which also keeps them: the session alone would let go of them
    session.scalars(select(Occurrence).where(Occurrence.id.in_(ids)).options(joinedload(Occurrence.conference))).all()


def letters_in_trouble(session: Session, event: Event) -> dict[MessageState, int]:
    """How many letters of the event failed or came back."""
    counted = session.execute(
        select(Message.state, func.count())
        .join(Registration, Message.registration_id == Registration.id)
        .where(Registration.event_id == event.id, Message.state.in_((MessageState.FAILED, MessageState.BOUNCED)))
        .group_by(Message.state)
    )
    return {row[0]: row[1] for row in counted}


def _found(now: datetime) -> Select[int, datetime, datetime]:
    """Ids of events with the start of their next date and of their last one."""
    to_come = case((Occurrence.ends_at > now, Occurrence.starts_at))
    return (
        select(Event.id, func.min(to_come).label("next_at"), func.max(Occurrence.starts_at).label("last_at"))
        .outerjoin(Event.occurrences)
        .group_by(Event.id)
    )


def _in_state(state: State | None, now: datetime) -> ColumnElement[bool]:
    kept = Event.archived_at.is_(None)
    if state is None:
        return kept
    coming = select(Occurrence.id).where(Occurrence.event_id == Event.id, Occurrence.ends_at > now)
    to_come = coming.correlate(Event).exists()
    out = and_(kept, Event.published_at.is_not(None), Event.cancelled_at.is_(None))
    conditions: dict[State, ColumnElement[bool]] = {
        State.DRAFT: and_(kept, Event.published_at.is_(None), Event.cancelled_at.is_(None)),
        State.PUBLISHED: and_(out, to_come, Event.visibility == Visibility.PUBLIC),
        State.UNLISTED: and_(out, to_come, Event.visibility == Visibility.UNLISTED),
        State.CANCELLED: and_(kept, Event.cancelled_at.is_not(None)),
        State.PAST: and_(out, ~to_come),
        State.ARCHIVED: Event.archived_at.is_not(None),
    }
    return conditions[state]


def _named(q: str) -> list[ColumnElement[bool]]:
    """Every word stands in the title, in any language, or in the address."""
    titles = select(LanguageVariant.id).where(LanguageVariant.event_id == Event.id).correlate(Event)
    return [
        or_(Event.slug.icontains(word, autoescape=True), titles.where(_title_has(word)).exists())
        for word in q.split()[:8]
    ]


def _title_has(word: str) -> ColumnElement[bool]:
    """SQLite knows no other capitals than English ones, so a word is looked for in the ways that it is written."""
    ways = {word, word.lower(), word.upper(), word.capitalize()}
    return or_(*(LanguageVariant.summary.icontains(way, autoescape=True) for way in sorted(ways)))


def _places(session: Session, events: Iterable[Event]) -> Mapping[int, Mapping[PlaceState, int]]:
    ids = [one.id for event in events for one in event.occurrences]
    counted: dict[int, dict[PlaceState, int]] = defaultdict(lambda: dict.fromkeys(PlaceState, 0))
    for occurrence_id, state, number in session.execute(
        select(PlaceCount.occurrence_id, PlaceCount.state, PlaceCount.number).where(PlaceCount.occurrence_id.in_(ids))
    ):
        counted[occurrence_id][state] = number
    return counted


def _row(event: Event, places: Mapping[int, Mapping[PlaceState, int]], now: datetime) -> Row:
    coming = [one for one in event.occurrences if one.ends_at > now]
    shown = [one for one in coming or event.occurrences if one.cancelled_at is None]
    capacities = [one.capacity for one in shown]
    taken = {state: sum(places[one.id][state] for one in shown) for state in PlaceState}
    return Row(
        event=event,
        state=state_of(event, now),
        next=next(iter(one for one in coming if one.cancelled_at is None), None)
        or (event.occurrences[-1] if event.occurrences else None),
        dates=len(coming),
        confirmed=taken[PlaceState.CONFIRMED],
        capacity=None if None in capacities or not shown else sum(one for one in capacities if one is not None),
        pending=taken[PlaceState.PENDING],
        waitlisted=taken[PlaceState.WAITLISTED],
    )
