"""Another address for an event's pages. Letters carry the new one from now on; nobody is written to."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from eventsapp.actions.audit import Action, note
from eventsapp.actions.edit import VERSION
from eventsapp.actions.places import take_event
from eventsapp.domain.errors import N_, Invalid
from eventsapp.models import Event, Occurrence, User
from eventsapp.reading.fields import slugified


def rename_event(session: Session, event_id: int, slug: str, *, user: User | None, now: datetime) -> None:
    """The old address is free again at once. Raises Invalid."""
    event = take_event(session, event_id)
    if slug == event.slug:
        return
    if not slug or slugified(slug) != slug:
        raise Invalid(N_("Write it with small letters a–z, digits and single hyphens."), key="slug")
    taken = Invalid(N_("Another event has this address already."), key="slug")
    if session.scalar(select(Event.id).where(Event.slug == slug)) is not None:
        raise taken
    before, version = event.slug, event.version
    try:
        with session.begin_nested():
            event.slug, event.version, event.changed_at = slug, version + 1, now
    except IntegrityError as clash:
        raise taken from clash
    session.execute(update(Occurrence).where(Occurrence.event_id == event.id).values(revised_at=now))
    changes = {"slug": [before, slug], VERSION: [version, event.version]}
    note(
        session, Action.EVENT_EDITED, now=now, organization=event.organization, user=user, event=event, changes=changes
    )
