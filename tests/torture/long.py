"""How long hypothesis looks in these tests. What failed is kept in ``.hypothesis`` and tried first the next time."""

import os
import secrets

from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from hypothesis.database import DirectoryBasedExampleDatabase

SEED = "EVENTSAPP_TORTURE_SEED"


def long(number: int, steps: int = 40) -> examples:
    """So many examples, other ones each time."""
    return examples(
        max_examples=number,
        stateful_step_count=steps,
        derandomize=False,
        database=DirectoryBasedExampleDatabase(".hypothesis/torture"),
        phases=[Phase.reuse, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )


def printed_seed() -> int:
    """The one that the environment says, or a new one; a failing test shows how to have it again."""
    begin = int(os.environ.get(SEED) or secrets.randbits(32))
    print(f"{SEED}={begin} makes the same examples again")  # noqa: T201
    return begin
