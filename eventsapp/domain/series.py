"""A series of dates by a rule: every week on Mondays, every month on the last Thursday. Clocks are no matter here."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import islice

from dateutil import rrule

from eventsapp.domain.errors import N_, Invalid

MOST_DATES = 100
MOST_BETWEEN = 52
WHICH = (1, 2, 3, 4, -1)  # of a month's Mondays; the last is counted from the end
_DAYS = (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)


class Repeat(StrEnum):
    WEEKLY = "weekly"
    MONTHLY_BY_DATE = "monthly_by_date"
    MONTHLY_BY_WEEKDAY = "monthly_by_weekday"


@dataclass(frozen=True, slots=True)
class Rule:
    """From ``first`` on, each ``every``-th week or month; it ends by ``until`` (that day is in it) or after ``count``.

    ``weekdays`` count from 0, Monday; empty: the first date's own. ``which`` of them in a month is one of ``WHICH``. A
    month without the day of the first date is passed over.
    """

    repeat: Repeat
    first: date
    every: int = 1
    weekdays: tuple[int, ...] = ()
    which: int = 1
    until: date | None = None
    count: int | None = None


def dates_of(rule: Rule) -> list[date]:
    """The dates in order. Raises Invalid for none, for more than ``MOST_DATES``, and where the rule names no end."""
    if rule.until is None and rule.count is None:
        raise Invalid(N_("Say when the series ends: on which date, or after how many dates."), key="count")
    found = [moment.date() for moment in islice(_endless(rule), MOST_DATES + 1) if _within(rule, moment.date())]
    found = found if rule.count is None else found[: rule.count]
    if not found:
        raise Invalid(N_("No date fits this series. Choose a later end."), key="until")
    if len(found) > MOST_DATES:
        raise Invalid(
            N_("A series has %(most)s dates at most. Choose an earlier end, and add the others later."),
            key="count" if rule.until is None else "until",
            most=MOST_DATES,
        )
    return found


def _endless(rule: Rule) -> rrule.rrule:
    start = datetime.combine(rule.first, time())
    days = [_DAYS[number] for number in sorted(set(rule.weekdays))] or [_DAYS[rule.first.weekday()]]
    if rule.repeat is Repeat.WEEKLY:
        return rrule.rrule(rrule.WEEKLY, dtstart=start, interval=rule.every, byweekday=days, wkst=rrule.MO)
    if rule.repeat is Repeat.MONTHLY_BY_DATE:
        return rrule.rrule(rrule.MONTHLY, dtstart=start, interval=rule.every, bymonthday=rule.first.day)
    which = [day(rule.which) for day in days]
    return rrule.rrule(rrule.MONTHLY, dtstart=start, interval=rule.every, byweekday=which)


def _within(rule: Rule, day: date) -> bool:
    return rule.until is None or day <= rule.until
