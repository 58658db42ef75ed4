from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.chains.stores import Store, evolution, thunderbird


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Store]]:
    """Both calendars by name."""
    with ExitStack() as stack:
        yield {
            kind.__name__: stack.enter_context(kind(tmp_path_factory.mktemp(kind.__name__)))
            for kind in (evolution, thunderbird)
        }
