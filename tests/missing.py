"""What a test needs and this machine lacks. It is missed aloud, and under CI it must be there."""

import os
from typing import NoReturn

import pytest

NOT_TESTED = "NOT TESTED"  # by these words the end of a run finds what to say once more


def missing(what: str, reason: str) -> NoReturn:
    """Skip, because ``what`` cannot be tested here; under CI fail."""
    said = f"{what} WAS {NOT_TESTED}: {reason}"
    if os.environ.get("CI"):
        pytest.fail(said, pytrace=False)
    pytest.skip(said)
