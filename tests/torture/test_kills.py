"""Web servers and workers that are killed at any moment, while thousands register."""

import time

from tests.torture import scene
from tests.torture.books import Books
from tests.torture.crowd import Crowd, meanwhile, people
from tests.torture.house import KINDS, opened
from tests.torture.scene import Stage

BETWEEN_KILLS = (0.5, 8.0)  # seconds


def test_nothing_is_lost_or_sold_twice(stage: Stage) -> None:
    scene.make_events(stage.make, stage.people)
    crowd_of = people(stage.people, scene.CHOICES, stage.chance)
    with opened(stage.settings, workers=stage.workers) as house:
        crowd = Crowd(house, stage.postbox)

        def kill() -> None:
            """One of each, in any order."""
            for name in stage.chance.sample(KINDS, len(KINDS)):
                time.sleep(stage.chance.uniform(*BETWEEN_KILLS))
                house.kill(stage.chance, name)

        with meanwhile(kill):
            crowd.register_all(crowd_of)
        scene.settle(stage.session)
        assert house.unforeseen() == []
    stage.said = dict(house.killed) | dict(crowd.answers) | {"doubles": stage.postbox.doubles}
    assert set(house.killed) == set(KINDS)
    assert crowd.answers["cut"] > 0, "nobody noticed anything"
    assert Books(stage.session, crowd, crowd_of, doubles=house.killed["worker"] * scene.CONNECTIONS).wrong() == []
