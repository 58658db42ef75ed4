"""What calendar programs make of our files: every reader comes to the same instant and the same words.

One of them looks a TZID up by its name, two believe the VTIMEZONE in the file; between them stand all programs.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from unicodedata import normalize
from zlib import crc32

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsapp import ical
from eventsapp.domain import timezones
from eventsapp.domain.entry import CalendarEntry, Party
from eventsapp.ical.calendar import description, location
from eventsapp.ical.text import one_line
from tests.ical.readers import IcalJs, Reader, Seen, differences, said, with_icalendar, with_vobject
from tests.ical.samples import FORUM, INVITED, LOS_ANGELES, at, wall

ZONES = timezones.offered_tzids()
YEARS = range(2026, 2031)
FIRST, LAST = wall("2024-01-01"), wall("2030-12-30")


def told(entry: CalendarEntry) -> Seen:
    return said(entry, summary=one_line(entry.summary), description=description(entry), location=location(entry))


def unlike(entries: Sequence[CalendarEntry], readers: Sequence[Reader]) -> list[tuple[Seen, Seen]]:
    return differences(ical.publish(entries), map(told, entries), readers)


def occasions(tzid: str) -> list[CalendarEntry]:
    """One event a year through 2030, at days and hours that differ from zone to zone."""
    chosen = []
    for year in YEARS:
        number = crc32(f"{tzid} {year}".encode())
        start = wall(f"{year}-01-01") + timedelta(days=number % 365, minutes=number // 365 % 96 * 15)
        chosen.append(replace(FORUM, uid=f"{year}@example.org", **at(start.isoformat(), tzid)))
    return chosen


@pytest.mark.parametrize("part", range(4))
def test_every_zone_through_2030(part: int, readers: list[Reader]) -> None:
    for tzid in ZONES[part::4]:
        assert unlike(occasions(tzid), readers) == [], tzid


@pytest.mark.parametrize(
    ("tzid", "change"),
    [
        ("America/Los_Angeles", "2026-03-08T02:00"),
        ("America/Los_Angeles", "2026-11-01T02:00"),
        ("Europe/London", "2026-10-25T02:00"),
        ("Europe/Dublin", "2026-03-29T01:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:00"),
        ("America/Vancouver", "2026-11-01T02:00"),
        ("America/Edmonton", "2026-11-01T02:00"),
        ("Africa/Casablanca", "2026-09-20T03:00"),
        ("Africa/Cairo", "2026-10-30T00:00"),
        ("Asia/Gaza", "2027-03-27T02:00"),
        ("America/Havana", "2026-11-01T01:00"),
        ("America/Santiago", "2026-09-06T00:00"),
        ("Antarctica/Troll", "2026-03-29T01:00"),
    ],
)
def test_the_days_around_a_clock_change(tzid: str, change: str, readers: list[Reader]) -> None:
    start = wall(change) - timedelta(hours=50, minutes=30)
    hours = [start + timedelta(hours=number) for number in range(0, 100, 2)]
    entries = [replace(FORUM, uid=f"{hour}@example.org", **at(hour.isoformat(), tzid)) for hour in hours]
    assert unlike(entries, readers) == []


words = st.lists(
    st.one_of(
        st.characters(exclude_categories=[]),
        st.sampled_from([*",;:\"'\\^\n\r\t %=<>&ñé", "👩‍👩‍👧‍👦", "🇲🇽", "مرحبا", "שלום", "\u200f", "\u0301"]),
        st.sampled_from(["\x00", "\x07", "\x1b", "\x0b", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff"]),
        st.sampled_from(["\r\nATTENDEE:mailto:x@example.org", "END:VEVENT", "\\n", "\\N", "\\,", "=0D=0A"]),
    ),
    max_size=80,
).map("".join)
moments = st.datetimes(FIRST, LAST).map(lambda moment: moment.replace(second=0, microsecond=0))


@st.composite
def entries(draw: st.DrawFn) -> CalendarEntry:
    seconds = draw(st.sampled_from([900, 3600, 5400, 86400, 3 * 86400]))
    times = at(draw(moments).isoformat(), draw(st.sampled_from(ZONES)), seconds=seconds, fold=draw(st.integers(0, 1)))
    return replace(
        INVITED,
        summary=draw(words),
        description=draw(words) * draw(st.integers(1, 3)),
        location=draw(words),
        organizer=Party("events@example.org", draw(words)),
        attendee=Party("zoe@example.com", draw(words)),
        categories=tuple(draw(st.lists(words, max_size=2))),
        **times,
    )


@settings(max_examples=200)
@given(entry=entries())
def test_any_words_in_any_zone(entry: CalendarEntry, readers: list[Reader]) -> None:
    assert unlike([entry], readers) == []
    assert differences(ical.request(entry), [told(entry)], readers) == []


@given(entry=entries())
def test_names_of_people_are_read_whole(entry: CalendarEntry, ical_js: IcalJs) -> None:
    assert entry.attendee is not None
    (event,) = ical_js.read(ical.request(entry))["events"]
    assert event["organizer"] == ["mailto:events@example.org", one_line(entry.organizer.name)]
    assert event["attendee"] == ["mailto:zoe@example.com", one_line(entry.attendee.name)]
    assert event["categories"] == [one_line(word) for word in entry.categories if one_line(word)]


@given(
    text=st.lists(
        st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\\"), min_size=1, max_size=9),
        min_size=1,
        max_size=20,
    ).map(lambda parts: normalize("NFC", " ".join(parts)))
)
def test_what_a_person_writes_arrives_unchanged(text: str, readers: list[Reader]) -> None:
    entry = replace(FORUM, summary=text, description=text, location=text)
    for read in readers:
        (seen,) = read(ical.publish([entry]))
        assert seen.summary == text
        assert text in seen.description


def naively(data: bytes, tzid: str) -> bytes:
    """The same file with the block that the icalendar package makes instead of ours."""
    calendar = icalendar.Calendar.from_ical(data)
    calendar.subcomponents = [part for part in calendar.subcomponents if part.name != "VTIMEZONE"]
    calendar.add_missing_timezones()
    assert [zone["TZID"] for zone in calendar.timezones] == [tzid]
    return calendar.to_ical()


@pytest.mark.parametrize(("start", "tzid"), [("2026-07-01T10:00", LOS_ANGELES), ("2026-12-01T10:00", "Europe/Dublin")])
def test_the_same_look_finds_the_naive_block_wrong(start: str, tzid: str, ical_js: IcalJs) -> None:
    """A control: these tests see the hour that goes astray, and that readers by name do not lose it."""
    entry = replace(FORUM, **at(start, tzid))
    ours = ical.publish([entry])
    assert differences(ours, [told(entry)], [ical_js, with_vobject, with_icalendar]) == []
    theirs = naively(ours, tzid)
    assert differences(theirs, [told(entry)], [with_icalendar]) == []
    ((want, seen),) = differences(theirs, [told(entry)], [ical_js])
    assert abs(seen.starts_at - want.starts_at) == timedelta(hours=1)
