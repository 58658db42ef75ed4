"""Places held for an address to be verified: promised, given to whoever reads the letters there, or given up in time.

Until then nobody has proved anything: the one letter that goes there says nothing but what it is about, and nothing
else of ours follows it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eventsapp.actions import letters, places
from eventsapp.actions.answers import settle_answers
from eventsapp.config import Settings
from eventsapp.domain import admission
from eventsapp.domain.admission import Offer, Standing
from eventsapp.domain.errors import N_, Refused
from eventsapp.domain.vocabulary import HELD, Choose, LetterKind, PlaceState
from eventsapp.models import Event, Message, Place, Registration
from eventsapp.queries import registrations

LETTER_IS_FRESH = timedelta(minutes=10)  # a double click needs no second letter
ASK_AGAIN_WITHIN = timedelta(hours=1)
WAS_CANCELLED = N_("This registration was cancelled. You can register again on the event’s page.")
MOST_LETTERS = 2  # within that time: the first one, and one more for somebody who cannot find it


def hold(
    event: Event, registration: Registration, outcome: Mapping[str, PlaceState], *, now: datetime, queued_at: datetime
) -> list[Place]:
    """Hold the places of ``outcome`` until the address is verified, and no others; returns them.

    The last form sent counts, as long as nobody has proved anything: a stranger may have sent the first one under a
    false name, and its owner's own must win then. What a stranger sends after the owner's wins too; so the page that
    the link leads to shows what it would confirm. No form takes a better promise away, or prolongs it where a
    newcomer would not get the same: a place is not held for good by sending the form again and again.
    """
    earlier = {place.occurrence.key: place for place in registration.places if place.state is PlaceState.UNVERIFIED}
    kept = [
        place
        for key, place in earlier.items()
        if key in outcome and place.promised in (outcome[key], PlaceState.CONFIRMED)
    ]
    for key, place in earlier.items():
        if key not in outcome:
            places.move(place, PlaceState.CANCELLED, now)
    given = {key: state for key, state in outcome.items() if not any(place.occurrence.key == key for place in kept)}
    promise = event.verify_seconds is not None
    held = [*kept, *places.give(event, registration, given, now=now, queued_at=queued_at, promise=promise)]
    registration.verified_at = None
    if event.verify_seconds is None:  # asked for no longer
        registration.verify_until = None
        _come_true(kept, now)
    elif all(place.promised is outcome[place.occurrence.key] for place in held):
        registration.verify_until = now + timedelta(seconds=event.verify_seconds)
    return held


def ask(
    session: Session, registration: Registration, held: Sequence[Place], *, now: datetime, settings: Settings
) -> list[Message]:
    """Write the letter about what is held by now, the one with the link within bounds.

    Not where one has only just gone there, nor more than one repetition within the hour.
    """
    kind = letters.kind_of(held)
    count, last = session.execute(
        select(func.count(), func.max(Message.created_at)).where(
            Message.registration_id == registration.id,
            Message.address_key == registration.address_key,
            Message.kind == LetterKind.VERIFICATION,
            Message.created_at > now - ASK_AGAIN_WITHIN,
        )
    ).one()
    enough = last is not None and (last > now - LETTER_IS_FRESH or count >= MOST_LETTERS)
    if kind is LetterKind.VERIFICATION and enough:
        return []
    return letters.announce(session, registration, kind, held, now=now, settings=settings)


def prolong(event: Event, registration: Registration, *, now: datetime) -> None:
    """Give the reader of a corrected address as long as any newcomer has."""
    if event.verify_seconds is not None and any(p.state is PlaceState.UNVERIFIED for p in registration.places):
        registration.verify_until = now + timedelta(seconds=event.verify_seconds)


def verify(session: Session, registration_id: int, *, now: datetime, settings: Settings) -> Registration:
    """The address is its owner's: what was promised comes true, and the letters go out as if registered now.

    Whoever comes too late is decided anew, as of now. A second time it changes nothing and writes nothing. Raises
    NotFound; Refused where no date admits anybody any more.
    """
    event, registration = places.take_registration(session, registration_id)
    if registration.verified_at is not None or registration.verify_until is None:
        return registration
    places.lapse(session, event, now=now)
    offers = places.offers_after_promotion(session, event, now=now, settings=settings)
    promised = [place for place in registration.places if place.state is PlaceState.UNVERIFIED]
    if promised:
        _come_true(promised, now)
        given = [place for place in promised if place.state in HELD]
        if not given:
            raise admission.refusal(Standing.PAST)
    else:
        given = _decide_anew(session, event, registration, offers, now)
    registration.verified_at = registration.changed_at = now
    letters.announce(session, registration, letters.kind_of(given), given, now=now, settings=settings)
    places.promote(session, event.id, now=now, settings=settings)  # who waits comes with the place in the queue it had
    return registration


def give_up_late(session: Session, event_id: int, *, now: datetime, settings: Settings) -> int:
    """Let an event's unverified places lapse whose time is over, and the queue move up; returns how many lapsed."""
    event = places.take_event(session, event_id)
    lapsed = places.lapse(session, event, now=now)
    if lapsed:
        places.promote(session, event_id, now=now, settings=settings)
    return lapsed


def _come_true(promised: Sequence[Place], now: datetime) -> None:
    """Each place gets the state it was promised, where its date is not over."""
    for place in promised:
        over = now >= place.occurrence.ends_at
        places.move(place, PlaceState.CANCELLED if over else place.promised or PlaceState.CONFIRMED, now)


def _decide_anew(
    session: Session, event: Event, registration: Registration, offers: Sequence[Offer], now: datetime
) -> list[Place]:
    """What a newcomer would get now for the dates that lapsed; of several those that admit somebody."""
    lapsed = {place.occurrence.key for place in registrations.lapsed_places(registration)}
    if not lapsed:
        raise Refused(WAS_CANCELLED)
    rules = registrations.rules_of(event)
    admitting = [offer.key for offer in offers if offer.key in lapsed and admission.standing(rules, offer, now).admits]
    chosen = () if event.choose is Choose.ALL else admitting or sorted(lapsed)
    outcome = admission.decide(rules, offers, chosen, now)
    answers = registrations.answers_of(registration)
    settle_answers(session, event, registration, answers, now=now)  # options may be full by now
    return places.give(event, registration, outcome, now=now, queued_at=now)
