"""An event in numbers: charts, the same numbers as tables, and each table as CSV."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from flask import Response, g
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from eventsapp.db import db
from eventsapp.domain.errors import NotFound
from eventsapp.domain.languages import country_names, own_name
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import PlaceState, QuestionType
from eventsapp.domain.wording import city_words, date_words, time_words
from eventsapp.drawing import chart
from eventsapp.models import Question
from eventsapp.queries.numbers import DayCount, Numbers, OptionCount, SourceCount, numbers_of
from eventsapp.queries.registrations import question_specs
from eventsapp.spreadsheets import CSV_TYPE, csv_bytes
from eventsapp.translations import gettext as _
from eventsapp.web.headers import keep_private
from eventsapp.web.organizer.door import Access, Desk
from eventsapp.web.organizer.pages import desk_page

numbers = Desk("numbers", __name__)

Cell = str | int
_MOST_ROWS = 8  # on the page; the file has all of them


@dataclass(frozen=True, slots=True)
class Table:
    """``bars`` is the column of ``rows`` that is drawn beside them; ``lead`` a chart above."""

    key: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    bars: int | None = 1
    lead: Markup | None = None
    note: str = ""
    wide: bool = False

    @property
    def most(self) -> int:
        return max((int(row[self.bars]) for row in self.rows), default=0) if self.bars is not None else 0

    @property
    def shown(self) -> Sequence[Sequence[Cell]]:
        return self.rows[:_MOST_ROWS]


@numbers.view("/events/<event>/numbers", needs=Right.SEE)
def index(access: Access) -> ResponseReturnValue:
    found = _numbers(access)
    tables = [make(access, found) for make in _TABLES.values()] + _answers(access, found)
    return desk_page(
        "organizer/numbers/index.html", numbers=found, tables=[one for one in tables if one.rows], bar=_bar
    )


@numbers.view("/events/<event>/numbers/<table>.csv", needs=Right.SEE)
def as_file(access: Access, table: str) -> Response:
    found = _numbers(access)
    tables = {one.key: one for one in _answers(access, found)}
    if table in _TABLES:
        tables[table] = _TABLES[table](access, found)
    if table not in tables:
        raise NotFound("There is no such page.")
    one = tables[table]
    response = Response(csv_bytes([one.heads, *one.rows]), mimetype=CSV_TYPE)
    response.headers.set("Content-Disposition", "attachment", filename=f"{access.event.slug}-{table}.csv")
    return keep_private(response)


def tzid_of(access: Access) -> str:
    """The clock by which the event's days are counted: its first date's, or else the organization's."""
    dates = access.event.occurrences
    return dates[0].tzid if dates else access.organization.default_tzid


def _numbers(access: Access) -> Numbers:
    return numbers_of(db.session(), access.event, tzid=tzid_of(access))


def _bar(value: Cell, most: int) -> Markup:
    return Markup(chart.bar(int(value), most))  # noqa: S704  drawn from numbers alone


def _by_day(access: Access, found: Numbers) -> Table:
    tag, days = reading_tag(), found.by_day
    rows = [(date_words(one.day, tag), one.new, one.total) for one in reversed(days)]
    lead = None
    if days:
        title = _("Registrations by day: %(first)s to %(last)s", first=_day(days[0]), last=_day(days[-1]))
        drawn = chart.columns([one.new for one in days], title=title, first=_day(days[0]), last=_day(days[-1]))
        lead = Markup(drawn)  # noqa: S704  its words are escaped where it is drawn
    note = _("Days as they are in %(city)s.", city=city_words(tzid_of(access), tag))
    heads = (_("Day"), _("New registrations"), _("Altogether"))
    return Table("days", _("Registrations over time"), heads, rows, bars=None, lead=lead, note=note, wide=True)


def _day(one: DayCount) -> str:
    return date_words(one.day, reading_tag())


def _by_date(_access: Access, found: Numbers) -> Table:
    tag = reading_tag()
    rows = [
        (
            time_words(one.occurrence.starts_at, one.occurrence.ends_at, one.occurrence.tzid, tag).whole,
            one.states[PlaceState.CONFIRMED],
            one.states[PlaceState.WAITLISTED],
            one.states[PlaceState.PENDING],
            one.states[PlaceState.CANCELLED] + one.states[PlaceState.DECLINED],
            one.came,
        )
        for one in found.by_date
    ]
    heads = (_("Date"), _("Confirmed"), _("Waiting"), _("To be decided"), _("Cancelled or declined"), _("Came"))
    return Table("dates", _("By date"), heads, rows, bars=None, wide=True)


def _by_language(_access: Access, found: Numbers) -> Table:
    rows = [(own_name(tag), number) for tag, number in found.by_language]
    return Table("languages", _("Language of letters"), (_("Language"), _("People")), rows)


def _by_zone(_access: Access, found: Numbers) -> Table:
    rows = [(city_words(tzid, reading_tag()), number) for tzid, number in found.by_zone]
    return Table("zones", _("Time zone"), (_("City"), _("People")), rows)


def _by_country(_access: Access, found: Numbers) -> Table:
    tag = reading_tag()
    rows = [(dict(country_names(tag)).get(code) or _("Not known"), number) for code, number in found.by_country]
    note = _("By the time zone that people chose, so it is an estimate.")
    return Table("countries", _("Country"), (_("Country"), _("People")), rows, note=note)


def _by_source(_access: Access, found: Numbers) -> Table:
    heads = (_("Source"), _("Visits"), _("Registered"), _("Came"))
    rows = [
        (_source(one), "–" if one.visits is None else one.visits, one.registered, one.attended)
        for one in found.by_source
    ]
    note = _("Visits are counted for short links. Other sources come from ?via= in the address.")
    return Table("sources", _("Where people come from"), heads, rows, bars=2, note=note, wide=True)


def _source(one: SourceCount) -> str:
    return one.channel.name if one.channel else one.source or _("Directly")


def _answers(access: Access, found: Numbers) -> list[Table]:
    return [_of_question(access, question, counts) for question, counts in found.answers]


def _of_question(access: Access, question: Question, counts: Iterable[OptionCount]) -> Table:
    tag = reading_tag()
    spec = next(one for one in question_specs(access.event, retired=True) if one.key == question.key)
    words: Callable[[str], str] = {
        QuestionType.COUNTRY: lambda value: dict(country_names(tag)).get(value, value),
        QuestionType.YES_NO: _yes_no,
        QuestionType.CONSENT: _yes_no,
    }.get(question.type, lambda value: spec.option_in(value, tag))
    rows = [(words(one.value), one.number) for one in counts]
    return Table(f"answers-{question.key}", spec.label_in(tag), (_("Answer"), _("People")), rows)


def reading_tag() -> str:
    """The language in which this page words dates and names."""
    tag: str = g.reading.tag
    return tag


def _yes_no(value: str) -> str:
    return _("Yes") if value == "yes" else _("No")


_TABLES: dict[str, Callable[[Access, Numbers], Table]] = {
    "days": _by_day,
    "dates": _by_date,
    "sources": _by_source,
    "languages": _by_language,
    "countries": _by_country,
    "zones": _by_zone,
}
