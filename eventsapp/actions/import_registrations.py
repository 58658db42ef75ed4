"""Take people over from a spreadsheet: kept as it was read, ordered once it was looked at, done in steps by the worker.

The same file a second time changes nothing: who is there by their address is compared, and never gets another place.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from eventsapp.actions import jobs, places
from eventsapp.actions.add_registration import add_registration
from eventsapp.actions.answers import settle_answers
from eventsapp.actions.audit import Action, note
from eventsapp.actions.schedule import look_again
from eventsapp.config import Settings
from eventsapp.domain.errors import N_, DomainError, Invalid
from eventsapp.domain.vocabulary import JobKind, JobState
from eventsapp.models import Event, Job, JobFile, Registration, User
from eventsapp.queries.imports.columns import guess
from eventsapp.queries.imports.people import Changes, Person, Reader, Row, Usual, WrongRow, people_of
from eventsapp.queries.registrations import answers_of, registration_known
from eventsapp.reading.spreadsheet import Sheet, read_sheet
from eventsapp.spreadsheets import unguarded

ROWS, PEOPLE = "rows", "people"  # a job's parts: as they were read, and then as they are to be done
ROWS_IN_PART = 500
STEP = 20  # people in one transaction: those who register meanwhile do not wait for long
EXAMPLES = 3
_PACKED = b"PK"  # XLSX, in which no text is guarded
_JSON = "application/json"


def prepare(session: Session, event: Event, data: bytes, *, user: User, usual: Usual, tag: str, now: datetime) -> Job:
    """Keep what a file says, with each column guessed; nothing is done yet. ``tag``: the organizer's language.

    Raises Invalid: the file cannot be read.
    """
    sheet = _read(data)
    job = jobs.order(
        session,
        organization=event.organization,
        event=event,
        user=user,
        kind=JobKind.IMPORT,
        asked={
            "heads": list(sheet.heads),
            "examples": [_examples(sheet, column) for column in range(len(sheet.heads))],
            "columns": guess(event, sheet.heads),
            "usual": asdict(usual),
            "tag": tag,
        },
        total=len(sheet.rows),
        now=now,
    )
    job.state = JobState.PREPARED
    _keep(session, job, ROWS, sheet.rows, ROWS_IN_PART)
    return job


def choose(job: Job, columns: Sequence[str], usual: Usual) -> None:
    """What the columns are, and what holds for new people whose row says nothing."""
    job.asked = job.asked | {"columns": list(columns), "usual": asdict(usual)}


def rows_of(session: Session, job: Job) -> Iterator[Row]:
    bodies = session.scalars(
        select(JobFile.body).where(JobFile.job_id == job.id, JobFile.name == ROWS).order_by(JobFile.id)
    )
    for body in bodies:
        yield from ((number, cells) for number, cells in json.loads(body))


def people(session: Session, event: Event, job: Job) -> list[Person]:
    return people_of(event, job.asked["columns"], rows_of(session, job))


def discard(session: Session, job: Job) -> None:
    """Forget what was only prepared, with all that it says."""
    session.delete(job)


def begin(session: Session, event: Event, job: Job, *, tell: bool, now: datetime) -> None:
    """Leave it to the worker; ``tell``: new people get the letters that they would have got by registering."""
    wanted = people(session, event, job)
    session.execute(delete(JobFile).where(JobFile.job_id == job.id))
    _keep(session, job, PEOPLE, [asdict(person) for person in wanted], STEP)
    job.asked = job.asked | {"tell": tell, "examples": []}
    job.total, job.state = len(wanted), JobState.QUEUED
    note(
        session,
        Action.IMPORTED,
        now=now,
        organization=event.organization,
        user=job.user,
        event=event,
        changes={"people": [None, len(wanted)]},
    )


def run(session: Session, job: Job, now: datetime, settings: Settings) -> bool:
    """The next few people; True while there are more. Their part of the file goes with the step that does it."""
    part = session.scalar(
        select(JobFile).where(JobFile.job_id == job.id, JobFile.name == PEOPLE).order_by(JobFile.id).limit(1)
    )
    if part is None:
        return False
    event = places.take_event(session, job.event_id or 0)
    reader = Reader(event, Usual.read(job.asked["usual"]), job.asked["tag"])
    heads = dict(zip(job.asked["columns"], job.asked["heads"], strict=True))
    for plain in json.loads(part.body):
        person = Person(**plain)
        try:
            with session.begin_nested():
                _take_over(session, event, person, reader, job, now=now, settings=settings)
            job.done += 1
        except WrongRow as wrong:
            target, error = wrong.mistakes[0]
            jobs.failed(job, error, row=person.row, column=heads.get(target, ""))
        except DomainError as error:
            session.expire_all()
            jobs.failed(job, error, row=person.row)
    session.delete(part)
    return True


def _take_over(
    session: Session, event: Event, person: Person, reader: Reader, job: Job, *, now: datetime, settings: Settings
) -> None:
    """Raises WrongRow, Refused."""
    registration = registration_known(session, event.id, reader.address(person))
    if registration is not None:
        changes = reader.changes(person, registration, answers_of(registration))
        if changes:
            _change(session, event, registration, changes, user=job.user, now=now)
        return
    newcomer = reader.newcomer(person)
    added = add_registration(
        session,
        event.id,
        newcomer.applicant,
        user=job.user,
        now=now,
        settings=settings,
        tell=job.asked["tell"],
        states=newcomer.states,
    )
    added.note = newcomer.note


def _change(
    session: Session, event: Event, registration: Registration, changes: Changes, *, user: User | None, now: datetime
) -> None:
    told: dict[str, Any] = {name: [None, "•••"] for name in ("name", "note", "answers") if getattr(changes, name)}
    if changes.answers is not None:
        settle_answers(session, event, registration, changes.answers, now=now)
    registration.name = changes.name or registration.name
    registration.note = changes.note or registration.note
    if changes.language_tag or changes.tzid:
        told |= _letters_change(registration, changes)
        look_again(session, registration=registration, now=now)
    registration.changed_at = now
    note(
        session,
        Action.REGISTRATION_EDITED,
        now=now,
        organization=event.organization,
        user=user,
        event=event,
        registration=registration,
        changes=told,
    )


def _letters_change(registration: Registration, changes: Changes) -> Mapping[str, Any]:
    before = {"language": registration.language_tag, "tzid": registration.tzid}
    registration.language_tag = changes.language_tag or registration.language_tag
    registration.tzid = changes.tzid or registration.tzid
    after = {"language": registration.language_tag, "tzid": registration.tzid}
    return {key: [before[key], after[key]] for key in before if before[key] != after[key]}


def _read(data: bytes) -> Sheet:
    sheet = read_sheet(data)
    if not sheet.rows:
        raise Invalid(N_("The file has a row of heads and nothing below it."))
    if data.startswith(_PACKED):
        return sheet
    rows = tuple((number, tuple(unguarded(cell) for cell in cells)) for number, cells in sheet.rows)
    return Sheet(tuple(unguarded(head) for head in sheet.heads), rows)


def _examples(sheet: Sheet, column: int) -> list[str]:
    found: list[str] = []
    for _number, cells in sheet.rows:
        if len(found) == EXAMPLES:
            break
        if cells[column] and cells[column] not in found:
            found.append(cells[column])
    return [text[:80] for text in found]


def _keep(session: Session, job: Job, name: str, things: Iterable[Any], size: int) -> None:
    listed = list(things)
    for start in range(0, len(listed), size):
        body = json.dumps(listed[start : start + size], ensure_ascii=False).encode()
        session.add(JobFile(job_id=job.id, name=name, mimetype=_JSON, body=body))
        session.flush()
