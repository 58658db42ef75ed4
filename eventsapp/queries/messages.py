"""An event's letters as organizers look through them: newest first, with their state and what the server said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from eventsapp.domain.vocabulary import LetterKind, MessageState
from eventsapp.models import Event, Message, Registration, Staff

A_PAGE = 50
TROUBLED = (MessageState.FAILED, MessageState.BOUNCED)
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,@]+@[^\s<>()\[\]:;,@]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters; what is None or empty asks for nothing. ``before``: ids below it. ``person``: a reference."""

    state: MessageState | None = None
    kind: LetterKind | None = None
    person: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """``older``: the ``before`` of the next page; None: there is none."""

    messages: Sequence[Message]
    older: int | None


def log_of(session: Session, event: Event, wanted: Wanted) -> Log:
    """One statement, however many letters there are."""
    rows = session.scalars(
        select(Message)
        .outerjoin(Message.registration)
        .outerjoin(Message.staff)
        .where(of_event(event), *_asked(wanted))
        .options(contains_eager(Message.registration), contains_eager(Message.staff))
        .order_by(Message.id.desc())
        .limit(A_PAGE + 1)
    ).all()
    messages = rows[:A_PAGE]
    return Log(messages, messages[-1].id if len(rows) > A_PAGE else None)


def letter_in(session: Session, event: Event, public_id: str) -> Message | None:
    """One of the event's letters."""
    return session.scalar(
        select(Message)
        .outerjoin(Message.registration)
        .outerjoin(Message.staff)
        .where(Message.public_id == public_id, of_event(event))
    )


def states_of(session: Session, event: Event) -> dict[MessageState, int]:
    """How many of the event's letters there are in each state."""
    rows = session.execute(
        select(Message.state, func.count())
        .outerjoin(Message.registration)
        .outerjoin(Message.staff)
        .where(of_event(event))
        .group_by(Message.state)
    )
    return {row[0]: row[1] for row in rows}


def of_event(event: Event) -> ColumnElement[bool]:
    return or_(Registration.event_id == event.id, Staff.event_id == event.id)


def without_addresses(words: str) -> str:
    """What a server said, without the address that it often repeats."""
    return _ADDRESS.sub("…", words)


def _asked(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        asked.append(Message.state == wanted.state)
    if wanted.kind is not None:
        asked.append(Message.kind == wanted.kind)
    if wanted.person:
        asked.append(Registration.reference == wanted.person.strip().upper())
    if wanted.before is not None:
        asked.append(Message.id < wanted.before)
    return asked
