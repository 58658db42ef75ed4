"""What else the machine does meanwhile: how far one is to trust the figures."""

import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORK = 300_000  # turns of the loop, some 20 ms


def spread(values: list[float]) -> float:
    """From the least to the most, as a share of the median."""
    middle = statistics.median(values) if values else 0.0
    return (max(values) - min(values)) / middle if middle else 0.0


def middle_half(values: list[float]) -> float:
    """The same of the values without the lowest and the highest quarter."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return spread(ordered[quarter : len(ordered) - quarter])


@dataclass
class Noise:
    """A loop that always does the same, timed now and then; and the load when it began."""

    load_before: tuple[float, float, float] = field(default_factory=os.getloadavg)
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def calibrate(self, times: int = 5) -> None:
        for _ in range(times):
            cpu, wall = time.process_time(), time.perf_counter()
            total = 0
            for number in range(WORK):
                total += number
            self.cpu.append(time.process_time() - cpu)
            self.wall.append(time.perf_counter() - wall)

    def facts(self) -> dict[str, Any]:
        return {
            "cpu_model": cpu_model(),
            "cores": os.cpu_count(),
            "python": sys.version.split()[0],
            "system": platform.platform(),
            "load_before": self.load_before,
            "load_after": os.getloadavg(),
            "loop_ms": statistics.median(self.cpu) * 1000,
            "loop_cpu_spread": spread(self.cpu),
            "loop_wall_over_cpu": sum(self.wall) / sum(self.cpu),
        }


def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
