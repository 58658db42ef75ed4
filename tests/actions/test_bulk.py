"""One decision about many, step by step: nobody too many, everybody once, and a reason for each who is left."""

from collections import Counter

import pytest
from sqlalchemy import select

from eventsapp.actions import bulk, jobs
from eventsapp.actions.bulk import STEP, Deed, Wish
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import LetterKind, PlaceState
from eventsapp.models import AuditEntry, Job, Message, Occurrence, Place, User
from eventsapp.queries.people import Filter
from tests.conftest import NOW
from tests.factory import IN_ENGLISH, IN_SPANISH


@pytest.fixture
def forum(make):
    return make.event(occurrences=[{**IN_ENGLISH, "capacity": 3}, IN_SPANISH], choose="any")


@pytest.fixture
def work(settings, make, forum):
    """``work(wish)`` orders it and returns a function for one step of it."""
    user_id = make.member(forum.organization).id

    def work(wish):
        with transaction() as session:
            event = session.merge(forum)
            job_id = bulk.order(session, event, wish, user=session.get_one(User, user_id), now=NOW).id

        def step():
            with transaction() as session:
                return bulk.run(session, session.get_one(Job, job_id), NOW, settings)

        return step

    return work


def stand():
    """How many places of each date stand how."""
    db.session.rollback()
    rows = db.session.execute(select(Occurrence.key, Place.state).join(Place, Place.occurrence_id == Occurrence.id))
    return Counter((key, state.value) for key, state in rows)


def test_no_more_are_approved_than_there_is_room_and_those_left_have_a_reason(make, forum, work):
    people = [make.registration(forum, places={"english": PlaceState.PENDING}) for _ in range(STEP + 3)]
    references = [one.reference for one in people]
    step = work(Wish(Deed.APPROVE, Filter()))
    late = make.registration(forum, places={"spanish": PlaceState.PENDING})  # nobody who comes later is meant
    assert [step(), step()] == [True, False]
    assert stand() == {("english", "confirmed"): 3, ("english", "pending"): STEP, ("spanish", "pending"): 1}
    job = db.session.scalars(select(Job)).one()
    assert (job.total, job.done, job.failed) == (STEP + 3, 3, STEP)
    assert [one["reference"] for one in job.failures] == references[3:]
    assert {one["message"] for one in job.failures} == {
        "The date you chose is full. Choose another date if there is one."
    }
    assert late.reference not in {one["reference"] for one in job.failures}
    noted = db.session.scalars(select(AuditEntry.changes)).all()
    assert noted == [{"places.english": ["pending", "confirmed"]}] * 3


def test_a_step_that_is_killed_is_done_once_when_it_is_taken_up_again(make, forum, work, settings, monkeypatch):
    for _ in range(STEP + 2):
        make.registration(forum)
    step = work(Wish(Deed.CANCEL, Filter()))
    step()

    class Killed(BaseException):
        """As a worker that is gone."""

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "failed", killed)
        patch.setattr(bulk, "_states", killed)
        with pytest.raises(Killed):
            step()
    assert stand() == {("spanish", "cancelled"): STEP, ("spanish", "confirmed"): 2}
    assert step() is False
    assert stand() == {("spanish", "cancelled"): STEP + 2}
    kinds = Counter(db.session.scalars(select(Message.kind)))
    assert kinds == {LetterKind.CANCELLED: STEP + 2}


def test_moving_gives_up_nothing_sure_and_lets_the_queue_move_up(make, forum, work):
    for _ in range(2):
        make.registration(forum, places={"english": PlaceState.CONFIRMED})
    movers = [make.registration(forum) for _ in range(2)]
    both = make.registration(forum, places={"english": PlaceState.CONFIRMED, "spanish": PlaceState.CONFIRMED})
    step = work(Wish(Deed.MOVE, Filter(only=tuple(one.reference for one in [*movers, both])), to="english"))
    assert step() is False
    assert stand() == {("english", "confirmed"): 3, ("spanish", "confirmed"): 3}  # it was full: nobody lost a place
    with transaction() as session:
        session.get_one(Occurrence, forum.occurrences[0].id).capacity = 4
    step = work(
        Wish(Deed.MOVE, Filter(only=tuple(one.reference for one in [*movers, both])), at="spanish", to="english")
    )
    step()
    assert stand() == {("english", "confirmed"): 4, ("spanish", "confirmed"): 2, ("spanish", "cancelled"): 1}
    failures = db.session.scalars(select(Job).order_by(Job.id.desc())).first().failures
    assert [one["reference"] for one in failures] == [movers[1].reference, both.reference]


def test_a_letter_is_not_written_twice_within_ten_minutes(make, forum, work):
    make.registration(forum)
    assert [work(Wish(Deed.RESEND, Filter()))() for _ in range(2)] == [False, False]
    assert len(db.session.scalars(select(Message)).all()) > 0
    assert [job.done for job in db.session.scalars(select(Job).order_by(Job.id))] == [1, 0]


def test_approving_many_lets_nobody_in_who_was_declined(make, forum, work):
    make.registration(forum, places={"spanish": PlaceState.PENDING})
    make.registration(forum, places={"spanish": PlaceState.DECLINED})
    make.registration(forum, places={"english": PlaceState.DECLINED, "spanish": PlaceState.PENDING})
    assert work(Wish(Deed.APPROVE, Filter()))() is False
    assert stand() == {("spanish", "confirmed"): 2, ("spanish", "declined"): 1, ("english", "declined"): 1}
    assert db.session.scalars(select(Job)).one().total == 2


def test_where_a_date_is_named_the_places_at_others_stay(make, forum, work):
    make.registration(forum, places={"english": PlaceState.CONFIRMED, "spanish": PlaceState.CONFIRMED})
    make.registration(forum, places={"english": PlaceState.CONFIRMED})
    work(Wish(Deed.CANCEL, Filter(), at="spanish"))()
    assert stand() == {("english", "confirmed"): 2, ("spanish", "cancelled"): 1}
