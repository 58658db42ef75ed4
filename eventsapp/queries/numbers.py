"""An event in numbers: when people registered, for which dates, in which languages and zones, from where. No names.

A number of statements that does not grow with the people. Whoever has only asked for a place that the address has yet
to be proved for is not counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, cast, exists, func, select
from sqlalchemy.orm import Session

from eventsapp.domain import timezones
from eventsapp.domain.vocabulary import COMPARABLE_TYPES, PlaceState, QuestionType
from eventsapp.models import (
    Answer,
    Attendance,
    Channel,
    ChosenOption,
    Event,
    Occurrence,
    Place,
    Question,
    Registration,
    Visits,
)

_QUARTER = 900  # seconds: every zone's midnight falls on one of these
MOST_SOURCES = 50


@dataclass(frozen=True, slots=True)
class DayCount:
    """``day`` by the event's clock; ``total`` up to its end."""

    day: date
    new: int
    total: int


@dataclass(frozen=True, slots=True)
class DateCount:
    """Places in one occurrence by state, and how many of the confirmed people came."""

    occurrence: Occurrence
    states: Mapping[PlaceState, int]
    came: int


@dataclass(frozen=True, slots=True)
class SourceCount:
    """Where people came from. ``visits`` None: no short link counts them; ``channel`` is that link."""

    source: str
    visits: int | None
    registered: int
    attended: int
    channel: Channel | None


@dataclass(frozen=True, slots=True)
class OptionCount:
    """How often one answer was given: an option's id, a country's code, "yes" or "no"."""

    value: str
    number: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """``by_language`` goes by BCP 47 tag, ``by_zone`` by tzid, ``by_country`` by ISO 3166-1 code ("" is unknown)."""

    people: int
    by_day: list[DayCount]
    by_date: list[DateCount]
    by_language: list[tuple[str, int]]
    by_zone: list[tuple[str, int]]
    by_country: list[tuple[str, int]]
    by_source: list[SourceCount]
    answers: list[tuple[Question, list[OptionCount]]]


def numbers_of(session: Session, event: Event, *, tzid: str) -> Numbers:
    """All of them, with days as they are in ``tzid``."""
    zones = _grouped(session, event, Registration.tzid)
    countries: Counter[str] = Counter()
    for zone, number in zones:
        countries[timezones.country_of(zone)] += number
    return Numbers(
        people=sum(number for _zone, number in zones),
        by_day=_by_day(session, event, tzid),
        by_date=_by_date(session, event),
        by_language=_grouped(session, event, Registration.language_tag),
        by_zone=zones,
        by_country=countries.most_common(),
        by_source=_by_source(session, event),
        answers=_answers(session, event),
    )


def _counted(event: Event) -> list[ColumnElement[bool]]:
    proved = exists().where(Place.registration_id == Registration.id, Place.state != PlaceState.UNVERIFIED)
    return [Registration.event_id == event.id, proved]


def _grouped(session: Session, event: Event, column: Any) -> list[tuple[str, int]]:
    number = func.count()
    rows = session.execute(
        select(column, number).where(*_counted(event)).group_by(column).order_by(number.desc(), column)
    )
    return [(value, count) for value, count in rows]


def _by_day(session: Session, event: Event, tzid: str) -> list[DayCount]:
    """The database counts quarters of an hour in UTC; which day each belongs to is for ``timezones`` to say."""
    quarter = _seconds(session, Registration.created_at) / _QUARTER
    bucket = cast(func.floor(quarter) if _is_postgresql(session) else quarter, Integer).label("bucket")
    rows = session.execute(select(bucket, func.count()).where(*_counted(event)).group_by(bucket)).all()
    days: Counter[date] = Counter()
    for number, count in rows:
        at = datetime.fromtimestamp(int(number) * _QUARTER, UTC)
        days[timezones.local(at, tzid).date()] += count
    return list(_without_gaps(days))


def _without_gaps(days: Mapping[date, int]) -> Iterable[DayCount]:
    if not days:
        return
    day, last, total = min(days), max(days), 0
    while day <= last:
        new = days.get(day, 0)
        total += new
        yield DayCount(day, new, total)
        day += timedelta(days=1)


def _by_date(session: Session, event: Event) -> list[DateCount]:
    ids = [one.id for one in event.occurrences]
    states: dict[int, dict[PlaceState, int]] = {id_: {} for id_ in ids}
    for occurrence_id, state, number in session.execute(
        select(Place.occurrence_id, Place.state, func.count())
        .where(Place.occurrence_id.in_(ids))
        .group_by(Place.occurrence_id, Place.state)
    ):
        states[occurrence_id][state] = number
    came: Counter[int] = Counter()
    for occurrence_id, number in session.execute(
        select(Place.occurrence_id, func.count(Attendance.place_id.distinct()))
        .join(Attendance, Attendance.place_id == Place.id)
        .where(Place.occurrence_id.in_(ids))
        .group_by(Place.occurrence_id)
    ):
        came[occurrence_id] = number
    return [
        DateCount(one, {state: states[one.id].get(state, 0) for state in PlaceState}, came[one.id])
        for one in event.occurrences
    ]


def _by_source(session: Session, event: Event) -> list[SourceCount]:
    registered = dict(_grouped(session, event, Registration.source)[:MOST_SOURCES])
    attended: Counter[str] = Counter()
    for source, number in session.execute(
        select(Registration.source, func.count(Registration.id.distinct()))
        .join(Place, Place.registration_id == Registration.id)
        .join(Attendance, Attendance.place_id == Place.id)
        .where(Registration.event_id == event.id)
        .group_by(Registration.source)
    ):
        attended[source] = number
    visits = {
        channel.code: (channel, number or 0)
        for channel, number in session.execute(
            select(Channel, func.sum(Visits.number))
            .outerjoin(Visits, Visits.channel_id == Channel.id)
            .where(Channel.event_id == event.id)
            .group_by(Channel.id)
            .order_by(Channel.id)
        )
    }
    sources = [*visits, *(source for source in registered if source not in visits)]
    counted = [
        SourceCount(
            source=source,
            visits=visits[source][1] if source in visits else None,
            registered=registered.get(source, 0),
            attended=attended[source],
            channel=visits[source][0] if source in visits else None,
        )
        for source in sources
    ]
    return sorted(counted, key=lambda one: -one.registered)


def _answers(session: Session, event: Event) -> list[tuple[Question, list[OptionCount]]]:
    """Of the questions whose answers are among known values, in the form's order."""
    asked = [question for question in event.questions if question.type in COMPARABLE_TYPES]
    found: dict[int, Counter[str]] = {question.id: Counter() for question in asked}
    chosen = session.execute(
        select(ChosenOption.question_id, ChosenOption.option_id, func.count())
        .where(ChosenOption.question_id.in_(found))
        .group_by(ChosenOption.question_id, ChosenOption.option_id)
    )
    for question_id, option, number in chosen:
        found[question_id][option] += number
    plain = [one.id for one in asked if one.type in {QuestionType.YES_NO, QuestionType.CONSENT, QuestionType.COUNTRY}]
    said = session.execute(
        select(Answer.question_id, Answer.value, func.count())
        .where(Answer.question_id.in_(plain))
        .group_by(Answer.question_id, Answer.value)
    )
    for question_id, value, number in said:
        found[question_id][_word(value)] += number
    return [
        (question, [OptionCount(value, number) for value, number in found[question.id].most_common() if value])
        for question in asked
        if found[question.id]
    ]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ""


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _seconds(session: Session, column: Any) -> Any:
    """Seconds since 1970, as each database words it."""
    if _is_postgresql(session):
        return func.extract("epoch", column)
    return cast(func.strftime("%s", column), Integer)
