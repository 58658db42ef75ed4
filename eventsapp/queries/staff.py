"""Hosts, interpreters and organizers, read: who they are, and who does not know yet how a date of theirs stands."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from eventsapp.domain.vocabulary import MessageState
from eventsapp.models import Assignment, Event, Message, Occurrence, Staff
from eventsapp.queries.letters.changed import revisions_of
from eventsapp.queries.letters.staff import news_of


def untold(session: Session, event: Event, *, now: datetime) -> list[Assignment]:
    """The assignments at dates to come of which their host or interpreter does not know how they stand."""
    if event.published_at is None:
        return []
    behind = or_(
        and_(Assignment.told_sequence.is_(None), Assignment.ended_at.is_(None)),
        Assignment.told_sequence < Occurrence.sequence,
        Assignment.told_revision < Assignment.revision,
    )
    rows = session.scalars(
        select(Assignment)
        .join(Assignment.staff)
        .join(Assignment.occurrence)
        .where(Staff.event_id == event.id, Occurrence.ends_at > now, behind)
        .options(joinedload(Assignment.staff), joinedload(Assignment.occurrence).joinedload(Occurrence.conference))
        .order_by(Assignment.id)
    ).all()
    told = revisions_of(session, (one.occurrence_id for one in rows))
    return [one for one in rows if news_of(one, told.get((one.occurrence_id, one.told_sequence)), one.told_revision)]


def untold_staff(session: Session, event: Event, *, now: datetime) -> int:
    """How many hosts and interpreters would be written to if somebody said "tell them" now."""
    return len({one.staff_id for one in untold(session, event, now=now)})


def team_of(session: Session, event: Event) -> list[Staff]:
    """Everybody of an event's team, those who were left out too, in the order of the record."""
    return list(
        session.scalars(
            select(Staff)
            .where(Staff.event_id == event.id)
            .options(selectinload(Staff.assignments).joinedload(Assignment.occurrence))
            .order_by(Staff.position, Staff.id)
        )
    )


def unreached(session: Session, event: Event) -> dict[int, MessageState]:
    """By staff id those whose last letter did not arrive, and what became of it."""
    done = (MessageState.SENT, MessageState.BOUNCED, MessageState.FAILED, MessageState.SUPPRESSED)
    last = (
        select(func.max(Message.id))
        .join(Message.staff)
        .where(Staff.event_id == event.id, Message.address_key == Staff.address_key, Message.state.in_(done))
        .group_by(Message.staff_id)
    )
    found = select(Message.staff_id, Message.state).where(Message.id.in_(last), Message.state != MessageState.SENT)
    return {id_: state for id_, state in session.execute(found) if id_ is not None}
