"""Which days of the week a text names, so that "Monday the 7th" can be held against the calendar."""

import re
import unicodedata
from functools import cache

from eventsapp.domain.languages import babel_locale

_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
_ENDINGS = "s?"  # "on Mondays", "los domingos"


def weekdays_named(text: str, tag: str) -> frozenset[int]:
    """0 is Monday. Only full names in the language of ``tag`` count; a short one may be another word."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return frozenset(day for day, pattern in _patterns(tag) if pattern.search(folded))


def weekday_name(day: int, tag: str) -> str:
    """0 is Monday."""
    return str(babel_locale(tag).days["stand-alone"]["wide"][day])


@cache
def _patterns(tag: str) -> tuple[tuple[int, re.Pattern[str]], ...]:
    locale = babel_locale(tag)
    found = []
    for day in range(7):
        names = {str(locale.days[use]["wide"][day]).casefold() for use in ("format", "stand-alone")}
        either = "|".join(re.escape(unicodedata.normalize("NFC", name)) for name in sorted(names))
        whole = f"(?:{either})" if locale.language in _WITHOUT_SPACES else rf"\b(?:{either}){_ENDINGS}\b"
        found.append((day, re.compile(whole)))
    return tuple(found)
