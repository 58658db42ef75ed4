"""An organizer registers somebody: by hand, or row by row from a spreadsheet. The organizer's word is the approval."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.actions import answers, letters, places
from eventsapp.actions.audit import Action, note
from eventsapp.config import Settings
from eventsapp.domain import admission, links
from eventsapp.domain.admission import Offer
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import N_, Refused
from eventsapp.domain.vocabulary import Approval, PlaceState
from eventsapp.models import Event, Registration, User
from eventsapp.queries import registrations

_GONE = frozenset({PlaceState.CANCELLED, PlaceState.DECLINED})


def add_registration(
    session: Session,
    event_id: int,
    applicant: Applicant,
    *,
    user: User | None,
    now: datetime,
    settings: Settings,
    over: bool = False,
    tell: bool = True,
    states: Mapping[str, PlaceState] | None = None,
) -> Registration:
    """Give somebody places whether registration is open or not, and without anybody's approval.

    Where a date is full they wait if the event has a waiting list; ``over`` gives the place all the same. ``tell``:
    they are written to as if they had registered. ``states`` says how places stand instead of deciding it, as when
    people are taken over from elsewhere; a confirmed one still needs room, or ``over``.

    Raises Refused: registered already (key ``email``), full, over, cancelled, an option without places.
    """
    event = places.take_event(session, event_id)
    if event.published_at is None:
        raise Refused(N_("Publish the event first; then people can be registered."))
    registration = registrations.registration_known(session, event.id, applicant.address)
    if registration is not None and any(place.state not in _GONE for place in registration.places):
        raise Refused(N_("Somebody with this e-mail address is registered already."), key="email")
    outcome = _outcome(session, event, applicant, states, over=over, now=now, settings=settings)
    answers.refuse_full(session, event, applicant.answers, tag=applicant.language_tag)
    if registration is None:
        registration = _new(event, now)
        session.add(registration)
    _fill_in(registration, applicant, now)
    answers.settle_answers(session, event, registration, applicant.answers, now=now)
    held = places.give(event, registration, outcome, now=now, queued_at=now)
    session.flush()
    if tell:
        letters.announce(session, registration, letters.kind_of(held), held, now=now, settings=settings)
    note(
        session,
        Action.REGISTRATION_ADDED,
        now=now,
        organization=event.organization,
        user=user,
        event=event,
        registration=registration,
        changes={f"places.{key}": [None, state.value] for key, state in outcome.items()},
    )
    return registration


def _outcome(
    session: Session,
    event: Event,
    applicant: Applicant,
    states: Mapping[str, PlaceState] | None,
    *,
    over: bool,
    now: datetime,
    settings: Settings,
) -> Mapping[str, PlaceState]:
    offers = places.offers_after_promotion(session, event, now=now, settings=settings)
    if over:
        offers = [replace(offer, capacity=None, waiting=0) for offer in offers]  # nor behind those who wait
    if states is not None:
        _refuse_without_room(offers, states)
        return states
    rules = replace(registrations.rules_of(event).in_time(), approval=Approval.AUTOMATIC)
    return admission.decide(rules, offers, applicant.occurrence_keys, now)


def _refuse_without_room(offers: list[Offer], states: Mapping[str, PlaceState]) -> None:
    full = {offer.key for offer in offers if not offer.has_room}
    for key, state in states.items():
        if state is PlaceState.CONFIRMED and key in full:
            raise admission.refusal(admission.Standing.FULL, key)


def _new(event: Event, now: datetime) -> Registration:
    return Registration(
        event_id=event.id,
        public_id=links.new_public_id(),
        reference=links.new_reference(),
        created_at=now,
        places=[],
        answers=[],
        link_generation=1,
        verified_at=None,
        verify_until=None,
        note="",
    )


def _fill_in(registration: Registration, applicant: Applicant, now: datetime) -> None:
    registration.email, registration.address_key = applicant.address.email, applicant.address.key
    registration.name, registration.source = applicant.name, applicant.source
    registration.language_tag, registration.tzid = applicant.language_tag, applicant.tzid
    registration.verify_until, registration.changed_at = None, now
