"""Who joined when: one row for each time, and only for somebody who may go in."""

import time
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import event as database_event
from sqlalchemy import select

from eventsapp.actions.attend import attend
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.errors import NotFound, Refused
from eventsapp.domain.vocabulary import Evidence, PlaceState
from eventsapp.models import Attendance
from tests.actions.test_race import PATIENCE, WORLD, small_app, take_the_lock_out
from tests.factory import IN_SPANISH

STARTS_AT = datetime(2026, 6, 29, 0, 0, tzinfo=UTC)


def rows(session) -> list[tuple[Evidence, datetime]]:
    found = session.scalars(select(Attendance).order_by(Attendance.joined_at))
    return [(row.evidence, row.joined_at) for row in found]


def press(place_id: int, at: datetime) -> str:
    with transaction() as session:
        return attend(session, place_id, now=at).url


@pytest.fixture
def place(make):
    return make.registration(make.event()).places[0]


def test_it_leads_to_the_room_and_leaves_a_row(place, session):
    place_id = place.id
    assert press(place_id, STARTS_AT) == IN_SPANISH["conference"]["url"]
    assert rows(session) == [(Evidence.JOIN_LINK, STARTS_AT)]


def test_a_second_press_within_two_minutes_is_the_same_joining(place, session):
    place_id = place.id
    for seconds in (0, 1, 119, 120, 130, 400):
        press(place_id, STARTS_AT + timedelta(seconds=seconds))
    assert [(at - STARTS_AT).total_seconds() for _evidence, at in rows(session)] == [0, 120, 400]


def test_another_kind_of_evidence_does_not_stand_for_it(place, session):
    place_id = place.id
    with transaction():
        session.add(Attendance(place_id=place_id, evidence=Evidence.CHECK_IN, joined_at=STARTS_AT))
    press(place_id, STARTS_AT)
    assert sorted(evidence for evidence, _at in rows(session)) == [Evidence.CHECK_IN, Evidence.JOIN_LINK]


@pytest.mark.parametrize("minutes", [-15.1, 60])
def test_before_it_opens_and_after_the_end_it_refuses(place, session, minutes):
    place_id = place.id
    with pytest.raises(Refused):
        press(place_id, STARTS_AT + timedelta(minutes=minutes))
    assert rows(session) == []


@pytest.mark.parametrize("state", [state for state in PlaceState if state is not PlaceState.CONFIRMED])
def test_whoever_holds_no_confirmed_place_is_refused(make, session, state):
    place_id = make.registration(make.event(), places={"spanish": state}).places[0].id
    with pytest.raises(Refused):
        press(place_id, STARTS_AT)
    assert rows(session) == []


@pytest.mark.parametrize("what", ["occurrence", "event"])
def test_what_is_called_off_is_refused(place, session, what):
    place_id = place.id
    with transaction():
        called_off = place.occurrence if what == "occurrence" else place.occurrence.event
        called_off.cancelled_at = STARTS_AT
    with pytest.raises(Refused):
        press(place_id, STARTS_AT)
    assert rows(session) == []


@pytest.mark.parametrize("url", ["", "http://zoom.us/j/85835549492", "javascript:alert(1)", "//evil.example"])
def test_a_link_that_nobody_may_follow_is_refused(make, session, url):
    conference = {"passcode": "1", "url": url}
    event = make.event(occurrences=[{**IN_SPANISH, "conference": conference}])
    place_id = make.registration(event).places[0].id
    with pytest.raises(Refused):
        press(place_id, STARTS_AT)
    assert rows(session) == []


def test_no_such_place(session, app):
    with pytest.raises(NotFound):
        press(10**6, STARTS_AT)


# Two presses at once


PRESSES = 4


def press_at_once(settings: Settings, place_id: int, start: Barrier, *, locked: bool) -> None:
    """One process; the row is written only after the others had time to look whether there is one."""
    if not locked:
        take_the_lock_out()
    database_event.listen(Attendance, "before_insert", lambda *_: time.sleep(0.05) if locked else start.wait(PATIENCE))
    with small_app(settings).app_context():
        db.session.execute(select(Attendance.id))
        db.session.rollback()
        start.wait(PATIENCE)
        press(place_id, STARTS_AT)
        db.engine.dispose()


@pytest.mark.parametrize(("locked", "left"), [(True, 1), (False, PRESSES)])
def test_presses_at_once_leave_one_row_because_of_the_lock(place, session, settings, locked, left):
    place_id = place.id
    db.session.remove()
    start = WORLD.Barrier(PRESSES)
    processes = [
        WORLD.Process(target=press_at_once, args=(settings, place_id, start), kwargs={"locked": locked})
        for _ in range(PRESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
        process.kill()
    assert len(rows(db.session())) == left
