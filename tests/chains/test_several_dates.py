"""Somebody who comes to two dates: each has an entry of its own, and what befalls one leaves the other alone."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from tests.chains.journey import Journey
from tests.chains.stores import Store

ZOE = "zoe@example.com"
JUNE, JULY = {"id": "june", "start": "2027-06-12 16:00"}, {"id": "july", "start": "2027-07-10 16:00"}
ANY = {"registration": {"choose": "any"}}
LATER = {"id": "july", "start": "2027-07-11 16:00"}
ON = {
    "june": datetime(2027, 6, 12, 23, tzinfo=UTC),
    "july": datetime(2027, 7, 10, 23, tzinfo=UTC),
    "later": datetime(2027, 7, 11, 23, tzinfo=UTC),
    "sooner": datetime(2027, 6, 11, 23, tzinfo=UTC),
}


@pytest.fixture
def database(_sqlite_url: str) -> str:
    return _sqlite_url


def test_who_leaves_a_date_before_they_heard_that_it_is_called_off_loses_the_entry(
    journey: Journey, stores: Mapping[str, Store]
) -> None:
    journey.publish(JUNE, JULY)
    journey.register(ZOE, occurrences="june")
    journey.post()
    journey.publish(JUNE | {"status": "cancelled"}, JULY)
    journey.press(journey.manage(ZOE, "dates"), occurrences="july")
    letters = [letter["Subject"] for _to, letter in journey.post()]
    assert len(letters) == 2, letters
    for name, store in stores.items():
        assert (name, [held.starts_at for held in store(ZOE, journey.boxes[ZOE])[-1]]) == (name, [ON["july"]])


def test_each_date_has_an_entry_of_its_own(journey: Journey, stores: Mapping[str, Store]) -> None:
    marks: list[tuple[int, list[datetime]]] = []

    def then(letters: int, *entries: str) -> None:
        """So many letters came; when their objects are taken in, these entries stand there."""
        came = journey.post()
        assert [to for to, _letter in came] == [ZOE] * letters, [letter["Subject"] for _to, letter in came]
        marks.append((len(journey.boxes[ZOE]), sorted(ON[name] for name in entries)))

    journey.publish(JUNE, JULY, **ANY)
    journey.register(ZOE, occurrences=["june", "july"])
    then(3, "june", "july")  # the confirmation, and an invitation to each
    journey.publish(JUNE, LATER, **ANY)
    then(1, "june", "later")  # what changed, with the one invitation that there is to send
    journey.publish(JUNE | {"status": "cancelled"}, LATER, **ANY)
    then(1, "later")
    journey.publish(JUNE | {"start": "2027-06-11 16:00"}, JULY, **ANY)
    then(3, "sooner", "july")  # put back and moved, both at once: one letter, two invitations
    journey.press(journey.manage(ZOE, "cancel"), date="july")
    then(1, "sooner")
    journey.publish(JUNE | {"start": "2027-06-11 16:00"}, LATER, **ANY)
    then(0, "sooner")  # who gave a place up is told nothing of it any more
    journey.press(journey.manage(ZOE, "dates"), occurrences=["june", "july"])
    then(2, "sooner", "later")  # how it all stands, and the invitation that is new

    for name, store in stores.items():
        calendar = store(ZOE, journey.boxes[ZOE])
        seen = [(taken, sorted(held.starts_at for held in calendar[taken - 1])) for taken, _wanted in marks]
        assert (name, seen) == (name, marks)
