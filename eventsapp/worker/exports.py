"""Writes a large table file. It reads in batches and holds no lock meanwhile; killed, it begins anew, and nobody sees
half a file.
"""

import io
from collections.abc import Callable
from datetime import datetime

from eventsapp.actions import jobs
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import JobState
from eventsapp.models import Event, Job
from eventsapp.queries.export_files import FileOrder, write
from eventsapp.translations import speaking


def export(job_id: int, *, worker: str, clock: Callable[[], datetime]) -> None:
    """The file of one job, from the first row to the last, unless somebody ends it or takes it over."""
    job = db.session.get_one(Job, job_id)
    event_id, order = job.event_id, FileOrder.read(job.asked)
    assert event_id is not None  # noqa: S101  it is ordered for an event
    with speaking(order.tag), io.BytesIO() as file:
        for done in write(db.session(), event_id, order, file):
            db.session.rollback()
            if not _reported(job_id, done, worker=worker, now=clock()):
                return
        db.session.rollback()
        _keep(job_id, order, file.getvalue(), worker=worker, now=clock())


def _reported(job_id: int, done: int, *, worker: str, now: datetime) -> bool:
    with transaction() as session:
        job = jobs.taken(session, job_id, worker=worker, now=now)
        if job is not None:
            job.done = done
        return job is not None


def _keep(job_id: int, order: FileOrder, body: bytes, *, worker: str, now: datetime) -> None:
    with transaction() as session:
        job = jobs.taken(session, job_id, worker=worker, now=now)
        if job is not None:
            name = order.file_name(session.get_one(Event, job.event_id))
            jobs.keep(session, job, jobs.File(name, order.mimetype, body))
            jobs.finish(job, JobState.DONE, now=now)
