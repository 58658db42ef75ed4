"""``python -m bench``: fill instances, measure, report. ``--help`` lists the options."""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from bench import mail_parts, web_parts
from bench.instance import instance
from bench.measuring import Hello, Row
from bench.noise import Noise, middle_half
from bench.processes import Broken, Meter, PostgreSQL, free_port, postgresql, running
from bench.report import Report
from bench.run import Run

PARTS: dict[str, Callable[[Run], list[Row]]] = {
    "pages": web_parts.pages,
    "ics": web_parts.ics,
    "table": web_parts.table,
    "registration": web_parts.registration,
    "sending": mail_parts.sending,
    "slow": mail_parts.slow,
    "reminders": mail_parts.reminders,
    "memory": web_parts.memory,
    "cold": web_parts.cold,
}
ONCE = ("slow", "memory", "cold")  # for the first database and the most people alone
STATEMENTS = "statements"
HELLOS = 200  # in a round: one costs so little that fewer would be mostly noise
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. ``reminders`` is for the most people; with fewer it is a tenth.

    ``fewer`` are the parts for all but the most people: what is compared between them.
    """

    people: str
    rows: int
    rounds: int
    requests: int
    registrations: int
    letters: int
    reminders: int
    feed: int
    fewer: Sequence[str]


FULL = Size(
    "1000,1000000",
    rows=100_000,
    rounds=7,
    requests=200,
    registrations=60,
    letters=3000,
    reminders=100_000,
    feed=5000,
    fewer=(STATEMENTS, "pages", "ics", "table", "registration", "sending", "reminders"),
)
QUICK = Size(
    "1000,10000",
    rows=3000,
    rounds=3,
    requests=20,
    registrations=10,
    letters=120,
    reminders=120,
    feed=5000,
    fewer=(STATEMENTS, "pages", "registration"),
)


def main(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    size = QUICK if given.quick else FULL
    parts = list(dict.fromkeys(given.only.split(","))) if given.only else [STATEMENTS, *PARTS]
    if unknown := [name for name in parts if name not in (STATEMENTS, *PARTS)]:
        print(f"There is no part {', '.join(unknown)}; there are {', '.join((STATEMENTS, *PARTS))}.", file=sys.stderr)
        return 2
    bench = Bench(
        size=replace(size, rows=given.rows or size.rows),
        parts=parts,
        chosen=bool(given.only),
        people=sorted({int(text) for text in (given.people or size.people).split(",")}),
        databases=["sqlite", "postgresql"] if given.database == "both" else [given.database],
    )
    try:
        report = bench.measure()
    except (Broken, KeyboardInterrupt) as error:
        print(f"\n{error or 'Stopped.'}", file=sys.stderr)
        return 1
    print(f"\n{report.text()}")
    report.write(given.out)
    print(f"\nThe same as JSON: {given.out}")
    return 0


@dataclass
class Bench:
    """``chosen``: the parts were named, so they are measured for all numbers of people."""

    size: Size
    parts: Sequence[str]
    chosen: bool
    people: Sequence[int]
    databases: Sequence[str]
    report: Report = field(default_factory=Report)
    noise: Noise = field(default_factory=Noise)

    def measure(self) -> Report:
        self.report.options = {
            "parts": self.parts,
            "people": self.people,
            "databases": self.databases,
            "size": asdict(self.size),
        }
        self.noise.calibrate()
        with contextlib.ExitStack() as stack:
            hello = self._hello(stack)
            for database in self.databases:
                server = None
                if database == "postgresql":
                    _say("starting PostgreSQL")
                    server = stack.enter_context(postgresql())
                for people in self.people:
                    self._one(database, people, server, hello)
        if hello.cpu:
            self.report.hello = hello.row()
        self.noise.calibrate()
        self.report.noise = self.noise.facts() | {"hello_middle_half": middle_half(hello.cpu)}
        return self.report

    def _hello(self, stack: contextlib.ExitStack) -> Hello:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eventsapp-bench-")))
        port = free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENTSAPP_")}
        bare = stack.enter_context(running("hello", ["bench.hello", str(port)], folder, environment, port))
        hello = Hello(port, Meter({"web": [bare.pid]}), HELLOS)
        hello.measure(4)
        hello.cpu.clear()  # the first requests
        hello.latencies.clear()
        return hello

    def _parts(self, database: str, people: int) -> list[str]:
        most = people == self.people[-1]
        first = database == self.databases[0]
        return [
            part
            for part in self.parts
            if (self.chosen or most or part in self.size.fewer) and (part not in ONCE or (most and first))
        ]

    def _one(self, database: str, people: int, server: PostgreSQL | None, hello: Hello) -> None:
        key, size, parts = f"{database} {people}", self.size, self._parts(database, people)
        others = size.requests // 2 * size.rounds if "pages" in parts else 1
        feed = size.feed if "cold" in parts else 1
        _say(f"{key}: filling")
        with instance(database, people, size.rows, server=server, others=others, feed=feed) as made:
            self.report.filled[key] = made.filled_in
            run = Run(
                made,
                hello,
                rounds=size.rounds,
                requests=size.requests,
                registrations=size.registrations,
                connections=2,
                letters=size.letters,
                reminders=size.reminders if people == self.people[-1] else size.reminders // 10,
            )
            for part in parts:
                _say(f"{key}: {part}")
                self.noise.calibrate(2)
                if part == STATEMENTS:
                    self.report.statements[key] = made.statements()
                    continue
                for row in PARTS[part](run):
                    row.database, row.people = database, people
                    self.report.rows.append(row)


_BEGAN = time.monotonic()


def _say(words: str) -> None:
    print(f"{time.monotonic() - _BEGAN:5.0f} s  {words}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what eventsapp costs.")
    parser.add_argument("--quick", action="store_true", help="small numbers, some minutes: does it work at all?")
    parser.add_argument("--only", metavar="PARTS", help=f"of {', '.join((STATEMENTS, *PARTS))}")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--people", metavar="N,N", help="how many are registered (1000,1000000)")
    parser.add_argument("--rows", type=int, help="rows of the organizer's table, and who may get letters (100000)")
    parser.add_argument("--out", type=Path, default=HERE / "report.json", metavar="FILE", help="where the JSON goes")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
