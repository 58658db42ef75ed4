"""Which of an event's registrations are meant: one filter for the table, exports, bulk changes and letters to many.

For organizers alone. Whoever is erased is nowhere among them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, exists, false, func, or_, select
from sqlalchemy.orm import Session

from eventsapp.domain.text import clean_line
from eventsapp.domain.timezones import instant
from eventsapp.domain.vocabulary import CHOICE_TYPES, COMPARABLE_TYPES, MessageState, PlaceState, QuestionType
from eventsapp.models import Answer, Attendance, ChosenOption, Event, Message, Occurrence, Place, Question, Registration

MOST_VALUES = 500  # of one field: as many as rows can be chosen on a page, and more
LONGEST_VALUE = 200
CAME, MISSED = "yes", "no"
_LEFT = (MessageState.SENT, MessageState.BOUNCED, MessageState.FAILED)
_NOT_ARRIVED = (MessageState.BOUNCED, MessageState.FAILED)
_EARLIEST, _LATEST = date(1970, 1, 2), date(9998, 12, 30)
_FLAGS = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class Filter:
    """All of it must hold; what is empty asks for nothing. ``read`` and ``query`` turn it from and into an address.

    ``state`` and ``occurrence`` are about one and the same place. ``answer``: (question key, option id, "yes", "no" or
    country). ``since`` and ``until`` are days, both included, by the organization's clock. ``letters``: the last one
    did not arrive. ``only`` names references.
    """

    q: str = ""
    state: tuple[PlaceState, ...] = ()
    occurrence: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    source: str = ""
    answer: tuple[tuple[str, str], ...] = ()
    came: str = ""
    letters: bool = False
    since: date | None = None
    until: date | None = None
    only: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Filter":
        """From a query string or a stored ``query``; what makes no sense is left out. Other keys are ignored."""
        answers = [pair.partition(":") for pair in _texts(given, "answer")]
        return cls(
            q=clean_line(_text(given, "q"), 100),
            state=tuple(PlaceState(word) for word in _texts(given, "state") if word in set(PlaceState)),
            occurrence=_texts(given, "occurrence"),
            language=_texts(given, "language"),
            source=_text(given, "source"),
            answer=tuple((key, value) for key, _colon, value in answers if key and value),
            came=came if (came := _text(given, "came")) in {CAME, MISSED} else "",
            letters=_text(given, "letters") == "trouble",
            since=_day(_text(given, "since")),
            until=_day(_text(given, "until")),
            only=_texts(given, "only"),
        )

    def query(self) -> dict[str, Any]:
        """Texts and lists of texts for an address, or for JSON; empty where nothing is asked for."""
        written: dict[str, Any] = {
            "q": self.q,
            "state": [state.value for state in self.state],
            "occurrence": list(self.occurrence),
            "language": list(self.language),
            "source": self.source,
            "answer": [f"{key}:{value}" for key, value in self.answer],
            "came": self.came,
            "letters": "trouble" if self.letters else "",
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "only": list(self.only),
        }
        return {name: value for name, value in written.items() if value}

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def matching(event: Event, filter: Filter) -> Select[int]:  # noqa: A002  what it is
    """The ids of the event's registrations that the filter finds, in no order: to count, join or use with ``IN``."""
    return select(Registration.id).where(*conditions(event, filter))


def count(session: Session, event: Event, filter: Filter) -> int:  # noqa: A002
    return session.scalar(select(func.count()).select_from(Registration).where(*conditions(event, filter))) or 0


def conditions(event: Event, filter: Filter) -> list[ColumnElement[bool]]:  # noqa: A002
    """What ``matching`` asks of a ``Registration`` row."""
    asked: list[ColumnElement[bool]] = [Registration.event_id == event.id, Registration.erased_at.is_(None)]
    asked += [_says(word) for word in filter.q.split()]
    asked += _about_places(filter)
    if filter.language:
        asked.append(Registration.language_tag.in_(filter.language))
    if filter.source:
        asked.append(Registration.source == filter.source)
    questions = {question.key: question for question in event.questions} if filter.answer else {}
    asked += [_answered(questions.get(key), value) for key, value in filter.answer]
    if filter.letters:
        asked.append(_in_trouble())
    asked += _added(filter, event.organization.default_tzid)
    if filter.only:
        asked.append(Registration.reference.in_(filter.only))
    return asked


def _in_trouble() -> ColumnElement[bool]:
    """The last letter that left for the registration's present address came back, or was not taken."""
    last = _last_letters().correlate(Registration).scalar_subquery()
    suspects = select(Message.registration_id).where(
        Message.registration_id == Registration.id, Message.id == last, Message.state.in_(_NOT_ARRIVED)
    )
    return suspects.exists()


def those_in_trouble(ids: Iterable[int]) -> Select[int | None]:
    """Of a few registrations those whose last letter did not arrive: by the ids, however many letters there are."""
    last = _last_letters().where(Registration.id.in_(ids)).group_by(Registration.id).correlate(None)
    return select(Message.registration_id).where(Message.id.in_(last), Message.state.in_(_NOT_ARRIVED))


def _last_letters() -> Select[int]:
    return select(func.max(Message.id)).where(
        Message.registration_id == Registration.id,
        Message.address_key == Registration.address_key,
        Message.state.in_(_LEFT),
    )


def _says(word: str) -> ColumnElement[bool]:
    """In the name, the address or the reference. SQLite knows the case of ASCII alone, so others are tried in both."""
    ways = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    names = [Registration.name.icontains(way, autoescape=True) for way in sorted(ways)]
    return or_(
        *names,
        Registration.address_key.contains(word.casefold(), autoescape=True),
        Registration.reference.contains(word.upper(), autoescape=True),
    )


def _about_places(filter: Filter) -> list[ColumnElement[bool]]:  # noqa: A002
    mine: list[ColumnElement[bool]] = [Place.registration_id == Registration.id]
    if filter.state:
        mine.append(Place.state.in_(filter.state))
    if filter.occurrence:
        mine.append(Place.occurrence_id == Occurrence.id)
        mine.append(Occurrence.event_id == Registration.event_id)
        mine.append(Occurrence.key.in_(filter.occurrence))
    attended = exists().where(*mine, Attendance.place_id == Place.id)
    if filter.came == CAME:
        return [attended]
    held: list[ColumnElement[bool]] = [exists().where(*mine)] if len(mine) > 1 else []
    return [*held, ~attended] if filter.came == MISSED else held


def _answered(question: Question | None, value: str) -> ColumnElement[bool]:
    """A question that is not there, or whose answers cannot be compared, finds nobody: never everybody."""
    if question is None or question.type not in COMPARABLE_TYPES:
        return false()
    if question.type in CHOICE_TYPES:
        return exists().where(
            ChosenOption.registration_id == Registration.id,
            ChosenOption.question_id == question.id,
            ChosenOption.option_id == value,
        )
    written = json.dumps(value) if question.type is QuestionType.COUNTRY else _FLAGS[value == "yes"]
    return exists().where(
        and_(Answer.registration_id == Registration.id, Answer.question_id == question.id),
        cast(Answer.value, Text) == written,
    )


def _added(filter: Filter, tzid: str) -> list[ColumnElement[bool]]:  # noqa: A002
    asked: list[ColumnElement[bool]] = []
    if filter.since:
        asked.append(Registration.created_at >= _midnight(filter.since, tzid))
    if filter.until:
        asked.append(Registration.created_at < _midnight(filter.until + timedelta(days=1), tzid))
    return asked


def _midnight(day: date, tzid: str) -> datetime:
    return instant(datetime.combine(day, time()), tzid)


def _texts(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """All values of a name, each once, from a query string (``getlist``) or a plain mapping."""
    listed = getattr(given, "getlist", None)
    values = listed(name) if listed is not None else given.get(name, ())
    values = [values] if isinstance(values, str) else values if isinstance(values, Iterable) else ()
    texts = (value.strip() for value in values if isinstance(value, str) and "\0" not in value)
    return tuple(dict.fromkeys(text[:LONGEST_VALUE] for text in texts if text))[:MOST_VALUES]


def _text(given: Mapping[str, Any], name: str) -> str:
    return next(iter(_texts(given, name)), "")


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _EARLIEST <= day <= _LATEST else None
