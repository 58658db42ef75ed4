"""Letters that somebody asks for: what one's registration says, once more, and "send me my link again".

Who asks for the link proves nothing, so nothing that comes back, nor how long it takes, may tell whether an address
is known: its owner is told by letter.
"""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from eventsapp.actions import floods, letters, outbox, places, verify
from eventsapp.config import Settings
from eventsapp.domain import links
from eventsapp.domain.addresses import Address
from eventsapp.domain.errors import N_, Minutes, NotFound, Refused, TooMany
from eventsapp.domain.vocabulary import HELD, LetterKind, MessageState, PlaceState
from eventsapp.models import Event, Message, Place, Registration
from eventsapp.queries.registrations import is_proved

LETTER_IS_FRESH = timedelta(minutes=10)
_ARRIVES = (MessageState.QUEUED, MessageState.SENDING, MessageState.SENT)
_NOT_PERSONAL = (LetterKind.VERIFICATION, LetterKind.ADDRESS_CHANGE)


def send_again(session: Session, registration_id: int, *, now: datetime, settings: Settings) -> list[Message]:
    """Write again how the places that are still to come stand, with their calendar objects.

    At most one letter in ten minutes. Raises NotFound, Refused (there is nothing to say), TooMany.
    """
    _event, registration = places.take_own(session, registration_id, now=now)
    live = [place for place in registration.places if place.state in HELD and places.is_to_come(place, now)]
    if not live or not is_proved(registration):
        raise Refused(N_("You have no place at the moment, so there is no letter to send again."))
    last = _last_letter(session, registration.event_id, registration.address_key or "", now)
    if last is not None:
        seconds = ceil((last + LETTER_IS_FRESH - now).total_seconds())
        raise TooMany(
            N_(
                "We wrote to you less than 10 minutes ago. Look in the spam folder, too. "
                "If there is no letter, try again in about %(minutes)s."
            ),
            seconds=seconds,
            minutes=Minutes(ceil(seconds / 60)),
        )
    return letters.announce(session, registration, letters.kind_of(live), live, now=now, settings=settings, again=True)


def repeat(session: Session, registration_id: int, *, now: datetime, settings: Settings) -> list[Message]:
    """As ``send_again``, by an organizer: it says nothing about whose address that is. Raises NotFound, Refused.

    Who has still to verify the address gets the letter for that again, as often as by registering.
    """
    _event, registration = places.take_registration(session, registration_id)
    live = [place for place in registration.places if place.state in HELD and places.is_to_come(place, now)]
    promised = [place for place in live if place.state is PlaceState.UNVERIFIED]
    if promised and registration.verify_until is not None and now < registration.verify_until:
        asked = verify.ask(session, registration, promised, now=now, settings=settings)
        if not asked:
            raise Refused(N_("The letter to confirm the address was sent a short while ago. Try again in an hour."))
        return asked
    if not live or not is_proved(registration):
        raise Refused(N_("This registration has no confirmed or waiting place, so there is no letter to send again."))
    if _last_letter(session, registration.event_id, registration.address_key or "", now) is not None:
        raise Refused(N_("The last letter was written less than 10 minutes ago."))
    return letters.announce(session, registration, letters.kind_of(live), live, now=now, settings=settings, again=True)


def send_link(session: Session, event_id: int, address: Address, *, now: datetime, settings: Settings) -> None:
    """Write the personal links to the address if it is registered for the event, at most once in ten minutes.

    Who has still to verify the address gets the letter for that again, as often as by registering. Raises NotFound
    (draft or no event) and TooMany, for a known and an unknown address alike.
    """
    event = session.get(Event, event_id)
    if event is None or event.published_at is None:
        raise NotFound(N_("There is no such page."))
    try:
        floods.count(session, address, now=now, settings=settings)
    except TooMany as error:
        raise TooMany(
            N_("This form was sent too often. Try again in about %(minutes)s."), key="email", **error.values
        ) from error
    registration = session.scalar(
        select(Registration)
        .where(Registration.event_id == event_id, Registration.address_key == address.key)
        .options(selectinload(Registration.places).joinedload(Place.occurrence))
    )
    last = _last_letter(session, event_id, address.key, now)
    if registration is not None and is_proved(registration) and last is None:
        _write(session, registration, now=now, settings=settings)
    elif registration is not None and registration.verify_until is not None and now < registration.verify_until:
        promised = [place for place in registration.places if place.state is PlaceState.UNVERIFIED]
        if promised:
            verify.ask(session, registration, promised, now=now, settings=settings)
    else:
        _write_to_nobody(session, event_id, address, now=now, settings=settings)


def _write(session: Session, registration: Registration, *, now: datetime, settings: Settings) -> None:
    outbox.enqueue(
        session,
        registration,
        LetterKind.LINK,
        now=now,
        settings=settings,
        context={"places": [place.id for place in registration.places]},
        nonce=links.new_public_id(),
    )


def _write_to_nobody(session: Session, event_id: int, address: Address, *, now: datetime, settings: Settings) -> None:
    """The same work for an address that gets no letter, all of it taken back: the answer takes as long."""
    trial = session.begin_nested()
    nobody = Registration(
        event_id=event_id,
        public_id=links.new_public_id(),
        reference=links.new_reference(),
        email=address.email,
        address_key=f"nobody|{links.new_public_id()}",
        name="",
        language_tag="en",
        tzid="Etc/UTC",
        created_at=now,
        changed_at=now,
        places=[],
        answers=[],
    )
    session.add(nobody)
    _write(session, nobody, now=now, settings=settings)
    trial.rollback()


def _last_letter(session: Session, event_id: int, address_key: str, now: datetime) -> datetime | None:
    """When the newest letter that may still be on its way was written, if that is less than ten minutes ago."""
    return session.scalar(
        select(func.max(Message.created_at))
        .join(Message.registration)
        .where(
            Registration.event_id == event_id,
            Message.address_key == address_key,
            Message.created_at > now - LETTER_IS_FRESH,
            Message.kind.not_in(_NOT_PERSONAL),
            Message.state.in_(_ARRIVES),
        )
    )
