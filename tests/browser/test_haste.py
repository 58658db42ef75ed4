"""People in haste, and networks that are not: two tabs, the way back, a reload, a slow line. One registration each."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route
from sqlalchemy import func, select

from eventsapp.db import db
from eventsapp.models import Place, Registration
from tests.browser.conftest import Window
from tests.browser.live import Live
from tests.browser.reading import BUTTON, fill_in, letters_to, said, words_of

SLOW = {"offline": False, "latency": 300, "downloadThroughput": 40_000, "uploadThroughput": 20_000}  # bytes a second


def registered(live: Live, email: str) -> tuple[int, int]:
    """How many registrations of that address there are, and how many places they hold."""
    with live.rows():
        counted = select(func.count(Registration.id.distinct()), func.count(Place.id)).join(Place)
        found = db.session.execute(counted.where(Registration.email == email)).one()
        return found[0], found[1]


def send(page: Page) -> None:
    page.locator(BUTTON).click()
    page.wait_for_url("**/registrations/*")


def _keeping() -> tuple[list[Route], Callable[[Route], None]]:
    """Requests that are held back, and what holds them."""
    held: list[Route] = []
    return held, lambda route: held.append(route)  # noqa: PLW0108  Playwright marks the function, and cannot a method


def test_two_tabs_register_the_same_address_once(window: Window, live: Live) -> None:
    """Both are told the same, as nobody is told whether an address is known; each has a reference of its own."""
    page = window()
    tabs = [page, page.context.new_page()]
    for tab in tabs:
        tab.goto("/en/events/vancouver")
        fill_in(tab, "Two Tabs", "tabs@example.org")
    for tab in tabs:
        send(tab)
    first, second = (said(tab).replace(tab.locator(".code").inner_text(), "") for tab in tabs)
    assert first == second
    assert registered(live, "tabs@example.org") == (1, 1)
    assert len(letters_to(live.deliver(), "tabs@example.org")) == 1


def test_back_from_the_receipt_and_once_more(window: Window, live: Live) -> None:
    page = window()
    page.goto("/en/events/vancouver")
    fill_in(page, "Bo Back", "back@example.org")
    send(page)
    receipt = page.url
    page.go_back()
    page.wait_for_url("**/events/vancouver")
    assert page.locator("[name=email]").input_value() == "back@example.org"
    send(page)
    assert page.url != receipt
    assert registered(live, "back@example.org") == (1, 1)
    assert len(letters_to(live.deliver(), "back@example.org")) == 1


def test_reloading_the_receipt_sends_nothing(window: Window, live: Live) -> None:
    page = window()
    page.goto("/en/events/vancouver")
    fill_in(page, "Ray Load", "reload@example.org")
    send(page)
    told, sent = said(page), []
    page.on("request", lambda request: sent.append(request.method))
    page.reload()
    assert said(page) == told
    assert set(sent) == {"GET"}
    assert len(letters_to(live.deliver(), "reload@example.org")) == 1


def test_impatience_while_the_answer_is_under_way(window: Window, live: Live) -> None:
    """Each more press would be a second POST, had the script not kept it back."""
    page = window()
    page.goto("/en/events/vancouver", wait_until="networkidle")
    fill_in(page, "Im Patient", "impatient@example.org")
    held, hold = _keeping()
    page.route("**/registrations", hold)
    page.locator(BUTTON).scroll_into_view_if_needed()
    box = page.locator(BUTTON).bounding_box()
    for _press in range(3):  # by hand, since Playwright would wait for the answer
        page.mouse.click(box["x"] + 20, box["y"] + 20)
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_url("**/registrations/*")
    assert len(letters_to(live.deliver(), "impatient@example.org")) == 1


@pytest.mark.parametrize("late", ["script", "style"])
def test_a_page_serves_before_all_of_it_is_there(late: str, window: Window, live: Live) -> None:
    """On a slow line, with the script or the style sheet still to come."""
    page = window(timezone_id="Asia/Tokyo")
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
    held, hold = _keeping()
    page.route("**/site*.js" if late == "script" else "**/more*.css", hold)
    page.goto("/en/events/vancouver", wait_until="commit")
    address = f"slow-{late}@example.org"
    fill_in(page, "Slow Line", address)
    page.locator("[name=time_zone]").fill("Madrid")
    if late == "script":
        assert len(held) == 1
    page.locator(BUTTON).click()
    page.wait_for_url("**/registrations/*", wait_until="commit")
    page.get_by_text("Madrid").first.wait_for()
    assert len(letters_to(live.deliver(), address)) == 1


def test_who_sends_the_form_before_the_times_are_there_is_written_to_in_their_zone(window: Window, live: Live) -> None:
    page = window(timezone_id="Asia/Tokyo")
    held, hold = _keeping()
    page.route("**/*part=times*", hold)
    page.goto("/en/events/vancouver")
    fill_in(page, "Kim Quick", "quick@example.org")
    assert len(held) == 1
    send(page)
    assert "(Tokyo, UTC+9)" in said(page)
    assert "(Tokyo, UTC+9)" in words_of(letters_to(live.deliver(), "quick@example.org")[0])


def test_a_script_that_comes_late_takes_nothing_back(window: Window) -> None:
    page = window(timezone_id="Asia/Tokyo")
    held, hold = _keeping()
    page.route("**/site*.js", hold)
    page.goto("/en/events/vancouver", wait_until="commit")
    fill_in(page, "Lee Late", "late@example.org")
    page.locator("[name=time_zone]").fill("Madrid")
    page.locator("[name=email]").focus()
    held[0].continue_()
    page.get_by_text("(Tokyo, UTC+9)").first.wait_for()
    assert page.locator("[name=name]").input_value() == "Lee Late"
    assert page.locator("[name=time_zone]").input_value() == "Madrid"
    assert page.evaluate("document.activeElement.name") == "email"
