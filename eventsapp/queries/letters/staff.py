"""Letters to those who work at an event: a date they host or interpret, its reminders, and an organizer's digest.

Hosts and interpreters are shown the room itself; nobody here is shown who registered.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from eventsapp.config import Settings
from eventsapp.domain.entry import CalendarEntry
from eventsapp.domain.vocabulary import DigestEvery, LetterKind, PlaceState, StaffRole
from eventsapp.mail.letters import Invitation, Letter, Passage, Slot, Was
from eventsapp.models import Assignment, Event, Message, Occurrence, Revision, Staff
from eventsapp.queries.digests import digest_of
from eventsapp.queries.entries import staff_entry
from eventsapp.queries.letters.changed import was_of
from eventsapp.queries.letters.frame import frame_of, slot_at, with_inert_name
from eventsapp.queries.letters.scheduled import is_due


class Turn(StrEnum):
    """What a host or interpreter has to hear of one date."""

    NEW = "new"
    CHANGED = "changed"
    ENDED = "ended"
    CALLED_OFF = "called_off"


@dataclass(frozen=True, slots=True)
class News:
    """``was`` is there for CHANGED alone; where nothing in it differs, it is the room that is another."""

    turn: Turn
    was: Was | None = None


def news_of(assignment: Assignment, before: Revision | None, told_revision: int | None) -> News | None:
    """What differs between now and what was told: ``before``, at that revision; None: nothing does.

    ``before`` None: nothing of this date is in their calendar.
    """
    occurrence = assignment.occurrence
    if assignment.ended_at is not None or occurrence.called_off:
        known = before is not None and not before.cancelled
        turn = Turn.CALLED_OFF if assignment.ended_at is None else Turn.ENDED
        return News(turn) if known else None
    if before is None:
        return News(Turn.NEW)
    was = was_of(before, occurrence, assignment.staff.language_tag)
    if was is None and told_revision == assignment.revision:
        return None
    return News(Turn.CHANGED, was or Was())


def staff_letter(session: Session, message: Message, *, now: datetime, settings: Settings) -> Letter | None:
    """What a queued letter to staff says ``now``; None where there is nothing (more) to say."""
    staff = session.scalars(
        select(Staff)
        .where(Staff.id == message.staff_id)
        .options(
            joinedload(Staff.event).joinedload(Event.organization),
            joinedload(Staff.event).selectinload(Event.variants),
            selectinload(Staff.assignments).joinedload(Assignment.occurrence).joinedload(Occurrence.conference),
        )
    ).one()
    if message.recipient is None or message.address_key != staff.address_key:
        return None
    frame = replace(frame_of(message, staff, settings), name=staff.name, role=staff.role, what_to_bring=Passage("", ""))
    if message.kind is LetterKind.DIGEST:
        return _digest(session, frame, message, staff, settings)
    if message.kind is LetterKind.REMINDER:
        return _reminder(frame, message, staff, now=now, settings=settings)
    return _assigned(session, frame, message, staff, now=now, settings=settings)


def _assigned(
    session: Session, frame: Letter, message: Message, staff: Staff, *, now: datetime, settings: Settings
) -> Letter | None:
    assignment = _assignment(message, staff, now)
    if assignment is None:
        return None
    before, told_revision = _told(session, message, assignment)
    news = news_of(assignment, before, told_revision)
    if news is None:
        return None
    entry = with_inert_name(staff_entry(assignment, settings=settings))
    goes_on = news.turn in (Turn.NEW, Turn.CHANGED)
    return replace(
        frame,
        about=(_slot(assignment, news, entry if goes_on else None),),
        room=entry.room,
        invitation=Invitation("REQUEST" if goes_on else "CANCEL", entry),
    )


def _reminder(frame: Letter, message: Message, staff: Staff, *, now: datetime, settings: Settings) -> Letter | None:
    """Of a date that they still work at. Their calendar has it, so this letter brings it nothing."""
    assignment = _assignment(message, staff, now)
    if assignment is None or assignment.ended_at is not None or not is_due(message, assignment.occurrence, now):
        return None
    entry = with_inert_name(staff_entry(assignment, settings=settings))
    return replace(
        frame,
        about=(_slot(assignment, News(Turn.NEW), entry),),
        room=entry.room,
        until_start=assignment.occurrence.starts_at - now,
    )


def _assignment(message: Message, staff: Staff, now: datetime) -> Assignment | None:
    """The one that a letter is about, until its date is over."""
    wanted = message.context["assignment"]
    return next((one for one in staff.assignments if one.id == wanted and now < one.occurrence.ends_at), None)


def _told(session: Session, message: Message, assignment: Assignment) -> tuple[Revision | None, int | None]:
    """What this letter's reader was told before it."""
    if message.context["from"] is None:
        return None, None
    sequence, revision = message.context["from"]
    before = session.scalar(
        select(Revision).where(Revision.occurrence_id == assignment.occurrence_id, Revision.sequence == sequence)
    )
    return before, revision


def _slot(assignment: Assignment, news: News, entry: CalendarEntry | None) -> Slot:
    return slot_at(
        assignment.occurrence,
        assignment.staff.language_tag,
        state=PlaceState.CANCELLED if entry is None else PlaceState.CONFIRMED,
        called_off=news.turn is Turn.CALLED_OFF,
        held=entry is not None,
        joins=entry is not None and bool(entry.join_url),
        was=news.was,
    )


def _digest(session: Session, frame: Letter, message: Message, staff: Staff, settings: Settings) -> Letter | None:
    """Of the time that it was written for: what happened since then is the next one's."""
    if staff.role is not StaffRole.ORGANIZER or staff.digest is DigestEvery.NEVER:
        return None
    since, until = (datetime.fromisoformat(message.context[name]) for name in ("since", "until"))
    digest = digest_of(session, staff.event, since=since, until=until, settings=settings)
    return None if digest is None else replace(frame, digest=digest)
