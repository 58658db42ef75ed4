"""The control of all that is said afterwards: each rule finds what breaks it, in a run in which nothing went wrong."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from eventsapp.db import transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState
from eventsapp.models import Message, Occurrence, Place, PlaceCount, Registration
from tests.torture import scene
from tests.torture.books import Books
from tests.torture.crowd import Crowd, people
from tests.torture.house import opened
from tests.torture.scene import Stage

PEOPLE = 80


def test_every_rule_finds_what_breaks_it(stage: Stage) -> None:
    session, postbox = stage.session, stage.postbox
    scene.make_events(stage.make, PEOPLE)
    crowd_of = people(PEOPLE, scene.CHOICES, random.Random(6))  # noqa: S311
    with opened(stage.settings, webs=1) as house:
        crowd = Crowd(house, postbox)
        crowd.register_all(crowd_of)
        scene.settle(session)
    books = Books(session, crowd, crowd_of)
    assert books.wrong() == []
    assert crowd.gone, "somebody cancelled"
    assert crowd.refused, "something was full"

    for rule, breaks in BREAKS.items():
        with taken_back() as writing:
            breaks(writing)
            found = {line.partition(":")[0] for line in replace(books, session=writing).wrong(anew=False)}
        assert rule in found, (rule, found)
    assert books.wrong() == []

    one = next(email for email in sorted(crowd.told - crowd.gone))
    letter, times = postbox.came[one].most_common(1)[0]
    postbox.came[one][letter] += 1
    assert books.wrong() == ["doubled: 1 letters, where 0 may be"]
    assert Books(session, crowd, crowd_of, doubles=1).wrong() == []
    postbox.came[one].pop(letter)
    assert {line.partition(":")[0] for line in books.wrong()} >= {"dropped"}
    postbox.came[one][letter] = times
    crowd.unclear.append("500 without a clear page")
    assert books.wrong() == ["unclear: 500 without a clear page (1)"]


class TakeBack(Exception):
    pass


@contextmanager
def taken_back() -> Iterator[Session]:
    """What the block writes is there until it ends."""
    with suppress(TakeBack), transaction() as session:
        yield session
        raise TakeBack


def _lose_a_registration(session: Session) -> None:
    id_ = session.scalars(select(Registration.id).order_by(Registration.id)).first()
    session.execute(delete(Registration).where(Registration.id == id_))


def _write_nobody(session: Session) -> None:
    """The letters to somebody who holds a place, never written."""
    sent = select(Message.registration_id).where(Message.kind == LetterKind.CONFIRMATION)
    holds = select(Place.registration_id).where(Place.state == PlaceState.CONFIRMED, Place.registration_id.in_(sent))
    session.execute(delete(Message).where(Message.registration_id == session.scalar(holds.limit(1))))


def _leave_a_letter(session: Session) -> None:
    id_ = session.scalar(select(Message.id).where(Message.state == MessageState.SENT).limit(1))
    session.execute(update(Message).where(Message.id == id_).values(state=MessageState.QUEUED))


def _forget_that_it_left(session: Session) -> None:
    id_ = session.scalar(select(Message.id).where(Message.state == MessageState.SENT).limit(1))
    session.execute(delete(Message).where(Message.id == id_))


def _sell_too_much(session: Session) -> None:
    session.execute(update(Place).where(Place.state == PlaceState.WAITLISTED).values(state=PlaceState.CONFIRMED))


def _free_a_place(session: Session) -> None:
    waited_for = select(Place.occurrence_id).where(Place.state == PlaceState.WAITLISTED)
    one = select(Place.id).where(Place.state == PlaceState.CONFIRMED, Place.occurrence_id.in_(waited_for))
    session.execute(delete(Place).where(Place.id.in_(session.scalars(one).all())))


def _miscount(session: Session) -> None:
    session.execute(update(PlaceCount).values(number=PlaceCount.number + 1))


def _undo_a_cancellation(session: Session) -> None:
    session.execute(update(Place).where(Place.state == PlaceState.CANCELLED).values(state=PlaceState.CONFIRMED))


def _cancel_without_a_word(session: Session) -> None:
    session.execute(update(Place).where(Place.state == PlaceState.CONFIRMED).values(state=PlaceState.CANCELLED))


def _move_without_a_word(session: Session) -> None:
    session.execute(update(Occurrence).values(starts_at=datetime(2040, 6, 1, tzinfo=UTC)))


def _write_to_a_stranger(session: Session) -> None:
    id_ = session.scalars(select(Registration.id).order_by(Registration.id)).first()
    session.execute(update(Registration).where(Registration.id == id_).values(email="stranger@example.org"))


BREAKS: dict[str, Callable[[Session], None]] = {
    "lost": _lose_a_registration,
    "welcome": _write_nobody,
    "no entry": _write_nobody,
    "left behind": _leave_a_letter,
    "unrecorded": _forget_that_it_left,
    "oversold": _sell_too_much,
    "idle": _free_a_place,
    "miscounted": _miscount,
    "not cancelled": _undo_a_cancellation,
    "holds nothing": _cancel_without_a_word,
    "calendar": _move_without_a_word,
    "unasked": _write_to_a_stranger,
    "letter to a stranger": _write_to_a_stranger,
}
