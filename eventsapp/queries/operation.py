"""What machines that watch are told of the database: what waits and for how long, and whether anybody works at it.

A handful of statements, each over a short index, however many letters were ever written.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Session

from eventsapp.domain.vocabulary import JobState, MessageState, Priority
from eventsapp.metrics import Fact
from eventsapp.models import Heartbeat, Job, Message, Outage
from eventsapp.rates import Rates

SILENT_AFTER = timedelta(minutes=1)  # a worker that lives says so four times in that time

Fits = Callable[[Connection], bool]


def facts(session: Session, *, fits: Fits, rates: Rates, now: datetime) -> list[Fact]:
    """All there is to say at this moment; also where the database is away.

    ``fits`` tells whether this program can work over the database as it is: else nothing more is read from it.
    """
    found = [Fact("eventsapp_info", "The version of eventsapp that answers.", {version("eventsapp"): 1}, "version")]
    if rates.shared:
        found.append(Fact("eventsapp_redis_up", "Whether Redis answers.", rates.answers()))
    try:
        return found + _of_database(session, fits, now)
    except SQLAlchemyError:
        return [*found, _up(up=False)]
    finally:
        session.rollback()


def _up(*, up: bool) -> Fact:
    return Fact("eventsapp_database_up", "Whether the database answers.", up)


def _of_database(session: Session, fits: Fits, now: datetime) -> list[Fact]:
    able = fits(session.connection())
    said = "Whether the database is at a version that this program can work over."
    standing = [_up(up=True), Fact("eventsapp_database_fits", said, able)]
    if not able:
        return standing
    return [*standing, *_letters(session, now), *_outage(session, now), *_jobs(session, now), *_workers(session, now)]


def _letters(session: Session, now: datetime) -> list[Fact]:
    due = Message.due_at <= now
    rows = session.execute(
        select(Message.priority, func.count(), func.count().filter(due), func.min(Message.due_at))
        .where(_among(Message.state, MessageState.QUEUED, MessageState.SENDING))
        .group_by(Message.priority)
    ).all()
    waiting, late, ages = ({one.name.lower(): 0.0 for one in Priority} for _ in range(3))
    for number, count, count_due, oldest in rows:
        word = Priority(number).name.lower()
        waiting[word], late[word], ages[word] = count, count_due, _age(oldest, now)
    said = "For how long the oldest letter that is due has been so."
    return [
        Fact("eventsapp_messages_waiting", "Letters that wait to be sent, also those for later.", waiting, "priority"),
        Fact("eventsapp_messages_due", "Letters that ought to have left by now.", late, "priority"),
        Fact("eventsapp_message_oldest_due_age_seconds", said, ages, "priority"),
    ]


def _outage(session: Session, now: datetime) -> list[Fact]:
    since = session.scalar(select(func.min(Outage.since)))
    return [
        Fact("eventsapp_mail_outage", "1 while the mail server turns us away.", since is not None),
        Fact("eventsapp_mail_outage_age_seconds", "For how long it has done so.", _age(since, now)),
    ]


def _jobs(session: Session, now: datetime) -> list[Fact]:
    states = (JobState.QUEUED, JobState.RUNNING)
    rows = session.execute(
        select(Job.state, func.count(), func.min(Job.created_at)).where(_among(Job.state, *states)).group_by(Job.state)
    ).all()
    counted = {state: (count, since) for state, count, since in rows}
    both = {state.value: counted.get(state, (0,))[0] for state in states}
    oldest = counted.get(JobState.QUEUED, (0, None))[1]
    return [
        Fact("eventsapp_jobs", "Organizers' long work that is not done.", both, "state"),
        Fact(
            "eventsapp_job_oldest_queued_age_seconds", "For how long the oldest has not been begun.", _age(oldest, now)
        ),
    ]


def _workers(session: Session, now: datetime) -> list[Fact]:
    signs = list(session.scalars(select(Heartbeat.seen_at)))
    alive = Fact(
        "eventsapp_workers",
        "Workers that gave a sign of life within the last minute.",
        sum(now - at < SILENT_AFTER for at in signs),
    )
    if not signs:
        return [alive]
    last = Fact(
        "eventsapp_worker_last_seen_age_seconds",
        "For how long no worker has given a sign of life.",
        _age(max(signs), now),
    )
    return [alive, last]


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _among(column: InstrumentedAttribute[Any], *words: StrEnum) -> ColumnElement[bool]:
    """Spelled out in the statement, or neither database would see that a partial index has all of these rows."""
    return column.in_(bindparam("states", words, expanding=True, literal_execute=True, unique=True))
