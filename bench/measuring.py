"""How one figure comes about: short rounds, hello and what is measured in turns, medians over them."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.load import Task, drive
from bench.noise import spread
from bench.processes import Meter

HELLO = "hello (bare Flask)"
LONG = 10.0  # seconds: where a round takes longer, the next ones are smaller
LEAST = 4  # operations in a round


@dataclass
class Row:
    """One line of the report. CPU is milliseconds for one operation, by group; latencies are milliseconds."""

    name: str
    database: str = ""
    people: int = 0
    operations: int = 0
    cpu_ms: dict[str, float] = field(default_factory=dict)
    total_ms: float | None = None  # of the round in the middle
    spread: float | None = None  # of the rounds' totals: (most − least) / median
    hellos: float | None = None  # how many hellos' CPU it is: the median over the rounds
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    rate: float | None = None  # a second, by the clock on the wall
    megabytes: float | None = None
    note: str = ""


@dataclass
class Job:
    """``tasks(round, number)`` makes the operations of a round; ``settle`` waits for what they left to others."""

    name: str
    tasks: Callable[[int, int], Sequence[Task]]
    number: int
    settle: Callable[[], object] = lambda: None
    cookie: str = ""
    steps: bool = False  # a line of latencies for each step


@dataclass
class Hello:
    """The yardstick, and all that was measured of it over the whole run."""

    port: int
    meter: Meter
    number: int
    cpu: list[float] = field(default_factory=list)  # seconds for one request, by round
    latencies: list[float] = field(default_factory=list)

    def measure(self, connections: int) -> float:
        tasks: list[Task] = [lambda client: {"": client.get("/").seconds}] * self.number
        before = self.meter.read()
        done = drive(self.port, tasks, connections)
        self.cpu.append(sum(self.meter.since(before).values()) / self.number)
        self.latencies += done.latencies[""]
        return self.cpu[-1]

    def row(self) -> Row:
        each = [seconds * 1000 for seconds in self.cpu]
        row = Row(HELLO, operations=self.number * len(each), cpu_ms={"web": statistics.median(each)})
        row.total_ms, row.spread, row.hellos = row.cpu_ms["web"], spread(each), 1.0
        return with_latencies(row, self.latencies)


@dataclass
class _Kept:
    number: int
    cpu: list[dict[str, float]] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    latencies: dict[str, list[float]] = field(default_factory=dict)
    operations: int = 0
    wall: float = 0.0


def in_turns(jobs: Sequence[Job], *, port: int, meter: Meter, hello: Hello, rounds: int, connections: int) -> list[Row]:
    """Hello, the first job, hello, the second, … and all of it again, ``rounds`` times."""
    kept = [_Kept(job.number) for job in jobs]
    for turn in range(rounds):
        for job, one in zip(jobs, kept, strict=True):
            yardstick = hello.measure(connections)
            before = meter.read()
            done = drive(port, job.tasks(turn, one.number), connections, job.cookie)
            job.settle()
            spent = {name: seconds / one.number for name, seconds in meter.since(before).items()}
            one.cpu.append(spent)
            one.ratios.append(sum(spent.values()) / yardstick)
            one.operations += done.operations
            one.wall += done.wall
            for step, seconds in done.latencies.items():
                one.latencies.setdefault(step, []).extend(seconds)
            if done.wall > LONG:
                one.number = max(LEAST, int(one.number * LONG / done.wall))
    return [row for job, one in zip(jobs, kept, strict=True) for row in _rows(job, one)]


def _rows(job: Job, one: _Kept) -> list[Row]:
    totals = [sum(spent.values()) for spent in one.cpu]
    middle = sorted(one.cpu, key=lambda spent: sum(spent.values()))[len(one.cpu) // 2]
    row = Row(
        job.name,
        operations=one.operations,
        cpu_ms={name: seconds * 1000 for name, seconds in middle.items()},
        total_ms=sum(middle.values()) * 1000,
        spread=spread(totals),
        hellos=statistics.median(one.ratios),
        rate=one.operations / one.wall,
    )
    if not job.steps:
        return [with_latencies(row, one.latencies[""])]
    row.rate = None
    steps = [with_latencies(Row(f"  {name}", operations=len(took)), took) for name, took in one.latencies.items()]
    return [row, *steps]


def with_latencies(row: Row, seconds: Sequence[float]) -> Row:
    ordered = sorted(one * 1000 for one in seconds)
    if ordered:
        row.p50, row.p95, row.p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * at))] for at in (0.5, 0.95, 0.99))
    return row
