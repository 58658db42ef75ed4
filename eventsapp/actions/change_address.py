"""Move a registration to another address: what the old one holds no longer opens anything, and its calendar lets go.

A person asks for it by their manage link; it moves once somebody who reads the new address agrees, by a letter that
goes there. Whether the new address is known to us is told to nobody but its own reader.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from eventsapp.actions import floods, letters, outbox, places, suppress
from eventsapp.actions.correct import refuse_when_over
from eventsapp.actions.erase import forget_person
from eventsapp.config import Settings
from eventsapp.domain.addresses import Address, read_address
from eventsapp.domain.errors import N_, Invalid, NotFound, Refused
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import HELD, LetterKind, MessageState, Parting, PlaceState
from eventsapp.models import AddressChange, Event, Message, Place, Registration
from eventsapp.queries.registrations import is_proved

WISH_LIFE = timedelta(hours=24)
MOST_WISHES = 3  # an hour; each is a letter to an address that may be a stranger's


def wish(
    session: Session, registration_id: int, address: Address, *, now: datetime, settings: Settings
) -> AddressChange:
    """Ask the reader of another address whether the registration may move there; the last wish counts.

    The very same happens whether or not that address is known. Raises NotFound, Invalid, Refused, TooMany.
    """
    event, registration = places.take_registration(session, registration_id)
    refuse_when_over(event, now)
    if not is_proved(registration):
        raise Refused(N_("First confirm the e-mail address that you registered with. The link is in our letter."))
    if address.key == registration.address_key:
        raise Invalid(N_("We write to this e-mail address already. Enter another one."), key="email")
    floods.bound_letters(
        session,
        registration,
        MOST_WISHES,
        N_("You have asked for another address several times. Try again in about %(minutes)s."),
        kind=LetterKind.ADDRESS_CHANGE,
        key="email",
        now=now,
    )
    floods.count(session, address, now=now, settings=settings)
    _forget_wish(session, registration)
    change = AddressChange(
        registration_id=registration.id,
        public_id=new_public_id(),
        email=address.email,
        address_key=address.key,
        created_at=now,
        expires_at=now + WISH_LIFE,
    )
    session.add(change)
    outbox.enqueue(
        session,
        registration,
        LetterKind.ADDRESS_CHANGE,
        now=now,
        settings=settings,
        context={"change": change.public_id},
        nonce=change.public_id,
        to=address,
    )
    return change


def keep_address(session: Session, registration_id: int) -> Registration:
    """Take a wish back: the letter that went out opens nothing any more. Raises NotFound."""
    _event, registration = places.take_registration(session, registration_id)
    _forget_wish(session, registration)
    return registration


def grant(session: Session, public_id: str, *, now: datetime, settings: Settings) -> Registration:
    """The reader of the new address agrees to the wish of this public id: the registration moves there.

    A registration at the new address that holds nothing any more makes room by being forgotten; one that holds a
    place refuses. A second time it changes nothing. Raises NotFound, Refused.
    """
    living = select(AddressChange).where(AddressChange.public_id == public_id, AddressChange.expires_at > now)
    registration_id = session.scalar(living.with_only_columns(AddressChange.registration_id))
    if registration_id is None:
        raise NotFound(N_("There is no such page."))
    event, registration = places.take_registration(session, registration_id)
    change = session.scalar(living.execution_options(populate_existing=True))
    if change is None:
        raise NotFound(N_("There is no such page."))
    if registration.address_key == change.address_key:
        return registration
    refuse_when_over(event, now)
    _make_room(session, event, change.address_key, now=now, settings=settings)
    move(session, registration, read_address(change.email), Parting.MOVED, now=now, settings=settings)
    registration.verified_at = now
    places.promote(session, event.id, now=now, settings=settings)
    return registration


def move(
    session: Session,
    registration: Registration,
    address: Address,
    parting: Parting,
    *,
    now: datetime,
    settings: Settings,
) -> None:
    """The same registration at another address, told there how it stands. The event must be taken, the address free.

    The links in earlier letters die. So does a wish for yet another address: whoever read those letters may have made
    it.
    """
    for place in registration.places:
        place.revision = max(place.revision, place.occurrence.first_revision)  # somebody may have left the new address
    take_back(session, registration, parting, now=now, settings=settings)
    session.execute(
        delete(AddressChange).where(
            AddressChange.registration_id == registration.id, AddressChange.address_key != address.key
        )
    )
    if parting is Parting.MOVED:
        suppress.carry_over(session, registration, address.key, now=now, settings=settings)
    registration.link_generation += 1
    registration.changed_at = now
    registration.email = address.email
    registration.address_key = address.key
    session.flush()
    held = [place for place in registration.places if place.state in HELD and now < place.occurrence.ends_at]
    letters.announce(
        session, registration, letters.kind_of(held), held or registration.places, now=now, settings=settings
    )


def take_back(
    session: Session, registration: Registration, parting: Parting, *, now: datetime, settings: Settings
) -> None:
    """Before an address is left: drop what waits for it, and cancel the calendar entries that went there."""
    outbox.supersede(session, registration, now=now)
    invited = letters.invited_places(session, registration)
    for place in registration.places:
        if place.id in invited and now < place.occurrence.ends_at:
            place.revision += 1
            place.changed_at = now
            letters.withdraw(session, registration, place, parting, now=now, settings=settings)
        places.raise_first_revision(place, now)


def _forget_wish(session: Session, registration: Registration) -> None:
    session.execute(delete(AddressChange).where(AddressChange.registration_id == registration.id))
    session.execute(
        update(Message)
        .where(
            Message.registration_id == registration.id,
            Message.kind == LetterKind.ADDRESS_CHANGE,
            Message.state == MessageState.QUEUED,
        )
        .values(state=MessageState.SUPERSEDED)
    )


def _make_room(session: Session, event: Event, address_key: str, *, now: datetime, settings: Settings) -> None:
    """Free the address within the event. Its own reader asks, so it may be said that it is known."""
    places.lapse(session, event, now=now)
    there = session.scalar(
        select(Registration)
        .where(Registration.event_id == event.id, Registration.address_key == address_key)
        .options(selectinload(Registration.places).joinedload(Place.occurrence))
        .execution_options(populate_existing=True)
    )
    if there is None:
        return
    if any(place.state is not PlaceState.CANCELLED for place in there.places):
        raise Refused(
            N_(
                "This e-mail address already has a registration for this event. Cancel that one first, or keep both "
                "registrations as they are."
            )
        )
    take_back(session, there, Parting.ERASED, now=now, settings=settings)  # its cancellation may not have left yet
    forget_person(session, there, now=now)
    session.flush()
