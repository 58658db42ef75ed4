"""What an organizer's digest tells: how many came and went at each date, and how the dates stand.

It counts; it names nobody who registered.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import MessageState, PlaceState, RegistrationNeed
from eventsapp.mail.letters import Digest, DigestLine
from eventsapp.models import Event, Message, Occurrence, Place, Registration
from eventsapp.queries.registrations import places_left
from eventsapp.queries.returned import troubles_of, unreached_of

MOST_LINES = 20  # of a digest: with more dates, those on which nothing happened are counted alone
_CONFIRMED, _WAITLISTED, _PENDING = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING


def digest_of(session: Session, event: Event, *, since: datetime, until: datetime, settings: Settings) -> Digest | None:
    """What happened between the two; None where nothing did, or the event is not held.

    ``new`` are places that somebody took, with an address that is proved where the event asks for that, ``cancelled``
    those given up or taken back; all else is as it stands. Dates that were over before ``since`` are left out.
    """
    if event.published_at is None or event.cancelled_at is not None:
        return None
    dates = [one for one in event.occurrences if one.ends_at > since and one.cancelled_at is None]
    counted = _happenings(session, dates, since, until)
    left = places_left(session, event, now=until)
    lines = {
        one.id: _line(one, counted.get(one.id, (0, 0, 0, 0, 0)), left[one.id])
        for one in dates
        if one.id in counted or one.registration is RegistrationNeed.REQUIRED
    }
    unreached = unreached_of(session, event, troubles_of(session, event, settings=settings))[None]
    eventful = [line for line in lines.values() if line.new or line.cancelled]
    if not eventful and not (unreached and _came_back(session, event, since)):
        return None
    shown = list(lines.values())
    if len(shown) > MOST_LINES:
        shown = eventful[:MOST_LINES]
    return Digest(
        since=since,
        lines=tuple(shown),
        new=_people(session, dates, _new(since, until)),
        cancelled=_people(session, dates, _cancelled(since, until)),
        bounced=unreached,
        more=len(lines) - len(shown),
    )


def _happenings(
    session: Session, dates: Sequence[Occurrence], since: datetime, until: datetime
) -> dict[int, tuple[int, int, int, int, int]]:
    """By occurrence id: new, cancelled, confirmed, waiting, pending. One statement."""
    sums = (
        _new(since, until),
        _cancelled(since, until),
        Place.state == _CONFIRMED,
        Place.state == _WAITLISTED,
        Place.state == _PENDING,
    )
    rows = session.execute(
        select(Place.occurrence_id, *(func.sum(case((condition, 1), else_=0)) for condition in sums))
        .join(Place.registration)
        .where(Place.occurrence_id.in_([one.id for one in dates]))
        .group_by(Place.occurrence_id)
    )
    return {row[0]: (row[1], row[2], row[3], row[4], row[5]) for row in rows}


def _people(session: Session, dates: Sequence[Occurrence], happening: ColumnElement[bool]) -> int:
    """Each counts once, at however many dates."""
    return (
        session.scalar(
            select(func.count(Place.registration_id.distinct()))
            .join(Place.registration)
            .where(Place.occurrence_id.in_([one.id for one in dates]), happening)
        )
        or 0
    )


def _proved() -> ColumnElement[bool]:
    """A place that was only held for an address that nobody proved was never taken."""
    return or_(Registration.verify_until.is_(None), Registration.verified_at.is_not(None))


def _new(since: datetime, until: datetime) -> ColumnElement[bool]:
    verified = and_(Registration.verify_until.is_not(None), Registration.verified_at > Place.queued_at)
    came_at = case((verified, Registration.verified_at), else_=Place.queued_at)
    return and_(Place.state != PlaceState.UNVERIFIED, _proved(), came_at > since, came_at <= until)


def _cancelled(since: datetime, until: datetime) -> ColumnElement[bool]:
    gone = and_(Place.state == PlaceState.CANCELLED, Place.changed_at > since, Place.changed_at <= until)
    return and_(gone, _proved())


def _line(occurrence: Occurrence, counts: tuple[int, int, int, int, int], left: int | None) -> DigestLine:
    new, cancelled, confirmed, waiting, pending = counts
    return DigestLine(
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        tzid=occurrence.tzid,
        held_tag=occurrence.language_tag or "",
        new=new,
        cancelled=cancelled,
        confirmed=confirmed,
        waiting=waiting,
        pending=pending,
        capacity=occurrence.capacity,
        full=left == 0,
    )


def _came_back(session: Session, event: Event, since: datetime) -> bool:
    """Whether a letter came back that left after ``since``."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Message.registration_id == Registration.id,
                    Registration.event_id == event.id,
                    Message.state.in_((MessageState.BOUNCED, MessageState.FAILED)),
                    func.coalesce(Message.sent_at, Message.created_at) > since,
                )
            )
        )
    )
