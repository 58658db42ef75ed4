"""Everything can be done with the keyboard alone, and one always sees where one is."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Window
from tests.browser.scenes import SCENES
from tests.browser.test_layout import MEASURES

MOST = 150


@pytest.mark.parametrize("name", SCENES)
def test_tab_halts_where_one_reads(name: str, reader: Page, paths: dict[str, str]) -> None:
    reader.set_viewport_size({"width": 768, "height": 600})
    SCENES[name].open(reader, "en", paths)
    reader.evaluate(MEASURES)
    reader.evaluate("measures.settled()")
    stops = reader.evaluate("measures.stops()")
    reader.evaluate("measures.begin()")
    halts = []
    for _press in range(MOST):
        reader.keyboard.press("Tab")
        if len(reader.frames) > 1:
            reader.wait_for_timeout(100)  # the focus goes from one process to another
        halt = reader.evaluate("measures.focus()")
        if halt is None or len(halts) == len(stops):
            break
        if not (halts and halt["framed"] and halts[-1]["framed"]):  # a frame holds stops of its own
            halts.append(halt)
    assert [halt["word"] for halt in halts] == stops
    assert [halt["word"] for halt in halts if not halt["ringed"] or halt["covered"]] == []


def test_the_first_stop_leads_past_the_head(window: Window) -> None:
    page = window()
    page.goto("/en/events/forum")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hash") == "#main"
    assert page.locator(":focus").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_mistakes_are_led_through(window: Window) -> None:
    page = window()
    page.goto("/en/events/evening")
    page.locator("[name=name]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/registrations")
    summary = page.locator(":focus")
    assert page.title().startswith("Error: ")
    assert summary.locator("h2").inner_text() == "There is a problem"
    links = summary.get_by_role("link")
    words = links.all_inner_texts()
    assert len(words) == 4  # name, address, "how did you hear", consent
    for sentence in words:
        page.evaluate("scrollTo(0, 0)")
        page.get_by_role("link", name=sentence, exact=True).focus()
        page.keyboard.press("Enter")
        field = page.locator(":focus")
        assert field.evaluate("element => element.matches('input, select, textarea')")
        described = field.evaluate(
            "element => (element.closest('fieldset[aria-describedby]') ?? element)"
            ".getAttribute('aria-describedby').split(' ').map(id => document.getElementById(id).textContent)"
        )
        assert [said for said in described if sentence in said] != []


def test_the_whole_form_is_sent_from_the_keyboard(window: Window) -> None:
    page = window()
    page.goto("/en/events/vancouver")
    page.locator("[name=name]").focus()
    page.keyboard.type("Ana Key")
    page.keyboard.press("Tab")
    page.keyboard.type("keyboard@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/registrations/*")
    assert "k…@example.org" in page.inner_text("main")
