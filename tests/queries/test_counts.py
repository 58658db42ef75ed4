from datetime import timedelta

from eventsapp.domain.vocabulary import PlaceState
from eventsapp.queries.counts import counts_of
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

CONFIRMED, WAITLISTED, CANCELLED = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.CANCELLED


def told(counts):
    return [
        (
            one.occurrence.key if one.occurrence else "",
            {str(state): number for state, number in one.states.items() if number},
            one.people,
            one.capacity,
            one.left,
        )
        for one in counts
    ]


def test_dates_are_counted_apart_and_together(make, session, now):
    event = make.event(occurrences=[{**IN_ENGLISH, "capacity": 3}, {**IN_SPANISH, "capacity": 5}])
    other = make.event("other", occurrences=[IN_SPANISH])
    make.registration(event, places={"english": CONFIRMED, "spanish": CONFIRMED})
    make.registration(event, places={"english": CONFIRMED, "spanish": WAITLISTED})
    make.registration(event, places={"spanish": CONFIRMED})
    make.registration(event, places={"english": CANCELLED, "spanish": PlaceState.PENDING})
    make.registration(event, places={"english": CANCELLED})
    make.registration(event, places={"english": PlaceState.UNVERIFIED})
    make.registration(other, places={"spanish": CONFIRMED})
    assert told(counts_of(session, event, now=now)) == [
        ("english", {"confirmed": 2, "cancelled": 2, "unverified": 1}, 3, 3, 0),
        ("spanish", {"confirmed": 2, "waitlisted": 1, "pending": 1}, 4, 5, 3),
        ("", {"confirmed": 4, "waitlisted": 1, "pending": 1, "cancelled": 2, "unverified": 1}, 5, 8, 3),
    ]


def test_what_was_promised_is_free_again_when_its_time_is_over(make, session, now):
    event = make.event(occurrences=[{**IN_SPANISH, "capacity": 1}])
    make.registration(event, places={"spanish": PlaceState.UNVERIFIED})
    assert [one.left for one in counts_of(session, event, now=now)] == [0, 0]
    assert [one.left for one in counts_of(session, event, now=now + timedelta(hours=3))] == [1, 1]


def test_a_date_without_a_limit_leaves_the_sum_without_one(make, session, now):
    event = make.event(occurrences=[{**IN_ENGLISH, "capacity": 3}, IN_SPANISH])
    assert told(counts_of(session, event, now=now)) == [
        ("english", {}, 0, 3, 3),
        ("spanish", {}, 0, None, None),
        ("", {}, 0, None, None),
    ]


def test_it_takes_three_statements(make, session, now):
    event = make.event()
    assert len(event.occurrences) == 2
    with statements() as asked:
        counts_of(session, event, now=now)
    assert len(asked) == 3
