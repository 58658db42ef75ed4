"""Whole ways through the product, each as one person walks it: from the list of events to the room, and back out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import func, select

from eventsapp.db import db
from eventsapp.models import Attendance, Place, Registration
from tests.browser.conftest import Window
from tests.browser.live import Live
from tests.browser.reading import BUTTON, calendars_in, fill_in, letters_to, link_in, plain, said, words_of
from tests.browser.scenes import ROOM
from tests.browser.test_joining import Way
from tests.browser.test_layout import MEASURES, faults
from tests.mail.letterbox import html_of

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "is_mobile": True, "has_touch": True}
IN_MEXICO = PHONE | {"locale": "es-MX", "timezone_id": "America/Mexico_City"}
JUNE = datetime(2026, 6, 29, 6, 30, tzinfo=UTC)
JULY = JUNE + timedelta(days=14)
HERE = "domingo, 28 de junio de 2026, 11:30 p.m."
THERE = "lunes, 29 de junio de 2026, 12:30 a.m."
THERE_IN_JULY = "lunes, 13 de julio de 2026, 12:30 a.m."
MOST_STOPS = 80


def find_event(page: Page, slug: str) -> Locator:
    """Its link in the list, which may be on a later page."""
    link = page.locator(f"main h2 a[href$='/events/{slug}'], main h2 a[href*='/events/{slug}?']")
    while not link.count():
        page.locator("main a[rel=next]").click()
    return link


def save(page: Page) -> None:
    """Send the page's own form, and wait for the answer."""
    with page.expect_navigation():
        page.locator("main form[method=post] button").last.click()


def row_of(live: Live, email: str) -> dict[str, Any]:
    """The one registration of an address."""
    with live.rows():
        row = db.session.scalars(select(Registration).where(Registration.email == email)).one()
        joined = select(func.count()).select_from(Attendance).join(Place).where(Place.registration_id == row.id)
        return {
            "name": row.name,
            "letters": (row.language_tag, row.tzid),
            "places": {place.occurrence.key: place.state.value for place in row.places},
            "joined": db.session.scalar(joined),
        }


@contextmanager
def fresh_window(browser: Browser, live: Live, **options: Any) -> Iterator[Page]:
    """The browser that a program for letters opens a link in: it knows nothing of the one before."""
    context = browser.new_context(base_url=live.url(""), **options)
    context.set_default_timeout(5000)
    yield context.new_page()
    context.close()


def test_on_a_phone_in_mexico_city(window: Window, browser: Browser, live: Live) -> None:
    page = window(**IN_MEXICO)
    page.goto("/")
    link = find_event(page, "crossing")
    assert link.inner_text() == "Dos noches junto al río"
    link.tap()
    reads_both_times(page)
    makes_a_mistake(page)
    page.locator("[name=email]").fill("ana@example.org")
    page.locator("[name=q-consent]").check()
    page.locator(BUTTON).tap()
    page.wait_for_url("**/registrations/*")
    assert THERE in said(page)
    assert "a…@example.org" in said(page)

    (letter,) = letters_to(live.deliver(), "ana@example.org")
    assert letter["Content-Language"] == "es-MX"
    assert THERE in words_of(letter)
    assert HERE in words_of(letter)
    assert calendars_in([letter]) == {JUNE: "REQUEST CONFIRMED"}

    with fresh_window(browser, live, **PHONE) as page:
        page.goto(link_in(letter, "manage"))
        changes_name_and_date(page)
    letters = letters_to(live.deliver(), "ana@example.org")
    assert calendars_in(letters) == {JUNE: "CANCEL CANCELLED", JULY: "REQUEST CONFIRMED"}
    assert "Ana María Ñandú" in words_of(letters[-1])
    assert THERE_IN_JULY in words_of(letters[-1])

    with fresh_window(browser, live, **PHONE) as page:
        page.goto(link_in(letters[-1], "j"))
        waits_and_joins(page, live)
    assert row_of(live, "ana@example.org") == {
        "name": "Ana María Ñandú",
        "letters": ("es-MX", "America/Mexico_City"),
        "places": {"june": "cancelled", "july": "confirmed"},
        "joined": 1,
    }


def reads_both_times(page: Page) -> None:
    page.get_by_text("(Ciudad de México, UTC−6)").first.wait_for()
    assert page.evaluate("document.documentElement.lang") == "es-MX"  # with the clock of that country, to the end
    first = plain(page.locator(".dates li").first.inner_text())
    assert f"{HERE} – lunes, 29 de junio de 2026, 12:30 a.m., hora del Pacífico (Los Ángeles, UTC−7)" in first
    assert f"{THERE} – 1:30 a.m., hora central (Ciudad de México, UTC−6) +1 día" in first


def makes_a_mistake(page: Page) -> None:
    """Two, and nothing that was typed is lost."""
    fill_in(page, "Ana Ñandú", "ana at example.org")
    page.locator("[name=occurrences]").first.check()
    page.get_by_label("Por una amistad").check()
    page.locator("[name=q-story]").fill("¿Qué bebe\nel bosque?")
    page.locator(BUTTON).tap()
    page.wait_for_url("**/registrations")
    page.wait_for_function("document.activeElement.matches('.problem')")
    assert page.locator(".problem a").count() == 2  # the address, and what is to be agreed to
    typed = {name: page.locator(f"[name={name}]").input_value() for name in ("name", "email", "q-story", "time_zone")}
    assert typed == {
        "name": "Ana Ñandú",
        "email": "ana at example.org",
        "q-story": "¿Qué bebe\nel bosque?",
        "time_zone": "Ciudad de México",
    }
    assert page.locator("[name=occurrences]").first.is_checked()
    assert page.get_by_label("Por una amistad").is_checked()


def changes_name_and_date(page: Page) -> None:
    assert page.evaluate("document.documentElement.lang") == "es-MX"
    assert THERE in said(page)
    page.locator("main a[href*='/details']").first.tap()
    page.locator("[name=name]").fill("Ana María Ñandú")
    save(page)
    assert page.locator("[role=status]").is_visible()
    assert "Ana María Ñandú" in said(page)
    page.locator("main a[href$='/dates']").first.tap()
    page.locator("[name=occurrences][value=july]").check()
    save(page)
    assert THERE_IN_JULY in said(page)


def waits_and_joins(page: Page, live: Live) -> None:
    """The page stays open until its time has come."""
    assert THERE_IN_JULY in said(page)
    assert "132 días" in said(page)
    assert page.locator("article button").count() == 0
    answers: list[tuple[str, int]] = []
    page.on("response", lambda answer: answers.append((answer.request.method, answer.status)))
    way = Way(page)
    with live.later(JULY - timedelta(minutes=10)):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.locator("article button").wait_for()
        way.press()
    assert ("POST", 303) in answers
    assert (way.led_to, way.refused) == ([ROOM], [])


class Keyboard:
    """Somebody who has no mouse: goes on by Tab until it is where it should be, and always sees where it is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def arrive(self) -> None:
        """On a new page: the first stop leads past its head."""
        self.page.wait_for_load_state()
        self.page.evaluate(MEASURES)
        self.page.keyboard.press("Tab")
        assert self.page.evaluate("document.activeElement.hash") == "#main"
        self.page.keyboard.press("Enter")
        self.page.locator("main:focus").wait_for()

    def go_to(self, target: Locator) -> None:
        for _press in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            halt = self.page.evaluate("measures.focus()")
            assert halt, "the page ends"
            assert halt["ringed"] and not halt["covered"], halt["word"]  # noqa: PT018  both say: it is seen
            if target.evaluate("element => element === document.activeElement"):
                return
        pytest.fail(f"no stop at {target}")

    def follow(self, target: Locator) -> None:
        self.go_to(target)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def type(self, target: Locator, text: str) -> None:
        self.go_to(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)


def test_with_the_keyboard_alone(window: Window, live: Live) -> None:
    page = window(timezone_id="America/Mexico_City")
    keys = Keyboard(page)
    page.goto("/en/organizations/riverside")
    link = find_event(page, "crossing")
    keys.arrive()
    keys.follow(link)
    keys.arrive()
    keys.type(page.locator("[name=name]"), "Kim Keys")
    keys.type(page.locator("[name=email]"), "kim@example.org")
    keys.go_to(page.locator("[name=occurrences]").first)
    page.keyboard.press("Space")
    keys.go_to(page.locator("[name=q-found]").first)
    page.keyboard.press("ArrowDown")
    keys.follow(page.locator(BUTTON))  # without having agreed

    page.evaluate(MEASURES)
    assert page.locator(":focus").evaluate("element => element.matches('.problem')")
    keys.go_to(page.locator(".problem a"))
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "q-consent"
    page.keyboard.press("Space")
    keys.follow(page.locator(BUTTON))
    assert "k…@example.org" in said(page)

    (letter,) = letters_to(live.deliver(), "kim@example.org")
    page.goto(link_in(letter, "manage"))
    keys.arrive()
    keys.follow(page.locator("main a[href$='/dates']").first)
    keys.arrive()
    keys.go_to(page.locator("[name=occurrences]:checked"))
    page.keyboard.press("ArrowDown")
    keys.follow(page.locator(BUTTON))
    keys.arrive()
    keys.follow(page.locator("main a[href$='/cancel']"))
    keys.arrive()
    keys.follow(page.locator("main form button"))
    assert page.locator("[role=status]").is_visible()
    assert row_of(live, "kim@example.org")["places"] == {"june": "cancelled", "july": "cancelled"}
    letters = letters_to(live.deliver(), "kim@example.org")
    assert calendars_in(letters) == {JUNE: "CANCEL CANCELLED"}  # the other was given up before its invitation left


def test_without_script(window: Window, browser: Browser, live: Live) -> None:
    here, there = "domingo, 28 de junio de 2026, 23:30", "lunes, 29 de junio de 2026, 0:30"
    page = window(**IN_MEXICO, java_script_enabled=False)
    page.goto("/es/")
    find_event(page, "crossing").tap()
    assert here in said(page)
    page.locator("main a[href*='time-zone']").first.tap()
    page.locator("[name=q]").fill("guadalajara mexico")
    page.locator("main form button").first.tap()
    page.locator("main a[href*='tz=America/Mexico_City']").first.tap()
    page.wait_for_url("**/es/events/crossing?tz=America/Mexico_City")
    assert there in said(page)
    assert "+1 día" in said(page)

    save(page)
    assert page.locator(".problem li").count() == 5  # name, address, date, and two answers
    fill_in(page, "Eva Sin Guion", "eva@example.org")
    page.locator("[name=occurrences][value=june]").check()
    page.get_by_label("Por una amistad").check()
    page.locator("[name=q-consent]").check()
    save(page)
    assert there in said(page)
    (letter,) = letters_to(live.deliver(), "eva@example.org")
    assert there in words_of(letter)

    page.goto(link_in(letter, "manage"))
    page.locator("main a[href*='/language']").first.tap()
    page.locator("[name=language]").select_option("en")
    page.locator("[name=time_zone]").fill("Madrid")
    save(page)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert "Monday 29 June 2026, 8:30 am" in said(page)
    page.goto(f"{page.url.partition('?')[0]}?tz=Asia/Tokyo")
    assert "Monday 29 June 2026, 3:30 pm" in said(page)
    page.locator("main a[href*='/cancel']").tap()
    assert "3:30 pm" in said(page)
    save(page)
    letters = letters_to(live.deliver(), "eva@example.org")
    page.locator("main a.button[href*='/dates']").tap()
    page.locator("[name=occurrences][value=june]").check()
    save(page)
    assert row_of(live, "eva@example.org") == {
        "name": "Eva Sin Guion",
        "letters": ("en", "Europe/Madrid"),
        "places": {"june": "confirmed"},
        "joined": 0,
    }
    letters += letters_to(live.deliver(), "eva@example.org")
    assert [letter["Content-Language"] for letter in letters] == ["en", "en"]
    assert "Monday 29 June 2026, 8:30 am" in words_of(letters[-1])
    assert calendars_in(letters[:1]) == {JUNE: "CANCEL CANCELLED"}
    assert calendars_in(letters[1:]) == {JUNE: "REQUEST CONFIRMED"}

    with (
        live.later(JUNE - timedelta(minutes=5)),
        fresh_window(browser, live, java_script_enabled=False, **PHONE) as page,
    ):
        way = Way(page)
        page.goto(link_in(letters[-1], "j"))
        way.press()
        assert (way.led_to, way.refused) == ([ROOM], [])
    assert row_of(live, "eva@example.org")["joined"] == 1


def test_in_arabic(window: Window, live: Live) -> None:
    page = window(**PHONE, locale="ar", timezone_id="Asia/Amman")

    def mirrored() -> list[str]:
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
        return faults(page)

    page.goto("/ar/")
    find_event(page, "crossing").tap()
    page.locator(".yours time").first.wait_for()
    assert mirrored() == []
    save(page)
    assert mirrored() == []
    assert page.locator(".problem").evaluate("element => getComputedStyle(element).textAlign") in ("right", "start")
    fill_in(page, "أمل", "amal@example.org")
    page.locator("[name=occurrences]").first.check()
    page.locator("[name=q-found]").first.check()
    page.locator("[name=q-consent]").check()
    save(page)
    assert "/registrations/" in page.url
    assert mirrored() == []
    assert page.locator("main time[datetime^='2026-06-29T09:30']").is_visible()

    (letter,) = letters_to(live.deliver(), "amal@example.org")
    assert letter["Content-Language"] == "ar"
    html = html_of(letter)
    assert 'lang="ar"' in html
    assert 'dir="rtl"' in html
    assert "أمل" in words_of(letter)
    assert calendars_in([letter]) == {JUNE: "REQUEST CONFIRMED"}
    for path in ("", "/dates", "/details", "/language", "/cancel"):
        page.goto(link_in(letter, "manage") + path)
        assert mirrored() == []


def test_a_zone_chosen_by_hand_holds_everywhere(window: Window, live: Live) -> None:
    page = window(timezone_id="America/Mexico_City")
    page.goto("/en/events/crossing")
    page.get_by_text("(Mexico City, UTC−6)").first.wait_for()
    page.locator("main a[href*='time-zone']").first.click()
    page.locator("[name=q]").fill("tokyo")
    page.keyboard.press("Enter")
    page.locator("main a[href*='tz=Asia/Tokyo']").first.click()
    page.wait_for_url("**/en/events/crossing?tz=Asia/Tokyo")
    times = [plain(text) for text in page.locator(".yours").all_inner_texts()]
    assert [text for text in times if "(Tokyo, UTC+9)" not in text] == []
    assert page.locator("[name=time_zone]").input_value() == "Tokyo"
    page.locator("header a[hreflang=es]").click()
    page.wait_for_url("**/es/events/crossing?tz=Asia/Tokyo")
    assert "lunes, 29 de junio de 2026, 15:30" in said(page)
    assert page.locator("[name=time_zone]").input_value() == "Tokio"
    fill_in(page, "Toki O", "toki@example.org")
    page.locator("[name=occurrences]").first.check()
    page.locator("[name=q-found]").first.check()
    page.locator("[name=q-consent]").check()
    save(page)
    assert "15:30" in said(page)
    (letter,) = letters_to(live.deliver(), "toki@example.org")
    assert "lunes, 29 de junio de 2026, 15:30" in words_of(letter)
    assert row_of(live, "toki@example.org")["letters"] == ("es", "Asia/Tokyo")
