"""What happens to places after admission: the queue moves up, the organizer approves, declines, cancels."""

import random
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy
from sqlalchemy import select

from eventsapp.actions import places
from eventsapp.actions.give_place import give_place
from eventsapp.db import db, transaction
from eventsapp.domain.admission import Waiting, move_up
from eventsapp.domain.errors import Invalid, NotFound, Refused
from eventsapp.domain.vocabulary import Approval, Choose, MessageState, PlaceState, QuestionType
from eventsapp.models import Event, Message, Occurrence, Place, Registration
from eventsapp.queries import registrations

CONFIRMED, WAITLISTED, PENDING = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING
CANCELLED, DECLINED = PlaceState.CANCELLED, PlaceState.DECLINED
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def act(now, settings):
    """``act(places.cancel, registration_id, …)`` in a transaction of its own."""

    def act(verb, subject_id, *, at=now + HOUR, **values):
        with transaction() as session:
            return verb(session, subject_id, now=at, settings=settings, **values)

    return act


def limit(event_id: int, **capacities: int | None) -> None:
    with transaction():
        for occurrence in db.session.get_one(Event, event_id).occurrences:
            occurrence.capacity = capacities.get(occurrence.key, occurrence.capacity)


def standing(event_id: int) -> list[dict[str, PlaceState]]:
    """Everybody's places, oldest registration first."""
    db.session.rollback()
    found = db.session.scalars(select(Registration).where(Registration.event_id == event_id).order_by(Registration.id))
    return [{place.occurrence.key: place.state for place in one.places} for one in found]


def letters() -> list[tuple[str | None, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(Message).where(Message.state != MessageState.SUPERSEDED).order_by(Message.id))
    return [(row.recipient, row.kind.value) for row in rows]


def place_of(registration_id: int) -> Place:
    db.session.expire_all()
    return db.session.scalars(select(Place).where(Place.registration_id == registration_id)).one()


# Cancel and move up


def test_cancelling_frees_the_place_for_the_next_in_order(make, act, now):
    event = make.event(waitlist=True)
    event_id = event.id
    limit(event_id, spanish=1)
    first, *waiting = (
        make.registration(event, email=f"{name}@example.org", places={"spanish": state}).id
        for name, state in (("a", CONFIRMED), ("b", WAITLISTED), ("c", WAITLISTED))
    )
    cancelled = act(places.cancel, first)
    assert [(place.state, place.revision) for place in cancelled] == [(CANCELLED, 1)]
    assert standing(event_id) == [{"spanish": CANCELLED}, {"spanish": CONFIRMED}, {"spanish": WAITLISTED}]
    promoted = place_of(waiting[0])
    assert (promoted.revision, promoted.invited_at, promoted.changed_at) == (0, now + HOUR, now + HOUR)
    assert promoted.registration.changed_at == now + HOUR
    assert letters() == [("a@example.org", "cancelled"), ("b@example.org", "promoted")]


def test_the_queue_is_in_the_order_of_queued_at_not_of_rows(make, act, now):
    event = make.event(waitlist=True)
    event_id = event.id
    limit(event_id, spanish=0)
    early, late = (make.registration(event, places={"spanish": WAITLISTED}).id for _ in range(2))
    with transaction():
        place_of(early).queued_at = now + HOUR
    limit(event_id, spanish=1)
    assert act(places.promote, event_id) == 1
    assert [place_of(one).state for one in (early, late)] == [WAITLISTED, CONFIRMED]


def test_cancelling_one_who_waits_promotes_nobody(make, act):
    event = make.event(waitlist=True)
    event_id = event.id
    limit(event_id, spanish=1)
    make.registration(event)
    waiting = make.registration(event, places={"spanish": WAITLISTED}).id
    make.registration(event, places={"spanish": WAITLISTED})
    act(places.cancel, waiting)
    assert standing(event_id) == [{"spanish": CONFIRMED}, {"spanish": CANCELLED}, {"spanish": WAITLISTED}]


def test_one_occurrence_of_several_can_be_cancelled(make, act):
    event = make.event(choose=Choose.ANY)
    event_id = event.id
    both = make.registration(event, places={"english": CONFIRMED, "spanish": CONFIRMED}).id
    act(places.cancel, both, occurrence_key="english")
    assert standing(event_id) == [{"english": CANCELLED, "spanish": CONFIRMED}]
    act(places.cancel, both)
    assert standing(event_id) == [{"english": CANCELLED, "spanish": CANCELLED}]
    assert [kind for _, kind in letters()] == ["cancelled", "cancelled"]


def test_overbooked_stays_closed_until_it_is_under_its_capacity(make, act):
    event = make.event(waitlist=True)
    event_id = event.id
    ids = [make.registration(event).id for _ in range(3)]
    make.registration(event, places={"spanish": WAITLISTED})
    limit(event_id, spanish=2)  # lowered below the three who are in
    for one, state in zip(ids, (WAITLISTED, CONFIRMED, CONFIRMED), strict=True):
        act(places.cancel, one)
        assert standing(event_id)[-1] == {"spanish": state}


def test_raising_the_capacity_promotes_as_many(make, act):
    event = make.event(waitlist=True)
    event_id = event.id
    limit(event_id, spanish=0)
    for _ in range(4):
        make.registration(event, places={"spanish": WAITLISTED})
    assert act(places.promote, event_id) == 0
    limit(event_id, spanish=3)
    assert act(places.promote, event_id) == 3
    assert act(places.promote, event_id) == 0
    limit(event_id, spanish=None)
    assert act(places.promote, event_id) == 1
    assert [kind for _, kind in letters()] == ["promoted"] * 4


@pytest.mark.parametrize(("before_start", "moved_up"), [(MINUTE, 1), (MINUTE * 0, 0), (-MINUTE, 0)])
def test_nobody_moves_up_once_it_has_begun(make, act, before_start, moved_up):
    event = make.event(waitlist=True)
    event_id, starts_at = event.id, event.occurrences[1].starts_at
    limit(event_id, spanish=1)
    first = make.registration(event).id
    make.registration(event, places={"spanish": WAITLISTED})
    act(places.cancel, first, at=starts_at - before_start)
    assert standing(event_id) == [{"spanish": CANCELLED}, {"spanish": CONFIRMED if moved_up else WAITLISTED}]


@pytest.mark.parametrize("choose", list(Choose))
@pytest.mark.parametrize("seed", range(8))
def test_whoever_moves_up_would_if_all_of_the_queue_were_looked_at(make, act, now, choose, seed):
    chance = random.Random(seed)  # noqa: S311  the same every time
    dates = [{"key": key, "dtstart_local": (now + timedelta(days=30)).replace(tzinfo=None)} for key in "abc"]
    event = make.event(occurrences=dates, waitlist=True, choose=choose)
    event_id = event.id
    for _ in range(14):
        keys = chance.sample("abc", 1 if choose is Choose.ONE else chance.randint(1, 3))
        waiting = dict.fromkeys(keys, WAITLISTED)
        make.registration(event, places=waiting)
    waited: dict[int, int] = {}  # minutes; for dates that are given together alike
    with transaction() as session:
        for place in session.scalars(select(Place).order_by(Place.id)):
            whose = place.registration_id if choose is Choose.ALL else place.id
            place.queued_at = now - waited.setdefault(whose, chance.randint(0, 5)) * MINUTE
    limit(event_id, a=chance.randint(0, 6), b=chance.randint(0, 6), c=chance.choice([0, 2, None]))
    event = db.session.get_one(Event, event_id)
    everybody = select(Place).join(Place.occurrence).where(Occurrence.event_id == event_id)
    queue = [
        Waiting(place.registration_id, place.occurrence.key)
        for place in db.session.scalars(everybody.order_by(Place.queued_at, Place.id))
    ]
    offers = registrations.offers_of(event, registrations.tallies(db.session(), event.occurrences, now=now))
    expected = set(move_up(registrations.rules_of(event), offers, queue, now + HOUR))
    assert act(places.promote, event_id) == len(expected)
    db.session.rollback()
    confirmed = db.session.scalars(everybody.where(Place.state == CONFIRMED))
    assert {Waiting(place.registration_id, place.occurrence.key) for place in confirmed} == expected


def test_a_long_queue_is_not_read_for_one_place(make, act):
    event = make.event(waitlist=True)
    event_id = event.id
    for _ in range(30):
        make.registration(event, places={"spanish": WAITLISTED})
    limit(event_id, spanish=2)
    db.session.remove()
    read: list[Place] = []

    def note(place: Place, _context: object) -> None:
        read.append(place)

    sqlalchemy.event.listen(Place, "load", note)
    try:
        assert act(places.promote, event_id) == 2
    finally:
        sqlalchemy.event.remove(Place, "load", note)
    assert len(read) == 2


def test_nobody_moves_up_in_a_cancelled_event(make, act, now):
    event = make.event(waitlist=True)
    event_id = event.id
    make.registration(event, places={"spanish": WAITLISTED})
    with transaction():
        db.session.get_one(Event, event_id).cancelled_at = now
    assert act(places.promote, event_id) == 0


def test_with_all_somebody_moves_up_only_when_every_date_has_room(make, act):
    event = make.event(choose=Choose.ALL, waitlist=True)
    event_id = event.id
    limit(event_id, english=1, spanish=1)
    first = make.registration(event, places={"english": CONFIRMED, "spanish": CONFIRMED}).id
    make.registration(event, email="b@example.org", places={"english": WAITLISTED, "spanish": WAITLISTED})
    limit(event_id, english=2)
    assert act(places.promote, event_id) == 0
    act(places.cancel, first)
    assert standing(event_id)[1] == {"english": CONFIRMED, "spanish": CONFIRMED}
    assert letters()[2:] == [("b@example.org", kind) for kind in ("promoted", "invite", "invite")]


def test_with_all_no_single_date_is_cancelled(make, act):
    event = make.event(choose=Choose.ALL)
    one = make.registration(event, places={"english": CONFIRMED, "spanish": CONFIRMED}).id
    with pytest.raises(Invalid, match="booked as a whole"):
        act(places.cancel, one, occurrence_key="english")


def test_what_is_over_or_cancelled_cannot_be_cancelled(make, act):
    event = make.event(choose=Choose.ANY)
    event_id, ends_at = event.id, event.occurrences[0].ends_at
    one = make.registration(event, places={"english": CONFIRMED, "spanish": CONFIRMED}).id
    with pytest.raises(Refused, match="no place that can still be cancelled"):
        act(places.cancel, one, occurrence_key="english", at=ends_at)
    act(places.cancel, one, at=ends_at)
    assert standing(event_id) == [{"english": CONFIRMED, "spanish": CANCELLED}]
    with pytest.raises(Refused, match="no place that can still be cancelled"):
        act(places.cancel, one, at=ends_at)


def test_unknown_registrations_and_dates_are_told(make, act, now):
    event = make.event()
    one = make.registration(event).id
    for verb in (places.approve, places.decline, places.cancel):
        with pytest.raises(NotFound, match="There is no such registration"):
            act(verb, one + 99)
        with pytest.raises(Invalid, match="has no place at french"):
            act(verb, one, occurrence_key="french")
    with transaction():
        db.session.get_one(Registration, one).erased_at = now
    with pytest.raises(NotFound):
        act(places.cancel, one)


# Approve and decline


def test_approving_confirms(make, act, now):
    event = make.event(approval=Approval.MANUAL)
    one = make.registration(event, email="a@example.org", places={"spanish": PENDING}).id
    act(places.approve, one)
    place = place_of(one)
    assert (place.state, place.invited_at, place.revision) == (CONFIRMED, now + HOUR, 0)
    assert letters() == [("a@example.org", "approved")]
    with pytest.raises(Refused, match="Nothing in this registration waits for approval"):
        act(places.approve, one)


def test_pending_holds_no_place_so_the_first_approved_is_in(make, act):
    event = make.event(approval=Approval.MANUAL)
    event_id = event.id
    limit(event_id, spanish=1)
    first, second = (make.registration(event, places={"spanish": PENDING}).id for _ in range(2))
    act(places.approve, second)
    with pytest.raises(Refused, match="full"):
        act(places.approve, first)
    assert standing(event_id) == [{"spanish": PENDING}, {"spanish": CONFIRMED}]


def test_approving_what_is_full_puts_on_the_waitlist_at_the_time_of_applying(make, act, now):
    event = make.event(approval=Approval.MANUAL, waitlist=True)
    event_id = event.id
    limit(event_id, spanish=1)
    holder = make.registration(event).id
    early, late = (
        make.registration(event, email=f"{name}@example.org", places={"spanish": PENDING}).id
        for name in ("early", "late")
    )
    act(places.approve, late)
    act(places.approve, early)
    assert standing(event_id)[1:] == [{"spanish": WAITLISTED}, {"spanish": WAITLISTED}]
    assert letters() == [("late@example.org", "waitlisted"), ("early@example.org", "waitlisted")]
    act(places.cancel, holder)
    assert [place_of(one).state for one in (early, late)] == [CONFIRMED, WAITLISTED]


def test_who_is_given_a_place_instead_of_being_approved_waits_since_they_applied_too(make, act):
    event = make.event(approval=Approval.MANUAL, waitlist=True)
    limit(event.id, spanish=1)
    holder = make.registration(event).id
    early, late = (make.registration(event, places={"spanish": PENDING}).id for _ in range(2))
    act(places.approve, late)
    act(partial(give_place, user=None, to="spanish"), early)
    act(places.cancel, holder)
    assert [place_of(one).state for one in (early, late)] == [CONFIRMED, WAITLISTED]


def test_who_was_declined_is_not_let_in_past_the_limit_of_an_option(make, act):
    options = [{"id": "vegan", "label": {"en": "Vegan"}, "limit": 1}]
    food = {"key": "food", "type": QuestionType.SINGLE_CHOICE, "options": options}
    event = make.event(approval=Approval.MANUAL, questions=[food])
    declined = make.registration(event, places={"spanish": DECLINED}, answers={"food": "vegan"}).id
    other = make.registration(event, places={"spanish": CONFIRMED}, answers={"food": "vegan"}).id
    with pytest.raises(Refused, match="Vegan"):
        act(places.approve, declined)
    act(places.cancel, other)
    act(places.approve, declined)
    assert place_of(declined).state is CONFIRMED


def test_approval_does_not_pass_those_who_wait(make, act):
    event = make.event(approval=Approval.MANUAL, waitlist=True)
    event_id = event.id
    limit(event_id, spanish=0)
    make.registration(event, places={"spanish": WAITLISTED})
    pending = make.registration(event, places={"spanish": PENDING}).id
    limit(event_id, spanish=1)
    act(places.approve, pending)
    assert standing(event_id) == [{"spanish": CONFIRMED}, {"spanish": WAITLISTED}]


def test_approval_with_all_is_all_or_nothing(make, act):
    event = make.event(approval=Approval.MANUAL, choose=Choose.ALL, waitlist=True)
    event_id = event.id
    limit(event_id, english=0)
    one = make.registration(event, places={"english": PENDING, "spanish": PENDING}).id
    act(places.approve, one)
    assert standing(event_id) == [{"english": WAITLISTED, "spanish": WAITLISTED}]


def test_one_date_of_several_can_be_approved_and_another_declined(make, act):
    event = make.event(approval=Approval.MANUAL, choose=Choose.ANY)
    event_id = event.id
    one = make.registration(event, places={"english": PENDING, "spanish": PENDING}).id
    act(places.approve, one, occurrence_key="spanish")
    act(places.decline, one, occurrence_key="english")
    assert standing(event_id) == [{"english": DECLINED, "spanish": CONFIRMED}]
    assert [kind for _, kind in letters()] == ["approved", "invite", "declined"]


def test_approval_is_possible_after_closing_but_not_once_over(make, act, now):
    closed = {"closes_local": now.replace(tzinfo=None), "closes_tzid": "Etc/UTC", "closes_at": now}
    event = make.event(approval=Approval.MANUAL, **closed)
    ends_at = event.occurrences[1].ends_at
    first, second = (make.registration(event, places={"spanish": PENDING}).id for _ in range(2))
    act(places.approve, first)
    with pytest.raises(Refused, match="over"):
        act(places.approve, second, at=ends_at)


def test_declining_tells_and_can_be_taken_back(make, act):
    event = make.event(approval=Approval.MANUAL)
    event_id = event.id
    one = make.registration(event, email="a@example.org", places={"spanish": PENDING}).id
    act(places.decline, one)
    assert standing(event_id) == [{"spanish": DECLINED}]
    assert letters() == [("a@example.org", "declined")]
    with pytest.raises(Refused, match="Nothing in this registration can be declined"):
        act(places.decline, one)
    act(places.approve, one)
    assert standing(event_id) == [{"spanish": CONFIRMED}]


def test_a_confirmed_place_is_not_declined(make, act):
    one = make.registration(make.event()).id
    with pytest.raises(Refused, match="can be cancelled"):
        act(places.decline, one)


def test_a_cancelled_place_keeps_the_time_of_its_invite_and_a_higher_revision(make, act):
    one = make.registration(make.event()).id
    invited_at = place_of(one).invited_at
    act(places.cancel, one)
    assert (place_of(one).revision, place_of(one).invited_at) == (1, invited_at)
