"""When scheduled letters are due: so long before or after an occurrence, on the reader's clock. Pure: knows no time.

Hours and minutes are elapsed time. Days and weeks are the calendar's: the same time on the reader's clock, also where
the clocks change in between (RFC 5545 §3.3.6). A reader is not written to in the night where that can be helped.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache

from eventsapp.domain import timezones
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.text import clean_line

DEFAULT_REMINDERS = ("24 hours before start", "1 hour before start")
START, END = "start", "end"
QUIET_FROM, QUIET_UNTIL = time(22), time(7)  # on the reader's clock
AFTERWARDS = timedelta(days=2)  # how long what follows an event stays worth sending

_EVENING = time(21, 30)  # to this a reminder is brought forward that would come in the night
_MOST_DAYS = 366
_LONGEST_SHOWN = 60
_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_FRESH_AT_MOST = timedelta(hours=6)
_WORTH_AT_LEAST = timedelta(hours=2)

_UNITS = (
    ("week", r"w|wks?|weeks?", 7 * _DAY),
    ("day", r"d|days?", _DAY),
    ("hour", r"h|hrs?|hours?", _HOUR),
    ("minute", r"m|mins?|minutes?", _MINUTE),
)
_AMOUNT = r"\s*(?:and|,)?\s*".join(f"(?:([0-9]{{1,5}})\\s*(?:{names}))?" for _name, names, _length in _UNITS)
_ANCHOR = r"(?:the\s+)?(start|beginning|end)"
_AT = r"(?:\s+at\s+([0-9]{1,2}):([0-9]{2}))?"
_WORDS = re.compile(rf"{_AMOUNT}\s*(before|after)(?:\s+(?:{_ANCHOR}|(?:the\s+)?event))?{_AT}", re.IGNORECASE)
_ON_THE_DAY = re.compile(rf"on\s+the\s+day(?:\s+of\s+(?:the\s+)?start)?{_AT}", re.IGNORECASE)
_AT_ANCHOR = re.compile(rf"at\s+{_ANCHOR}", re.IGNORECASE)
_DURATION = re.compile(
    r"([+-]?)P(?:([0-9]{1,5})W)?(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,5})M)?(?:0+S)?)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """So long before (below zero) or after the start or the end. As text it is what a record says.

    ``days`` count on the reader's calendar, ``seconds`` are elapsed time after them. ``at`` is a time of the reader's
    clock on that day and goes with days alone; without it the day keeps the clock time of the start or end.
    """

    relation: str
    days: int = 0
    seconds: int = 0
    at: time | None = None

    @property
    def before(self) -> bool:
        return self.days < 0 or self.seconds < 0

    def __str__(self) -> str:
        if not self.days and not self.seconds:
            return f"at {self.relation}" if self.at is None else f"on the day at {self.at:%H:%M}"
        amount = " ".join([*_days_text(abs(self.days)), *_clock_text(abs(self.seconds))])
        at = "" if self.at is None else f" at {self.at:%H:%M}"
        return f"{amount} {'before' if self.before else 'after'} {self.relation}{at}"


@lru_cache(maxsize=1024)
def read_trigger(text: str) -> Trigger:
    """A trigger as people write it: "1 day before start at 09:00", "24h before", or a duration of RFC 5545, "-PT1H".

    Where start or end is left out, before means the start and after the end; a duration counts from the start.
    Raises Invalid.
    """
    said = clean_line(text, 200)
    trigger = _in_words(said) or _as_duration(said)
    if trigger is None:
        raise Invalid(
            N_("%(text)s is no time before or after an event. Write for example %(one)s, %(other)s or %(third)s."),
            key="trigger",
            text=clean_line(said, _LONGEST_SHOWN),
            one="24 hours before start",
            other="1 day before start at 09:00",
            third="2 hours after end",
        )
    if trigger.at is not None and trigger.seconds:
        raise Invalid(
            N_("Give a time of day only together with whole days. Write for example %(example)s."),
            key="trigger",
            example="1 day before start at 09:00",
        )
    if abs(trigger.days) * _DAY + timedelta(seconds=abs(trigger.seconds)) > _MOST_DAYS * _DAY:
        raise Invalid(N_("Write a time of at most %(most)s days."), key="trigger", most=_MOST_DAYS)
    return trigger


def anchor(trigger: Trigger, starts_at: datetime, ends_at: datetime) -> datetime:
    """The instant that a trigger counts from."""
    return starts_at if trigger.relation == START else ends_at


def due(trigger: Trigger, starts_at: datetime, ends_at: datetime, tzid: str) -> datetime:
    """The instant that a trigger means on the clock at ``tzid``, also if that is in the night.

    A clock time that comes twice means the second; one that does not exist is read by the offset before the gap.
    """
    counted_from = anchor(trigger, starts_at, ends_at)
    elapsed = timedelta(seconds=trigger.seconds)
    if not trigger.days and trigger.at is None:
        return counted_from + elapsed
    wall = timezones.local(counted_from, tzid).replace(tzinfo=None, fold=0) + trigger.days * _DAY
    if trigger.at is not None:
        wall = datetime.combine(wall.date(), trigger.at)
    return _instant(wall, tzid) + elapsed


def due_awake(trigger: Trigger, starts_at: datetime, ends_at: datetime, tzid: str) -> datetime:
    """As ``due``, kept out of the reader's night where that leaves it useful.

    What comes before the start moves to the evening before or to the morning after, whichever is nearer, as long as
    it comes at least half and at most twice as long before the start as was asked. What comes later moves to the
    morning; while the event lasts, only if that is before its end.
    """
    asked = due(trigger, starts_at, ends_at, tzid)
    if not is_quiet(asked, tzid):
        return asked
    morning = morning_after(asked, tzid)
    if asked >= starts_at:
        return asked if asked < ends_at <= morning else morning
    lead = starts_at - asked
    useful = [at for at in (_evening_before(asked, tzid), morning) if lead / 2 <= starts_at - at <= 2 * lead]
    return min(useful, key=lambda at: abs(at - asked), default=asked)


def expires(due_at: datetime, starts_at: datetime, ends_at: datetime) -> datetime:
    """Until when it is worth sending what is due, should nothing have sent it in time.

    Half of the way to the start, but two hours or the start itself where that is longer: who is about to join needs
    the way in. What comes later: until the end, or two days afterwards.
    """
    if due_at < starts_at:
        return min(starts_at, due_at + max((starts_at - due_at) / 2, _WORTH_AT_LEAST))
    return ends_at if due_at < ends_at else due_at + AFTERWARDS


def fresh_for(asked: datetime, starts_at: datetime) -> timedelta:
    """How long after they were told of a date nobody needs reminding of it: a quarter of the lead, 6 hours at most."""
    return min(max(starts_at - asked, timedelta(0)) / 4, _FRESH_AT_MOST)


def is_quiet(at: datetime, tzid: str) -> bool:
    """Whether it is night for a reader."""
    clock = timezones.local(at, tzid).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def morning_after(at: datetime, tzid: str) -> datetime:
    """The next end of the night."""
    wall = timezones.local(at, tzid)
    day = wall.date() if wall.time() < QUIET_UNTIL else wall.date() + _DAY
    return _instant(datetime.combine(day, QUIET_UNTIL), tzid)


def _evening_before(at: datetime, tzid: str) -> datetime:
    wall = timezones.local(at, tzid)
    day = wall.date() if wall.time() >= _EVENING else wall.date() - _DAY
    return _instant(datetime.combine(day, _EVENING), tzid)


def _instant(wall: datetime, tzid: str) -> datetime:
    """Of a time that comes twice the second pass (fold 1); of one in a gap what the offset before it says (fold 0)."""
    return max(timezones.instant(wall, tzid, fold) for fold in (0, 1))


def _in_words(text: str) -> Trigger | None:
    if found := _AT_ANCHOR.fullmatch(text):
        return Trigger(_relation(found[1]))
    if found := _ON_THE_DAY.fullmatch(text):
        at = _clock(found[1], found[2])
        return None if at is None else Trigger(START, at=at)
    found = _WORDS.fullmatch(text)
    if found is None or not any(found.groups()[:4]):
        return None
    sign = -1 if found[5].lower() == "before" else 1
    at = _clock(found[7], found[8])
    if at is None and found[7]:
        return None
    trigger = _trigger(sign, found.groups()[:4], _relation(found[6] or (START if sign < 0 else END)), at)
    return None if at is not None and trigger.relation == END and not trigger.days else trigger


def _as_duration(text: str) -> Trigger | None:
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()[1:]) or text[-1] in "Tt":
        return None
    return _trigger(-1 if found[1] == "-" else 1, found.groups()[1:], START, None)


def _trigger(sign: int, amounts: tuple[str | None, ...], relation: str, at: time | None) -> Trigger:
    weeks, days, hours, minutes = (int(amount or 0) for amount in amounts)
    return Trigger(relation, sign * (7 * weeks + days), sign * 60 * (60 * hours + minutes), at)


def _relation(word: str) -> str:
    return END if word.lower() == END else START


def _clock(hour: str | None, minute: str | None) -> time | None:
    try:
        return None if hour is None or minute is None else time(int(hour), int(minute))
    except ValueError:
        return None


def _days_text(days: int) -> list[str]:
    """Whole weeks are written as weeks."""
    if not days:
        return []
    return [_counted(days // 7, "week") if days % 7 == 0 else _counted(days, "day")]


def _clock_text(seconds: int) -> list[str]:
    hours, minutes = divmod(seconds // 60, 60)
    return [_counted(count, name) for count, name in ((hours, "hour"), (minutes, "minute")) if count]


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"
