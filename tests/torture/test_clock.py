"""A machine whose clock is set an hour forward or back, again and again, while people register and letters leave."""

import time
from pathlib import Path

from tests.torture import scene
from tests.torture.books import Books
from tests.torture.clock import Clock
from tests.torture.crowd import Crowd, meanwhile, people
from tests.torture.house import House, opened
from tests.torture.scene import Stage

SHARE = 10  # of all people, for each database
BETWEEN = (0.3, 1.5)  # seconds


def test_what_was_promised_is_kept_whatever_the_clock_says(stage: Stage, tmp_path: Path) -> None:
    number = stage.people // SHARE
    scene.make_events(stage.make, number)
    crowd_of = people(number, scene.CHOICES, stage.chance)
    clock = Clock(tmp_path)
    with opened(stage.settings, workers=stage.workers, **clock.environ) as house:
        crowd = Crowd(house, stage.postbox)

        def step() -> None:
            clock.set_at_random(stage.chance)
            time.sleep(stage.chance.uniform(*BETWEEN))

        with meanwhile(step):
            crowd.register_all(crowd_of)
        clock.put(0)
        scene.settle(stage.session)
        assert house.unforeseen() == []
    assert _hours_told(house) > 1, "the programs believed it"
    stage.said = {"steps": clock.steps, "doubles": stage.postbox.doubles, **crowd.answers}
    assert Books(stage.session, crowd, crowd_of).wrong() == []


def _hours_told(house: House) -> int:
    return len({line[:13] for line in house.said().splitlines() if line[:4].isdigit()})
