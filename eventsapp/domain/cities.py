"""Finding a time zone by the city or country that a person has in mind. Offsets are no business of this room.

Names come from CLDR in the asked language and in English, from ``native_names.txt`` (what places are called where
they are) and from ``big_cities.txt`` (cities that are no zone's own).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files

from babel import Locale

from eventsapp.domain import timezones, wording
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import babel_locale, parents, usual_region
from eventsapp.domain.text import clean_line

_UTC = "Etc/UTC"
_OWN = "*"  # in big_cities.txt: more names of the zone's own city
_LONGEST_QUERY = 100
_LONGEST_SHOWN = 40  # of what was typed, in a message
_MOST_CANDIDATES = 8
_BY_TZID = 5  # the rank of a city that only its zone's name answers for
_WITHIN = 6  # the rank of a city that has the query somewhere in its name: Chinese has no spaces
_LEAST_PREFIX = 3  # letters that a person must have typed before the only city they begin is taken

# What NFD does not take apart: letters with strokes, ligatures, Arabic endings that are typed either way.
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ə": "e",
    "ة": "ه", "ى": "ي", "ک": "ك", "ی": "ي", "ـ": None, "‘": None, "’": None, "'": None, "ʻ": None, "`": None,
})  # fmt: skip

# UN M.49 regions, which CLDR names in every language.
_AFRICA, _AMERICAS, _ASIA, _EUROPE, _OCEANIA, _ANTARCTICA = "002", "019", "142", "150", "009", "AQ"
_REGIONS = {
    "Africa": _AFRICA,
    "America": _AMERICAS,
    "Antarctica": _ANTARCTICA,
    "Arctic": _EUROPE,
    "Asia": _ASIA,
    "Atlantic": _EUROPE,
    "Australia": _OCEANIA,
    "Europe": _EUROPE,
    "Indian": _AFRICA,
    "Pacific": _OCEANIA,
}
_REGIONS_OF_ISLANDS = {
    "Atlantic/Bermuda": _AMERICAS,
    "Atlantic/Cape_Verde": _AFRICA,
    "Atlantic/South_Georgia": _AMERICAS,
    "Atlantic/St_Helena": _AFRICA,
    "Atlantic/Stanley": _AMERICAS,
    "Indian/Chagos": _ASIA,
    "Indian/Christmas": _OCEANIA,
    "Indian/Cocos": _OCEANIA,
    "Indian/Kerguelen": _ANTARCTICA,
    "Indian/Maldives": _ASIA,
}
_MAIN_TZIDS = {"AR": "America/Argentina/Buenos_Aires"}  # more of the big cities are in another zone, of the same clock
_USUAL = {
    "ar": ("Africa/Cairo", "Asia/Riyadh"),
    "en": ("America/New_York", "Europe/London"),
    "es": ("America/Mexico_City", "America/Bogota", "Europe/Madrid"),
    "pt": ("America/Sao_Paulo", "Europe/Lisbon"),
}
_MORE_COUNTRY_NAMES = {
    "AE": ("UAE", "Emirates", "Emiratos"),
    "CD": ("DRC", "Congo", "RDC"),
    "CG": ("Congo",),
    "CI": ("Ivory Coast",),
    "CZ": ("Czech Republic",),
    "GB": ("UK", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland", "Inglaterra", "Escocia"),
    "KP": ("North Korea",),
    "KR": ("Korea", "Corea", "South Korea"),
    "MK": ("Macedonia",),
    "MM": ("Burma", "Birmania"),
    "NL": ("Holland", "Holanda"),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "US": ("USA", "United States of America", "EE. UU.", "EEUU", "Estados Unidos de América"),
}


@dataclass(frozen=True, slots=True)
class City:
    """A city to choose: ``name``, ``country`` and ``region`` (a continent, to group by) in the asked language."""

    tzid: str
    name: str
    country: str
    region: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A city with everything it is found by, folded. In a text a name begins a line and a word follows a space."""

    city: City
    names: frozenset[str]
    countries: frozenset[str]
    text_of_names: str
    text_with_country: str
    tzid_text: str  # of the zone's own city alone
    is_zone: bool  # the zone's own city


def search_cities(query: str, tag: str, limit: int = 20) -> list[City]:
    """Cities for what somebody types, the likeliest first: by city, country or IANA name, in any spelling.

    Accents, case and punctuation do not matter, a word may be begun only, and every word must be found. A blank query
    finds nothing.
    """
    meant = timezones.zones_meant(query)
    abbreviated = [entry for entry in _entries(str(babel_locale(tag))) if entry.is_zone and entry.city.tzid in meant]
    abbreviated.sort(key=lambda entry: meant.index(entry.city.tzid))
    ranked = (entry for _, entry in _ranked(folded(query[:_LONGEST_QUERY]), tag))
    return [entry.city for entry in dict.fromkeys((*abbreviated, *ranked))][:limit]


def zone_cities(tag: str) -> list[City]:
    """Every offered zone by its own city, for a list to choose from; sorted by region and name, UTC last."""
    cities = [entry.city for entry in _entries(str(babel_locale(tag))) if entry.is_zone]
    return sorted(cities, key=lambda city: (city.tzid == _UTC, folded(city.region), folded(city.name)))


@lru_cache(maxsize=4096)
def tzid_from_text(text: str, tag: str) -> str:
    """The zone for what somebody wrote: an IANA name, a city, "city, country", or a country that has one clock.

    An exact name wins over the beginning of one. Raises Invalid, naming the candidates, where zones that differ have
    an equal claim, for an abbreviation or an offset, and for what we do not know.
    """
    try:
        return timezones.canonical_tzid(text)
    except timezones.UnclearZone as error:
        unclear: Invalid | None = error
    except Invalid:
        unclear = None
    wanted = folded(text[:_LONGEST_QUERY])
    entries = _entries(str(babel_locale(tag)))
    if claims := _exact(text, wanted, entries):
        return _only(claims, text)
    if unclear:
        raise unclear
    begun = [entry for rank, entry in _ranked(wanted, tag) if rank != _BY_TZID]
    if begun and len(wanted) >= _LEAST_PREFIX:
        return _only(begun, text)
    raise _unknown(text, wanted, entries, tag)


def city_from_text(text: str, tag: str) -> City:
    """The city itself for what somebody wrote; its zone is the one that ``tzid_from_text`` finds, or it raises."""
    tzid = tzid_from_text(text, tag)
    wanted = folded(text[:_LONGEST_QUERY])
    entries = [*_exact(text, wanted, _entries(str(babel_locale(tag)))), *(entry for _, entry in _ranked(wanted, tag))]
    return next((entry.city for entry in entries if entry.city.tzid == tzid), _zone_city(tzid, tag))


def city_key(city: City, tag: str) -> str:
    """What ``city_of_key`` knows a city by in every language; ``city`` is named in the language ``tag``."""
    if city.name == wording.city_words(city.tzid, tag):
        return city.tzid
    return f"{city.name}, {timezones.country_of(city.tzid)}"


@lru_cache(maxsize=4096)
def city_of_key(key: str, tag: str) -> City | None:
    """The city of a ``city_key`` as ``tag`` names it. Any other exact name will do; None where it is not clear."""
    if key in timezones.offered_tzids():
        return _zone_city(key, tag)
    found = _exact(key, folded(key[:_LONGEST_QUERY]), _entries(str(babel_locale(tag))))
    return found[0].city if len(_by_clock(found)) == 1 else None


@cache
def usual_tzids(tag: str) -> tuple[str, ...]:
    """The zones that many readers of a language live in: of the region that its tag names, then of its largest."""
    tags = parents(tag)
    regions = [part for part in tag.split("-")[1:] if part in timezones.country_tzids()]
    by_language = _USUAL.get(tags[-1]) or tuple(main_tzid(region) for region in [usual_region(tag)] if region)
    return tuple(dict.fromkeys([*map(main_tzid, regions), *by_language]))


def main_tzid(country: str) -> str:
    """The zone of a country in which most of its big cities are, by its ISO 3166-1 code."""
    tzids = timezones.country_tzids()[country]
    return _MAIN_TZIDS.get(country) or max(tzids, key=lambda tzid: len(_big_cities().get(tzid, ())))


def _zone_city(tzid: str, tag: str) -> City:
    return next(entry.city for entry in _entries(str(babel_locale(tag))) if entry.is_zone and entry.city.tzid == tzid)


@lru_cache(maxsize=16384)
def folded(text: str) -> str:
    """A name without case, accents and punctuation, for comparing: "Ciudad de México" is "ciudad de mexico"."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_]+", " ", bare.translate(_LETTERS)).split())


def _exact(text: str, wanted: str, entries: Sequence[_Entry]) -> list[_Entry]:
    """Cities of exactly this name, or else this city in this country, or else the zones of this country."""
    city, comma, country = (folded(part) for part in text[:_LONGEST_QUERY].rpartition(","))
    return (
        [entry for entry in entries if wanted in entry.names]
        or [entry for entry in entries if comma is not None and city in entry.names and country in entry.countries]
        or [entry for entry in entries if entry.is_zone and wanted in entry.countries]
    )


def _ranked(wanted: str, tag: str) -> list[tuple[int, _Entry]]:
    """The cities that answer, with their ranks, best first."""
    if not wanted:
        return []
    first = f" {wanted.split(maxsplit=1)[0]}"
    somewhere = not wanted.isascii()
    ranked = (
        (_rank(entry, wanted), entry)
        for entry in _entries(str(babel_locale(tag)))
        if first in entry.text_with_country or first in entry.tzid_text or (somewhere and wanted in entry.text_of_names)
    )
    return sorted(((rank, entry) for rank, entry in ranked if rank is not None), key=lambda pair: pair[0])


def _rank(entry: _Entry, wanted: str) -> int | None:
    """How well a city answers, 0 best; None where it does not."""
    if wanted in entry.names:
        return 0
    if wanted in entry.countries:
        return 1
    if f"\n {wanted}" in entry.text_of_names:
        return 2
    words = wanted.split()
    texts = (entry.text_of_names, entry.text_with_country, entry.tzid_text)
    if (found := next((rank for rank, text in enumerate(texts, 3) if _begin(words, text)), None)) is not None:
        return found
    return _WITHIN if not wanted.isascii() and wanted in entry.text_of_names else None


def _begin(words: Sequence[str], text: str) -> bool:
    return all(f" {word}" in text for word in words)


def _only(entries: Sequence[_Entry], text: str) -> str:
    """The zone of these cities where one clock serves them all."""
    by_clock = _by_clock(entries)
    if len(by_clock) > 1:
        raise Invalid(
            N_("%(place)s may mean several places. Write one of these: %(candidates)s."),
            key="tzid",
            place=clean_line(text, _LONGEST_SHOWN),
            candidates=_named(by_clock),
        )
    return by_clock[0].city.tzid


def _by_clock(entries: Sequence[_Entry]) -> list[_Entry]:
    """One of the cities for each clock that they have, preferably one that a zone is named for."""
    kept: list[_Entry] = []
    for entry in sorted(entries, key=lambda entry: not entry.is_zone):
        if not any(timezones.same_clock(entry.city.tzid, other.city.tzid) for other in kept):
            kept.append(entry)
    return kept


def _unknown(text: str, wanted: str, entries: Sequence[_Entry], tag: str) -> Invalid:
    place = clean_line(text, _LONGEST_SHOWN)
    example = wording.city_words("America/Mexico_City", tag)
    if not place:
        return Invalid(N_("Write a city, for example %(example)s."), key="tzid", example=example)
    near = get_close_matches(wanted, {name for entry in entries for name in entry.names}, cutoff=0.8)
    if near:
        named = _named([entry for entry in entries if not entry.names.isdisjoint(near)])
        return Invalid(
            N_("We do not know %(place)s. Did you mean %(candidates)s?"), key="tzid", place=place, candidates=named
        )
    return Invalid(
        N_("We do not know %(place)s. Write a big city near it, for example %(example)s."),
        key="tzid",
        place=place,
        example=example,
    )


def _named(entries: Sequence[_Entry]) -> str:
    named = [f"{entry.city.tzid} ({_label(entry.city)})" for entry in entries[:_MOST_CANDIDATES]]
    return "; ".join(named) + ("; …" if len(entries) > _MOST_CANDIDATES else "")


def _label(city: City) -> str:
    return f"{city.name}, {city.country}" if city.country else city.name


@lru_cache(maxsize=32)
def _entries(locale_id: str) -> tuple[_Entry, ...]:
    """All cities in one language. Zones with many big cities come first, and each zone's own city before others."""
    locale = Locale.parse(locale_id)
    tag = locale_id.replace("_", "-")
    zones = [(country, tzid) for country, tzids in timezones.country_tzids().items() for tzid in tzids]
    zones.sort(key=lambda zone: -len(_big_cities().get(zone[1], ())))
    return tuple(
        entry for country, tzid in [*zones, ("", _UTC)] for entry in _entries_of_zone(tzid, country, locale, tag)
    )


def _entries_of_zone(tzid: str, country: str, locale: Locale, tag: str) -> Iterator[_Entry]:
    country_name = locale.territories.get(country, "")
    region = locale.territories.get(_REGIONS_OF_ISLANDS.get(tzid) or _REGIONS.get(tzid.partition("/")[0], ""), "")
    countries = _country_names(country, country_name)
    big = [(_name_of(spellings, locale), spellings.values()) for spellings in _big_cities().get(tzid, ())]
    own = [more for name, spellings in big if name == _OWN for more in spellings]
    others = [(name, spellings) for name, spellings in big if name != _OWN]
    own += [wording.city_words(tzid, tag), wording.city_words(tzid, "en"), *_native_names().get(tzid, ())]
    known = {folded(spelling) for _, spellings in others for spelling in spellings}
    own += [name for name in _older_names(tzid) if folded(name) not in known]
    for name, spellings in [(wording.city_words(tzid, tag), own), *others]:
        names = frozenset(folded(spelling) for spelling in spellings if spelling != _OWN)
        text = "".join(f"\n {each}" for each in names)
        yield _Entry(
            City(tzid, name, country_name, region),
            names=names,
            countries=countries,
            text_of_names=text,
            text_with_country=text + "".join(f"\n {each}" for each in countries),
            tzid_text=f" {folded(tzid)}" if spellings is own else "",
            is_zone=spellings is own,
        )


def _older_names(tzid: str) -> Iterator[str]:
    """The cities in a zone's names, present and former: Kolkata and Calcutta. Australia's are states and points."""
    for name in timezones.names_of(tzid):
        area, _, city = name.partition("/")
        if city and area == tzid.partition("/")[0] and (area != "Australia" or name == tzid):
            yield city.rpartition("/")[2]
    if tzid == _UTC:
        yield "GMT"


def _country_names(country: str, name: str) -> frozenset[str]:
    """Everything a country is called, folded; "Myanmar (Burma)" without the brackets too."""
    if not country:
        return frozenset()
    names = [name, Locale("en").territories[country], country, *_native_names().get(country, ())]
    names += [bare for bare in (re.sub(r"\(.*\)", "", each) for each in names) if bare]
    return frozenset(folded(each) for each in (*names, *_MORE_COUNTRY_NAMES.get(country, ())))


def _name_of(spellings: dict[str, str], locale: Locale) -> str:
    """A big city in the language of the locale; the table has no traditional Chinese."""
    key = "en" if locale.script == "Hant" else locale.language
    return spellings.get(key, spellings["en"])


@cache
def _native_names() -> dict[str, tuple[str, ...]]:
    return {key: tuple(names.split(" / ")) for key, names in _rows("native_names.txt", ": ")}


@cache
def _big_cities() -> dict[str, tuple[dict[str, str], ...]]:
    """Zone → its cities, each as language → spelling; "en" comes first, and what has no language has a number."""
    return {
        tzid: tuple(dict(_spelled(city.split("|"))) for city in cities.split("; "))
        for tzid, cities in _rows("big_cities.txt", " = ")
    }


def _spelled(spellings: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, spelling in enumerate(spellings):
        language, colon, name = spelling.partition(":")
        yield (language, name) if colon else ("en" if number == 0 else str(number), spelling)


def _rows(name: str, between: str) -> Iterator[tuple[str, str]]:
    """The lines of a table beside this module; "#" begins a comment."""
    for line in files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines():
        key, found, value = line.partition(between)
        if found and not line.startswith("#"):
            yield key, value
