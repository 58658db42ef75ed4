"""The reader's time comes from the server: a browser may hold older zone data than ours, or know no zone at all."""

import pytest

from tests.browser.conftest import Window
from tests.browser.reading import plain

# What a browser says that knows nothing of British Columbia's law of 2026: eight hours behind UTC in winter.
OLD_DATA = """
Intl.DateTimeFormat.prototype.format = () => "OLD";
Intl.DateTimeFormat.prototype.formatToParts = () => [{type: "literal", value: "OLD"}];
Date.prototype.toLocaleString = Date.prototype.toLocaleDateString = Date.prototype.toLocaleTimeString = () => "OLD";
Date.prototype.getTimezoneOffset = () => 480;
"""

# All that hangs on the reader's zone, as it stands in the page.
ZONED = """[
    ...[...document.querySelectorAll("[data-zone]")].map((slot) => slot.outerHTML.trim()),
    document.getElementById("time_zone")?.value ?? "",
]"""


def test_the_page_shows_the_servers_words(window: Window) -> None:
    page = window(timezone_id="America/Vancouver")
    page.add_init_script(OLD_DATA)
    page.goto("/en/events/vancouver", wait_until="networkidle")
    assert "Friday 15 January 2027, 5:00 pm – 6:00 pm" in plain(page.inner_text("main"))
    assert "UTC−7" in page.inner_text("main")
    assert "OLD" not in page.inner_text("body")


def test_another_zone_is_worded_by_the_server(window: Window) -> None:
    page = window(timezone_id="Asia/Tokyo")
    page.add_init_script(OLD_DATA)
    page.goto("/en/events/vancouver")
    page.get_by_text("Tokyo").first.wait_for()
    said = plain(page.inner_text("main"))
    assert "Saturday 16 January 2027, 9:00 am" in said
    assert "+1 day" in said
    assert "OLD" not in said


@pytest.mark.parametrize(
    "path",
    [
        "/en/",
        "/es/organizations/example-league",
        "/en/events/forum",
        "/es/events/series",
        "/en/events/open-house",
        "/ja/events/lang",
        "/ar/events/arabic",
    ],
)
def test_the_script_makes_the_page_that_the_address_would(path: str, window: Window) -> None:
    page = window(timezone_id="America/Mexico_City")
    page.goto(path)
    page.get_by_text("UTC−6").first.wait_for()
    made = page.evaluate(ZONED)
    page.goto(f"{path}?tz=America/Mexico_City")
    assert made == page.evaluate(ZONED)
    assert "UTC−6" in "".join(made)


def test_the_page_of_a_mistake_shows_the_readers_times_too(window: Window) -> None:
    page = window(timezone_id="America/Mexico_City")
    page.goto("/en/events/evening", wait_until="networkidle")
    page.locator("[name=time_zone]").fill("Atlantis")
    page.locator("main form button[type=submit]").click()
    page.locator(".problem").wait_for()
    page.get_by_text("(Mexico City, UTC−6)").first.wait_for()
    assert page.locator("[name=time_zone]").input_value() == "Atlantis"


@pytest.mark.parametrize("tzid", ["Etc/Unknown", "Mars/Olympus", ""])
def test_a_browser_without_a_known_zone_shows_the_events_time(tzid: str, window: Window) -> None:
    page = window()
    page.add_init_script(
        "const format = Intl.DateTimeFormat.prototype, old = format.resolvedOptions;"
        f"format.resolvedOptions = function () {{return {{...old.call(this), timeZone: '{tzid}'}}}}"
    )
    page.goto("/en/events/vancouver", wait_until="networkidle")
    assert "Friday 15 January 2027, 5:00 pm – 6:00 pm" in plain(page.inner_text("main"))


def test_a_chosen_zone_is_kept_for_the_next_page(window: Window) -> None:
    page = window(timezone_id="Asia/Tokyo")
    page.goto("/en/events/vancouver")
    page.get_by_text("(Tokyo, UTC+9)").first.wait_for()  # the link to click stands beside these words
    page.locator("main a[href*='time-zone']").first.click()
    page.locator("[name=q]").fill("madrid")
    page.keyboard.press("Enter")
    page.locator("main a[href*='tz=Europe/Madrid']").first.click()
    page.wait_for_url("**/en/events/vancouver?tz=Europe/Madrid")
    page.goto("/en/events/forum")
    page.get_by_text("(Madrid, UTC+2)").first.wait_for()


def test_another_language_of_the_same_page_keeps_the_zone(window: Window) -> None:
    page = window()
    page.goto("/en/events/forum?tz=Europe/Madrid")
    page.locator("header a[hreflang=es]").click()
    page.wait_for_url("**/es/events/forum?tz=Europe/Madrid")
    assert "domingo, 14 de junio de 2026, 1:00" in plain(page.inner_text("main"))


def test_the_chosen_zone_wins_over_the_browsers(window: Window) -> None:
    page = window(timezone_id="Asia/Tokyo")
    page.goto("/en/events/vancouver?tz=Europe/Madrid", wait_until="networkidle")
    said = page.inner_text("main")
    assert "Madrid" in said
    assert "Tokyo" not in said
