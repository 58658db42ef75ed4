"""How much a page weighs, and what it asks of whom."""

from playwright.sync_api import Response

from tests.browser.conftest import Window

MOST = 30_000
COUNTED = {"text/html", "text/css", "text/javascript"}


def test_an_event_page_is_light(window: Window) -> None:
    page = window()
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.on("response", keep)
    page.goto("/en/events/public-forum?tz=America/Mexico_City", wait_until="networkidle")
    weights = [(answer.url, len(answer.body())) for answer in answers if _kind(answer) in COUNTED]
    assert len(weights) == 4
    assert sum(weight for _url, weight in weights) <= MOST, weights


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


def _kind(answer: Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0]
