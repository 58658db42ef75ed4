"""An organizer gives somebody who is registered one more date, or a place back that was cancelled or declined."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.actions import answers, letters, places
from eventsapp.actions.audit import Action, difference, note
from eventsapp.config import Settings
from eventsapp.domain import admission
from eventsapp.domain.admission import Offer
from eventsapp.domain.errors import N_, Refused
from eventsapp.domain.vocabulary import HELD, Choose, PlaceState
from eventsapp.models import Event, Place, Registration, User
from eventsapp.queries import registrations


def give_place(
    session: Session,
    registration_id: int,
    to: str,
    *,
    over: bool = False,
    user: User | None,
    now: datetime,
    settings: Settings,
) -> list[Place]:
    """Give a place at the date ``to``, an occurrence key, and write about it; what is booked as a whole needs none.

    A full date is waited for where the event has a waiting list; ``over`` gives the place all the same, and before
    those who wait. Raises NotFound, Invalid, Refused.
    """
    event, registration = places.take_registration(session, registration_id)
    offers = places.offers_after_promotion(session, event, now=now, settings=settings)
    before = _states(registration)
    wanted = _wanted(event, registration, offers, to, now)
    if over:
        wanted = [replace(offer, capacity=None, waiting=0) for offer in wanted]
    outcome = admission.approve(registrations.rules_of(event), wanted, now)
    new = {key: state for key, state in outcome.items() if before.get(f"places.{key}") != state.value}
    if not new:  # who waits already keeps their turn
        raise Refused(N_("This date is full. Tick the box to give the place all the same."))
    theirs = registrations.answers_of(registration)
    answers.refuse_full(session, event, theirs, tag=registration.language_tag, apart_from=registration.id)
    given = places.give(event, registration, new, now=now, queued_at=now)
    registration.changed_at = now
    session.flush()
    letters.announce(session, registration, letters.kind_of(given), given, now=now, settings=settings)
    note(
        session,
        Action.PLACES_CHANGED,
        now=now,
        organization=event.organization,
        user=user,
        event=event,
        registration=registration,
        changes=difference(before, _states(registration)),
    )
    return given


def _wanted(event: Event, registration: Registration, offers: list[Offer], to: str, now: datetime) -> list[Offer]:
    held = {place.occurrence.key: place for place in registration.places if place.state in HELD}
    if any(place.state is PlaceState.UNVERIFIED for place in held.values()):
        raise Refused(N_("The e-mail address of this registration is not verified yet, so there is nothing to decide."))
    sure = {key for key, place in held.items() if place.state is PlaceState.CONFIRMED}
    if event.choose is Choose.ALL:
        coming = [one for one in offers if one.needs_registration and not one.cancelled and now < one.ends_at]
        wanted = [one for one in coming if one.key not in sure]
    else:
        wanted = [one for one in offers if one.key == to and to not in sure]
    if not wanted:
        raise Refused(N_("Choose a date at which this person has no place yet."), key="to")
    others = any(key != to and places.is_to_come(place, now) for key, place in held.items())
    if event.choose is Choose.ONE and others:
        raise Refused(N_("People have one date of this event. Move the place instead."), key="to")
    return wanted


def _states(registration: Registration) -> dict[str, str]:
    return {f"places.{place.occurrence.key}": place.state.value for place in registration.places}
