"""A release beside the next one on SQLite, where few will ever run two at once."""

import pytest

from tests.test_rolling_upgrade import (  # noqa: F401  the test is found by its name here, and asks for these fixtures
    of,
    releases,
    site_over,
    test_a_release_goes_on_beside_the_next_until_the_schema_is_contracted,
)


@pytest.fixture
def site(settings):
    with site_over(f"sqlite:///{settings.instance_path / 'events.sqlite3'}", settings) as site:
        yield site
