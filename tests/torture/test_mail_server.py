"""A mail server that turns letters away, breaks off and is slow, under workers that are killed, or told to stop."""

import signal
import time

from tests.torture import scene
from tests.torture.books import Books
from tests.torture.crowd import Crowd, meanwhile, people
from tests.torture.faults import strike
from tests.torture.house import opened
from tests.torture.scene import Stage

SHARE = 10  # of all people, for each database
STRICKEN = 0.2  # of the people: something meets their first letter
BETWEEN = (1.0, 6.0)  # seconds
KILLED_BETWEEN = (2.0, 15.0)  # a worker takes over what a dead one left once it has lived for some seconds


def test_a_server_that_misbehaves_and_workers_that_are_killed(stage: Stage) -> None:
    number = stage.people // SHARE
    scene.make_events(stage.make, number)
    crowd_of = people(number, scene.CHOICES, stage.chance)
    taken_and_cut = strike(stage, crowd_of, STRICKEN)
    stage.script.delay = 0.002
    stage.script.at_most = scene.CONNECTIONS * stage.workers - 1  # one is greeted with 421
    with opened(stage.settings, workers=stage.workers) as house:
        crowd = Crowd(house, stage.postbox)

        def kill() -> None:
            time.sleep(stage.chance.uniform(*KILLED_BETWEEN))
            house.kill(stage.chance, "worker")

        with meanwhile(kill):
            crowd.register_all(crowd_of)
        scene.settle(stage.session)
        assert house.unforeseen() == []
    stage.said = dict(house.killed) | {"doubles": stage.postbox.doubles, "stricken": len(stage.script.story)}
    assert not any(stage.script.story[one] for one in crowd.told & stage.script.story.keys()), "not all has happened"
    bound = house.killed["worker"] * scene.CONNECTIONS + taken_and_cut
    assert Books(stage.session, crowd, crowd_of, doubles=bound).wrong() == []


def test_a_worker_that_is_told_to_stop_writes_to_nobody_twice(stage: Stage) -> None:
    number = stage.people // SHARE
    scene.make_events(stage.make, number)
    crowd_of = people(number, scene.CHOICES, stage.chance)
    stage.script.delay = 0.005  # so that letters are on their way whenever it is told
    statuses: list[int] = []
    with opened(stage.settings, workers=stage.workers) as house:
        crowd = Crowd(house, stage.postbox)

        def stop() -> None:
            house.wait_ready()
            time.sleep(stage.chance.uniform(*BETWEEN))
            statuses.extend(house.end_workers())

        with meanwhile(stop):
            crowd.register_all(crowd_of)
        scene.settle(stage.session)
        assert house.unforeseen() == []
    stage.said = {"stopped": len(statuses), "letters": stage.postbox.letters}
    assert 0 in statuses
    assert set(statuses) <= {0, -signal.SIGTERM}, "or it was told before it began"
    assert Books(stage.session, crowd, crowd_of).wrong() == []
