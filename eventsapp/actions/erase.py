"""Forget a person: at their own wish, at an organizer's word, or because the time to keep their data is over.

The row stays for the counts, with its dates, states and times; whoever it was does not.
"""

from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from eventsapp.actions import letters, outbox, places
from eventsapp.actions.audit import Action, note
from eventsapp.config import Settings
from eventsapp.domain.vocabulary import HELD, MessageState, Parting, PlaceState
from eventsapp.models import (
    AddressChange,
    Answer,
    AuditEntry,
    ChosenOption,
    Event,
    Mailing,
    Message,
    Receipt,
    Registration,
)
from eventsapp.queries.own_data import is_outlived

_WAITING = (MessageState.QUEUED, MessageState.SENDING)


def erase(session: Session, registration_id: int, *, now: datetime, settings: Settings) -> None:
    """Give up the person's places, take the entries out of their calendar, and forget the person.

    That letter names nobody; its address goes as soon as it has left or failed for good. The queue moves up. The same
    person may register again. Raises NotFound: no such registration, or forgotten already.
    """
    event, registration = places.take_registration(session, registration_id)
    outbox.supersede(session, registration, now=now)
    invited = letters.invited_places(session, registration)
    for place in registration.places:
        if now >= place.occurrence.ends_at:
            continue
        if place.state in HELD:
            places.move(place, PlaceState.CANCELLED, now)
        elif place.id in invited:
            place.revision += 1  # its cancellation had not left yet
        if place.id in invited:
            letters.withdraw(session, registration, place, Parting.ERASED, now=now, settings=settings)
    forget_person(session, registration, now=now)
    places.promote(session, event.id, now=now, settings=settings)


def erase_outlived(session: Session, registration_id: int, *, now: datetime) -> bool:
    """Forget a person whose data are older than the organization keeps them, without a letter; False: they are not."""
    event, registration = places.take_registration(session, registration_id)
    if not is_outlived(registration, now=now):
        return False
    forget_person(session, registration, now=now)
    _put_on_trail(session, event, now)
    return True


def _put_on_trail(session: Session, event: Event, now: datetime) -> None:
    """That it happened, and how often: one entry for an event and day (UTC), which counts on. The event is taken."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    entry = session.scalar(
        select(AuditEntry).where(
            AuditEntry.event_id == event.id,
            AuditEntry.action == Action.OUTLIVED_ERASED.value,
            AuditEntry.at >= midnight,
        )
    )
    if entry is None:
        entry = note(session, Action.OUTLIVED_ERASED, now=now, organization=event.organization, event=event)
    counted = entry.changes.get("people", [None, 0])[1]
    entry.changes = {"people": [None, counted + 1]}


def forget_person(session: Session, registration: Registration, *, now: datetime) -> None:
    """Take out of the rows who it was. The event must be taken; what happens to places is the caller's.

    Letters keep their kind and time. One that takes an entry out of a calendar still leaves, and a worker may have
    another one in hand; the outbox forgets their addresses when it is done with them.
    """
    for place in registration.places:
        places.raise_first_revision(place, now)
    session.flush()
    for table in (Answer, ChosenOption, AddressChange, Receipt):
        session.execute(delete(table).where(table.registration_id == registration.id))
    for message in session.scalars(
        select(Message)
        .where(Message.registration_id == registration.id)
        .with_for_update()  # a worker that records right now either comes before or sees that the person is gone
        .execution_options(populate_existing=True)
    ):
        if message.state is MessageState.QUEUED and "parting" not in message.context:
            message.state = MessageState.SUPERSEDED
        if message.state not in _WAITING:
            message.recipient = message.address_key = None
        message.last_error = ""  # mail servers repeat the address
        message.dedupe_key = message.public_id  # it held a hash of the address
    _forget_searches(session, registration)
    registration.email = registration.address_key = registration.name = None
    registration.source = registration.note = ""
    registration.link_generation += 1
    registration.erased_at = registration.changed_at = now
    session.flush()
    session.expire(registration, ["answers"])


def _forget_searches(session: Session, registration: Registration) -> None:
    """What was searched for by name or address, to write to somebody, goes where it may have found this person.

    A mailing that is still to be written keeps it: without it, it would go to others.
    """
    known = f"{registration.name or ''}\n{registration.email or ''}".casefold()
    done = or_(Mailing.written_at.is_not(None), Mailing.cancelled_at.is_not(None))
    for mailing in session.scalars(select(Mailing).where(Mailing.event_id == registration.event_id, done)):
        if (sought := str(mailing.filter.get("q", "")).casefold()) and sought in known:
            mailing.filter = {name: value for name, value in mailing.filter.items() if name != "q"}
