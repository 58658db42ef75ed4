"""A zone's law has changed: derive the instants anew from the wall times. It writes to nobody and leaves the past."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from eventsapp.actions.revise import revise
from eventsapp.domain import timezones
from eventsapp.models import Event, Occurrence

_MOST_A_LAW_MOVES = timedelta(days=2)  # Samoa crossed the date line by a day; this is safe


@dataclass(frozen=True, slots=True)
class Moved:
    """An instant that moved: an occurrence's start, or (``occurrence_key`` is empty) an event's opening or closing."""

    event_slug: str
    occurrence_key: str
    tzid: str
    before_at: datetime
    after_at: datetime
    what: str = "starts"  # or "opens", "closes"


def recompute(session: Session, *, now: datetime) -> list[Moved]:
    """Derive every instant anew whose wall time is yet to come; what has begun by its wall time stays as it was.

    Returns what moved, in the events' order. A published event gets a new version and its moved occurrences a new
    sequence, so that calendars take the change; who is told of it is for ``actions.tell``.
    """
    events = session.scalars(_with_a_future(now).with_for_update(of=Event, key_share=True)).all()
    return [move for event in events for move in _recompute_event(session, event, now)]


def _with_a_future(now: datetime) -> Select[Event]:
    since = now - _MOST_A_LAW_MOVES
    return (
        select(Event)
        .where(
            or_(Event.occurrences.any(Occurrence.starts_at > since), Event.opens_at > since, Event.closes_at > since)
        )
        .order_by(Event.id)
        .options(selectinload(Event.occurrences))
    )


def _recompute_event(session: Session, event: Event, now: datetime) -> list[Moved]:
    moved = [
        *_recompute_window(event, now),
        *(move for occurrence in event.occurrences if (move := _recompute(session, occurrence, now))),
    ]
    if moved and event.published_at is not None:
        event.version += 1
        event.changed_at = now
    return moved


def _recompute(session: Session, occurrence: Occurrence, now: datetime) -> Moved | None:
    before_at = occurrence.starts_at
    starts_at, ends_at = timezones.span(
        occurrence.dtstart_local, occurrence.fold, occurrence.tzid, occurrence.duration_seconds
    )
    if starts_at <= now or (starts_at, ends_at) == (before_at, occurrence.ends_at):
        return None
    occurrence.starts_at, occurrence.ends_at = starts_at, ends_at
    occurrence.timed_at = now
    if occurrence.event.published_at is not None:
        revise(session, occurrence, now=now)
    return Moved(occurrence.event.slug, occurrence.key, occurrence.tzid, before_at, starts_at)


def _recompute_window(event: Event, now: datetime) -> list[Moved]:
    """The opening and the closing of the registration, where the organizer named them."""
    moved: list[Moved] = []
    for what in ("opens", "closes"):
        local, tzid, before_at = (getattr(event, f"{what}_{part}") for part in ("local", "tzid", "at"))
        if local is None:
            continue
        after_at = timezones.instant(local, tzid, getattr(event, f"{what}_fold"))
        if after_at > now and after_at != before_at:
            moved.append(Moved(event.slug, "", tzid, before_at, after_at, what))
            setattr(event, f"{what}_at", after_at)
    return moved
