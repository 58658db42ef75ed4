"""The rows of a spreadsheet as people, and what each of them comes to: somebody new, or changes of somebody known."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from eventsapp.domain.addresses import Address, read_address
from eventsapp.domain.applicant import Applicant, read_name
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import N_, DomainError, Invalid
from eventsapp.domain.questions import DETAILS, AnswerValue, QuestionSpec, answer_words, check_answers, typed_values
from eventsapp.domain.text import clean_line, clean_text
from eventsapp.domain.vocabulary import CHOICE_TYPES, HELD, PlaceState, QuestionType
from eventsapp.models import Event, Registration
from eventsapp.queries.exports import ANSWER
from eventsapp.queries.imports import cells as reading
from eventsapp.queries.imports.columns import AT, DATE, EMAIL, FIRST, LAST, NAME, STATE
from eventsapp.queries.registrations import question_specs
from eventsapp.translations import gettext, speaking

LONGEST_NOTE = 2000
LONGEST_SOURCE = 60
SOURCE = "import"  # of people whose row names none
Row = tuple[int, Sequence[str]]  # the number in the file, and the cells
T = TypeVar("T")
_MARK = "x"
_WORDED = CHOICE_TYPES | {QuestionType.YES_NO, QuestionType.CONSENT, QuestionType.COUNTRY}


@dataclass(frozen=True, slots=True)
class Person:
    """What the file says of one person: cells by what they are, without empty ones. ``twin``: an earlier row's number,
    where the same address stands too.
    """

    row: int
    cells: Mapping[str, str]
    twin: int = 0


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds where a new person's row says nothing. ``dates`` are occurrence keys."""

    language_tag: str
    tzid: str
    dates: tuple[str, ...] = ()

    @classmethod
    def read(cls, asked: Mapping[str, Any]) -> "Usual":
        return cls(asked["language_tag"], asked["tzid"], tuple(asked["dates"]))


@dataclass(frozen=True, slots=True)
class Newcomer:
    """``states`` None: the event's rules decide."""

    applicant: Applicant
    states: Mapping[str, PlaceState] | None
    note: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs, None: nothing does. ``answers`` are all answers that the person has then."""

    name: str | None = None
    language_tag: str | None = None
    tzid: str | None = None
    note: str | None = None
    answers: Mapping[str, AnswerValue] | None = None

    def __bool__(self) -> bool:
        return self != Changes()


class WrongRow(Exception):
    """What is wrong with a row: (what the cell is, the sentence). Nothing of the row is taken over."""

    def __init__(self, mistakes: Sequence[tuple[str, DomainError]]) -> None:
        super().__init__()
        self.mistakes = mistakes


def people_of(event: Event, columns: Sequence[str], rows: Iterable[Row]) -> list[Person]:
    """One for each row, but where a column names the date: then rows of one address are one person.

    In the order in which they are to be taken over.
    """
    dates = reading.dates_by_words(event) if AT in columns else {}
    found: list[Person] = []
    at: dict[str, int] = {}
    for number, row in rows:
        cells = {target: text for target, text in zip(columns, row, strict=True) if target and text}
        if not cells:
            continue
        _name_date(cells, dates)
        address = reading.folded(cells.get(EMAIL, ""))
        if address and address in at:
            earlier = found[at[address]]
            if AT in columns and _others(earlier.cells) == _others(cells):
                found[at[address]] = Person(earlier.row, {**cells, **earlier.cells})
                continue
            found.append(Person(number, cells, twin=earlier.row))
            continue
        at[address] = len(found)
        found.append(Person(number, cells))
    return sorted(found, key=_waits)


def _waits(person: Person) -> bool:
    """Whoever waits for a place comes after those who have one: else they would move up into places that are taken."""
    waiting = (reading.says_waitlisted(text) for target, text in person.cells.items() if target.startswith(DATE))
    return any(waiting)


def _name_date(cells: dict[str, str], dates: Mapping[str, str]) -> None:
    """ "Date" and "State" become what a column of that date would say; an unknown date stays, and is a mistake."""
    key = dates.get(reading.folded(cells.get(AT, "")))
    if key is not None:
        cells[f"{DATE}{key}"] = cells.get(STATE, _MARK)
        cells.pop(AT)
    if AT not in cells:
        cells.pop(STATE, None)


def _others(cells: Mapping[str, str]) -> dict[str, str]:
    return {target: text for target, text in cells.items() if not target.startswith(DATE)}


@dataclass
class Reader:
    """Reads people for one event. ``tag`` is the organizer's language, in which cities are looked up."""

    event: Event
    usual: Usual
    tag: str
    _specs: dict[str, QuestionSpec] = field(init=False)
    _languages: list[str] = field(init=False)
    _said: dict[tuple[str, str], frozenset[str]] = field(init=False, default_factory=dict)
    _addresses: dict[str, Address] = field(init=False, default_factory=dict)
    _zones: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._specs = {spec.key: spec for spec in question_specs(self.event)}
        self._languages = reading.letter_languages(self.event)

    def address(self, person: Person) -> Address:
        """Raises WrongRow."""
        if person.twin:
            twice = Invalid(N_("The same e-mail address stands in row %(row)s."), row=person.twin)
            raise WrongRow([(EMAIL, twice)])
        text = person.cells.get(EMAIL, "")
        try:
            if text not in self._addresses:
                self._addresses[text] = read_address(text)
            return self._addresses[text]
        except Invalid as error:
            raise WrongRow([(EMAIL, error)]) from error

    def newcomer(self, person: Person) -> Newcomer:
        """Raises WrongRow."""
        address = self.address(person)
        read = _Reading(person.cells)
        name = read(NAME, lambda _text: read_name(_name_in(person.cells)), always=True)
        tag = read("language", lambda text: reading.read_language(text, self._languages)) or self.usual.language_tag
        tzid = read("zone", self._zone) or self.usual.tzid
        states = self._states(read)
        answers = self._checked(read, self._typed(person))
        read.end()
        marks_alone = all(state is None for state in states.values())
        return Newcomer(
            Applicant(
                name=name or "",
                address=address,
                language_tag=tag,
                tzid=tzid,
                occurrence_keys=tuple(states) or self.usual.dates,
                answers=answers,
                source=clean_line(person.cells.get("source", ""), LONGEST_SOURCE) or SOURCE,
            ),
            None if marks_alone else {key: state or PlaceState.CONFIRMED for key, state in states.items()},
            clean_text(person.cells.get("note", ""), LONGEST_NOTE),
        )

    def changes(self, person: Person, registration: Registration, answers: Mapping[str, AnswerValue]) -> Changes:
        """What the file says otherwise; an empty cell says nothing. ``answers`` go by key. Raises WrongRow."""
        read = _Reading(person.cells)
        name, note = _name_in(person.cells), clean_text(person.cells.get("note", ""), LONGEST_NOTE)
        found = Changes(
            name=_read_again(read, NAME, name, registration.name, read_name),
            language_tag=_read_again(
                read,
                "language",
                person.cells.get("language", ""),
                registration.language_tag,
                lambda text: reading.read_language(text, self._languages),
            ),
            tzid=_read_again(read, "zone", person.cells.get("zone", ""), registration.tzid, self._zone),
            note=None if note in ("", registration.note) else note,
            answers=self._answers_anew(read, person, answers),
        )
        read.end()
        return found

    def differs_in_places(self, person: Person, registration: Registration) -> bool:
        """Whether the file says otherwise which places are held, or how. What it says must be readable."""
        keys = {occurrence.id: occurrence.key for occurrence in self.event.occurrences}
        held = {keys[place.occurrence_id]: place.state for place in registration.places}
        try:
            states = self._states(_Reading(person.cells), newcomer=False)
        except WrongRow:
            return True
        return any(
            held.get(key) not in HELD if state is None else held.get(key) is not state for key, state in states.items()
        )

    def _states(self, read: "_Reading", *, newcomer: bool = True) -> dict[str, PlaceState | None]:
        found: dict[str, PlaceState | None] = {}
        read(AT, _unknown_date)
        for occurrence in self.event.occurrences:
            target = f"{DATE}{occurrence.key}"
            if reading.says_no(read.cells.get(target, "")):
                continue
            state = read(target, reading.read_state)
            if newcomer and state is PlaceState.UNVERIFIED:
                read.blame(target, Invalid(N_("This e-mail address was never confirmed, so they are not taken over.")))
            found[occurrence.key] = state
        if newcomer and not read.mistakes:
            found = _that_hold(found, read)
        return found

    def _zone(self, text: str) -> str:
        if text not in self._zones:
            self._zones[text] = tzid_from_text(text, self.tag)
        return self._zones[text]

    def _typed(self, person: Person) -> dict[str, dict[str, list[str]]]:
        """By question, what a form would have posted."""
        asked = {key: person.cells.get(f"{ANSWER}{key}", "") for key in self._specs}
        return {key: reading.typed(self._specs[key], text) for key, text in asked.items() if text}

    def _answers_anew(
        self, read: "_Reading", person: Person, answers: Mapping[str, AnswerValue]
    ) -> Mapping[str, AnswerValue] | None:
        anew = {
            key: typed
            for key, typed in self._typed(person).items()
            if key not in answers or not self._says(key, answers[key], person.cells[f"{ANSWER}{key}"])
        }
        if not anew:
            return None
        asked = {key: value for key, value in answers.items() if key in self._specs}
        kept = {key: typed_values(self._specs[key], value) for key, value in asked.items() if key not in anew}
        found = self._checked(read, kept | anew, wanted=anew)
        return None if found == asked else found

    def _checked(
        self, read: "_Reading", typed: Mapping[str, Mapping[str, list[str]]], wanted: Iterable[str] | None = None
    ) -> dict[str, AnswerValue]:
        """Questions that the file has no answer for stay unanswered, even those that a form insists on."""
        raw = {name: values for one in typed.values() for name, values in one.items()}
        answers, mistakes = check_answers(list(self._specs.values()), raw, self.tag)
        wanted = set(typed if wanted is None else wanted)
        for key, error in mistakes.items():
            question = key.removesuffix(DETAILS)
            if question in wanted:
                read.blame(f"{ANSWER}{question}", error)
        return answers

    def _says(self, key: str, value: AnswerValue, text: str) -> bool:
        """Whether this is how an export, in any language, writes the answer."""
        spec = self._specs[key]
        if spec.type not in _WORDED and not isinstance(value, dict | list | bool):
            return str(value) == text
        cached = (key, json.dumps(value, sort_keys=True))
        if cached not in self._said:
            self._said[cached] = frozenset(self._words(spec, value))
        return text in self._said[cached]

    def _words(self, spec: QuestionSpec, value: AnswerValue) -> Iterable[str]:
        for tag in dict.fromkeys(self._languages):
            with speaking(tag):
                yield answer_words(spec, value, tag, gettext)


class _Reading:
    """Gathers the mistakes of one row."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = cells
        self.mistakes: list[tuple[str, DomainError]] = []

    def __call__(self, target: str, check: Callable[[str], T], *, always: bool = False) -> T | None:
        text = self.cells.get(target, "")
        if not text and not always:
            return None
        try:
            return check(text)
        except Invalid as error:
            self.blame(target, error)
            return None

    def blame(self, target: str, error: DomainError) -> None:
        self.mistakes.append((target, error))

    def end(self) -> None:
        """Raises WrongRow."""
        if self.mistakes:
            raise WrongRow(self.mistakes)


def _read_again(read: _Reading, target: str, text: str, stored: str | None, check: Callable[[str], str]) -> str | None:
    """What a cell says, where that is another thing than what is stored."""
    if text in ("", stored):
        return None
    found = read(target, lambda _text: check(text), always=True)
    return None if found == stored else found


def _that_hold(states: dict[str, PlaceState | None], read: _Reading) -> dict[str, PlaceState | None]:
    """Without places that were given up, or never given: of somebody new nothing stays of them."""
    held = {key: state for key, state in states.items() if state is None or state in HELD}
    if states and not held:
        read.blame("", Invalid(N_("This person holds no place any more, so there is nothing to take over.")))
    return held


def _unknown_date(text: str) -> str:
    raise Invalid(N_("“%(typed)s” is no date of this event."), typed=text[:80])


def _name_in(cells: Mapping[str, str]) -> str:
    return cells.get(NAME) or clean_line(f"{cells.get(FIRST, '')} {cells.get(LAST, '')}")
