"""Noting at the door who has come, and taking it back. Two door-keepers at once note a person once."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions.audit import Action, note
from eventsapp.actions.places import take_event
from eventsapp.domain.errors import N_, NotFound, Refused
from eventsapp.domain.vocabulary import Evidence, PlaceState
from eventsapp.models import Attendance, Occurrence, Place, Registration, User

_WHY_NOT = {
    PlaceState.WAITLISTED: N_("This person is on the waiting list and has no place."),
    PlaceState.PENDING: N_("This person has applied, and nobody has decided about it yet."),
    PlaceState.UNVERIFIED: N_("This person has not confirmed the e-mail address, so the place is not theirs yet."),
    PlaceState.CANCELLED: N_("This place is cancelled."),
    PlaceState.DECLINED: N_("This application was declined."),
}


def check_in(
    session: Session, event_id: int, reference: str, occurrence_key: str, *, user: User, now: datetime
) -> Attendance:
    """Note that somebody has come. Whoever is in already stays in as noted first.

    Takes the event, so that two who do it at the same moment note it once. Raises NotFound where there is no such
    place, Refused where it is not confirmed or the date is cancelled.
    """
    place = _place(session, event_id, reference, occurrence_key)
    if place.occurrence.called_off:
        raise Refused(N_("This date is cancelled."))
    if place.state is not PlaceState.CONFIRMED:
        raise Refused(_WHY_NOT[place.state])
    there = _noted(session, place)
    if there is not None:
        return there
    attendance = Attendance(place=place, evidence=Evidence.CHECK_IN, joined_at=now, user_id=user.id)
    session.add(attendance)
    _put_on_trail(session, Action.CHECKED_IN, place, user, now)
    return attendance


def undo_check_in(
    session: Session, event_id: int, reference: str, occurrence_key: str, *, user: User, now: datetime
) -> bool:
    """Take it back; False where nothing was noted. Who came by the join link stays so. Raises NotFound."""
    place = _place(session, event_id, reference, occurrence_key)
    there = _noted(session, place)
    if there is None:
        return False
    session.delete(there)
    _put_on_trail(session, Action.CHECK_IN_UNDONE, place, user, now)
    return True


def _place(session: Session, event_id: int, reference: str, occurrence_key: str) -> Place:
    take_event(session, event_id)
    place = session.scalar(
        select(Place)
        .join(Place.registration)
        .join(Place.occurrence)
        .where(
            Registration.event_id == event_id,
            Registration.reference == reference,
            Registration.erased_at.is_(None),
            Occurrence.key == occurrence_key,
        )
        .execution_options(populate_existing=True)
    )
    if place is None:
        raise NotFound(N_("There is no such page."))
    return place


def _noted(session: Session, place: Place) -> Attendance | None:
    return session.scalar(
        select(Attendance)
        .where(Attendance.place_id == place.id, Attendance.evidence == Evidence.CHECK_IN)
        .order_by(Attendance.id)
    )


def _put_on_trail(session: Session, action: Action, place: Place, user: User, now: datetime) -> None:
    event = place.occurrence.event
    note(
        session,
        action,
        now=now,
        organization=event.organization,
        user=user,
        event=event,
        registration=place.registration,
        changes={"occurrence": [None, place.occurrence.key]},
    )
