"""Places: given, lapsed, promoted, approved, declined, cancelled. Each under the event's lock."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, bindparam, select, union
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from eventsapp.actions import answers, letters
from eventsapp.config import Settings
from eventsapp.domain import admission
from eventsapp.domain.admission import Offer, Waiting
from eventsapp.domain.errors import N_, Invalid, NotFound, Refused
from eventsapp.domain.vocabulary import HELD, Choose, LetterKind, PlaceState
from eventsapp.models import Event, Place, Registration
from eventsapp.queries import registrations
from eventsapp.queries.shown import is_kept, taken

_TOLD = HELD - {PlaceState.UNVERIFIED}  # whoever holds one of these hears of what happens to it
_LOCK = select(Event.id).where(Event.id == bindparam("event_id")).with_for_update(key_share=True)


def take_event(session: Session, event_id: int) -> Event:
    """Lock the event's row until the transaction ends and read it with its occurrences, as they are now.

    Whoever counts or changes places takes it first; so two never count the same free place. On SQLite the lock is
    the transaction's own (``db.transaction``). Raises NotFound.
    """
    if is_kept(event_id):
        if session.get_bind().dialect.name != "sqlite":
            session.scalar(_LOCK, {"event_id": event_id})
        if event := taken(session, event_id):
            return event
    event = session.scalar(
        select(Event)
        .where(Event.id == event_id)
        .with_for_update(key_share=True)
        .options(selectinload(Event.occurrences))
        .execution_options(populate_existing=True)
    )
    if event is None:
        raise NotFound(N_("There is no such page."))
    return event


def give(
    event: Event,
    registration: Registration,
    outcome: Mapping[str, PlaceState],
    *,
    now: datetime,
    queued_at: datetime,
    promise: bool = False,
) -> list[Place]:
    """The places that ``admission.decide`` gave: new ones, or old ones given back with a higher revision.

    They stand in line since ``queued_at``; who waited for approval, since they applied.
    ``promise``: they are only promised, until the address is verified (``actions.verify``).
    """
    there = {place.occurrence_id: place for place in registration.places}
    given: list[Place] = []
    for occurrence in event.occurrences:
        if occurrence.key not in outcome:
            continue
        place = there.get(occurrence.id)
        if place is None:
            place = Place(occurrence=occurrence, revision=occurrence.first_revision, created_at=now)
            registration.places.append(place)
        else:
            place.revision += 1
        if place.state is not PlaceState.PENDING:
            place.queued_at = queued_at
        state = outcome[occurrence.key]
        move(place, PlaceState.UNVERIFIED if promise else state, now, promised=state if promise else None)
        given.append(place)
    return given


def promote(session: Session, event_id: int, *, now: datetime, settings: Settings) -> int:
    """Give free places to those who wait, in order; returns how many places. For whoever made room."""
    event = take_event(session, event_id)
    return _promote(session, event, _offers(session, event, now), now=now, settings=settings)


def offers_after_promotion(session: Session, event: Event, *, now: datetime, settings: Settings) -> list[Offer]:
    """The offers as they stand for the next one, once those who wait had what was free. The event must be taken."""
    offers = _offers(session, event, now)
    if _promote(session, event, offers, now=now, settings=settings):
        return _offers(session, event, now)
    return offers


def lapse(session: Session, event: Event, *, now: datetime) -> int:
    """Give up what was held for an address to be verified, where its time is over; returns how many places.

    Nobody is written to: the one letter that went there said so. The event must be taken; whoever calls lets the
    queue move up.
    """
    session.flush()
    late = session.scalars(
        select(Place)
        .join(Place.registration)
        .where(
            Place.occurrence_id.in_([occurrence.id for occurrence in event.occurrences]),
            Place.state == PlaceState.UNVERIFIED,
            Registration.verify_until <= now,
        )
        .options(contains_eager(Place.registration))
        .execution_options(populate_existing=True)
    ).all()
    for place in late:
        move(place, PlaceState.CANCELLED, now)
        place.registration.changed_at = now
    return len(late)


def approve(
    session: Session, registration_id: int, *, occurrence_key: str | None = None, now: datetime, settings: Settings
) -> list[Place]:
    """Admit a registration that waits for approval, or was declined by mistake; returns the places decided.

    A full date puts it on the waitlist at the time it applied, or is refused where there is none. With "all" it is
    all of its places or none. What a declined one chose counts again, so it needs an option that still has places.
    Raises NotFound, Invalid, Refused.
    """
    event, registration = take_registration(session, registration_id)
    places = _places(event, registration, occurrence_key, {PlaceState.PENDING, PlaceState.DECLINED})
    if not places:
        _refuse_unverified(registration)
        raise Refused(N_("Nothing in this registration waits for approval."))
    asked = {place.occurrence.key for place in places}
    offers = offers_after_promotion(session, event, now=now, settings=settings)
    states = admission.approve(registrations.rules_of(event), [offer for offer in offers if offer.key in asked], now)
    theirs = registrations.answers_of(registration)
    answers.refuse_full(session, event, theirs, tag=registration.language_tag, apart_from=registration.id)
    for place in places:
        move(place, states[place.occurrence.key], now)
    registration.changed_at = now
    for state, kind in ((PlaceState.CONFIRMED, LetterKind.APPROVED), (PlaceState.WAITLISTED, LetterKind.WAITLISTED)):
        if told := [place for place in places if place.state is state]:
            letters.announce(session, registration, kind, told, now=now, settings=settings)
    return places


def decline(
    session: Session, registration_id: int, *, occurrence_key: str | None = None, now: datetime, settings: Settings
) -> list[Place]:
    """Turn down what waits for approval or on the waitlist; returns the places. A confirmed place is cancelled instead.

    Raises NotFound, Invalid, Refused.
    """
    event, registration = take_registration(session, registration_id)
    places = _places(event, registration, occurrence_key, {PlaceState.PENDING, PlaceState.WAITLISTED})
    if not places:
        _refuse_unverified(registration)
        raise Refused(N_("Nothing in this registration can be declined. A confirmed place can be cancelled."))
    for place in places:
        move(place, PlaceState.DECLINED, now)
    registration.changed_at = now
    letters.announce(session, registration, LetterKind.DECLINED, places, now=now, settings=settings)
    return places


def cancel(
    session: Session,
    registration_id: int,
    *,
    occurrence_key: str | None = None,
    by_owner: bool = False,
    now: datetime,
    settings: Settings,
) -> list[Place]:
    """Give up a registration's places, or the one named, and let the next in the queue move up; returns the places.

    Places of dates that are over or called off stay as they were. Raises NotFound, Invalid, Refused.
    """
    event, registration = (
        take_own(session, registration_id, now=now) if by_owner else take_registration(session, registration_id)
    )
    places = [place for place in _places(event, registration, occurrence_key, HELD) if is_to_come(place, now)]
    if not places:
        raise Refused(N_("This registration has no place that can still be cancelled."))
    give_up(session, registration, places, now=now, settings=settings)
    _promote(session, event, _offers(session, event, now), now=now, settings=settings)
    return places


def give_up(
    session: Session, registration: Registration, places: Sequence[Place], *, now: datetime, settings: Settings
) -> None:
    """Cancel these places and tell their owner. The event must be taken; whoever calls lets the queue move up.

    An unverified address is not told: nobody there has ever said that they want our letters.
    """
    told = [place for place in places if place.state in _TOLD]
    for place in places:
        move(place, PlaceState.CANCELLED, now)
    registration.changed_at = now
    letters.announce(session, registration, LetterKind.CANCELLED, told, now=now, settings=settings)


def raise_first_revision(place: Place, now: datetime) -> None:
    """For a place whose registration leaves its address, or is forgotten: what that address is told of this date later,
    in whosever registration, has a higher SEQUENCE than what it was told last.
    """
    occurrence = place.occurrence
    if place.invited_at is not None and now < occurrence.ends_at:
        occurrence.first_revision = max(occurrence.first_revision, place.revision + 1)


def is_to_come(place: Place, now: datetime) -> bool:
    """Whether the date of a place still takes place, or takes place right now."""
    return not place.occurrence.called_off and now < place.occurrence.ends_at


def take_registration(session: Session, registration_id: int) -> tuple[Event, Registration]:
    """Lock the event, and read the registration with its places as it is under that lock. Raises NotFound: erased."""
    event_id = session.scalar(
        select(Registration.event_id).where(Registration.id == registration_id, Registration.erased_at.is_(None))
    )
    if event_id is None:
        raise NotFound(N_("There is no such registration."))
    event = take_event(session, event_id)
    registration = session.scalars(
        select(Registration)
        .where(Registration.id == registration_id)
        .options(selectinload(Registration.places).joinedload(Place.occurrence))
        .execution_options(populate_existing=True)
    ).one()
    return event, registration


def take_own(session: Session, registration_id: int, *, now: datetime) -> tuple[Event, Registration]:
    """As ``take_registration``, for the owner, who acts by the manage link.

    That link came by letter, so the address is proved to be theirs: no receipt, which may be a stranger's, carries the
    registration off any more.
    """
    event, registration = take_registration(session, registration_id)
    if registrations.is_proved(registration):
        registration.verified_at = registration.verified_at or now
    return event, registration


def _places(
    event: Event, registration: Registration, occurrence_key: str | None, states: Iterable[PlaceState]
) -> list[Place]:
    """The registration's places in these states; with a key that one alone, which "all" does not allow."""
    if occurrence_key is None:
        return [place for place in registration.places if place.state in states]
    if occurrence_key not in {place.occurrence.key for place in registration.places}:
        raise Invalid(
            N_("This registration has no place at %(occurrence)s."), key="occurrence", occurrence=occurrence_key
        )
    if event.choose is Choose.ALL and len(registration.places) > 1:
        raise Invalid(N_("This event is booked as a whole, so name no single date."), key="occurrence")
    return [place for place in registration.places if place.occurrence.key == occurrence_key and place.state in states]


def _refuse_unverified(registration: Registration) -> None:
    if any(place.state is PlaceState.UNVERIFIED for place in registration.places):
        raise Refused(N_("The e-mail address of this registration is not verified yet, so there is nothing to decide."))


def move(place: Place, state: PlaceState, now: datetime, *, promised: PlaceState | None = None) -> None:
    """Every change of a place goes through here: ``revision`` rises where a calendar may have to hear of it."""
    if state is PlaceState.CANCELLED:
        place.revision += 1
    if state is PlaceState.CONFIRMED and place.invited_at is None:
        place.invited_at = now
    place.state, place.promised = state, promised
    place.changed_at = place.plan_at = now


def _offers(session: Session, event: Event, now: datetime) -> list[Offer]:
    if event.verify_seconds is not None:  # what is left from when it was set is the worker's to find
        lapse(session, event, now=now)
    session.flush()
    return registrations.offers_of(event, registrations.tallies(session, event.occurrences, now=now))


def _promote(session: Session, event: Event, offers: Sequence[Offer], *, now: datetime, settings: Settings) -> int:
    if not any(offer.waiting and offer.has_room for offer in offers):
        return 0
    key_of = {occurrence.id: occurrence.key for occurrence in event.occurrences}
    queue = session.scalars(
        select(Place)
        .where(
            Place.registration_id.in_(_first_in_line(event, offers)),
            Place.occurrence_id.in_(key_of),
            Place.state == PlaceState.WAITLISTED,
        )
        .order_by(Place.queued_at, Place.id)
        .options(joinedload(Place.registration).selectinload(Registration.places).joinedload(Place.occurrence))
    ).all()
    places = {Waiting(place.registration_id, key_of[place.occurrence_id]): place for place in queue}
    moved = [places[one] for one in admission.move_up(registrations.rules_of(event), offers, list(places), now)]
    for place in moved:
        move(place, PlaceState.CONFIRMED, now)
    by_registration: dict[int, list[Place]] = {}
    for place in moved:
        by_registration.setdefault(place.registration_id, []).append(place)
    for together in by_registration.values():
        registration = together[0].registration
        registration.changed_at = now
        letters.announce(session, registration, LetterKind.PROMOTED, together, now=now, settings=settings)
    return len(moved)


def _first_in_line(event: Event, offers: Sequence[Offer]) -> Select[int]:
    """Ids of registrations: as many of each date's queue as it has places left. Nobody behind them can move up."""
    by_key = {offer.key: offer for offer in offers if offer.waiting and offer.has_room}
    lines = [
        select(Place.registration_id)
        .where(Place.occurrence_id == occurrence.id, Place.state == PlaceState.WAITLISTED)
        .order_by(Place.queued_at, Place.id)
        .limit(by_key[occurrence.key].left)
        .subquery()
        for occurrence in event.occurrences
        if occurrence.key in by_key
    ]
    return select(union(*(select(line.c.registration_id) for line in lines)).subquery().c.registration_id)
