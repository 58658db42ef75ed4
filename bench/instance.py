"""One filled instance on one database, and the programs of eventsapp over it."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.processes import Meter, PostgreSQL, Program, free_port, run_to_end, running


@dataclass
class Instance:
    """``used`` counts the people of the fair whose letters were asked for, so that nobody gets two at once."""

    folder: Path
    database: str
    people: int
    rows: int
    url: str = ""
    database_pids: list[int] = field(default_factory=list)
    filled_in: float = 0.0
    used: int = 0

    def environment(self, **more: object) -> dict[str, str]:
        """Its settings as a process gets them, and nothing of the developer's own.

        All requests come from one network here, so its limit is off; every other setting is as it comes.
        """
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("EVENTSAPP_", "MAKE"))}
        given = {
            "instance_path": self.folder,
            "database_url": self.url,
            "mail_from": "events@example.org",
            "limit_per_network": 0,
            "mail_url": "smtp://127.0.0.1:9",
        } | more
        return clean | {f"EVENTSAPP_{name.upper()}": str(value) for name, value in given.items()}

    def fill(self, *, others: int, feed: int) -> None:
        began = time.monotonic()
        self._make("bench.fill", people=self.people, rows=self.rows, others=others, feed=feed)
        self.filled_in = time.monotonic() - began

    def let_wait(self, what: str, **numbers: int) -> str:
        """What ``bench.waiting`` prints."""
        return self._make("bench.waiting", what, **numbers)

    def change_a_date(self) -> None:
        """One of the long feed's."""
        self._make("bench.change")

    def _make(self, module: str, *words: str, **numbers: int) -> str:
        options = [text for name, number in numbers.items() for text in (f"--{name}", str(number))]
        return run_to_end(module, [module, *words, *options], self.folder, self.environment())

    def fair_people(self, number: int) -> dict[str, int]:
        """The next so many who have no letter waiting; from the first again where all had one."""
        if self.used + number > self.rows:
            self.used = 0
        chosen = {"number": min(number, self.rows), "skip": self.used}
        self.used += chosen["number"]
        return chosen

    def statements(self) -> dict[str, Any]:
        told = run_to_end("statements", ["bench.statements"], self.folder, self.environment())
        return dict(json.loads(told))

    @contextmanager
    def web(self, *, workers: int = 2, **more: object) -> Iterator[Program]:
        port = free_port()
        bind = f"127.0.0.1:{port}"
        arguments = ["eventsapp.cli", "serve", "--no-worker", "--bind", bind, "--workers", str(workers)]
        with running("web", arguments, self.folder, self.environment(bind=bind, **more), port) as program:
            yield program

    @contextmanager
    def worker(self, mail_port: int, **more: object) -> Iterator[Program]:
        environment = self.environment(mail_url=f"smtp://127.0.0.1:{mail_port}", **more)
        with running("worker", ["eventsapp.cli", "worker"], self.folder, environment) as program:
            yield program

    @contextmanager
    def everything(self, mail_port: int) -> Iterator[Program]:
        """As ``eventsapp serve`` runs it: two web server processes, a worker, and who watches them."""
        port = free_port()
        bind = f"127.0.0.1:{port}"
        environment = self.environment(bind=bind, mail_url=f"smtp://127.0.0.1:{mail_port}")
        with running("serve", ["eventsapp.cli", "serve", "--bind", bind], self.folder, environment, port) as program:
            yield program

    def meter(self, **programs: Program) -> Meter:
        groups = {name: [program.pid] for name, program in programs.items()}
        return Meter(groups | ({"database": self.database_pids} if self.database_pids else {}))


@contextmanager
def instance(
    database: str, people: int, rows: int, *, server: PostgreSQL | None, others: int, feed: int
) -> Iterator[Instance]:
    folder = Path(tempfile.mkdtemp(prefix="eventsapp-bench-"))
    name = f"bench_{people}"
    made = Instance(folder, database, people, rows, f"sqlite:///{folder / 'eventsapp.sqlite3'}")
    if server is not None:
        made.url, made.database_pids = server.new_database(name), [server.pid]
    try:
        made.fill(others=others, feed=feed)
        yield made
    finally:
        if server is not None:
            server.drop(name)
        shutil.rmtree(folder, ignore_errors=True)
