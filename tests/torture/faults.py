"""What happens to databases, disks and letters, a single time for each call, at a moment of its own choice."""

import contextlib
import errno
import random
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.mail.server import PLAGUES, TAKEN_AND_CUT
from tests.missing import missing
from tests.torture.crowd import Person
from tests.torture.house import House
from tests.torture.postgres import Server
from tests.torture.scene import Stage

LOCKED_FOR = ((1.0, 5.0), (16.5, 20.0))  # seconds; SQLite's patience is 15
ROOM = "256m"
LEFT = 64 * 1024  # bytes at most, of a disk that is "full": it breaks off wherever that comes
FULL_FOR = (0.5, 8.0)  # seconds
PAUSE = (0.2, 3.0)


def cut_by(database: str, server: Server | None, chance: random.Random) -> Callable[[], None]:
    """One fault at a time, each as it happens to people who run databases."""
    if server is None:
        return lambda: keep_to_oneself(make_url(database).database or "", chance)

    def throw_out() -> None:
        with contextlib.suppress(psycopg.Error), server.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'eventsapp'")

    def throw_one_out() -> None:
        with contextlib.suppress(psycopg.Error), server.connect() as connection:
            found = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = 'eventsapp'").fetchall()
            if found:
                connection.execute("SELECT pg_terminate_backend(%s)", chance.choice(found))

    def restart() -> None:
        server.stop(chance.choice(["fast", "immediate"]))
        time.sleep(chance.uniform(0, 6))
        server.start()

    def cut() -> None:
        time.sleep(chance.uniform(*PAUSE))
        chance.choices([throw_out, throw_one_out, restart], [4, 8, 1])[0]()

    return cut


def keep_to_oneself(path: str, chance: random.Random) -> None:
    """Another program writes for long."""
    time.sleep(chance.uniform(*PAUSE))
    lock(path, chance.uniform(*chance.choice(LOCKED_FOR)))


def lock(path: str, seconds: float) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """What is in the folder is on a disk of its own."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=755", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        missing("A FULL DISK", "nothing can be mounted here; it takes root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


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


def strike(stage: Stage, crowd: list[Person], share: float) -> int:
    """Something meets the first letter to so many of them. How many letters come, and nobody says so."""
    patient = [person for person in crowd if not person.cancels]  # the others wait for their first letter
    stricken = stage.chance.sample(patient, max(len(PLAGUES), int(share * len(crowd))))
    for person, plague in zip(stricken, [*PLAGUES, TAKEN_AND_CUT] * len(crowd), strict=False):
        stage.script.story[person.email] = [plague]
    return sum(story == [TAKEN_AND_CUT] for story in stage.script.story.values())
