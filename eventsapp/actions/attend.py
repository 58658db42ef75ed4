"""Somebody joins: the row that says so. Whether they may is decided here, by the rows as they are at that moment."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from eventsapp.domain.entry import Room
from eventsapp.domain.errors import N_, NotFound, Refused
from eventsapp.domain.vocabulary import Evidence
from eventsapp.models import Attendance, Occurrence, Place
from eventsapp.queries.entries import open_room

APART = timedelta(minutes=2)  # what is pressed again sooner is the same joining


def attend(session: Session, place_id: int, *, now: datetime) -> Room:
    """Note that the holder of a place joins now, and return the room as it is now.

    The place's row is locked, so that two presses at once leave one row. The event is not taken: nothing is counted
    and no place changes, and hundreds join within the same minute. Raises NotFound, and Refused where nothing is open.
    """
    place = session.scalar(
        select(Place)
        .where(Place.id == place_id)
        .with_for_update(of=Place, key_share=True)
        .options(
            joinedload(Place.occurrence).joinedload(Occurrence.conference),
            joinedload(Place.occurrence).joinedload(Occurrence.event),
        )
        .execution_options(populate_existing=True)
    )
    if place is None:
        raise NotFound(N_("There is no such page."))
    room = open_room(place, now=now)
    if room is None:
        raise Refused(N_("You cannot join at this moment. Read here how it stands."))
    joined = select(Attendance.id).where(
        Attendance.place_id == place.id, Attendance.evidence == Evidence.JOIN_LINK, Attendance.joined_at > now - APART
    )
    if session.scalar(joined.limit(1)) is None:
        session.add(Attendance(place_id=place.id, evidence=Evidence.JOIN_LINK, joined_at=now))
    return room
