"""How fast letters may leave: over how many connections, how many a second, and when to wait after trouble.

Knows no letter and no database. Trouble is what a server that is busy or away makes; being turned away for good is an
outage, which all workers share.
"""

import time
from collections.abc import Callable

from limits import RateLimitItemPerSecond

from eventsapp.rates import Rates

PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)  # seconds, growing while nothing gets through
GROW_AFTER = 30.0  # seconds without trouble until one more connection is opened
FULL_FOR = 0.1  # seconds until a domain over its limit is looked at again


class Pace:
    """``connections`` at most; ``per_second`` letters and ``per_domain`` letters a second, 0 for no limit."""

    def __init__(
        self,
        connections: int,
        *,
        per_second: int = 0,
        per_domain: int = 0,
        rates: Rates | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = self._width = connections
        self._rates = rates or Rates()
        self._per_second = RateLimitItemPerSecond(per_second) if per_second else None
        self._per_domain = RateLimitItemPerSecond(per_domain) if per_domain else None
        self._monotonic = monotonic
        self._turn = False  # one letter's share of the limit for all is taken and not used
        self._full: dict[str, float] = {}
        self._troubles = 0
        self._changed_at = 0.0
        self._resume_at = 0.0

    @property
    def width(self) -> int:
        """How many connections there may be now."""
        now = self._monotonic()
        if self._width < self._most and now - self._changed_at >= GROW_AFTER:
            self._width, self._changed_at = self._width + 1, now
        return self._width

    def trouble(self) -> float:
        """The server is busy or away for one connection: one fewer from now on, and the last one rests.

        Returns the seconds to rest.
        """
        now = self._monotonic()
        self._changed_at = now
        if self._width > 1:
            self._width -= 1
        elif self._resume_at <= now:
            self._resume_at = now + PAUSES[min(self._troubles, len(PAUSES) - 1)]
            self._troubles += 1
        return max(0.0, self._resume_at - now)

    def got_through(self) -> None:
        self._troubles = 0

    def rest(self) -> float:
        """Seconds until anything may be sent."""
        return max(0.0, self._resume_at - self._monotonic())

    def turn(self) -> bool:
        """Whether a letter may leave now. What was granted stays so until it is ``used``."""
        self._turn = self._turn or self._per_second is None or self._rates.take(self._per_second, "mail")
        return self._turn

    def used(self) -> None:
        self._turn = False

    def open_for(self, domain: str) -> bool:
        """Whether a letter may leave for this domain, and then it is counted."""
        if self._per_domain is None or self._rates.take(self._per_domain, "mail", domain):
            return True
        self._full[domain] = self._monotonic() + FULL_FOR
        return False

    def full(self) -> list[str]:
        """The domains that were over their limit just now."""
        now = self._monotonic()
        self._full = {domain: until for domain, until in self._full.items() if until > now}
        return list(self._full)
