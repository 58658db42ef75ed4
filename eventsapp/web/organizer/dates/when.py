"""When a date is: day, clock, city and length as typed, what they mean, and that said back in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from eventsapp.domain import timezones
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import N_, DomainError, Invalid
from eventsapp.domain.timezones import AmbiguousTime, Reading, offset_text
from eventsapp.domain.typed_times import length_text, read_clock, read_date, read_length
from eventsapp.domain.wording import ReaderWords, TimeWords, reader_words, time_words
from eventsapp.models import User
from eventsapp.reading.values import Moment, OccurrenceRecord
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.forms import zone_text
from eventsapp.web.organizer.forms import DeskForm

NAMES = ("date", "time", "zone", "length")
TWICE = N_(
    "On %(date)s clocks in %(city)s go back from %(from_clock)s to %(to_clock)s, so %(clock)s comes twice. "
    "Choose which of the two is meant."
)


@dataclass(frozen=True, slots=True)
class Said:
    """A date in words: at its own zone, and at the organizer's where the clock is another there."""

    words: TimeWords
    reader: ReaderWords
    over: bool


class WhenForm(DeskForm):
    """``start`` and ``seconds`` are set by ``read_when``."""

    def __init__(self, tag: str, *, version: int | None = None, **fields: Entry) -> None:
        self.tag = tag
        self.start: Moment | None = None
        self.seconds = 0
        super().__init__(when_fields(tag) | fields, version=version)

    def fill(self, typed: Typed | None, usual: dict[str, str | list[str]]) -> None:
        """What was typed, or else ``usual``."""
        self.process(typed, data=usual)

    def read_when(self) -> Moment | None:
        """The start, or None where something stands against it; then the fields say what."""
        for name in NAMES:
            self[name].read()
        self.seconds = self["length"].value or 0
        if any(self[name].errors for name in ("date", "time", "zone")):
            return None
        local = datetime.combine(self["date"].value, self["time"].value)
        try:
            reading = self._reading(local, self["zone"].value)
        except Invalid as error:
            self["fold" if isinstance(error, AmbiguousTime) else "time"].blame(_in_form(error))
            return None
        self.start = Moment(reading.local, self["zone"].value, reading.fold)
        return None if self["length"].errors else self.start

    def _reading(self, local: datetime, tzid: str) -> Reading:
        try:
            return timezones.resolve(local, tzid)
        except AmbiguousTime as error:
            self["fold"].options = fold_options(error.readings)
            chosen = self["fold"].text
            if chosen not in {"0", "1"}:
                raise
            return timezones.resolve(local, tzid, int(chosen))

    def said(self, user: User, now: datetime) -> Said | None:
        """After ``read_when``."""
        return said(self.start, self.seconds or 60, user, self.tag, now) if self.start else None


def when_fields(tag: str) -> dict[str, Entry]:
    return {
        "date": Entry(Words(_("Date")), "date", check=read_date),
        "time": Entry(Words(_("Time")), "time", check=read_clock),
        "fold": Entry(Words(_("Which of the two?")), "radio"),
        "zone": Entry(
            Words(_("City or time zone")),
            hint=Words(_("The place whose clock counts, like Los Angeles or Mexico City.")),
            check=lambda text: tzid_from_text(text, tag),
        ),
        "length": Entry(
            Words(_("Length")), hint=Words(_("In hours and minutes, like 1:30.")), check=read_length, autocomplete="off"
        ),
    }


def usual_when(start: Moment | None, seconds: int, tzid: str, tag: str) -> dict[str, str | list[str]]:
    """The fields as they are filled for a date; without ``start`` its day and clock are open."""
    at: dict[str, str | list[str]] = {}
    if start is not None:
        at = {"date": f"{start.local:%Y-%m-%d}", "time": f"{start.local:%H:%M}", "fold": str(start.fold)}
    return at | {"zone": zone_text(start.tzid if start else tzid, tag), "length": length_text(seconds)}


def week_later(record: OccurrenceRecord) -> Moment:
    """The same wall time seven days later; what the clocks make of it is asked when it is saved."""
    start = record.start
    return Moment(start.local + timedelta(days=7), start.tzid)


def fold_options(readings: tuple[Reading, ...]) -> list[Option]:
    before, after = (offset_text(reading.offset) for reading in readings)
    return [
        Option("0", Words(_("Before the clocks change (%(offset)s)", offset=before))),
        Option("1", Words(_("After the clocks change (%(offset)s)", offset=after))),
    ]


def said(start: Moment, seconds: int, user: User, tag: str, now: datetime) -> Said:
    begins, ends = timezones.span(start.local, start.fold, start.tzid, seconds)
    return Said(
        time_words(begins, ends, start.tzid, tag), reader_words(begins, ends, user.tzid, start.tzid, tag), begins < now
    )


def _in_form(error: DomainError) -> DomainError:
    """On a page the second pass is a choice, and no key to write."""
    return Invalid(TWICE, key="fold", **error.values) if isinstance(error, AmbiguousTime) else error
