"""Many lives of an event, on both databases; and every way to break it is found."""

import pytest
from hypothesis import Phase
from hypothesis import settings as examples

from tests.life.broken import BROKEN
from tests.life.conftest import Live, live, settings
from tests.torture.long import long, printed_seed

__all__ = ["live", "settings"]

LIVES = 300
SEARCH = examples(
    max_examples=400, stateful_step_count=30, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False
)


def test_what_must_hold_holds_for_long(live: Live) -> None:
    live(long(LIVES), printed_seed())


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_what_is_broken_is_found(what: str, live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN[what](monkeypatch)
    with pytest.raises(AssertionError):
        live(SEARCH)
