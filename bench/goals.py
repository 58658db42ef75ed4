"""What we want to reach, beside what was measured. Nothing here stops a run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.measuring import Row

HALF = 0.5  # a statement: how batches of letters fall changes a letter's share by less
ALIKE = 0.25  # how far apart the CPU of few and of many people may be
COMPARED = ("event page, again", ".ics of one date", "feed, without ETag", "registration with its letter")


@dataclass(frozen=True, slots=True)
class Verdict:
    goal: str
    where: str
    measured: str
    met: bool


@dataclass
class Results:
    """All rows, and what was said of statements: {"database people": {request: {"statements", "scans"}}}."""

    rows: Sequence[Row]
    statements: dict[str, dict[str, Any]]

    def named(self, name: str) -> list[Row]:
        return [row for row in self.rows if row.name == name]

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """(database, key of the fewest people, key of the most)."""
        by_database: dict[str, list[int]] = {}
        for key in self.statements:
            database, people = key.split()
            by_database.setdefault(database, []).append(int(people))
        for database, sizes in by_database.items():
            if len(sizes) > 1:
                yield database, f"{database} {min(sizes)}", f"{database} {max(sizes)}"


def verdicts(results: Results) -> list[Verdict]:
    return [verdict for goal in _GOALS for verdict in goal(results)]


Goal = Callable[[Results], Iterator[Verdict]]


def _each(goal: str, name: str, words: str, of: Callable[[Row], float | None], fits: Callable[[float], bool]) -> Goal:
    def judge(results: Results) -> Iterator[Verdict]:
        for row in results.named(name):
            value = of(row)
            if value is not None:
                yield Verdict(goal, _where(row), words.format(value), fits(value))

    return judge


def _where(row: Row) -> str:
    return f"{row.database} {row.people}"


def _statements(results: Results) -> Iterator[Verdict]:
    for key, told in results.statements.items():
        number = told["registration, POST"]["statements"]
        yield Verdict("a registration (the POST) ≤ 15 statements", key, f"{number:g}", number <= 15)


def _equal_statements(results: Results) -> Iterator[Verdict]:
    for database, few, many in results.pairs():
        differ = [
            f"{name}: {told['statements']:g} and {results.statements[many][name]['statements']:g}"
            for name, told in results.statements[few].items()
            if abs(told["statements"] - results.statements[many][name]["statements"]) >= HALF
        ]
        yield Verdict(
            "equal statements with few and many people", f"{database}", "; ".join(differ) or "equal", not differ
        )


def _indexed(results: Results) -> Iterator[Verdict]:
    largest = {key.split()[0]: key for key in sorted(results.statements, key=lambda key: int(key.split()[1]))}
    for many in largest.values():
        told = results.statements[many]
        slow = [f"{name} ({len(one['scans'])})" for name, one in told.items() if one["scans"]]
        yield Verdict("every plan goes by an index", many, ", ".join(slow) or "all do", not slow)


def _alike(results: Results) -> Iterator[Verdict]:
    for name in COMPARED:
        by_database: dict[str, list[Row]] = {}
        for row in results.named(name):
            by_database.setdefault(row.database, []).append(row)
        for database, rows in by_database.items():
            few, many = min(rows, key=lambda row: row.people), max(rows, key=lambda row: row.people)
            if few.total_ms and many.total_ms and few is not many:
                apart = many.total_ms / few.total_ms - 1
                where = f"{database} {few.people} → {many.people}"
                yield Verdict(f"CPU ≤ 25 % apart: {name}", where, f"{apart:+.0%}", abs(apart) <= ALIKE)


def _beside_smtp_source(results: Results) -> Iterator[Verdict]:
    for row in results.named("sending a confirmation with its .ics"):
        for other in results.named("smtp-source -d -s 4 → smtp-sink"):
            if (other.database, other.people) == (row.database, row.people) and row.rate and other.rate:
                share = row.rate / other.rate
                yield Verdict("sending ≥ 10 % of smtp-source", _where(row), f"{share:.0%}", share >= 0.1)


def _slow_network(results: Results) -> Iterator[Verdict]:
    ours = [row for row in results.rows if row.name.startswith("sending over")]
    bare = [row for row in results.rows if row.name.startswith("bare smtplib over")]
    for row, other in zip(ours, bare, strict=True):
        if row.rate and other.rate:
            share = row.rate / other.rate
            goal = "≥ 75 % of what kept connections can do at 10 ms a reply"
            yield Verdict(goal, _where(row), f"{share:.0%} ({row.rate:.0f} of {other.rate:.0f}/s)", share >= 0.75)


def _worker_ms(row: Row) -> float | None:
    return row.cpu_ms.get("worker")


_GOALS: tuple[Goal, ...] = (
    _each("event page ≤ 3 hellos", "event page, again", "{:.1f}", lambda row: row.hellos, lambda value: value <= 3),
    _each(".ics ≤ 3 hellos", ".ics of one date", "{:.1f}", lambda row: row.hellos, lambda value: value <= 3),
    _each(
        "registration with its letter ≤ 8 ms",
        "registration with its letter",
        "{:.1f} ms",
        lambda row: row.total_ms,
        lambda value: value <= 8,
    ),
    _statements,
    _equal_statements,
    _indexed,
    _alike,
    _each(
        "two web processes and a worker ≤ 250 MB",
        "memory (PSS)",
        "{:.0f} MB",
        lambda row: row.megabytes,
        lambda value: value <= 250,
    ),
    _each(
        "sending ≤ 1.2 ms of the worker",
        "sending a confirmation with its .ics",
        "{:.2f} ms",
        _worker_ms,
        lambda value: value <= 1.2,
    ),
    _beside_smtp_source,
    _slow_network,
    *(
        _each(
            f"{name} ≤ 0.5 s",
            name,
            "{:.2f} s",
            lambda row: row.p50 and row.p50 / 1000,
            lambda value: value <= 0.5,
        )
        for name in ("long feed in a cold process", "long feed in a cold process, a date changed")
    ),
)
