"""How many hold which places of an event: each date by itself, and all of them together. For organizers alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from eventsapp.domain.vocabulary import HELD, PlaceState
from eventsapp.models import Event, Occurrence, Place, PlaceCount
from eventsapp.queries.registrations import places_left


@dataclass(frozen=True, slots=True)
class Count:
    """Places by state. ``people`` hold one, confirmed or still waiting for it; who holds several counts once."""

    occurrence: Occurrence | None  # None: all dates together
    states: Mapping[PlaceState, int]
    people: int
    capacity: int | None  # None: no limit
    left: int | None


def counts_of(session: Session, event: Event, *, now: datetime) -> list[Count]:
    """One for each date in order of time, then one for all of them; three statements whatever their number."""
    by_state: dict[tuple[int, PlaceState], int] = {
        (occurrence_id, state): number
        for occurrence_id, state, number in session.execute(
            select(PlaceCount.occurrence_id, PlaceCount.state, PlaceCount.number)
            .join(Occurrence, Occurrence.id == PlaceCount.occurrence_id)
            .where(Occurrence.event_id == event.id)
        )
    }
    left = places_left(session, event, now=now)
    apart = [
        Count(
            occurrence=occurrence,
            states=(states := {state: by_state.get((occurrence.id, state), 0) for state in PlaceState}),
            people=sum(states[state] for state in HELD),
            capacity=occurrence.capacity,
            left=left[occurrence.id],
        )
        for occurrence in event.occurrences
    ]
    return [*apart, _together(apart, _people(session, event))]


def _people(session: Session, event: Event) -> int:
    held = select(func.count(distinct(Place.registration_id))).join(Place.occurrence)
    return session.scalar(held.where(Occurrence.event_id == event.id, Place.state.in_(HELD))) or 0


def _together(apart: list[Count], people: int) -> Count:
    capacities = [one.capacity for one in apart if one.capacity is not None]
    left = [one.left for one in apart if one.left is not None]
    limited = bool(apart) and len(capacities) == len(apart)
    return Count(
        occurrence=None,
        states={state: sum(one.states[state] for one in apart) for state in PlaceState},
        people=people,
        capacity=sum(capacities) if limited else None,
        left=sum(left) if limited else None,
    )
