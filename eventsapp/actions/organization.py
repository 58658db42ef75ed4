"""An owner changes what their organization is called, says of itself, and how long it keeps people's data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from eventsapp.actions.audit import Action, difference, note
from eventsapp.models import Event, Occurrence, Organization, User

_IN_CALENDARS = {"name", "sender_name"}  # who holds it stands in every calendar entry


def change_organization(
    session: Session, organization_id: int, values: Mapping[str, Any], *, user: User, now: datetime
) -> None:
    """Set columns of the organization; its public pages and calendar files are new from now on. Writes to nobody."""
    organization = session.get_one(Organization, organization_id, with_for_update=True)
    changes = difference({name: getattr(organization, name) for name in values}, values)
    if not changes:
        return
    for name in changes:
        setattr(organization, name, values[name])
    mine = Event.organization_id == organization_id
    session.execute(update(Event).where(mine).values(changed_at=now))
    if _IN_CALENDARS & set(changes):
        dates = Occurrence.event_id.in_(select(Event.id).where(mine))
        session.execute(update(Occurrence).where(dates).values(revised_at=now))
    note(session, Action.ORGANIZATION_EDITED, now=now, organization=organization, user=user, changes=changes)
