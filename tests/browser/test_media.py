"""Paper, forced colours and less motion: each page still says all that it has to say."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.scenes import SCENES
from tests.browser.test_layout import MEASURES, faults


@pytest.mark.parametrize("name", SCENES)
def test_forced_colours_leave_every_control_visible(name: str, reader: Page, paths: dict[str, str]) -> None:
    reader.emulate_media(forced_colors="active")
    SCENES[name].open(reader, "en", paths)
    reader.evaluate(MEASURES)
    assert reader.evaluate("measures.borderless()") == []


@pytest.mark.parametrize("name", ["event", "receipt", "receipt-to-confirm", "verified", "join", "manage", "data"])
def test_paper_carries_the_facts_and_no_controls(name: str, reader: Page, paths: dict[str, str]) -> None:
    reader.set_viewport_size({"width": 720, "height": 1000})
    SCENES[name].open(reader, "en", paths)
    reader.emulate_media(media="print", color_scheme="dark")
    assert "\n".join(faults(reader)) == ""
    ink = reader.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert max(map(int, re.findall(r"\d+", ink))) < 64, f"{ink} is no ink for paper"
    assert reader.locator("main").get_by_text("2026").first.is_visible()
    controls = reader.locator("button, .button").all()
    assert [control.inner_text() for control in controls if control.is_visible()] == []
    assert reader.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_nothing_moves_for_those_who_asked(reader: Page) -> None:
    reader.goto("/en/events/forum")
    reader.evaluate(MEASURES)
    assert reader.evaluate("measures.moving()") == []
