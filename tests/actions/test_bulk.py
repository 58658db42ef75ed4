"""One decision about many: whom it means, what it leaves alone, and how it goes on after a kill."""

import pytest
from sqlalchemy import select

from eventsapp.actions import bulk
from eventsapp.actions.bulk import Deed, Wish
from eventsapp.db import db, transaction
from eventsapp.domain.errors import Invalid
from eventsapp.domain.vocabulary import Choose, LetterKind, PlaceState
from eventsapp.models import AuditEntry, Event, Job, Message, Place
from eventsapp.queries.people import Filter
from tests.factory import IN_ENGLISH, IN_SPANISH

CONFIRMED, PENDING, DECLINED = PlaceState.CONFIRMED, PlaceState.PENDING, PlaceState.DECLINED
CANCELLED = PlaceState.CANCELLED


class Killed(BaseException):
    """As a worker that is gone before its step is committed."""


@pytest.fixture
def forum(make):
    return make.event(occurrences=[{**IN_ENGLISH, "capacity": 3}, IN_SPANISH], choose=Choose.ANY)


@pytest.fixture
def work(forum, make, settings, now):
    """``work(wish)``: ordered, and done step by step to the end; what the job counts, as (done, failed)."""
    event_id, user = forum.id, make.member(forum.organization)

    def step(job_id, *, killed=False):
        with transaction() as session:
            more = bulk.run(session, session.get_one(Job, job_id), now, settings)
            session.flush()
            if killed:
                raise Killed
            return more

    def work(wish, *, killed=(), meanwhile=lambda: None):
        with transaction() as session:
            event = session.get_one(Event, event_id)
            job_id = bulk.order(session, event, wish, user=session.merge(user), now=now).id
        meanwhile()
        for number in range(20):
            if number in killed:
                with pytest.raises(Killed):
                    step(job_id, killed=True)
            elif not step(job_id):
                break
        job = db.session.get_one(Job, job_id)
        assert job.total == job.done + job.failed
        return job.done, job.failed

    return work


def standing():
    """Everybody's places by date, oldest registration first."""
    db.session.rollback()
    found = {}
    for place in db.session.scalars(select(Place).order_by(Place.id)):
        found.setdefault(place.registration_id, {})[place.occurrence.key] = place.state
    return list(found.values())


def letters():
    db.session.rollback()
    return sorted(kind.value for kind in db.session.scalars(select(Message.kind)))


def test_a_kill_repeats_and_loses_nobody_and_no_place_is_given_twice(forum, make, work):
    for _ in range(12):
        make.registration(forum, places={"english": PENDING})
    event = forum

    def newcomer():
        make.registration(db.session.merge(event), places={"english": PENDING})

    everybody = Wish(Deed.APPROVE, Filter(state=(PENDING,)))
    assert work(everybody, killed={0, 2}, meanwhile=newcomer) == (3, 9)
    assert standing() == [{"english": CONFIRMED}] * 3 + [{"english": PENDING}] * 10
    assert letters() == [LetterKind.APPROVED] * 3
    assert len(db.session.scalars(select(AuditEntry)).all()) == 3


def test_approving_lets_nobody_in_who_was_declined(forum, make, work):
    for places in ({"spanish": PENDING}, {"spanish": DECLINED}, {"english": DECLINED, "spanish": PENDING}):
        make.registration(forum, places=places)
    assert work(Wish(Deed.APPROVE, Filter())) == (2, 0)
    assert standing() == [
        {"spanish": CONFIRMED},
        {"spanish": DECLINED},
        {"english": DECLINED, "spanish": CONFIRMED},
    ]


def test_moving_takes_the_place_along_only_while_there_is_room(forum, make, work, now):
    make.registration(forum, places={"spanish": PENDING})
    for _ in range(4):
        make.registration(forum, places={"spanish": CONFIRMED})
    make.registration(forum, places={"spanish": CONFIRMED, "english": CONFIRMED})
    assert work(Wish(Deed.MOVE, Filter(), at="spanish", to="english")) == (3, 3)
    assert standing() == [
        {"spanish": CANCELLED, "english": PENDING},
        {"spanish": CANCELLED, "english": CONFIRMED},
        {"spanish": CANCELLED, "english": CONFIRMED},
        {"spanish": CONFIRMED},
        {"spanish": CONFIRMED},
        {"spanish": CONFIRMED, "english": CONFIRMED},
    ]
    with transaction() as session, pytest.raises(Invalid):
        bulk.order(session, session.merge(forum), Wish(Deed.MOVE, Filter(), to="talk"), user=None, now=now)


def test_a_date_that_is_named_is_the_only_one_that_is_cancelled(forum, make, work):
    make.registration(forum, places={"english": CONFIRMED, "spanish": CONFIRMED})
    make.registration(forum, places={"english": CONFIRMED})
    assert work(Wish(Deed.CANCEL, Filter(), at="spanish")) == (1, 0)
    assert standing() == [{"english": CONFIRMED, "spanish": CANCELLED}, {"english": CONFIRMED}]
