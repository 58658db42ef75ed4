"""Letters to the person whose registration it is, about places as they stand."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import LetterKind, PlaceState
from eventsapp.mail.letters import Invitation, Letter
from eventsapp.models import Message, Place, Registration
from eventsapp.queries.check_in import ticket_url
from eventsapp.queries.entries import CANCELLED, personal_join_url, personal_manage_url
from eventsapp.queries.letters.frame import (
    any_confirmed,
    frame_of,
    given_up,
    is_visited,
    own_words,
    personal_of,
    slots_of,
    standing_of,
)
from eventsapp.queries.registrations import is_proved

_LIVE = frozenset({PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING})
_CONFIRMED = frozenset({PlaceState.CONFIRMED})
# A letter still tells the truth while one of the places it is about is in one of these states.
_TRUE_WHILE: dict[LetterKind, frozenset[PlaceState]] = {
    LetterKind.CONFIRMATION: _CONFIRMED,
    LetterKind.INVITE: _CONFIRMED,
    LetterKind.WAITLISTED: frozenset({PlaceState.WAITLISTED}),
    LetterKind.PENDING: frozenset({PlaceState.PENDING}),
    LetterKind.APPROVED: _CONFIRMED,
    LetterKind.DECLINED: frozenset({PlaceState.DECLINED}),
    LetterKind.PROMOTED: _CONFIRMED,
    LetterKind.CANCELLED: frozenset({PlaceState.CANCELLED}),
    LetterKind.CHANGED: _LIVE,
    LetterKind.ALREADY_REGISTERED: _LIVE | {PlaceState.DECLINED},
    LetterKind.LINK: frozenset(PlaceState) - {PlaceState.UNVERIFIED},
}
# These are about all places, whatever their state.
_OVERVIEWS = frozenset({LetterKind.CONFIRMATION, LetterKind.ALREADY_REGISTERED, LetterKind.LINK})
_INVITING = tuple(
    kind for kind, states in _TRUE_WHILE.items() if PlaceState.CONFIRMED in states and kind is not LetterKind.LINK
)


def personal_letter(
    session: Session, message: Message, registration: Registration, settings: Settings
) -> Letter | None:
    """To the person whose registration it is, at the address that it has now."""
    kind, event = message.kind, registration.event
    if kind is LetterKind.LINK and not is_proved(registration):
        return None
    told = set(message.context.get("places") or [place.id for place in registration.places])
    invited = kind is LetterKind.CANCELLED and message.place_id is not None and was_invited(session, message)
    true = [place for place in registration.places if place.id in told and _is_true(message, place, invited=invited)]
    if not true:
        return None
    about = [place for place in registration.places if place.id in told] if kind in _OVERVIEWS else true
    others = [place for place in registration.places if place not in about]
    slots = slots_of(about)
    if kind is LetterKind.CANCELLED:
        slots = tuple(slot if slot.state is PlaceState.CANCELLED else given_up(slot) for slot in slots)
    return replace(
        frame_of(message, registration, settings),
        name=registration.name or "",
        reference=registration.reference,
        about=slots,
        others=slots_of(others),
        join_url=personal_join_url(registration, settings=settings) if any_confirmed(registration.places) else "",
        manage_url=personal_manage_url(registration, settings=settings) if is_proved(registration) else "",
        own_subject=own_words(event, kind, registration.language_tag, "subject"),
        own_body=own_words(event, kind, registration.language_tag, "body", as_confirmed=any_confirmed(about)),
        invitation=_invitation(message, about, settings, invited=invited),
        ticket_url=ticket_url(registration, settings) if any(map(is_visited, slots)) else "",
    )


def _is_true(message: Message, place: Place, *, invited: bool) -> bool:
    """Whether the letter is still right about the place. A CANCEL is, for whoever cancelled and waits for the place
    again by now: their calendar has the entry of the place that they had, if they were ``invited``.
    """
    state = standing_of(place)
    if invited and place.id == message.place_id:
        return state not in _CONFIRMED
    return state in _TRUE_WHILE[message.kind]


def _invitation(message: Message, about: Sequence[Place], settings: Settings, *, invited: bool) -> Invitation | None:
    """``invited``: an invitation may have come before, which a cancellation takes back."""
    place = next((place for place in about if place.id == message.place_id), None)
    if place is None:
        return None
    if message.kind in _INVITING:
        return Invitation("REQUEST", personal_of(place, settings)) if standing_of(place) in _CONFIRMED else None
    if not invited:
        return None
    return Invitation(
        "CANCEL", personal_of(place, settings, sequence=message.context.get("sequence"), status=CANCELLED)
    )


def was_invited(session: Session, message: Message) -> bool:
    """Whether an invitation to this place may have reached this address: calendars know no CANCEL without one."""
    before = exists().where(Message.place_id == message.place_id, Message.id < message.id, *_may_have_come(message))
    return bool(session.scalar(select(before)))


def was_invited_since(session: Session, message: Message, place: Place) -> bool:
    """Whether an invitation to the same date may have reached this address since, of a registration that came later:
    then the entry in that calendar is its own.
    """
    since = exists().where(
        Place.occurrence_id == place.occurrence_id,
        Place.id == Message.place_id,
        Message.id > message.id,
        *_may_have_come(message),
    )
    return bool(session.scalar(select(since)))


def _may_have_come(message: Message) -> tuple[ColumnElement[bool], ...]:
    """An invitation to the same address."""
    return (
        Message.address_key == message.address_key,
        Message.kind.in_(_INVITING),
        Message.may_have_come(),
    )
