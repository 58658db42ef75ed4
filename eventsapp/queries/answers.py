"""How often an event's questions were answered, and their options chosen: what stands against changing them."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eventsapp.models import Answer, ChosenOption, Event, Question


def times_answered(session: Session, event: Event) -> dict[str, int]:
    """By question key; without those that nobody answered. One statement."""
    counted = (
        select(Question.key, func.count(Answer.id))
        .join(Answer, Answer.question_id == Question.id)
        .where(Question.event_id == event.id)
        .group_by(Question.key)
    )
    return {key: int(number) for key, number in session.execute(counted)}


def times_chosen(session: Session, event: Event, key: str) -> dict[str, int]:
    """By option id, of the question ``key``; options that have been taken out since are counted, too."""
    counted = (
        select(ChosenOption.option_id, func.count())
        .join(Question, ChosenOption.question_id == Question.id)
        .where(Question.event_id == event.id, Question.key == key)
        .group_by(ChosenOption.option_id)
    )
    return {key: int(number) for key, number in session.execute(counted)}
