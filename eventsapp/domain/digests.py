"""When an organizer's digest is due: on the reader's clock. Pure: knows no time."""

from datetime import datetime, time, timedelta

from eventsapp.domain import timezones
from eventsapp.domain.vocabulary import DigestEvery

CLOCK = time(8, 0)
_DAYS_A_WEEK = 7


def next_digest(every: DigestEvery, tzid: str, after: datetime) -> datetime | None:
    """The first instant after ``after`` at which it is 8:00 at ``tzid``, of a Monday for a weekly one; None: never.

    A day that was missed is not made up for: the next digest tells of it.
    """
    if every is DigestEvery.NEVER:
        return None
    today = timezones.local(after, tzid).date()
    days = -today.weekday() % _DAYS_A_WEEK if every is DigestEvery.WEEK else 0
    step = _DAYS_A_WEEK if every is DigestEvery.WEEK else 1
    due = after
    while due <= after:
        due = timezones.instant(datetime.combine(today + timedelta(days=days), CLOCK), tzid)
        days += step
    return due
