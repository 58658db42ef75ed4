"""Every page of the organizer's side: nothing runs out of the window, axe finds nothing, its HTML is valid.

The pages are found by the walk over all addresses, so that a new one is looked at without being named here. Whatever is
left out is named in ``NO_PAGES``, and found out where it is a page after all.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Browser, Page, Response
from sqlalchemy import select

from eventsapp.actions.account import hand_over_reset
from eventsapp.actions.demo import load_demo
from eventsapp.db import db, transaction
from eventsapp.domain import links
from eventsapp.domain.vocabulary import Purpose, RegistrationNeed
from eventsapp.models import Event, Registration
from eventsapp.web.organizer import proofs
from tests.browser.chromium import Visitor
from tests.browser.live import NOW, Live, serving
from tests.browser.test_accessibility import violations
from tests.browser.test_html import WRONG, messages
from tests.browser.test_layout import faults
from tests.web.organizer.test_every_address import Address, things_of

COOKIE = "eventsapp"
PASSWORD = "correct horse battery"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsversammlungsvorbereitungsausschuss"
BARE = {"key": "only", "dtstart_local": datetime(2026, 6, 13, 16), "registration": RegistrationNeed.NONE}  # noqa: DTZ001
NO_PAGES = {
    "organizer.front.home": "leads to the only organization",
    "organizer.dates.said": "a part of a date's page",
    "organizer.dates.cities": "a part of a date's page",
    "organizer.letters.html": "a letter, which its page shows in a frame",
    "organizer.mailings.html": "a letter, which its page shows in a frame",
    "organizer.channels.qr": "a picture",
    "organizer.numbers.as_file": "a file",
    "organizer.imports.mistakes": "a file",
    "organizer.jobs.failures": "a file",
    "organizer.jobs.download": "a file, or leads to its job",
}
STRANGERS = {  # for those who are not signed in
    "security.login",
    "security.forgot_password",
    "security.reset_password",
    "security.second_step",
    "organizer.invitation.read",
    "ticket.show",
}
SENT = (  # whose forms are sent empty, too
    "organizer.making.new",
    "organizer.dates.new",
    "organizer.add.person",
    "organizer.form.new",
    "organizer.crew.add",
    "organizer.team.invite",
    "organizer.mailings.write",
)
BULK = "organizer.registrations.bulk"  # its address says who is chosen
SEND_EMPTY = """
form => {
    for (const field of form.elements) if (field.matches("input:not([type=hidden]), textarea")) field.value = "";
    form.noValidate = true;
    form.requestSubmit();
}
"""

SPOIL = """
document.querySelector("h1").style.marginInlineStart = "-300px";
document.querySelector("main").append(new Image());
"""


@dataclass
class House:
    """The demo, and in it one row of each kind. ``paths`` has where each page is, ``bare`` those of an empty event."""

    live: Live
    paths: Mapping[str, str]
    bare: Mapping[str, str]

    @contextmanager
    def window(self, browser: Browser, tag: str, email: str = "") -> Iterator[Page]:
        """Of somebody who reads a language, and has signed in where ``email`` says who it is."""
        visitor = Visitor.of(browser, self.live.url(""), cookies=(COOKIE,), locale=tag, reduced_motion="reduce")
        if email:
            sign_in(visitor.page, email)
        yield visitor.page
        told = visitor.tell()
        visitor.context.close()
        assert told == ""

    def walk(self, browser: Browser, tag: str, *, short: bool = False) -> Iterator[tuple[str, Page, Response]]:
        """Stand before each page, in one language. ``short``: without those of the empty event."""
        with self.window(browser, tag, f"{tag}@example.org") as page:
            for name, path in self.paths.items():
                if name in NO_PAGES or name in STRANGERS:
                    continue
                yield name, page, self.open(page, path, tag)
            for name, path in [] if short else self.bare.items():
                yield f"{name} (bare)", page, self.open(page, path, tag)
            for name in SENT:
                self.open(page, self.paths[name], tag)
                with page.expect_navigation() as sent:
                    page.locator("main form[method=post]").first.evaluate(SEND_EMPTY)
                assert page.locator(".problem").count() == 1, name
                yield f"{name} (sent)", page, sent.value
        with self.window(browser, tag) as page:
            page.goto(f"/organizer/sign-in?lang={tag}")
            for name in sorted(STRANGERS):
                if name == "security.second_step":
                    sign_in(page, "codes@example.org")
                yield name, page, self.open(page, self.paths[name])

    def open(self, page: Page, path: str, tag: str = "") -> Response:
        """Go there and be there; in one's own language, where the page knows who one is."""
        answer = page.goto(path)
        assert answer is not None
        assert (answer.status, answer.url) == (200, self.live.url(path))
        said = page.evaluate("[document.documentElement.lang, document.dir]")
        assert not tag or said == [tag, "rtl" if tag == "ar" else "ltr"], path
        return answer


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving(tmp_path_factory.mktemp("house") / "instance") as live:
        yield furnished(live)


def furnished(live: Live) -> House:
    with time_machine.travel(NOW), live.rows() as make:
        with transaction() as session:
            load_demo(session, now=NOW, settings=live.settings)
        event = db.session.scalars(select(Event).where(Event.slug == "public-forum")).one()
        make.registration(event, name=LONG, email=f"{'long.' * 12}@example.org".replace(".@", "@"))
        make.event("bare", languages={"de": LONG}, occurrences=[BARE], published_at=None)
        for tag in ("de", "ar", "es"):
            make.member(event.organization, email=f"{tag}@example.org", name=LONG, password=PASSWORD, language_tag=tag)
        secret = proofs.security().totp_factory.generate_totp_secret()
        someone = make.user(
            "codes@example.org", password=PASSWORD, tf_primary_method="authenticator", tf_totp_secret=secret
        )
        things = things_of(make, event, "my")
        addresses = [
            Address(rule.endpoint, "GET", rule, None, fresh=False)
            for rule in live.app.url_map.iter_rules()
            if rule.rule.startswith("/organizer/") and "GET" in (rule.methods or ())
        ]
        paths = {one.endpoint: one.path(things, live.app) for one in addresses}
        paths[BULK] += f"?deed=cancel&only={things['reference']}"
        bare = {
            one.endpoint: one.path(things | {"event": "bare"}, live.app)
            for one in addresses
            if one.rule.arguments == {"organization", "event"} and one.endpoint not in {*NO_PAGES, BULK}
        }
        key = live.settings.link_key
        registration = db.session.scalars(select(Registration).where(Registration.reference == things["reference"]))
        paths["ticket.show"] = f"/organizer/c/{links.token(key, Purpose.CHECK_IN, registration.one().public_id)}"
        invitation = links.token(key, Purpose.INVITATION, things["invitation"])
        paths["organizer.invitation.read"] = f"/organizer/invitation/{invitation}"
        with transaction() as session:
            message = hand_over_reset(session, someone, now=NOW, settings=live.settings)
            public_id = message.public_id
        paths["security.reset_password"] = f"/organizer/new-password/{links.token(key, Purpose.PASSWORD, public_id)}"
    return House(live, paths, bare)


def sign_in(page: Page, email: str) -> None:
    page.goto("/organizer/sign-in")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.locator("[name=password]").press("Enter")


def stretch(page: Page, width: int) -> None:
    """A window as tall as its page: then what sticks to the lower edge lies over nothing."""
    page.set_viewport_size({"width": width, "height": 800})
    page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})


def test_what_is_left_out_is_no_page(browser: Browser, house: House) -> None:
    assert (set(NO_PAGES) | STRANGERS | set(SENT)) - set(house.paths) == set()
    with house.window(browser, "de", "de@example.org") as page:
        answers = {name: page.request.get(house.paths[name], max_redirects=0) for name in NO_PAGES}
        frames = {"organizer.letters.html", "organizer.mailings.html"}  # whole documents, but shown within a page
        whole = {name for name, answer in answers.items() if answer.text().lower().startswith("<!doctype html>")}
        redirects = {name for name, answer in answers.items() if answer.status == 303}
    assert whole - redirects - frames == set()
    assert {answer.status for answer in answers.values()} == {200, 303}


@pytest.mark.parametrize(("tag", "windows"), [("de", (320, 768, 1280)), ("ar", (320,))])
def test_every_page(
    tag: str, windows: tuple[int, ...], house: House, *, browser: Browser, axe: str, checker: list[str], tmp_path: Path
) -> None:
    """All at once, since going there takes as long as looking. Axe looks at one language, in its last window."""
    found = []
    for name, page, answer in house.walk(browser, tag, short=tag == "ar"):
        page.emulate_media(color_scheme="light")
        (tmp_path / f"{name}.html").write_text(answer.text(), encoding="utf-8")
        for window in windows:
            stretch(page, window)
            found += [f"{name}, {window} px: {fault}" for fault in faults(page)]
        found += [f"{name}: {words}" for words in (violations(page, axe) if tag == "de" else [])]
    (tmp_path / "wrong.html").write_text(WRONG, encoding="utf-8")
    wrong, rest = messages(checker, tmp_path)
    assert len(wrong) == 1
    assert "\n".join(found + rest) == ""


def test_a_bad_page_is_found(browser: Browser, house: House, axe: str) -> None:
    """The control: what the walk looks with does see."""
    with house.window(browser, "de", "de@example.org") as page:
        house.open(page, house.paths["organizer.events.index"], "de")
        stretch(page, 320)
        assert faults(page) + violations(page, axe) == []
        page.evaluate(SPOIL)
        assert {words.split(":")[0] for words in faults(page)} == {"text runs out of the window"}
        assert {words.split(":")[0] for words in violations(page, axe)} == {"image-alt"}
