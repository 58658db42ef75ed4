"""Which letters a fact about a registration causes: one function, so that every action writes the same ones."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eventsapp.actions import outbox
from eventsapp.config import Settings
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import LetterKind, MessageState, Parting, PlaceState
from eventsapp.models import Message, Place, Registration

_GIVE_A_PLACE = frozenset({LetterKind.CONFIRMATION, LetterKind.APPROVED, LetterKind.PROMOTED})
_REPEAT = LetterKind.ALREADY_REGISTERED
_WHENEVER_ASKED = frozenset({_REPEAT, LetterKind.VERIFICATION})
_GONE = frozenset({PlaceState.CANCELLED, PlaceState.DECLINED})


def announce(
    session: Session,
    registration: Registration,
    kind: LetterKind,
    places: Sequence[Place],
    *,
    now: datetime,
    settings: Settings,
    again: bool = False,
) -> list[Message]:
    """Write the letters that tell the fact ``kind`` about ``places``; the rows must say it already.

    A registration with one place, beside those that are gone, gets one letter, which carries its calendar object. With
    several, the letter lists them all and each place confirmed just now gets an invite of its own; a cancellation is
    always one letter a place. Letters still queued that the fact overtakes are dropped. ``kind`` is never INVITE: that
    follows from the others. ``again``: somebody wishes to have the same letters once more, and whoever calls bounds it.
    """
    if kind is LetterKind.CANCELLED:
        written = [_cancellation(session, registration, place, now, settings) for place in places]
        return [message for message in written if message is not None]
    alone = len(registration.places) == 1
    if alone and kind is not _REPEAT:
        outbox.supersede(session, registration, now=now)
    about = sorted(places, key=lambda place: (place.occurrence.starts_at, place.id))
    carries = alone or (
        len(about) == 1 and all(place in about or place.state in _GONE for place in registration.places)
    )
    again = again or kind in _WHENEVER_ASKED
    letter = outbox.enqueue(
        session,
        registration,
        kind,
        now=now,
        settings=settings,
        place=about[0] if carries and _invites(kind, about) else None,
        context={"places": [place.id for place in about]},
        nonce=new_public_id() if again else "",
    )
    written = [letter]
    if not carries and kind in _GIVE_A_PLACE:
        written += [
            outbox.enqueue(
                session,
                registration,
                LetterKind.INVITE,
                now=now,
                settings=settings,
                place=place,
                context={"places": [place.id]},
                nonce=new_public_id() if again else "",
            )
            for place in about
            if place.state is PlaceState.CONFIRMED
        ]
    return [message for message in written if message is not None]


def kind_of(places: Sequence[Place]) -> LetterKind:
    """The letter that tells how places stand that were given just now; with several states the best one names it."""
    states = {place.state for place in places}
    for state, kind in (
        (PlaceState.UNVERIFIED, LetterKind.VERIFICATION),
        (PlaceState.CONFIRMED, LetterKind.CONFIRMATION),
        (PlaceState.WAITLISTED, LetterKind.WAITLISTED),
        (PlaceState.PENDING, LetterKind.PENDING),
    ):
        if state in states:
            return kind
    return LetterKind.ALREADY_REGISTERED


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


def withdraw(
    session: Session,
    registration: Registration,
    place: Place,
    parting: Parting,
    *,
    now: datetime,
    settings: Settings,
) -> Message | None:
    """Take an invitation back from an address that the registration is about to leave; the place itself may stay.

    Call it before the address changes. The letter names no person and holds no link to anything personal.
    """
    return _cancellation(session, registration, place, now, settings, parting=parting)


def _invites(kind: LetterKind, about: Sequence[Place]) -> bool:
    return (kind in _GIVE_A_PLACE or kind is _REPEAT) and bool(about) and about[0].state is PlaceState.CONFIRMED


def _cancellation(
    session: Session,
    registration: Registration,
    place: Place,
    now: datetime,
    settings: Settings,
    *,
    parting: Parting | None = None,
) -> Message | None:
    """``sequence`` is kept: by the time the letter leaves, the rows may be at a later one."""
    alone = len(registration.places) == 1
    outbox.supersede(session, registration, now=now, place=None if alone else place)
    return outbox.enqueue(
        session,
        registration,
        LetterKind.CANCELLED,
        now=now,
        settings=settings,
        place=place if place.invited_at is not None else None,
        context={"places": [place.id], "sequence": place.occurrence.sequence + place.revision}
        | ({"parting": parting.value} if parting else {}),
    )
