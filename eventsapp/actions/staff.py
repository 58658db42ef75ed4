"""Letters to those who work at an event: what hosts and interpreters have to know of their dates, organizers' digests.

Hosts and interpreters are told of nothing by accident: ``tell_staff`` says that they are to be, the worker's
``plan_assignments`` writes the letters. Nothing here changes what they are told about.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session, joinedload

from eventsapp.actions import outbox
from eventsapp.config import Settings
from eventsapp.domain.digests import next_digest
from eventsapp.domain.vocabulary import LetterKind, MessageState, Priority, StaffRole
from eventsapp.models import Assignment, Event, Message, Occurrence, Organization, Staff
from eventsapp.queries.digests import digest_of
from eventsapp.queries.letters.changed import revisions_of
from eventsapp.queries.letters.staff import news_of
from eventsapp.queries.staff import untold

_ON_THE_WAY = (MessageState.QUEUED, MessageState.SENDING)


def tell_staff(session: Session, event: Event, *, now: datetime, settings: Settings) -> int:
    """Have every host and interpreter written to who does not know how a date of theirs stands; how many people.

    The letters are written after ``change_delay``, so that several changes in a row make one letter.
    """
    behind = untold(session, event, now=now)
    for assignment in behind:
        assignment.plan_at = now + timedelta(seconds=settings.change_delay)
    return len({assignment.staff_id for assignment in behind})


def plan_assignments(session: Session, *, now: datetime, settings: Settings, limit: int = 100) -> int:
    """Write the letters of up to ``limit`` assignments whose time has come; returns how many were looked at.

    A letter that has not left yet says what is so when it leaves, so there is never a second one beside it.
    """
    due = session.scalars(
        select(Assignment)
        .where(Assignment.plan_at <= now)
        .order_by(Assignment.plan_at, Assignment.id)
        .limit(limit)
        .options(
            joinedload(Assignment.staff, innerjoin=True),
            joinedload(Assignment.occurrence, innerjoin=True).joinedload(Occurrence.event, innerjoin=True),
        )
        .with_for_update(skip_locked=True, of=Assignment)
        .execution_options(populate_existing=True)
    ).all()
    told = revisions_of(session, (assignment.occurrence_id for assignment in due))
    waiting = _waiting(session, due)
    for assignment in due:
        assignment.plan_at = None
        if assignment.occurrence.ends_at <= now:
            continue
        before = told.get((assignment.occurrence_id, assignment.told_sequence))
        if news_of(assignment, before, assignment.told_revision) is not None:
            if assignment.id not in waiting:
                # As old as the delay: a worker that looks ahead by it, to leave nothing behind, can send it.
                written_at = now - timedelta(seconds=settings.change_delay)
                _write(session, assignment, now=written_at, settings=settings)
            assignment.told_at = assignment.remind_at = now
        _note_told(assignment)
    return len(due)


def _waiting(session: Session, due: Iterable[Assignment]) -> set[int]:
    """The assignments that a letter is about which surely has not left."""
    contexts = session.scalars(
        select(Message.context).where(
            Message.staff_id.in_({assignment.staff_id for assignment in due}),
            Message.kind == LetterKind.ASSIGNED,
            Message.state == MessageState.QUEUED,
            Message.uncertain.is_(False),
        )
    )
    return {context["assignment"] for context in contexts}


def _write(session: Session, assignment: Assignment, *, now: datetime, settings: Settings) -> None:
    told = None if assignment.told_sequence is None else [assignment.told_sequence, assignment.told_revision]
    outbox.enqueue_for_staff(
        session,
        assignment.staff,
        LetterKind.ASSIGNED,
        now=now,
        settings=settings,
        context={"assignment": assignment.id, "from": told},
        dedupe=f"{assignment.id}:{assignment.occurrence.sequence}.{assignment.revision}",
        priority=Priority.CHANGE,
        expires_at=assignment.occurrence.ends_at,
    )


def _note_told(assignment: Assignment) -> None:
    """Who is relieved of a date, or never had a date that is called off, holds nothing of it."""
    occurrence = assignment.occurrence
    if assignment.ended_at is not None or (assignment.told_sequence is None and occurrence.called_off):
        assignment.told_sequence = assignment.told_revision = None
    else:
        assignment.told_sequence, assignment.told_revision = occurrence.sequence, assignment.revision


def plan_digests(session: Session, *, now: datetime, settings: Settings, limit: int = 50) -> int:
    """Write the digests that are due, where something happened; returns how many organizers were looked at.

    Digests that nobody wrote while no worker ran are one. After the last date there are none.
    """
    due = session.scalars(
        select(Staff)
        .where(Staff.digest_at <= now)
        .order_by(Staff.digest_at, Staff.id)
        .limit(limit)
        .options(joinedload(Staff.event, innerjoin=True))
        .with_for_update(skip_locked=True, of=Staff)
        .execution_options(populate_existing=True)
    ).all()
    for staff in due:
        _digest(session, staff, now=now, settings=settings)
    return len(due)


def _digest(session: Session, staff: Staff, *, now: datetime, settings: Settings) -> None:
    since = staff.digested_at or staff.created_at
    following = next_digest(staff.digest, staff.tzid, now)
    if digest_of(session, staff.event, since=since, until=now, settings=settings) is not None:
        outbox.enqueue_for_staff(
            session,
            staff,
            LetterKind.DIGEST,
            now=now,
            settings=settings,
            context={"since": since.isoformat(), "until": now.isoformat()},
            dedupe=now.isoformat(),
            priority=Priority.DIGEST,
            expires_at=following,
        )
    staff.digested_at = now
    over = all(occurrence.ends_at <= now for occurrence in staff.event.occurrences)
    staff.digest_at = None if over else following


def forget_staff(session: Session, *, now: datetime) -> None:
    """Delete those who work at no date to come: whoever left the team, and all whose time to be kept is over."""
    session.execute(
        delete(Assignment).where(
            Assignment.ended_at.is_not(None),
            Assignment.occurrence_id.in_(select(Occurrence.id).where(Occurrence.ends_at <= now)),
        )
    )
    session.execute(
        delete(Staff).where(
            Staff.role != StaffRole.ORGANIZER,
            ~exists().where(Assignment.staff_id == Staff.id),
            ~exists().where(Message.staff_id == Staff.id, Message.state.in_(_ON_THE_WAY)),
        )
    )
    for event_id in _outlived(session, now):
        session.execute(delete(Staff).where(Staff.event_id == event_id))


def _outlived(session: Session, now: datetime) -> Sequence[int]:
    """Events with a team whose last date ended longer ago than their organization keeps people's data."""
    keepers = session.execute(
        select(Organization.id, Organization.retention_days).where(Organization.retention_days.is_not(None))
    ).all()
    found: list[int] = []
    for organization_id, days in keepers:
        still = exists().where(Occurrence.event_id == Event.id, Occurrence.ends_at > now - timedelta(days=days or 0))
        found += session.scalars(
            select(Event.id).where(
                Event.organization_id == organization_id, exists().where(Staff.event_id == Event.id), ~still
            )
        )
    return found
