"""A disk that is full for a while, again and again: the database is on it, and what processes put aside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.torture import scene
from tests.torture.books import Books
from tests.torture.crowd import Crowd, meanwhile, people
from tests.torture.faults import run_full, small_disk
from tests.torture.house import opened
from tests.torture.postgres import Server
from tests.torture.scene import Stage

SHARE = 10  # of all people, for each database
LEAST = 600  # people: with fewer it may be over before anybody notices


@pytest.fixture
def folder(folder: Path) -> Iterator[Path]:
    """A disk of its own."""
    with small_disk(folder):
        yield folder


@pytest.fixture
def database(own_database: str) -> str:
    return own_database


def test_everybody_gets_a_clear_answer_and_it_goes_on(
    stage: Stage, folder: Path, request: pytest.FixtureRequest
) -> None:
    number = max(LEAST, stage.people // SHARE)
    scene.make_events(stage.make, number)
    crowd_of = people(number, scene.CHOICES, stage.chance)
    server: Server | None = request.getfixturevalue("server") if stage.on_postgresql else None
    aside = folder / "tmp"
    aside.mkdir()
    counting = {"TMPDIR": str(aside), "EVENTSAPP_METRICS_TOKEN": "torture-torture-torture"}
    with opened(stage.settings, workers=stage.workers, **counting) as house:
        crowd = Crowd(house, stage.postbox)
        with meanwhile(lambda: run_full(folder, server, house, stage.chance)):
            crowd.register_all(crowd_of)
        scene.settle(stage.session)
        assert house.unforeseen() == []
        assert "SIGBUS" not in house.said(), "somebody counted in a file that found no room"
    stage.said = dict(crowd.answers) | dict(house.killed) | {"doubles": stage.postbox.doubles}
    assert crowd.answers["503"] > 0, "nobody noticed anything"
    assert Books(stage.session, crowd, crowd_of, doubles=house.killed["worker"] * scene.CONNECTIONS).wrong() == []
