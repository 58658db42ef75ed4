"""A series of dates: its rule, then every date of it in words, each with its doubts and a tick; then they are made."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from flask import g, request
from flask.typing import ResponseReturnValue

from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.rights import Right
from eventsapp.domain.series import MOST_BETWEEN, MOST_DATES, WHICH, Repeat, Rule, dates_of
from eventsapp.domain.shifting import Shifted, shift
from eventsapp.domain.timezones import Reading, offset_text
from eventsapp.domain.typed_times import read_date
from eventsapp.domain.wording import weekday_names
from eventsapp.queries.record import record_of
from eventsapp.reading.values import Moment, OccurrenceRecord
from eventsapp.translations import gettext as _
from eventsapp.translations import ngettext
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option
from eventsapp.web.organizer.dates.changes import with_added
from eventsapp.web.organizer.dates.desk import dates
from eventsapp.web.organizer.dates.form import DateForm, without_recording
from eventsapp.web.organizer.dates.when import Said, fold_options, said
from eventsapp.web.organizer.door import Access
from eventsapp.web.organizer.pages import at, desk_page
from eventsapp.web.organizer.saving import save
from eventsapp.web.pages import now

CREATE, SHOWN, TAKEN = "create", "shown", "taken"
RULE = ("repeat", "every", "weekdays", "which", "until", "count")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One date of the series. ``options``: what its time may mean where clocks change; ``chosen`` is one or empty."""

    day: date
    shifted: Shifted
    taken: bool
    chosen: str
    options: list[Option]
    said: Said
    missing: bool = False

    @property
    def name(self) -> str:
        return f"at-{self.day.isoformat()}"

    @property
    def reading(self) -> Reading:
        return self.shifted.readings[int(self.chosen or 0)]


class SeriesForm(DateForm):
    """The form of a date, and the rule by which it comes again."""

    def rule(self) -> Rule | None:
        """After ``read_when``."""
        for name in RULE:
            self[name].read()
        days = [int(text) for text in self["weekdays"].data if text in set("0123456")]
        if self.start is None or any(self[name].errors for name in RULE):
            return None
        repeat = Repeat(self["repeat"].value)
        weekdays = days if repeat is not Repeat.MONTHLY_BY_DATE else []
        return Rule(
            repeat=repeat,
            first=self.start.local.date(),
            every=self["every"].value,
            weekdays=tuple(weekdays),
            which=self["which"].value,
            until=self["until"].value,
            count=self["count"].value,
        )

    @property
    def fingerprint(self) -> str:
        """What the shown dates follow from: as long as it is the same, they are those that were ticked."""
        return "|".join(",".join(self[name].data) for name in ("date", "time", "zone", "length", *RULE))


@dates.view("/events/<event>/dates/series", needs=Right.RUN, methods=("GET", "POST"))
def series(access: Access) -> ResponseReturnValue:
    typed = request.form if request.method == "POST" else None
    last = without_recording(replace(record_of(access.event).occurrences[-1], conference=None))
    form = SeriesForm(access.event, g.reading.tag, given=last, typed=typed, dated=False, **rule_fields(g.reading.tag))
    if typed is None:
        for name, value in {"repeat": Repeat.WEEKLY, "every": "1", "which": "1"}.items():
            form[name].process_data(value)
    found: list[Candidate] = []
    if typed is not None and not form.pasted and (pattern := form.occurrence("")):
        found = _candidates(access, form, pattern)
        if CREATE in request.form and _is_settled(form, found):
            done = sum(one.taken for one in found)
            answer = save(
                access,
                with_added(_wanted(pattern, one) for one in found if one.taken),
                form=form,
                back=at("dates.index"),
                done=ngettext("%(num)s date has been added.", "%(num)s dates have been added.", done),
            )
            if answer is not None:
                return answer
    failed = typed is not None and (form.mistakes or form.refused)
    return desk_page("organizer/dates/series.html", status=422 if failed else 200, form=form, found=found, said=None)


def rule_fields(tag: str) -> dict[str, Entry]:
    weekdays = [Option(str(number), Words(name)) for number, name in enumerate(weekday_names(tag))]
    which = dict(zip(WHICH, (_("first"), _("second"), _("third"), _("fourth"), _("last")), strict=True))
    repeats = {
        Repeat.WEEKLY: _("Every week, or every few weeks"),
        Repeat.MONTHLY_BY_DATE: _("Every month on the day of the first date"),
        Repeat.MONTHLY_BY_WEEKDAY: _("Every month on a weekday, like the last Monday"),
    }
    return {
        "repeat": Entry(
            Words(_("How often")),
            "radio",
            options=[Option(repeat, Words(words)) for repeat, words in repeats.items()],
            check=_repeat,
        ),
        "every": Entry(
            Words(_("Every how many weeks or months")),
            "number",
            hint=Words(_("1 is each of them, 2 is every other one.")),
            check=lambda text: _number(text, MOST_BETWEEN),
        ),
        "weekdays": Entry(
            Words(_("On which days of the week")),
            "checkbox",
            hint=Words(_("None ticked means the weekday of the first date.")),
            options=weekdays,
            optional=True,
        ),
        "which": Entry(
            Words(_("Which of them in the month")),
            "select",
            options=[Option(str(number), Words(words)) for number, words in which.items()],
            check=_which,
        ),
        "until": Entry(Words(_("Until")), "date", optional=True, check=lambda text: read_date(text) if text else None),
        "count": Entry(
            Words(_("How many dates")),
            "number",
            optional=True,
            check=lambda text: _number(text, MOST_DATES) if text.strip() else None,
        ),
    }


def _candidates(access: Access, form: SeriesForm, pattern: OccurrenceRecord) -> list[Candidate]:
    rule = form.rule()
    if rule is None:
        return []
    try:
        days = dates_of(rule)
    except Invalid as error:
        form.blame(error)
        return []
    again = request.form.get(SHOWN) == form.fingerprint
    return [_candidate(access, pattern, day, again=again) for day in days]


def _candidate(access: Access, pattern: OccurrenceRecord, day: date, *, again: bool) -> Candidate:
    start, typed = pattern.start, request.form
    shifted = shift(start.local, start.tzid, timedelta(days=(day - start.local.date()).days))
    options = _options(shifted)
    chosen = typed.get(f"at-{day.isoformat()}", "") if again else _as_first(pattern, shifted, day)
    chosen = chosen if chosen in {option.value for option in options} else ""
    taken = not again or day.isoformat() in typed.getlist(TAKEN)
    reading = shifted.readings[int(chosen or 0)]
    words = said(_moment(pattern, reading), pattern.duration_seconds, access.user, g.reading.tag, now())
    missing = again and taken and bool(options) and not chosen
    return Candidate(day, shifted, taken, chosen, options, words, missing)


def _as_first(pattern: OccurrenceRecord, shifted: Shifted, day: date) -> str:
    """What was already chosen for the first date holds for it here, too."""
    first = day == pattern.start.local.date() and shifted.repeated
    return str(pattern.start.fold) if first else ""


def _options(shifted: Shifted) -> list[Option]:
    if shifted.doubt is None:
        return []
    if shifted.repeated:
        return fold_options(shifted.readings)
    return [
        Option(str(number), Words(f"{_clock(reading.local)} ({offset_text(reading.offset)})"))
        for number, reading in enumerate(shifted.readings)
    ]


def _clock(local: datetime) -> str:
    return f"{local:%H:%M}"


def _is_settled(form: SeriesForm, found: list[Candidate]) -> bool:
    """Whether what is sent are the dates that were shown, with every doubt answered."""
    if not found or request.form.get(SHOWN) != form.fingerprint:
        return False
    if not any(one.taken for one in found):
        form.refusal = _("Tick at least one date.")
    elif any(one.missing for one in found):
        form.refusal = _("The clocks change on some of these dates. Choose there which time is meant.")
    return not form.refusal


def _wanted(pattern: OccurrenceRecord, one: Candidate) -> OccurrenceRecord:
    return replace(pattern, start=_moment(pattern, one.reading))


def _moment(pattern: OccurrenceRecord, reading: Reading) -> Moment:
    return Moment(reading.local, pattern.start.tzid, reading.fold)


def _repeat(text: str) -> Repeat:
    if text not in set(Repeat):
        raise Invalid(N_("Choose one of the answers."))
    return Repeat(text)


def _which(text: str) -> int:
    if text not in {str(number) for number in WHICH}:
        raise Invalid(N_("Choose one of the answers."))
    return int(text)


def _number(text: str, most: int) -> int:
    text = text.strip()
    if text.isdecimal() and len(text) <= len(str(most)) and 1 <= int(text) <= most:
        return int(text)
    raise Invalid(N_("Enter a whole number from %(least)s to %(most)s."), least=1, most=most)
