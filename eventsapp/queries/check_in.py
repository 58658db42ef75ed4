"""Who is expected at the door of a date, and who has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from eventsapp.config import Settings
from eventsapp.domain import links
from eventsapp.domain.vocabulary import Evidence, PlaceState, Purpose
from eventsapp.models import Attendance, Event, Occurrence, Place, Registration, User
from eventsapp.queries.people import Filter, conditions

MOST_SHOWN = 60
_AROUND = timedelta(hours=12)  # a date that began so long ago is still the one at whose door one stands


@dataclass(frozen=True, slots=True)
class Guest:
    """One place at the door; ``came_at`` None: not yet. ``by`` noted it."""

    place: Place
    came_at: datetime | None
    by: str


@dataclass(frozen=True, slots=True)
class Door:
    """``expected`` hold a confirmed place; of them ``came`` are in. ``more`` were found besides the ``guests``."""

    occurrence: Occurrence
    expected: int
    came: int
    guests: list[Guest]
    more: int


def door_of(session: Session, event: Event, occurrence: Occurrence, *, q: str) -> Door:
    """The counts, and the first of those whom ``q`` finds by name, address or reference, by name."""
    expected, came = session.execute(
        select(func.count(Place.id.distinct()), func.count(Attendance.place_id.distinct()))
        .join(Place.registration)
        .outerjoin(Attendance, (Attendance.place_id == Place.id) & (Attendance.evidence == Evidence.CHECK_IN))
        .where(
            Place.occurrence_id == occurrence.id,
            Place.state == PlaceState.CONFIRMED,
            Registration.erased_at.is_(None),
        )
    ).one()
    found = (
        select(Place)
        .join(Place.registration)
        .where(Place.occurrence_id == occurrence.id, *conditions(event, Filter(q=q)))
    )
    if not q:
        found = found.where(Place.state == PlaceState.CONFIRMED)
    places = session.scalars(
        found.options(joinedload(Place.registration))
        .order_by(func.lower(Registration.name), Place.id)
        .limit(MOST_SHOWN + 1)
    ).all()
    more = (session.scalar(select(func.count()).select_from(found.subquery())) or 0) - MOST_SHOWN
    noted = noted_at(session, places)
    guests = [Guest(place, *noted.get(place.id, (None, ""))) for place in places[:MOST_SHOWN]]
    return Door(occurrence, expected, came, guests, max(more, 0))


def noted_at(session: Session, places: Sequence[Place]) -> Mapping[int, tuple[datetime, str]]:
    """When each of these places was checked in, and by whom, by the place's id."""
    rows = session.execute(
        select(Attendance.place_id, Attendance.joined_at, User.name, User.email)
        .outerjoin(User, User.id == Attendance.user_id)
        .where(Attendance.place_id.in_([place.id for place in places]), Attendance.evidence == Evidence.CHECK_IN)
        .order_by(Attendance.id.desc())
    )
    return {place_id: (at, name or email or "") for place_id, at, name, email in rows}


def date_at_the_door(event: Event, asked: str, *, now: datetime) -> Occurrence | None:
    """The date that ``asked`` names, else the one that is on or comes next, else the last; None without dates."""
    dates = [one for one in event.occurrences if not one.called_off]
    by_key = {one.key: one for one in event.occurrences}
    coming = [one for one in dates if one.ends_at > now - _AROUND]
    return by_key.get(asked) or next(iter(coming), None) or next(reversed(dates or event.occurrences), None)


def ticket_token(registration: Registration, settings: Settings) -> str:
    """What the QR code of a person's letters holds."""
    return links.token(
        settings.link_key, Purpose.CHECK_IN, registration.public_id, generation=registration.link_generation
    )


def ticket_url(registration: Registration, settings: Settings) -> str:
    """The address in the QR code: for whoever keeps the door; others are told to show it there."""
    return f"{settings.base_url}/organizer/c/{ticket_token(registration, settings)}"


def registration_by_ticket(session: Session, token: str, settings: Settings) -> Registration | None:
    """Whose ticket it is; None for whatever is none."""
    public_id = links.public_id_in(token)
    if public_id is None:
        return None
    registration = session.scalar(
        select(Registration).where(Registration.public_id == public_id, Registration.erased_at.is_(None))
    )
    if registration is None:
        return None
    right = links.opens(settings.link_key, Purpose.CHECK_IN, token, public_id, registration.link_generation)
    return registration if right else None
