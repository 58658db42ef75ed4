"""The lane of organizers' long work: one job at a time, one step in each turn. Two workers never have the same job.

An export is one long step: it reads, and writes a file at its end.

A kill loses the step in hand: whoever takes the job over goes on from what is committed.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from threading import Event

from sqlalchemy import exists, select

from eventsapp.actions import bulk, import_registrations
from eventsapp.actions.jobs import WAITING, Runner, claim, finish, give_up, taken
from eventsapp.config import Settings
from eventsapp.db import AWAY, db, transaction
from eventsapp.domain.vocabulary import JobKind, JobState
from eventsapp.models import Job
from eventsapp.worker.exports import export
from eventsapp.worker.lane import Prompt

LOOK_EVERY = 1.0

RUNNERS: dict[JobKind, Runner] = {JobKind.IMPORT: import_registrations.run, JobKind.BULK: bulk.run}

log = logging.getLogger(__name__)


class Jobs(Prompt):
    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._worker = secrets.token_hex(8)

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        if not _anything():
            return LOOK_EVERY
        with transaction() as session:
            job_id = claim(session, worker=self._worker, now=self._clock())
        if job_id is None:
            return LOOK_EVERY
        try:
            if db.session.get_one(Job, job_id).kind is JobKind.EXPORT:
                export(job_id, worker=self._worker, clock=self._clock)
            else:
                self._step(job_id)
        except AWAY:  # the same step is tried again
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, it would be no better the next time
            log.error("job %s is stopped (%s)", job_id, type(error).__name__)  # noqa: TRY400  a traceback would hold rows
            with transaction() as session:
                give_up(session, job_id, worker=self._worker, now=self._clock())
        return 0.0

    def _step(self, job_id: int) -> None:
        with transaction() as session:
            job = taken(session, job_id, worker=self._worker, now=self._clock())
            if job is not None and not RUNNERS[job.kind](session, job, self._clock(), self._settings):
                finish(job, JobState.DONE, now=self._clock())


def _anything() -> bool:
    found = db.session.scalar(select(exists().where(Job.state.in_(WAITING))))
    db.session.rollback()
    return bool(found)
