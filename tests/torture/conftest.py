"""Collected with ``--torture`` alone (``make torture``). What has passed with the code as it is is not run again."""

import hashlib
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from tests.chains.conftest import _environ, journey, settings, sink, stores
from tests.conftest import _migrate
from tests.factory import Make
from tests.mail.server import Script, smtp_server
from tests.torture.postbox import Postbox
from tests.torture.postgres import Server
from tests.torture.scene import Stage, house_settings, let_go

__all__ = ["_environ", "journey", "settings", "sink", "stores"]

ROOT = Path(__file__).parents[2]
PASSED = ROOT / ".torture" / "passed.json"  # {test: what the code and the options were}
CODE = ("eventsapp/**/*.py", "templates/**/*", "migrations/**/*.py", "tests/**/*.py", "requirements-dev.lock")


def _version(config: pytest.Config) -> str:
    digest = hashlib.sha256(str(config.getoption("people")).encode())
    for path in sorted(path for pattern in CODE for path in ROOT.glob(pattern) if path.is_file()):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _passed() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(PASSED.read_text())
    except (OSError, ValueError):
        return {}
    return found


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has passed already, unless ``--again``."""
    if config.getoption("again"):
        return
    here, version, passed = Path(__file__).parent, _version(config), _passed()
    done = [item for item in items if here in item.path.parents and passed.get(item.nodeid) == version]
    if done:
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item not in done]
        if not items:
            config.stash[ALL_PASSED] = len(done)


ALL_PASSED = pytest.StashKey[int]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    report = yield
    if report.when == "call" and report.passed:
        PASSED.parent.mkdir(exist_ok=True)
        PASSED.write_text(json.dumps(_passed() | {item.nodeid: _version(item.config)}, indent=1, sort_keys=True))
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """That nothing was left to do is no failure."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and ALL_PASSED in session.config.stash:
        session.exitstatus = pytest.ExitCode.OK


@pytest.fixture
def script() -> Iterator[Script]:
    with smtp_server(Script()) as script:
        yield script


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, session: Session, make: Make, settings: Settings, script: Script
) -> Iterator[Stage]:
    """Its seed is the run's, which pytest prints, and the test's name: ``--randomly-seed`` with it repeats the run."""
    chance = random.Random(f"{request.config.getoption('randomly_seed')} {request.node.name}")  # noqa: S311
    people = int(request.config.getoption("people"))
    stage = Stage(session, make, house_settings(settings, script), script, Postbox(script), people, chance)
    yield stage
    session.close()
    let_go()  # before its database ends
    print(f"\n{request.node.name}: {stage.said}")  # noqa: T201  what happened, beside that it went well


# --- a database of a test's own ---


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where it lies; not below pytest's own folders, which a server that runs as a user of its own cannot enter."""
    with tempfile.TemporaryDirectory(prefix="eventsapp-torture-") as folder:
        yield Path(folder)


@pytest.fixture
def server(folder: Path, _postgresql_url: str) -> Iterator[Server]:
    server = Server(folder)  # as the user that is made for the server all tests share
    server.start()
    yield server
    server.stop("immediate")


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> str:
    """Like ``database``, where it is the test's own: it may be cut off, locked or without room."""
    on_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("server").make_database() if on_postgresql else f"sqlite:///{folder / 'own.sqlite3'}"
    _migrate(url, tmp_path)
    return url
