from dataclasses import dataclass

from eventsapp.worker.pace import GROW_AFTER, PAUSES, Pace


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_each_refused_connection_is_one_fewer_and_the_last_one_rests_for_longer_and_longer() -> None:
    clock = Clock()
    pace = Pace(3, monotonic=clock)
    assert [pace.trouble() for _ in range(3)] == [0, 0, PAUSES[0]]
    assert pace.trouble() == PAUSES[0], "those that were on their way at the same time count once"
    rests = []
    for _ in range(6):
        clock.now += pace.rest()
        rests.append(pace.trouble())
    assert rests == [*PAUSES[1:], PAUSES[-1], PAUSES[-1]]
    clock.now += pace.rest()
    pace.got_through()
    assert pace.trouble() == PAUSES[0]


def test_connections_grow_back_slowly() -> None:
    clock = Clock()
    pace = Pace(3, monotonic=clock)
    pace.trouble()
    pace.trouble()
    widths = []
    for _ in range(4):
        widths.append(pace.width)
        clock.now += GROW_AFTER
    assert widths == [1, 2, 3, 3]


def test_a_turn_that_was_granted_stays_until_it_is_used() -> None:
    pace = Pace(1, per_second=1)
    assert (pace.turn(), pace.turn()) == (True, True)
    pace.used()
    assert pace.turn() is False


def test_a_domain_over_its_limit_is_named_for_a_moment() -> None:
    clock = Clock()
    pace = Pace(1, per_domain=1, monotonic=clock)
    assert [pace.open_for("a.example"), pace.open_for("b.example"), pace.open_for("a.example")] == [True, True, False]
    assert pace.full() == ["a.example"]
    clock.now += 1
    assert pace.full() == []
