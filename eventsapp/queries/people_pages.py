"""An event's registrations page by page, in an order that somebody chose. As quick at the end as at the beginning:
a page goes on from the last row that was seen, and counts none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session, selectinload

from eventsapp.models import Answer, Attendance, Event, Place, Registration
from eventsapp.queries.people import Filter, conditions, those_in_trouble


class Sort(StrEnum):
    """What the rows go by; the same with "-" before it goes the other way round."""

    ADDED = "added"
    NAME = "name"
    EMAIL = "email"
    LANGUAGE = "language"
    SOURCE = "source"


_COLUMNS = {
    Sort.ADDED: Registration.created_at,
    Sort.NAME: Registration.name,
    Sort.EMAIL: Registration.address_key,
    Sort.LANGUAGE: Registration.language_tag,
    Sort.SOURCE: Registration.source,
}


@dataclass(frozen=True, slots=True)
class Order:
    sort: Sort = Sort.ADDED
    falling: bool = True

    @classmethod
    def read(cls, text: str) -> "Order":
        """From an address; the newest first where it says nothing that makes sense."""
        word = text.removeprefix("-")
        return cls(Sort(word), text.startswith("-")) if word in set(Sort) else cls()

    def __str__(self) -> str:
        return f"-{self.sort}" if self.falling else self.sort.value


@dataclass(frozen=True, slots=True)
class Listing:
    """``before`` and ``after``: the references that the pages beside this one go on from; empty where there is none."""

    rows: Sequence[Registration]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Details:
    """What stands beside some registrations: ids of those whose letters do not arrive, and of places that came."""

    in_trouble: Collection[int]
    came: Collection[int]


def listing(
    session: Session,
    event: Event,
    filter: Filter,  # noqa: A002
    order: Order,
    *,
    before: str = "",
    after: str = "",
    limit: int,
    answers: bool = False,
) -> Listing:
    """One page with its places, and ``answers`` if they are asked for; the same number of statements for any page.

    A reference that is none of the event's leads to the first page.
    """
    from_here = _row(session, event, order, before or after) if before or after else None
    back = bool(before) and from_here is not None
    column = _COLUMNS[order.sort]
    falling = order.falling is not back
    place = tuple_(column, Registration.id)
    asked = conditions(event, filter)
    if from_here is not None:
        asked.append(place < from_here if falling else place > from_here)
    ordered = (column.desc(), Registration.id.desc()) if falling else (column, Registration.id)
    rows = _read(session, event, asked, ordered, limit + 1, answers=answers)
    more = len(rows) > limit
    rows = rows[:limit]
    if back:
        rows.reverse()
    first, last = (rows[0].reference, rows[-1].reference) if rows else ("", "")
    earlier = more if back else from_here is not None
    later = more or back
    return Listing(rows, first if earlier else "", last if later else "")


def batch(
    session: Session,
    event: Event,
    filter: Filter,  # noqa: A002
    *,
    after_id: int,
    limit: int,
    answers: bool = False,
) -> Sequence[Registration]:
    """The next of all that the filter finds, oldest first: for whoever goes through them one by one."""
    asked = [*conditions(event, filter), Registration.id > after_id]
    return _read(session, event, asked, (Registration.id,), limit, answers=answers)


def details(session: Session, rows: Sequence[Registration]) -> Details:
    """Two statements, whatever their number."""
    ids = [row.id for row in rows]
    troubled = session.scalars(those_in_trouble(ids))
    came = session.scalars(
        select(Attendance.place_id).join(Attendance.place).where(Place.registration_id.in_(ids)).distinct()
    )
    return Details({id_ for id_ in troubled if id_ is not None}, set(came))


def _read(
    session: Session,
    event: Event,
    asked: Sequence[ColumnElement[bool]],
    ordered: Sequence[Any],
    limit: int,
    *,
    answers: bool,
) -> list[Registration]:
    wanted = select(Registration).where(*asked).order_by(*ordered).limit(limit)
    wanted = wanted.options(selectinload(Registration.places))
    if answers:
        wanted = wanted.options(selectinload(Registration.answers))
        _ = event.questions  # read once, for all answers
    _ = event.occurrences  # and for all places
    return list(session.scalars(wanted))


def _row(session: Session, event: Event, order: Order, reference: str) -> tuple[object, int] | None:
    row = session.execute(
        select(_COLUMNS[order.sort], Registration.id).where(
            Registration.event_id == event.id, Registration.reference == reference
        )
    ).first()
    return None if row is None else (row[0], row[1])


def answers_by_key(event: Event, registration: Registration) -> dict[str, Answer]:
    """What was answered, by question key, without a further statement."""
    keys = {question.id: question.key for question in event.questions}
    return {keys[answer.question_id]: answer for answer in registration.answers if answer.question_id in keys}
