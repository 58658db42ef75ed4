"""Rows that say when a letter goes out by itself: how many hours, days or weeks before or after the start or end."""

import re
from dataclasses import dataclass
from datetime import time

from werkzeug.datastructures import MultiDict

from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.triggers import END, START, Trigger, read_trigger
from eventsapp.domain.typed_times import read_clock
from eventsapp.domain.vocabulary import FollowUpFor
from eventsapp.reading.values import FollowUpRecord
from eventsapp.translations import gettext as _
from eventsapp.translations import pgettext
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.trigger_words import trigger_words

MOST_ROWS = 10
REMINDER, FOLLOW_UP = "reminder", "follow-up"
DO = "do"  # the button that adds or takes away a row: "add-reminder", "remove-follow-up-2"
_SECONDS = {"minutes": 60, "hours": 3600}
_DAYS = {"days": 1, "weeks": 7}
_SIDES = {"before-start": (-1, START), "after-start": (1, START), "before-end": (-1, END), "after-end": (1, END)}
_SIDES_OF = {REMINDER: ("before-start", "after-start", "before-end"), FOLLOW_UP: ("after-end",)}
_MOST = 9999
_ROW = re.compile(rf"({REMINDER}|{FOLLOW_UP})-([0-9]{{1,3}})-(?:number|kept)")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a form; its fields' names begin with ``name``. ``kept``: a trigger that is no row, in words."""

    name: str
    kept: str = ""


class Rows:
    """The rows of one kind in a form, made of what is stored, or of the rows that were sent."""

    def __init__(self, kind: str, stored: list[str], typed: Typed | None, tag: str) -> None:
        self.kind = kind
        names = [f"{kind}-{at}" for at in range(len(stored))] if typed is None else _names(kind, typed)
        self._triggers = [read_trigger(one) for one in stored]
        kept = dict(zip(names, self._triggers, strict=False)) if typed is None else _kept(names, typed)
        self.rows = [Row(name, _kept_words(kept.get(name), tag)) for name in names]

    @property
    def full(self) -> bool:
        return len(self.rows) >= MOST_ROWS

    def fields(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for row in self.rows:
            found |= {f"{row.name}-kept": Entry(Words(_("When")))} if row.kept else _fields(row.name, self.kind)
            if self.kind == FOLLOW_UP:
                found |= _follow_up_fields(row.name)
        return found

    def stored(self) -> dict[str, str | list[str]]:
        data: dict[str, str | list[str]] = {}
        for row, trigger in zip(self.rows, self._triggers, strict=False):
            data |= {f"{row.name}-kept": str(trigger)} if row.kept else _typed(row.name, trigger)
        return data

    def triggers(self, form: DeskForm) -> dict[str, str]:
        """By row what its fields say, as a record has it; a row without a number says nothing."""
        found: dict[str, str] = {}
        for row in self.rows:
            trigger = _kept_trigger(form, row.name) if row.kept else _read(form, row.name, self.kind)
            if trigger is not None:
                found[row.name] = str(trigger)
        return found

    def check(self, form: DeskForm) -> None:
        """Blame rows by which somebody would be written to twice."""
        found: list[tuple[str, str]] = []
        for name, trigger in self.triggers(form).items():
            reader = form[f"{name}-to"].text if self.kind == FOLLOW_UP else FollowUpFor.ALL
            if any(one == trigger and (to == reader or FollowUpFor.ALL in (to, reader)) for one, to in found):
                field = form[f"{name}-number"] if f"{name}-number" in form else form[f"{name}-kept"]
                field.blame(Invalid(N_("Somebody would get two letters at the same time. Leave one out.")))
            found.append((trigger, reader))

    def follow_ups(self, form: DeskForm) -> tuple[FollowUpRecord, ...]:
        """Of a form whose fields were read without a mistake."""
        return tuple(
            FollowUpRecord(trigger, FollowUpFor(form[f"{name}-to"].value), bool(form[f"{name}-wait"].text))
            for name, trigger in self.triggers(form).items()
        )


def rearranged(typed: Typed) -> Typed:
    """What was typed, with the row more or less that a button of it asks for."""
    asked, changed = typed.get(DO, ""), MultiDict(typed.items(multi=True))
    changed.poplist(DO)
    for kind in (REMINDER, FOLLOW_UP):
        if asked == f"add-{kind}" and len(_names(kind, typed)) < MOST_ROWS:
            last = max((int(name.rpartition("-")[2]) for name in _names(kind, typed)), default=-1)
            changed[f"{kind}-{last + 1}-number"], changed[f"{kind}-{last + 1}-unit"] = "", "hours"
    gone = asked.removeprefix("remove-")
    if asked.startswith("remove-") and (gone.startswith((REMINDER, FOLLOW_UP))):
        for name in [name for name in changed if name.startswith(f"{gone}-")]:
            changed.poplist(name)
    return changed


def _names(kind: str, typed: Typed) -> list[str]:
    found = [match for name in typed if (match := _ROW.fullmatch(name)) and match[1] == kind]
    numbers = sorted({int(match[2]) for match in found})
    return [f"{kind}-{number}" for number in numbers][:MOST_ROWS]


def _fields(name: str, kind: str) -> dict[str, Entry]:
    units = [
        ("minutes", pgettext("unit", "minutes")),
        ("hours", pgettext("unit", "hours")),
        ("days", pgettext("unit", "days")),
        ("weeks", pgettext("unit", "weeks")),
    ]
    sides = {
        "before-start": _("before the start"),
        "after-start": _("after the start"),
        "before-end": _("before the end"),
        "after-end": _("after the end"),
    }
    return {
        f"{name}-number": Entry(Words(_("How many")), "number", check=_read_number, autocomplete="off"),
        f"{name}-unit": Entry(Words(pgettext("of time", "Unit")), "select", options=_options(units)),
        f"{name}-side": Entry(
            Words(_("When")), "select", options=_options([(side, sides[side]) for side in _SIDES_OF[kind]])
        ),
        f"{name}-clock": Entry(Words(_("Time of day")), "time", optional=True, check=_read_clock),
    }


def _follow_up_fields(name: str) -> dict[str, Entry]:
    readers = [
        (FollowUpFor.ALL.value, _("Everybody")),
        (FollowUpFor.CAME.value, _("Who came")),
        (FollowUpFor.MISSED.value, _("Who stayed away")),
    ]
    return {
        f"{name}-to": Entry(Words(_("To whom")), "select", options=_options(readers), check=_read_reader),
        f"{name}-wait": Entry(Words(_("Only once there is a recording")), "consent"),
    }


def _options(named: list[tuple[str, str]]) -> list[Option]:
    return [Option(value, Words(words)) for value, words in named]


def _typed(name: str, trigger: Trigger) -> dict[str, str | list[str]]:
    amount, unit = _amount(trigger) or (0, "hours")
    before = trigger.before or (trigger.relation == START and not (trigger.days or trigger.seconds))
    side = f"{'before' if before else 'after'}-{trigger.relation}"
    clock = "" if trigger.at is None else f"{trigger.at:%H:%M}"
    return {f"{name}-number": str(amount), f"{name}-unit": unit, f"{name}-side": side, f"{name}-clock": clock}


def _amount(trigger: Trigger) -> tuple[int, str] | None:
    """How many of which unit; None where one unit does not say it."""
    days, seconds = abs(trigger.days), abs(trigger.seconds)
    if days and seconds:
        return None
    if days or trigger.at is not None:
        return (days // 7, "weeks") if days and days % 7 == 0 else (days, "days")
    return (seconds // 3600, "hours") if seconds % 3600 == 0 else (seconds // 60, "minutes")


def _kept_words(trigger: Trigger | None, tag: str) -> str:
    return trigger_words(trigger, tag) if trigger is not None and _amount(trigger) is None else ""


def _kept(names: list[str], typed: Typed) -> dict[str, Trigger]:
    found = {}
    for name in names:
        try:
            found[name] = read_trigger(typed[f"{name}-kept"])
        except (KeyError, Invalid):
            continue
    return found


def _kept_trigger(form: DeskForm, name: str) -> Trigger:
    return read_trigger(form[f"{name}-kept"].text)


def _read(form: DeskForm, name: str, kind: str) -> Trigger | None:
    """What the fields of a row say, which were read before; None where they say nothing, or make a mistake."""
    number, clock, unit = form[f"{name}-number"], form[f"{name}-clock"], form[f"{name}-unit"].text
    if number.value is None or clock.errors:
        return None
    side = form[f"{name}-side"].text
    sign, relation = _SIDES[side if side in _SIDES_OF[kind] else _SIDES_OF[kind][0]]
    if not number.value and (sign, relation) == (-1, END):
        number.blame(_out_of_range(1))
        return None
    days = sign * number.value * _DAYS.get(unit, 0)
    seconds = sign * number.value * _SECONDS.get(unit, 0)
    at: time | None = clock.value
    if at is not None and (unit not in _DAYS or (not days and relation == END)):
        clock.blame(Invalid(N_("A time of day goes with days and weeks only.")))
        return None
    try:
        return read_trigger(str(Trigger(relation, days, seconds, at)))
    except Invalid as error:
        number.blame(error)
        return None


def _read_number(text: str) -> int | None:
    typed = text.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and int(typed[:9]) <= _MOST):
        raise _out_of_range(0)
    return int(typed)


def _out_of_range(least: int) -> Invalid:
    return Invalid(N_("Enter a whole number from %(least)s to %(most)s."), least=least, most=_MOST)


def _read_clock(text: str) -> time | None:
    return read_clock(text) if text.strip() else None


def _read_reader(text: str) -> str:
    if text not in set(FollowUpFor):
        raise Invalid(N_("Choose one of these."))
    return text
