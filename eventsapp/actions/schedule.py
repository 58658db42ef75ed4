"""Plan the letters that a time causes, and no fact: reminders and follow-ups, to whoever holds a confirmed place.

Who hosts or interprets a date, and was told so, is reminded of it, too. A place says by ``plan_at`` when it has to be
looked at next, an assignment by ``remind_at``. What is due then is computed from the rows as they are
(``queries.due``), so nothing has to be taken back when a date moves, a person changes zone, or no worker ran for a day;
``dedupe_key`` keeps a letter from being written twice. Nothing here sends.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, false, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from eventsapp.actions.outbox import new_columns
from eventsapp.actions.statements import insert_unless_there
from eventsapp.config import Settings
from eventsapp.domain.vocabulary import LetterKind, PlaceState, Priority
from eventsapp.models import Assignment, Event, Message, Occurrence, Place, Registration, Staff
from eventsapp.queries.due import Due, Reader, dates, wanted

SOON = timedelta(hours=2)  # before the start: these reminders leave before the others


def plan_scheduled(session: Session, *, now: datetime, settings: Settings, limit: int = 500) -> int:
    """Write the letters that are due at up to ``limit`` places, and as many assignments; note when to look again.

    Returns how many were looked at; 0 means that none has to be now. Two at once never take the same one.
    """
    return sum(_plan(session, source, now=now, settings=settings, limit=limit) for source in (_ASSIGNMENTS, _PLACES))


def look_again(
    session: Session,
    *,
    now: datetime,
    event: Event | None = None,
    occurrence: Occurrence | None = None,
    registration: Registration | None = None,
) -> None:
    """Have these looked at anew: for whoever changes what scheduled letters hang on.

    Those who work at an event are nobody's registration.
    """
    session.flush()
    places: ColumnElement[bool] = Place.state == PlaceState.CONFIRMED
    assignments: ColumnElement[bool] = Assignment.ended_at.is_(None)
    if event is not None:
        of_event = select(Occurrence.id).where(Occurrence.event_id == event.id)
        places &= Place.occurrence_id.in_(of_event)
        assignments &= Assignment.occurrence_id.in_(of_event)
    if occurrence is not None:
        places &= Place.occurrence_id == occurrence.id
        assignments &= Assignment.occurrence_id == occurrence.id
    if registration is not None:
        places &= Place.registration_id == registration.id
    else:
        _look_at(session, _ASSIGNMENTS, assignments, now)
    _look_at(session, _PLACES, places, now)


@dataclass(frozen=True, slots=True)
class _Source:
    """Rows of one sort by which somebody is written to about a date: there are two."""

    row: type[Place] | type[Assignment]
    look_at: InstrumentedAttribute[datetime | None]
    readers: Select[*tuple[Any, ...]]  # rows as ``queries.due.Reader`` has them
    reader: str  # the column of Message
    about: Callable[[Reader], dict[str, Any]]  # in ``Message.context``
    first_letters: Callable[[Session, Iterable[Reader]], dict[int, str]]  # row id → Message-ID that others answer to


def _plan(session: Session, source: _Source, *, now: datetime, settings: Settings, limit: int) -> int:
    readers = _to_plan(session, source, now=now, limit=limit)
    if not readers:
        return 0
    by_occurrence = dates(session, {reader.occurrence_id for reader in readers})
    next_looks: dict[datetime | None, list[int]] = {}
    ripe: list[Due] = []
    for reader in readers:
        leaving = [(one.leaves_at(now), one) for one in by_occurrence[reader.occurrence_id].due(reader)]
        ripe += [one for at, one in leaving if at == now]
        next_look = min((at for at, _one in leaving if at is not None and at > now), default=None)
        next_looks.setdefault(next_look, []).append(reader.id)
    _write(session, source, wanted(session, ripe, settings), now=now, settings=settings)
    _note_next_looks(session, source, next_looks)
    return len(readers)


def _to_plan(session: Session, source: _Source, *, now: datetime, limit: int) -> Sequence[Reader]:
    """Locked, and whoever else plans passes them over."""
    due = source.readers.where(source.look_at <= now).order_by(source.look_at, source.row.id).limit(limit)
    return cast("Sequence[Reader]", session.execute(due.with_for_update(skip_locked=True, of=source.row)).all())


def _note_next_looks(session: Session, source: _Source, looks: Mapping[datetime | None, Collection[int]]) -> None:
    """A statement for each instant, and there are few: those who go to the same date are due together."""
    for at, ids in looks.items():
        _look_at(session, source, source.row.id.in_(ids), at)


def _look_at(session: Session, source: _Source, which: ColumnElement[bool], at: datetime | None) -> None:
    noted = update(source.row).where(which).values({source.look_at: at})
    session.execute(noted.execution_options(synchronize_session=False))


def _write(
    session: Session, source: _Source, letters: Sequence[tuple[Due, LetterKind]], *, now: datetime, settings: Settings
) -> None:
    if not letters:
        return
    first = source.first_letters(session, [due.reader for due, _kind in letters])
    session.connection().execute(
        insert_unless_there(session, Message),
        [
            _message(source, due, kind, now=now, settings=settings) | {"thread_of": first.get(due.reader.id, "")}
            for due, kind in letters
        ],
    )


def _message(source: _Source, due: Due, kind: LetterKind, *, now: datetime, settings: Settings) -> dict[str, Any]:
    """The columns of one letter. Somebody gets one for each trigger, also if their coming is noted only afterwards."""
    reader, planned = due.reader, due.planned
    anchor = planned.anchor_at.isoformat()
    about = "reminder" if planned.to is None else "follow_up"
    return {
        source.reader: reader.reader_id,
        **new_columns(now, settings),
        "kind": kind,
        "language_tag": reader.language_tag,
        "recipient": reader.email,
        "address_key": reader.address_key,
        "dedupe_key": f"{reader.public_id}:{about}:{reader.id}:{planned.trigger}:{anchor}",
        "context": source.about(reader) | {"trigger": planned.trigger, "anchor": anchor},
        "priority": _priority(due),
        "expires_at": due.worth_until(now),
    }


def _priority(due: Due) -> Priority:
    if due.planned.to is not None:
        return Priority.FOLLOW_UP
    return Priority.REMINDER_SOON if due.date.occurrence.starts_at - due.at <= SOON else Priority.REMINDER


def _first_to_registrations(session: Session, places: Iterable[Reader]) -> dict[int, str]:
    """The first letter that went to the present address of the place's registration."""
    by_place = {place.id: place.reader_id for place in places}
    first = (
        select(func.min(Message.id))
        .join(Message.registration)
        .where(Message.registration_id.in_(set(by_place.values())), Message.address_key == Registration.address_key)
        .group_by(Message.registration_id)
    )
    rows = session.execute(select(Message.registration_id, Message.message_id).where(Message.id.in_(first)))
    by_registration = {row.registration_id: row.message_id for row in rows}
    return {id_: by_registration[owner] for id_, owner in by_place.items() if owner in by_registration}


def _first_about_assignments(session: Session, assignments: Iterable[Reader]) -> dict[int, str]:
    """The first letter about the assignment that went to its staff's present address."""
    staff_ids = {assignment.reader_id for assignment in assignments}
    rows = session.execute(
        select(Message.context, Message.message_id)
        .join(Message.staff)
        .where(
            Message.staff_id.in_(staff_ids),
            Message.kind == LetterKind.ASSIGNED,
            Message.address_key == Staff.address_key,
        )
        .order_by(Message.id.desc())
    )
    return {row.context["assignment"]: row.message_id for row in rows}


_HELD = and_(Place.state == PlaceState.CONFIRMED, Registration.email.is_not(None), Registration.erased_at.is_(None))
_PLACES = _Source(
    row=Place,
    look_at=Place.plan_at,
    readers=select(
        Place.id,
        Place.occurrence_id,
        func.coalesce(Place.told_at, Place.invited_at, Place.created_at).label("told_at"),
        and_(_HELD, Registration.reminders_off_at.is_(None)).label("gets_reminders"),
        _HELD.label("gets_follow_ups"),
        Place.registration_id.label("reader_id"),
        Registration.public_id,
        Registration.email,
        Registration.address_key,
        Registration.language_tag,
        Registration.tzid,
    ).join(Place.registration),
    reader="registration_id",
    about=lambda place: {"places": [place.id]},
    first_letters=_first_to_registrations,
)
_ASSIGNMENTS = _Source(
    row=Assignment,
    look_at=Assignment.remind_at,
    readers=select(
        Assignment.id,
        Assignment.occurrence_id,
        func.coalesce(Assignment.told_at, Assignment.created_at).label("told_at"),
        and_(Assignment.told_sequence.is_not(None), Assignment.ended_at.is_(None)).label("gets_reminders"),
        false().label("gets_follow_ups"),
        Assignment.staff_id.label("reader_id"),
        Staff.public_id,
        Staff.email,
        Staff.address_key,
        Staff.language_tag,
        Staff.tzid,
    ).join(Assignment.staff),
    reader="staff_id",
    about=lambda assignment: {"assignment": assignment.id},
    first_letters=_first_about_assignments,
)
