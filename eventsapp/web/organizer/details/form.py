"""The form of what holds for the whole event. It reads and writes an ``EventRecord``."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import g

from eventsapp.domain import timezones
from eventsapp.domain.addresses import read_address
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import N_, DomainError, Invalid
from eventsapp.domain.text import clean_line
from eventsapp.domain.typed_times import read_clock, read_date
from eventsapp.domain.vocabulary import Approval, Choose, Visibility
from eventsapp.models import Event
from eventsapp.queries.record import record_of
from eventsapp.reading.schema import LONGEST_CITY, LONGEST_TOPIC, MOST_CITIES, MOST_TOPICS
from eventsapp.reading.values import EventRecord, Labels, Moment
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.forms import zone_text
from eventsapp.web.organizer.details.rows import FOLLOW_UP, REMINDER, Rows
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.saving import seen_version

_LONGEST_HOURS = 24 * 14
_HOUR = 3600
WINDOW = ("opens", "closes")


class DetailsForm(DeskForm):
    def __init__(self, event: Event, typed: Typed | None = None) -> None:
        self.given, self.tag = record_of(event), g.reading.tag
        self.tags = [
            self.given.default_language,
            *(t for t in self.given.languages if t != self.given.default_language),
        ]
        self.reminders = Rows(REMINDER, list(self.given.reminders), typed, self.tag)
        self.follow_ups = Rows(FOLLOW_UP, [one.trigger for one in self.given.follow_ups], typed, self.tag)
        super().__init__(self._entries(), version=event.version if typed is None else seen_version(typed))
        self.process(typed, data=self._stored())

    def _entries(self) -> dict[str, Entry]:
        fields = {
            "visibility": _choice(
                _("Who finds it"),
                [(Visibility.PUBLIC, _("Everybody")), (Visibility.UNLISTED, _("Only people with the link"))],
            ),
            "contact": _optional(_("E-mail address for questions"), _read_contact, kind="email"),
            "choose": _choice(
                _("How many dates people may choose"),
                [(Choose.ONE, _("One")), (Choose.ANY, _("As many as they like")), (Choose.ALL, _("All together"))],
            ),
            "approval": _choice(
                _("Who decides on a registration"),
                [(Approval.AUTOMATIC, _("Nobody: it counts at once")), (Approval.MANUAL, _("You approve each one"))],
            ),
            "waitlist": Entry(Words(_("Keep a waiting list when all places are taken")), "consent"),
            "verify": _optional(
                _("Hours in which people have to confirm their address"),
                _read_hours,
                hint=_("Leave it empty if nobody has to."),
                kind="number",
            ),
            "zone": _optional(
                _("City or time zone"), lambda text: tzid_from_text(text, self.tag) if text.strip() else ""
            ),
            "cities": _optional(
                _("Cities whose time an announcement names"),
                self._read_cities,
                kind="long",
                hint=_("One on each line."),
            ),
        }
        for name, (day, clock) in {
            "opens": (_("Opens on"), _("Opens at")),
            "closes": (_("Closes on"), _("Closes at")),
        }.items():
            fields[f"{name}-date"] = _optional(day, _if_any(read_date), kind="date")
            fields[f"{name}-time"] = _optional(clock, _if_any(read_clock), kind="time")
            fields[f"{name}-fold"] = Entry(Words(_("Which of the two?")), "radio")
        for tag in self.tags:
            fields[f"topics-{tag}"] = _optional(_("Topics"), _topic_lines, kind="long")
        return fields | self.reminders.fields() | self.follow_ups.fields()

    def _stored(self) -> dict[str, str | list[str]]:
        said = self.given
        tzid = next((one.tzid for one in (said.opens, said.closes) if one), said.occurrences[0].start.tzid)
        data: dict[str, str | list[str]] = {
            "visibility": said.visibility.value,
            "contact": said.contact,
            "choose": said.choose.value,
            "approval": said.approval.value,
            "waitlist": "yes" if said.waitlist else "",
            "verify": f"{said.verify_seconds / _HOUR:g}" if said.verify_seconds else "",
            "zone": zone_text(tzid, self.tag),
            "cities": "\n".join(zone_text(one, self.tag) for one in said.city_tzids),
        }
        for name in WINDOW:
            moment: Moment | None = getattr(said, name)
            if moment:
                data |= {f"{name}-date": f"{moment.local:%Y-%m-%d}", f"{name}-time": f"{moment.local:%H:%M}"}
                data[f"{name}-fold"] = str(moment.fold)
        for tag in self.tags:
            default = tag == said.default_language
            data[f"topics-{tag}"] = "\n".join(one.get(tag, one.get("", "") if default else "") for one in said.topics)
        data |= self.reminders.stored() | self.follow_ups.stored()
        for row, one in zip(self.follow_ups.rows, said.follow_ups, strict=False):
            data |= {f"{row.name}-to": one.to.value, f"{row.name}-wait": "yes" if one.wait_for_recording else ""}
        return data

    def field_of(self, key: str) -> str:
        last = key.removeprefix("registration.").partition("[")[0].partition(".")[0]
        return super().field_of(
            {"opens": "opens-date", "closes": "closes-date", "topics": f"topics-{self.tags[0]}"}.get(last, last)
        )

    def change(self) -> Callable[[EventRecord], EventRecord] | None:
        """What the form says, for a record; None where something is wrong."""
        for field in self:
            field.read()
        window: dict[str, Any] = {name: self._moment(name) for name in WINDOW}
        reminders = tuple(self.reminders.triggers(self).values())
        self.reminders.check(self)
        self.follow_ups.check(self)
        if self.mistakes:
            return None
        said: dict[str, Any] = {
            "visibility": Visibility(self["visibility"].value),
            "contact": self["contact"].value,
            "choose": Choose(self["choose"].value),
            "approval": Approval(self["approval"].value),
            "waitlist": bool(self["waitlist"].text),
            "verify_seconds": self["verify"].value,
            "reminders": reminders,
            "city_tzids": self["cities"].value,
            "topics": self._topics(),
            "follow_ups": self.follow_ups.follow_ups(self),
        }
        return lambda record: replace(record, **said, **window)

    def _moment(self, name: str) -> Moment | None:
        """When registration opens or closes; a wall time that the clocks leave in doubt is asked about."""
        day, clock, tzid = self[f"{name}-date"], self[f"{name}-time"], self["zone"].value
        if not day.value and not clock.value:
            return None
        if not day.value or not clock.value or not tzid:
            if not day.errors and not clock.errors:
                day.blame(Invalid(N_("Enter the day, the time and the city, or leave day and time empty.")))
            return None
        local, fold = datetime.combine(day.value, clock.value), self[f"{name}-fold"]
        try:
            found = timezones.resolve(local, tzid, int(fold.text) if fold.text in {"0", "1"} else None)
        except timezones.AmbiguousTime as error:
            fold.options = [Option(str(one.fold), Words(timezones.offset_text(one.offset))) for one in error.readings]
            fold.blame(error)
            return None
        except DomainError as error:
            clock.blame(error)
            return None
        return Moment(found.local, tzid, found.fold)

    def _topics(self) -> tuple[Labels, ...]:
        """Line by line: what the default language's says is for all where no other language says it otherwise."""
        default, *others = self.tags
        found: list[Labels] = []
        for at_line, text in enumerate(self[f"topics-{default}"].value):
            said = {tag: _line(self[f"topics-{tag}"].value, at_line) for tag in others}
            said = {tag: one for tag, one in said.items() if one}
            if text or said:
                found.append({default: text, **said} if said and text else said or {"": text})
        return tuple(found)

    def _read_cities(self, text: str) -> tuple[str, ...]:
        """Each clock once."""
        lines = _lines(text, MOST_CITIES, LONGEST_CITY)
        return tuple(dict.fromkeys(tzid_from_text(line, self.tag) for line in lines if line))


def _choice(words: str, options: Sequence[tuple[str, str]]) -> Entry:
    def check(text: str) -> str:
        if text not in {value for value, _label in options}:
            raise Invalid(N_("Choose one of these."))
        return text

    return Entry(
        Words(words),
        "radio",
        options=[Option(value, Words(label)) for value, label in options],
        check=check,
    )


def _optional(words: str, check: Callable[[str], object], *, hint: str = "", kind: str = "text") -> Entry:
    return Entry(Words(words), kind, hint=Words(hint) if hint else None, optional=True, check=check)  # type: ignore[arg-type]


def _if_any(read: Callable[[str], object]) -> Callable[[str], object]:
    return lambda text: read(text) if text.strip() else None


def _read_contact(text: str) -> str:
    return read_address(text).email if text.strip() else ""


def _read_hours(text: str) -> int | None:
    typed = text.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and 0 < int(typed[:9]) <= _LONGEST_HOURS):
        raise Invalid(N_("Enter a whole number from 1 to %(most)s."), most=_LONGEST_HOURS)
    return int(typed) * _HOUR


def _topic_lines(text: str) -> list[str]:
    return _lines(text, MOST_TOPICS, LONGEST_TOPIC)


def _lines(text: str, most: int, limit: int) -> list[str]:
    lines = [clean_line(line, limit + 1) for line in text.splitlines()]
    if sum(map(bool, lines)) > most or any(len(line) > limit for line in lines):
        raise Invalid(N_("Write at most %(most)s lines of at most %(limit)s characters each."), most=most, limit=limit)
    return lines


def _line(lines: Sequence[str], at_line: int) -> str:
    return lines[at_line] if at_line < len(lines) else ""
