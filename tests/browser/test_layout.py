"""Nothing runs out of the window, is cut off or lies over something else; small screens, large text, both ways."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.scenes import SCENES, STATES

MEASURES = (Path(__file__).parent / "measures.js").read_text(encoding="utf-8")
ALL = SCENES | STATES
SPOKEN = [name for name, scene in SCENES.items() if "{tag}" in scene.path]
WINDOWS = (320, 768, 1280, 1920)
SPACING = """
const sheet = new CSSStyleSheet();
sheet.replaceSync(`* {line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important}
    p {margin-block-end: 2em !important}`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
"""


def faults(page: Page) -> list[str]:
    page.evaluate(MEASURES)
    return page.evaluate("[...measures.sideways(), ...measures.clipped(), ...measures.overlapping()]")


@contextmanager
def text_size(page: Page, pixels: int) -> Iterator[None]:
    """What a reader sets in the browser's own settings; 16 is usual."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("Page.setFontSizes", {"fontSizes": {"standard": pixels}})
    yield
    protocol.send("Page.setFontSizes", {"fontSizes": {"standard": 16}})
    protocol.detach()


@pytest.mark.parametrize("name", ALL)
def test_fits_every_window(name: str, reader: Page, paths: dict[str, str]) -> None:
    ALL[name].open(reader, "es", paths)
    found = []
    for wide in WINDOWS:
        reader.set_viewport_size({"width": wide, "height": 900})
        found += [f"{wide} px: {fault}" for fault in faults(reader)]
    assert "\n".join(found) == ""


@pytest.mark.parametrize("name", SPOKEN)
def test_fits_a_phone_in_long_words_and_from_right_to_left(name: str, reader: Page, paths: dict[str, str]) -> None:
    reader.set_viewport_size({"width": 320, "height": 900})
    found = []
    for tag in ("de", "ar"):
        SCENES[name].open(reader, tag, paths)
        found += [f"{tag}: {fault}" for fault in faults(reader)]
    assert "\n".join(found) == ""


@pytest.mark.parametrize("name", ALL)
def test_fits_with_larger_and_wider_text(name: str, reader: Page, paths: dict[str, str]) -> None:
    """WCAG 1.4.4 and 1.4.12: text twice as large, then lines, words and letters further apart."""
    ALL[name].open(reader, "en", paths)
    usual = _body_size(reader)
    found = []
    with text_size(reader, 32):
        grown = _body_size(reader) / usual
        for wide in (640, 320):  # the second is more than WCAG asks for
            reader.set_viewport_size({"width": wide, "height": 900})
            found += [f"{wide} px, large text: {fault}" for fault in faults(reader)]
    reader.set_viewport_size({"width": 360, "height": 740})
    reader.evaluate(SPACING)
    found += [f"spaced text: {fault}" for fault in faults(reader)]
    assert "\n".join(found) == ""
    assert grown == pytest.approx(2, rel=0.15)


def test_an_arabic_page_runs_from_right_to_left(reader: Page) -> None:
    reader.goto("/ar/events/arabic")
    assert reader.evaluate("document.documentElement.dir") == "rtl"
    assert _run_of(reader, "h1") == ["ar", "rtl"]
    assert _run_of(reader, ".prose p") == ["ar", "rtl"]
    tile, words = (reader.locator(part).first.bounding_box() for part in (".tile", ".tile + div"))
    assert tile["x"] > words["x"]


def test_an_arabic_passage_keeps_its_direction_on_an_english_page(reader: Page) -> None:
    reader.goto("/en/events/arabic-only")
    assert reader.evaluate("document.documentElement.dir") == "ltr"
    assert _run_of(reader, "h1") == ["ar", "rtl"]
    assert _run_of(reader, ".prose p") == ["ar", "rtl"]
    assert _run_of(reader, "button") == ["en", "ltr"]


def _run_of(page: Page, selector: str) -> list[str]:
    """The language and the direction that hold for an element."""
    said: list[str] = page.locator(selector).first.evaluate(
        "element => [element.closest('[lang]').lang, getComputedStyle(element).direction]"
    )
    return said


def _body_size(page: Page) -> float:
    size: float = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    return size
