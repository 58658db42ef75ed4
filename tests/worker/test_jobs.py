"""Long work: in steps, by one worker at a time, ended when asked, taken up again after a kill."""

from datetime import timedelta
from threading import Event

import pytest

from eventsapp.actions import jobs
from eventsapp.actions.expire import expire
from eventsapp.db import transaction
from eventsapp.domain.errors import Refused
from eventsapp.domain.vocabulary import JobKind, JobState
from eventsapp.models import Job, JobFile
from eventsapp.worker.jobs import RUNNERS, Jobs
from tests.conftest import NOW


class Killed(BaseException):
    """As a worker that is gone between two instants."""


@pytest.fixture
def steps(monkeypatch):
    """A kind whose runner counts to three, failing at the second."""
    done = []

    def step(session, job, now, settings):
        job.done += 1
        if job.done == 2:
            jobs.failed(job, Refused("Row %(row)s is bad.", row=7), row=7)
        done.append(job.done)
        return job.done < 3

    monkeypatch.setitem(RUNNERS, JobKind.IMPORT, step)
    return done


@pytest.fixture
def order(make, now):
    def order():
        event = make.event() if not make.registrations else None
        with transaction() as session:
            organization = event.organization
            return jobs.order(
                session, organization=organization, event=event, user=None, kind=JobKind.IMPORT, asked={}, now=now
            ).id

    return order


def test_a_job_is_done_in_steps_and_says_what_failed(order, steps, settings, session, now):
    id_ = order()
    lane = Jobs(settings, lambda: now)
    rests = [lane.work(Event(), 0.1) for _ in range(4)]
    job = session.get(Job, id_)
    assert (steps, rests[:3], rests[3] > 0) == ([1, 2, 3], [0.0, 0.0, 0.0], True)
    assert (job.state, job.done, job.failed, job.lease) == (JobState.DONE, 3, 1, None)
    assert job.failures == [{"row": 7, "message": "Row %(row)s is bad.", "values": {"row": 7}}]


def test_two_workers_never_have_the_same_job_and_a_dead_one_s_is_taken_over(order, settings, session, now):
    id_ = order()
    with transaction():
        first = jobs.claim(session, worker="first", now=now)
    with transaction():
        assert (first, jobs.claim(session, worker="second", now=now)) == (id_, None)
        later = now + jobs.LEASE
        assert jobs.claim(session, worker="second", now=later) == id_
    with transaction():
        assert jobs.taken(session, id_, worker="first", now=later) is None
        assert jobs.renew(session, id_, worker="first", now=later) is False
        assert session.get(Job, id_).lease == "second"


def test_a_kill_loses_no_more_than_the_step_in_hand(order, steps, settings, session, monkeypatch):
    id_, counting, now = order(), RUNNERS[JobKind.IMPORT], NOW

    def killed(session, job, now, settings):
        counting(session, job, now, settings)
        raise Killed

    Jobs(settings, lambda: now).work(Event(), 0.1)
    with monkeypatch.context() as patch:
        patch.setitem(RUNNERS, JobKind.IMPORT, killed)
        lane = Jobs(settings, lambda: now + jobs.LEASE)
        with pytest.raises(Killed):
            lane.work(Event(), 0.1)
    after = Jobs(settings, lambda: now + 2 * jobs.LEASE + timedelta(minutes=5))
    assert [after.work(Event(), 0.1) for _ in range(2)] == [0.0, 0.0]
    assert (steps, session.get(Job, id_).failed) == ([1, 2, 2, 3], 1)


def test_cancelling_ends_after_the_step_and_an_error_ends_with_a_sentence(order, steps, settings, session, now):
    id_ = order()
    lane = Jobs(settings, lambda: now)
    lane.work(Event(), 0.1)
    with transaction():
        jobs.cancel(session, session.get(Job, id_), now=now)
        assert session.get(Job, id_).state is JobState.RUNNING
    lane.work(Event(), 0.1)
    session.expire_all()
    assert (session.get(Job, id_).state, steps) == (JobState.CANCELLED, [1])
    with transaction():
        job = session.get(Job, id_)
        again = jobs.order(
            session, organization=job.organization, event=None, user=None, kind=JobKind.IMPORT, asked={}, now=now
        )
        jobs.cancel(session, again, now=now)
        assert again.state is JobState.CANCELLED
    with transaction():
        bad = jobs.order(
            session, organization=job.organization, event=None, user=None, kind=JobKind.EXPORT, asked={}, now=now
        )
        bad.kind, bad_id = JobKind.BULK, bad.id
    lane.work(Event(), 0.1)
    session.expire_all()
    assert (session.get(Job, bad_id).state, session.get(Job, bad_id).failures[-1]["message"]) == (
        JobState.FAILED,
        jobs.STOPPED,
    )


def test_files_are_kept_in_parts_and_go_with_the_job(order, session, now, monkeypatch):
    monkeypatch.setattr(jobs, "PART", 4)
    id_ = order()
    with transaction():
        jobs.keep(session, session.get(Job, id_), jobs.File("a.csv", "text/csv", b"123456789"))
    parts = [part.body for part in session.get(Job, id_).files]
    assert parts == [b"1234", b"5678", b"9"]
    with transaction():
        expire(session, now=now + jobs.KEPT)
        assert (session.query(Job).count(), session.query(JobFile).count()) == (0, 0)
