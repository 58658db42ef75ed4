"""Follow-ups: for those who came and those who did not, with the recording where there is one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from eventsapp.db import transaction
from eventsapp.domain.vocabulary import Evidence, LetterKind
from eventsapp.models import Attendance, Message, Occurrence, Place
from tests.actions.planner import Planner, follow_up, utc

FOLLOW_UP, MISSED = LetterKind.FOLLOW_UP, LetterKind.MISSED
RECORDED = update(Occurrence).values(recording={"es": "https://video.example.org/foro"})


def came(place: Place, at: datetime) -> None:
    with transaction() as session:
        session.add(Attendance(place_id=place.id, evidence=Evidence.JOIN_LINK, joined_at=at))


@pytest.mark.parametrize(
    ("to", "there", "away"),
    [
        (["came"], FOLLOW_UP, None),
        (["missed"], None, MISSED),
        (["all"], FOLLOW_UP, FOLLOW_UP),
        (["came", "missed"], FOLLOW_UP, MISSED),
        (["all", "missed"], FOLLOW_UP, MISSED),
    ],
)
def test_follow_ups_tell_those_who_came_from_those_who_did_not(
    planner: Planner, to: list[str], there: LetterKind | None, away: LetterKind | None
) -> None:
    made = planner.event(reminders=[], follow_ups=[follow_up(to=one) for one in to])
    came(planner.place(made, email="there"), utc("2026-06-28 16:05"))
    planner.place(made, email="away")
    planner.walk()
    assert dict(planner.recipients()) == {who: kind for who, kind in (("there", there), ("away", away)) if kind}
    assert {clock for _kind, clock in planner.written()} == {"2026-06-28 21:00"}
    for message in planner.session.scalars(select(Message)):
        assert (message.priority, message.expires_at) == (5, utc("2026-06-30 19:00"))


def test_where_nobodys_coming_was_noted_nobody_stayed_away(planner: Planner) -> None:
    for to in ("came", "missed", "all"):
        planner.place(planner.event(slug=to, reminders=[], follow_ups=[follow_up(to=to)]), email=to)
    planner.walk()
    assert planner.recipients() == [("came", FOLLOW_UP), ("all", FOLLOW_UP)]


def test_whose_coming_is_noted_late_gets_no_second_letter(planner: Planner) -> None:
    made = planner.event(reminders=[], follow_ups=[follow_up(to="came"), follow_up(to="missed")])
    there, late = planner.place(made, email="there"), planner.place(made, email="late")
    came(there, utc("2026-06-28 16:05"))
    planner.walk("2026-06-28 20:00")
    came(late, utc("2026-06-28 16:10"))
    planner.look_again(utc("2026-06-28 20:00"))
    planner.walk()
    assert planner.recipients() == [("there", FOLLOW_UP), ("late", MISSED)]


def test_a_longer_event_is_followed_up_later(planner: Planner) -> None:
    made = planner.event(reminders=[], follow_ups=[follow_up("1 hour after end")])
    planner.place(made)
    planner.walk("2026-06-01")
    planner.change(update(Occurrence).values(duration_seconds=7200, ends_at=utc("2026-06-28 18:00")))
    planner.look_again(utc("2026-06-01 10:00"))
    planner.walk()
    assert planner.written() == [(FOLLOW_UP, "2026-06-28 21:00")]


def test_nobody_is_written_to_about_what_was_moved_into_the_past(planner: Planner) -> None:
    made = planner.event(reminders=[], follow_ups=[follow_up()])
    planner.place(made)
    planner.walk("2026-06-20")
    planner.move(made, "2026-06-19 18:00", utc("2026-06-20 10:00"))
    planner.walk()
    assert planner.written() == []


def test_a_follow_up_waits_for_its_recording(planner: Planner) -> None:
    planner.place(planner.event(reminders=[], follow_ups=[follow_up("at end", wait=True)]))
    planner.walk("2026-07-01 10:00")
    assert planner.written() == []
    planner.change(RECORDED)
    planner.look_again(utc("2026-07-01 10:20"))
    planner.walk()
    assert planner.written() == [(FOLLOW_UP, "2026-07-01 12:20")]
    assert planner.session.scalar(select(Message.expires_at)) == utc("2026-07-03 10:20")


def test_a_recording_that_is_there_already_is_not_waited_for(planner: Planner) -> None:
    planner.place(planner.event(reminders=[], follow_ups=[follow_up("at end", wait=True)]))
    planner.change(RECORDED)
    planner.walk()
    assert planner.written() == [(FOLLOW_UP, "2026-06-28 19:00")]


def test_a_recording_is_found_also_where_nobody_says_that_it_is_there(planner: Planner) -> None:
    place = planner.place(planner.event(reminders=[], follow_ups=[follow_up("at end", wait=True)]))
    planner.walk("2026-07-01 10:00")
    looks_at = planner.plan_at(place)
    assert looks_at is not None
    assert looks_at - utc("2026-07-01 10:00") <= timedelta(hours=1)
    planner.change(RECORDED)
    planner.walk("2026-07-01 11:00")
    assert [kind for kind, _clock in planner.written()] == [FOLLOW_UP]


def test_a_recording_that_comes_in_the_night_wakes_nobody(planner: Planner) -> None:
    planner.place(planner.event(reminders=[], follow_ups=[follow_up("at end", wait=True)]))
    planner.walk("2026-07-01 22:30")
    planner.change(RECORDED)
    planner.look_again(utc("2026-07-01 22:30"))
    planner.walk()
    assert planner.written() == [(FOLLOW_UP, "2026-07-02 07:00")]


def test_nobody_waits_for_a_recording_for_ever(planner: Planner) -> None:
    place = planner.place(planner.event(reminders=[], follow_ups=[follow_up("at end", wait=True)]))
    planner.plan(planner.now)
    planner.plan(utc("2026-07-12 16:59"))
    assert planner.plan_at(place) == utc("2026-07-12 17:59")
    planner.plan(utc("2026-07-12 17:59"))
    assert (planner.plan_at(place), planner.written()) == (None, [])
