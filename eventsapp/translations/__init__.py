"""The interface's own words, by gettext catalogs (``<language>/LC_MESSAGES/messages.po``). No Flask in this room.

A door opens ``with speaking(tag):`` and everything inside, templates and forms too, speaks that language.
"""

import gettext as stdlib_gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from eventsapp.domain.errors import DomainError
from eventsapp.domain.languages import alike, direction, lookup_alike
from eventsapp.domain.wording import in_language

INTERFACE_LANGUAGES = ("en", "es", "fr", "de", "pt-BR", "it", "ar", "zh-Hans")  # the source texts' language first
CATALOGS = {tag: tag.replace("-", "_") for tag in INTERFACE_LANGUAGES[1:]}  # and the folder of each one's catalog
DOMAIN = "messages"
_FOLDER = Path(__file__).parent
_tag: ContextVar[str] = ContextVar("tag", default=INTERFACE_LANGUAGES[0])  # perhaps a region of an interface language


@lru_cache(maxsize=4096)
def interface_language(tag: str) -> str:
    """The interface language that serves a BCP 47 tag: itself, its parents, another region of it; else English.

    Never one in another script: who reads zh-Hant is not served by zh-Hans.
    """
    return lookup_alike(tag, INTERFACE_LANGUAGES) or INTERFACE_LANGUAGES[0]


@cache
def catalog(language: str) -> stdlib_gettext.NullTranslations:
    """The compiled catalog of one interface language; English is the source itself."""
    if language not in CATALOGS:
        return stdlib_gettext.NullTranslations()
    return stdlib_gettext.translation(DOMAIN, _FOLDER, [CATALOGS[language]])


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Within the block the interface speaks the language that serves ``tag``, with numbers and dates as ``tag`` has."""
    language = interface_language(tag)
    token = _tag.set(tag if alike(tag, language) else language)
    try:
        yield
    finally:
        _tag.reset(token)


def spoken() -> str:
    """The interface language in force."""
    return interface_language(_tag.get())


def gettext(message: str, **values: Any) -> str:
    return _filled(_catalog().gettext(message), values)


def pgettext(context: str, message: str, **values: Any) -> str:
    return _filled(_catalog().pgettext(context, message), values)


def ngettext(singular: str, plural: str, n: int, **values: Any) -> str:
    return _filled(_catalog().ngettext(singular, plural, n), {"num": n, **values})


def npgettext(context: str, singular: str, plural: str, n: int, **values: Any) -> str:
    return _filled(_catalog().npgettext(context, singular, plural, n), {"num": n, **values})


def say(error: DomainError) -> str:
    """A domain error in the language in force; numbers, dates, clock times and cities among its values too.

    Where one reads from right to left, quoted words keep a direction of their own, and so their question mark its side.
    """
    values = error.values
    if direction(spoken()) == "rtl":
        values = {name: f"\u2068{value}\u2069" if isinstance(value, str) else value for name, value in values.items()}
    return gettext(error.message, **values)


def _catalog() -> stdlib_gettext.NullTranslations:
    return catalog(spoken())


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return text % {name: in_language(value, _tag.get()) for name, value in values.items()} if values else text
