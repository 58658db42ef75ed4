"""What would come of an import, told before anything is done: who is new, who changes, which rows are wrong and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from eventsapp.domain import admission
from eventsapp.domain.admission import Offer, Rules, Standing
from eventsapp.domain.errors import DomainError
from eventsapp.domain.questions import AnswerValue, OptionFull, QuestionSpec, chosen_options
from eventsapp.domain.vocabulary import Approval, PlaceState
from eventsapp.models import Event, Registration
from eventsapp.queries import registrations
from eventsapp.queries.imports.people import Newcomer, Person, Reader, Usual, WrongRow
from eventsapp.queries.people_pages import answers_by_key

BATCH = 500


class Mistake(NamedTuple):
    row: int
    target: str  # what the column is; empty: it is about the whole row
    error: DomainError


@dataclass(slots=True)
class Report:
    """``elsewhere``: rows of known people whose places are others here than in the file."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    elsewhere: list[int] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def wrong_rows(self) -> int:
        return len({mistake.row for mistake in self.mistakes})


def report(
    session: Session, event: Event, people: Sequence[Person], usual: Usual, *, tag: str, now: datetime
) -> Report:
    """One statement or three for each five hundred people; nothing is locked."""
    found = Report()
    reader, room = Reader(event, usual, tag), _Room(session, event, now)
    for start in range(0, len(people), BATCH):
        some = people[start : start + BATCH]
        known = _known(session, event, reader, some)
        for person in some:
            try:
                _look(person, known, reader, room, found)
            except WrongRow as wrong:
                found.mistakes += [Mistake(person.row, target, error) for target, error in wrong.mistakes]
    found.mistakes.sort(key=lambda mistake: mistake.row)
    found.elsewhere.sort()
    return found


def _look(
    person: Person,
    known: Mapping[str, tuple[Registration, Mapping[str, AnswerValue]]],
    reader: Reader,
    room: "_Room",
    found: Report,
) -> None:
    there = known.get(reader.address(person).key)
    if there is None:
        room.take(reader.newcomer(person))
        found.new += 1
        return
    registration, answers = there
    if reader.changes(person, registration, answers):
        found.changed += 1
    else:
        found.unchanged += 1
    if reader.differs_in_places(person, registration):
        found.elsewhere.append(person.row)


def _known(
    session: Session, event: Event, reader: Reader, people: Sequence[Person]
) -> dict[str, tuple[Registration, Mapping[str, AnswerValue]]]:
    keys = []
    for person in people:
        try:
            keys.append(reader.address(person).key)
        except WrongRow:
            continue
    rows = session.scalars(
        select(Registration)
        .where(Registration.event_id == event.id, Registration.address_key.in_(keys))
        .options(selectinload(Registration.places), selectinload(Registration.answers))
    )
    return {
        row.address_key or "": (row, {key: one.value for key, one in answers_by_key(event, row).items()})
        for row in rows
    }


class _Room:
    """Counts along what the new people take, so that whoever finds no place is named beforehand."""

    def __init__(self, session: Session, event: Event, now: datetime) -> None:
        self._now = now
        counted = registrations.tallies(session, event.occurrences, now=now)
        self._offers: list[Offer] = registrations.offers_of(event, counted)
        self._rules: Rules = replace(registrations.rules_of(event).in_time(), approval=Approval.AUTOMATIC)
        self._left = registrations.options_left(session, event)
        self._limited: list[QuestionSpec] = [spec for spec in registrations.question_specs(event) if spec.limits()]

    def take(self, one: Newcomer) -> None:
        """Raises WrongRow."""
        try:
            outcome = self._outcome(one)
            taken = self._options(one)
        except DomainError as error:
            raise WrongRow([("", error)]) from error
        for option in taken:
            self._left[option] -= 1
        self._offers = [_with(offer, outcome.get(offer.key)) for offer in self._offers]

    def _outcome(self, one: Newcomer) -> Mapping[str, PlaceState]:
        if one.states is None:
            return admission.decide(self._rules, self._offers, one.applicant.occurrence_keys, self._now)
        for offer in self._offers:
            if one.states.get(offer.key) is PlaceState.CONFIRMED and not offer.has_room:
                raise admission.refusal(Standing.FULL, offer.key)
        return one.states

    def _options(self, one: Newcomer) -> list[tuple[str, str]]:
        chosen = [
            (spec, option)
            for spec in self._limited
            for option in chosen_options(one.applicant.answers.get(spec.key, []))
            if (spec.key, option) in self._left
        ]
        for spec, option in chosen:
            if self._left[spec.key, option] <= 0:
                raise OptionFull(spec, option, one.applicant.language_tag)
        return [(spec.key, option) for spec, option in chosen]


def _with(offer: Offer, state: PlaceState | None) -> Offer:
    if state is PlaceState.CONFIRMED:
        return replace(offer, confirmed=offer.confirmed + 1)
    return replace(offer, waiting=offer.waiting + 1) if state is PlaceState.WAITLISTED else offer
