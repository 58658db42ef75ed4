"""Move a registration to another address: what the old one holds no longer opens anything, and its calendar lets go.

A person asks for it by their manage link; it moves once somebody who reads the new address agrees, by a letter that
goes there. Whether the new address is known to us is told to nobody but its own reader.
"""

from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from eventsapp.actions import letters, outbox, places
from eventsapp.config import Settings
from eventsapp.domain.addresses import Address
from eventsapp.domain.vocabulary import HELD, LetterKind, MessageState, Parting
from eventsapp.models import AddressChange, Message, Registration


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

    The links in earlier letters die. So does a wish to change the address: whoever read those letters may have made it.
    """
    take_back(session, registration, parting, now=now, settings=settings)
    session.execute(delete(AddressChange).where(AddressChange.registration_id == registration.id))
    registration.link_generation += 1
    registration.changed_at = now
    registration.email = address.email
    registration.address_key = address.key
    session.flush()
    held = [place for place in registration.places if place.state in HELD]
    letters.announce(
        session, registration, letters.kind_of(held), held or registration.places, now=now, settings=settings
    )


def take_back(
    session: Session, registration: Registration, parting: Parting, *, now: datetime, settings: Settings
) -> None:
    """Before an address is left: drop what waits for it, and cancel the calendar entries that went there."""
    outbox.supersede(session, registration, now=now)
    invited = invited_places(session, registration)
    for place in registration.places:
        if place.id in invited:
            place.revision += 1
            place.changed_at = now
            letters.withdraw(session, registration, place, parting, now=now, settings=settings)


def invited_places(session: Session, registration: Registration) -> set[int]:
    """Ids of the places whose calendar entry the address has got, or may get any moment, and no cancellation since."""
    gone_out = session.execute(
        select(Message.place_id, Message.kind)
        .where(
            Message.registration_id == registration.id,
            Message.address_key == registration.address_key,
            Message.place_id.is_not(None),
            or_(Message.state.in_((MessageState.SENDING, MessageState.SENT)), Message.uncertain),
        )
        .order_by(Message.id)
    )
    last = dict(gone_out.all())
    return {place_id for place_id, kind in last.items() if place_id is not None and kind is not LetterKind.CANCELLED}
