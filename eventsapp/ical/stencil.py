"""An invitation drawn up once for all its readers, and filled in for each: they differ in a few words alone.

``icalendar`` writes it once for an occurrence as it is now, in one language; a person's link, name, address and the
time of their own last change are put into its lines, which are then folded anew.
"""

import re
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from icalendar.parser import rfc_6868_escape

from eventsapp.domain.entry import CalendarEntry, Party
from eventsapp.ical.calendar import cancel, request
from eventsapp.ical.text import Text, fold, mailto, one_line, paragraphs, uri

_KEPT = 256  # drawn up and kept, about 10 kB each
_NONCE = secrets.token_hex(8)  # nobody can write a blank into a text of theirs
_URL = f"https://{_NONCE}.invalid/url"
_NAME = f"{_NONCE}name"
_ADDRESS = f"{_NONCE}@address.invalid"
_TEXT_URL = f"{_NONCE}url-in-a-text"
_SOME_DAY = datetime(1970, 1, 1, tzinfo=UTC)
_DTSTAMP, _LAST_MODIFIED = "DTSTAMP:19700101T000000Z", "LAST-MODIFIED:19700101T000000Z"
_BLANK = re.compile(f"({'|'.join(map(re.escape, (_URL, _TEXT_URL, _NAME, _ADDRESS)))}|^{_DTSTAMP}$|^{_LAST_MODIFIED}$)")

Method = Literal["REQUEST", "CANCEL"]


def invitation(method: Method, entry: CalendarEntry) -> bytes:
    """The same bytes as ``calendar.request`` and ``calendar.cancel`` write for the entry."""
    return _stencil(method, blank(entry)).filled(entry)


def blank(entry: CalendarEntry) -> CalendarEntry:
    """The entry without what is one reader's own: the same for all whom it tells the same."""
    if entry.attendee is None:
        raise ValueError("an invitation goes to one person, but the entry names none")
    url = entry.join_url
    return replace(
        entry,
        dtstamp=_SOME_DAY,
        last_modified=_SOME_DAY,
        attendee=Party(_ADDRESS, _NAME if one_line(entry.attendee.name) else ""),
        join_url=_URL if url else "",
        url=_URL if url and entry.url == url else entry.url,
        lead=entry.lead.replace(url, _URL) if url else entry.lead,
    )


class _Stencil:
    """Octets that are the same for everybody, and between them the lines that are filled in."""

    def __init__(self, method: Method, entry: CalendarEntry) -> None:
        drawn = {"REQUEST": request, "CANCEL": cancel}[method](entry)  # and checked
        self._pieces: list[bytes | list[str]] = []
        for line in drawn.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n"):
            parts = _BLANK.split(line.replace(_URL, _TEXT_URL) if line.startswith("DESCRIPTION:") else line)
            self._pieces.append(parts if len(parts) > 1 else fold(line))

    def filled(self, entry: CalendarEntry) -> bytes:
        words = _words(entry)
        return b"".join(
            [
                piece if isinstance(piece, bytes) else fold("".join([words.get(part, part) for part in piece]))
                for piece in self._pieces
            ]
        )


@lru_cache(maxsize=_KEPT)
def _stencil(method: Method, entry: CalendarEntry) -> _Stencil:
    return _Stencil(method, entry)


def _words(entry: CalendarEntry) -> dict[str, str]:
    """What is put into each blank, escaped as its place asks."""
    attendee = entry.attendee or Party("")
    return {
        _URL: uri(entry.join_url),
        _TEXT_URL: Text(paragraphs(entry.join_url)).to_ical().decode(),
        _NAME: rfc_6868_escape(one_line(attendee.name)),
        _ADDRESS: mailto(attendee.email).removeprefix("mailto:"),
        _DTSTAMP: f"DTSTAMP:{entry.dtstamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        _LAST_MODIFIED: f"LAST-MODIFIED:{entry.last_modified.astimezone(UTC):%Y%m%dT%H%M%SZ}",
    }
