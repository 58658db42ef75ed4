"""Answers of a registration as rows, and the options whose places they take. All of it under the event's lock."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from eventsapp.actions.statements import insert_rows
from eventsapp.domain.questions import AnswerValue, OptionFull, chosen_options
from eventsapp.domain.vocabulary import CHOICE_TYPES
from eventsapp.models import Answer, ChosenOption, Event, Registration
from eventsapp.queries import registrations


def refuse_full(
    session: Session, event: Event, answers: Mapping[str, AnswerValue], *, tag: str, apart_from: int | None = None
) -> None:
    """Raise OptionFull, worded in the language ``tag``, where one of these answers names an option without places.

    To the registration ``apart_from`` (its id) what it has chosen stays open while it holds a place. The event must
    be taken.
    """
    left = registrations.options_left(session, event, apart_from=apart_from)
    for question in registrations.question_specs(event) if left else ():
        for option_id in chosen_options(answers.get(question.key, [])):
            if left.get((question.key, option_id)) == 0:
                raise OptionFull(question, option_id, tag)


def settle_answers(
    session: Session, event: Event, registration: Registration, answers: Mapping[str, AnswerValue], *, now: datetime
) -> None:
    """Give the registration these answers in place of its earlier ones; keys of nothing that is asked do not count.

    What was answered to a question that has been retired since stays.

    Raises OptionFull where an option has no place left. One's own earlier choice stays open to oneself while one
    holds a place; so for somebody who comes back, call this before the places are given back. The event must be taken.
    """
    session.flush()
    refuse_full(session, event, answers, tag=registration.language_tag, apart_from=registration.id)
    asked = [question for question in event.questions if not question.retired]
    if registration.answers:
        for row in (Answer, ChosenOption):
            theirs = (row.registration_id == registration.id, row.question_id.in_([one.id for one in asked]))
            session.execute(delete(row).where(*theirs))
    write_answers(session, event, registration, answers)
    session.expire(registration, ["answers"])
    registration.changed_at = now


def write_answers(
    session: Session, event: Event, registration: Registration, answers: Mapping[str, AnswerValue]
) -> None:
    """The rows of these answers, where there are none; keys of nothing that is asked do not count. Asks no limit."""
    asked = [question for question in event.questions if not question.retired]
    said = [(question, answers[question.key]) for question in asked if question.key in answers]
    if said:
        rows = [{"registration_id": registration.id, "question_id": asked.id, "value": value} for asked, value in said]
        insert_rows(session, Answer, rows)
    chosen = [
        {"registration_id": registration.id, "question_id": question.id, "option_id": option_id}
        for question, value in said
        if question.type in CHOICE_TYPES
        for option_id in dict.fromkeys(chosen_options(value))
    ]
    if chosen:
        insert_rows(session, ChosenOption, chosen)
