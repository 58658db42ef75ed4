"""Long work that an organizer leaves to the worker: ordered, taken under a lease, done in steps, ended.

Every write-back names the lease it works under, so a worker that lost its lease changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from eventsapp.actions.statements import rows_changed
from eventsapp.config import Settings
from eventsapp.domain.errors import N_, DomainError
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import JobKind, JobState
from eventsapp.models import Event, Job, JobFile, Organization, User

LEASE = timedelta(minutes=2)  # no step may take longer
KEPT = timedelta(days=2)
MOST_FAILURES = 100  # that are kept; all of them are counted
MOST_AT_ONCE = 50  # that a step of many small changes does
PART = 1024 * 1024  # bytes of a file in one row
WAITING = (JobState.QUEUED, JobState.RUNNING)

Runner = Callable[[Session, Job, datetime, Settings], bool]  # one step, in its own transaction; True: more to do

STOPPED = N_("Something went wrong, so this was stopped. What is done stays done.")


class File(NamedTuple):
    name: str
    mimetype: str
    body: bytes


def order(
    session: Session,
    *,
    organization: Organization,
    event: Event | None,
    user: User | None,
    kind: JobKind,
    asked: Mapping[str, Any],
    files: Sequence[File] = (),
    total: int | None = None,
    now: datetime,
) -> Job:
    """Leave work of a kind to the worker. ``asked`` is JSON that the kind's runner understands."""
    job = Job(
        public_id=new_public_id(),
        organization_id=organization.id,
        event_id=None if event is None else event.id,
        user_id=None if user is None else user.id,
        kind=kind,
        asked=dict(asked),
        total=total,
        created_at=now,
        expires_at=now + KEPT,
    )
    session.add(job)
    session.flush()
    for file in files:
        keep(session, job, file)
    return job


def keep(session: Session, job: Job, file: File) -> None:
    """Put a file beside the job, in parts; parts of one name belong together, in the order of their ids."""
    for start in range(0, max(len(file.body), 1), PART):
        session.add(
            JobFile(job_id=job.id, name=file.name, mimetype=file.mimetype, body=file.body[start : start + PART])
        )
        session.flush()


def cancel(session: Session, job: Job, *, now: datetime) -> None:
    """End it after the step it is at; what has not begun ends at once. What has ended already stays as it was."""
    session.execute(
        update(Job).where(Job.id == job.id, Job.state.in_(WAITING), Job.cancel_at.is_(None)).values(cancel_at=now)
    )
    session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == JobState.QUEUED)
        .values(state=JobState.CANCELLED, finished_at=now)
    )
    session.refresh(job)


def claim(session: Session, *, worker: str, now: datetime) -> int | None:
    """Take the oldest job that nobody works at under ``worker``'s lease; its id. A lease that ran out is taken over."""
    free = (
        select(Job.id)
        .where(
            Job.state.in_(WAITING),
            or_(Job.lease.is_(None), Job.lease == worker, Job.lease_until <= now),
        )
        .order_by(Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job_id = session.scalar(free)
    if job_id is not None:
        renew(session, job_id, worker=worker, now=now, anew=True)
    return job_id


def renew(session: Session, job_id: int, *, worker: str, now: datetime, anew: bool = False) -> bool:
    """Keep the lease for another while; False where it is not this worker's any more."""
    mine = () if anew else (Job.lease == worker,)
    return bool(
        rows_changed(
            session,
            update(Job)
            .where(Job.id == job_id, Job.state.in_(WAITING), *mine)
            .values(lease=worker, lease_until=now + LEASE, state=JobState.RUNNING),
        )
    )


def put_back(session: Session, *, now: datetime) -> None:
    """A lease ends when one taken now does: the clock may have been ahead when its time was set."""
    session.execute(update(Job).where(Job.lease_until > now + LEASE).values(lease_until=now + LEASE))


def taken(session: Session, job_id: int, *, worker: str, now: datetime) -> Job | None:
    """The job under this worker's lease, its row locked. None: it has ended, here because that was asked for."""
    job = session.scalar(
        select(Job)
        .where(Job.id == job_id, Job.lease == worker, Job.state.in_(WAITING))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if job is None:
        return None
    if job.cancel_at is not None:
        finish(job, JobState.CANCELLED, now=now)
        return None
    job.started_at = job.started_at or now
    job.lease_until = now + LEASE
    return job


def finish(job: Job, state: JobState, *, now: datetime) -> None:
    job.state, job.finished_at, job.expires_at = state, now, now + KEPT
    job.lease = job.lease_until = None


def failed(job: Job, error: DomainError, **where: Any) -> None:
    """Count one failure and keep its sentence: ``where`` says which row or registration it is about."""
    job.failed += 1
    if len(job.failures) < MOST_FAILURES:
        values = {name: _plain(value) for name, value in error.values.items()}
        job.failures = [*job.failures, {**where, "message": error.message, "values": values}]


def give_up(session: Session, job_id: int, *, worker: str, now: datetime) -> None:
    """A step cannot be done, and would not the next time either."""
    job = taken(session, job_id, worker=worker, now=now)
    if job is not None:
        job.failures = [*job.failures, {"message": STOPPED, "values": {}}]
        finish(job, JobState.FAILED, now=now)


def forget_jobs(session: Session, *, now: datetime) -> None:
    """Those whose time is over go, with their files."""
    session.execute(delete(Job).where(Job.expires_at <= now))


def _plain(value: object) -> str | int | float:
    return value if type(value) in (int, float) else str(value)  # type: ignore[return-value]  # a time to wait is a text
