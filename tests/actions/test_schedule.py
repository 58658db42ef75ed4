"""Reminders: who gets which, and when, whatever happens to dates, readers, organizers and workers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, delete, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from eventsapp.actions import correct, places, schedule, suppress
from eventsapp.actions.import_record import import_record
from eventsapp.actions.schedule import look_again, plan_scheduled
from eventsapp.db import db, for_writing, transaction
from eventsapp.domain import timezones
from eventsapp.domain.vocabulary import LetterKind, PlaceState, Purpose, Suppression
from eventsapp.models import Event, Message, Occurrence, Place, Registration
from tests.actions.planner import BERLIN, Planner, follow_up, utc, wall
from tests.reading.records import occurrence, read, record
from tests.statements import statements

LOS_ANGELES, TOKYO = "America/Los_Angeles", "Asia/Tokyo"
REMINDER, FOLLOW_UP = LetterKind.REMINDER, LetterKind.FOLLOW_UP
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


# When


def test_by_default_people_are_reminded_a_day_and_an_hour_before(planner: Planner) -> None:
    place = planner.place(planner.event(), email="zoe@example.com", language_tag="es")
    planner.walk()
    assert planner.reminders() == ["2026-06-27 18:00", "2026-06-28 17:00"]
    first, second = planner.session.scalars(select(Message).order_by(Message.id))
    assert (first.recipient, first.address_key, first.language_tag) == ("zoe@example.com", "zoe@example.com", "es")
    assert first.context == {
        "places": [place.id],
        "trigger": "24 hours before start",
        "anchor": "2026-06-28T16:00:00+00:00",
    }
    assert (first.place_id, first.registration_id, first.due_at) == (None, place.registration_id, first.created_at)
    assert (first.message_id, first.thread_of) == (f"<m.{first.public_id}@{planner.settings.mail_domain}>", "")
    assert (first.expires_at, second.expires_at) == (utc("2026-06-28 04:00"), utc("2026-06-28 16:00"))
    assert (first.priority, second.priority) == (4, 3)
    assert second.thread_of == first.message_id
    assert planner.plan_at(place) is None


# (start, its zone, the reader's zone, reminders) → when they come, on the reader's clock. Summer time begins in Berlin
# on 28 March 2027 at 02:00 and ends on 31 October at 03:00; in Los Angeles it begins on 14 March.
CLOCKS = [
    (("2027-03-28 18:00", BERLIN, BERLIN, "1 day before start"), ["2027-03-27 18:00"]),
    (("2027-03-28 18:00", BERLIN, BERLIN, "24 hours before start"), ["2027-03-27 17:00"]),
    (("2027-03-28 18:00", BERLIN, LOS_ANGELES, "1 day before start"), ["2027-03-27 09:00"]),
    (("2027-10-31 18:00", BERLIN, BERLIN, "1 day before start"), ["2027-10-30 18:00"]),
    (("2027-10-31 18:00", BERLIN, BERLIN, "24 hours before start"), ["2027-10-30 19:00"]),
    (("2027-10-31 18:00", BERLIN, BERLIN, "24 hours before, 1 day before"), ["2027-10-30 18:00", "2027-10-30 19:00"]),
    (("2027-06-10 18:00", BERLIN, BERLIN, "24 hours before, 1 day before"), ["2027-06-09 18:00"]),
    (("2027-03-15 17:00", BERLIN, LOS_ANGELES, "1 week before start"), ["2027-03-08 09:00"]),  # 17:00 is 9:00 that day
    (("2027-03-15 17:00", BERLIN, BERLIN, "1 week before start"), ["2027-03-08 17:00"]),
    (("2027-03-28 03:30", BERLIN, BERLIN, "1 hour before start"), ["2027-03-28 01:30"]),
    (("2027-03-29 12:00", BERLIN, BERLIN, "1 day before start at 02:30"), ["2027-03-28 07:00"]),  # it does not exist
    (("2026-06-28 17:00", LOS_ANGELES, TOKYO, "1 day before start at 09:00"), ["2026-06-28 09:00"]),
    (("2026-06-28 17:00", LOS_ANGELES, LOS_ANGELES, "1 day before start at 09:00"), ["2026-06-27 09:00"]),
    (("2026-06-28 17:00", LOS_ANGELES, TOKYO, "on the day at 08:00"), ["2026-06-29 08:00"]),
    (("2026-06-28 17:00", LOS_ANGELES, BERLIN, "on the day at 08:00"), []),  # it is over by then
    (
        ("2026-06-28 18:00", BERLIN, BERLIN, "at start, 30 minutes after start"),
        ["2026-06-28 18:00", "2026-06-28 18:30"],
    ),
    (("2026-06-28 18:00", BERLIN, BERLIN, "2 hours after start"), []),  # nobody is reminded of what is over
    (("2026-06-28 18:00", BERLIN, TOKYO, "24 hours before start"), ["2026-06-27 21:30"]),  # it is at 01:00 there
    (("2026-06-28 18:00", BERLIN, TOKYO, "1 hour before start"), ["2026-06-29 00:00"]),
    (("2026-06-28 07:30", BERLIN, BERLIN, "1 hour before, 30 minutes before"), ["2026-06-28 07:00"]),
    (("2026-06-28 18:00", BERLIN, "Europe/Atlantis", "1 hour before"), ["2026-06-28 17:00"]),  # a zone that is no more
]


def test_reminders_keep_to_the_readers_clock(planner: Planner) -> None:
    for number, ((start, tzid, reader, reminders), _expected) in enumerate(CLOCKS):
        made = planner.event(start, tzid, f"event-{number}", reminders=reminders.split(", "))
        planner.place(made, email=f"{number}@example.com", tzid=reader)
    planner.walk()
    planner.change(update(Registration).where(Registration.tzid == "Europe/Atlantis").values(tzid=BERLIN))
    clocks = planner.clocks()
    assert [(case, clocks[f"{number}@example.com"]) for number, (case, _) in enumerate(CLOCKS)] == CLOCKS


def test_of_two_reminders_at_once_the_later_one_is_sent(planner: Planner) -> None:
    planner.place(planner.event("2026-06-28 08:00", reminders=["1 hour before start", "2 hours before start"]))
    planner.walk()
    assert planner.session.scalars(select(Message.context)).one()["trigger"] == "1 hour before start"


def test_each_date_somebody_goes_to_has_its_own_reminders(planner: Planner) -> None:
    dates = [{"key": key, "dtstart_local": wall(f"2026-06-{key} 18:00"), "tzid": BERLIN} for key in ("10", "20")]
    made = planner.make.event(occurrences=dates, reminders=["1 hour before start"])
    planner.make.registration(made, places={"10": PlaceState.CONFIRMED, "20": PlaceState.CONFIRMED}, tzid=BERLIN)
    planner.look_again(planner.now)
    planner.walk()
    assert planner.reminders() == ["2026-06-10 17:00", "2026-06-20 17:00"]


# Who


def test_only_confirmed_people_are_reminded(planner: Planner) -> None:
    made = planner.event(reminders=["1 hour before start"])
    held = [planner.place(made, places={"one": state}, email=f"{state}@example.com") for state in PlaceState]
    planner.walk()
    assert planner.recipients() == [("confirmed@example.com", REMINDER)]
    assert {planner.plan_at(place) for place in held} == {None}


@pytest.mark.parametrize(
    "change",
    [
        update(Event).values(published_at=None),
        update(Event).values(cancelled_at=datetime(2026, 3, 3, tzinfo=UTC)),
        update(Occurrence).values(cancelled_at=datetime(2026, 3, 3, tzinfo=UTC)),
        update(Registration).values(erased_at=datetime(2026, 3, 3, tzinfo=UTC), email=None, address_key=None),
    ],
)
def test_nobody_is_reminded_of_what_is_not(planner: Planner, change: Any) -> None:
    planner.place(planner.event(follow_ups=[follow_up()]))
    planner.change(change)
    planner.walk()
    assert planner.written() == []


def test_what_is_put_back_is_reminded_of_again(planner: Planner) -> None:
    planner.place(planner.event())
    planner.change(update(Occurrence).values(cancelled_at=planner.now))
    planner.plan(planner.now)
    planner.change(update(Occurrence).values(cancelled_at=None))
    planner.look_again(planner.now + HOUR)
    planner.walk()
    assert planner.reminders() == ["2026-06-27 18:00", "2026-06-28 17:00"]


def test_who_gives_up_a_place_is_reminded_no_more_and_who_comes_back_is(planner: Planner) -> None:
    place = planner.place(planner.event())
    planner.walk("2026-06-27 16:30")
    with transaction() as session:
        places.cancel(session, place.registration_id, now=utc("2026-06-27 17:00"), settings=planner.settings)
    planner.walk()
    assert [kind for kind, _ in planner.written()] == [REMINDER, LetterKind.CANCELLED]
    with transaction() as session:
        back = session.get_one(Place, place.id)
        places.move(back, PlaceState.CONFIRMED, utc("2026-06-28 08:00"))
        back.told_at = utc("2026-06-28 08:00")
    planner.walk()
    assert [kind for kind, _ in planner.written()] == [REMINDER, LetterKind.CANCELLED, REMINDER]


def test_who_wants_no_reminders_gets_none_until_they_want_them_again(planner: Planner) -> None:
    place, settings = planner.place(planner.event(follow_ups=[follow_up()])), planner.settings
    with transaction() as session:
        mine = session.get_one(Registration, place.registration_id)
        suppress.end_letters(session, mine, Purpose.REMINDERS, now=planner.now, settings=settings)
    planner.walk("2026-06-28 06:00")
    with transaction() as session:
        mine = session.get_one(Registration, place.registration_id)
        suppress.resume_letters(session, mine, Purpose.REMINDERS, now=utc("2026-06-28 06:00"), settings=settings)
    planner.walk()
    assert planner.written() == [(REMINDER, "2026-06-28 17:00"), (FOLLOW_UP, "2026-06-28 21:00")]


def test_who_is_not_to_be_written_to_is_not(planner: Planner) -> None:
    made = planner.event(reminders=["1 hour before start"], follow_ups=[follow_up()])
    for reason in Suppression:
        planner.place(made, email=f"{reason}@example.com")
        with transaction() as session:
            suppress.suppress(
                session,
                made.organization_id,
                f"{reason}@example.com",
                reason,
                now=planner.now,
                settings=planner.settings,
            )
    planner.walk()
    assert planner.recipients() == [("unsubscribed@example.com", REMINDER)]


# Not twice, not too late, not right after


def test_who_registered_just_now_is_not_reminded_at_once(planner: Planner) -> None:
    expected = {
        "2026-06-27 11:59": ["2026-06-27 18:00", "2026-06-28 17:00"],
        "2026-06-27 12:01": ["2026-06-28 17:00"],  # less than six hours before the reminder
        "2026-06-27 17:00": ["2026-06-28 17:00"],  # 25 hours before the start
        "2026-06-28 16:44": ["2026-06-28 17:00"],
        "2026-06-28 16:46": [],  # less than a quarter of an hour before it
        "2026-06-28 17:30": [],
        "2026-06-28 18:10": [],
    }
    made = planner.event()
    for clock in expected:
        planner.place(made, told_at=timezones.instant(wall(clock), BERLIN), email=clock)
    planner.walk()
    assert planner.clocks() == expected


def test_who_registers_late_in_the_evening_is_reminded_when_that_was_asked_for(planner: Planner) -> None:
    """The reminder would have been brought forward to 21:30, before they registered."""
    planner.place(planner.event("2026-06-28 23:30"), told_at=utc("2026-06-28 20:00"))
    planner.walk()
    assert planner.reminders() == ["2026-06-28 22:30"]


@pytest.mark.parametrize(
    ("back_at", "expected"),
    [
        ("2026-06-27 16:01", ["2026-06-27 18:01", "2026-06-28 17:00"]),
        ("2026-06-27 19:30", ["2026-06-27 21:30", "2026-06-28 17:00"]),
        # It is night by then, and the morning would be too late: half of the way to the start is over at 6:00.
        ("2026-06-27 21:00", ["2026-06-27 23:00", "2026-06-28 17:00"]),
        ("2026-06-28 04:01", ["2026-06-28 17:00"]),
        ("2026-06-28 15:29", ["2026-06-28 17:29"]),
        ("2026-06-28 15:31", ["2026-06-28 17:31"]),
        ("2026-06-28 16:00", []),
        ("2026-06-29 15:31", []),
    ],
)
def test_a_worker_that_was_away_sends_what_is_still_useful(planner: Planner, back_at: str, expected: list[str]) -> None:
    planner.place(planner.event())
    planner.plan(planner.now)
    planner.plan(utc(back_at))
    planner.walk()
    assert planner.reminders() == expected


def test_what_is_late_waits_for_the_morning_where_that_is_soon_enough(planner: Planner) -> None:
    planner.place(planner.event(reminders=["1 week before start"]))
    planner.plan(planner.now)
    planner.plan(utc("2026-06-21 21:00"))
    planner.walk()
    assert planner.reminders() == ["2026-06-22 07:00"]


def test_two_looks_write_one_letter(planner: Planner) -> None:
    planner.place(planner.event())
    for minute in range(3):
        at = utc("2026-06-27 16:00") + minute * MINUTE
        planner.look_again(at)
        assert planner.plan(at) == 1
    assert planner.reminders() == ["2026-06-27 18:00"]


# Dates that move


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([("2026-06-01 10:00", "2026-06-30 18:00")], ["2026-06-29 18:00", "2026-06-30 17:00"]),
        ([("2026-06-01 10:00", "2026-06-20 18:00")], ["2026-06-19 18:00", "2026-06-20 17:00"]),
        (  # forth and back, before anything was due
            [("2026-06-01 10:00", "2026-06-30 18:00"), ("2026-06-02 10:00", "2026-06-28 18:00")],
            ["2026-06-27 18:00", "2026-06-28 17:00"],
        ),
        (  # put off after the first reminder: there are two new ones
            [("2026-06-28 10:00", "2026-06-30 18:00")],
            ["2026-06-27 18:00", "2026-06-29 18:00", "2026-06-30 17:00"],
        ),
        (  # and back again: what was said of the day before is not said twice
            [("2026-06-28 10:00", "2026-06-30 18:00"), ("2026-06-28 10:30", "2026-06-28 18:00")],
            ["2026-06-27 18:00", "2026-06-28 17:00"],
        ),
        ([("2026-06-26 10:00", "2026-06-26 20:00")], ["2026-06-26 19:00"]),  # a day before it is over already
        ([("2026-06-20 10:00", "2026-06-19 18:00")], []),  # into the past
        ([("2026-06-20 10:00", "2026-06-20 12:30")], []),  # within the hour
    ],
)
def test_reminders_follow_a_date_that_moves(
    planner: Planner, moves: list[tuple[str, str]], expected: list[str]
) -> None:
    made = planner.event()
    planner.place(made)
    for at, start in moves:
        planner.walk(at)
        planner.move(made, start, utc(at))
    planner.walk()
    assert planner.reminders() == expected


def test_whoever_is_told_of_a_move_needs_no_reminder_of_it(planner: Planner) -> None:
    made = planner.event()
    planner.place(made)
    planner.move(made, "2026-06-10 18:00", utc("2026-06-09 10:00"))
    planner.change(update(Place).values(told_at=utc("2026-06-09 10:01")))
    planner.walk()
    assert planner.reminders() == ["2026-06-10 17:00"]


# Readers who move


def test_a_reader_in_another_zone_is_reminded_by_its_clock(planner: Planner) -> None:
    place = planner.place(planner.event(reminders=["1 day before start at 09:00"]))
    planner.walk("2026-06-01")
    with transaction() as session:
        correct.correct_language(session, place.registration_id, "es", TOKYO, now=utc("2026-06-01 10:00"))
    planner.walk()
    assert planner.reminders(TOKYO) == ["2026-06-28 09:00"]
    assert planner.session.scalar(select(Message.language_tag)) == "es"


def test_a_reader_who_changes_zones_in_between_is_reminded_once(planner: Planner) -> None:
    place = planner.place(planner.event(reminders=["1 day before start at 09:00"]))
    planner.walk("2026-06-27 12:00")
    with transaction() as session:
        correct.correct_language(session, place.registration_id, "en", LOS_ANGELES, now=utc("2026-06-27 12:00"))
    planner.walk()
    assert planner.reminders() == ["2026-06-27 09:00"]


# The organizer changes the schedule


def take(planner: Planner, at: datetime, **changes: Any) -> Event:
    """Import the record of one event, with changes."""
    said = record(**{"occurrences": [occurrence(start="2026-06-28 18:00", tzid=BERLIN)]} | changes)
    with transaction() as session:
        import_record(session, read(said), now=at, settings=planner.settings)
    return planner.session.scalars(select(Event)).one()


def test_another_schedule_counts_from_when_it_was_made(planner: Planner) -> None:
    planner.place(take(planner, planner.now))
    planner.walk("2026-06-27 17:00")
    for hour in (17, 18):  # the second time nothing changes
        event = take(
            planner, utc(f"2026-06-27 {hour}:00"), reminders=["2 days before start", "10 minutes before start"]
        )
        assert event.scheduled_at == utc("2026-06-27 17:00")
    planner.walk()
    assert planner.reminders() == ["2026-06-27 18:00", "2026-06-28 17:50"]


@pytest.mark.parametrize("none", ["none", []])
def test_an_organizer_who_wants_no_reminders_has_none_sent(planner: Planner, none: Any) -> None:
    planner.place(take(planner, planner.now))
    take(planner, planner.now + HOUR, reminders=none)
    planner.walk()
    assert planner.written() == []


def test_an_import_has_people_looked_at_again_where_that_matters(planner: Planner) -> None:
    place = planner.place(take(planner, planner.now))
    planner.plan(planner.now)
    take(planner, planner.now + HOUR, contact="else@example.org")
    assert planner.plan_at(place) == utc("2026-06-27 16:00")
    base = {"start": "2026-06-28 18:00", "tzid": BERLIN}
    changes: list[dict[str, Any]] = [
        {"reminders": ["1 hour before start"]},
        {"follow_ups": "2 hours after end"},
        {"status": "draft"},
        {"status": "published"},
        {"occurrences": [occurrence(**base, recording="https://video.example.org/forum")]},
        {"occurrences": [occurrence(**base | {"start": "2026-06-28 19:00"})]},
        {"occurrences": [occurrence(**base, status="cancelled")]},
    ]
    for hours, change in enumerate(changes, start=2):
        take(planner, planner.now + hours * HOUR, **change)
        assert planner.plan_at(place) == planner.now + hours * HOUR


# Many


@pytest.mark.parametrize("follow_ups", [[], [follow_up("at end", "came"), follow_up("at end", "missed")]])
def test_many_places_take_as_many_statements_as_one(planner: Planner, follow_ups: list[dict[str, Any]]) -> None:
    made = planner.event(reminders=["1 hour before start"], follow_ups=follow_ups)
    at = utc("2026-06-28 17:00") if follow_ups else utc("2026-06-28 15:00")
    counts = []
    for more in (1, 2, 40):
        for _ in range(more):
            planner.make.registration(made, tzid=BERLIN)
        planner.change(update(Place).values(plan_at=planner.now), delete(Message))
        with transaction() as session, statements() as seen:
            plan_scheduled(session, now=at, settings=planner.settings)
        counts.append(len(seen))
    assert len(planner.written()) == 43
    assert counts[0] == counts[1] == counts[2]


def test_a_batch_is_not_larger_than_it_may_be(planner: Planner) -> None:
    made = planner.event()
    for _ in range(3):
        planner.place(made)
    handled = []
    for _ in range(3):
        with transaction() as session:
            handled.append(plan_scheduled(session, now=planner.now, settings=planner.settings, limit=2))
    assert handled == [2, 1, 0]


@pytest.fixture
def another(app: Flask) -> Iterator[Session]:
    """The session of a second worker, on the database that has more than one writer."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("on SQLite one transaction writes at a time")
    with Session(for_writing()) as session:
        session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        yield session


def at_the_same_time(planner: Planner, another: Session) -> tuple[int, int]:
    """How many of five due places each of two workers looks at, the second while the first has not committed yet."""
    made, at = planner.event(reminders=["1 hour before start"]), utc("2026-06-28 15:00")
    for _ in range(5):
        planner.place(made)
    with transaction() as first:
        by_first = plan_scheduled(first, now=at, settings=planner.settings, limit=2)
        by_second = plan_scheduled(another, now=at, settings=planner.settings, limit=10)
        another.commit()
    return by_first, by_second


def test_two_workers_share_the_places(planner: Planner, another: Session) -> None:
    assert at_the_same_time(planner, another) == (2, 3)
    assert len(planner.written()) == len(set(planner.recipients())) == 5


def test_without_the_lock_they_would_not(planner: Planner, another: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(self: Select[Any], **_: Any) -> Select[Any]:
        return self

    monkeypatch.setattr(Select, "with_for_update", unlocked)
    with pytest.raises(OperationalError, match="lock timeout"):
        at_the_same_time(planner, another)


def test_a_worker_that_dies_half_way_leaves_everything_as_it_was(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it wrote the letters, and before it noted when to look next."""
    planner.place(planner.event())

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(schedule, "_note_next_looks", die)
        with pytest.raises(KeyboardInterrupt), transaction() as session:
            plan_scheduled(session, now=utc("2026-06-27 16:00"), settings=planner.settings)
    assert planner.written() == []
    planner.walk()
    assert planner.reminders() == ["2026-06-27 18:00", "2026-06-28 17:00"]


def test_looking_again_is_for_those_it_is_said_of(planner: Planner) -> None:
    one, other = planner.event(slug="one"), planner.event(slug="other")
    held = [planner.place(one), planner.place(one), planner.place(other)]
    planner.plan(planner.now)
    due = utc("2026-06-27 16:00")
    later = planner.now + HOUR

    def looked_at(**named: Any) -> list[bool]:
        planner.change(update(Place).values(plan_at=due))
        with transaction() as session:
            look_again(session, now=later, **{name: session.merge(row) for name, row in named.items()})
        return [planner.plan_at(place) == later for place in held]

    assert looked_at(registration=held[1].registration) == [False, True, False]
    assert looked_at(occurrence=held[0].occurrence) == [True, True, False]
    assert looked_at(event=other) == [False, False, True]
