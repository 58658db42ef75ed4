"""Register somebody for an event, and correct a mistyped address: rows and letters in the caller's transaction.

Nothing that comes back from here may differ between an address that is known and one that is not: a known one's owner
is told by letter.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from eventsapp.actions import answers, change_address, floods, letters, places, verify
from eventsapp.config import Settings
from eventsapp.domain import admission, links
from eventsapp.domain.addresses import Address
from eventsapp.domain.admission import Standing
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import N_, NotFound, Refused
from eventsapp.domain.vocabulary import HELD, LetterKind, Parting, PlaceState
from eventsapp.models import Attendance, Event, Message, Receipt, Registration
from eventsapp.queries import registrations

RECEIPT_LIFE = timedelta(hours=24)
MOST_CORRECTIONS = 3
REMIND_AGAIN_AFTER = timedelta(hours=1)  # "you are already registered", to one registration
LETTER_IS_FRESH = timedelta(minutes=10)  # a double click needs no second letter


def register(session: Session, event_id: int, applicant: Applicant, *, now: datetime, settings: Settings) -> Receipt:
    """Admit the applicant under the event's lock; the receipt says what a newcomer gets, whoever posted.

    A known address changes nothing: its owner gets ALREADY_REGISTERED, at most one an hour. A registration all of
    whose places are cancelled comes back with what was posted now; one whose address is not verified yet takes over
    what was posted now (``verify.hold``). Raises NotFound (draft or no event), Invalid, Refused, TooMany.
    """
    event = _published(session, event_id)
    dates = len(event.occurrences)
    letters_caused = _most_letters(min(len(applicant.occurrence_keys) or dates, dates))
    floods.count(session, applicant.address, letters=letters_caused, now=now, settings=settings)
    reference = links.new_reference()
    outcome = _decided(session, event, applicant, now=now, settings=settings)
    registration = _settle(session, event, applicant, outcome, reference, now=now, queued_at=now, settings=settings)
    receipt = Receipt(
        event_id=event.id,
        registration_id=None if registration is None else registration.id,
        public_id=links.new_public_id(),
        reference=reference,
        applicant=applicant.to_json(),
        outcome=registrations.receipt_outcome(event, outcome, now),
        corrections=0,
        created_at=now,
        expires_at=now + RECEIPT_LIFE,
    )
    session.add(receipt)
    return receipt


def correct_address(
    session: Session, receipt_public_id: str, address: Address, *, now: datetime, settings: Settings
) -> Receipt:
    """Send what the receipt is about to another address; at most three times, while the receipt lives.

    Where this receipt made the registration, that moves; where the new address is known, the mistaken registration is
    withdrawn and the known one's owner gets ALREADY_REGISTERED; where the receipt made nothing, the applicant
    registers with the new address. Raises NotFound, Refused, TooMany.
    """
    event, receipt = _receipt(session, receipt_public_id, now)
    before = Applicant.from_json(receipt.applicant)
    if address.key == before.address.key:
        return receipt
    if receipt.corrections >= MOST_CORRECTIONS:
        raise Refused(
            N_("You have corrected the address three times already. Register again with the right one."), key="email"
        )
    _refuse_when_over(event, receipt, now)
    letters_caused = _most_letters(len(registrations.promised_by(receipt)))
    floods.count(session, address, letters=letters_caused, now=now, settings=settings)
    applicant = before.at(address)
    places.lapse(session, event, now=now)
    mistaken = _made_by(session, receipt, before)
    known = registrations.registration_known(session, event.id, address)
    if mistaken is not None and known is None and mistaken.created_at >= receipt.created_at and _stands(mistaken):
        verify.prolong(event, mistaken, now=now)
        change_address.move(session, mistaken, address, Parting.MISTAKEN, now=now, settings=settings)
        receipt.outcome = registrations.receipt_outcome(event, registrations.promised_by(receipt), now)
    else:
        _start_again(session, event, receipt, applicant, mistaken, now=now, settings=settings)
    receipt.applicant = applicant.to_json()
    receipt.corrections += 1
    return receipt


def _most_letters(dates: int) -> int:
    """What an address may get for so many dates: the letter, an invite for each of several, and one to take it back."""
    return (1 + dates if dates > 1 else 1) + dates


def _published(session: Session, event_id: int) -> Event:
    event = places.take_event(session, event_id)
    if event.published_at is None:
        raise NotFound(N_("There is no such page."))
    return event


def _decided(
    session: Session,
    event: Event,
    applicant: Applicant,
    *,
    now: datetime,
    settings: Settings,
    came_in_time: bool = False,
) -> Mapping[str, PlaceState]:
    """What a newcomer gets, once those who wait had what was free."""
    offers = places.offers_after_promotion(session, event, now=now, settings=settings)
    rules = registrations.rules_of(event)
    return admission.decide(rules.in_time() if came_in_time else rules, offers, applicant.occurrence_keys, now)


def _settle(
    session: Session,
    event: Event,
    applicant: Applicant,
    outcome: Mapping[str, PlaceState],
    reference: str,
    *,
    now: datetime,
    queued_at: datetime,
    settings: Settings,
) -> Registration | None:
    """Make the registration, bring a cancelled one back, or write to a known one's owner and return None.

    None too where an unverified one takes over what was sent: the receipt, which may be a stranger's, must not carry
    off the places that an earlier form took. A full option refuses all alike: nobody learns by one whether an address
    is known.
    """
    answers.refuse_full(session, event, applicant.answers, tag=applicant.language_tag)
    registration = registrations.registration_known(session, event.id, applicant.address)
    if registration is None:
        return _made(session, event, applicant, outcome, reference, now=now, queued_at=queued_at, settings=settings)
    if any(place.state is PlaceState.UNVERIFIED for place in registration.places):
        places.lapse(session, event, now=now)
    before = {place.state for place in registration.places}
    if before - {PlaceState.CANCELLED, PlaceState.UNVERIFIED}:
        _remind(session, registration, now=now, settings=settings)
        return None
    _fill_in(registration, applicant, reference, now)
    answers.settle_answers(session, event, registration, applicant.answers, now=now)
    held = verify.hold(event, registration, outcome, now=now, queued_at=queued_at)
    if PlaceState.UNVERIFIED in before:
        verify.ask(session, registration, held, now=now, settings=settings)
        places.promote(session, event.id, now=now, settings=settings)
        return None
    letters.announce(session, registration, letters.kind_of(held), held, now=now, settings=settings)
    return registration


def _made(
    session: Session,
    event: Event,
    applicant: Applicant,
    outcome: Mapping[str, PlaceState],
    reference: str,
    *,
    now: datetime,
    queued_at: datetime,
    settings: Settings,
) -> Registration:
    """Of somebody new. Nothing of theirs is looked for, because nothing can be there."""
    registration = Registration(
        event_id=event.id,
        public_id=links.new_public_id(),
        created_at=now,
        places=[],
        link_generation=1,
        verified_at=None,
        verify_until=None,
    )
    _fill_in(registration, applicant, reference, now)
    held = verify.hold(event, registration, outcome, now=now, queued_at=queued_at)
    session.add(registration)
    kind = letters.kind_of(held)
    letters.announce(session, registration, kind, held, now=now, settings=settings, first=True)
    answers.write_answers(session, event, registration, applicant.answers)
    return registration


def _fill_in(registration: Registration, applicant: Applicant, reference: str, now: datetime) -> None:
    """What a person says about themselves, over whatever stood there."""
    registration.reference = reference
    registration.email = applicant.address.email
    registration.address_key = applicant.address.key
    registration.name = applicant.name
    registration.language_tag = applicant.language_tag
    registration.tzid = applicant.tzid
    registration.source = applicant.source
    registration.changed_at = now


def _remind(session: Session, registration: Registration, *, now: datetime, settings: Settings) -> None:
    """Tell the owner of a known address how it stands, unless a letter has only just told."""
    told = session.scalar(
        select(Message.id)
        .where(
            Message.registration_id == registration.id,
            or_(
                Message.created_at > now - LETTER_IS_FRESH,
                (Message.kind == LetterKind.ALREADY_REGISTERED) & (Message.created_at > now - REMIND_AGAIN_AFTER),
            ),
        )
        .limit(1)
    )
    if told is None:
        letters.announce(
            session, registration, LetterKind.ALREADY_REGISTERED, registration.places, now=now, settings=settings
        )


def _receipt(session: Session, public_id: str, now: datetime) -> tuple[Event, Receipt]:
    """The receipt as it is under its event's lock."""
    living = select(Receipt).where(Receipt.public_id == public_id, Receipt.expires_at > now)
    event_id = session.scalar(living.with_only_columns(Receipt.event_id))
    if event_id is None:
        raise NotFound(N_("There is no such page."))
    event = _published(session, event_id)
    receipt = session.scalar(living.execution_options(populate_existing=True))
    if receipt is None:
        raise NotFound(N_("There is no such page."))
    return event, receipt


def _refuse_when_over(event: Event, receipt: Receipt, now: datetime) -> None:
    """Cancelled and past ends corrections for all alike; opening and closing were asked when the form came."""
    if event.cancelled_at is not None:
        raise admission.refusal(Standing.CANCELLED)
    chosen = [occurrence for occurrence in event.occurrences if occurrence.key in receipt.outcome]
    if all(now >= occurrence.ends_at or occurrence.cancelled_at is not None for occurrence in chosen):
        raise admission.refusal(Standing.PAST)


def _made_by(session: Session, receipt: Receipt, before: Applicant) -> Registration | None:
    """The registration that this receipt made or brought back, unless something else has changed its owner since.

    The reference ties the two: a later form that brings the registration back, or takes it over, gives it another one.
    Whoever proved the address, or joined, has made the registration theirs; and what the organizer accepted was that
    address.
    """
    if receipt.registration_id is None:
        return None
    registration = session.get(Registration, receipt.registration_id, populate_existing=True)
    if registration is None or registration.address_key != before.address.key or registration.verified_at is not None:
        return None
    if registration.reference != receipt.reference or _accepted(registration, receipt):
        return None
    return None if _joined(session, registration) else registration


def _accepted(registration: Registration, receipt: Receipt) -> bool:
    """Whether the organizer has let in whom the receipt left waiting for that."""
    promised = registrations.promised_by(receipt)
    return any(
        promised.get(place.occurrence.key) is PlaceState.PENDING
        and place.state in (PlaceState.CONFIRMED, PlaceState.WAITLISTED)
        for place in registration.places
    )


def _joined(session: Session, registration: Registration) -> bool:
    places_held = [place.id for place in registration.places]
    return bool(session.scalar(select(exists().where(Attendance.place_id.in_(places_held)))))


def _stands(registration: Registration) -> bool:
    """False once its places were given up because nobody verified the address in time."""
    return not registrations.lapsed_places(registration)


def _start_again(
    session: Session,
    event: Event,
    receipt: Receipt,
    applicant: Applicant,
    mistaken: Registration | None,
    *,
    now: datetime,
    settings: Settings,
) -> None:
    """Withdraw the mistaken registration if there is one, and settle the applicant anew with the places it held."""
    held = [place for place in mistaken.places if place.state in HELD] if mistaken else []
    queued_at = min((place.queued_at for place in held), default=now)
    outcome: Mapping[str, PlaceState] = {place.occurrence.key: place.promised or place.state for place in held}
    if mistaken is not None:
        change_address.take_back(session, mistaken, Parting.MISTAKEN, now=now, settings=settings)
        for place in held:
            places.move(place, PlaceState.CANCELLED, now)
        mistaken.reference = links.new_reference()  # the one on the receipt goes with the person
        mistaken.changed_at = now
        session.flush()
    if not outcome:
        outcome = _decided(session, event, applicant, now=now, settings=settings, came_in_time=True)
    if mistaken is None and (receipt.registration_id is not None or registrations.held_until(receipt) is not None):
        receipt.reference = links.new_reference()  # the old one stays with what is out of this receipt's reach
    registration = _settle(
        session, event, applicant, outcome, receipt.reference, now=now, queued_at=queued_at, settings=settings
    )
    receipt.registration_id = None if registration is None else registration.id
    receipt.outcome = registrations.receipt_outcome(event, outcome, now)
    places.promote(session, event.id, now=now, settings=settings)
