"""Whom letters do not reach, and what mail servers said of them. For organizers alone."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import HELD, MessageState, Suppression
from eventsapp.models import Event, Message, Occurrence, Organization, Place, Registration, Staff, SuppressedAddress
from eventsapp.queries.suppressed import address_hash

_LEFT = (MessageState.SENT, MessageState.BOUNCED, MessageState.FAILED)


class Trouble(StrEnum):
    """Why a person's letters are in doubt. BOUNCED: nobody reads the address. RETURNED: the last letter came back for
    another reason. FAILED: the mail server did not take it. COMPLAINED: to them our letters are spam.
    """

    BOUNCED = "bounced"
    RETURNED = "returned"
    FAILED = "failed"
    COMPLAINED = "complained"


_OF_A_LETTER = {MessageState.BOUNCED: Trouble.RETURNED, MessageState.FAILED: Trouble.FAILED}


def troubles_of(session: Session, event: Event, *, settings: Settings) -> dict[int, Trouble]:
    """By registration id, those who are in trouble alone; three statements whatever their number."""
    reasons = _reasons(session, event.organization_id)
    last = (
        select(func.max(Message.id))
        .join(Registration, Message.registration_id == Registration.id)
        .where(
            Registration.event_id == event.id,
            Message.address_key == Registration.address_key,
            Message.state.in_(_LEFT),
        )
        .group_by(Message.registration_id)
    )
    of_last: dict[int | None, Trouble] = {
        registration_id: _OF_A_LETTER[state]
        for registration_id, state in session.execute(
            select(Message.registration_id, Message.state).where(Message.id.in_(last))
        )
        if state in _OF_A_LETTER
    }
    found: dict[int, Trouble] = {}
    people = select(Registration.id, Registration.address_key).where(
        Registration.event_id == event.id, Registration.address_key.is_not(None)
    )
    for registration_id, key in session.execute(people):
        held = reasons.get(address_hash(key or "", settings), set()) if reasons else set()
        if Suppression.BOUNCED in held:
            found[registration_id] = Trouble.BOUNCED
        elif registration_id in of_last:
            found[registration_id] = of_last[registration_id]
        elif Suppression.COMPLAINED in held:
            found[registration_id] = Trouble.COMPLAINED
    return found


def unreached_of(session: Session, event: Event, troubles: Mapping[int, Trouble]) -> Counter[int | None]:
    """How many who hold a place are not reached, by occurrence id; under None how many people that are."""
    missed = {id_ for id_, trouble in troubles.items() if trouble is not Trouble.COMPLAINED}
    counted: Counter[int | None] = Counter()
    people: set[int] = set()
    if missed:
        for occurrence_id, registration_id in session.execute(
            select(Place.occurrence_id, Place.registration_id)
            .join(Place.occurrence)
            .where(Occurrence.event_id == event.id, Place.state.in_(HELD))
        ):
            if registration_id in missed:
                counted[occurrence_id] += 1
                people.add(registration_id)
    counted[None] = len(people)
    return counted


def letters_to(session: Session, registration: Registration) -> list[Message]:
    """All letters about one registration, oldest first."""
    mine = Message.registration_id == registration.id
    return list(session.scalars(select(Message).where(mine).order_by(Message.id)))


class HeldBack(NamedTuple):
    """An address that an organization does not write to; ``address`` is empty where nobody is known by it any more."""

    organization: str
    address: str
    reason: Suppression
    words: str
    since: datetime


def held_back(session: Session, *, settings: Settings, organization: str | None = None) -> list[HeldBack]:
    """Newest first; of one organization (its slug), or of all."""
    wanted = select(SuppressedAddress, Organization).join(
        Organization, SuppressedAddress.organization_id == Organization.id
    )
    if organization is not None:
        wanted = wanted.where(Organization.slug == organization)
    rows = session.execute(wanted.order_by(SuppressedAddress.created_at.desc(), SuppressedAddress.id.desc())).all()
    known = _known_addresses(session, settings) if rows else {}
    return [
        HeldBack(owner.slug, known.get(row.address_hash, ""), row.reason, row.words, row.created_at)
        for row, owner in rows
    ]


def _reasons(session: Session, organization_id: int) -> dict[str, set[Suppression]]:
    reasons: dict[str, set[Suppression]] = {}
    for hashed, reason in session.execute(
        select(SuppressedAddress.address_hash, SuppressedAddress.reason).where(
            SuppressedAddress.organization_id == organization_id
        )
    ):
        reasons.setdefault(hashed, set()).add(reason)
    return reasons


def _known_addresses(session: Session, settings: Settings) -> dict[str, str]:
    """The hashes cannot be read, so every address there is gets hashed."""
    known: dict[str, str] = {}
    for table in (Registration, Staff):
        for email, key in session.execute(select(table.email, table.address_key).where(table.address_key.is_not(None))):
            known[address_hash(key or "", settings)] = email or ""
    return known
