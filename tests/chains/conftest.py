import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path

import pytest
from flask import Flask

from eventsapp.config import Settings
from tests.chains.journey import Journey
from tests.chains.stores import Store, evolution, thunderbird
from tests.factory import Make
from tests.mail.server import Script, smtp_server


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Store]]:
    """Both calendars by name."""
    with ExitStack() as stack:
        yield {
            kind.__name__: stack.enter_context(kind(tmp_path_factory.mktemp(kind.__name__)))
            for kind in (evolution, thunderbird)
        }


@pytest.fixture(scope="session")
def sink() -> Iterator[Script]:
    """A mail server that takes everything."""
    with smtp_server(Script()) as script:
        yield script


@pytest.fixture
def settings(settings: Settings, sink: Script) -> Settings:
    return replace(settings, mail_url=f"smtp://127.0.0.1:{sink.port}", mail_connections=1)


@pytest.fixture
def _environ(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's settings as the command line reads them."""
    for name in [name for name in os.environ if name.startswith("EVENTSAPP_")]:
        monkeypatch.delenv(name)
    for one in fields(Settings):
        monkeypatch.setenv(f"EVENTSAPP_{one.name.upper()}", str(getattr(settings, one.name)))


@pytest.fixture
def journey(app: Flask, make: Make, sink: Script, tmp_path: Path, _environ: None) -> Journey:
    make.organization()
    return Journey(app, sink, tmp_path, make.now)
