"""The team of a record in rows: who works at the event and at which of its dates. Writes to nobody.

What a calendar may hold of a date keeps its row, with a ``revision`` that only rises: a host who is left out is
relieved of the date and not deleted, because taking it out of that calendar, and putting it back, needs the number.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from eventsapp.domain.addresses import read_address
from eventsapp.domain.digests import next_digest
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import StaffRole
from eventsapp.models import Assignment, Event, Occurrence, Staff
from eventsapp.reading.values import MemberRecord

Rooms = Mapping[int, tuple[Any, ...] | None]


def rooms_of(event: Event) -> Rooms:
    """By occurrence id all that staff see of the room: to be compared once the record is written."""
    return {occurrence.id: _room(occurrence) for occurrence in event.occurrences}


def write_team(
    session: Session, event: Event, said: Sequence[MemberRecord], rooms: Rooms, *, now: datetime
) -> list[str]:
    """Make the rows say what the record says; returns the keys that changed. ``rooms`` are those of before."""
    session.flush()
    session.expire(event, ["team"])
    stored = session.scalars(
        select(Staff)
        .where(Staff.event_id == event.id)
        .options(selectinload(Staff.assignments))
        .execution_options(populate_existing=True)
    ).all()
    left = {(staff.role, staff.address_key): staff for staff in stored}
    changes: list[str] = []
    for at, member in enumerate(said):
        staff = left.pop((member.role, read_address(member.email).key), None)
        if staff is None:
            staff = _new(event, member, now)
            changes.append(f"team[{at}]")
        changes += _write(staff, member, at, now)
        if _assign(staff, _dates(event, member), now) and f"team[{at}]" not in changes:
            changes.append(f"team[{at}].occurrences")
    if [staff for staff in left.values() if _leave(event, staff, now)]:
        changes.append("team")
    _show_new_rooms(stored, event, rooms, now)
    session.flush()
    return changes


def _new(event: Event, member: MemberRecord, now: datetime) -> Staff:
    staff = Staff(
        public_id=new_public_id(),
        role=member.role,
        email=member.email,
        address_key=read_address(member.email).key,
        name=member.name,
        language_tag=member.language,
        tzid=member.tzid,
        digest=member.digest,
        digested_at=now,
        created_at=now,
    )
    event.team.append(staff)
    return staff


def _write(staff: Staff, member: MemberRecord, at: int, now: datetime) -> list[str]:
    said = {
        "email": member.email,
        "name": member.name,
        "language_tag": member.language,
        "tzid": member.tzid,
        "digest": member.digest,
    }
    changed = [name for name, value in said.items() if getattr(staff, name) != value]
    for name in changed:
        setattr(staff, name, said[name])
    staff.position = at
    if staff.digest_at is None or {"digest", "tzid"} & set(changed):
        staff.digest_at = next_digest(staff.digest, staff.tzid, now)
    if "tzid" in changed:
        for assignment in staff.assignments:
            assignment.remind_at = now
    return [f"team[{at}].{name.removesuffix('_tag')}" for name in changed]


def _dates(event: Event, member: MemberRecord) -> list[Occurrence]:
    if member.role is StaffRole.ORGANIZER:
        return []
    named = member.occurrences
    return [occurrence for occurrence in event.occurrences if named is None or occurrence.key in named]


def _assign(staff: Staff, dates: Sequence[Occurrence], now: datetime) -> bool:
    """Whether that changed anything."""
    held = {one.occurrence_id: one for one in staff.assignments}
    wanted = [occurrence.id for occurrence in dates]
    new = [occurrence_id for occurrence_id in wanted if occurrence_id not in held]
    staff.assignments += [Assignment(occurrence_id=id_, revision=0, changed_at=now, created_at=now) for id_ in new]
    changed = bool(new)
    for occurrence_id, assignment in held.items():
        if occurrence_id in wanted and assignment.ended_at is not None:
            assignment.ended_at = None
            _rise(assignment, now)
            changed = True
        elif occurrence_id not in wanted and assignment.ended_at is None:
            _end(staff, assignment, now)
            changed = True
    return changed


def _end(staff: Staff, assignment: Assignment, now: datetime) -> None:
    if assignment.told_at is None:
        staff.assignments.remove(assignment)
        return
    assignment.ended_at = now
    _rise(assignment, now)


def _leave(event: Event, staff: Staff, now: datetime) -> bool:
    """Whether the person was on the team until now."""
    changed = _assign(staff, [], now) or staff.role is StaffRole.ORGANIZER
    if not staff.assignments:
        event.team.remove(staff)
    return changed


def _show_new_rooms(team: Sequence[Staff], event: Event, rooms: Rooms, now: datetime) -> None:
    """Staff have number, passcode and link in their calendars, so another room is a new revision of their entry."""
    changed = {id_ for id_, room in rooms_of(event).items() if id_ in rooms and rooms[id_] != room}
    for staff in team:
        for assignment in staff.assignments:
            known = assignment.told_at is not None and assignment.ended_at is None
            if known and assignment.occurrence_id in changed:
                _rise(assignment, now)


def _rise(assignment: Assignment, now: datetime) -> None:
    assignment.revision += 1
    assignment.changed_at = assignment.remind_at = now


def _room(occurrence: Occurrence) -> tuple[Any, ...] | None:
    room = occurrence.conference
    return None if room is None else (room.kind, room.url, room.meeting_id, room.passcode, room.dial_in)
