"""What people and calendars are told of an occurrence gets a new number, and stays on record.

One way for whoever changes an occurrence, so that a letter can say what it was before (RFC 5546 §2.1.4).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from eventsapp.models import Assignment, Occurrence, Place, Revision
from eventsapp.queries.entries import is_online


def revise(session: Session, occurrence: Occurrence, *, now: datetime) -> None:
    """Raise the ``sequence`` of an occurrence whose rows were changed just now, and keep what it says from now on.

    What is to be sent because of a time is planned anew for everybody who holds a place or works there.
    """
    occurrence.sequence += 1
    occurrence.revised_at = now
    put_on_record(session, occurrence, now=now)
    session.execute(update(Place).where(Place.occurrence_id == occurrence.id).values(plan_at=now))
    session.execute(update(Assignment).where(Assignment.occurrence_id == occurrence.id).values(remind_at=now))


def put_on_record(session: Session, occurrence: Occurrence, *, now: datetime) -> None:
    """Keep what the occurrence says at its present ``sequence``: for a new one, and for one that nobody was told of."""
    session.flush()
    kept = session.scalar(
        select(Revision).where(Revision.occurrence_id == occurrence.id, Revision.sequence == occurrence.sequence)
    )
    if kept is None:
        session.add(
            Revision(occurrence_id=occurrence.id, sequence=occurrence.sequence, made_at=now, **_facts(occurrence))
        )
        return
    for name, value in _facts(occurrence).items():
        setattr(kept, name, value)


def _facts(occurrence: Occurrence) -> dict[str, Any]:
    event = occurrence.event
    return {
        "starts_at": occurrence.starts_at,
        "ends_at": occurrence.ends_at,
        "tzid": occurrence.tzid,
        "summary": {variant.language_tag: variant.summary for variant in event.variants},
        "location": dict(occurrence.location),
        "default_language_tag": event.default_language_tag,
        "online": is_online(occurrence),
        "cancelled": occurrence.called_off,
    }
