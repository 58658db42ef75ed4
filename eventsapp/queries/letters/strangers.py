"""Letters to an address whose reader may be a stranger: nothing of the person comes with them."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.addresses import hinted
from eventsapp.domain.entry import Party
from eventsapp.domain.vocabulary import Parting, PlaceState
from eventsapp.mail.letters import Invitation, Letter, Passage
from eventsapp.models import AddressChange, Message, Registration
from eventsapp.queries.entries import CANCELLED, address_change_url, personal_entry, personal_verify_url
from eventsapp.queries.letters.frame import frame_of, given_up, slot_of, slots_of, standing_of
from eventsapp.queries.letters.personal import was_invited, was_invited_since


def verification(message: Message, registration: Registration, settings: Settings) -> Letter | None:
    """To an address that nobody has proved to be theirs: what it is about, one link, and no word that anybody typed."""
    promised = [place for place in registration.places if standing_of(place) is PlaceState.UNVERIFIED]
    if not promised:
        return None
    return replace(
        frame_of(message, registration, settings),
        what_to_bring=Passage("", ""),
        about=slots_of(promised),
        action_url=personal_verify_url(registration, settings=settings),
        action_until=registration.verify_until,
    )


def withdrawal(session: Session, message: Message, registration: Registration, settings: Settings) -> Letter | None:
    """To an address that the registration has left. Nothing of the person, who is a stranger there, comes with it."""
    place = next(place for place in registration.places if place.id == message.place_id)
    if registration.erased_at is None and not was_invited(session, message):  # after erasure nothing tells any more
        return None
    frame = frame_of(message, registration, settings)
    entry = personal_entry(place, settings=settings, sequence=message.context.get("sequence"), status=CANCELLED)
    entry = replace(entry, attendee=Party(frame.recipient))
    slot = given_up(slot_of(place))
    invitation = None if was_invited_since(session, message, place) else Invitation("CANCEL", entry)
    return replace(frame, about=(slot,), invitation=invitation, parting=Parting(message.context["parting"]))


def wish(session: Session, message: Message, registration: Registration, settings: Settings) -> Letter | None:
    """To an address that a registration may move to, while that is still wished for. Its reader may be a stranger."""
    change = session.scalar(select(AddressChange).where(AddressChange.registration_id == registration.id))
    if change is None or change.public_id != message.context.get("change"):
        return None
    if change.address_key != message.address_key or change.address_key == registration.address_key:
        return None
    return replace(
        frame_of(message, registration, settings),
        action_url=address_change_url(change, settings=settings),
        action_until=change.expires_at,
        asked_by=hinted(registration.email or ""),
    )
