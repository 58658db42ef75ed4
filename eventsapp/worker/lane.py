"""What every lane of the worker is."""

from threading import Event
from typing import Protocol


class Lane(Protocol):
    """``work`` does what is due and returns the seconds to rest; it ends early once ``stop`` is set."""

    def work(self, stop: Event, poll: float) -> float: ...
