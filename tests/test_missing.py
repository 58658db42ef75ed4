"""What a machine lacks is said at the end of a run, and fails where nothing may be left out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.missing import missing

ROOT = Path(__file__).parents[1]
SAID = (
    "READING BY ICAL.JS WAS NOT TESTED: node is not there; install Node.js 18 or newer and run `npm ci` in tests/ical"
)


def test_what_is_missing_is_said_once_at_the_end() -> None:
    """On a machine without node, and from several processes, whose own summaries nobody hears."""
    environ = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "1", "tests/ical/test_readers.py", "-k", "naive_block"],
        cwd=ROOT,
        env=environ | {"PATH": "/nowhere"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout.count(SAID)) == (0, 1), done.stdout + done.stderr


def test_what_is_missing_fails_where_nothing_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="A MOON WAS NOT TESTED: it is cloudy"):
        missing("A MOON", "it is cloudy")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="A MOON WAS NOT TESTED: it is cloudy"):
        missing("A MOON", "it is cloudy")
