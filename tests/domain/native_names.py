"""How places are called where they are: written from CLDR into eventsapp/domain/native_names.txt.

After a new release of Babel: ``python -m tests.domain.native_names``.
"""

from collections.abc import Iterator
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

import eventsapp.domain.cldr  # noqa: F401  mends Babel's data
from eventsapp.domain import timezones
from eventsapp.domain.cities import folded

FILE = Path(timezones.__file__).with_name("native_names.txt")
HEAD = "# What countries and zones' cities are called where they are. Made by tests/domain/native_names.py from CLDR.\n"


def native_names() -> str:
    """The file as it should be: a line per country and per zone that is called otherwise than in English."""
    english = Locale("en")
    lines = []
    for country, tzids in sorted(timezones.country_tzids().items()):
        locales = list(_locales(country))
        native = [locale.territories.get(country) for locale in locales]
        lines += _line(country, english.territories[country], native)
        for tzid in sorted(tzids):
            lines += _line(tzid, _city(english, tzid) or "", [_city(locale, tzid) for locale in locales])
    return HEAD + "".join(f"{line}\n" for line in lines)


def _locales(country: str) -> Iterator[Locale]:
    for tag in get_official_languages(country, regional=True, de_facto=True):
        try:
            yield Locale.parse(tag)
        except UnknownLocaleError:
            continue


def _city(locale: Locale, tzid: str) -> str | None:
    named = (locale.time_zones.get(name, {}).get("city") for name in timezones.names_of(tzid))
    return next((city for city in named if city), None)


def _line(key: str, english: str, native: list[str | None]) -> Iterator[str]:
    names = {folded(name): name for name in reversed(native) if name and folded(name) != folded(english)}
    if names:
        yield f"{key}: {' / '.join(sorted(names.values()))}"


if __name__ == "__main__":
    FILE.write_text(native_names(), encoding="utf-8")
