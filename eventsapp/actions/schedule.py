"""Plan the letters that a time causes, and no fact: reminders and follow-ups, to whoever holds a confirmed place.

A place says by ``plan_at`` when it has to be looked at next. What is due then is computed from the rows as they are
(``queries.due``), so nothing has to be taken back when a date moves, a person changes zone, or no worker ran for a day;
``dedupe_key`` keeps a letter from being written twice. Nothing here sends.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import LetterKind, PlaceState
from eventsapp.models import Event, Message, Occurrence, Place, Registration
from eventsapp.queries.due import Due, dates, wanted

SOON = timedelta(hours=2)  # before the start: these reminders leave before the others
SOON_FIRST, REMINDERS_NEXT, FOLLOW_UPS_LAST = 3, 4, 5  # Message.priority

_INSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_MESSAGE = cast("Table", Message.__table__)


def plan_scheduled(session: Session, *, now: datetime, settings: Settings, limit: int = 500) -> int:
    """Write the letters that are due at up to ``limit`` places, and note when to look at each again.

    Returns how many places were looked at; 0 means that none has to be now. Two at once never take the same place.
    """
    places = _places_to_plan(session, now=now, limit=limit)
    if not places:
        return 0
    by_occurrence = dates(session, {place.occurrence_id for place in places})
    next_looks: list[datetime | None] = []
    ripe: list[Due] = []
    for place in places:
        leaving = [(one.leaves_at(now), one) for one in by_occurrence[place.occurrence_id].due(place)]
        ripe += [one for at, one in leaving if at == now]
        next_looks.append(min((at for at, _one in leaving if at is not None and at > now), default=None))
    _write(session, wanted(session, ripe, settings), now=now, settings=settings)
    _note_next_looks(session, zip((place.id for place in places), next_looks, strict=True))
    return len(places)


def look_again(
    session: Session,
    *,
    now: datetime,
    event: Event | None = None,
    occurrence: Occurrence | None = None,
    registration: Registration | None = None,
) -> None:
    """Have the places of these looked at anew: for whoever changes what their scheduled letters hang on."""
    session.flush()
    places = update(Place).where(Place.state == PlaceState.CONFIRMED)
    if event is not None:
        of_event = select(Occurrence.id).where(Occurrence.event_id == event.id)
        places = places.where(Place.occurrence_id.in_(of_event))
    if occurrence is not None:
        places = places.where(Place.occurrence_id == occurrence.id)
    if registration is not None:
        places = places.where(Place.registration_id == registration.id)
    session.execute(places.values(plan_at=now).execution_options(synchronize_session=False))


def _places_to_plan(session: Session, *, now: datetime, limit: int) -> Sequence[Any]:
    """Locked, and whoever else plans passes them over."""
    return session.execute(
        select(
            Place.id,
            Place.registration_id,
            Place.occurrence_id,
            Place.state,
            func.coalesce(Place.told_at, Place.invited_at, Place.created_at).label("told_at"),
            Registration.public_id,
            Registration.email,
            Registration.address_key,
            Registration.language_tag,
            Registration.tzid,
            Registration.erased_at,
            Registration.reminders_off_at,
        )
        .join(Place.registration)
        .where(Place.plan_at <= now)
        .order_by(Place.plan_at, Place.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Place)
    ).all()


def _note_next_looks(session: Session, looks: Iterable[tuple[int, datetime | None]]) -> None:
    """A statement for each instant, and there are few: those who go to the same date are due together."""
    by_instant: dict[datetime | None, list[int]] = {}
    for place_id, at in looks:
        by_instant.setdefault(at, []).append(place_id)
    for at, place_ids in by_instant.items():
        noted = update(Place).where(Place.id.in_(place_ids)).values(plan_at=at)
        session.execute(noted.execution_options(synchronize_session=False))


def _write(session: Session, letters: Sequence[tuple[Due, LetterKind]], *, now: datetime, settings: Settings) -> None:
    if not letters:
        return
    first = _first_letters(session, {due.place.registration_id for due, _kind in letters})
    insert = _INSERT[session.get_bind().dialect.name]
    session.connection().execute(
        insert(_MESSAGE).on_conflict_do_nothing(index_elements=["dedupe_key"]),
        [
            _message(due, kind, now=now, settings=settings) | {"thread_of": first.get(due.place.registration_id, "")}
            for due, kind in letters
        ],
    )


def _message(due: Due, kind: LetterKind, *, now: datetime, settings: Settings) -> dict[str, Any]:
    """The columns of one letter. Somebody gets one for each trigger, also if their coming is noted only afterwards."""
    place, planned = due.place, due.planned
    public_id, anchor = new_public_id(), planned.anchor_at.isoformat()
    about = "reminder" if planned.to is None else "follow_up"
    return {
        "registration_id": place.registration_id,
        "public_id": public_id,
        "message_id": f"<m.{public_id}@{settings.mail_domain}>",
        "kind": kind,
        "language_tag": place.language_tag,
        "recipient": place.email,
        "address_key": place.address_key,
        "dedupe_key": f"{place.public_id}:{about}:{place.id}:{planned.trigger}:{anchor}",
        "context": {"places": [place.id], "trigger": planned.trigger, "anchor": anchor},
        "priority": _priority(due),
        "due_at": now,
        "expires_at": due.worth_until(now),
        "created_at": now,
    }


def _priority(due: Due) -> int:
    if due.planned.to is not None:
        return FOLLOW_UPS_LAST
    return SOON_FIRST if due.date.occurrence.starts_at - due.at <= SOON else REMINDERS_NEXT


def _first_letters(session: Session, registration_ids: Iterable[int]) -> dict[int, str]:
    """Registration id → Message-ID of the first letter that went to its present address: what others answer to."""
    first = (
        select(func.min(Message.id))
        .join(Message.registration)
        .where(Message.registration_id.in_(registration_ids), Message.address_key == Registration.address_key)
        .group_by(Message.registration_id)
    )
    rows = session.execute(select(Message.registration_id, Message.message_id).where(Message.id.in_(first)))
    return {row.registration_id: row.message_id for row in rows if row.registration_id is not None}
