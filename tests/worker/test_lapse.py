"""Places that become free by the clock alone."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from eventsapp.db import db
from eventsapp.domain.vocabulary import Choose, PlaceState
from eventsapp.models import Place
from eventsapp.queries.registrations import events_with_room
from tests.worker.office import Carrier, Office

CONFIRMED, WAITLISTED = PlaceState.CONFIRMED, PlaceState.WAITLISTED
MINUTE = timedelta(minutes=1)


@pytest.fixture
def course(office: Office):
    """``course(choose, capacities…)``: three dates, the first in an hour; somebody waits for all of them."""

    def course(choose: Choose, *capacities: int | None) -> int:
        dates = [
            {
                "key": key,
                "tzid": "Etc/UTC",
                "dtstart_local": (office.now + timedelta(hours=1, days=7 * week)).replace(tzinfo=None),
                "capacity": capacity,
            }
            for week, (key, capacity) in enumerate(zip(("one", "two", "three"), capacities, strict=True))
        ]
        event = office.make.event("course", occurrences=dates, choose=choose, waitlist=True)
        office.make.registration(
            event, email="in@example.org", places=dict.fromkeys(("one", "two", "three"), CONFIRMED)
        )
        office.make.registration(
            event, email="ann@example.org", places=dict.fromkeys(("one", "two", "three"), WAITLISTED)
        )
        return event.id

    return course


def standing() -> dict[str, PlaceState]:
    db.session.rollback()
    found = db.session.scalars(
        select(Place).join(Place.registration).where(Place.registration.has(email="ann@example.org"))
    )
    return {place.occurrence.key: place.state for place in found}


def test_whoever_waits_for_all_dates_gets_those_to_come_once_the_full_one_has_begun(office, course):
    course(Choose.ALL, 1, 2, None)
    before, after = Carrier(), Carrier()
    office.work(before, after=59 * MINUTE)
    assert (standing(), before.sent) == (dict.fromkeys(("one", "two", "three"), WAITLISTED), [])
    office.work(after, after=60 * MINUTE)
    assert standing() == {"one": WAITLISTED, "two": CONFIRMED, "three": CONFIRMED}
    told = after.sent
    assert set(told) == {"ann@example.org"}
    office.work(after, after=61 * MINUTE)
    assert after.sent == told


@pytest.mark.parametrize(
    ("choose", "capacities", "after", "found"),
    [
        (Choose.ALL, (1, 2, 2), 60, True),
        (Choose.ALL, (1, 2, 2), 59, False),  # nothing has begun
        (Choose.ALL, (1, 1, 1), 60, False),  # no room
        (Choose.ANY, (1, 1, 1), 60, False),  # each date goes by itself, and its queue with it
    ],
)
def test_only_where_there_may_be_room(*, office, course, choose, capacities, after, found):
    event_id = course(choose, *capacities)
    assert events_with_room(office.session, now=office.now + after * MINUTE) == ([event_id] if found else [])
