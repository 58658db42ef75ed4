"""What the rows say at one moment, read by statements of its own: plain values that ``rules`` compares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState
from eventsapp.models import ChosenOption, Event, EventStamp, Message, Occurrence, Place, Registration

OUT = (PlaceState.CANCELLED, PlaceState.DECLINED)


@dataclass(frozen=True)
class Date:
    """``capacity`` None: no limit."""

    key: str
    uid: str
    capacity: int | None
    starts_at: datetime
    ends_at: datetime
    called_off: bool


@dataclass(frozen=True)
class Seat:
    """Somebody's place at a date. ``until``: how long a promise is held."""

    id: int
    person: int
    date: str
    state: PlaceState
    promised: PlaceState | None
    queued_at: datetime
    sequence: int
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it counts as one of the date's places."""
        held = self.promised is PlaceState.CONFIRMED and self.until is not None and self.until > at
        return self.state is PlaceState.CONFIRMED or held


@dataclass(frozen=True)
class Letter:
    """``carries`` is the place whose calendar object it brings, ``about`` are the places it names."""

    kind: LetterKind
    person: int
    state: MessageState
    carries: int | None
    about: frozenset[int]


@dataclass(frozen=True)
class Picture:
    at: datetime
    dates: Mapping[str, Date]
    seats: Mapping[tuple[int, str], Seat]
    letters: Mapping[int, Letter]
    chosen: Mapping[str, frozenset[int]]
    limits: Mapping[str, int | None]
    addresses: Mapping[int, str | None]
    stamp: int = field(compare=False, default=0)

    def holders(self, date: str, at: datetime | None = None) -> set[int]:
        """Who has one of the date's places, promised ones too."""
        at = at or self.at
        return {seat.person for seat in self.seats.values() if seat.date == date and seat.holds(at)}

    def queue(self, date: str) -> list[Seat]:
        """Who waits for a place there, first come first."""
        waiting = [one for one in self.seats.values() if one.date == date and one.state is PlaceState.WAITLISTED]
        return sorted(waiting, key=lambda seat: (seat.queued_at, seat.id))

    def has_room(self, date: str) -> bool:
        capacity = self.dates[date].capacity
        return capacity is None or len(self.holders(date)) < capacity

    @property
    def late(self) -> bool:
        """Whether promises stand in the rows that are over: whoever comes next, or the worker, takes them out."""
        return any(
            seat.state is PlaceState.UNVERIFIED and seat.until is not None and seat.until <= self.at
            for seat in self.seats.values()
        )

    def begun_since(self, moment: datetime) -> bool:
        """Whether a date has; whoever waits for all of them needs that one no more."""
        return any(moment < date.starts_at <= self.at for date in self.dates.values())


def take_picture(session: Session, event_id: int, at: datetime) -> Picture:
    session.rollback()
    event = session.get_one(Event, event_id, populate_existing=True)
    occurrences = session.scalars(
        select(Occurrence).where(Occurrence.event_id == event_id).execution_options(populate_existing=True)
    ).all()
    dates = {one.id: one for one in occurrences}
    people = {
        one.id: one
        for one in session.scalars(
            select(Registration).where(Registration.event_id == event_id).execution_options(populate_existing=True)
        )
    }
    places = session.scalars(
        select(Place).where(Place.registration_id.in_(people)).execution_options(populate_existing=True)
    ).all()
    seats = [
        Seat(
            place.id,
            place.registration_id,
            dates[place.occurrence_id].key,
            place.state,
            place.promised,
            place.queued_at,
            dates[place.occurrence_id].sequence + place.revision,
            people[place.registration_id].verify_until,
        )
        for place in places
    ]
    holding = {seat.person for seat in seats if seat.state not in OUT}
    options = [option for question in event.questions for option in question.options]
    chosen: dict[str, set[int]] = {option["id"]: set() for option in options}
    for row in session.scalars(select(ChosenOption).where(ChosenOption.registration_id.in_(holding))):
        chosen.setdefault(row.option_id, set()).add(row.registration_id)
    written = session.execute(
        select(
            Message.id, Message.kind, Message.registration_id, Message.state, Message.place_id, Message.context
        ).where(Message.registration_id.in_(people))
    )
    return Picture(
        at,
        {
            one.key: Date(one.key, one.uid, one.capacity, one.starts_at, one.ends_at, one.cancelled_at is not None)
            for one in occurrences
        },
        {(seat.person, seat.date): seat for seat in seats},
        {
            id_: Letter(kind, person, state, place, frozenset(context.get("places", ())))
            for id_, kind, person, state, place, context in written
            if person is not None
        },
        {option: frozenset(who) for option, who in chosen.items()},
        {option["id"]: option.get("limit") for option in options},
        {id_: one.address_key for id_, one in people.items()},
        session.scalar(select(EventStamp.number).where(EventStamp.event_id == event_id)) or 0,
    )
