"""The compact VTIMEZONE, and when UTC is written instead."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from eventsapp.domain import timezones
from eventsapp.ical.timezone import CompactZone, compact_zone, zone_for
from tests.ical.samples import at


def zone_of(start: str, tzid: str, seconds: int = 5400, fold: int = 0) -> CompactZone | None:
    return zone_for(**at(start, tzid, seconds=seconds, fold=fold))


def lines_of(tzid: str, year: int) -> list[str]:
    zone = compact_zone(tzid, year)
    assert zone is not None
    return list(zone.lines)


def test_a_zone_with_summer_time_is_two_rules_since_the_year_of_its_present_law() -> None:
    assert lines_of("America/Los_Angeles", 2026) == [
        "BEGIN:VTIMEZONE",
        "TZID:America/Los_Angeles",
        "X-LIC-LOCATION:America/Los_Angeles",
        "BEGIN:DAYLIGHT",
        "DTSTART:20070311T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
        "TZOFFSETFROM:-0800",
        "TZOFFSETTO:-0700",
        "TZNAME:PDT",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20071104T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
        "TZOFFSETFROM:-0700",
        "TZOFFSETTO:-0800",
        "TZNAME:PST",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


def test_a_zone_without_clock_changes_is_one_rule_since_1970() -> None:
    assert lines_of("Asia/Kathmandu", 2026) == [
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Kathmandu",
        "X-LIC-LOCATION:Asia/Kathmandu",
        "BEGIN:STANDARD",
        "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0545",
        "TZOFFSETTO:+0545",
        "TZNAME:+0545",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


@pytest.mark.parametrize(
    ("tzid", "daylight", "standard"),
    [
        ("Europe/Dublin", ("19960331T010000", "+0000", "+0100"), ("19961027T020000", "+0100", "+0000")),
        ("Australia/Lord_Howe", ("20081005T020000", "+1030", "+1100"), ("20080406T020000", "+1100", "+1030")),
        ("Europe/Lisbon", ("19970330T010000", "+0000", "+0100"), ("19971026T020000", "+0100", "+0000")),
        ("America/St_Johns", ("20120311T020000", "-0330", "-0230"), ("20121104T020000", "-0230", "-0330")),
    ],
)
def test_the_larger_offset_is_daylight_and_onsets_are_in_the_offset_before(
    tzid: str, daylight: tuple[str, str, str], standard: tuple[str, str, str]
) -> None:
    components = icalendar.Timezone.from_ical("\r\n".join(lines_of(tzid, 2027)) + "\r\n").subcomponents
    seen = {
        part.name: (
            part["DTSTART"].to_ical().decode(),
            part["TZOFFSETFROM"].to_ical(),
            part["TZOFFSETTO"].to_ical(),
        )
        for part in components
    }
    assert seen == {"DAYLIGHT": daylight, "STANDARD": standard}


@pytest.mark.parametrize("year", range(2024, 2031))
def test_no_block_contradicts_the_zone_data_in_the_years_around_the_event(year: int) -> None:
    """A third of the offered zones each year, at odd hours from the year before to the end of the year after."""
    step = timedelta(hours=53, minutes=7)
    for tzid in timezones.offered_tzids()[year % 3 :: 3]:
        zone = compact_zone(tzid, year)
        instant = datetime(year - 1, 1, 1, tzinfo=UTC)
        while zone is not None and instant.year <= year + 1:
            assert zone.utc_offset(instant) == timezones.utc_offset(instant, tzid), (tzid, instant)
            instant += step


def test_only_few_zones_have_no_block() -> None:
    without = [tzid for tzid in timezones.offered_tzids() if compact_zone(tzid, 2026) is None]
    assert len(without) < len(timezones.offered_tzids()) * 0.06, without
    assert {"Africa/Casablanca", "Asia/Gaza", "America/Vancouver", "America/Edmonton", "Etc/UTC"} <= set(without)


@pytest.mark.parametrize(
    ("start", "tzid"),
    [
        ("2026-06-13T16:00", "America/Los_Angeles"),
        ("2027-01-15T10:00", "Europe/Berlin"),
        ("2026-07-01T10:00", "America/Mexico_City"),  # without summer time since 2022
        ("2026-12-31T23:30", "Pacific/Auckland"),  # ends in another year
        ("2026-03-06T20:00", "America/Los_Angeles"),  # 30 hours before the change
        ("2026-03-29T22:00", "Asia/Kolkata"),
    ],
)
def test_settled_times_keep_their_zone(start: str, tzid: str) -> None:
    assert zone_of(start, tzid) is not None


@pytest.mark.parametrize(
    ("start", "tzid", "why"),
    [
        ("2026-06-13T16:00", "Etc/UTC", "is UTC"),
        ("2026-06-13T16:00", "Africa/Casablanca", "no yearly rule"),
        ("2026-06-13T16:00", "Asia/Gaza", "no yearly rule"),
        ("2026-06-13T16:00", "America/Vancouver", "a law of 2026"),
        ("2026-12-05T16:00", "America/Vancouver", "a law of 2026"),
        ("2029-06-13T16:00", "America/Vancouver", "readers may still have the data of 2025"),
        ("2026-12-05T16:00", "America/Winnipeg", "a law of 2026"),
        ("2026-06-13T16:00", "America/Asuncion", "a law of 2024"),
        ("2026-03-08T10:00", "America/Los_Angeles", "clock-change day"),
        ("2026-03-07T08:00", "America/Los_Angeles", "less than 24 hours before it"),
        ("2026-11-02T00:30", "America/Los_Angeles", "less than 24 hours after it"),
        ("2026-10-25T01:30", "Europe/London", "ambiguous"),
        ("2037-06-13T16:00", "Europe/Berlin", "beyond the tables of some readers"),
        ("1971-06-13T16:00", "Europe/Berlin", "before any yearly rule"),
    ],
)
def test_unsettled_times_go_out_in_utc(start: str, tzid: str, why: str) -> None:
    assert zone_of(start, tzid) is None, why


def test_both_readings_of_an_ambiguous_time_go_out_in_utc() -> None:
    assert zone_of("2026-10-25T01:30", "Europe/London", fold=1) is None


def test_an_event_across_a_clock_change_goes_out_in_utc() -> None:
    assert zone_of("2026-03-27T18:00", "Europe/Berlin", seconds=4 * 86400) is None


def test_an_event_of_years_goes_out_in_utc() -> None:
    assert zone_of("2026-03-27T18:00", "Asia/Tokyo", seconds=3 * 366 * 86400) is None


def test_instants_that_another_release_of_the_zone_data_made_go_out_in_utc() -> None:
    """The stored instant is what was announced; a wall time that no longer fits it is not written beside it."""
    times = at("2026-06-13T16:00", "America/Los_Angeles")
    late = timedelta(hours=1)
    assert zone_for(**times | {"starts_at": times["starts_at"] + late, "ends_at": times["ends_at"] + late}) is None
