"""A database whose connections are cut, which is started anew, or which somebody else keeps to himself."""

import pytest

from tests.torture import scene
from tests.torture.books import Books
from tests.torture.crowd import Crowd, meanwhile, people
from tests.torture.faults import cut_by
from tests.torture.house import opened
from tests.torture.scene import Stage

SHARE = 10  # of all people, for each database
LEAST = 600  # people: with fewer it may be over before anybody notices


@pytest.fixture
def database(own_database: str) -> str:
    return own_database


def test_everybody_gets_a_clear_answer_and_nothing_is_lost(stage: Stage, request: pytest.FixtureRequest) -> None:
    number = max(LEAST, stage.people // SHARE)
    scene.make_events(stage.make, number)
    crowd_of = people(number, scene.CHOICES, stage.chance)
    server = request.getfixturevalue("server") if stage.on_postgresql else None
    with opened(stage.settings, workers=stage.workers) as house:
        crowd = Crowd(house, stage.postbox)
        with meanwhile(cut_by(stage.settings.database_url, server, stage.chance)):
            crowd.register_all(crowd_of)
        scene.settle(stage.session)
        assert house.unforeseen() == []
    stage.said = dict(crowd.answers) | {"doubles": stage.postbox.doubles}
    assert crowd.answers["503"] > 0, "nobody noticed anything"
    assert Books(stage.session, crowd, crowd_of).wrong() == [], "and nobody was killed, so no letter came twice"
