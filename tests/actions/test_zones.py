"""Recomputing after a law changed: rows are written as an older release of the zone data had derived them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from eventsapp.actions.zones import Moved, recompute
from eventsapp.db import transaction
from eventsapp.models import Event
from tests.factory import Make

HOUR = timedelta(hours=1)
wall = datetime.fromisoformat
# British Columbia stays at UTC−7 since March 2026; older data still say UTC−8 in winter.
VANCOUVER = "America/Vancouver"
WINTER_LOCAL = wall("2027-01-15 12:00")
WINTER_OLD = datetime(2027, 1, 15, 20, 0, tzinfo=UTC)
WINTER = datetime(2027, 1, 15, 19, 0, tzinfo=UTC)

Age = Callable[..., Event]


@pytest.fixture
def aged(make: Make, session: Session) -> Age:
    """An event in Vancouver as rows of before the change: in winter an hour too late."""

    def build(**values: Any) -> Event:
        event = make.event(
            occurrences=[
                {"key": "summer", "dtstart_local": wall("2026-07-15 12:00"), "tzid": VANCOUVER},
                {"key": "winter", "dtstart_local": WINTER_LOCAL, "tzid": VANCOUVER},
                {"key": "angeles", "dtstart_local": WINTER_LOCAL, "tzid": "America/Los_Angeles"},
            ],
            **values,
        )
        with transaction():
            winter = next(occurrence for occurrence in event.occurrences if occurrence.key == "winter")
            winter.starts_at, winter.ends_at = WINTER_OLD, WINTER_OLD + HOUR
        return event

    return build


def facts(event: Event) -> dict[str, tuple[datetime, datetime, int, datetime]]:
    return {each.key: (each.starts_at, each.ends_at, each.sequence, each.revised_at) for each in event.occurrences}


def later(now: datetime) -> datetime:
    return now + timedelta(days=30)


def test_only_the_moved_occurrence_is_written_and_told(aged: Age, session: Session, now: datetime) -> None:
    event = aged()
    before, version = facts(event), event.version
    with transaction():
        moved = recompute(session, now=later(now))
    session.expire_all()
    assert moved == [Moved("forum", "winter", VANCOUVER, WINTER_OLD, WINTER)]
    assert facts(event) == {
        "summer": before["summer"],
        "winter": (WINTER, WINTER + HOUR, 1, later(now)),
        "angeles": before["angeles"],
    }
    assert (event.version, event.changed_at) == (version + 1, later(now))


def test_a_second_run_finds_nothing(aged: Age, session: Session, now: datetime) -> None:
    event = aged()
    with transaction():
        recompute(session, now=now)
    session.expire_all()
    kept, version = facts(event), event.version
    with transaction():
        assert recompute(session, now=now) == []
    session.expire_all()
    assert (facts(event), event.version) == (kept, version)


def test_a_draft_moves_without_a_new_sequence(aged: Age, session: Session, now: datetime) -> None:
    event = aged(published_at=None)
    version = event.version
    with transaction():
        recompute(session, now=later(now))
    session.expire_all()
    assert facts(event)["winter"] == (WINTER, WINTER + HOUR, 0, now)
    assert (event.version, event.changed_at) == (version, now)


@pytest.mark.parametrize(
    ("at", "moves"),
    [
        pytest.param(WINTER - timedelta(seconds=1), True, id="a second before the wall time"),
        pytest.param(WINTER, False, id="begun by its wall time, though not by the stored instant"),
        pytest.param(WINTER + timedelta(days=400), False, id="long past"),
    ],
)
def test_what_has_begun_by_its_wall_time_stays(aged: Age, session: Session, at: datetime, moves: bool) -> None:
    event = aged()
    with transaction():
        moved = recompute(session, now=at)
    session.expire_all()
    assert bool(moved) == moves
    assert facts(event)["winter"][0] == (WINTER if moves else WINTER_OLD)


def test_the_wall_time_decides_where_the_stored_instant_is_past_already(
    aged: Age, session: Session, now: datetime
) -> None:
    event = aged()
    too_early = WINTER - HOUR
    with transaction():
        winter = next(each for each in event.occurrences if each.key == "winter")
        winter.starts_at, winter.ends_at = too_early, too_early + HOUR
    with transaction():
        moved = recompute(session, now=too_early + timedelta(minutes=30))
    assert moved == [Moved("forum", "winter", VANCOUVER, too_early, WINTER)]


def test_opening_and_closing_move_too(make: Make, session: Session, now: datetime) -> None:
    window = {
        "opens_local": wall("2026-12-01 09:00"),
        "opens_tzid": VANCOUVER,
        "opens_at": datetime(2026, 12, 1, 17, 0, tzinfo=UTC),
        "closes_local": WINTER_LOCAL,
        "closes_tzid": VANCOUVER,
        "closes_at": WINTER_OLD,
    }
    event = make.event(**window)
    version = event.version
    opened = Moved("forum", "", VANCOUVER, window["opens_at"], datetime(2026, 12, 1, 16, 0, tzinfo=UTC), "opens")
    closed = Moved("forum", "", VANCOUVER, WINTER_OLD, WINTER, "closes")
    with transaction():
        assert recompute(session, now=now) == [opened, closed]
    session.expire_all()
    assert (event.opens_at, event.closes_at, event.version) == (opened.after_at, closed.after_at, version + 1)


def test_an_opening_that_is_past_stays(make: Make, session: Session, now: datetime) -> None:
    make.event(
        opens_local=wall("2026-12-01 09:00"),
        opens_tzid=VANCOUVER,
        opens_at=datetime(2026, 12, 1, 17, 0, tzinfo=UTC),
        closes_local=WINTER_LOCAL,
        closes_tzid=VANCOUVER,
        closes_at=WINTER_OLD,
    )
    with transaction():
        moved = recompute(session, now=datetime(2026, 12, 24, 12, 0, tzinfo=UTC))
    assert moved == [Moved("forum", "", VANCOUVER, WINTER_OLD, WINTER, "closes")]


def test_every_event_that_moves_is_listed_in_order(make: Make, session: Session, now: datetime) -> None:
    for slug in ("zulu", "alpha"):
        event = make.event(slug, occurrences=[{"key": "only", "dtstart_local": WINTER_LOCAL, "tzid": VANCOUVER}])
        with transaction():
            event.occurrences[0].starts_at, event.occurrences[0].ends_at = WINTER_OLD, WINTER_OLD + HOUR
    with transaction():
        moved = recompute(session, now=now)
    assert [move.event_slug for move in moved] == ["zulu", "alpha"]
