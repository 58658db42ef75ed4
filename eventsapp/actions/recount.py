"""Put right what the database keeps by itself, should it ever disagree with what is there (``doctor`` says so)."""

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from eventsapp.models import Event
from eventsapp.queries.kept import COUNTED


def recount(session: Session) -> None:
    """Count every place and every chosen option anew. No place changes meanwhile: all events are taken."""
    session.scalars(select(Event.id).order_by(Event.id).with_for_update(key_share=True)).all()
    for table, (columns, counted) in COUNTED.items():
        session.execute(delete(table))
        session.execute(insert(table).from_select([*columns, "number"], counted))
