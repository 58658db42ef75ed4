"""How much a page weighs, and what it asks of whom."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Response

from tests.browser.conftest import Window

MOST = 30_000
PICTURE = "/pattern/"


@pytest.mark.parametrize("tag", ["en", "es"])
@pytest.mark.parametrize("query", ["", "?tz=America/Mexico_City"])
def test_an_event_page_is_light(tag: str, query: str, window: Window) -> None:
    """All that comes from the first byte until the reader's times stand there, without the picture."""
    page = window(timezone_id="America/Mexico_City")
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.on("response", keep)
    page.goto(f"/{tag}/events/public-forum{query}", wait_until="networkidle")
    page.get_by_text("UTC−6").first.wait_for()
    weights = [(_address(answer), len(answer.body())) for answer in answers if PICTURE not in answer.url]
    assert len(weights) == len(answers) - 1
    pages = [address for address, _bytes in weights if "/events/" in address]
    times = f"/{tag}/events/public-forum?tz=America%2FMexico_City&part=times"
    assert pages == [f"/{tag}/events/public-forum{query}", *([] if query else [times])]
    assert sum(weight for _at, weight in weights) <= MOST, weights


def test_nothing_is_kept_in_the_browser(window: Window, paths: dict[str, str]) -> None:
    page = window()
    for path in ("/en/", "/en/events/forum", f"/en/registrations/{paths['receipt']}", f"/en/j/{paths['join']}"):
        page.goto(path)
        assert page.context.cookies() == []
        assert page.evaluate("[document.cookie, localStorage.length, indexedDB ? caches.length ?? 0 : 0]") == ["", 0, 0]


def test_an_unknown_page_is_answered_in_words(window: Window) -> None:
    page = window(locale="es-ES")
    answer = page.goto("/es/events/no-such-event")
    assert answer.status == 404
    assert page.locator("main h1").inner_text() != ""


def _address(answer: Response) -> str:
    parts = urlsplit(answer.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
