"""A disk that is full for a while, again and again, under the database."""

import contextlib
import errno
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.missing import missing
from tests.torture import scene
from tests.torture.books import Books
from tests.torture.crowd import Crowd, meanwhile, people
from tests.torture.house import House, opened
from tests.torture.postgres import Server
from tests.torture.scene import Stage

SHARE = 10  # of all people, for each database
LEAST = 600  # people: with fewer it may be over before anybody notices
ROOM = "256m"
LEFT = 64 * 1024  # bytes at most, of a disk that is "full": it breaks off wherever that comes
FULL_FOR = (0.5, 8.0)  # seconds
PAUSE = (0.5, 3.0)


@pytest.fixture
def folder(folder: Path) -> Iterator[Path]:
    """A disk of its own."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=755", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        missing("A FULL DISK", "nothing can be mounted here; it takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def database(own_database: str) -> str:
    return own_database


def fill(folder: Path, chance: random.Random) -> None:
    """Nothing is left of the disk, or next to nothing."""
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        for size in (1024 * 1024, 4096):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        if chance.choice([True, False]):
            ballast.truncate(max(0, ballast.tell() - chance.randrange(LEFT)))


def test_everybody_gets_a_clear_answer_and_it_goes_on(
    stage: Stage, folder: Path, request: pytest.FixtureRequest
) -> None:
    number = max(LEAST, stage.people // SHARE)
    scene.make_events(stage.make, number)
    crowd_of = people(number, scene.CHOICES, stage.chance)
    server: Server | None = request.getfixturevalue("server") if stage.on_postgresql else None
    with opened(stage.settings, workers=stage.workers) as house:
        crowd = Crowd(house, stage.postbox)
        with meanwhile(lambda: run_full(folder, server, house, stage.chance)):
            crowd.register_all(crowd_of)
        scene.settle(stage.session)
        assert house.unforeseen() == []
    stage.said = dict(crowd.answers) | dict(house.killed) | {"doubles": stage.postbox.doubles}
    assert crowd.answers["503"] > 0, "nobody noticed anything"
    assert Books(stage.session, crowd, crowd_of, doubles=house.killed["worker"] * scene.CONNECTIONS).wrong() == []


def run_full(folder: Path, server: Server | None, house: House, chance: random.Random) -> None:
    """For a while; a worker may be killed meanwhile. A server that gave up is started when there is room again."""
    time.sleep(chance.uniform(*PAUSE))
    try:
        fill(folder, chance)
        time.sleep(chance.uniform(*FULL_FOR))
        if chance.random() < 0.2:
            house.kill(chance, "worker")
    finally:
        with contextlib.suppress(FileNotFoundError):
            (folder / "ballast").unlink()
    if server is not None and not server.runs():
        server.start()
