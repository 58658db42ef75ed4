"""Write to many registered people at once: a draft, its order, and the letters once it is due. Sends nothing itself.

``plan_mailings`` goes on where it was: what is written and how far it got are one transaction, so that a worker that
dies leaves neither out nor doubles.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from eventsapp.actions.audit import Action, note
from eventsapp.actions.outbox import new_columns
from eventsapp.actions.places import take_event
from eventsapp.actions.statements import insert_unless_there, rows_changed
from eventsapp.config import Settings
from eventsapp.domain.errors import N_, NotFound, Refused, TooMany
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import LetterKind, MessageState, Priority
from eventsapp.models import Event, Mailing, Message, Organization, Registration, User
from eventsapp.queries.people import Filter
from eventsapp.queries.recipients import Recipient, held_back, recipients

A_DAY = timedelta(days=1)
_HELD_BACK = "not written to"


@dataclass(frozen=True, slots=True)
class Draft:
    """``words``: {language tag: {"subject", "body"}}, the event's default language among them. ``needed``: people
    need it to take part."""

    wanted: Filter
    words: Mapping[str, Mapping[str, str]]
    needed: bool = False


def draft(session: Session, event: Event, user: User, written: Draft, *, now: datetime) -> Mailing:
    """Keep what is written so far. Nobody gets it."""
    mailing = Mailing(event_id=event.id, user_id=user.id, public_id=new_public_id(), created_at=now)
    _take_over(mailing, written)
    session.add(mailing)
    session.flush()
    return mailing


def redraft(session: Session, event: Event, public_id: str, written: Draft) -> Mailing:
    """Raises NotFound, and Refused once it was ordered."""
    mailing = _draft_of(session, event, public_id)
    _take_over(mailing, written)
    return mailing


def discard(session: Session, event: Event, public_id: str) -> None:
    """Throw a draft away. Raises NotFound, and Refused once it was ordered."""
    session.delete(_draft_of(session, event, public_id))


def order(
    session: Session, event: Event, public_id: str, user: User, *, due_at: datetime, now: datetime, settings: Settings
) -> Mailing:
    """Have it written to whoever its filter finds at ``due_at``; a time that is past means now.

    Raises NotFound, Refused (it was ordered already), TooMany past the organization's limit of a day.
    """
    session.execute(select(Organization.id).where(Organization.id == event.organization_id).with_for_update())
    mailing = _draft_of(session, event, public_id)
    _refuse_too_many(session, event, now, settings)
    mailing.due_at = max(due_at, now)
    note(
        session,
        Action.MAILING_ORDERED,
        now=now,
        organization=event.organization,
        user=user,
        event=event,
        changes={"mailing": [None, public_id], "due": [None, mailing.due_at.isoformat()]},
    )
    return mailing


def call_back(session: Session, event: Event, public_id: str, user: User, *, now: datetime) -> int:
    """End a mailing: what has not left by now does not leave. Returns how many letters that were.

    Raises NotFound, and Refused where it is a draft, was ended before, or all of it has left.
    """
    mailing = _mailing_of(session, event, public_id)
    if mailing.due_at is None or mailing.cancelled_at is not None:
        raise Refused(N_("This letter is not planned, so there is nothing to cancel."))
    dropped = rows_changed(
        session,
        update(Message)
        .where(Message.mailing_id == mailing.id, Message.state == MessageState.QUEUED)
        .values(state=MessageState.SUPERSEDED, due_at=now)
        .execution_options(synchronize_session=False),
    )
    if mailing.written_at is not None and not dropped:
        raise Refused(N_("All of these letters have left already."))
    mailing.cancelled_at = now
    note(
        session,
        Action.MAILING_CANCELLED,
        now=now,
        organization=event.organization,
        user=user,
        event=event,
        changes={"mailing": [public_id, None]},
    )
    return dropped


def plan_mailings(session: Session, *, now: datetime, settings: Settings, limit: int = 500) -> int:
    """Write to the next ``limit`` people of one mailing that is due; returns how much was done, 0: nothing is."""
    mailing = session.scalar(
        select(Mailing)
        .where(Mailing.due_at <= now, Mailing.written_at.is_(None), Mailing.cancelled_at.is_(None))
        .order_by(Mailing.due_at, Mailing.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Mailing)
        .execution_options(populate_existing=True)
    )
    if mailing is None:
        return 0
    wanted = recipients(mailing.event, Filter.read(mailing.filter), after_id=mailing.after_id, limit=limit)
    people = [Recipient(*row) for row in session.execute(wanted)]
    _write(session, mailing, people, now=now, settings=settings)
    if people:
        mailing.after_id = people[-1].id
    if len(people) < limit:
        mailing.written_at = now
    return len(people) + 1


def _write(session: Session, mailing: Mailing, people: list[Recipient], *, now: datetime, settings: Settings) -> None:
    if not people:
        return
    kept = held_back(session, mailing.event.organization_id, people, settings, needed=mailing.needed)
    first = _first_letters(session, [one.id for one in people])
    priority = Priority.REMINDER_SOON if mailing.needed else Priority.REMINDER
    rows: list[dict[str, Any]] = [
        {
            "registration_id": one.id,
            "mailing_id": mailing.id,
            **new_columns(now, settings),
            "thread_of": first.get(one.id, ""),
            "kind": LetterKind.MAILING,
            "language_tag": one.language_tag,
            "recipient": one.email,
            "address_key": one.address_key,
            "dedupe_key": f"{one.public_id}:{LetterKind.MAILING}:{mailing.public_id}",
            "priority": priority,
            "state": MessageState.SUPPRESSED if one.id in kept else MessageState.QUEUED,
            "last_error": _HELD_BACK if one.id in kept else "",
        }
        for one in people
    ]
    session.connection().execute(insert_unless_there(session, Message), rows)


def _first_letters(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """The Message-ID of the first letter that went to each registration's present address."""
    first = (
        select(func.min(Message.id))
        .join(Message.registration)
        .where(Message.registration_id.in_(list(ids)), Message.address_key == Registration.address_key)
        .group_by(Message.registration_id)
    )
    rows = session.execute(select(Message.registration_id, Message.message_id).where(Message.id.in_(first)))
    return {id_: message_id for id_, message_id in rows if id_ is not None}


def _take_over(mailing: Mailing, written: Draft) -> None:
    mailing.filter, mailing.needed = written.wanted.query(), written.needed
    mailing.words = {tag: dict(words) for tag, words in written.words.items()}


def _mailing_of(session: Session, event: Event, public_id: str) -> Mailing:
    take_event(session, event.id)
    mailing = session.scalar(
        select(Mailing)
        .where(Mailing.event_id == event.id, Mailing.public_id == public_id)
        .with_for_update(of=Mailing)
        .execution_options(populate_existing=True)
    )
    if mailing is None:
        raise NotFound(N_("There is no such page."))
    return mailing


def _draft_of(session: Session, event: Event, public_id: str) -> Mailing:
    mailing = _mailing_of(session, event, public_id)
    if mailing.due_at is not None:
        raise Refused(N_("This letter was ordered already. Write a new one."))
    return mailing


def _refuse_too_many(session: Session, event: Event, now: datetime, settings: Settings) -> None:
    """The organization's row is taken, so that two orders at once are counted one after the other."""
    within_a_day = (
        select(func.count())
        .select_from(Mailing)
        .join(Mailing.event)
        .where(Event.organization_id == event.organization_id, Mailing.due_at > now - A_DAY)
    )
    most = settings.limit_mailings
    if most and (session.scalar(within_a_day) or 0) >= most:
        raise TooMany(
            N_("Your organization has ordered %(number)s letters to many within a day. Try again tomorrow."),
            number=most,
        )
