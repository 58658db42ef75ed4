"""People register: in haste, and after a mistake."""

import pytest
from sqlalchemy import select

from eventsapp.db import db
from eventsapp.models import Registration
from tests.browser.conftest import Window
from tests.browser.live import Live
from tests.browser.reading import BUTTON, fill_in, letters_to


@pytest.mark.parametrize("script", [True, False])
def test_a_double_click_registers_once(script: bool, window: Window, live: Live) -> None:
    page = window(java_script_enabled=script)
    page.goto("/en/events/vancouver")
    address = f"twice-{script}@example.org".lower()
    fill_in(page, "Di Twice", address)
    page.locator(BUTTON).dblclick()
    page.wait_for_url("**/registrations/*")
    page.wait_for_load_state("networkidle")
    assert len(letters_to(live.deliver(), address)) == 1
    with live.rows():
        found = db.session.scalars(select(Registration).where(Registration.email == address))
        assert [len(registration.places) for registration in found] == [1]


def test_going_back_after_a_mistake_keeps_what_was_typed(window: Window) -> None:
    page = window()
    page.goto("/en/events/evening")
    fill_in(page, "Bea Back", "bea at example.org")
    page.locator("[name=q-story]").fill("A long\nstory")
    page.locator(BUTTON).click()
    page.wait_for_url("**/registrations")
    assert page.locator("[name=name]").input_value() == "Bea Back"
    assert page.locator("[name=email]").input_value() == "bea at example.org"
    page.go_back()
    page.wait_for_url("**/events/evening")
    assert page.locator("[name=name]").input_value() == "Bea Back"
    assert page.locator("[name=q-story]").input_value() == "A long\nstory"


def test_a_mistyped_address_is_put_right(window: Window, live: Live) -> None:
    page = window()
    page.goto("/en/events/vancouver")
    fill_in(page, "Mia Typo", "mia@exmaple.org")
    page.locator(BUTTON).click()
    page.wait_for_url("**/registrations/*")
    page.locator("main form [name=email]").fill("mia@example.org")
    page.locator("main form button").last.click()
    page.wait_for_function("document.querySelector('main').innerText.includes('m…@example.org')")
    assert [letter["To"].addresses[0].addr_spec for letter in live.deliver()][-1:] == ["mia@example.org"]
