"""People register: on a phone in Mexico City, without script, in haste, and after a mistake."""

import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from eventsapp.db import db
from eventsapp.models import Registration
from tests.browser.conftest import Window
from tests.browser.live import Live

PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
    "locale": "es-MX",
    "timezone_id": "America/Mexico_City",
}
HERE = "domingo, 28 de junio de 2026, 23:30"
THERE = "lunes, 29 de junio de 2026, 0:30"
BUTTON = "main form button[type=submit]"


def plain(text: str) -> str:
    """The text with ordinary blanks and each run of them as one."""
    return " ".join(text.split())


def letters_to(letters: list[EmailMessage], address: str) -> list[EmailMessage]:
    return [letter for letter in letters if letter["To"].addresses[0].addr_spec == address]


def words_of(letter: EmailMessage) -> str:
    return plain(letter.get_body(("plain",)).get_content())


def join_link(letter: EmailMessage) -> str:
    return re.search(r"http://\S+/j/\S+", letter.get_body(("plain",)).get_content())[0]


def fill_in(page: Page, name: str, email: str) -> None:
    page.locator("[name=name]").fill(name)
    page.locator("[name=email]").fill(email)


def test_a_visitor_in_mexico_city(window: Window, live: Live) -> None:
    page = window(**PHONE)
    page.goto("/events/evening")
    assert page.evaluate("document.documentElement.lang") == "es"
    page.get_by_text(THERE.partition(",")[0]).first.wait_for()
    said = plain(page.inner_text("main"))
    assert HERE in said
    assert "Los Ángeles, UTC−7" in said
    assert "Ciudad de México, UTC−6" in said
    assert "+1 día" in said
    fill_in(page, "Ana Ñandú", "ana@example.org")
    page.get_by_label("Por una amistad").check()
    page.locator("[name=q-consent]").check()
    page.locator(BUTTON).tap()
    page.wait_for_url("**/registrations/*")
    receipt = plain(page.inner_text("main"))
    assert THERE in receipt
    assert "a…@example.org" in receipt
    (letter,) = letters_to(live.deliver(), "ana@example.org")
    assert letter["Content-Language"] == "es"
    assert THERE in words_of(letter)
    page.goto(join_link(letter))
    assert THERE in plain(page.inner_text("main"))


def test_the_same_without_script(window: Window, live: Live) -> None:
    page = window(**PHONE, java_script_enabled=False)
    page.goto("/es/events/evening")
    assert HERE in plain(page.inner_text("main"))
    page.locator("main a[href*='time-zone']").first.tap()
    page.locator("[name=q]").fill("guadalajara mexico")
    page.locator("main form button").first.tap()
    page.locator("main a[href*='tz=America/Mexico_City']").first.tap()
    page.wait_for_url("**/events/evening?tz=America/Mexico_City")
    said = plain(page.inner_text("main"))
    assert THERE in said
    assert "+1 día" in said
    with page.expect_navigation():
        page.locator(BUTTON).tap()
    assert page.locator(".problem li").count() == 4
    fill_in(page, "Eva Sin Guion", "eva@example.org")
    page.get_by_label("Por una amistad").check()
    page.locator("[name=q-consent]").check()
    page.locator(BUTTON).tap()
    page.wait_for_url("**/registrations/*")
    assert THERE in plain(page.inner_text("main"))
    (letter,) = letters_to(live.deliver(), "eva@example.org")
    assert THERE in words_of(letter)


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
