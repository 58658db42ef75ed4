"""Choose other dates with a registration that is there already, or come back with one whose places were cancelled."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.actions import floods, letters, places
from eventsapp.actions.answers import settle_answers
from eventsapp.actions.correct import refuse_when_over
from eventsapp.actions.tell import is_behind
from eventsapp.config import Settings
from eventsapp.domain import admission
from eventsapp.domain.admission import Change
from eventsapp.domain.errors import N_, Refused
from eventsapp.domain.vocabulary import HELD, Choose, PlaceState
from eventsapp.models import Event, Place, Registration
from eventsapp.queries import registrations

MOST_LETTERS = 30  # an hour, whatever they say: a link that was passed on must not become a letter machine
TOO_OFTEN = N_("This form was sent too often. Try again in about %(minutes)s.")


class Doubtful(Refused):
    """A confirmed place would be given up for one that is not: its owner has to say yes to that. Holds the change."""

    def __init__(self, change: Change) -> None:
        super().__init__(N_("You would give up a confirmed place for one that is not certain."), key="occurrences")
        self.change = change


def choose_dates(
    session: Session,
    registration_id: int,
    chosen: Sequence[str],
    *,
    sure: bool = False,
    now: datetime,
    settings: Settings,
) -> Change:
    """Hold the dates ``chosen``, by key, and no others: all of it or nothing, decided before anything is given up.

    Who waits already comes first, one's own places are never in one's own way, and opening, closing, capacity and
    approval are as for anybody who comes now. With ``sure`` a confirmed place is given up even for one that is not.
    Raises NotFound, Invalid, Refused, Doubtful, TooMany.
    """
    event, registration = places.take_own(session, registration_id, now=now)
    refuse_when_over(event, now)
    offers = places.offers_after_promotion(session, event, now=now, settings=settings)
    _refuse_what_others_decide(registration, chosen)
    held = {place.occurrence.key: place for place in registration.places if place.state in HELD}
    states = {key: place.state for key, place in held.items()}
    change = admission.change(registrations.rules_of(event), offers, states, chosen, now)
    if change.doubtful and not sure:
        raise Doubtful(change)
    if change.taken:
        floods.bound_letters(session, registration, MOST_LETTERS, TOO_OFTEN, key="occurrences", now=now)
    if not held:
        answers = registrations.answers_of(registration)
        settle_answers(session, event, registration, answers, now=now)  # options may be full by now
    if change.taken and event.choose is Choose.ONE:
        _drop_called_off(session, registration, now=now, settings=settings)
    if change.given_up:
        given_up = [held[key] for key in change.given_up]
        places.give_up(session, registration, given_up, now=now, settings=settings)
    if change.taken:
        _take(session, event, registration, change, now=now, settings=settings)
    if change.given_up:
        places.promote(session, event.id, now=now, settings=settings)
    return change


def _refuse_what_others_decide(registration: Registration, chosen: Sequence[str]) -> None:
    if any(place.state is PlaceState.UNVERIFIED for place in registration.places):
        raise Refused(N_("Confirm your e-mail address first. The link to do so is in our letter to you."))
    for place in registration.places:
        if place.state is PlaceState.DECLINED and place.occurrence.key in chosen:
            raise Refused(N_("The organizer could not give you a place on this date."), key="occurrences")


def _take(
    session: Session, event: Event, registration: Registration, change: Change, *, now: datetime, settings: Settings
) -> list[Place]:
    given = places.give(event, registration, change.taken, now=now, queued_at=now)
    registration.verified_at = registration.verified_at or now  # the link that led here came by letter to the address
    registration.changed_at = now
    session.flush()
    letters.announce(session, registration, letters.kind_of(given), given, now=now, settings=settings)
    return given


def _drop_called_off(session: Session, registration: Registration, *, now: datetime, settings: Settings) -> None:
    """Were such a date put back, two would be held where one may be. Who has not heard of it yet is told."""
    dropped = [
        place
        for place in registration.places
        if place.state in HELD and place.occurrence.cancelled_at is not None and now < place.occurrence.ends_at
    ]
    if untold := [place for place in dropped if is_behind(place)]:
        places.give_up(session, registration, untold, now=now, settings=settings)
    for place in dropped:
        if place not in untold:
            places.move(place, PlaceState.CANCELLED, now)
