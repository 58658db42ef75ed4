"""A thousand people go through what one does in ``tests/chains``: no letter too many, no entry that is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from eventsapp.config import Settings
from tests.chains.journey import Journey
from tests.chains.stores import Store
from tests.chains.test_one_person import revisions

PEOPLE = 1000
MANNERS = [("en", "Los Angeles"), ("es", "Mexico City"), ("de", "Berlin"), ("ar", "Riyadh")]
FIRST, MOVED = datetime(2027, 6, 12, 23, tzinfo=UTC), datetime(2027, 6, 13, 17, 30, tzinfo=UTC)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limit_per_network=10**9, mail_connections=4)


@dataclass
class Crowd:
    """Who holds a place, and by address what stands in the calendar after each of the letters so far."""

    journey: Journey
    coming: set[str] = field(default_factory=set)
    wanted: dict[str, list[list[datetime]]] = field(default_factory=dict)

    def told(self, entry: datetime | None, whom: set[str]) -> None:
        """Exactly these are written to, once each, and then this stands in their calendars."""
        letters = [to for to, _letter in self.journey.post()]
        assert sorted(letters) == sorted(whom)
        for address in whom:
            self.wanted.setdefault(address, []).append([entry] if entry else [])


def test_nobody_is_left_behind(journey: Journey, stores: Mapping[str, Store]) -> None:
    crowd = Crowd(journey)
    people = [f"person{number}@example.com" for number in range(PEOPLE)]
    journey.publish()
    for number, address in enumerate(people):
        language, city = MANNERS[number % len(MANNERS)]
        journey.register(address, f"Person {number}", language=language, time_zone=city)
    crowd.coming = set(people)
    crowd.told(FIRST, crowd.coming)
    journey.publish({"start": "2027-06-13 10:30"})
    crowd.told(MOVED, crowd.coming)
    journey.publish()
    crowd.told(FIRST, crowd.coming)
    going, returning = set(people[::3]), set(people[::6])
    for address in sorted(going):
        journey.press(journey.manage(address, "cancel"))
    crowd.told(None, going)
    for address in sorted(returning):
        journey.press(journey.manage(address, "dates"), occurrences="one")
    crowd.told(FIRST, returning)
    crowd.coming -= going - returning
    journey.publish({"status": "cancelled"})
    crowd.told(None, crowd.coming)
    journey.publish()
    crowd.told(FIRST, crowd.coming)
    journey.publish({"start": "2027-06-13 10:30"})
    journey.publish({"start": "2027-06-14 10:30"})
    journey.publish()
    crowd.told(None, set())  # three edits that end where they began

    for address, wanted in crowd.wanted.items():
        objects = journey.boxes[address]
        numbers = [number for number, _stamp in revisions(objects)]
        assert (len(objects), numbers) == (len(wanted), sorted(set(numbers))), address
        for name, store in stores.items():
            seen = [[held.starts_at for held in step] for step in store(address, objects)]
            assert (name, address, seen) == (name, address, wanted)
