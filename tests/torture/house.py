"""A whole house of real programs over one database and one mail server, which goes on as systemd would have it.

Whatever ends is started again, by a thread that does nothing else; so a test may kill what it likes.
"""

import contextlib
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Stop

import psutil

from eventsapp.config import Settings
from tests.processes import PATIENCE, Program, free_port, start, wait_for

WEB = ("serve", "--no-worker", "--workers", "2", "--threads", "4")
WORKER = ("worker",)
_UNFORESEEN = re.compile("Unforeseen|Traceback|could not be answered")
_USUAL = re.compile(": accepted 250|eventsapp.web.journal: ")
KINDS = ("web process", "web server", "worker")
RESTART_AFTER = 0.5  # seconds; what ends at once is not started again and again without a pause


@dataclass
class Room:
    """Where one program runs, one after the other."""

    name: str
    command: Sequence[str]
    log: Path
    port: int = 0
    program: Program | None = None
    due: float = 0.0  # monotonic seconds

    @property
    def is_web(self) -> bool:
        return self.port != 0


@dataclass
class House:
    """``killed`` counts what was killed: ``web process``, ``web server`` or ``worker``."""

    settings: Settings
    rooms: list[Room]
    environ: dict[str, str] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: Stop = field(default_factory=Stop)

    @property
    def ports(self) -> list[int]:
        return [room.port for room in self.rooms if room.is_web]

    def said(self) -> str:
        return "\n".join(room.log.read_text(errors="replace") for room in self.rooms if room.log.exists())

    def unforeseen(self) -> list[str]:
        """What was said that nobody foresaw."""
        return [line for line in self.said().splitlines() if _UNFORESEEN.search(line)]

    def last_words(self) -> str:
        """What a person looks for in all that was said."""
        told = [line for line in self.said().splitlines() if not _USUAL.search(line)]
        return "\n".join(told[-80:])

    def tend(self) -> None:
        """Start what does not run."""
        while not self._closed.wait(0.1):
            with self._lock:
                for room in self.rooms:
                    if room.program is not None and room.program.process.poll() is not None:
                        room.program.kill()  # what it left behind, as systemd does
                        room.program, room.due = None, time.monotonic() + RESTART_AFTER
                    if room.program is None and room.due <= time.monotonic():
                        room.program = start(self.settings, room.command, room.log, room.port, **self.environ)

    def wait_ready(self) -> None:
        for room in self.rooms:
            wait_for(lambda room=room: _works(room))

    def kill(self, chance: random.Random, *names: str) -> None:
        """SIGKILL to one at random: a web server's process, a whole web server, or a worker. ``names``: of these."""
        name = chance.choice(names or KINDS)
        with self._lock, contextlib.suppress(psutil.NoSuchProcess):
            if (victim := self._one_of(chance, name)) is not None:
                victim.kill()
                self.killed[name] += 1

    def suspend(self, chance: random.Random, seconds: float, *names: str) -> None:
        """SIGSTOP to one of each of these at random, and SIGCONT after so long, to what nobody ended meanwhile."""
        with self._lock:
            victims = [victim for name in names if (victim := self._one_of(chance, name)) is not None]
            for victim in victims:
                victim.suspend()
        try:
            time.sleep(seconds)
        finally:
            for victim in victims:
                with contextlib.suppress(psutil.NoSuchProcess):
                    victim.resume()

    def _one_of(self, chance: random.Random, name: str) -> psutil.Process | None:
        programs = [
            room.program for room in self.rooms if room.program is not None and room.is_web == name.startswith("web")
        ]
        if not programs:
            return None
        chosen = psutil.Process(chance.choice(programs).process.pid)
        if name == "web process" and (children := chosen.children()):
            return chance.choice(sorted(children, key=lambda child: child.pid))
        return chosen

    def end_workers(self) -> list[int]:
        """SIGTERM to all workers, which are started again; their exit statuses."""
        with self._lock:
            programs = [room.program for room in self.rooms if room.program is not None and not room.is_web]
            for program in programs:
                program.process.terminate()
            return [program.process.wait(PATIENCE) for program in programs]

    def close(self) -> list[int]:
        """SIGTERM to all of it; the exit statuses."""
        self._closed.set()
        with self._lock:
            programs = [room.program for room in self.rooms if room.program is not None]
            for program in programs:
                program.process.terminate()
            try:
                return [program.process.wait(PATIENCE) for program in programs]
            finally:
                for program in programs:
                    program.kill()


def _works(room: Room) -> bool:
    program = room.program
    return program is not None and program.process.poll() is None and (not room.is_web or program.listens())


@contextlib.contextmanager
def opened(settings: Settings, *, webs: int = 2, workers: int = 1, **environ: str) -> Iterator[House]:
    """So many web servers of two processes each, and workers. At the end all of it ends in good order, or is told."""
    rooms = [Room(f"web-{n}", WEB, settings.instance_path / f"web-{n}.log", free_port()) for n in range(webs)]
    rooms += [Room(f"worker-{n}", WORKER, settings.instance_path / f"worker-{n}.log") for n in range(workers)]
    house = House(settings, rooms, environ)
    tending = threading.Thread(target=house.tend, name="tending")
    tending.start()
    try:
        house.wait_ready()
        yield house
        house.wait_ready()  # of what was killed last
        statuses = house.close()
        assert set(statuses) <= {0, -signal.SIGTERM}, f"ended with {statuses}"  # some are told before they began
    except BaseException as error:
        error.add_note(f"The house said at last:\n{house.last_words()}")
        raise
    finally:
        house.close()
        tending.join()
