"""A Chromium of this machine, driven by Playwright; and a visitor in it who notices whatever should not happen."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """The Chromium to use, or None where this machine has none."""
    found = (shutil.which(name, path="/usr/bin") or shutil.which(name) for name in NAMES)
    return next((path for path in found if path), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS  # root cannot have the sandbox
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=arguments)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One person's browser window. ``complaints`` are what the console, the policy and the network gave away.

    ``cookies``: the names of those that this person may be given; nobody but an organizer needs one.
    """

    context: BrowserContext
    page: Page
    cookies: tuple[str, ...] = ()
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, browser: Browser, origin: str, *, cookies: tuple[str, ...] = (), **options: Any) -> "Visitor":
        """A fresh visitor without history; ``options`` are Playwright's, for example ``locale`` and ``timezone_id``."""
        context = browser.new_context(**({"base_url": origin, "locale": "en-US", "timezone_id": "Etc/UTC"} | options))
        context.set_default_timeout(5000)
        visitor = cls(context, context.new_page(), cookies)
        own = urlsplit(origin).netloc

        def on_console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and not _is_page_status(message, visitor.page):
                visitor.complaints.append(f"console: {message.text} ({message.location.get('url')})")

        def on_request(request: Request) -> None:
            address = urlsplit(request.url)
            if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != own:
                visitor.complaints.append(f"foreign request: {request.url}")

        context.on("console", on_console)
        context.on("weberror", lambda error: visitor.complaints.append(f"script: {error.error}"))
        context.on("request", on_request)
        return visitor

    def tell(self) -> str:
        """What went wrong since the last time, a line each."""
        given = [cookie.get("name") for cookie in self.context.cookies()]
        told = [*self.complaints, *(f"cookie: {name}" for name in given if name not in self.cookies)]
        self.complaints.clear()
        return "\n".join(told)


def _is_page_status(message: ConsoleMessage, page: Page) -> bool:
    """Chromium reports a page answered with 404 or 422 as an error of the console; the page is meant to be so."""
    return message.text.startswith("Failed to load resource") and message.location.get("url") == page.url
