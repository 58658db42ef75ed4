"""One decision about many registrations: each by itself, by the rules that hold for one, and never over capacity.

What cannot be done for somebody is counted with the reason, and does not keep the others from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from eventsapp.actions import jobs, letters, places, resend
from eventsapp.actions.audit import Action, difference, note
from eventsapp.config import Settings
from eventsapp.domain import admission
from eventsapp.domain.admission import Standing
from eventsapp.domain.errors import N_, DomainError, Invalid, Refused
from eventsapp.domain.vocabulary import HELD, Choose, JobKind, PlaceState
from eventsapp.models import Event, Job, Occurrence, Place, Registration, User
from eventsapp.queries import registrations
from eventsapp.queries.people import Filter, conditions

STEP = 10  # registrations in one transaction: those who register meanwhile do not wait for long


class Deed(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    MOVE = "move"
    CANCEL = "cancel"
    RESEND = "resend"


_CONCERNS = {
    Deed.APPROVE: {PlaceState.PENDING},  # who was declined is let in one by one, never in passing
    Deed.DECLINE: {PlaceState.PENDING, PlaceState.WAITLISTED},
    Deed.MOVE: HELD - {PlaceState.UNVERIFIED},
    Deed.CANCEL: HELD,
    Deed.RESEND: HELD - {PlaceState.UNVERIFIED},
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with those whom ``filter`` finds. ``at``: their place at that date alone; ``to``: for a move.

    Both are occurrence keys.
    """

    deed: Deed
    filter: Filter
    at: str = ""
    to: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, Any]) -> "Wish":
        return cls(Deed(asked["deed"]), Filter.read(asked["filter"]), asked.get("at", ""), asked.get("to", ""))

    def plain(self) -> dict[str, Any]:
        return {"deed": self.deed.value, "filter": self.filter.query(), "at": self.at, "to": self.to}


def concerned(event: Event, wish: Wish, now: datetime) -> list[ColumnElement[bool]]:
    """Which of the filter's registrations it can mean: the others have nothing to approve, cancel, …"""
    mine = [
        Place.registration_id == Registration.id,
        Place.occurrence_id == Occurrence.id,
        Place.state.in_(_CONCERNS[wish.deed]),
    ]
    if wish.deed in {Deed.MOVE, Deed.CANCEL, Deed.RESEND}:
        mine += [Occurrence.ends_at > now, Occurrence.cancelled_at.is_(None)]
    if wish.at:
        mine.append(Occurrence.key == wish.at)
    return [*conditions(event, wish.filter), exists().where(*mine)]


def count(session: Session, event: Event, wish: Wish, *, now: datetime) -> int:
    """How many registrations it concerns."""
    return session.scalar(select(func.count()).select_from(Registration).where(*concerned(event, wish, now))) or 0


def order(session: Session, event: Event, wish: Wish, *, user: User, now: datetime) -> Job:
    """Leave it to the worker. Whoever registers from now on is not meant. Raises Invalid: no such date to move to."""
    check(event, wish)
    last = session.scalar(select(func.max(Registration.id)).where(Registration.event_id == event.id)) or 0
    total = count(session, event, wish, now=now)
    asked = wish.plain() | {"after": 0, "last": last}
    return jobs.order(
        session,
        organization=event.organization,
        event=event,
        user=user,
        kind=JobKind.BULK,
        asked=asked,
        total=total,
        now=now,
    )


def check(event: Event, wish: Wish) -> None:
    keys = {occurrence.key for occurrence in event.occurrences}
    if wish.at and wish.at not in keys:
        raise Invalid(N_("Choose a date of this event."), key="at")
    if wish.deed is Deed.MOVE and (wish.to not in keys or wish.to == wish.at):
        raise Invalid(N_("Choose the date to move them to."), key="to")


def run(session: Session, job: Job, now: datetime, settings: Settings) -> bool:
    """The next few; True while there are more. What is done and how far it came are committed together."""
    event = places.take_event(session, job.event_id or 0)
    wish, asked = Wish.read(job.asked), job.asked
    within = (Registration.id > asked["after"], Registration.id <= asked["last"])
    ids = session.scalars(
        select(Registration.id).where(*concerned(event, wish, now), *within).order_by(Registration.id).limit(STEP)
    ).all()
    for registration_id in ids:
        try:
            with session.begin_nested():
                do(session, registration_id, wish, user=job.user, now=now, settings=settings)
            job.done += 1
        except DomainError as error:
            session.expire_all()
            jobs.failed(job, error, reference=_reference(session, registration_id))
    if ids:
        job.asked = asked | {"after": ids[-1]}
    return len(ids) == STEP


def do(
    session: Session, registration_id: int, wish: Wish, *, user: User | None, now: datetime, settings: Settings
) -> None:
    """It, to one registration, noted in the trail. Raises NotFound, Invalid, Refused."""
    before = _states(session, registration_id)
    _DEEDS[wish.deed](session, registration_id, wish, now, settings)
    session.flush()
    registration = session.get_one(Registration, registration_id)
    note(
        session,
        Action.LETTER_RESENT if wish.deed is Deed.RESEND else Action.PLACES_CHANGED,
        now=now,
        organization=registration.event.organization,
        user=user,
        event=registration.event,
        registration=registration,
        changes=difference(before, _states(session, registration_id)),
    )


def move_to(
    session: Session, registration_id: int, to: str, *, at: str = "", now: datetime, settings: Settings
) -> list[Place]:
    """Give a place at the date ``to`` for the one held ``at`` another date, which may stay unsaid where there is one.

    Who waits for approval waits for it there. A confirmed place is given up for a confirmed one alone. Both letters are
    written, and the waiting list moves up. Raises NotFound, Invalid, Refused.
    """
    event, registration = places.take_registration(session, registration_id)
    old = _held(registration, to, at, now)
    if event.choose is Choose.ALL:
        raise Refused(N_("This event is booked as a whole, so there is no other date to move to."))
    offers = places.offers_after_promotion(session, event, now=now, settings=settings)
    meant = [offer for offer in offers if offer.key == to]
    if not meant:
        raise Invalid(N_("Choose the date to move them to."), key="to")
    states = admission.approve(registrations.rules_of(event), meant, now)
    if old.state is PlaceState.CONFIRMED and states[to] is not PlaceState.CONFIRMED:
        raise admission.refusal(Standing.FULL, to)
    if old.state is PlaceState.PENDING:
        states = {to: PlaceState.PENDING}
    places.give_up(session, registration, [old], now=now, settings=settings)
    given = places.give(event, registration, states, now=now, queued_at=now)
    registration.changed_at = now
    session.flush()
    letters.announce(session, registration, letters.kind_of(given), given, now=now, settings=settings)
    places.promote(session, event.id, now=now, settings=settings)
    return given


def _held(registration: Registration, to: str, at: str, now: datetime) -> Place:
    held = [
        place for place in registration.places if place.state in _CONCERNS[Deed.MOVE] and places.is_to_come(place, now)
    ]
    if any(place.occurrence.key == to for place in held):
        raise Refused(N_("They have a place at that date already."))
    held = [place for place in held if at in ("", place.occurrence.key)]
    if not held:
        raise Refused(N_("This registration has no place that can be moved."))
    if len(held) > 1:
        raise Refused(N_("This registration has places at several dates. Say from which one to move."))
    return held[0]


def _approve(session: Session, registration_id: int, wish: Wish, now: datetime, settings: Settings) -> None:
    """What waits; a place that was declined is approved only where nothing of theirs waits, or where it is named."""
    registration = session.get_one(Registration, registration_id)
    states = {place.occurrence.key: place.state for place in registration.places}
    waiting = [key for key, state in states.items() if state is PlaceState.PENDING]
    together = wish.at or registration.event.choose is Choose.ALL or PlaceState.DECLINED not in states.values()
    for key in [wish.at or None] if together or not waiting else waiting:
        places.approve(session, registration_id, occurrence_key=key, now=now, settings=settings)


Do = Callable[[Session, int, Wish, datetime, Settings], object]
_DEEDS: Mapping[Deed, Do] = {
    Deed.APPROVE: _approve,
    Deed.DECLINE: lambda session, id_, wish, now, settings: places.decline(
        session, id_, occurrence_key=wish.at or None, now=now, settings=settings
    ),
    Deed.CANCEL: lambda session, id_, wish, now, settings: places.cancel(
        session, id_, occurrence_key=wish.at or None, now=now, settings=settings
    ),
    Deed.MOVE: lambda session, id_, wish, now, settings: move_to(
        session, id_, wish.to, at=wish.at, now=now, settings=settings
    ),
    Deed.RESEND: lambda session, id_, _wish, now, settings: resend.repeat(session, id_, now=now, settings=settings),
}


def _states(session: Session, registration_id: int) -> dict[str, str]:
    """How its places stand, by the key that the trail names them by."""
    found = session.execute(
        select(Occurrence.key, Place.state)
        .join(Place, Place.occurrence_id == Occurrence.id)
        .where(Place.registration_id == registration_id)
    )
    return {f"places.{key}": state.value for key, state in found}


def _reference(session: Session, registration_id: int) -> str:
    return session.scalar(select(Registration.reference).where(Registration.id == registration_id)) or ""
