"""Which letters a fact about a registration causes: one room, so that every action writes the same ones.

Whoever is written to how a place stands is told what is so now: ``Place.told_sequence``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eventsapp.actions import outbox
from eventsapp.actions.outbox import Earlier
from eventsapp.config import Settings
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import LetterKind, MessageState, Parting, PlaceState, Priority
from eventsapp.models import Message, Place, Registration

TELL_HOW_IT_STANDS = frozenset(
    {
        LetterKind.CONFIRMATION,
        LetterKind.INVITE,
        LetterKind.WAITLISTED,
        LetterKind.PENDING,
        LetterKind.APPROVED,
        LetterKind.PROMOTED,
        LetterKind.CANCELLED,
        LetterKind.CHANGED,
    }
)
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
    first: bool = False,
) -> list[Message]:
    """Write the letters that tell the fact ``kind`` about ``places``; the rows must say it already.

    A registration with one place, beside those that are gone, gets one letter, which carries its calendar object. With
    several, the letter lists them all and each place confirmed just now gets an invite of its own; a cancellation is
    always one letter a place. Letters still queued that the fact overtakes are dropped. ``kind`` is never INVITE: that
    follows from the others. ``again``: somebody wishes to have the same letters once more, and whoever calls bounds it.
    ``first``: nothing was ever written to this registration, so nothing of it is looked for.
    """
    if kind in TELL_HOW_IT_STANDS:
        for place in places:
            place.told_sequence, place.told_at = place.occurrence.sequence, now
    session.flush()  # a letter names its places by their ids, and those of a new registration have none yet
    if kind is LetterKind.CANCELLED:
        written = [_cancellation(session, registration, place, now, settings) for place in places]
        return [message for message in written if message is not None]
    alone = len(registration.places) == 1
    about = sorted(places, key=lambda place: (place.occurrence.starts_at, place.id))
    carries = alone or (
        len(about) == 1 and all(place in about or place.state in _GONE for place in registration.places)
    )
    carried = about[0] if carries and _invites(kind, about) else None
    if alone and kind is not _REPEAT and not first:
        # What takes an entry out of a calendar still leaves, unless this brings another one.
        spared = () if carried is not None else (LetterKind.CANCELLED,)
        outbox.supersede(session, registration, now=now, spare=spared)
    earlier: list[Earlier] | None = [] if first else None
    write = partial(outbox.enqueue, session, registration, now=now, settings=settings, earlier=earlier)
    again = again or kind in _WHENEVER_ASKED
    letter = write(
        kind,
        place=carried,
        context={"places": [place.id for place in about]},
        nonce=new_public_id() if again else "",
    )
    invited = [] if carries or kind not in _GIVE_A_PLACE else _confirmed(about)
    invites = [
        write(
            LetterKind.INVITE,
            place=place,
            context={"places": [place.id]},
            nonce=new_public_id() if again else "",
        )
        for place in invited
    ]
    return [message for message in (letter, *invites) if message is not None]


def change(
    session: Session,
    registration: Registration,
    known: Mapping[Place, int],
    *,
    now: datetime,
    settings: Settings,
    earlier: list[Earlier],
) -> list[Message | None]:
    """Write that dates have changed since their ``known`` sequence: one letter for all of them.

    It carries the calendar object where that is one; else each confirmed place gets its invite again. ``earlier`` as
    ``outbox.enqueue`` wants it. That nobody is told twice is whoever calls to see to, here and in ``call_off``.
    """
    write = partial(
        outbox.enqueue, session, registration, now=now, settings=settings, priority=Priority.CHANGE, earlier=earlier
    )
    told = {str(place.id): sequence for place, sequence in known.items()}
    about = sorted(known, key=lambda place: (place.occurrence.starts_at, place.id))
    invited = _confirmed(about)
    letter = write(
        LetterKind.CHANGED,
        place=invited[0] if len(invited) == 1 else None,
        context={"places": [place.id for place in about], "from": told},
        nonce=new_public_id(),
        expires_at=max(place.occurrence.ends_at for place in about),
    )
    invites = [
        write(
            LetterKind.INVITE,
            place=place,
            context={"places": [place.id], "from": {str(place.id): told[str(place.id)]}},
            nonce=new_public_id(),
            expires_at=place.occurrence.ends_at,
        )
        for place in (invited if len(invited) > 1 else ())
    ]
    return [letter, *invites]


def call_off(
    session: Session,
    registration: Registration,
    place: Place,
    known: int | None,
    *,
    now: datetime,
    settings: Settings,
    earlier: list[Earlier],
) -> Message | None:
    """Write that a date is cancelled; ``known`` is the sequence that its reader was told last, None: they were not."""
    told = {} if known is None else {"from": {str(place.id): known}}
    return outbox.enqueue(
        session,
        registration,
        LetterKind.CANCELLED,
        now=now,
        settings=settings,
        place=_in_a_calendar(place),
        context=_what_is_cancelled(place) | told,
        priority=Priority.CHANGE,
        nonce=new_public_id(),
        earlier=earlier,
    )


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
    """Ids of the places whose calendar entry the address may have got, or gets any moment, and surely no cancellation
    since.
    """
    gone_out = session.execute(
        select(Message.place_id, Message.kind)
        .where(
            Message.registration_id == registration.id,
            Message.address_key == registration.address_key,
            Message.place_id.is_not(None),
            or_(Message.state == MessageState.SENT, (Message.kind != LetterKind.CANCELLED) & Message.may_have_come()),
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
    alone = len(registration.places) == 1
    outbox.supersede(session, registration, now=now, place=None if alone else place)
    return outbox.enqueue(
        session,
        registration,
        LetterKind.CANCELLED,
        now=now,
        settings=settings,
        place=_in_a_calendar(place),
        context=_what_is_cancelled(place) | ({"parting": parting.value} if parting else {}),
    )


def _confirmed(places: Sequence[Place]) -> list[Place]:
    return [place for place in places if place.state is PlaceState.CONFIRMED]


def _in_a_calendar(place: Place) -> Place | None:
    return place if place.invited_at is not None else None


def _what_is_cancelled(place: Place) -> dict[str, Any]:
    """``sequence`` is kept: by the time the letter leaves, the rows may be at a later one."""
    return {"places": [place.id], "sequence": place.occurrence.sequence + place.revision}
