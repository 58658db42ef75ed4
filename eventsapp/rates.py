"""How often something may happen: counted in Redis for all processes together, or else in this one alone.

Nothing is kept here for longer than the time that a rate is about.
"""

import logging
import time

from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

PATIENCE = 0.5  # seconds that Redis gets for an answer: somebody waits for a page
ASK_AGAIN_AFTER = 5.0  # seconds, while it is away

log = logging.getLogger(__name__)


class Rates:
    """Counts in the Redis at ``url``, and in this process where there is none or while it is away.

    So a limit never stops what it limits only because Redis is away. Threads may share one.
    """

    def __init__(self, url: str = "") -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._storage = _redis(url) if url else None
        self._shared = MovingWindowRateLimiter(self._storage) if self._storage else None
        self._away = False
        self._ask_at = 0.0  # monotonic seconds

    def take(self, rate: RateLimitItem, *identifiers: str) -> bool:
        """Count one more of what the identifiers name; False where that is one too many, and then it is not counted."""
        if self._shared is not None and self._ask_at <= time.monotonic():
            try:
                taken = self._shared.hit(rate, *identifiers)
            except StorageError as error:
                self._lose(error)
            else:
                self._find()
                return taken
        return self._own.hit(rate, *identifiers)

    @property
    def shared(self) -> bool:
        """Whether there is a Redis to count in."""
        return self._storage is not None

    def answers(self) -> bool:
        """Whether all processes count together at this moment. Asks Redis."""
        return self._storage is not None and self._storage.check()

    def _lose(self, error: StorageError) -> None:
        self._ask_at = time.monotonic() + ASK_AGAIN_AFTER
        if not self._away:
            self._away = True
            cause = type(error.__cause__).__name__
            log.warning("Redis does not answer (%s): limits hold in each process by itself until it does", cause)

    def _find(self) -> None:
        if self._away:
            self._away = False
            log.warning("Redis answers again: limits hold for all processes together")


def _redis(url: str) -> RedisStorage:
    """Connects when it is first asked."""
    url = f"redis+{url}" if url.startswith("unix:") else url  # as the library spells it
    return RedisStorage(
        url, key_prefix="eventsapp", wrap_exceptions=True, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    )
