"""Whatever people, organizers, the clock and the worker do to an event, in whichever order: what must hold, holds.

A short look; ``tests/torture/test_life.py`` takes its time.
"""

import pytest
from hypothesis import Phase
from hypothesis import settings as examples

from tests.life.broken import BROKEN
from tests.life.conftest import Live

SHORT = examples(max_examples=3, stateful_step_count=15)


def test_what_must_hold_holds(live: Live) -> None:
    live(SHORT)


def test_a_broken_rule_is_found(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN["the_revision_stands_still"](monkeypatch)
    with pytest.raises(AssertionError):
        live(examples(SHORT, max_examples=20, stateful_step_count=20, phases=[Phase.generate]))
