"""An event's registrations as the rows of a table file: which columns there are, and what stands in them.

Heads and words are in the interface's language in force (``translations.speaking``).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from eventsapp.domain.errors import N_
from eventsapp.domain.languages import own_name
from eventsapp.domain.questions import QuestionSpec, answer_words
from eventsapp.domain.timezones import local
from eventsapp.domain.vocabulary import CHOICE_TYPES, PlaceState, QuestionType
from eventsapp.domain.wording import city_words, time_words
from eventsapp.models import Answer, Event, Occurrence, Place, Registration
from eventsapp.queries.people import Filter
from eventsapp.queries.people_pages import Details, answers_by_key, batch, details
from eventsapp.queries.registrations import question_specs
from eventsapp.spreadsheets import Cell
from eventsapp.translations import gettext, pgettext

ANSWER = "answer:"  # before a question's key: the column of its answers
COLUMNS: Mapping[str, str] = {
    "name": N_("Name"),
    "email": N_("E-mail"),
    "reference": N_("Reference"),
    "places": N_("Dates"),
    "came": N_("Came"),
    "language": N_("Language"),
    "zone": N_("Time zone"),
    "added": N_("Registered"),
    "source": N_("Source"),
    "letters": N_("Letters"),
    "note": N_("Note"),
}
USUAL = ("name", "email", "places", "language", "added")
BATCH = 500
_WORDS = CHOICE_TYPES | {QuestionType.YES_NO, QuestionType.CONSENT, QuestionType.COUNTRY}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants a file of. ``by_place``: a row for each date that somebody took, not for each person."""

    filter: Filter
    columns: tuple[str, ...] = USUAL
    by_place: bool = False

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Wanted":
        columns = tuple(str(name) for name in given.get("columns", USUAL))
        return cls(Filter.read(given.get("filter", {})), columns, bool(given.get("by_place")))

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"filter": self.filter.query(), "columns": list(self.columns), "by_place": self.by_place}


@dataclass(frozen=True, slots=True)
class Row:
    registration: Registration
    place: Place | None  # where each has a row of its own
    answers: Mapping[str, Answer]
    details: Details


@dataclass(frozen=True, slots=True)
class Column:
    head: str
    cell: Callable[[Row], Cell]


class Sheet:
    """The columns of one file. ``tag`` is the reader's language."""

    def __init__(self, event: Event, wanted: Wanted, *, tag: str) -> None:
        self._wanted, self._tag = wanted, tag
        self.columns = _columns(event, wanted, tag)
        self._answers = any(name.startswith(ANSWER) for name in wanted.columns)

    def heads(self) -> list[str]:
        return [column.head for column in self.columns]

    def batch(self, session: Session, event: Event, *, after_id: int) -> tuple[list[list[Cell]], int, int]:
        """The next rows, how many registrations they are of, and the id to go on from; 0 registrations: the end."""
        found = batch(session, event, self._wanted.filter, after_id=after_id, limit=BATCH, answers=self._answers)
        beside = details(session, found)
        rows = [
            [column.cell(row) for column in self.columns]
            for registration in found
            for row in self._rows(event, registration, beside)
        ]
        return rows, len(found), found[-1].id if found else after_id

    def _rows(self, event: Event, registration: Registration, beside: Details) -> Iterator[Row]:
        answers = answers_by_key(event, registration) if self._answers else {}
        if not self._wanted.by_place:
            yield Row(registration, None, answers, beside)
            return
        asked = self._wanted.filter
        keys = {occurrence.id: occurrence.key for occurrence in event.occurrences}
        for place in registration.places:
            if (not asked.state or place.state in asked.state) and (
                not asked.occurrence or keys[place.occurrence_id] in asked.occurrence
            ):
                yield Row(registration, place, answers, beside)


def column_names(event: Event, tag: str) -> dict[str, str]:
    """Every column that one may choose, by name, with its head in the language ``tag``."""
    heads = {name: gettext(words) for name, words in COLUMNS.items()}
    asked = question_specs(event, retired=True)
    return heads | {f"{ANSWER}{question.key}": question.label_in(tag) for question in asked}


def state_words(state: PlaceState) -> str:
    return {
        PlaceState.CONFIRMED: pgettext("place", "Confirmed"),
        PlaceState.WAITLISTED: gettext("On the waiting list"),
        PlaceState.PENDING: gettext("Waiting for approval"),
        PlaceState.UNVERIFIED: gettext("E-mail address not confirmed"),
        PlaceState.CANCELLED: pgettext("place", "Cancelled"),
        PlaceState.DECLINED: gettext("Not accepted"),
    }[state]


def date_words(occurrence: Occurrence, tag: str) -> str:
    """A date as a head names it: by its own clock, and in which language where it is held in one."""
    words = time_words(occurrence.starts_at, occurrence.ends_at, occurrence.tzid, tag)
    held_in = f" ({own_name(occurrence.language_tag)})" if occurrence.language_tag else ""
    return f"{words.full_date}, {words.start}{held_in}"


def zone_of(event: Event) -> str:
    """The zone that an event's own moments are told in: its first date's."""
    return event.occurrences[0].tzid if event.occurrences else event.organization.default_tzid


def _columns(event: Event, wanted: Wanted, tag: str) -> list[Column]:
    specs = {f"{ANSWER}{question.key}": question for question in question_specs(event, retired=True)}
    found: list[Column] = []
    for name in dict.fromkeys(wanted.columns):
        if name in specs:
            found.append(_answer_column(specs[name], tag))
        elif name == "places":
            found += _of_place(event, tag) if wanted.by_place else [_of_date(one, tag) for one in event.occurrences]
        elif name == "added":
            found += _moments(gettext(COLUMNS[name]), zone_of(event), tag, lambda row: row.registration.created_at)
        elif name == "came":
            found.append(Column(gettext(COLUMNS[name]), _came(event, tag)))
        elif name in _PLAIN:
            found.append(Column(gettext(COLUMNS[name]), _PLAIN[name]))
    return found


_PLAIN: Mapping[str, Callable[[Row], Cell]] = {
    "name": lambda row: row.registration.name,
    "email": lambda row: row.registration.email,
    "reference": lambda row: row.registration.reference,
    "language": lambda row: row.registration.language_tag,
    "zone": lambda row: row.registration.tzid,
    "source": lambda row: row.registration.source,
    "letters": lambda row: gettext("Do not arrive") if row.registration.id in row.details.in_trouble else "",
    "note": lambda row: row.registration.note,
}


def _of_date(occurrence: Occurrence, tag: str) -> Column:
    """Of each person how their place at this date stands."""

    def cell(row: Row) -> Cell:
        place = next((one for one in row.registration.places if one.occurrence_id == occurrence.id), None)
        return "" if place is None else state_words(place.state)

    return Column(date_words(occurrence, tag), cell)


def _of_place(event: Event, tag: str) -> list[Column]:
    dates = {occurrence.id: occurrence for occurrence in event.occurrences}
    words = {id_: date_words(occurrence, tag) for id_, occurrence in dates.items()}

    def of(row: Row) -> Occurrence:
        assert row.place is not None  # noqa: S101  these columns stand only where each place has a row
        return dates[row.place.occurrence_id]

    return [
        Column(gettext("Date"), lambda row: words[of(row).id]),
        *_moments(gettext("Starts"), zone_of(event), tag, lambda row: of(row).starts_at),
        Column(gettext("State"), lambda row: "" if row.place is None else state_words(row.place.state)),
    ]


def _came(event: Event, tag: str) -> Callable[[Row], Cell]:
    """The dates they came to; where each date has a row, just that they did."""
    words = {one.id: date_words(one, tag) for one in event.occurrences}

    def cell(row: Row) -> Cell:
        if row.place is not None:
            return gettext("Yes") if row.place.id in row.details.came else ""
        return "; ".join(
            words[place.occurrence_id] for place in row.registration.places if place.id in row.details.came
        )

    return cell


def _moments(head: str, tzid: str, tag: str, moment: Callable[[Row], datetime]) -> list[Column]:
    """One instant twice: as a date that spreadsheets know, by the event's clock, and as UTC."""
    return [
        Column(f"{head} ({city_words(tzid, tag)})", lambda row: local(moment(row), tzid).replace(tzinfo=None)),
        Column(f"{head} (UTC)", lambda row: moment(row).strftime("%Y-%m-%dT%H:%M:%SZ")),
    ]


def _answer_column(question: QuestionSpec, tag: str) -> Column:
    def cell(row: Row) -> Cell:
        answer = row.answers.get(question.key)
        if answer is None:
            return ""
        value = answer.value
        if question.type in _WORDS or isinstance(value, dict | list | bool):
            return answer_words(question, value, tag, gettext)
        return value if isinstance(value, int | float) else str(value)

    return Column(question.label_in(tag), cell)
