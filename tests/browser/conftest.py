"""Chromium, the served application, and what npm holds. Each is missed aloud; under CI it must be there."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import Visitor, chromium, executable
from tests.browser.live import Live, serving
from tests.browser.scenes import set_paths, set_stage
from tests.missing import missing

Window = Callable[..., Page]

MODULES = Path(__file__).parent / "node_modules"


def module(name: str) -> Path:
    """A file below node_modules."""
    path = MODULES / name
    if not path.exists():
        missing(
            f"WHAT NEEDS {name.partition('/')[0].upper()}",
            f"{path} is not there; run `npm ci --ignore-scripts` in tests/browser",
        )
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if executable() is None:
        missing("THE BROWSER", "no Chromium is installed; install the package chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def axe() -> str:
    return module("axe-core/axe.min.js").read_text()


@pytest.fixture(scope="session")
def checker() -> list[str]:
    java = shutil.which("java") or missing("HTML", "the checker needs Java; install the package default-jre-headless")
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # it does not live long enough to be made fast
    return [java, "-Xss8m", *quick, "-jar", str(module("vnu-jar/build/dist/vnu.jar"))]


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("live") / "instance") as live:
        set_stage(live)
        yield live


@pytest.fixture(scope="session")
def paths(live: Live) -> dict[str, str]:
    return set_paths(live)


@pytest.fixture
def window(browser: Browser, live: Live) -> Iterator[Window]:
    """``window(locale="es-MX")`` is the empty page of a new visitor, with Playwright's options for a context.

    At the end of the test nothing may have gone wrong on the way: no console error, broken policy, foreign request,
    cookie.
    """
    visitors: list[Visitor] = []

    def open_window(**options: Any) -> Page:
        visitors.append(Visitor.of(browser, live.url(""), **options))
        return visitors[-1].page

    yield open_window
    told = "".join(visitor.tell() for visitor in visitors)
    for visitor in visitors:
        visitor.context.close()
    assert told == ""


@pytest.fixture(scope="session")
def _reader(browser: Browser, live: Live) -> Iterator[Visitor]:
    visitor = Visitor.of(browser, live.url(""))
    yield visitor
    visitor.context.close()


@pytest.fixture
def reader(_reader: Visitor) -> Iterator[Page]:
    """The page of somebody who only looks: one window for all such tests, since each new one costs half a second."""
    _reader.page.set_viewport_size({"width": 1280, "height": 800})
    _reader.page.emulate_media(media="screen", color_scheme="light", forced_colors="none", reduced_motion="reduce")
    yield _reader.page
    assert _reader.tell() == ""
