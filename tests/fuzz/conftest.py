from dataclasses import replace

import pytest
from flask import Flask

from eventsapp.config import Settings
from tests.factory import Make
from tests.fuzz.site import Site
from tests.web.conftest import COMPILED, standing_clock

__all__ = ["standing_clock"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        bounce_address="bounce@events.example.org",
        limit_per_network=0,
        limit_per_address=0,
        limit_per_domain=0,
    )


@pytest.fixture
def site(app: Flask, settings: Settings, make: Make) -> Site:
    app.jinja_env.bytecode_cache = COMPILED
    site = Site(app, settings, make)
    site.ready()
    return site
