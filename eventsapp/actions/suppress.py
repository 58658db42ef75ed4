"""Stop writing to an address, or write to it again: what bounced, complained, or unsubscribed.

Who ends the follow-ups ends those of the whole organization; who ends the reminders ends those of one registration.
Nobody loses confirmations, changes and cancellations by either. Every function may be called twice.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from eventsapp.actions.statements import insert_unless_there, rows_changed
from eventsapp.config import Settings
from eventsapp.domain.text import REPLY_LIMIT, clean_line
from eventsapp.domain.vocabulary import Purpose, Suppression
from eventsapp.models import Event, Place, Registration, SuppressedAddress
from eventsapp.queries.suppressed import address_hash, suppression_of


def suppress(
    session: Session,
    organization_id: int,
    address_key: str,
    reason: Suppression,
    *,
    words: str = "",
    now: datetime,
    settings: Settings,
) -> bool:
    """Keep a hash of the address, for this reason. False where it was kept already; what was said first stays.

    ``words`` are the mail server's, without the address.
    """
    row = {
        "organization_id": organization_id,
        "address_hash": address_hash(address_key, settings),
        "reason": reason,
        "words": clean_line(words, REPLY_LIMIT),
        "created_at": now,
    }
    added = insert_unless_there(session, SuppressedAddress).values(row).returning(SuppressedAddress.id)
    return session.scalar(added) is not None


def lift(
    session: Session,
    organization_id: int,
    address_key: str,
    *,
    reasons: Collection[Suppression] = tuple(Suppression),
    now: datetime,
    settings: Settings,
) -> int:
    """Write to the address again: forget these reasons against it. Returns how many there were.

    Scheduled letters that are still to come are planned for it again.
    """
    lifted = rows_changed(
        session,
        delete(SuppressedAddress).where(
            SuppressedAddress.organization_id == organization_id,
            SuppressedAddress.address_hash == address_hash(address_key, settings),
            SuppressedAddress.reason.in_(reasons),
        ),
    )
    if lifted:
        of_address = (
            select(Registration.id)
            .join(Registration.event)
            .where(Registration.address_key == address_key, Event.organization_id == organization_id)
        )
        _plan_anew(session, Place.registration_id.in_(of_address), now)
    return lifted


def end_letters(
    session: Session, registration: Registration, purpose: Purpose, *, now: datetime, settings: Settings
) -> None:
    """No reminders of this registration's dates any more, or no follow-ups of its organization, by the link's purpose.

    What is queued is dropped when its turn comes.
    """
    if purpose is Purpose.REMINDERS:
        ended = update(Registration).where(Registration.id == registration.id, Registration.reminders_off_at.is_(None))
        rows_changed(session, ended.values(reminders_off_at=now))
    elif registration.address_key is not None:
        organization_id, key = registration.event.organization_id, registration.address_key
        suppress(session, organization_id, key, Suppression.UNSUBSCRIBED, now=now, settings=settings)


def resume_letters(
    session: Session, registration: Registration, purpose: Purpose, *, now: datetime, settings: Settings
) -> None:
    """What ``end_letters`` ended, as far as it is still to come. Whoever asks for letters takes a complaint back, too.

    The other sort stays ended where the complaint alone had ended it.
    """
    if registration.address_key is None:
        return
    organization_id, key = registration.event.organization_id, registration.address_key
    complained = Suppression.COMPLAINED in suppression_of(session, organization_id, key, settings)
    other = Purpose.FOLLOW_UPS if purpose is Purpose.REMINDERS else Purpose.REMINDERS
    if complained:
        end_letters(session, registration, other, now=now, settings=settings)
    gone = {Suppression.COMPLAINED} | ({Suppression.UNSUBSCRIBED} if purpose is Purpose.FOLLOW_UPS else set())
    lift(session, organization_id, key, reasons=gone, now=now, settings=settings)
    if purpose is Purpose.REMINDERS:
        resumed = update(Registration).where(
            Registration.id == registration.id, Registration.reminders_off_at.is_not(None)
        )
        if rows_changed(session, resumed.values(reminders_off_at=None)):
            _plan_anew(session, Place.registration_id == registration.id, now)


def carry_over(
    session: Session, registration: Registration, address_key: str, *, now: datetime, settings: Settings
) -> None:
    """Who moves to another address has ended follow-ups there, too. Call it before the registration has moved."""
    organization_id = registration.event.organization_id
    if Suppression.UNSUBSCRIBED in suppression_of(session, organization_id, registration.address_key, settings):
        suppress(session, organization_id, address_key, Suppression.UNSUBSCRIBED, now=now, settings=settings)


def _plan_anew(session: Session, mine: ColumnElement[bool], now: datetime) -> None:
    session.execute(update(Place).where(mine).values(plan_at=now))
