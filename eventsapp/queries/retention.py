"""Whose data would be older than an organization keeps them."""

from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from eventsapp.models import Event, Occurrence, Place, Registration


def outlived_under(session: Session, organization_id: int, days: int | None, *, now: datetime) -> int:
    """How many people would be forgotten by now if data were kept for so many days after the last date."""
    if days is None:
        return 0
    since = now - timedelta(days=days)
    still = exists().where(
        Place.registration_id == Registration.id, Occurrence.id == Place.occurrence_id, Occurrence.ends_at > since
    )
    found = (
        select(func.count(Registration.id))
        .join(Registration.event)
        .where(
            Event.organization_id == organization_id,
            Registration.erased_at.is_(None),
            Registration.created_at <= since,
            ~still,
        )
    )
    return session.scalar(found) or 0
