"""Who does not know yet how a date stands: what an organizer sees before anybody is written to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, distinct, false, func, or_, select
from sqlalchemy.orm import Session

from eventsapp.domain.vocabulary import PlaceState
from eventsapp.models import Event, Occurrence, Place, Registration
from eventsapp.queries.letters.changed import is_news, revisions_of
from eventsapp.queries.staff import untold_staff

TOLD_STATES = (PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING)


@dataclass(frozen=True, slots=True)
class Untold:
    """``people`` read something else than they were told: counted in all, by language tag and by occurrence key.

    ``samples`` names the registration id of one of them for each language. ``staff`` are hosts and interpreters.
    """

    people: int = 0
    by_language: Mapping[str, int] = field(default_factory=dict)
    by_occurrence: Mapping[str, int] = field(default_factory=dict)
    staff: int = 0
    samples: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.people or self.staff)


def untold(session: Session, event: Event, *, now: datetime) -> Untold:
    """Who would be told if somebody said "tell them" now. A number of statements that does not grow with the people.

    Only dates to come of a published or cancelled event, only places that somebody holds or waits for.
    """
    session.flush()
    if event.published_at is None:
        return Untold()
    dates = {one.id: one for one in event.occurrences if now < one.ends_at}
    concerned = or_(false(), *_concerned(session, dates))
    people = func.count(distinct(Registration.id))
    by_language = session.execute(
        select(Registration.language_tag, people, func.min(Registration.id))
        .join(Place.registration)
        .where(*is_untold(dates), concerned)
        .group_by(Registration.language_tag)
        .order_by(people.desc(), Registration.language_tag)
    ).all()
    by_occurrence = session.execute(
        select(Place.occurrence_id, people)
        .join(Place.registration)
        .where(*is_untold(dates), concerned)
        .group_by(Place.occurrence_id)
    )
    counted = {one.occurrence_id: one[1] for one in by_occurrence}
    return Untold(
        people=sum(number for _tag, number, _id in by_language),
        by_language={tag: number for tag, number, _id in by_language},
        by_occurrence={one.key: counted[one.id] for one in event.occurrences if one.id in counted},
        staff=untold_staff(session, event, now=now),
        samples={tag: id_ for tag, _number, id_ in by_language},
    )


def is_untold(dates: Mapping[int, Occurrence]) -> tuple[ColumnElement[bool], ...]:
    """Which places at these occurrences were told of an earlier ``sequence``; joins Registration."""
    behind = or_(false(), *(_behind(one) for one in dates.values()))
    return (behind, Place.state.in_(TOLD_STATES), Registration.erased_at.is_(None))


def _behind(occurrence: Occurrence) -> ColumnElement[bool]:
    return and_(Place.occurrence_id == occurrence.id, Place.told_sequence < occurrence.sequence)


def _concerned(session: Session, dates: Mapping[int, Occurrence]) -> Iterator[ColumnElement[bool]]:
    """For each thing that people were told, and reads otherwise now, those who were told it."""
    sorts = session.execute(
        select(Place.occurrence_id, Place.told_sequence, Registration.language_tag)
        .join(Place.registration)
        .where(*is_untold(dates))
        .distinct()
    ).all()
    revisions = revisions_of(session, dates)
    tags: dict[tuple[int, int | None], list[str]] = {}
    for occurrence_id, sequence, tag in sorts:
        revision = revisions.get((occurrence_id, sequence))
        if revision is not None and is_news(revision, dates[occurrence_id], tag):
            tags.setdefault((occurrence_id, sequence), []).append(tag)
    for (occurrence_id, sequence), readers in tags.items():
        yield and_(
            Place.occurrence_id == occurrence_id,
            Place.told_sequence == sequence,
            Registration.language_tag.in_(readers),
        )
