"""The last look at a calendar file: read again, strictly, before it leaves. It mends nothing, it refuses."""

import re
from collections import Counter
from collections.abc import Iterable

from eventsapp.ical.text import FOLD_OCTETS

_PHYSICAL_LINE = re.compile(rb"[^\r\n]{1,%d}\r\n" % FOLD_OCTETS)
_PARAMETER = r';[A-Z0-9-]+=(?:"[^"]*"|[^",;:]*)'
_CONTENT_LINE = re.compile(rf"([A-Z0-9-]+)(?:{_PARAMETER})*:(.*)")
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_ONCE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS", "ORGANIZER")


class BrokenCalendar(Exception):
    """A file that some reader would refuse or misread; it must not be sent."""


def check(data: bytes, *, method: str, events: int, zones: Iterable[str], lines: int) -> None:
    """Read ``data`` by RFC 5545 §3.1 and count what it holds. Raises BrokenCalendar."""
    components = _components(_unfolded(data))
    kinds = Counter(kind for kind, _properties in components)
    content = sum(len(properties) + 2 for _kind, properties in components)  # with BEGIN and END
    if (kinds["VCALENDAR"], kinds["VEVENT"], content) != (1, events, lines):
        raise BrokenCalendar(f"{dict(kinds)} with {content} lines; {events} events with {lines} lines were written")
    for kind, properties in components:
        if kind == "VEVENT":
            _check_event(Counter(name for name, _value in properties), invitation=method != "PUBLISH")
    if [value for kind, properties in components for name, value in properties if name == "METHOD"] != [method]:
        raise BrokenCalendar(f"METHOD is not {method}")
    if [dict(properties)["TZID"] for kind, properties in components if kind == "VTIMEZONE"] != list(zones):
        raise BrokenCalendar("the time zones are not those that the events name")


def _check_event(names: Counter[str], *, invitation: bool) -> None:
    wrong = [name for name in _ONCE if names[name] != 1]
    if wrong or names["ATTENDEE"] != invitation:
        raise BrokenCalendar(f"an event has {dict(names)}")


def _unfolded(data: bytes) -> list[str]:
    if b"".join(_PHYSICAL_LINE.findall(data)) != data:
        raise BrokenCalendar("a line is too long, empty or not ended by CR LF")
    try:
        for piece in data.split(b"\r\n"):
            piece.decode()
        return data.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    except UnicodeDecodeError as error:
        raise BrokenCalendar(f"not UTF-8, or folded inside a character: {error}") from error


def _components(lines: list[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every component with its properties, in the order of their BEGIN lines."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    opened: list[tuple[str, list[tuple[str, str]]]] = []
    for line in lines:
        match = _CONTENT_LINE.fullmatch(line)
        if match is None or _CONTROLS.search(line):
            raise BrokenCalendar(f"no content line: {line[:60]!r}")
        name, value = match[1], match[2]
        if name == "BEGIN":
            opened.append((value, []))
            found.append(opened[-1])
        elif not opened:
            raise BrokenCalendar(f"{name} stands outside of the calendar")
        elif name == "END":
            if opened.pop()[0] != value:
                raise BrokenCalendar(f"END:{value} closes something else")
        else:
            opened[-1][1].append((name, value))
    if opened:
        raise BrokenCalendar(f"{opened[-1][0]} is not closed")
    return found
