"""Which date a join link is about, and how it stands."""

from datetime import UTC, datetime, timedelta

import pytest

from eventsapp.domain.joining import Stage, Window, stage, urgency
from eventsapp.domain.vocabulary import PlaceState

START = datetime(2026, 6, 29, 0, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=1), 900)
BEFORE, OPEN, BEGUN, LAST, END = (START + timedelta(minutes=minutes) for minutes in (-15.001, -15, 0, 59.999, 60))


@pytest.mark.parametrize(
    ("state", "stages"),
    [
        (PlaceState.CONFIRMED, [Stage.WAITING, Stage.OPEN, Stage.OPEN, Stage.OPEN, Stage.OVER]),
        (PlaceState.WAITLISTED, [Stage.WAITLISTED, Stage.WAITLISTED, Stage.MISSED, Stage.MISSED, Stage.OVER]),
        (PlaceState.PENDING, [Stage.PENDING] * 4 + [Stage.OVER]),
        (PlaceState.UNVERIFIED, [Stage.UNVERIFIED] * 4 + [Stage.OVER]),
        (PlaceState.CANCELLED, [Stage.CANCELLED] * 5),
        (PlaceState.DECLINED, [Stage.DECLINED] * 5),
    ],
)
def test_a_stage_follows_from_state_and_time(state, stages):
    instants = (BEFORE, OPEN, BEGUN, LAST, END)
    assert [stage(state, WINDOW, at, called_off=False) for at in instants] == stages
    assert {stage(state, WINDOW, at, called_off=True) for at in instants} == {Stage.CALLED_OFF}


def test_a_window_knows_when_it_reads_otherwise():
    changes = [WINDOW.next_change(at) for at in (BEFORE, OPEN, BEGUN, LAST, END)]
    assert changes == [OPEN, BEGUN, END, END, None]
    at_once = Window(START, END, 0)
    assert (at_once.opens_at, at_once.next_change(OPEN), at_once.is_open(OPEN), at_once.is_open(BEGUN)) == (
        START,
        START,
        False,
        True,
    )


def dated(hours: float, opens_seconds: int = 900) -> Window:
    starts_at = START + timedelta(hours=hours)
    return Window(starts_at, starts_at + timedelta(hours=1), opens_seconds)


def chosen(*dates: tuple[str, float, PlaceState] | tuple[str, float, PlaceState, int]) -> str:
    """The first of (name, hours after START, state, opened seconds before), ten minutes after START."""
    now = START + timedelta(minutes=10)

    def due(date) -> tuple[float, ...]:
        name, hours, state, *opens = date
        called_off = "called off" in name
        window = dated(hours, *opens)
        return urgency(stage(state, window, now, called_off=called_off), window, now, own_language="own" in name)

    return min(dates, key=due)[0]


C, W, X, D, P = (
    PlaceState.CONFIRMED,
    PlaceState.WAITLISTED,
    PlaceState.CANCELLED,
    PlaceState.DECLINED,
    PlaceState.PENDING,
)


@pytest.mark.parametrize(
    "dates",
    [
        [("runs", 0, C), ("next", 1, C), ("over", -5, C)],
        [("next", 2, C), ("later", 50, C), ("over", -2, C)],
        [("opened first", 2, C, 36000), ("sooner, closed", 1, C, 60)],
        [("last over", -2, C), ("long over", -50, C)],
        [("runs", 0, C), ("runs, waited for", 0.1, W)],
        [("next", 200, C), ("runs, cancelled", 0, X), ("runs, waited for", 0.1, W), ("runs, called off", 0, C)],
        [("hoped for", 20, W), ("over", -20, C)],
        [("asked for", 20, P), ("hoped for", 30, W), ("given up", 1, X)],
        [("called off", 20, C), ("over", -20, C)],
        [("over", -20, C), ("given up", 20, X), ("refused", 20, D)],
        [("over", -20, C), ("called off long ago", -5, C)],
        [("given up", 20, X), ("given up long ago", -5, X)],
        [("own language", 0, C), ("another's, began last", 0.1, C)],
        [("began last", 0.1, C), ("began first", -0.5, C)],
    ],
    ids=lambda dates: dates[0][0],
)
def test_the_date_meant_comes_first(dates):
    assert chosen(*dates) == dates[0][0]
    assert chosen(*reversed(dates)) == dates[0][0]
