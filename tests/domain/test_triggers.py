"""When scheduled letters are due: on the reader's clock, over clock changes, and out of the night."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain import timezones, triggers
from eventsapp.domain.errors import Invalid
from eventsapp.domain.triggers import Trigger, due, due_awake, expires, fresh_for, read_trigger

BERLIN, AUCKLAND, LOS_ANGELES = "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def at(text: str, tzid: str) -> datetime:
    return timezones.instant(datetime.fromisoformat(text), tzid)


def clock(moment: datetime, tzid: str) -> str:
    return timezones.local(moment, tzid).strftime("%Y-%m-%d %H:%M")


def one_hour(starts_at: datetime) -> tuple[datetime, datetime]:
    return starts_at, starts_at + timedelta(hours=1)


# Reading


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("24 hours before start", Trigger("start", seconds=-24 * 3600)),
        ("1 day before start", Trigger("start", days=-1)),
        ("1 day before start at 09:00", Trigger("start", days=-1, at=time(9))),
        ("10 minutes before start", Trigger("start", seconds=-600)),
        ("1 hour 30 minutes before start", Trigger("start", seconds=-5400)),
        ("2 weeks before start", Trigger("start", days=-14)),
        ("10 days before start", Trigger("start", days=-10)),
        ("1 day 2 hours before start", Trigger("start", days=-1, seconds=-7200)),
        ("2 hours after end", Trigger("end", seconds=7200)),
        ("3 days after end at 10:00", Trigger("end", days=3, at=time(10))),
        ("30 minutes after start", Trigger("start", seconds=1800)),
        ("15 minutes before end", Trigger("end", seconds=-900)),
        ("on the day at 08:00", Trigger("start", at=time(8))),
        ("at start", Trigger("start")),
        ("at end", Trigger("end")),
    ],
)
def test_a_trigger_reads_as_it_is_written(text: str, trigger: Trigger) -> None:
    assert (read_trigger(text), str(trigger)) == (trigger, text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("-P1D", "1 day before start"),
        ("-PT1H", "1 hour before start"),
        ("PT30M", "30 minutes after start"),
        ("-P1W", "1 week before start"),
        ("-P1DT12H", "1 day 12 hours before start"),
        ("1 day before", "1 day before start"),
        ("2 hours after", "2 hours after end"),
        ("24h before start", "24 hours before start"),
        ("  1 Hour  Before the Beginning ", "1 hour before start"),
        ("10 min before the event", "10 minutes before start"),
        ("90 minutes before", "1 hour 30 minutes before start"),
        ("1 day before at 9:00", "1 day before start at 09:00"),
        ("1 hour and 30 minutes before", "1 hour 30 minutes before start"),
        ("0 days before start at 8:00", "on the day at 08:00"),
        ("0 minutes before start", "at start"),
    ],
)
def test_other_ways_to_write_it_come_out_as_one(text: str, canonical: str) -> None:
    assert str(read_trigger(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "before start",
        "1 day",
        "9:00",
        "PT",
        "P",
        "-1 day before start",
        "1 day before start at 25:00",
        "1 day before start at 9",
        "0 days after end at 20:00",
        "tomorrow " * 50,
    ],
)
def test_what_is_no_trigger_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Invalid, match="Write for example 24 hours before start"):
        read_trigger(text)


def test_a_time_of_day_needs_whole_days() -> None:
    with pytest.raises(Invalid, match="Give a time of day only together with whole days"):
        read_trigger("1 hour before start at 09:00")


@pytest.mark.parametrize("text", ["367 days before", "99999 hours before", "-P99999W"])
def test_more_than_a_year_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="at most 366 days"):
        read_trigger(text)


@given(
    st.builds(
        lambda relation, sign, days, minutes: Trigger(relation, sign * days, sign * 60 * minutes),
        st.sampled_from(["start", "end"]),
        st.sampled_from([1, -1]),
        st.integers(0, 300),
        st.integers(0, 3000),
    )
)
def test_every_trigger_comes_back_from_its_text(trigger: Trigger) -> None:
    assert read_trigger(str(trigger)) == trigger


# Clock changes


@pytest.mark.parametrize(
    ("starts", "trigger", "tzid", "expected"),
    [
        ("2021-05-17T12:14", "1 day after start at 09:00", "Etc/UTC", "2021-05-18T09:00"),
        ("2021-05-17T12:14", "2 days before start at 00:00", "Etc/UTC", "2021-05-15T00:00"),
        ("2020-02-27T12:00", "2 days after start at 09:00", "Etc/UTC", "2020-02-29T09:00"),  # a leap day
        ("2021-05-17T10:00", "1 day after start at 09:00", AUCKLAND, "2021-05-17T21:00"),  # 22:00 there
        ("2021-10-29T14:30", "4 days after start at 02:30", BERLIN, "2021-11-02T01:30"),  # past the end of summer time
        ("2021-10-29T14:30", "2 days after start at 02:30", BERLIN, "2021-10-31T01:30"),  # twice: the second
        ("2021-03-29T14:30", "1 day before start at 02:30", BERLIN, "2021-03-28T01:30"),  # in the gap: 03:30
        ("2027-03-28T16:00", "1 day before start", BERLIN, "2027-03-27T17:00"),  # 18:00 on both days, 23 hours
        ("2027-03-28T16:00", "24 hours before start", BERLIN, "2027-03-27T16:00"),  # 17:00
        ("2027-10-31T17:00", "1 day before start", BERLIN, "2027-10-30T16:00"),  # 18:00 on both days, 25 hours
        ("2027-10-31T17:00", "24 hours before start", BERLIN, "2027-10-30T17:00"),  # 19:00
        ("2027-03-28T01:30", "1 hour before start", BERLIN, "2027-03-28T00:30"),  # 03:30, an hour before is 01:30
        ("2027-10-31T01:30", "1 hour before start", BERLIN, "2027-10-31T00:30"),  # 02:30 for the second time
        ("2027-03-14T20:00", "1 week before start", LOS_ANGELES, "2027-03-07T21:00"),  # 13:00 on both days
        ("2027-03-14T20:00", "1 day 2 hours before start", LOS_ANGELES, "2027-03-13T19:00"),
        ("2027-04-04T01:00", "1 day before start", "Australia/Lord_Howe", "2027-04-03T00:30"),  # half an hour
        ("2027-06-10T06:00", "on the day at 08:00", "Asia/Tokyo", "2027-06-09T23:00"),
    ],
)
def test_days_follow_the_readers_clock_and_hours_do_not(starts: str, trigger: str, tzid: str, expected: str) -> None:
    assert due(read_trigger(trigger), *one_hour(utc(starts)), tzid) == utc(expected)


@pytest.mark.parametrize(
    ("ends", "trigger", "expected"),
    [
        ("2021-05-18T05:00", "1 day after end at 10:00", "2021-05-19T10:00"),
        ("2021-05-22T05:00", "1 day before end at 10:00", "2021-05-21T10:00"),
        ("2021-05-22T05:00", "2 hours after end", "2021-05-22T07:00"),
        ("2021-05-22T05:00", "15 minutes before end", "2021-05-22T04:45"),
        ("2021-05-22T05:00", "at end", "2021-05-22T05:00"),
    ],
)
def test_some_triggers_count_from_the_end(ends: str, trigger: str, expected: str) -> None:
    span = utc(ends) - timedelta(days=3), utc(ends)
    assert due(read_trigger(trigger), *span, "Etc/UTC") == utc(expected)


def test_each_readers_day_is_their_own() -> None:
    """The forum of 25 June, 17:00 in Los Angeles, is 26 June, 09:00 in Tokyo."""
    starts_at = at("2023-06-25 17:00", LOS_ANGELES)
    reminded = {
        tzid: clock(due(read_trigger("1 day before start at 09:00"), *one_hour(starts_at), tzid), tzid)
        for tzid in (LOS_ANGELES, "Asia/Tokyo")
    }
    assert reminded == {LOS_ANGELES: "2023-06-24 09:00", "Asia/Tokyo": "2023-06-25 09:00"}


# The night


@pytest.mark.parametrize(
    ("starts", "trigger", "expected"),
    [
        ("2027-06-10 18:00", "24 hours before start", "2027-06-09 18:00"),
        ("2027-06-10 22:00", "24 hours before start", "2027-06-09 21:30"),  # 22:00 is night, and the evening nearer
        ("2027-06-10 23:30", "24 hours before start", "2027-06-09 21:30"),
        ("2027-06-10 03:00", "24 hours before start", "2027-06-09 07:00"),  # the morning is nearer
        ("2027-06-10 01:00", "24 hours before start", "2027-06-08 21:30"),  # the evening is nearer
        ("2027-06-10 07:00", "24 hours before start", "2027-06-09 07:00"),  # the night is over
        ("2027-06-10 21:59", "24 hours before start", "2027-06-09 21:59"),
        ("2027-06-10 07:30", "1 hour before start", "2027-06-10 07:00"),  # half an hour before is still useful
        ("2027-06-10 07:20", "1 hour before start", "2027-06-10 06:20"),  # 20 minutes before is not
        ("2027-06-10 23:30", "1 hour before start", "2027-06-10 21:30"),  # twice as long before
        ("2027-06-10 23:40", "1 hour before start", "2027-06-10 22:40"),  # more than twice
        ("2027-06-10 03:00", "1 hour before start", "2027-06-10 02:00"),  # the event itself is in the night
        ("2027-06-10 07:05", "10 minutes before start", "2027-06-10 07:00"),
        ("2027-06-10 07:05", "30 minutes before start", "2027-06-10 06:35"),
        ("2027-06-10 22:05", "10 minutes before start", "2027-06-10 21:55"),
        ("2027-06-10 18:00", "1 day before start at 06:00", "2027-06-09 07:00"),
        ("2027-06-10 18:00", "1 day before start at 23:00", "2027-06-09 21:30"),
        ("2027-06-10 21:30", "2 hours after end", "2027-06-11 07:00"),
        ("2027-06-10 04:00", "1 hour after end", "2027-06-10 07:00"),
        ("2027-06-10 18:00", "1 day after end at 10:00", "2027-06-11 10:00"),
        ("2027-06-10 21:45", "30 minutes after start", "2027-06-10 22:15"),  # the morning would be too late
        ("2027-06-10 21:00", "at end", "2027-06-11 07:00"),  # 22:00
    ],
)
@pytest.mark.parametrize("tzid", [BERLIN, "Asia/Kolkata", LOS_ANGELES])
def test_nobody_is_woken_where_that_can_be_helped(starts: str, trigger: str, expected: str, tzid: str) -> None:
    span = one_hour(at(starts, tzid))
    assert clock(due_awake(read_trigger(trigger), *span, tzid), tzid) == expected


def test_what_lasts_over_the_night_waits_for_the_morning() -> None:
    starts_at = at("2027-06-10 20:00", BERLIN)
    span = starts_at, starts_at + timedelta(days=2)
    assert clock(due_awake(read_trigger("3 hours after start"), *span, BERLIN), BERLIN) == "2027-06-11 07:00"


@pytest.mark.parametrize(
    ("starts", "trigger", "expected"),
    [
        # Spring: the night of 28 March is an hour shorter. 24 hours before 05:30 is 04:30, and 07:00 the nearer waking.
        ("2027-03-29 05:30", "24 hours before start", "2027-03-28 07:00"),
        ("2027-03-28 23:00", "24 hours before start", "2027-03-27 21:30"),
        ("2027-03-28 10:00", "4 hours before start", "2027-03-28 07:00"),
        # Autumn: 24 hours before 22:30 is 23:30 of the evening before, because the night was longer.
        ("2027-10-31 22:30", "24 hours before start", "2027-10-30 21:30"),
        ("2027-10-31 22:30", "1 day before start", "2027-10-30 21:30"),
        ("2027-10-31 21:30", "24 hours before start", "2027-10-30 21:30"),
        ("2027-10-31 08:30", "2 hours before start", "2027-10-31 07:00"),
        ("2027-10-30 23:00", "3 hours after end", "2027-10-31 07:00"),
    ],
)
def test_the_night_is_the_clocks_also_where_it_changes(starts: str, trigger: str, expected: str) -> None:
    span = one_hour(at(starts, BERLIN))
    assert clock(due_awake(read_trigger(trigger), *span, BERLIN), BERLIN) == expected


@given(
    starts_at=st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),  # noqa: DTZ001
    minutes=st.integers(1, 20_000),
    tzid=st.sampled_from([BERLIN, AUCKLAND, LOS_ANGELES, "Africa/Cairo", "Australia/Lord_Howe", "America/Santiago"]),
)
def test_a_reminder_comes_awake_or_could_not(starts_at: datetime, minutes: int, tzid: str) -> None:
    trigger, span = Trigger("start", seconds=-60 * minutes), one_hour(starts_at)
    asked, awake = due(trigger, *span, tzid), due_awake(trigger, *span, tzid)
    lead = starts_at - asked
    assert lead / 2 <= starts_at - awake <= 2 * lead
    if triggers.is_quiet(awake, tzid):
        assert awake == asked
        assert starts_at - triggers.morning_after(asked, tzid) < lead / 2


# How long it is worth it


@pytest.mark.parametrize(
    ("due_at", "expected"),
    [
        ("2027-06-09T18:00", "2027-06-10T06:00"),  # half of the way
        ("2027-06-10T15:00", "2027-06-10T17:00"),  # two hours
        ("2027-06-10T17:00", "2027-06-10T18:00"),  # to the start
        ("2027-06-10T18:00", "2027-06-10T20:00"),  # while it lasts: to its end
        ("2027-06-10T19:59", "2027-06-10T20:00"),
        ("2027-06-10T20:00", "2027-06-12T20:00"),  # afterwards two days
    ],
)
def test_a_letter_is_worth_sending_for_a_while(due_at: str, expected: str) -> None:
    assert expires(utc(due_at), utc("2027-06-10T18:00"), utc("2027-06-10T20:00")) == utc(expected)


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (timedelta(days=7), timedelta(hours=6)),
        (timedelta(hours=24), timedelta(hours=6)),
        (timedelta(hours=1), timedelta(minutes=15)),
        (timedelta(minutes=10), timedelta(minutes=2, seconds=30)),
        (-timedelta(hours=3), timedelta(0)),
    ],
)
def test_whoever_was_told_just_now_needs_no_reminder(lead: timedelta, expected: timedelta) -> None:
    starts_at = utc("2027-06-10T18:00")
    assert fresh_for(starts_at - lead, starts_at) == expected
