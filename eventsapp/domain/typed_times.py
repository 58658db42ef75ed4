"""Dates, times of day and lengths as people type them. What could be two things is asked about, never guessed."""

import re
from datetime import date, time

from eventsapp.domain.errors import N_, Invalid

LONGEST_SECONDS = 60 * 24 * 3600
_LEAST_BARE = 10  # a number alone counts minutes; below this it may as well be hours
_NOON = 12
_DATE = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.hH](\d{2})(?::\d{2})?)?\s*([ap])?\.?(?(3)m?\.?)", re.IGNORECASE)
_LENGTH = re.compile(r"(?:(\d{1,4})\s*(?::|h[^\W\d]*\.?)\s*)?(?:(\d{1,5})\s*(?:m[^\W\d]*\.?)?)?", re.IGNORECASE)


def read_date(text: str) -> date:
    """A date as year-month-day. Raises Invalid."""
    found = _DATE.fullmatch(text.strip())
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise Invalid(N_("Enter a date as year-month-day, like 2026-06-25."), key="date")


def read_clock(text: str) -> time:
    """A time of day: 17:00, 5 pm, 17h30. Raises Invalid."""
    found = _CLOCK.fullmatch(text.strip())
    half = found[3].lower() if found and found[3] else ""
    try:
        if found and (half or found[2]) and not (half and not 1 <= int(found[1]) <= _NOON):
            hour = int(found[1]) % _NOON + (_NOON if half == "p" else 0) if half else int(found[1])
            return time(hour, int(found[2] or 0))
    except ValueError:
        pass
    raise Invalid(N_("Enter a time of the day, like 17:00."), key="time")


def read_length(text: str) -> int:
    """Seconds of a length: 1:30, 1 h 30, 90 min, or minutes alone from ten on. Raises Invalid."""
    found = _LENGTH.fullmatch(text.strip())
    if found and (found[1] or found[2]):
        minutes = int(found[2] or 0)
        seconds = int(found[1] or 0) * 3600 + minutes * 60
        bare = found[1] is None and text.strip().isdecimal()
        if 0 < seconds <= LONGEST_SECONDS and not (bare and minutes < _LEAST_BARE):
            return seconds
    raise Invalid(N_("Enter how long it takes in hours and minutes, like 1:30."), key="length")


def length_text(seconds: int) -> str:
    """The length as ``read_length`` reads it: 1:30."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}"
