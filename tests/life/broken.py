"""Ways to break the product, each of which the machine must find: how it is known that it can find anything."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from eventsapp.actions import letters, outbox, places
from eventsapp.domain import admission
from eventsapp.domain.admission import Standing
from eventsapp.models import Message

Break = Callable[[pytest.MonkeyPatch], None]


def _the_last_is_first(patch: pytest.MonkeyPatch) -> None:
    right = admission.move_up
    patch.setattr(admission, "move_up", lambda rules, offers, queue, now: right(rules, offers, [*reversed(queue)], now))


def _nobody_moves_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(admission, "move_up", lambda *_: [])


def _there_is_always_room(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(admission.Offer, "has_room", property(lambda _: True))


def _newcomers_pass_the_queue(patch: pytest.MonkeyPatch) -> None:
    def by_room(_rules: Any, offer: admission.Offer, _now: Any) -> Standing:
        return Standing.OPEN if offer.has_room else Standing.FULL

    patch.setattr(admission, "_by_room", by_room)


def _the_revision_stands_still(patch: pytest.MonkeyPatch) -> None:
    def move(place: Any, state: Any, now: Any, *, promised: Any = None) -> None:
        place.state, place.promised, place.changed_at = state, promised, now

    patch.setattr(places, "move", move)


def _who_moves_up_gets_no_entry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(letters, "_GIVE_A_PLACE", frozenset({"confirmation"}))


def _what_the_dead_sent_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = outbox.claim

    def claim(session: Session, **said: Any) -> list[int]:
        ids = right(session, **said)
        session.execute(update(Message).where(Message.id.in_(ids)).values(uncertain=False))
        return ids

    patch.setattr(outbox, "claim", claim)


BROKEN: Mapping[str, Break] = {
    one.__name__.strip("_"): one
    for one in (
        _the_last_is_first,
        _nobody_moves_up,
        _there_is_always_room,
        _newcomers_pass_the_queue,
        _the_revision_stands_still,
        _who_moves_up_gets_no_entry,
        _what_the_dead_sent_is_forgotten,
    )
}
