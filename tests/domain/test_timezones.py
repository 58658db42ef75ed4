"""One zone database, and wall times that are asked about rather than guessed."""

import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain import timezones
from eventsapp.domain.errors import Invalid
from eventsapp.domain.timezones import AmbiguousTime, NonexistentTime, Reading, UnclearZone, canonical_tzid
from eventsapp.domain.zone_phrases import MEANT

wall = datetime.fromisoformat
LOS_ANGELES = "America/Los_Angeles"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


zones = st.sampled_from(timezones.offered_tzids())
moments = st.datetimes(min_value=wall("2020-01-01"), max_value=wall("2035-12-31 23:59:59")).map(
    lambda moment: moment.replace(microsecond=0)
)


# One database


def test_both_libraries_have_the_same_release() -> None:
    pytz_release, tzdata_release = timezones.data_release()
    assert pytz_release == tzdata_release


def test_every_offered_zone_has_the_same_offsets_in_both_libraries() -> None:
    instants = [utc("2025-01-01") + timedelta(days=9, hours=5) * step for step in range(158)]
    differing = {
        tzid
        for tzid in timezones.offered_tzids()
        for at in instants
        if at.astimezone(pytz.timezone(tzid)).utcoffset() != timezones.utc_offset(at, tzid)
    }
    assert differing == set()
    assert instants[-1].year == 2028


@pytest.mark.parametrize(
    ("local", "tzid", "at"),
    [
        ("2027-01-15 12:00", "America/Vancouver", "2027-01-15 19:00"),
        ("2027-01-15 12:00", "America/Edmonton", "2027-01-15 18:00"),
        ("2027-01-15 12:00", "America/Winnipeg", "2027-01-15 17:00"),
        ("2027-01-15 12:00", "America/Havana", "2027-01-15 16:00"),
        ("2027-01-15 12:00", "Africa/Casablanca", "2027-01-15 12:00"),
        ("2026-12-05 16:00", "America/Vancouver", "2026-12-05 23:00"),
        ("2026-12-05 16:00", LOS_ANGELES, "2026-12-06 00:00"),
    ],
)
def test_the_laws_of_2026_hold_whatever_the_system_has(local: str, tzid: str, at: str) -> None:
    assert timezones.instant(wall(local), tzid) == utc(at)


def test_the_systems_files_are_never_read() -> None:
    code = (
        "import sys\n"
        "read = []\n"
        "sys.addaudithook(lambda name, args: read.append(str(args[0])) if name == 'open' else None)\n"
        "from eventsapp.domain import timezones\n"
        "for tzid in ('America/Vancouver', 'Europe/Madrid'): timezones.tzinfo(tzid)\n"
        "print([path for path in read if 'zoneinfo' in path and 'site-packages' not in path and '.py' not in path])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Which zones


def test_offered_are_cities_and_utc() -> None:
    offered = timezones.offered_tzids()
    assert list(offered) == sorted(set(offered))
    assert len(offered) > 400
    assert [tzid for tzid in offered if tzid.partition("/")[0] in {"Etc", "US", "Canada", "Mexico", "Brazil"}] == [
        "Etc/UTC"
    ]
    assert {"America/Mexico_City", "Europe/Kyiv", "Asia/Kolkata", "America/Argentina/Buenos_Aires"} <= set(offered)
    assert {"UTC", "GMT", "CET", "US/Pacific", "Europe/Kiev", "Asia/Calcutta"}.isdisjoint(offered)


def test_every_name_that_iana_has_is_mapped_to_the_same_clock_or_refused() -> None:
    instants = [utc("2026-01-15"), utc("2026-07-15"), utc("2030-01-15"), utc("2030-07-15")]
    refused = set()
    for name in pytz.all_timezones:
        try:
            tzid = canonical_tzid(name)
        except Invalid:
            refused.add(name)
            continue
        assert tzid in timezones.offered_tzids(), name
        assert [timezones.utc_offset(at, name) for at in instants] == [
            timezones.utc_offset(at, tzid) for at in instants
        ], name
    fixed = {f"Etc/GMT{sign}{number}" for sign in "+-" for number in range(1, 15)} & set(pytz.all_timezones)
    assert refused == {"CET", "EET", "EST", "HST", "MET", "MST", "WET"} | fixed


def test_an_offered_zone_is_its_own_canonical_name_and_lies_in_a_country() -> None:
    offered = timezones.offered_tzids()
    assert [canonical_tzid(tzid) for tzid in offered] == [timezones.names_of(tzid)[0] for tzid in offered] == [*offered]
    assert [tzid for tzid in offered if not timezones.country_of(tzid)] == ["Etc/UTC"]
    assert timezones.country_of("Atlantic/Canary") == "ES"


@pytest.mark.parametrize(
    ("text", "tzid"),
    [
        ("US/Pacific", LOS_ANGELES),
        ("PST8PDT", LOS_ANGELES),
        ("EST5EDT", "America/New_York"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Asia/Saigon", "Asia/Ho_Chi_Minh"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("America/Montreal", "America/Toronto"),
        ("Africa/Asmera", "Africa/Asmara"),
        ("Africa/Timbuktu", "Africa/Bamako"),
        ("America/Virgin", "America/St_Thomas"),
        ("Iceland", "Atlantic/Reykjavik"),
        ("Japan", "Asia/Tokyo"),
        ("GMT", "Etc/UTC"),
        ("GMT0", "Etc/UTC"),
        ("Etc/Greenwich", "Etc/UTC"),
        ("UTC", "Etc/UTC"),
        ("utc", "Etc/UTC"),
        ("Z", "Etc/UTC"),
        ("Zulu", "Etc/UTC"),
        ("UTC+00:00", "Etc/UTC"),
        ("+00:00", "Etc/UTC"),
        ("america/mexico_city", "America/Mexico_City"),
        ("  America / Mexico City ", "America/Mexico_City"),
        ("AMERICA/PORT-AU-PRINCE", "America/Port-au-Prince"),
        ("america/port au prince", "America/Port-au-Prince"),
        ("India Standard Time", "Asia/Kolkata"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Central Standard Time (Mexico)", "America/Mexico_City"),
        ("Tokyo Standard Time", "Asia/Tokyo"),
    ],
)
def test_other_spellings_are_mapped(text: str, tzid: str) -> None:
    assert canonical_tzid(text) == tzid


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "PST",
            (
                "PST may mean several time zones. Write one of these: America/Los_Angeles, America/Vancouver, "
                "America/Tijuana, Asia/Manila."
            ),
        ),
        (
            "p.d.t.",
            (
                "p.d.t. may mean several time zones. Write one of these: America/Los_Angeles, America/Vancouver, "
                "America/Tijuana."
            ),
        ),
        (
            "IST",
            "IST may mean several time zones. Write one of these: Asia/Kolkata, Europe/Dublin, Asia/Jerusalem.",
        ),
        ("BST", "BST may mean several time zones. Write one of these: Europe/London, Asia/Dhaka."),
        ("MSK", "MSK is not the name of a time zone. Write Europe/Moscow."),
        (
            "Pacific Time (US and Canada)",
            (
                "Pacific Time (US and Canada) may mean several time zones. Write one of these: America/Los_Angeles, "
                "America/Vancouver, America/Tijuana."
            ),
        ),
        (
            "hora del pacífico (EE. UU. y Canadá)",
            (
                "hora del pacífico (EE. UU. y Canadá) may mean several time zones. Write one of these: "
                "America/Los_Angeles, America/Vancouver, America/Tijuana, America/Mazatlan."
            ),
        ),
        (
            "UTC+2",
            (
                "UTC+2 is an offset, and an offset does not follow clock changes. Write a zone such as "
                "America/Mexico_City."
            ),
        ),
        ("Amercia/New_York", "There is no time zone Amercia/New_York. Did you mean America/New_York?"),
        ("Mexico City", "There is no time zone Mexico City. Did you mean America/Mexico_City?"),
        ("America", "There is no time zone America. Write one such as America/Mexico_City."),
        ("", "Write a time zone such as America/Mexico_City."),
        ("\x00", "Write a time zone such as America/Mexico_City."),
        ("../../etc/passwd", "There is no time zone ../../etc/passwd. Write one such as America/Mexico_City."),
        (
            "x" * 5000,
            "There is no time zone xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx. Write one such as America/Mexico_City.",
        ),
    ],
)
def test_what_is_no_zone_is_refused_with_what_to_write(text: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        canonical_tzid(text)
    assert str(refused.value) == sentence
    assert refused.value.key == "tzid"


@pytest.mark.parametrize("text", ["+02:00", "-0700", "GMT-7", "UTC +5:30", "Etc/GMT+5", "−3", "UTC+14"])
def test_an_offset_is_no_zone(text: str) -> None:
    with pytest.raises(UnclearZone):
        canonical_tzid(text)


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z]{1,12}/[A-Za-z_./+\-]{0,20}", fullmatch=True))
def test_any_text_is_an_offered_zone_or_invalid(text: str) -> None:
    with suppress(Invalid):
        assert canonical_tzid(text) in timezones.offered_tzids()


@given(st.sampled_from(pytz.all_timezones), st.data())
def test_case_and_spaces_do_not_matter(name: str, data: st.DataObject) -> None:
    spelled = "".join(data.draw(st.sampled_from([c.upper(), c.lower()])) for c in name).replace("_", " ")
    try:
        expected = canonical_tzid(name)
    except Invalid:
        with pytest.raises(Invalid):
            canonical_tzid(spelled)
    else:
        assert canonical_tzid(spelled) == expected


@pytest.mark.parametrize("phrase", sorted(MEANT))
def test_a_phrase_is_never_taken_for_a_zone_and_names_offered_ones(phrase: str) -> None:
    assert MEANT[phrase] == timezones.zones_meant(phrase.upper())
    assert set(MEANT[phrase]) <= set(timezones.offered_tzids())
    with pytest.raises(UnclearZone):
        canonical_tzid(phrase)


def test_every_abbreviation_of_the_zone_database_is_known_as_one() -> None:
    used = {
        timezones.local(at, tzid).tzname() or ""
        for tzid in timezones.offered_tzids()
        for at in (utc("2026-01-15"), utc("2026-07-15"))
    }
    unknown = {name for name in used if name.isalpha() and not timezones.zones_meant(name)}
    assert unknown == {"GMT", "UTC"}


@pytest.mark.parametrize("tzid", ["", "America", "Nowhere/City", "../../etc/passwd", "\x00", "x" * 5000])
def test_rules_of_an_unknown_zone_are_invalid(tzid: str) -> None:
    with pytest.raises(Invalid):
        timezones.tzinfo(tzid)
    with pytest.raises(Invalid):
        timezones.resolve(wall("2026-06-13 16:00"), tzid)


# Wall times


def test_a_plain_wall_time_has_one_meaning() -> None:
    assert timezones.resolve(wall("2023-06-10 16:00"), LOS_ANGELES) == Reading(
        wall("2023-06-10 16:00"), 0, utc("2023-06-10 23:00"), hours(-7)
    )


@pytest.mark.parametrize("fold", [None, 0, 1])
def test_fold_says_nothing_where_the_clock_shows_a_time_once(fold: int | None) -> None:
    assert timezones.resolve(wall("2026-06-13 16:00"), LOS_ANGELES, fold).fold == 0


@pytest.mark.parametrize(
    ("local", "tzid", "before", "after", "sentence"),
    [
        (
            "2026-03-08 02:30",
            LOS_ANGELES,
            "2026-03-08 01:30",
            "2026-03-08 03:30",
            (
                "On 8 March 2026 clocks in Los Angeles go from 02:00 to 03:00, so 02:30 does not exist. "
                "Write 03:30 or 01:30."
            ),
        ),
        (
            "2026-10-04 02:15",
            "Australia/Lord_Howe",
            "2026-10-04 01:45",
            "2026-10-04 02:45",
            (
                "On 4 October 2026 clocks in Lord Howe go from 02:00 to 02:30, so 02:15 does not exist. "
                "Write 02:45 or 01:45."
            ),
        ),
        (
            "2026-09-06 00:30",
            "America/Santiago",
            "2026-09-05 23:30",
            "2026-09-06 01:30",
            (
                "On 6 September 2026 clocks in Santiago go from 00:00 to 01:00, so 00:30 does not exist. "
                "Write 01:30 or 2026-09-05 23:30."
            ),
        ),
        (
            "2040-03-11 02:00",
            LOS_ANGELES,
            "2040-03-11 01:00",
            "2040-03-11 03:00",
            (
                "On 11 March 2040 clocks in Los Angeles go from 02:00 to 03:00, so 02:00 does not exist. "
                "Write 03:00 or 01:00."
            ),
        ),
        (
            "2011-12-30 12:00",
            "Pacific/Apia",
            "2011-12-29 12:00",
            "2011-12-31 12:00",
            (
                "On 30 December 2011 clocks in Apia go from 00:00 to 2011-12-31 00:00, so 12:00 does not exist. "
                "Write 2011-12-31 12:00 or 2011-12-29 12:00."
            ),
        ),
    ],
)
@pytest.mark.parametrize("fold", [None, 0, 1])
def test_a_gap_is_asked_about(
    *, local: str, tzid: str, before: str, after: str, sentence: str, fold: int | None
) -> None:
    with pytest.raises(NonexistentTime) as asked:
        timezones.resolve(wall(local), tzid, fold)
    assert str(asked.value) == sentence
    assert asked.value.key == "dtstart_local"
    assert [reading.local for reading in asked.value.readings] == [wall(before), wall(after)]
    assert list(asked.value.readings) == [timezones.resolve(wall(text), tzid) for text in (before, after)]


@pytest.mark.parametrize(
    ("local", "tzid", "first", "second", "sentence"),
    [
        (
            "2026-11-01 01:30",
            LOS_ANGELES,
            "2026-11-01 08:30",
            "2026-11-01 09:30",
            (
                "On 1 November 2026 clocks in Los Angeles go back from 02:00 to 01:00, so 01:30 comes twice. "
                "Add fold: 0 for the first (UTC−7) or fold: 1 for the second (UTC−8)."
            ),
        ),
        (
            "2026-04-05 01:45",
            "Australia/Lord_Howe",
            "2026-04-04 14:45",
            "2026-04-04 15:15",
            (
                "On 5 April 2026 clocks in Lord Howe go back from 02:00 to 01:30, so 01:45 comes twice. "
                "Add fold: 0 for the first (UTC+11) or fold: 1 for the second (UTC+10:30)."
            ),
        ),
        (
            "2026-04-04 23:30",
            "America/Santiago",
            "2026-04-05 02:30",
            "2026-04-05 03:30",
            (
                "On 4 April 2026 clocks in Santiago go back from 2026-04-05 00:00 to 23:00, so 23:30 comes twice. "
                "Add fold: 0 for the first (UTC−3) or fold: 1 for the second (UTC−4)."
            ),
        ),
        (
            "2040-10-28 01:30",
            "Europe/London",
            "2040-10-28 00:30",
            "2040-10-28 01:30",
            (
                "On 28 October 2040 clocks in London go back from 02:00 to 01:00, so 01:30 comes twice. "
                "Add fold: 0 for the first (UTC+1) or fold: 1 for the second (UTC+0)."
            ),
        ),
    ],
)
def test_an_overlap_is_asked_about_and_fold_settles_it(
    local: str, tzid: str, first: str, second: str, sentence: str
) -> None:
    with pytest.raises(AmbiguousTime) as asked:
        timezones.resolve(wall(local), tzid)
    assert str(asked.value) == sentence
    assert asked.value.key == "fold"
    assert [(reading.fold, reading.at) for reading in asked.value.readings] == [(0, utc(first)), (1, utc(second))]
    assert [timezones.resolve(wall(local), tzid, fold) for fold in (0, 1)] == list(asked.value.readings)


@pytest.mark.parametrize(
    ("local", "raises"),
    [
        ("2026-03-08 01:59:59", False),
        ("2026-03-08 02:00", True),
        ("2026-03-08 02:59:59", True),
        ("2026-03-08 03:00", False),
        ("2026-11-01 00:59:59", False),
        ("2026-11-01 01:00", True),
        ("2026-11-01 01:59:59", True),
        ("2026-11-01 02:00", False),
    ],
)
def test_the_edges_of_gap_and_overlap(local: str, raises: bool) -> None:
    if raises:
        with pytest.raises((NonexistentTime, AmbiguousTime)):
            timezones.resolve(wall(local), LOS_ANGELES)
    else:
        assert timezones.resolve(wall(local), LOS_ANGELES).local == wall(local)


@pytest.mark.parametrize("year", [1, 1969, 2201, 9999])
def test_a_year_nobody_means_is_refused(year: int) -> None:
    with pytest.raises(Invalid) as refused:
        timezones.resolve(wall("2026-06-13 16:00").replace(year=year), LOS_ANGELES)
    assert str(refused.value) == "Write a year from 1970 to 2200."


def test_a_fold_that_is_neither_pass_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        timezones.resolve(wall("2026-11-01 01:30"), LOS_ANGELES, 2)
    assert refused.value.key == "fold"


def test_wall_times_and_instants_are_not_mixed_up() -> None:
    with pytest.raises(ValueError, match="carries a zone"):
        timezones.resolve(utc("2026-06-13 16:00"), LOS_ANGELES)
    with pytest.raises(ValueError, match="needs its offset"):
        timezones.local(wall("2026-06-13 16:00"), LOS_ANGELES)


@given(zones, moments)
def test_an_instant_comes_back_from_its_wall_time(tzid: str, moment: datetime) -> None:
    at = moment.replace(tzinfo=UTC)
    local = timezones.local(at, tzid)
    naive = local.replace(tzinfo=None, fold=0)
    assert timezones.instant(naive, tzid, local.fold) == at
    assert timezones.resolve(naive, tzid, local.fold) == Reading(naive, local.fold, at, timezones.utc_offset(at, tzid))


@given(zones, moments)
def test_both_libraries_ask_about_the_same_wall_times(tzid: str, local: datetime) -> None:
    first, second = (timezones.instant(local, tzid, fold) for fold in (0, 1))
    if first == second:
        assert timezones.resolve(local, tzid).at == first
        return
    with pytest.raises(AmbiguousTime if first < second else NonexistentTime) as asked:
        timezones.resolve(local, tzid)
    assert [reading.at for reading in asked.value.readings] == sorted([first, second])


def changes(tzid: str, first_year: int, last_year: int) -> list[datetime]:
    """The instants of these years at which a zone's offset changes."""
    start, end = utc(f"{first_year}-01-01"), utc(f"{last_year + 1}-01-01")
    weeks = [start + timedelta(days=7) * step for step in range((end - start).days // 7 + 1)]
    return [
        _change(tzid, early, late)
        for early, late in pairwise([*weeks, end])
        if timezones.utc_offset(early, tzid) != timezones.utc_offset(late, tzid)
    ]


def _change(tzid: str, early: datetime, late: datetime) -> datetime:
    while late - early > timedelta(minutes=1):
        middle = early + (late - early) // timedelta(minutes=2) * timedelta(minutes=1)
        if timezones.utc_offset(middle, tzid) == timezones.utc_offset(early, tzid):
            early = middle
        else:
            late = middle
    return late


def doubtful(tzid: str, at: datetime) -> tuple[datetime, datetime]:
    """The wall times that the change at this instant leaves out or shows twice: the first, and the first after them."""
    naive = at.replace(tzinfo=None)
    earlier, later = sorted(naive + timezones.utc_offset(moment, tzid) for moment in (at - hours(1), at))
    return earlier, later


def test_every_change_of_every_zone_is_asked_about() -> None:
    """pytz asks, zoneinfo had found the change."""
    count = 0
    for tzid in timezones.offered_tzids():
        for at in changes(tzid, 2024, 2035):
            first, after = doubtful(tzid, at)
            forward = timezones.utc_offset(at, tzid) > timezones.utc_offset(at - hours(1), tzid)
            with pytest.raises(NonexistentTime if forward else AmbiguousTime):
                timezones.resolve(first + (after - first) / 2, tzid)
            count += 1
    assert count > 3000


@pytest.mark.parametrize("year", [2026, 2027, 2036, 2037, 2038, 2050])
def test_every_clock_change_of_a_year_is_asked_about_from_its_first_to_its_last_minute(year: int) -> None:
    """Also after 2037, where pytz knows no summer time any more."""
    for tzid in ("America/New_York", "Europe/Dublin", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Chatham"):
        found = changes(tzid, year, year)
        assert len(found) == 2, tzid
        for at in found:
            first, after = doubtful(tzid, at)
            for local in (first, after - timedelta(minutes=1)):
                with pytest.raises((NonexistentTime, AmbiguousTime)):
                    timezones.resolve(local, tzid)
            for local in (first - timedelta(minutes=1), after):
                assert timezones.resolve(local, tzid).local == local


@pytest.mark.parametrize("tzid", [LOS_ANGELES, "Europe/Dublin", "Africa/Cairo", "Australia/Lord_Howe", "America/Nuuk"])
@pytest.mark.parametrize("year", [2026, 2040])
def test_the_readings_lie_either_side_of_the_change(tzid: str, year: int) -> None:
    for at in changes(tzid, year, year):
        first, after = doubtful(tzid, at)
        with pytest.raises((NonexistentTime, AmbiguousTime)) as asked:
            timezones.resolve(first, tzid)
        earlier, later = asked.value.readings
        assert earlier.at < at <= later.at
        assert later.at - earlier.at == after - first
        expected = [first - (after - first), after] if isinstance(asked.value, NonexistentTime) else [first, first]
        assert [earlier.local, later.local] == expected


# From the truth to the instants


@pytest.mark.parametrize(
    ("local", "fold", "tzid", "seconds", "starts_at", "ends_at"),
    [
        ("2023-06-10 16:00", 0, LOS_ANGELES, 3600, "2023-06-10 23:00", "2023-06-11 00:00"),
        ("2023-06-25 17:00", 0, LOS_ANGELES, 3600, "2023-06-26 00:00", "2023-06-26 01:00"),
        ("2026-03-08 01:30", 0, LOS_ANGELES, 3600, "2026-03-08 09:30", "2026-03-08 10:30"),
        ("2026-11-01 01:30", 0, LOS_ANGELES, 3600, "2026-11-01 08:30", "2026-11-01 09:30"),
        ("2026-11-01 01:30", 1, LOS_ANGELES, 3600, "2026-11-01 09:30", "2026-11-01 10:30"),
        ("2026-12-31 23:30", 0, "Asia/Kathmandu", 7200, "2026-12-31 17:45", "2026-12-31 19:45"),
        ("2026-07-01 12:00", 0, "Australia/Eucla", 2700, "2026-07-01 03:15", "2026-07-01 04:00"),
        ("2027-01-01 00:15", 0, "Pacific/Chatham", 1800, "2026-12-31 10:30", "2026-12-31 11:00"),
        ("2026-04-05 01:45", 1, "Australia/Lord_Howe", 3600, "2026-04-04 15:15", "2026-04-04 16:15"),
        ("2026-03-28 22:00", 0, "Europe/Berlin", 86400, "2026-03-28 21:00", "2026-03-29 21:00"),
    ],
)
def test_start_and_end_come_from_the_wall_time_and_elapsed_seconds(
    *, local: str, fold: int, tzid: str, seconds: int, starts_at: str, ends_at: str
) -> None:
    assert timezones.span(wall(local), fold, tzid, seconds) == (utc(starts_at), utc(ends_at))


def test_a_stored_time_that_a_new_law_made_a_gap_counts_from_the_offset_before_it() -> None:
    assert timezones.instant(wall("2026-03-08 02:30"), LOS_ANGELES) == utc("2026-03-08 10:30")


def test_a_day_long_event_over_a_clock_change_ends_an_hour_later_on_the_clock() -> None:
    _, ends_at = timezones.span(wall("2026-03-28 22:00"), 0, "Europe/Berlin", 86400)
    assert timezones.local(ends_at, "Europe/Berlin").replace(tzinfo=None) == wall("2026-03-29 23:00")


@given(zones, moments, st.integers(min_value=60, max_value=14 * 86400))
def test_a_span_lasts_as_long_as_it_should(tzid: str, local: datetime, seconds: int) -> None:
    starts_at, ends_at = timezones.span(local, 0, tzid, seconds)
    assert ends_at - starts_at == timedelta(seconds=seconds)
    assert starts_at.tzinfo is ends_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Europe/Madrid", "Europe/Paris", True),
        ("Europe/Madrid", "Africa/Ceuta", True),
        (LOS_ANGELES, "America/Vancouver", False),
        ("Europe/London", "Europe/Lisbon", True),
        ("America/Phoenix", "America/Denver", False),
    ],
)
def test_zones_of_one_clock(one: str, other: str, same: bool) -> None:
    assert timezones.same_clock(one, other) == timezones.same_clock(other, one) == same


@pytest.mark.parametrize(
    ("offset", "text"),
    [
        (0, "UTC+0"),
        (-7, "UTC−7"),
        (5.5, "UTC+5:30"),
        (5.75, "UTC+5:45"),
        (-9.5, "UTC−9:30"),
        (-0.5, "UTC−0:30"),
        (14, "UTC+14"),
        (0.01, "UTC+0:01"),
    ],
)
def test_an_offset_in_words_has_a_real_minus_sign(offset: float, text: str) -> None:
    assert timezones.offset_text(hours(offset)) == text
