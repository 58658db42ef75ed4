"""All of it at once, in any order: what is broken meets what was broken before, and the organizer changes the date."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.processes import start
from tests.reading.records import occurrence, record, text_of
from tests.torture import scene
from tests.torture.books import Books
from tests.torture.clock import Clock
from tests.torture.crowd import Crowd, meanwhile, people
from tests.torture.faults import cut_by, run_full, strike
from tests.torture.house import KINDS, opened
from tests.torture.postgres import Server
from tests.torture.scene import Stage
from tests.torture.test_database_cut import LEAST, database
from tests.torture.test_disk_full import folder

__all__ = ["database", "folder"]

SHARE = 5  # of all people, for each database
STRICKEN = 0.1  # of the people: something meets their first letter
BETWEEN = (1.0, 12.0)  # seconds, for each of the faults
STANDS_STILL = (0.1, 4.0)  # seconds; less than others give a lease
CUT_SHORT = 0.3  # of the organizer's imports are killed
TAKES = 2.0  # seconds, an import
FIRST = datetime(2040, 7, 1, 16, 0)  # noqa: DTZ001  a wall time beside its tzid
HARBOUR = ("harbour", ("one",))


@dataclass
class Organizer:
    """Imports one record again and again, each time with another start; somebody may pull the plug."""

    stage: Stage
    folder: Path
    environ: dict[str, str]
    imports: int = 0
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder / "imports.log"

    def move(self, *, to_the_end: bool = False) -> int:
        """The exit status."""
        starts = FIRST + timedelta(days=self.stage.chance.randrange(100), minutes=30 * self.stage.chance.randrange(6))
        path = self.folder / "harbour.yaml"
        date = occurrence(start=f"{starts:%Y-%m-%d %H:%M}")
        path.write_text(text_of(record(slug=HARBOUR[0], occurrences=[date])), encoding="utf-8")
        command = ["import", str(path), "--notify", "--yes"]
        program = start(self.stage.settings, command, self.log, **self.environ)
        if not to_the_end and self.stage.chance.random() < CUT_SHORT:
            time.sleep(self.stage.chance.uniform(0, TAKES))
            program.kill()
        self.imports += 1
        return program.process.wait()

    def insist(self) -> None:
        until = time.monotonic() + scene.SETTLED_WITHIN
        while self.move(to_the_end=True) != 0:
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(1)


def test_nothing_is_lost_and_everybody_is_told_the_last_time(
    stage: Stage, folder: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    number, chance = max(LEAST, stage.people // SHARE), stage.chance
    scene.make_events(stage.make, number)
    clock = Clock(tmp_path)
    organizer = Organizer(stage, tmp_path, clock.environ)
    organizer.insist()
    crowd_of = people(number, [*scene.CHOICES, HARBOUR, HARBOUR, HARBOUR], chance)
    taken_and_cut = strike(stage, crowd_of, STRICKEN)
    stage.script.delay = 0.003
    server: Server | None = request.getfixturevalue("server") if stage.on_postgresql else None
    cut = cut_by(stage.settings.database_url, server, chance)
    statuses: list[int] = []
    still: list[float] = []
    with opened(stage.settings, workers=stage.workers, **clock.environ) as house:
        crowd = Crowd(house, stage.postbox)

        def stand_still() -> None:
            still.append(chance.uniform(*STANDS_STILL))
            house.suspend(chance, still[-1], chance.choice(KINDS))

        troubles: list[Callable[[], object]] = [
            lambda: clock.set_at_random(chance),
            lambda: house.kill(chance),
            stand_still,
            cut,
            lambda: run_full(folder, server, house, chance),
            lambda: statuses.append(organizer.move()),
        ]
        with ExitStack() as all_of_them:
            for trouble in troubles:
                all_of_them.enter_context(meanwhile(_now_and_then(stage, trouble)))
            crowd.register_all(crowd_of)
        clock.put(0)
        if server is not None and not server.runs():
            server.start()
        organizer.insist()
        scene.settle(stage.session)
        assert house.unforeseen() == []
    stage.said = {
        **crowd.answers,
        **house.killed,
        "stood still": len(still),
        "steps": clock.steps,
        "imports": organizer.imports,
        "letters": stage.postbox.letters,
        "doubles": stage.postbox.doubles,
    }
    assert set(statuses) <= {0, 2, -signal.SIGKILL}, organizer.log.read_text()
    assert "Traceback" not in organizer.log.read_text()
    bound = house.killed["worker"] * scene.CONNECTIONS + taken_and_cut
    assert Books(stage.session, crowd, crowd_of, doubles=bound).wrong() == []


def _now_and_then(stage: Stage, trouble: Callable[[], object]) -> Callable[[], None]:
    def wait_and_do() -> None:
        time.sleep(stage.chance.uniform(*BETWEEN))
        trouble()

    return wait_and_do
