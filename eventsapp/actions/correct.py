"""What a registered person puts right by the manage link: name and answers, language and zone of the letters."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.actions import places
from eventsapp.actions.answers import settle_answers
from eventsapp.actions.schedule import look_again
from eventsapp.domain.errors import N_, Refused
from eventsapp.domain.questions import AnswerValue
from eventsapp.models import Event, Registration
from eventsapp.queries.registrations import takes_changes


def correct_details(
    session: Session, registration_id: int, name: str, answers: Mapping[str, AnswerValue], *, now: datetime
) -> Registration:
    """Another name, and these answers in place of the earlier ones. Nobody is written to.

    Raises NotFound, Refused (an option without places names its question; or the event is over or cancelled).
    """
    event, registration = places.take_own(session, registration_id, now=now)
    refuse_when_over(event, now)
    settle_answers(session, event, registration, answers, now=now)
    registration.name = name
    registration.changed_at = now
    return registration


def correct_language(
    session: Session, registration_id: int, language_tag: str, tzid: str, *, now: datetime
) -> Registration:
    """Letters from now on speak this language and name times in this zone, and come by its clock.

    Raises NotFound, Refused.
    """
    event, registration = places.take_own(session, registration_id, now=now)
    refuse_when_over(event, now)
    registration.language_tag = language_tag
    registration.tzid = tzid
    registration.changed_at = now
    look_again(session, registration=registration, now=now)
    return registration


def refuse_when_over(event: Event, now: datetime) -> None:
    """Raises Refused once nothing of the event is to come."""
    if takes_changes(event, now=now):
        return
    if event.cancelled_at is not None:
        raise Refused(N_("This event is cancelled, so nothing can be changed any more."))
    raise Refused(N_("This event is over, so nothing can be changed any more."))
