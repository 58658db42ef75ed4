"""The table that a person reads, and the JSON that the next run is compared with."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.goals import Results, verdicts
from bench.measuring import Row

HEADS = ("", "CPU ms", "web", "worker", "database", "hellos", "spread", "p50 ms", "p95", "p99", "a second", "")


@dataclass
class Report:
    options: dict[str, Any] = field(default_factory=dict)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    rows: list[Row] = field(default_factory=list)
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    filled: dict[str, float] = field(default_factory=dict)  # seconds
    noise: dict[str, Any] = field(default_factory=dict)
    hello: Row | None = None

    def text(self) -> str:
        return "\n".join([*self._machine(), *self._tables(), *self._statements(), *self._goals()])

    def json(self) -> str:
        return json.dumps(
            {
                "began": self.began.isoformat(timespec="seconds"),
                "options": self.options,
                "noise": self.noise,
                "hello": asdict(self.hello) if self.hello else None,
                "filled_in_seconds": self.filled,
                "rows": [asdict(row) for row in self.rows],
                "statements": self.statements,
                "goals": [asdict(one) for one in verdicts(Results(self.rows, self.statements))],
            },
            ensure_ascii=False,
            indent=1,
        )

    def _machine(self) -> Iterator[str]:
        noise = self.noise
        load = ", ".join(f"{one:.1f}" for one in noise["load_before"])
        yield f"{noise['cpu_model']}, {noise['cores']} cores; Python {noise['python']}; {noise['system']}"
        yield (
            f"Noise: load {load} before the start; a loop that always does the same took {noise['loop_ms']:.1f} ms"
            f" of CPU, {noise['loop_cpu_spread']:.0%} between its quickest and slowest run, and"
            f" {noise['loop_wall_over_cpu']:.2f} times as long on the wall."
        )
        if self.hello and self.hello.spread is not None:
            yield (
                f"       In the middle half of its rounds hello varied by {noise['hello_middle_half']:.0%}, in all by"
                f" {self.hello.spread:.0%}: smaller differences say nothing."
            )
        yield ""

    def _tables(self) -> Iterator[str]:
        if self.hello:
            yield from _table("yardstick", [self.hello])
        for database, people in dict.fromkeys((row.database, row.people) for row in self.rows):
            title = f"{database}, {people:,} registered"
            seconds = self.filled.get(f"{database} {people}")
            title += f" (filled in {seconds:.0f} s)" if seconds else ""
            yield from _table(title, [row for row in self.rows if (row.database, row.people) == (database, people)])

    def _statements(self) -> Iterator[str]:
        if not self.statements:
            return
        names = list(dict.fromkeys(name for told in self.statements.values() for name in told))
        rows = [
            [name, *[f"{told[name]['statements']:g}" if name in told else "" for told in self.statements.values()]]
            for name in names
        ]
        yield from _aligned(("statements", *self.statements), rows)
        scans = [
            f"  {key}, {name}: {scan}"
            for key, told in self.statements.items()
            for name, one in told.items()
            for scan in one["scans"]
        ]
        yield from (["", "Plans that read all of a large table:", *scans] if scans else [])
        yield ""

    def _goals(self) -> Iterator[str]:
        found = verdicts(Results(self.rows, self.statements))
        rows = [["met" if one.met else "NOT met", one.goal, one.where, one.measured] for one in found]
        if rows:
            yield from _aligned(("goals", "", "where", "measured"), rows, texts=4)

    def write(self, path: Path) -> None:
        path.write_text(self.json() + "\n", encoding="utf-8")


def _table(title: str, rows: Sequence[Row]) -> Iterator[str]:
    yield from _aligned((title, *HEADS[1:]), [_cells(row) for row in rows], last_is_text=True)
    yield ""


def _cells(row: Row) -> list[str]:
    groups = [_number(row.cpu_ms.get(name)) for name in ("web", "worker", "database")]
    spread = "" if row.spread is None else f"{row.spread:.0%}"
    numbers = [_number(row.total_ms), *groups, _number(row.hellos), spread]
    note = f"{row.megabytes:.0f} MB = {row.note}" if row.megabytes else row.note
    return [row.name, *numbers, _number(row.p50), _number(row.p95), _number(row.p99), _number(row.rate), note]


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _aligned(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int = 1, last_is_text: bool = False
) -> Iterator[str]:
    lines = [heads, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    for line in lines:
        cells = [
            cell.ljust(width) if at < texts or (last_is_text and at == len(heads) - 1) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
        if line is heads:
            yield "  ".join("-" * width for width in widths)
