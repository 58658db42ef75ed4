"""Nothing runs out of the window, is cut off or lies over something else; small screens, large text, both ways."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Window
from tests.browser.scenes import SCENES, STATES

MEASURES = (Path(__file__).parent / "measures.js").read_text(encoding="utf-8")
ALL = SCENES | STATES
WINDOWS = (320, 360, 768, 1280, 1920)
SPACING = """
const sheet = new CSSStyleSheet();
sheet.replaceSync(`* {line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important}
    p {margin-block-end: 2em !important}`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
"""


def faults(page: Page) -> list[str]:
    page.evaluate(MEASURES)
    return page.evaluate("[...measures.sideways(), ...measures.clipped(), ...measures.overlapping()]")


def set_text_size(page: Page, pixels: int) -> None:
    """What a reader sets in the browser's own settings."""
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": pixels, "fixed": pixels}})


@pytest.mark.parametrize("name", ALL)
def test_fits_every_window(name: str, window: Window, paths: dict[str, str]) -> None:
    page = window(viewport={"width": 320, "height": 640})
    ALL[name].open(page, "es", paths)
    found = []
    for wide in WINDOWS:
        page.set_viewport_size({"width": wide, "height": 900})
        found += [f"{wide} px: {fault}" for fault in faults(page)]
    assert "\n".join(found) == ""


@pytest.mark.parametrize("name", ALL)
def test_fits_with_larger_and_wider_text(name: str, window: Window, paths: dict[str, str]) -> None:
    """WCAG 1.4.4 and 1.4.12: text twice as large, then lines, words and letters further apart."""
    page = window(viewport={"width": 640, "height": 900})
    ALL[name].open(page, "en", paths)
    usual = _body_size(page)
    set_text_size(page, 32)
    assert _body_size(page) == pytest.approx(2 * usual, rel=0.15)
    assert "\n".join(faults(page)) == ""
    page.set_viewport_size({"width": 320, "height": 740})  # more than WCAG asks for
    assert "\n".join(faults(page)) == ""
    set_text_size(page, 16)
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate(SPACING)
    assert "\n".join(faults(page)) == ""


def test_an_arabic_page_runs_from_right_to_left(window: Window) -> None:
    page = window(viewport={"width": 1280, "height": 900})
    page.goto("/ar/events/arabic")
    assert page.evaluate("document.documentElement.dir") == "rtl"
    assert _run_of(page, "h1") == ["ar", "rtl"]
    assert _run_of(page, ".prose p") == ["ar", "rtl"]
    tile, words = (page.locator(part).first.bounding_box() for part in (".tile", ".tile + div"))
    assert tile["x"] > words["x"]


def test_an_arabic_passage_keeps_its_direction_on_an_english_page(window: Window) -> None:
    page = window()
    page.goto("/en/events/arabic-only")
    assert page.evaluate("document.documentElement.dir") == "ltr"
    assert _run_of(page, "h1") == ["ar", "rtl"]
    assert _run_of(page, ".prose p") == ["ar", "rtl"]
    assert _run_of(page, "button") == ["en", "ltr"]


def _run_of(page: Page, selector: str) -> list[str]:
    """The language and the direction that hold for an element."""
    said: list[str] = page.locator(selector).first.evaluate(
        "element => [element.closest('[lang]').lang, getComputedStyle(element).direction]"
    )
    return said


def _body_size(page: Page) -> float:
    size: float = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    return size
