"""What every lane of the worker is."""

from threading import Event
from typing import Protocol


class Lane(Protocol):
    """``work`` does what is due and returns the seconds to rest, 0 where there is more; it ends early at ``stop``.

    Nothing of one lane may take long, since the others wait for it.
    """

    def work(self, stop: Event, poll: float) -> float: ...

    def finish(self) -> None:
        """The worker ends: wait for what is on its way."""


class Prompt:
    """A lane that has nothing on its way once ``work`` has returned."""

    def finish(self) -> None:
        """There is nothing to wait for."""
