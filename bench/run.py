"""One instance under measurement, and how much of everything is asked of it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.instance import Instance
from bench.measuring import Hello, Job, Row, in_turns
from bench.processes import Program


@dataclass
class Run:
    """One instance under measurement, and how much of everything."""

    instance: Instance
    hello: Hello
    rounds: int
    requests: int  # of a page, in a round
    registrations: int  # in a round
    connections: int
    letters: int
    reminders: int
    numbers: Iterator[int] = field(default_factory=itertools.count)  # of those who register

    def in_turns(self, jobs: Sequence[Job], web: Program, **others: Program) -> list[Row]:
        return in_turns(
            jobs,
            port=web.port,
            meter=self.instance.meter(web=web, **others),
            hello=self.hello,
            rounds=self.rounds,
            connections=self.connections,
        )
