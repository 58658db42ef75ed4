"""Times in words: the only builder of them, so that page, letter, calendar and console cannot disagree.

Names and patterns are CLDR's, by Babel, for any BCP 47 tag. Never an abbreviation of a zone alone: generic name, city
and offset. Every space is a plain U+0020 and there are no bidi marks, whatever CLDR has: the words go into plain text,
headers and calendars, are searched and compared, and read rightly in a right-to-left paragraph without them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache, reduce
from typing import Literal

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_time, format_timedelta, parse_pattern
from babel.lists import format_list
from babel.numbers import format_decimal

import eventsapp.domain.cldr  # noqa: F401  mends Babel's data
from eventsapp.domain import timezones
from eventsapp.domain.errors import Minutes
from eventsapp.domain.languages import babel_locale

_UTC = "Etc/UTC"
_Unit = Literal["week", "day", "hour", "minute", "second"]
_UNITS: dict[_Unit, timedelta] = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}
_NEVER = 10**9  # so many of a unit before Babel takes the next larger one
_HOURS_A_DAY = 24
_MANY_DAYS = 10  # from here on, hours say nothing any more
_EXACT = 630  # seconds: below that every minute counts

_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\s]+")
_MARKS = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COMMAS = dict.fromkeys(("ar", "ckb", "fa", "ks", "ps", "sd", "syr", "ug", "ur"), "، ")
_IDEOGRAPHIC_COMMAS = {"ja": "、", "yue": "，", "zh": "，"}
# Zero of the digits that CLDR gives a locale by default, where that is not 0.
_ZEROS = {
    "adlm": "\U0001e950",
    "arab": "\u0660",
    "arabext": "\u06f0",
    "beng": "\u09e6",
    "cakm": "\U00011136",
    "deva": "\u0966",
    "hmnp": "\U0001e140",
    "mtei": "\uabf0",
    "mymr": "\u1040",
    "nkoo": "\u07c0",
    "olck": "\u1c50",
    "tibt": "\u0f20",
}
# Babel's only region format of these is the one for summer time; CLDR's plain one is just the place.
_WITHOUT_REGION_FORMAT = frozenset({"bg", "bs", "cv", "gd", "hr", "is", "nn", "ru", "sr"})
# A zone without a name of its own goes by its city: CLDR's "heure : Maroc", "Ora Marocco", "Marokko (Ortszeit)" fit
# no sentence.
_CITY_TIMES = {"de": "Ortszeit %s", "es": "hora de %s", "fr": "heure de %s", "it": "ora di %s", "pt": "horário de %s"}
_VOWEL = re.compile("[AEIOUYÀÂÉÈÊÎÏÔÛÜ]")
_ISLAND_TIMES = {
    "es": ("Isla ", "hora de la isla "),
    "fr": ("Île ", "heure de l’île "),
    "it": ("Isola ", "ora dell’isola "),
    "pt": ("Ilha ", "horário da ilha "),
}
# Zone names that CLDR writes with a capital, as a label: here they stand within a sentence.
_TIME_NOUNS = frozenset({"Hora", "Horário", "Ora", "Tempo"})
_OCLOCK = {"de": " Uhr"}
_DASH = re.compile(r"\s*[-–—~～〜]\s*$")
_FIRST_OF_MONTH = {"fr": "1er", "fr_CA": "1er", "pt": "1º", "pt_BR": "1º"}
# Languages that say "2 hours and 5 minutes", as a native does, and not a bare row of units.
_WITH_AND = frozenset({"de", "es", "fr", "it", "pt"})
# A sign before a number is torn from it in a line from right to left.
_ARABIC_SHIFTS = {1: "اليوم التالي", -1: "اليوم السابق", 2: "بعد يومين", -2: "قبل يومين"}
_ARABIC_DUAL = re.compile("(?<=يوم|اعت|يقت|نيت|بوع)ان")


@dataclass(frozen=True, slots=True)
class TimeWords:
    """The words of one occurrence at one zone in one language.

    ``whole`` is full date, clock and zone together, ``when`` the same without the zone.
    """

    whole: str  # "Sunday 25 June 2023, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)"
    when: str  # "Sunday 25 June 2023, 5:00 pm – 6:00 pm"
    weekday: str  # "Sunday"
    date: str  # "25 June 2023"
    full_date: str  # "Sunday 25 June 2023"
    clock: str  # "5:00 pm – 6:00 pm"; with the full date before the end where that is another day
    start: str  # "5:00 pm"
    zone: str  # "Pacific Time (Los Angeles, UTC−7)"
    city: str  # "Los Angeles"
    iso_start: str  # "2023-06-25T17:00:00-07:00"
    iso_end: str
    tile_month: str  # "Jun"
    tile_day: str  # "25"
    tile_weekday: str  # "Sun"


@dataclass(frozen=True, slots=True)
class ReaderWords(TimeWords):
    """The same for a reader elsewhere. ``same_zone``: their clock is the event's, so there is nothing to add."""

    short: str  # "Sunday 6:00 pm – 7:00 pm (Mexico City, UTC−6)"
    day_shift: int  # days from the event's date to the reader's, at the start: −1, 0 or 1, rarely 2
    day_mark: str  # "+1 day", "−1 day", or empty
    same_zone: bool


@lru_cache(maxsize=1024)
def time_words(starts_at: datetime, ends_at: datetime, tzid: str, tag: str) -> TimeWords:
    """How an occurrence's time reads at ``tzid`` in the language ``tag``; both instants are aware."""
    locale = babel_locale(tag)
    start, end = timezones.local(starts_at, tzid), timezones.local(ends_at, tzid)
    full_date = _full_date(start, locale)
    clock = _clock_range(start, end, locale)
    zone = _zone(tzid, start, end, locale)
    return TimeWords(
        whole=_sentence(full_date, clock, zone, locale),
        when=_sentence(full_date, clock, "", locale),
        weekday=_dated(start, "EEEE", locale),
        date=_date(start, locale),
        full_date=full_date,
        clock=clock,
        start=_clock(start, locale),
        zone=zone,
        city=_city(tzid, locale),
        iso_start=start.isoformat(timespec="seconds"),
        iso_end=end.isoformat(timespec="seconds"),
        tile_month=_tile(start, "LLL", locale),
        tile_day=_dated(start, "d", locale),
        tile_weekday=_tile(start, "ccc", locale),
    )


@lru_cache(maxsize=1024)
def reader_words(starts_at: datetime, ends_at: datetime, tzid: str, event_tzid: str, tag: str) -> ReaderWords:
    """How it reads at the reader's ``tzid``, held against the event's ``event_tzid``."""
    locale = babel_locale(tag)
    words = time_words(starts_at, ends_at, tzid, tag)
    start, end = timezones.local(starts_at, tzid), timezones.local(ends_at, tzid)
    shift = (start.date() - timezones.local(starts_at, event_tzid).date()).days
    if start.date() == end.date():
        when = _weekday_clock(words.weekday, words.clock, locale)
    else:
        last = _weekday_clock(_dated(end, "EEEE", locale), _clock(end, locale), locale)
        when = _range(_weekday_clock(words.weekday, words.start, locale), last, locale, spaced=True)
    return ReaderWords(
        **{name: getattr(words, name) for name in TimeWords.__slots__},
        short=_bracketed(when, [*_city_unless_utc(tzid, locale), _offsets(tzid, start, end)], locale),
        day_shift=shift,
        day_mark=_day_mark(shift, locale),
        same_zone=all(
            timezones.utc_offset(at, tzid) == timezones.utc_offset(at, event_tzid) for at in (starts_at, ends_at)
        ),
    )


def moment_words(at: datetime, tzid: str, tag: str) -> str:
    """One instant: "Sunday 25 June 2023, 5:00 pm, Pacific Time (Los Angeles, UTC−7)"."""
    locale = babel_locale(tag)
    start = timezones.local(at, tzid)
    return _sentence(_full_date(start, locale), _clock(start, locale), _zone(tzid, start, start, locale), locale)


def weekday_names(tag: str) -> list[str]:
    """The days of the week in full, from Monday on."""
    locale = babel_locale(tag)
    return [_dated(date(2024, 1, day), "EEEE", locale) for day in range(1, 8)]


def date_words(day: date, tag: str) -> str:
    """``25 June 2023``: a day by itself, in any language."""
    return _date(day, babel_locale(tag))


def zone_words(tzid: str, at: datetime, tag: str) -> str:
    """A zone with its offset at an instant: "Pacific Time (Los Angeles, UTC−7)"."""
    start = timezones.local(at, tzid)
    return _zone(tzid, start, start, babel_locale(tag))


def city_words(tzid: str, tag: str) -> str:
    """The zone's city as the language spells it: "Los Ángeles"; "UTC" for Etc/UTC."""
    return _city(tzid, babel_locale(tag))


def cities_line(starts_at: datetime, cities: Sequence[tuple[str, str]], tag: str) -> str:
    """One instant on the clocks of cities: "Los Angeles 16:00 · Mexico City 17:00 · Madrid 01:00 (+1)".

    ``cities`` are zones with their city's name; the first is the event's own, and other days are marked against its
    date. In a script from right to left a sign would be torn from its number, so there the weekday says it.
    """
    locale = babel_locale(tag)
    own_date = timezones.local(starts_at, cities[0][0]).date()
    return " · ".join(
        f"{name} {_padded_clock(at, locale)}{_other_day(at, own_date, locale)}"
        for name, at in ((name, timezones.local(starts_at, tzid)) for tzid, name in cities)
    )


def until_words(delta: timedelta, tag: str) -> str:
    """A time still to wait, rounded down, in its two largest units: "2 days 3 hours", "5 minutes", "40 seconds".

    It stands alone, beside a label: in German and Arabic these words are others after "in".
    """
    locale = babel_locale(tag)
    seconds = max(0, int(delta.total_seconds()))
    if 0 < seconds < 60:  # noqa: PLR2004
        return _amount(seconds, "second", locale)
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % _HOURS_A_DAY, seconds // (3600 * _HOURS_A_DAY)
    if days:
        return _amounts({"day": days, "hour": 0 if days >= _MANY_DAYS else hours}, locale)
    return _amounts({"hour": hours, "minute": minutes}, locale)


def soon_words(delta: timedelta, tag: str) -> str:
    """A short time from now: "in 1 hour", "in 25 minutes", "in 4 minutes"; above ten in steps of five minutes."""
    seconds = delta.total_seconds()
    step = 60 if seconds < _EXACT else 300
    minutes = max(1, round(seconds / step) * step // 60)
    unit: _Unit = "minute" if minutes % 60 else "hour"
    locale = babel_locale(tag)
    words = format_timedelta(
        timedelta(minutes=minutes), granularity=unit, threshold=_NEVER, add_direction=True, locale=locale
    )
    return _native_digits(_plain(words), locale)


def duration_words(seconds: int, tag: str) -> str:
    """A length of time in full: "1 hour", "1 hour 30 minutes", "2 days 4 hours"; as it stands within a sentence."""
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % _HOURS_A_DAY, seconds // (3600 * _HOURS_A_DAY)
    locale = babel_locale(tag)
    words = _amounts({"day": days, "hour": hours, "minute": minutes, "second": seconds % 60}, locale)
    return _ARABIC_DUAL.sub("ين", words) if locale.language == "ar" else words


def amount_words(days: int, seconds: int, tag: str) -> str:
    """Days of the calendar and elapsed time as they are said of a trigger: "2 weeks", "24 hours", "1 day 2 hours"."""
    weeks, days = (days // 7, 0) if days % 7 == 0 else (0, days)
    hours, minutes = divmod(seconds // 60, 60)
    locale = babel_locale(tag)
    words = _amounts({"week": weeks, "day": days, "hour": hours, "minute": minutes}, locale)
    return _ARABIC_DUAL.sub("ين", words) if locale.language == "ar" else words


def in_language(value: object, tag: str) -> object:
    """A value in a sentence as a reader of ``tag`` says it: numbers, dates, clock times, cities; the rest as it is."""
    locale = babel_locale(tag)
    said: object = value
    match value:
        case Minutes():
            said = duration_words(value * 60, tag)
        case int():
            said = _native_digits(_plain(format_decimal(value, locale=locale, numbering_system="default")), locale)
        case timezones.ZoneCity():
            said = city_words(value, tag)
        case datetime():
            said = _sentence(_full_date(value, locale), _clock(value, locale), "", locale)
        case date():
            said = _date(value, locale)
        case time():
            said = _clock(value, locale)
    return said


def _sentence(full_date: str, clock: str, zone: str, locale: Locale) -> str:
    comma = _comma(locale)
    between = " " if locale.language in _IDEOGRAPHIC_COMMAS else comma
    return full_date + between + clock + (comma + zone if zone else "")


def _zone(tzid: str, start: datetime, end: datetime, locale: Locale) -> str:
    name, city = _zone_name(tzid, start.year, str(locale))
    return _bracketed(name, [*([city] if city else []), _offsets(tzid, start, end)], locale)


def _bracketed(text: str, parts: list[str], locale: Locale) -> str:
    inside = _comma(locale).join(part for part in parts if part)
    if inside == text:
        return text
    if text.endswith(")"):  # German "Marokko (Ortszeit)"
        return f"{text[:-1]}{_comma(locale)}{inside})"
    return f"{text}（{inside}）" if locale.language in _IDEOGRAPHIC_COMMAS else f"{text} ({inside})"


def _comma(locale: Locale) -> str:
    return _IDEOGRAPHIC_COMMAS.get(locale.language) or _COMMAS.get(locale.language) or ", "


def _offsets(tzid: str, start: datetime, end: datetime) -> str:
    """Both offsets where the clocks change in between: "UTC−8 → UTC−7"."""
    if tzid == _UTC:
        return "UTC"
    first, last = (timezones.offset_text(moment.utcoffset() or timedelta(0)) for moment in (start, end))
    return first if first == last else f"{first} → {last}"


@lru_cache(maxsize=8192)
def _zone_name(tzid: str, year: int, locale_id: str) -> tuple[str, str]:
    """The zone's generic name, and its city where the name does not hold it already."""
    locale = Locale.parse(locale_id)
    city = _city(tzid, locale)
    if tzid == _UTC:
        return _within_sentence(_own_names(tzid, locale).get("standard", "UTC")), ""
    if generic := _generic_name(tzid, year, locale):
        return _within_sentence(generic), city
    if locale.language in _CITY_TIMES:
        return _city_time(city, locale), ""
    country = timezones.country_of(tzid)
    alone = len(timezones.country_tzids().get(country, ())) == 1
    named = locale.territories.get(country) if alone else None
    words = _within_sentence(_region_format(locale) % (named or city))
    return words, city if named and named != city else ""


def _city_time(city: str, locale: Locale) -> str:
    island, island_time = _ISLAND_TIMES.get(locale.language, ("", ""))
    if island and city.startswith(island):
        return island_time + city.removeprefix(island)
    if locale.language == "fr" and _VOWEL.match(city):
        return f"heure d’{city}"
    return _CITY_TIMES[locale.language] % city


def _generic_name(tzid: str, year: int, locale: Locale) -> str:
    """CLDR's name without "standard" or "daylight". A lone standard name will do where the clocks never change."""
    metazones = get_global("meta_zones")
    metazone = next((metazones[name] for name in timezones.names_of(tzid) if name in metazones), None)
    names = _long_names(locale.meta_zones.get(metazone, {}))
    if "generic" in names:
        return names["generic"]
    return names.get("standard", "") if timezones.is_steady(tzid, year) else ""


def _own_names(tzid: str, locale: Locale) -> dict[str, str]:
    """Names that CLDR gives this very zone: British Summer Time, Coordinated Universal Time."""
    for name in timezones.names_of(tzid):
        if found := _long_names(locale.time_zones.get(name, {})):
            return found
    return {}


def _long_names(info: dict[str, dict[str, str]]) -> dict[str, str]:
    return {variant: name for variant, name in info.get("long", {}).items() if name and name != "∅∅∅"}


def _within_sentence(name: str) -> str:
    name = _plain(name)
    return name[0].lower() + name[1:] if name.partition(" ")[0] in _TIME_NOUNS else name


def _region_format(locale: Locale) -> str:
    if locale.language in _WITHOUT_REGION_FORMAT:
        return "%s"
    known = Locale("es") if locale.language == "es" else locale  # summer time again in es-419 and its children
    return str(known.zone_formats.get("region", "%s"))


def _city_unless_utc(tzid: str, locale: Locale) -> list[str]:
    return [] if tzid == _UTC else [_city(tzid, locale)]


def _city(tzid: str, locale: Locale) -> str:
    return _city_name(tzid, str(locale))


@lru_cache(maxsize=16384)
def _city_name(tzid: str, locale_id: str) -> str:
    """CLDR's exemplar city."""
    if tzid == _UTC:
        return "UTC"
    zones = Locale.parse(locale_id).time_zones
    for name in timezones.names_of(tzid):
        if city := zones.get(name, {}).get("city"):
            return _plain(city)
    return tzid.rpartition("/")[2].replace("_", " ")


def _clock_range(start: datetime, end: datetime, locale: Locale) -> str:
    if start.date() == end.date():
        dash = _dash(str(locale))
        first, last = _wall_clock(start, locale), _clock(end, locale)
        return f"{first}{dash}{last}" if dash else _range(first, last, locale)
    last = (
        _full_date(end, locale)
        + (" " if locale.language in _IDEOGRAPHIC_COMMAS else _comma(locale))
        + _clock(end, locale)
    )
    return _range(_clock(start, locale), last, locale, spaced=True)


@cache
def _dash(locale_id: str) -> str:
    """What CLDR has between two times of one day; empty where that is no dash."""
    locale = Locale.parse(locale_id)
    if locale.language == "en":
        return " – "
    skeleton, field = ("hm", "a") if re.search("[hK]", str(locale.time_formats["short"].pattern)) else ("Hm", "m")
    first = dict(locale.interval_formats.get(skeleton) or {}).get(field, [""])[0]
    found = _DASH.search(_SPACES.sub(" ", _MARKS.sub("", first)))
    return found[0].replace("-", "–") if found else ""


def _range(first: str, last: str, locale: Locale, *, spaced: bool = False) -> str:
    """CLDR's interval fallback, with a dash where it has a hyphen."""
    pattern = _plain(locale.interval_formats.get(None) or "{0} – {1}").replace("-", "–")
    if locale.language == "en" or pattern.startswith("{1}"):
        pattern = "{0} – {1}"
    if spaced:
        pattern = pattern.replace("{0}–{1}", "{0} – {1}")
    return pattern.format(first, last)


def _weekday_clock(weekday: str, clock: str, locale: Locale) -> str:
    """CLDR's pattern of weekday and time, as far as it says what stands between them."""
    pattern = locale.datetime_skeletons.get("EHm")
    between = re.match(r"E+([^A-Za-z']*)[HhKkaBb]", _plain(str(pattern.pattern))) if pattern else None
    return weekday + (between[1] if between else " ") + clock


def _full_date(day: date, locale: Locale) -> str:
    return _in_full(day, "EEEE d MMMM y" if _is_day_first_english(locale) else "full", locale)


def _date(day: date, locale: Locale) -> str:
    return _in_full(day, "d MMMM y" if _is_day_first_english(locale) else "long", locale)


def _in_full(day: date, pattern: str, locale: Locale) -> str:
    """CLDR writes a bare 1 for the first of a month where people write 1er or 1º."""
    words = _dated(day, pattern, locale)
    first = _FIRST_OF_MONTH.get(str(locale))
    return re.sub(r"\b1\b", first, words, count=1) if first and day.day == 1 else words


def _dated(day: date, pattern: str, locale: Locale) -> str:
    return _native_digits(_plain(format_date(day, pattern, locale)), locale)


def _tile(day: date, pattern: str, locale: Locale) -> str:
    """A short name as a tile shows it: "jun", without the dot of an abbreviation."""
    name = _dated(day, pattern, locale)
    return name.removesuffix(".") if name.count(".") == 1 else name


def _clock(moment: datetime | time, locale: Locale) -> str:
    """The time of day as it stands alone: "5:00 pm", "17:00 Uhr"."""
    return _wall_clock(moment, locale) + _OCLOCK.get(locale.language, "")


def _padded_clock(moment: datetime, locale: Locale) -> str:
    """The time of day by 24 hours and with two digits each, so that clocks beside each other are alike."""
    pattern = _plain(str(locale.datetime_skeletons["Hm"].pattern)) if "Hm" in locale.datetime_skeletons else "HH:mm"
    wall = parse_pattern(re.sub("H+", "HH", pattern, count=1)).apply(moment.replace(tzinfo=None), locale)
    return _native_digits(wall, locale)


def _other_day(moment: datetime, day: date, locale: Locale) -> str:
    shift = (moment.date() - day).days
    if not shift:
        return ""
    if locale.text_direction == "rtl":
        return f" ({_dated(moment, 'EEEE', locale)})"
    return f" ({'+' if shift > 0 else '−'}{_native_digits(str(abs(shift)), locale)})"


def _wall_clock(moment: datetime | time, locale: Locale) -> str:
    """The time of day in the locale's own hour cycle; plain English has 5:00 pm."""
    if _is_day_first_english(locale):
        return f"{moment.hour % 12 or 12}:{moment.minute:02} {'am' if moment.hour < 12 else 'pm'}"  # noqa: PLR2004
    wall = time(moment.hour, moment.minute)
    if locale.language == "ko":  # CLDR abbreviates 오후 to PM here
        return _plain(parse_pattern("aaaa h:mm").apply(wall, locale))
    words = _plain(format_time(wall, "short", locale=locale))
    if locale.text_direction == "rtl" and re.search("[A-Za-z]", words):  # Urdu 5:00 PM would be torn apart
        words = f"{wall:%H:%M}"
    return _native_digits(words, locale)


@cache
def _is_day_first(locale_id: str) -> bool:
    pattern = str(Locale.parse(locale_id).date_formats["long"].pattern)
    return pattern.find("d") < pattern.find("M")


def _is_day_first_english(locale: Locale) -> bool:
    return locale.language == "en" and (locale.territory is None or _is_day_first(str(locale)))


def _day_mark(shift: int, locale: Locale) -> str:
    if not shift:
        return ""
    if locale.language == "ar" and shift in _ARABIC_SHIFTS:
        return _ARABIC_SHIFTS[shift]
    words = _amount(abs(shift), "day", locale)
    if not re.search(r"\d", words):
        words = f"{_native_digits(str(abs(shift)), locale)} {_amount(1, 'day', locale)}"
    return ("+" if shift > 0 else "−") + words


def _amounts(amounts: dict[_Unit, int], locale: Locale) -> str:
    """Units from the largest, leaving out what is zero; "0 minutes" where all are."""
    named = [_amount(amount, unit, locale) for unit, amount in amounts.items() if amount]
    if locale.language in _WITH_AND:
        return _plain(format_list(named or [_amount(0, "minute", locale)], locale=locale))
    if locale.language in _COMMAS:  # Arabic script says "and"
        return reduce(_plain(locale.list_patterns["standard"]["2"]).format, named or [_amount(0, "minute", locale)])
    between = "" if locale.language in _IDEOGRAPHIC_COMMAS else " "
    return between.join(named) or _amount(0, "minute", locale)


def _amount(number: int, unit: _Unit, locale: Locale) -> str:
    """ "2 days"; some languages have words that hold the number, like the Arabic for "two days"."""
    words = format_timedelta(number * _UNITS[unit], granularity=unit, threshold=_NEVER, format="long", locale=locale)
    words = _plain(words)
    return _native_digits(words.replace(" ", "") if locale.language in _IDEOGRAPHIC_COMMAS else words, locale)


def _native_digits(text: str, locale: Locale) -> str:
    zero = _ZEROS.get(locale.default_numbering_system)
    if zero is None:
        return text
    return text.translate({ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)})


def _plain(text: str) -> str:
    return _SPACES.sub(" ", _MARKS.sub("", text)).strip()
