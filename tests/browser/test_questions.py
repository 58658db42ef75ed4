"""Questions that are asked only sometimes: the script hides them and sends none of them; without it all are shown."""

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from eventsapp.db import db
from eventsapp.models import Registration
from eventsapp.queries.registrations import answers_of
from tests.browser.conftest import Window
from tests.browser.live import Live

BUTTON = "main form button[type=submit]"
COOK = "What must the cook know?"
DETAILS = "Give details for “Something else”"
NEEDS = "What does the child need?"


def opened(page: Page, email: str = "") -> Page:
    page.goto("/en/events/supper")
    page.get_by_label("Your name").fill("Lee Lunch")
    page.get_by_label("E-mail address").fill(email)
    return page


def shown(page: Page) -> list[str]:
    """Which of those that hang on an answer can be seen."""
    said = " ".join(page.locator(":is(label, legend):visible").all_inner_texts())
    return [words for words in (COOK, DETAILS, NEEDS) if words in said]


def answers(live: Live, email: str) -> dict[str, object]:
    with live.rows():
        return dict(answers_of(db.session.scalars(select(Registration).where(Registration.email == email)).one()))


def test_what_is_not_asked_is_not_shown(window: Window) -> None:
    page = opened(window())
    assert shown(page) == []
    page.get_by_label("Lentils").check()
    assert shown(page) == []
    page.get_by_label("Fish").check()
    assert shown(page) == [COOK]
    page.get_by_label("Something else").first.check()
    assert shown(page) == [COOK, DETAILS]
    page.get_by_label("Yes").check()
    assert shown(page) == [COOK, DETAILS, NEEDS]
    page.get_by_label("No", exact=True).check()
    page.get_by_label("Lentils").check()
    assert shown(page) == []
    assert page.locator(".if").all_inner_texts() == ["", ""]
    assert page.get_by_label("Cheese").is_disabled()


def test_what_is_hidden_is_not_sent(window: Window, live: Live) -> None:
    page = opened(window(), "hidden@example.org")
    page.get_by_label("Something else").first.check()
    page.get_by_label(DETAILS).fill("Bread alone")
    page.get_by_label(COOK).fill("No nuts")
    page.get_by_label("Yes").check()
    page.get_by_label("Something to play with").check()
    page.get_by_label("No", exact=True).check()
    page.get_by_label("Lentils").check()
    with page.expect_request("**/registrations") as sent:
        page.locator(BUTTON).click()
    page.wait_for_url("**/registrations/*")
    body = sent.value.post_data or ""
    assert [name for name in ("other", "q-allergies", "q-age") if name in body] == []
    assert answers(live, "hidden@example.org") == {"dish": "lentils", "child": False}


def test_what_was_typed_is_there_again_when_it_is_asked_again(window: Window) -> None:
    page = opened(window())
    page.get_by_label("Fish").check()
    page.get_by_label(COOK).fill("No nuts")
    page.get_by_label("Lentils").check()
    page.get_by_label("Fish").check()
    assert page.get_by_label(COOK).input_value() == "No nuts"


def test_a_mistake_and_the_way_back_show_what_is_asked(window: Window) -> None:
    page = opened(window())
    page.get_by_label("Something else").first.check()
    page.locator(BUTTON).click()
    page.wait_for_url("**/registrations")
    assert shown(page) == [COOK, DETAILS]
    links = page.locator(".problem a")
    assert links.all_inner_texts() == [
        "Enter your e-mail address.",
        "Give details for “Something else”, or choose another option for “What would you like to eat?”.",
        "Answer “What must the cook know?”.",
    ]
    links.nth(1).click()
    assert page.evaluate("document.activeElement.name") == "q-dish:other"
    page.go_back()  # from the field to the top of the same page
    page.go_back()
    page.wait_for_url("**/events/supper")
    page.wait_for_load_state("networkidle")
    assert page.get_by_label("Something else").first.is_checked()
    assert shown(page) == [COOK, DETAILS]


def test_without_script_all_is_shown_with_its_condition(window: Window, live: Live) -> None:
    page = opened(window(java_script_enabled=False), "plain@example.org")
    assert shown(page) == [COOK, DETAILS, NEEDS]
    assert page.locator(".if").all_inner_texts() == [
        "Only if you chose “Fish” or “Something else” for “What would you like to eat?”.",
        "Only if you answered “Yes” to “Do you bring a child?”.",
    ]
    page.get_by_label("Lentils").check()
    page.get_by_label(COOK).fill("Nothing")
    page.get_by_label("Something to play with").check()
    page.locator(BUTTON).click()
    page.wait_for_url("**/registrations/*")
    assert answers(live, "plain@example.org") == {"dish": "lentils"}


@pytest.mark.parametrize("script", [True, False])
def test_with_the_keyboard_alone(script: bool, window: Window, live: Live) -> None:
    address = f"keys-{script}@example.org".lower()
    page = opened(window(java_script_enabled=script), address)
    page.get_by_label("Lentils").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")  # past the cheese, which is gone
    assert page.get_by_label("Something else").first.is_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Soup")
    page.keyboard.press("Tab")
    page.keyboard.type("No salt")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.locator(BUTTON).press("Enter")
    page.wait_for_url("**/registrations/*")
    assert answers(live, address) == {
        "dish": {"chosen": ["else"], "said": "Soup"},
        "allergies": "No salt",
        "child": True,
    }
