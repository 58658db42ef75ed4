from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import seed
from hypothesis import settings as examples
from hypothesis.stateful import run_state_machine_as_test

from eventsapp.config import Settings
from tests.life.machine import Life

Live = Callable[..., None]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nobody is kept from anything because they do it often."""
    return replace(settings, limit_per_address=0, limit_per_domain=0)


@pytest.fixture
def live(app: Flask, settings: Settings) -> Live:
    """``live(examples(…))``: as many lives as these say; raises what is found, with the way to it."""

    def run(how: examples, begin: int | None = None) -> None:
        machine = type("Life", (Life,), {"app": app, "settings": settings})
        run_state_machine_as_test(machine if begin is None else seed(begin)(machine), settings=how)

    return run
