"""Take an event's registrations along as a file. The trail keeps who did, and how many people are in it."""

from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.actions import jobs
from eventsapp.actions.audit import Action, note
from eventsapp.domain.vocabulary import JobKind
from eventsapp.models import Event, Job, User
from eventsapp.queries import people
from eventsapp.queries.export_files import FileOrder

AT_ONCE = 2_000  # registrations that are written while somebody waits


def export(session: Session, *, event: Event, user: User, order: FileOrder, now: datetime) -> Job | None:
    """Note it. A job that writes the file; None where there are so few that the caller writes it at once."""
    number = people.count(session, event, order.wanted.filter)
    note(
        session,
        Action.EXPORTED,
        now=now,
        organization=event.organization,
        user=user,
        event=event,
        changes={"people": [None, number]},
    )
    if number <= AT_ONCE:
        return None
    return jobs.order(
        session,
        organization=event.organization,
        event=event,
        user=user,
        kind=JobKind.EXPORT,
        asked=order.plain(),
        total=number,
        now=now,
    )
