"""An organizer's whole way: an event in two languages, somebody registers, its time moves, the list is taken home."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import insert

from eventsapp.actions.export import AT_ONCE
from eventsapp.db import transaction
from eventsapp.domain.links import new_reference
from eventsapp.models import Registration
from tests.browser.chromium import Visitor
from tests.browser.live import NOW, Live
from tests.browser.reading import calendars_in, letters_to, said
from tests.browser.test_desk_pages import COOKIE, PASSWORD
from tests.browser.test_layout import MEASURES
from tests.browser.test_whole_journeys import PHONE, Keyboard

DESK = {"viewport": {"width": 1280, "height": 800}}
EARLY, LATE = datetime(2026, 6, 14, 2, 0, tzinfo=UTC), datetime(2026, 6, 14, 3, 30, tzinfo=UTC)
MOMENT, MOVED = datetime(2026, 6, 13, 19, 0), datetime(2026, 6, 13, 20, 30)  # noqa: DTZ001  as clocks in Los Angeles show
SEND = ".savebar button:not([name])"


class Mouse:
    """Somebody who points at things, or taps on them."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def arrive(self) -> None:
        self.page.wait_for_load_state()

    def follow(self, target: Locator) -> None:
        with self.page.expect_navigation():
            target.click()

    def type(self, target: Locator, text: str) -> None:
        target.fill(text)

    def choose(self, target: Locator) -> None:
        target.check()

    def set_date(self, target: Locator, at: datetime) -> None:
        target.fill(at.date().isoformat())

    def set_time(self, target: Locator, at: datetime) -> None:
        target.fill(at.strftime("%H:%M"))


class Keys(Keyboard):
    """Somebody with the keyboard alone."""

    def arrive(self) -> None:
        """Past the head, where a sent form leaves one who was past it before."""
        if urlsplit(self.page.url).fragment != "main":
            super().arrive()
        self.page.wait_for_load_state()
        self.page.evaluate(MEASURES)

    def choose(self, target: Locator) -> None:
        self.go_to(target)
        self.page.keyboard.press("Space")

    def set_date(self, target: Locator, at: datetime) -> None:
        self.go_to(target)
        self.page.keyboard.type(at.strftime("%m%d%Y"))

    def set_time(self, target: Locator, at: datetime) -> None:
        self.go_to(target)
        self.page.keyboard.type(at.strftime("%I%M%p"))


WAYS: dict[str, tuple[type[Mouse | Keys], str, dict[str, Any]]] = {
    "phone": (Mouse, "en", PHONE),
    "desk": (Mouse, "es", DESK),
    "keyboard": (Keys, "en", DESK),
    "arabic": (Mouse, "ar", PHONE),
}


@pytest.mark.parametrize("way", WAYS)
def test_from_a_new_event_to_the_list_of_who_comes(way: str, browser: Browser, live: Live) -> None:
    by, tag, options = WAYS[way]
    slug, guest = f"river-{way}", f"guest@{way}.example"
    with live.rows() as make:
        organization = make.organization(slug=f"o-{way}", name="Riverside Society", default_tzid="America/Los_Angeles")
        make.member(organization, email=f"olga@{way}.example", password=PASSWORD, language_tag=tag)
    visitor = Visitor.of(browser, live.url(""), cookies=(COOKIE,), locale=tag, accept_downloads=True, **options)
    page = visitor.page
    hand = by(page)

    def stand() -> None:
        """On a page of one's own language that is as wide as its window."""
        hand.arrive()
        assert page.evaluate("[document.documentElement.lang, document.dir]") == [tag, "rtl" if tag == "ar" else "ltr"]
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")

    sign_in(hand, stand, f"olga@{way}.example", tag)
    make_event(hand, stand, f"River {way}")
    add_spanish(hand, stand)
    publish(hand, stand)

    live.register(slug, name="Ana Ñandú", email=guest, time_zone="Mexico City")
    (letter,) = letters_to(live.deliver(), guest)
    assert calendars_in([letter]) == {EARLY: "REQUEST CONFIRMED"}
    follow_tab(hand, "registrations")
    stand()
    assert "Ana Ñandú" in said(page)

    move(hand, stand)
    (letter,) = letters_to(live.deliver(), guest)
    assert calendars_in([letter]) == {LATE: "REQUEST CONFIRMED"}

    follow_tab(hand, "registrations")
    stand()
    hand.follow(page.locator("main a[href*='/export']").first)
    stand()
    assert export(hand) == [["Ana Ñandú", guest]]
    told = visitor.tell()
    visitor.context.close()
    assert told == ""


def follow_tab(hand: Mouse | Keys, room: str) -> None:
    hand.arrive()
    hand.follow(hand.page.locator(f".tabs a[href$='/{room}']"))


def sign_in(hand: Mouse | Keys, stand: Callable[[], None], email: str, tag: str) -> None:
    page = hand.page
    page.goto(f"/organizer/sign-in?lang={tag}")
    stand()
    hand.type(page.locator("[name=email]"), email)
    hand.type(page.locator("[name=password]"), PASSWORD)
    hand.follow(page.locator("main form button").first)


def make_event(hand: Mouse | Keys, stand: Callable[[], None], title: str) -> None:
    page = hand.page
    stand()
    hand.follow(page.locator("main a[href$='/new-event']").first)
    stand()
    hand.type(page.locator("[name=title]"), title)
    hand.set_date(page.locator("[name=date]"), MOMENT)
    hand.set_time(page.locator("[name=time]"), MOMENT)
    hand.type(page.locator("[name=address]"), "Community hall, Los Angeles")
    hand.follow(page.locator(SEND))


def move(hand: Mouse | Keys, stand: Callable[[], None]) -> None:
    """Another time for the only date; whoever holds a place is told."""
    page = hand.page
    follow_tab(hand, "dates")
    stand()
    hand.follow(page.locator("main .dated a").first)
    stand()
    hand.set_time(page.locator("[name=time]"), MOVED)
    hand.follow(page.locator(SEND))
    stand()
    hand.follow(page.locator("[name=tell][value=yes]"))


def add_spanish(hand: Mouse | Keys, stand: Callable[[], None]) -> None:
    page = hand.page
    stand()
    hand.follow(page.locator(".tabs a[href$='/words']"))
    stand()
    hand.follow(page.locator("main a[href$='/words/add']"))
    stand()
    hand.type(page.locator("[name=language]"), "español")
    hand.type(page.locator("[name=title]"), "El río")
    hand.follow(page.locator(SEND))
    stand()
    for name, text in {"excerpt-en": "An hour.", "excerpt-es": "Una hora."}.items():
        hand.type(page.locator(f"[name={name}]"), text)
    hand.follow(page.locator(SEND).first)
    stand()
    assert page.locator("[name=excerpt-es]").input_value() == "Una hora."


def publish(hand: Mouse | Keys, stand: Callable[[], None]) -> None:
    """Look at what is checked, say that one has, and publish."""
    page = hand.page
    hand.follow(page.locator(".tabs a").first)
    stand()
    hand.follow(page.locator("main .actions a[href$='/check']"))
    stand()
    assert page.locator(".checks dt").count() > 0
    if page.locator("[name=looked]").count():
        hand.choose(page.locator("[name=looked]"))
    hand.follow(page.locator("form:has([name=visibility]) button"))
    hand.arrive()
    assert page.locator("[role=status]").first.is_visible()


def export(hand: Mouse | Keys) -> list[list[str]]:
    """Name and address of everybody in the CSV file."""
    page = hand.page
    with page.expect_download() as download:
        if isinstance(hand, Keys):
            hand.go_to(page.locator("[name=file]:checked"))
            page.keyboard.press("ArrowDown")
            hand.go_to(page.locator("main form[method=post] button"))
            page.keyboard.press("Enter")
        else:
            page.locator("[name=file][value=csv]").check()
            page.locator("main form[method=post] button").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    return [row[:2] for row in rows[1:]]


def test_a_long_export_is_written_meanwhile(browser: Browser, live: Live) -> None:
    """By the worker, while its page stays open; then the file is there."""
    with live.rows() as make:
        organization = make.organization(slug="long", name="A long list")
        make.member(organization, email="olga@long.example", password=PASSWORD, language_tag="en")
        event = make.event("long-list", organization=organization)
        rows = [
            {
                "event_id": event.id,
                "public_id": f"long{number:012}",
                "reference": new_reference(),
                "email": f"guest{number}@long.example",
                "address_key": f"guest{number}@long.example",
                "name": f"Guest {number}",
                "language_tag": "en",
                "tzid": "Etc/UTC",
                "created_at": NOW,
                "changed_at": NOW,
            }
            for number in range(AT_ONCE + 1)
        ]
        with transaction() as session:
            session.execute(insert(Registration), rows)
    visitor = Visitor.of(browser, live.url(""), cookies=(COOKIE,), **DESK)
    page, hand = visitor.page, Mouse(visitor.page)
    sign_in(hand, hand.arrive, "olga@long.example", "en")
    page.goto("/organizer/o/long/events/long-list/registrations/export")
    hand.choose(page.locator("[name=file][value=csv]"))
    hand.follow(page.locator("main form[method=post] button"))
    assert page.locator("progress").count() == 1
    live.deliver()
    page.locator("progress").wait_for(state="detached")  # the page asks by itself
    page.reload()
    with page.expect_download() as download:
        page.locator("main a[href$='/file']").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == AT_ONCE + 2  # with the heads
    assert any("guest2000@long.example" in line for line in lines)
    told = visitor.tell()
    visitor.context.close()
    assert told == ""
