"""A new event, from a whole record: as its file would be imported, but never over an event that is there."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions.audit import Action, note
from eventsapp.actions.edit import VERSION, checked
from eventsapp.actions.import_record import import_record
from eventsapp.config import Settings
from eventsapp.domain.errors import N_, Invalid
from eventsapp.models import Event, User
from eventsapp.reading.fields import slugified
from eventsapp.reading.values import EventRecord

_LONGEST = 72  # of a slug, so that a number fits behind it
_OTHERWISE = "event"  # where the title has no Latin letter


def create_event(
    session: Session, record: EventRecord, *, user: User | None, now: datetime, settings: Settings
) -> Event:
    """Make the event that the record describes, under the first free slug that is like the record's own.

    Raises RecordRefused for what no record may say.
    """
    record = checked(session, record)
    report = import_record(session, record, now=now, settings=settings)
    if not report.created:  # somebody took the slug at this very moment; the transaction undoes what was written
        raise Invalid(N_("Another event was made at the same moment. Send the form again."))
    event = session.scalars(select(Event).where(Event.slug == record.slug)).one()
    note(
        session,
        Action.EVENT_CREATED,
        now=now,
        organization=event.organization,
        user=user,
        event=event,
        changes={"slug": [None, event.slug], VERSION: [0, event.version]},
    )
    return event


def free_slug(session: Session, title: str) -> str:
    """An address part made of a title, with a number behind it where others have it already."""
    wanted = slugified(title)[:_LONGEST].strip("-") or _OTHERWISE
    taken = set(session.scalars(select(Event.slug).where(Event.slug.startswith(wanted, autoescape=True))))
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (wanted, *numbered) if slug not in taken)
