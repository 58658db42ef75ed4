"""An organizer changes an event: the record as it should be, checked as a file is, taken over, and put on the trail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions.audit import Action, Changes, difference, flat, note
from eventsapp.actions.import_record import ImportReport, import_record
from eventsapp.actions.places import take_event
from eventsapp.config import Settings
from eventsapp.domain.errors import N_, DomainError
from eventsapp.models import AuditEntry, Event, User
from eventsapp.queries.record import known_organization, record_of
from eventsapp.reading.record import read_bytes
from eventsapp.reading.values import EventRecord
from eventsapp.reading.writing import write_record

VERSION = "version"  # the key under which an entry of the trail says which version it made


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody else did to the event since it was read."""

    user: User | None
    at: datetime
    changes: Changes


class Overtaken(DomainError):
    """Somebody else changed the same thing since the page was opened; ``meanwhile`` is what, ``version`` theirs."""

    def __init__(self, meanwhile: list[Meanwhile], version: int) -> None:
        super().__init__(
            N_("Somebody else changed this while you were at it. Look at what they did; saving again puts yours there.")
        )
        self.meanwhile, self.version = meanwhile, version


@dataclass(frozen=True, slots=True)
class Edited:
    """The event as it is now, what the import reports, and what differs by the record's keys."""

    event: Event
    report: ImportReport
    changes: Changes = field(default_factory=dict)


def edit(
    session: Session,
    event_id: int,
    change: Callable[[EventRecord], EventRecord],
    *,
    version: int | None,
    user: User | None,
    now: datetime,
    settings: Settings,
    action: Action = Action.EVENT_EDITED,
) -> Edited:
    """Change one event, under its lock. ``change`` gets its record as it is by now and returns it as it should be.

    ``version`` is the one that the person saw; None: it does not matter. Writes to nobody of a change. Raises
    RecordRefused for what no record may say, Overtaken where somebody else changed the same key meanwhile; a key that
    nobody else touched is no conflict.
    """
    event = take_event(session, event_id)
    before = record_of(event)
    flat_before = flat(before)
    wanted = checked(session, change(before))
    mine = difference(flat_before, flat(wanted))
    if version is not None and version != event.version:
        _refuse_conflict(session, event, version, mine)
    report = import_record(session, wanted, now=now, settings=settings)
    if mine:
        made = {VERSION: [version, event.version]}
        note(
            session,
            action,
            now=now,
            organization=event.organization,
            user=user,
            event=event,
            changes=mine | made,
        )
    return Edited(event, report, mine)


def checked(session: Session, record: EventRecord) -> EventRecord:
    """The record as its file would be read: every rule that holds for files holds here. Raises RecordRefused."""
    data = write_record(record).encode()
    return read_bytes(data, "record", known=lambda slug: known_organization(session, slug))


def _refuse_conflict(session: Session, event: Event, version: int, mine: Changes) -> None:
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.event_id == event.id).order_by(AuditEntry.id.desc()).limit(100)
    ).all()
    since = [one for one in reversed(entries) if one.changes.get(VERSION, [0, 0])[1] > version]
    known = {one.changes[VERSION][1] for one in since}
    theirs = [
        Meanwhile(one.user, one.at, {key: both for key, both in one.changes.items() if key in mine}) for one in since
    ]
    theirs = [one for one in theirs if one.changes]
    on_record = known >= set(range(version + 1, event.version + 1))
    if theirs or not on_record:
        raise Overtaken(theirs, event.version)
