"""People join: the button appears by itself, leads out of our site, and is there again when they come back."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route
from sqlalchemy import func, select

from eventsapp.db import db, transaction
from eventsapp.domain import links, timezones
from eventsapp.domain.vocabulary import ConferenceProvider, PlaceState, Purpose
from eventsapp.models import Attendance, Event, Place
from tests.browser.conftest import Window
from tests.browser.live import Live
from tests.browser.scenes import ROOM

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
NUMBER = {"meeting_id": "85835549492", "passcode": "191837"}
A_WHILE = 12_000


def server_time(live: Live) -> datetime:
    with urlopen(live.url("/robots.txt")) as answer:
        return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)


def person(live: Live, slug: str, starts_in: float, *, opens_in: float = 0, **values: Any) -> str:
    """The path of the join page of somebody newly registered; ``starts_in`` seconds by the server's clock."""
    starts_at = server_time(live) + timedelta(seconds=starts_in)
    conference: Mapping[str, Any] = {"provider": ConferenceProvider.OTHER, "url": ROOM, **NUMBER}
    date = {
        "key": "day",
        "dtstart_local": timezones.local(starts_at, "America/Los_Angeles").replace(tzinfo=None),
        "join_opens_seconds": max(0, round(starts_in - opens_in)),
        "conference": conference,
    } | values
    with live.rows() as make:
        event = make.event(slug, languages={"en": "Forum", "es": "Foro"}, occurrences=[date])
        registration = make.registration(event, places={"day": PlaceState.CONFIRMED})
        return f"/en/j/{links.token(live.settings.link_key, Purpose.JOIN, registration.public_id)}"


def joined(live: Live, slug: str) -> int:
    with live.rows():
        event = db.session.scalars(select(Event).where(Event.slug == slug)).one()
        counted = select(func.count()).select_from(Attendance).join(Place, Attendance.place_id == Place.id)
        return db.session.scalar(counted.where(Place.occurrence_id == event.occurrences[0].id)) or 0


class Way:
    """Where a phone is led to, and what its console complained of; the room itself answers nothing."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.led_to: list[str] = []
        self.refused: list[str] = []
        page.on("request", lambda request: self.led_to.append(request.url) if "room." in request.url else None)
        page.on("console", lambda said: self.refused.append(said.text) if "Security Policy" in said.text else None)

    def press(self) -> None:
        self.led_to.clear()
        self.page.locator("article button").tap()
        self.page.wait_for_timeout(700)


@pytest.fixture
def context(browser: Browser, live: Live) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=live.url(""), **PHONE)
    context.set_default_timeout(A_WHILE)
    yield context
    context.close()


def test_the_button_appears_by_itself_and_is_said_once(window: Window, live: Live) -> None:
    path = person(live, "opens-soon", 3600, opens_in=4)
    page = window(**PHONE)
    page.goto(path)
    assert page.locator("article button").count() == 0
    assert page.get_by_text("Leave this page open: the button appears by itself.").is_visible()
    assert page.locator("[role=status]").inner_text() == ""
    page.locator("details").first.locator("summary").first.tap()
    page.evaluate("document.querySelector('article').dataset.mine = 'kept'")
    page.locator("article button").wait_for(timeout=A_WHILE)
    assert page.locator("[role=status]").inner_text() == "You can join now."
    assert page.title() == "You can join now: Forum"
    assert page.locator("article").get_attribute("data-mine") == "kept"
    assert page.locator("article button").bounding_box()["y"] < 700


def test_the_focus_stays_where_somebody_reads(window: Window, live: Live) -> None:
    path = person(live, "focus", 3600, opens_in=4)
    page = window()
    page.goto(path)
    page.get_by_role("link", name="Show the present state").focus()
    page.locator("article button").wait_for(timeout=A_WHILE)
    assert page.locator(":focus").inner_text() == "Join online"


@pytest.mark.parametrize("script", [True, False])
def test_the_button_leads_out_and_works_again(script: bool, browser: Browser, live: Live) -> None:
    slug = f"leads-{script}".lower()
    path = person(live, slug, 600, opens_in=-60)
    context = browser.new_context(base_url=live.url(""), java_script_enabled=script, **PHONE)
    try:
        way = Way(context.new_page())
        way.page.goto(path)
        way.press()
        assert (way.led_to, way.refused) == ([ROOM], [])
        assert joined(live, slug) == 1
        way.page.goto(path)
        way.press()
        assert (way.led_to, way.refused) == ([ROOM], [])
        assert joined(live, slug) == 1
    finally:
        context.close()


def test_it_works_again_where_an_app_took_over_and_the_page_stayed(context: BrowserContext, live: Live) -> None:
    page = context.new_page()
    page.goto(person(live, "app", 600, opens_in=-60))
    sent: list[str] = []

    def take_over(route: Route) -> None:
        sent.append(route.request.method)
        route.fulfill(status=204)  # by which a browser stays where it is

    page.route("**/j/*/day", take_over)
    for _press in range(2):
        page.locator("article button").tap()
        page.wait_for_timeout(300)
    assert sent == ["POST", "POST"]


def move(live: Live, slug: str) -> None:
    """From Zoom to another service."""
    with live.rows(), transaction():
        conference = db.session.scalars(select(Event).where(Event.slug == slug)).one().occurrences[0].conference
        conference.provider, conference.url = ConferenceProvider.OTHER, ROOM


@pytest.mark.parametrize("noticed", [True, False])
def test_a_page_loaded_before_the_room_moved(noticed: bool, context: BrowserContext, live: Live) -> None:
    """Its policy knows the old service alone, so the browser stops the button without a word, had we not noticed."""
    slug = f"moved-{noticed}".lower()
    zoom = {"provider": ConferenceProvider.ZOOM, "url": "https://us06web.zoom.us/j/85835549492", **NUMBER}
    way = Way(context.new_page())
    way.page.goto(person(live, slug, 600, opens_in=-60, conference=zoom))
    move(live, slug)
    if not noticed:
        way.page.evaluate("document.querySelector('[name=ways]').remove()")
    way.press()
    assert (way.led_to, len(way.refused)) == ([], 0 if noticed else 1)
    if noticed:
        assert way.page.locator("[role=alert]").inner_text() == "The room has changed just now. Press the button again."
        way.press()
        assert (way.led_to, way.refused) == ([ROOM], [])


def test_a_page_that_comes_back_into_sight_shows_what_is_so_now(window: Window, live: Live) -> None:
    path = person(live, "cancelled-now", 3600, opens_in=0)
    page = window()
    page.goto(path)
    assert page.locator("article button").count() == 1
    with live.rows(), transaction():
        event = db.session.scalars(select(Event).where(Event.slug == "cancelled-now")).one()
        event.occurrences[0].cancelled_at = server_time(live)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("heading", name="This date is cancelled").wait_for()
    assert page.locator("article button").count() == 0
    assert NUMBER["passcode"] not in page.content()


def test_without_a_network_the_page_stays_and_recovers(window: Window, live: Live) -> None:
    path = person(live, "offline", 3600, opens_in=3)
    page = window(**PHONE)
    page.goto(path)
    page.route("**/j/**", lambda route: route.abort())
    page.wait_for_timeout(5000)
    assert page.locator("h1").inner_text() == "Forum"
    page.unroute("**/j/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.locator("article button").wait_for()
