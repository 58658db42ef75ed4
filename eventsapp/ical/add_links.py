"""Links that open a web calendar with the event filled in. Instants are UTC, so no service's zone data can move them.

None of the four is documented by its maker; what they take is collected at
https://github.com/InteractionDesignFoundation/add-event-to-calendar-docs. Whoever opens such a
link shows it to that service.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Literal
from urllib.parse import quote, urlencode

from eventsapp.domain.entry import CalendarEntry
from eventsapp.domain.text import clean_text
from eventsapp.ical.calendar import CANCELLED, description, location
from eventsapp.ical.text import one_line

Service = Literal["google", "outlook", "office365", "yahoo"]
SERVICES: dict[Service, str] = {
    "google": "Google",
    "outlook": "Outlook.com",
    "office365": "Office 365",
    "yahoo": "Yahoo",
}  # by their own names

URL_LIMIT = 2000  # what every browser, mail program and sign-in redirect carries
ELLIPSIS = "…"
_LONGEST_TAIL = 40


@dataclass(frozen=True, slots=True)
class AddLink:
    service: Service
    url: str


@lru_cache(maxsize=256)  # everybody who registers for a date is shown the same ones
def add_links(entry: CalendarEntry) -> tuple[AddLink, ...]:
    """One link for each service, at most 2,000 ASCII characters; none for a cancelled entry."""
    if entry.status == CANCELLED:
        return ()
    words = _Words(one_line(entry.summary), description(entry), location(entry))
    return tuple(AddLink(service, _fitting(partial(build, entry), words)) for service, build in _BUILDERS.items())


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    details: str
    place: str


def _fitting(build: Callable[[_Words], str], words: _Words) -> str:
    """The link with as much of the words as fits: details give way first, then the place, then the title."""
    for name in ("details", "place", "title"):
        shortened = partial(_shortened, words, name)
        room = bisect_right(range(URL_LIMIT), URL_LIMIT, key=lambda room: len(build(shortened(room)))) - 1
        words = shortened(max(room, 0))
        if room >= 0:
            break
    return build(words)


def _shortened(words: _Words, name: str, room: int) -> _Words:
    """With one field cut to ``room`` characters and an ellipsis, never after half an address or half a short word."""
    text = getattr(words, name)
    if len(text) <= room:
        return words
    kept = clean_text(text, room) if room else ""
    *before, tail = re.split(r"(?<=\s)", kept)
    if not text[len(kept)].isspace() and (len(tail) < _LONGEST_TAIL or "://" in tail):
        kept = "".join(before).rstrip()
    return replace(words, **{name: kept + ELLIPSIS if kept else ""})


def _google(entry: CalendarEntry, words: _Words) -> str:
    return _link(
        "https://calendar.google.com/calendar/render",
        action="TEMPLATE",
        text=words.title,
        dates=f"{_basic(entry.starts_at)}/{_basic(entry.ends_at)}",
        ctz=entry.tzid,
        details=words.details,
        location=words.place,
    )


def _outlook(host: str) -> Callable[[CalendarEntry, _Words], str]:
    def build(entry: CalendarEntry, words: _Words) -> str:
        return _link(
            f"https://{host}/calendar/deeplink/compose",
            path="/calendar/action/compose",
            rru="addevent",
            subject=words.title,
            startdt=_extended(entry.starts_at),
            enddt=_extended(entry.ends_at),
            body=html.escape(words.details, quote=False).replace("\n", "<br>"),  # Outlook reads it as HTML
            location=words.place,
        )

    return build


def _yahoo(entry: CalendarEntry, words: _Words) -> str:
    return _link(
        "https://calendar.yahoo.com/",
        v="60",
        title=words.title,
        st=_basic(entry.starts_at),
        et=_basic(entry.ends_at),
        desc=words.details,
        in_loc=words.place,
    )


_BUILDERS: dict[Service, Callable[[CalendarEntry, _Words], str]] = {
    "google": _google,
    "outlook": _outlook("outlook.live.com"),
    "office365": _outlook("outlook.office.com"),
    "yahoo": _yahoo,
}


def _link(address: str, **values: str) -> str:
    given = {name: value for name, value in values.items() if value}
    return f"{address}?{urlencode(given, quote_via=quote, safe='')}"


def _basic(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _extended(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
