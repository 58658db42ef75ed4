"""Addresses that an organization does not write to: which they are, and which letters that keeps back.

Only keyed hashes are kept, so nobody can read an address out of them, and they may outlive the person.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import FOLLOW_UPS, SCHEDULED_LETTERS, LetterKind, Suppression
from eventsapp.models import Registration, SuppressedAddress

# Answers to what somebody asked for just now: a mailbox may work again, and its owner waits for the letter.
_ASKED_FOR = frozenset(
    {
        LetterKind.CONFIRMATION,
        LetterKind.INVITE,  # it comes with a confirmation
        LetterKind.WAITLISTED,
        LetterKind.PENDING,
        LetterKind.ALREADY_REGISTERED,
        LetterKind.LINK,
        LetterKind.VERIFICATION,
        LetterKind.ADDRESS_CHANGE,
    }
)
_HELD_BACK: dict[Suppression, Set[LetterKind]] = {
    Suppression.BOUNCED: frozenset(LetterKind) - _ASKED_FOR,
    Suppression.COMPLAINED: SCHEDULED_LETTERS | {LetterKind.MAILING},
    Suppression.UNSUBSCRIBED: FOLLOW_UPS | {LetterKind.MAILING},
}


def address_hash(address_key: str, settings: Settings) -> str:
    """What stands for an address in ``SuppressedAddress``: 32 hex digits that only ``link_key`` can make."""
    return hmac.new(settings.link_key.encode(), f"suppressed|{address_key}".encode(), hashlib.sha256).hexdigest()[:32]


def suppression_of(
    session: Session, organization_id: int, address_key: str | None, settings: Settings
) -> set[Suppression]:
    """Why the organization does not write to the address; empty where it does, and for nobody's address."""
    if address_key is None:
        return set()
    return suppressions_of(session, [(organization_id, address_key)], settings).get(
        (organization_id, address_key), set()
    )


def suppressed_rows(session: Session, registration: Registration, settings: Settings) -> list[SuppressedAddress]:
    """What is kept against a registration's address, oldest first."""
    if registration.address_key is None:
        return []
    return list(
        session.scalars(
            select(SuppressedAddress)
            .where(
                SuppressedAddress.organization_id == registration.event.organization_id,
                SuppressedAddress.address_hash == address_hash(registration.address_key, settings),
            )
            .order_by(SuppressedAddress.created_at, SuppressedAddress.id)
        )
    )


def suppressions_of(
    session: Session, addresses: Iterable[tuple[int, str]], settings: Settings
) -> dict[tuple[int, str], set[Suppression]]:
    """The same for many (organization id, address key) at once, by one statement. Who is not in it is written to."""
    by_hash = {(organization, address_hash(key, settings)): (organization, key) for organization, key in addresses}
    if not by_hash:
        return {}
    rows = session.execute(
        select(SuppressedAddress.organization_id, SuppressedAddress.address_hash, SuppressedAddress.reason).where(
            SuppressedAddress.organization_id.in_({organization for organization, _hash in by_hash}),
            SuppressedAddress.address_hash.in_({hashed for _organization, hashed in by_hash}),
        )
    )
    found: dict[tuple[int, str], set[Suppression]] = defaultdict(set)
    for organization_id, hashed, reason in rows:
        if (organization_id, hashed) in by_hash:
            found[by_hash[organization_id, hashed]].add(reason)
    return dict(found)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Which scheduled letters reach a person. ``comes_back``: hardly any letter does, the address is dead."""

    reminders: bool
    follow_ups: bool
    comes_back: bool


def wishes_of(session: Session, registration: Registration, settings: Settings) -> Wishes:
    """What the person behind a registration wants of us, and whether the address works."""
    found = suppression_of(session, registration.event.organization_id, registration.address_key, settings)
    wanted = found - {Suppression.BOUNCED}
    return Wishes(
        reminders=registration.reminders_off_at is None and not holds_back(LetterKind.REMINDER, wanted),
        follow_ups=not holds_back(LetterKind.FOLLOW_UP, wanted),
        comes_back=Suppression.BOUNCED in found,
    )


def holds_back(kind: LetterKind, suppressions: Collection[Suppression], *, needed: bool = False) -> bool:
    """Whether a letter of this kind is not sent to an address with these suppressions.

    A dead address gets only what somebody asked for just now; complaints end the scheduled letters, unsubscribing ends
    the follow-ups; either ends the mailings that nobody needs to take part. ``needed`` is such a mailing.
    """
    return any(kind in _HELD_BACK[one] for one in suppressions if one is Suppression.BOUNCED or not needed)
