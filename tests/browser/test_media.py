"""Paper, forced colours and less motion: each page still says all that it has to say."""

import re

import pytest

from tests.browser.conftest import Window
from tests.browser.scenes import SCENES
from tests.browser.test_layout import MEASURES, faults


@pytest.mark.parametrize("name", SCENES)
def test_forced_colours_leave_every_control_visible(name: str, window: Window, paths: dict[str, str]) -> None:
    page = window(forced_colors="active")
    SCENES[name].open(page, "en", paths)
    page.evaluate(MEASURES)
    assert page.evaluate("measures.borderless()") == []


@pytest.mark.parametrize("name", ["event", "receipt", "join"])
def test_paper_carries_the_facts_and_no_controls(name: str, window: Window, paths: dict[str, str]) -> None:
    page = window(viewport={"width": 720, "height": 1000}, color_scheme="dark")
    SCENES[name].open(page, "en", paths)
    page.emulate_media(media="print")
    assert "\n".join(faults(page)) == ""
    ink = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert max(map(int, re.findall(r"\d+", ink))) < 64, f"{ink} is no ink for paper"
    assert page.locator("main").get_by_text("2026").first.is_visible()
    assert [button.inner_text() for button in page.locator("button").all() if button.is_visible()] == []
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_nothing_moves_for_those_who_asked(window: Window) -> None:
    page = window(reduced_motion="reduce")
    page.goto("/en/events/forum")
    page.evaluate(MEASURES)
    assert page.evaluate("measures.moving()") == []
