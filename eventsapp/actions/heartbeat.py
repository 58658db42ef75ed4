"""A worker says that it lives, so that those who watch see it in the database, wherever it runs."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from eventsapp.actions.statements import insert_unless_there, rows_changed
from eventsapp.models import Heartbeat

FORGOTTEN_AFTER = timedelta(days=1)


def beat(session: Session, *, worker: str, version: str = "", now: datetime) -> None:
    """``worker``, a program of this version, lives. One that ended without a word is forgotten a day later."""
    if not rows_changed(session, update(Heartbeat).where(Heartbeat.worker == worker).values(seen_at=now)):
        row = {"worker": worker, "version": version, "started_at": now, "seen_at": now}
        session.execute(insert_unless_there(session, Heartbeat).values(row))
        session.execute(delete(Heartbeat).where(Heartbeat.seen_at < now - FORGOTTEN_AFTER))


def leave(session: Session, *, worker: str) -> None:
    """``worker`` ends in good order."""
    session.execute(delete(Heartbeat).where(Heartbeat.worker == worker))
