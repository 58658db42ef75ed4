"""Zones and instants: the only room that knows pytz and zoneinfo. It never guesses and never asks what time it is.

``zoneinfo`` computes, from the ``tzdata`` package alone: the files of the operating system are often older. ``pytz``,
of the same IANA release, lists the zones and says whether a wall time is missing or comes twice, as far as its tables
reach; after that the rule of PEP 495 does.
"""

import re
import unicodedata
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import tzinfo as TzInfo  # noqa: N812  a class in lower case, whose name our own function needs
from difflib import get_close_matches
from functools import cache, lru_cache

import pytz
from babel.core import get_global
from tzdata import IANA_VERSION  # type: ignore[import-untyped]

from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.text import clean_line
from eventsapp.domain.zone_phrases import MEANT

zoneinfo.reset_tzpath(to=())

FIRST_YEAR, LAST_YEAR = 1970, 2200  # of a wall time that somebody may type
_YEARS_COMPARED = (2027, 2028)  # to tell whether two zones have one clock; after the laws of 2026
_LAST_YEAR_OF_PYTZ = 2036  # its tables end in 2037, and after that it knows no summer time
_UTC = "Etc/UTC"
_LONGEST_NAME = 100
_LONGEST_SHOWN = 40  # of what was typed, in a message
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


class Day(date):
    """A date inside an error: English as text, and ``wording.in_language`` says it in another language."""

    def __str__(self) -> str:
        return f"{self.day} {_MONTHS[self.month - 1]} {self.year}"

    @classmethod
    def of(cls, moment: datetime) -> "Day":
        return cls(moment.year, moment.month, moment.day)


class ZoneCity(str):
    """A tzid inside an error, said as its city: English as text, ``wording.in_language`` for another language."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.rpartition("/")[2].replace("_", " ")


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning of a wall time: ``local`` is naive, ``at`` UTC; ``offset`` is local minus UTC."""

    local: datetime
    fold: int
    at: datetime
    offset: timedelta


class UnclearZone(Invalid):
    """An abbreviation, a phrase or an offset: no zone, but the message says what may be meant."""


class _Doubt(Invalid):
    """A wall time that a clock change makes meaningless or double; ``readings`` are what may be meant."""

    readings: tuple[Reading, ...] = ()


class NonexistentTime(_Doubt):
    """The clocks jump over this wall time. Its two readings are corrected wall times: after the gap, and before it."""


class AmbiguousTime(_Doubt):
    """The clocks show this wall time twice. Its two readings differ in ``fold`` and ``offset``."""


def data_release() -> tuple[str, str]:
    """The IANA releases of pytz and of tzdata, for example ``("2026f", "2026f")``; they must be equal."""
    return pytz.OLSON_VERSION, IANA_VERSION  # type: ignore[attr-defined]


@cache
def offered_tzids() -> tuple[str, ...]:
    """Every zone that a person may choose, sorted: the Area/City zones of IANA's zone.tab, and Etc/UTC."""
    cities = {tzid for zones in pytz.country_timezones.values() for tzid in zones}
    return tuple(sorted({tzid for tzid in pytz.common_timezones if tzid in cities} | {_UTC}))


@cache
def country_tzids() -> dict[str, tuple[str, ...]]:
    """ISO 3166-1 code → its offered zones, in the order of zone.tab. Shared: do not change."""
    return {code: tuple(zones) for code, zones in pytz.country_timezones.items()}


@cache
def country_of(tzid: str) -> str:
    """The ISO 3166-1 code of the country an offered zone lies in; empty for Etc/UTC."""
    return next((code for code, zones in country_tzids().items() if tzid in zones), "")


@cache
def names_of(tzid: str) -> tuple[str, ...]:
    """An offered zone's own name and the older ones that mean the same: Asia/Kolkata, Asia/Calcutta."""
    older = (name for name, known in _aliases().items() if known == tzid and name != tzid)
    return (tzid, *sorted(older))


@lru_cache(maxsize=4096)
def canonical_tzid(text: str) -> str:
    """The offered zone that ``text`` names, in any case and with spaces for underscores; older names are mapped.

    Raises Invalid for an abbreviation or a phrase (naming the zones it may mean), for a bare offset, and for
    anything else that is no zone.
    """
    typed = unicodedata.normalize("NFKC", text[: _LONGEST_NAME + 1]).strip()
    key = _key(typed)
    if len(text) <= _LONGEST_NAME and (found := _by_key().get(key)):
        return found
    if meant := zones_meant(text):
        raise _unclear(typed, meant)
    if re.fullmatch(r"((etc/)?(utc|gmt)_?[+\-−–]?|[+\-−–])_?\d{1,2}([:.]?\d{2})?", key):
        if not re.search("[1-9]", key):
            return _UTC
        raise UnclearZone(
            N_("%(zone)s is an offset, and an offset does not follow clock changes. Write a zone such as %(example)s."),
            key="tzid",
            zone=clean_line(typed, _LONGEST_SHOWN),
            example="America/Mexico_City",
        )
    raise _unknown(typed, key)


def zones_meant(text: str) -> tuple[str, ...]:
    """The zones that an abbreviation or phrase may mean ("PST", "Pacific Time (US and Canada)"); often none."""
    return MEANT.get(_phrase(unicodedata.normalize("NFKC", text[:_LONGEST_NAME])), ())


def resolve(local: datetime, tzid: str, fold: int | None = None) -> Reading:
    """What a naive wall time means at ``tzid``. Raises NonexistentTime or AmbiguousTime, with readings, and Invalid.

    ``fold`` settles an overlap: 0 is the first, 1 the second pass. Elsewhere it is ignored and comes back as 0.
    """
    if local.tzinfo is not None:
        raise ValueError(f"{local!r} carries a zone; a wall time has its tzid beside it")
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise Invalid(
            N_("Write a year from %(first)s to %(last)s."), key="dtstart_local", first=FIRST_YEAR, last=LAST_YEAR
        )
    if fold not in (None, 0, 1):
        raise Invalid(N_("Write fold as 0 for the first or 1 for the second time."), key="fold")
    doubt = _doubt(local, tzid)
    if doubt is NonexistentTime:
        raise _nonexistent(local, tzid)
    if doubt is AmbiguousTime and fold is None:
        raise _ambiguous(local, tzid)
    return _reading(local, tzid, fold or 0 if doubt else 0)


def instant(local: datetime, tzid: str, fold: int = 0) -> datetime:
    """The UTC instant of a stored wall time. In a gap the offset before it counts, as PEP 495 and RFC 5545 say."""
    return local.replace(tzinfo=tzinfo(tzid), fold=fold).astimezone(UTC)


def span(dtstart_local: datetime, fold: int, tzid: str, duration_seconds: int) -> tuple[datetime, datetime]:
    """Start and end as UTC instants: the one derivation of both. The duration is elapsed time."""
    starts_at = instant(dtstart_local, tzid, fold)
    return starts_at, starts_at + timedelta(seconds=duration_seconds)


def local(at: datetime, tzid: str) -> datetime:
    """The wall time at ``tzid`` of an aware instant: aware, and ``fold`` tells the second pass of an overlap."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} is naive; an instant needs its offset")
    return at.astimezone(tzinfo(tzid))


def utc_offset(at: datetime, tzid: str) -> timedelta:
    """Local minus UTC at an instant."""
    return local(at, tzid).utcoffset() or timedelta(0)


def same_clock(one: str, other: str) -> bool:
    """Whether two zones show the same time in every month of the years that events are planned in."""
    return one == other or _clock(one) == _clock(other)


@lru_cache(maxsize=4096)
def is_steady(tzid: str, year: int) -> bool:
    """Whether a zone keeps one offset all through a year."""
    return len({utc_offset(datetime(year, month, 15, tzinfo=UTC), tzid) for month in range(1, 13)}) == 1


@cache
def tzinfo(tzid: str) -> TzInfo:
    """The rules of a zone, of the tzdata package. Raises Invalid where IANA has no such zone."""
    if tzid not in pytz.all_timezones_set:
        raise _unknown(tzid, _key(tzid[:_LONGEST_NAME]))
    return zoneinfo.ZoneInfo(tzid)


@cache
def _clock(tzid: str) -> tuple[timedelta, ...]:
    return tuple(
        utc_offset(datetime(year, month, 15, tzinfo=UTC), tzid) for year in _YEARS_COMPARED for month in range(1, 13)
    )


def _doubt(local: datetime, tzid: str) -> type[_Doubt] | None:
    """Whether a wall time is missing or doubled."""
    if local.year > _LAST_YEAR_OF_PYTZ:
        change = _reading(local, tzid, 1).offset - _reading(local, tzid, 0).offset
        return None if not change else NonexistentTime if change > timedelta(0) else AmbiguousTime
    tzinfo(tzid)  # refuses an unknown name in our own words
    try:
        pytz.timezone(tzid).localize(local, is_dst=None)
    except pytz.NonExistentTimeError:
        return NonexistentTime
    except pytz.AmbiguousTimeError:
        return AmbiguousTime
    return None


def _reading(local: datetime, tzid: str, fold: int) -> Reading:
    aware = local.replace(tzinfo=tzinfo(tzid), fold=fold)
    return Reading(local.replace(fold=0), fold, aware.astimezone(UTC), aware.utcoffset() or timedelta(0))


def _nonexistent(local: datetime, tzid: str) -> NonexistentTime:
    """The reading by the offset before the gap falls after it, and the other way round."""
    readings = []
    for fold in (0, 1):
        meant = _reading(local, tzid, fold).at.astimezone(tzinfo(tzid))
        readings.append(_reading(meant.replace(tzinfo=None), tzid, meant.fold))
    after, before = readings
    change = _change(before.at, after.at, tzid)
    error = NonexistentTime(
        N_(
            "On %(date)s clocks in %(city)s go from %(from_clock)s to %(to_clock)s, so %(clock)s does not exist. "
            "Write %(after)s or %(before)s."
        ),
        key="dtstart_local",
        date=Day.of(local),
        city=ZoneCity(tzid),
        from_clock=_clock_text(change + before.offset, local),
        to_clock=_clock_text(change + after.offset, local),
        clock=_clock_text(local, local),
        after=_clock_text(after.local, local),
        before=_clock_text(before.local, local),
    )
    error.readings = (before, after)
    return error


def _ambiguous(local: datetime, tzid: str) -> AmbiguousTime:
    first, second = _reading(local, tzid, 0), _reading(local, tzid, 1)
    change = _change(first.at, second.at, tzid)
    error = AmbiguousTime(
        N_(
            "On %(date)s clocks in %(city)s go back from %(from_clock)s to %(to_clock)s, so %(clock)s comes twice. "
            "Add fold: 0 for the first (%(first)s) or fold: 1 for the second (%(second)s)."
        ),
        key="fold",
        date=Day.of(local),
        city=ZoneCity(tzid),
        from_clock=_clock_text(change + first.offset, local),
        to_clock=_clock_text(change + second.offset, local),
        clock=_clock_text(local, local),
        first=offset_text(first.offset),
        second=offset_text(second.offset),
    )
    error.readings = (first, second)
    return error


def offset_text(offset: timedelta) -> str:
    """ "UTC−7", "UTC+5:45": the same in every language, with a real minus sign (U+2212)."""
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def _change(earlier: datetime, later: datetime, tzid: str) -> datetime:
    """The naive UTC minute at which the offset changes between two instants; ``earlier`` is still before it."""
    before = utc_offset(earlier, tzid)
    low, high = 0, int((later - earlier).total_seconds()) // 60 + 1
    while high - low > 1:
        middle = (low + high) // 2
        if utc_offset(earlier + timedelta(minutes=middle), tzid) == before:
            low = middle
        else:
            high = middle
    return (earlier.replace(second=0, microsecond=0) + timedelta(minutes=high)).replace(tzinfo=None)


def _clock_text(moment: datetime, day: datetime) -> str:
    """The 24-hour clock, as a record is written and every language reads it; with its date where that is another."""
    return moment.strftime("%H:%M" if moment.date() == day.date() else "%Y-%m-%d %H:%M")


@cache
def _aliases() -> dict[str, str]:
    """Every zone name that IANA knows → the offered zone it means; those that mean none of them are left out."""
    offered = frozenset(offered_tzids())
    renamed = {**get_global("zone_aliases"), "Etc/GMT": _UTC}
    meant: dict[str, str] = {}
    for name in (*pytz.all_timezones, *renamed):
        target = renamed.get(name, name)
        target = renamed.get(target, target)
        if target in offered and name.casefold() not in MEANT:
            meant[name] = target
    return meant


@cache
def _by_key() -> dict[str, str]:
    """Names as people type them → offered zone: IANA's, and Windows' where they are plain."""
    known = {_key(name): tzid for name, tzid in _aliases().items()}
    known["z"] = _UTC
    for name, mapped in get_global("windows_zone_mapping").items():
        if mapped in _aliases() and ("(" in name or _phrase(name) not in MEANT):
            known.setdefault(_key(name), _aliases()[mapped])
    return known


def _key(text: str) -> str:
    return re.sub(r"[\s_]+|(?<=[a-z])-(?=[a-z])", "_", re.sub(r"\s*/\s*", "/", text.casefold()))


def _phrase(text: str) -> str:
    """A phrase without accents, dots, brackets and what stands in them: "hora del pacífico (EE. UU.)"."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"\(.*|[^a-z ]", "", re.sub(r"^\(.*?\)", "", plain.replace("-", " "))).split())


def _unclear(typed: str, meant: tuple[str, ...]) -> UnclearZone:
    if len(meant) == 1:
        message = N_("%(zone)s is not the name of a time zone. Write %(candidates)s.")
    else:
        message = N_("%(zone)s may mean several time zones. Write one of these: %(candidates)s.")
    return UnclearZone(message, key="tzid", zone=clean_line(typed, _LONGEST_SHOWN), candidates=", ".join(meant))


def _unknown(typed: str, key: str) -> Invalid:
    by_key = _by_key()
    last_part = [tzid for tzid in offered_tzids() if key and _key(tzid.rpartition("/")[2]) == key]
    near = last_part or [by_key[match] for match in get_close_matches(key[:_LONGEST_NAME], by_key, n=1, cutoff=0.85)]
    if near:
        return Invalid(
            N_("There is no time zone %(zone)s. Did you mean %(candidates)s?"),
            key="tzid",
            zone=clean_line(typed, _LONGEST_SHOWN),
            candidates=", ".join(near),
        )
    if not clean_line(typed, _LONGEST_SHOWN):
        return Invalid(N_("Write a time zone such as %(example)s."), key="tzid", example="America/Mexico_City")
    return Invalid(
        N_("There is no time zone %(zone)s. Write one such as %(example)s."),
        key="tzid",
        zone=clean_line(typed, _LONGEST_SHOWN),
        example="America/Mexico_City",
    )
