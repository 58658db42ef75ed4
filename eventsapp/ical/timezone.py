"""The compact VTIMEZONE: one STANDARD and at most one DAYLIGHT by a yearly rule, or None, which means "write UTC".

Half of all calendar programs believe this block, the other half look TZID up in their own zone data. So it is given
only where both come to the same instant; what the zone's law did lately is read from ``domain.timezones`` alone.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from operator import attrgetter

from eventsapp.domain import timezones

FIRST_YEAR, LAST_YEAR = 1972, 2036  # readers' own tables hold whole rules at least for these years
YEARS_BEFORE, YEARS_AFTER = 2, 1  # around the event and the zone data's release: readers' own data may be that old
NEAR = timedelta(hours=24)
STEP = timedelta(days=7)  # no zone changes its clock twice within a week
SECOND = timedelta(seconds=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LAST = -1


@dataclass(frozen=True, slots=True)
class Change:
    """A zone's clock changes at the instant ``at`` from one UTC offset to another."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def wall(self) -> datetime:
        """The naive wall time of the change, in the offset before it (RFC 5545 §3.6.5)."""
        return (self.at + self.before).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Observance:
    """A clock change on the ``nth`` (1 to 4, or the last: -1) ``weekday`` of a month, every year from ``since`` on."""

    before: timedelta
    after: timedelta
    month: int
    nth: int
    weekday: int
    time: timedelta
    since: int

    def wall(self, year: int) -> datetime:
        first = datetime(year, self.month, 1)  # noqa: DTZ001  a wall time
        if self.nth == LAST:
            first = _following_month(first) - timedelta(days=7)
        day = first + timedelta(days=(self.weekday - first.weekday()) % 7)
        return day + self.time + timedelta(weeks=max(self.nth - 1, 0))

    def onset(self, year: int) -> datetime:
        return (self.wall(year) - self.before).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CompactZone:
    """A VTIMEZONE as content lines, and what a reader takes it to say in the years around the event."""

    tzid: str
    lines: tuple[str, ...]
    base: timedelta  # the offset where there is no clock change
    changes: tuple[Change, ...] = ()  # in order

    def utc_offset(self, at: datetime) -> timedelta:
        """What a reader of this block takes as the UTC offset at an instant."""
        past = bisect_right(self.changes, at, key=attrgetter("at"))
        return self.changes[past - 1].after if past else self.base

    def changes_between(self, start: datetime, end: datetime) -> bool:
        return any(start <= change.at <= end for change in self.changes)


def zone_for(
    tzid: str, dtstart_local: datetime, starts_at: datetime, dtend_local: datetime, ends_at: datetime
) -> CompactZone | None:
    """The block under which every reader finds these instants at these wall times; None where UTC alone is safe."""
    zone = compact_zone(tzid, starts_at.year)
    if zone is None or ends_at.year > starts_at.year + YEARS_AFTER:
        return None
    if zone.changes_between(starts_at - NEAR, ends_at + NEAR):
        return None
    for at, wall in ((starts_at, dtstart_local), (ends_at, dtend_local)):
        for near in (at - NEAR, at, at + NEAR):
            if zone.utc_offset(near) != timezones.utc_offset(near, tzid):
                return None
        if (at + zone.utc_offset(at)).replace(tzinfo=None) != wall:
            return None
    return zone


def compact_zone(tzid: str, year: int) -> CompactZone | None:
    """The block for an event in one year, or None for a zone without a simple or a settled rule then."""
    return _compact_zone(tzid, year, timezones.data_release())


@lru_cache(maxsize=4096)
def _compact_zone(tzid: str, year: int, release: tuple[str, str]) -> CompactZone | None:
    if "/" not in tzid or tzid.startswith("Etc/") or not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    window = range(min(year, int(release[1][:4])) - YEARS_BEFORE, year + YEARS_AFTER + 1)
    history = [_changes(tzid, each, release) for each in window]
    if not any(history):
        zone = _fixed(tzid, year)
    else:
        rules = [_yearly(tzid, number, window, release) for number in (0, 1)]
        if rules[0] is None or rules[1] is None or any(len(changes) != len(rules) for changes in history):
            return None
        zone = _changing(tzid, rules[0], rules[1], window)
    return zone if _agrees(zone, window) else None


def _fixed(tzid: str, year: int) -> CompactZone:
    at = datetime(year, 1, 1, tzinfo=UTC)
    offset = timezones.utc_offset(at, tzid)
    always = Observance(offset, offset, month=1, nth=1, weekday=0, time=timedelta(), since=1970)
    lines = _observance("STANDARD", always, "19700101T000000", _name(tzid, at))
    return CompactZone(tzid, _vtimezone(tzid, lines), offset)


def _changing(tzid: str, first: Observance, second: Observance, window: range) -> CompactZone:
    since = max(first.since, second.since)
    lines: list[str] = []
    for rule in sorted((first, second), key=lambda rule: rule.after, reverse=True):
        kind = "STANDARD" if lines else "DAYLIGHT"
        name = _name(tzid, rule.onset(since) + NEAR)
        lines += _observance(kind, rule, f"{rule.wall(since):%Y%m%dT%H%M%S}", name, _rrule(rule))
    years = range(window[0] - 1, window[-1] + 2)  # instants close to the event may fall beside the window
    changes = [Change(rule.onset(year), rule.before, rule.after) for year in years for rule in (first, second)]
    return CompactZone(tzid, _vtimezone(tzid, lines), first.before, tuple(sorted(changes, key=attrgetter("at"))))


def _vtimezone(tzid: str, lines: list[str]) -> tuple[str, ...]:
    # X-LIC-LOCATION helps older libical, Evolution and Horde to find the zone by its name.
    return ("BEGIN:VTIMEZONE", f"TZID:{tzid}", f"X-LIC-LOCATION:{tzid}", *lines, "END:VTIMEZONE")


def _observance(kind: str, rule: Observance, dtstart: str, name: str, *more: str) -> list[str]:
    offsets = [f"TZOFFSETFROM:{_offset(rule.before)}", f"TZOFFSETTO:{_offset(rule.after)}"]
    return [f"BEGIN:{kind}", f"DTSTART:{dtstart}", *more, *offsets, f"TZNAME:{name}", f"END:{kind}"]


def _rrule(rule: Observance) -> str:
    return f"RRULE:FREQ=YEARLY;BYMONTH={rule.month};BYDAY={rule.nth}{WEEKDAYS[rule.weekday]}"


def _offset(offset: timedelta) -> str:
    sign = "-" if offset < timedelta() else "+"
    minutes, seconds = divmod(int(abs(offset).total_seconds()), 60)
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")


def _name(tzid: str, at: datetime) -> str:
    return at.astimezone(timezones.tzinfo(tzid)).tzname() or _offset(timezones.utc_offset(at, tzid))


def _yearly(tzid: str, number: int, window: range, release: tuple[str, str]) -> Observance | None:
    """The rule that the first (0) or second (1) change of the year follows in all years of the window."""
    years: dict[int, Change] = {}
    for year in range(window[-1], FIRST_YEAR - 1, -1):
        changes = _changes(tzid, year, release)
        if len(changes) <= number or (years and _kind(changes[number]) != _kind(years[window[-1]])):
            break
        years[year] = changes[number]
    if window[0] not in years:
        return None
    latest = years[window[-1]]
    places = {nth: _since(years, nth) for nth in (LAST, 1, 2, 3, 4)}
    nth = min(places, key=lambda nth: places[nth])
    if places[nth] > window[0]:
        return None
    wall = latest.wall
    time = wall - wall.replace(hour=0, minute=0, second=0)
    return Observance(latest.before, latest.after, wall.month, nth, wall.weekday(), time, places[nth])


def _kind(change: Change) -> tuple[object, ...]:
    wall = change.wall
    return (change.before, change.after, wall.month, wall.weekday(), wall.time(), wall.year == change.at.year)


def _since(years: dict[int, Change], nth: int) -> int:
    """The first year of the unbroken run, up to the latest year, whose changes fall on the nth weekday."""
    since = max(years) + 1
    while since - 1 in years and nth in _places(years[since - 1].wall):
        since -= 1
    return since


def _places(day: datetime) -> set[int]:
    last = day + timedelta(days=7) >= _following_month(day)
    return {(day.day - 1) // 7 + 1} | ({LAST} if last else set())


def _following_month(day: datetime) -> datetime:
    return (day.replace(day=1, hour=0, minute=0, second=0) + timedelta(days=32)).replace(day=1)


@cache
def _changes(tzid: str, year: int, _release: tuple[str, str]) -> tuple[Change, ...]:
    """The clock changes of one UTC year, in order."""
    found: list[Change] = []
    end = datetime(year + 1, 1, 1, tzinfo=UTC)
    low = datetime(year, 1, 1, tzinfo=UTC)
    before = timezones.utc_offset(low, tzid)
    while low < end:
        high = min(low + STEP, end)
        after = timezones.utc_offset(high, tzid)
        if after != before:
            found.append(Change(_first_with(tzid, low, high, after), before, after))
        low, before = high, after
    return tuple(found)


def _first_with(tzid: str, low: datetime, high: datetime, after: timedelta) -> datetime:
    while high - low > SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if timezones.utc_offset(middle, tzid) == after:
            high = middle
        else:
            low = middle
    return high


def _agrees(zone: CompactZone, window: range) -> bool:
    """The block against the zone data: each week of its years, and the seconds around each of its changes."""
    moments = [datetime(window[0], 1, 1, tzinfo=UTC) + STEP * week for week in range(len(window) * 52)]
    for change in zone.changes:
        if change.at.year in window:
            moments += [change.at - SECOND, change.at]
    return all(zone.utc_offset(at) == timezones.utc_offset(at, zone.tzid) for at in moments)
