"""axe-core finds nothing on any page: WCAG 2.0 to 2.2, A and AA, and best practice; light and dark."""

import pytest
from playwright.sync_api import Page

from tests.browser.scenes import SCENES, STATES

CONTRAST = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # the rest knows no colours
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """
rules => axe.run({runOnly: rules}).then(({violations}) => violations.flatMap(
    ({id, nodes}) => nodes.map(({html, failureSummary}) => `${id}: ${html.slice(0, 160)}: ${failureSummary}`)
))
"""


# What differs from right to left differs everywhere alike, so one page of each make is enough.
MIRRORED = ("list", "event", "errors", "receipt", "joining", "manage", "manage-dates", "data", "share", "zones")


@pytest.mark.parametrize("name", SCENES)
def test_no_violation_on_any_page(name: str, reader: Page, paths: dict[str, str], axe: str) -> None:
    SCENES[name].open(reader, "en", paths)
    assert "\n".join(violations(reader, axe)) == ""


@pytest.mark.parametrize("name", MIRRORED)
def test_no_violation_from_right_to_left(name: str, reader: Page, paths: dict[str, str], axe: str) -> None:
    SCENES[name].open(reader, "ar", paths)
    assert "\n".join(violations(reader, axe)) == ""


@pytest.mark.parametrize("name", STATES)
def test_no_violation_in_any_state(name: str, reader: Page, axe: str) -> None:
    reader.set_viewport_size({"width": 360, "height": 740})
    STATES[name].open(reader, "en", {})
    assert "\n".join(violations(reader, axe)) == ""


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(f"{axe}\n;undefined")
    found: list[str] = page.evaluate(RUN, RULES)
    page.emulate_media(color_scheme="dark")
    return found + [f"dark: {words}" for words in page.evaluate(RUN, CONTRAST)]
