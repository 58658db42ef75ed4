"""Put an event out of sight and back, and throw away a draft. Nobody is written to."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from eventsapp.actions.audit import Action, note
from eventsapp.actions.places import take_event
from eventsapp.domain.errors import N_, Refused
from eventsapp.models import Event, Registration, User


def archive(session: Session, event_id: int, *, user: User | None, now: datetime) -> None:
    """Out of the organizers' list; its public pages stay as they are."""
    _set(session, event_id, now, Action.EVENT_ARCHIVED, user=user, now=now)


def restore(session: Session, event_id: int, *, user: User | None, now: datetime) -> None:
    _set(session, event_id, None, Action.EVENT_RESTORED, user=user, now=now)


def delete_draft(session: Session, event_id: int, *, user: User | None, now: datetime) -> None:
    """Raises Refused where the event is published, or anybody ever registered for it."""
    event = take_event(session, event_id)
    if not can_be_deleted(session, event):
        raise Refused(N_("Only a draft that nobody has registered for can be deleted. Archive the event instead."))
    note(
        session,
        Action.EVENT_DELETED,
        now=now,
        organization=event.organization,
        user=user,
        changes={"slug": [event.slug, None]},
    )
    session.execute(delete(Event).where(Event.id == event.id))
    session.expunge(event)


def can_be_deleted(session: Session, event: Event) -> bool:
    registered = select(Registration.id).where(Registration.event_id == event.id).exists()
    return event.published_at is None and not session.scalar(select(registered))


def _set(
    session: Session, event_id: int, at: datetime | None, action: Action, *, user: User | None, now: datetime
) -> None:
    event = take_event(session, event_id)
    if (event.archived_at is None) == (at is None):
        return
    event.archived_at = at
    note(session, action, now=now, organization=event.organization, user=user, event=event)
