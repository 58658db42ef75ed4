"""Whether the machine's clock was set: the worker looks at it beside one that nobody sets."""

import time
from collections.abc import Callable
from datetime import datetime

NOTICED = 1.0  # seconds: less is the fine tuning by which clocks are kept right


class Drift:
    def __init__(self, clock: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._ahead = self._ahead_by()

    def moved(self) -> float:
        """Seconds by which the clock was set since this was asked last, negative where it was put back; else 0."""
        before, self._ahead = self._ahead, self._ahead_by()
        moved = self._ahead - before
        return moved if abs(moved) > NOTICED else 0.0

    def _ahead_by(self) -> float:
        return self._clock().timestamp() - self._monotonic()
