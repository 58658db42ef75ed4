"""What stands against taking over a record: people took a place or answered what it leaves out. Changes nothing."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eventsapp.domain.questions import chosen_options
from eventsapp.domain.vocabulary import QuestionType
from eventsapp.models import Answer, Assignment, Event, Occurrence, Place, Question
from eventsapp.reading.mistakes import Mistake, Path, key_of
from eventsapp.reading.values import EventRecord, QuestionRecord

_TEXTS = frozenset({QuestionType.SHORT_TEXT, QuestionType.LONG_TEXT})


def conflicts(session: Session, event: Event, record: EventRecord) -> list[Mistake]:
    mistake = record.origin.mistake
    if event.organization.slug != record.organization.slug:
        return [mistake(("slug",), f"Another organization has an event {record.slug}; choose another slug.")]
    found = []
    kept = {occurrence.id for occurrence in record.occurrences}
    for occurrence in event.occurrences:
        if occurrence.key not in kept and (count := _count(session, Place, Place.occurrence_id == occurrence.id)):
            message = (
                f"{occurrence.key} is left out, but {_people(count)} a place in it; keep it with status: cancelled."
            )
            found.append(mistake(("occurrences",), message))
        elif occurrence.key not in kept and (count := _working(session, occurrence)):
            message = (
                f"{occurrence.key} is left out, but it is in the calendar of {count} of the team;"
                " keep it with status: cancelled."
            )
            found.append(mistake(("occurrences",), message))
    places = {question.id: at for at, question in enumerate(record.questions)}
    for question in event.questions:
        path: Path = ("registration", "questions")
        if question.key in places:
            at = places[question.key]
            found += _type_conflict(session, question, record.questions[at], (*path, at), record)
        elif count := _count(session, Answer, Answer.question_id == question.id):
            found.append(mistake(path, f"{question.key} is left out, but {_people(count)} answered it; keep it."))
    return found


def _type_conflict(
    session: Session, question: Question, said: QuestionRecord, path: Path, record: EventRecord
) -> list[Mistake]:
    if question.type is said.type or {question.type, said.type} <= _TEXTS:
        return []
    count = _count(session, Answer, Answer.question_id == question.id)
    if not count:
        return []
    message = f"{_people(count)} answered this as {question.type}; keep the type, or ask under a new id."
    return [record.origin.mistake((*path, "type"), message)]


def kept_choices(session: Session, event: Event, record: EventRecord) -> list[str]:
    """A note for each option that the record leaves out although people have chosen it."""
    said_of = {question.id: (at, question) for at, question in enumerate(record.questions)}
    notes = []
    for question in event.questions:
        if question.key not in said_of:
            continue
        at, said = said_of[question.key]
        kept = {option.id for option in said.options}
        removed = [str(option["id"]) for option in question.options if option["id"] not in kept]
        if not removed:
            continue
        answers = session.scalars(select(Answer.value).where(Answer.question_id == question.id))
        counts = Counter(option_id for answer in answers for option_id in set(chosen_options(answer)))
        notes += [
            f"{key_of(('registration', 'questions', at, 'options'))}: {option_id} is left out, but"
            f" {_people(counts[option_id])} chosen it; their answers stay."
            for option_id in removed
            if counts[option_id]
        ]
    return notes


def _count(session: Session, row: type[Place] | type[Answer], condition: Any) -> int:
    return session.scalar(select(func.count()).select_from(row).where(condition)) or 0


def _working(session: Session, occurrence: Occurrence) -> int:
    """How many hosts and interpreters were told that they work there."""
    told = (Assignment.occurrence_id == occurrence.id, Assignment.told_sequence.is_not(None))
    return session.scalar(select(func.count()).select_from(Assignment).where(*told)) or 0


def _people(count: int) -> str:
    return "1 person has" if count == 1 else f"{count} people have"
