"""Reminders to hosts and interpreters: by the rules of those to everybody else, of dates that they were told of."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, update

from eventsapp.actions import suppress
from eventsapp.actions.import_record import import_record
from eventsapp.actions.outbox import enqueue_for_staff
from eventsapp.actions.staff import plan_assignments, tell_staff
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import LetterKind, PlaceState, StaffRole, Suppression
from eventsapp.models import Assignment, Event, Message, Occurrence, Staff
from tests.actions.planner import BERLIN, Planner, follow_up, utc
from tests.reading.records import occurrence, read, record

ASSIGNED, REMINDER = LetterKind.ASSIGNED, LetterKind.REMINDER
HOST = {"role": "host", "name": "Ana", "email": "ana@example.org", "language": "es", "tzid": BERLIN}
MARCH = datetime(2026, 3, 3, tzinfo=UTC)


def test_hosts_are_reminded_as_everybody_is(planner: Planner) -> None:
    event = planner.event(follow_ups=[follow_up()])
    staff = planner.staff(event, language_tag="es")
    (assignment,) = staff.assignments
    with transaction() as session:
        assigned = enqueue_for_staff(
            session,
            session.get_one(Staff, staff.id),
            ASSIGNED,
            now=planner.now,
            settings=planner.settings,
            context={"assignment": assignment.id, "from": None},
            dedupe=f"{assignment.id}:0.0",
            priority=2,
        )
    planner.walk()
    assert planner.written() == [
        (ASSIGNED, "2026-03-02 13:00"),
        (REMINDER, "2026-06-27 18:00"),
        (REMINDER, "2026-06-28 17:00"),
    ]
    first, second = planner.session.scalars(select(Message).where(Message.kind == REMINDER).order_by(Message.id))
    assert (first.recipient, first.address_key, first.language_tag) == ("host@example.org", "host@example.org", "es")
    assert first.context == {
        "assignment": assignment.id,
        "trigger": "24 hours before start",
        "anchor": "2026-06-28T16:00:00+00:00",
    }
    assert (first.staff_id, first.registration_id, first.place_id) == (staff.id, None, None)
    assert {first.thread_of, second.thread_of} == {assigned.message_id if assigned else ""}
    assert (first.expires_at, second.expires_at) == (utc("2026-06-28 04:00"), utc("2026-06-28 16:00"))
    assert (first.priority, second.priority) == (4, 3)
    planner.look_again(utc("2026-06-28 15:10"))
    planner.walk()
    assert len(planner.written()) == 3


def test_they_are_reminded_on_their_own_clock_and_not_at_night(planner: Planner) -> None:
    event = planner.event(
        "2026-06-28 17:00", "America/Los_Angeles", reminders=["1 day before start", "10 hours before"]
    )
    planner.staff(event, tzid="Asia/Tokyo")
    planner.staff(event, role=StaffRole.INTERPRETER)
    planner.staff(event, role=StaffRole.ORGANIZER)
    planner.walk()
    planner.session.rollback()
    rows = planner.session.execute(select(Message.recipient, Message.created_at).order_by(Message.created_at)).all()
    assert [tuple(row) for row in rows] == [
        ("interpreter@example.org", utc("2026-06-27 19:30")),  # 21:30 in Berlin, and not 02:00
        ("host@example.org", utc("2026-06-28 00:00")),  # 09:00 in Tokyo
        ("host@example.org", utc("2026-06-28 12:30")),  # 21:30 there, and not 23:00
        ("interpreter@example.org", utc("2026-06-28 14:00")),
    ]


@pytest.mark.parametrize(
    "change",
    [
        update(Event).values(published_at=None),
        update(Event).values(cancelled_at=MARCH),
        update(Occurrence).values(cancelled_at=MARCH),
        update(Assignment).values(ended_at=MARCH),
        update(Assignment).values(told_sequence=None),
        update(Event).values(reminders=[]),
    ],
)
def test_nobody_is_reminded_of_what_is_not_theirs(planner: Planner, change: Any) -> None:
    planner.staff(planner.event())
    planner.change(change)
    planner.walk()
    assert planner.written() == []


def test_an_address_that_letters_come_back_from_is_not_reminded(planner: Planner) -> None:
    event = planner.event()
    planner.staff(event)
    with transaction() as session:
        suppress.suppress(
            session,
            event.organization_id,
            "host@example.org",
            Suppression.BOUNCED,
            now=MARCH,
            settings=planner.settings,
        )
    planner.walk()
    assert planner.written() == []


def test_who_hosts_a_date_and_holds_a_place_there_is_reminded_of_both(planner: Planner) -> None:
    event = planner.event(reminders=["1 hour before start"])
    planner.place(event, places={"one": PlaceState.CONFIRMED}, email="host@example.org")
    planner.staff(event)
    planner.staff(event, role=StaffRole.INTERPRETER, email="host@example.org", public_id="staffinterpreter")
    planner.walk()
    assert planner.recipients() == [("host@example.org", REMINDER)] * 3


class Organizer:
    """Somebody who imports a record with a host, and says so; and the worker, who never sleeps."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.said: dict[str, Any] = {"reminders": ["2 days before start", "1 hour before start"], "team": [HOST]}

    def says(self, at: str, *, tell: bool = True, **changes: Any) -> None:
        planner, now = self.planner, utc(at)
        planner.walk(at)
        self.said |= changes
        with transaction() as session:
            import_record(session, read(record(**self.said)), now=now, settings=planner.settings)
            if tell:
                event = session.scalars(select(Event)).one()
                tell_staff(session, event, now=now, settings=planner.settings)
        with transaction() as session:
            told = session.scalar(select(func.max(Assignment.plan_at)))
            plan_assignments(session, now=told or now, settings=planner.settings)

    def reminders(self) -> list[str]:
        self.planner.walk()
        return [clock for kind, clock in self.planner.written() if kind is REMINDER]


@pytest.fixture
def organizer(planner: Planner) -> Organizer:
    return Organizer(planner)


def date(start: str, **values: Any) -> list[Any]:
    return [occurrence(id="one", start=start, tzid=BERLIN, **values)]


def test_reminders_follow_the_date(organizer: Organizer) -> None:
    organizer.says("2026-06-01 10:00", occurrences=date("2026-06-13 16:00"))
    organizer.says("2026-06-12 10:00", occurrences=date("2026-06-20 18:00"))  # the first reminder has left
    assert organizer.reminders() == ["2026-06-11 16:00", "2026-06-18 18:00", "2026-06-20 17:00"]


def test_of_what_is_called_off_nobody_is_reminded_until_it_takes_place_after_all(organizer: Organizer) -> None:
    organizer.says("2026-06-01 10:00", occurrences=date("2026-06-13 16:00"))
    organizer.says("2026-06-10 10:00", occurrences=date("2026-06-13 16:00", status="cancelled"))
    organizer.says("2026-06-12 10:00", occurrences=date("2026-06-13 16:00"))
    assert organizer.reminders() == ["2026-06-13 15:00"]


def test_who_is_relieved_is_not_reminded_until_they_are_back(organizer: Organizer) -> None:
    organizer.says("2026-06-01 10:00", occurrences=date("2026-06-13 16:00"))
    organizer.says("2026-06-10 10:00", team=[])
    organizer.says("2026-06-12 10:00", team=[HOST])
    assert organizer.reminders() == ["2026-06-13 15:00"]


def test_who_was_told_just_now_is_not_reminded_at_once_and_who_was_not_told_not_at_all(organizer: Organizer) -> None:
    organizer.says("2026-06-01 10:00", occurrences=date("2026-06-13 16:00"), team=[])
    organizer.says("2026-06-11 10:00", team=[HOST])  # four hours before the first reminder, which is fresh for six
    organizer.says("2026-06-11 10:30", team=[HOST, HOST | {"role": "interpreter"}], tell=False)
    assert organizer.reminders() == ["2026-06-13 15:00"]


def test_another_zone_and_other_reminders_are_planned_anew(organizer: Organizer) -> None:
    organizer.says("2026-06-01 10:00", occurrences=date("2026-06-13 16:00"))
    organizer.says("2026-06-02 10:00", reminders=["1 day before start at 09:00"])
    organizer.says("2026-06-03 10:00", team=[HOST | {"tzid": "America/New_York"}])
    assert organizer.reminders() == ["2026-06-12 15:00"]
