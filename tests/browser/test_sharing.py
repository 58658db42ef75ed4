"""The text to copy reaches the clipboard by one press, and can be marked by hand without the script."""

import pytest

from tests.browser.conftest import Window

TEXT = "Los Angeles 16:00"
REFUSED = "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')) }"


@pytest.mark.parametrize("allowed", [True, False])
def test_a_press_copies_the_text_and_says_so(window: Window, allowed: bool) -> None:
    page = window(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/en/events/forum/share")
    if not allowed:
        page.evaluate(REFUSED)
    field, said = page.get_by_role("textbox", name="Español"), page.locator("main [role=status]")
    assert said.all_inner_texts() == ["", "", ""]
    page.get_by_role("button", name="Copy").nth(1).click()
    page.get_by_text("Copied").wait_for()
    assert said.all_inner_texts() == ["", "Copied", ""]
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == field.input_value()
    assert copied.startswith("Foro público sobre el agua\n")


def test_without_script_the_text_is_there_and_the_button_is_not(window: Window) -> None:
    page = window(java_script_enabled=False)
    page.goto("/en/events/forum/share")
    assert TEXT in page.get_by_role("textbox", name="English").input_value()
    assert page.get_by_role("button", name="Copy").count() == 0
    page.get_by_label("City, country or time zone").fill("nairobi")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Nairobi").click()
    assert "Nairobi 02:00 (+1)" in page.get_by_role("textbox", name="English").input_value()
    page.get_by_role("link", name="Remove").click()
    assert "Nairobi" not in page.get_by_role("textbox", name="English").input_value()
