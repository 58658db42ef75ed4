"""Programs that stand still and go on later, as on a machine that sleeps or has too much to do; the database, too."""

import time

import pytest
from sqlalchemy import make_url

from eventsapp.actions.outbox import LEASE
from tests.torture import scene
from tests.torture.books import Books
from tests.torture.crowd import Crowd, meanwhile, people
from tests.torture.faults import lock
from tests.torture.house import KINDS, opened
from tests.torture.postgres import Server
from tests.torture.scene import Stage

SHARE = 10  # of all people, for each database
BETWEEN = (0.2, 2.0)  # seconds
SHORT = (0.1, 5.0)  # seconds
LONG = LEASE.total_seconds() + 30  # until then others have taken over what was in hand


def test_whoever_stood_still_finds_that_others_went_on(stage: Stage) -> None:
    number = stage.people // SHARE
    scene.make_events(stage.make, number)
    crowd_of = people(number, scene.CHOICES, stage.chance)
    stage.script.delay = 0.01  # so that letters are on their way whenever it happens
    suspended: list[float] = []
    with opened(stage.settings, workers=stage.workers) as house:
        crowd = Crowd(house, stage.postbox)

        def stand_still() -> None:
            """One after the other for a moment; and when half of all have come, one of each for long."""
            time.sleep(stage.chance.uniform(*BETWEEN))
            now_for_long = LONG not in suspended and crowd.done >= number // 2
            seconds = LONG if now_for_long else stage.chance.uniform(*SHORT)
            house.suspend(stage.chance, seconds, *(KINDS if now_for_long else [stage.chance.choice(KINDS)]))
            suspended.append(seconds)

        with meanwhile(stand_still):
            crowd.register_all(crowd_of)
        assert LONG in suspended
        scene.settle(stage.session)
        assert house.unforeseen() == []
    stage.said = dict(crowd.answers) | {"suspended": len(suspended), "doubles": stage.postbox.doubles}
    bound = scene.CONNECTIONS if stage.workers > 1 else 0  # what the one was sending when others took it for dead
    assert Books(stage.session, crowd, crowd_of, doubles=bound).wrong() == []


class TestOfItsOwn:
    """A database that no other test is at work in."""

    @pytest.fixture
    def database(self, own_database: str) -> str:
        return own_database

    def test_where_the_database_stood_still_nobody_takes_the_others_for_dead(
        self, stage: Stage, request: pytest.FixtureRequest
    ) -> None:
        number = stage.people // SHARE
        scene.make_events(stage.make, number)
        crowd_of = people(number, scene.CHOICES, stage.chance)
        stage.script.delay = 0.01
        stood: list[float] = []
        server: Server | None = request.getfixturevalue("server") if stage.on_postgresql else None
        path = make_url(stage.settings.database_url).database or ""
        with opened(stage.settings, workers=stage.workers) as house:
            crowd = Crowd(house, stage.postbox)

            def stand_still() -> None:
                time.sleep(stage.chance.uniform(*BETWEEN))
                now_for_long = LONG not in stood and crowd.done >= number // 2
                seconds = LONG if now_for_long else stage.chance.uniform(*SHORT)
                server.stand_still(seconds) if server else lock(path, seconds)
                stood.append(seconds)

            with meanwhile(stand_still):
                crowd.register_all(crowd_of)
            assert LONG in stood
            scene.settle(stage.session)
            assert house.unforeseen() == []
        stage.said = dict(crowd.answers) | {"stood still": len(stood), "doubles": stage.postbox.doubles}
        assert Books(stage.session, crowd, crowd_of, doubles=0).wrong() == []
