"""``?part=times``: of a public page what hangs on the reader's zone, in the very same markup, and nothing else."""

from datetime import datetime

import pytest

from eventsapp.domain.vocabulary import Choose, Visibility
from tests.web.html import Element, read

MEXICO = "tz=America/Mexico_City"
PATHS = [
    "/",
    "/es/",
    "/organizations/example-league",
    "/events/forum",
    "/es/events/forum",
    "/events/one",
    "/ja/events/one",
    "/events/series",
]


@pytest.fixture
def stage(make):
    make.event(languages={"en": "Public forum", "es": "Foro público"}, choose=Choose.ONE)
    day = {"key": "day", "dtstart_local": datetime(2026, 6, 20, 10)}  # noqa: DTZ001  a wall time beside its tzid
    make.event("one", languages={"en": "One day", "ja": "一日"}, occurrences=[day])
    make.event("series", occurrences=[day, day | {"key": "next"}], choose=Choose.ALL)


def same(element: Element) -> object:
    """An element as a value."""
    children = [child if isinstance(child, str) else same(child) for child in element.children]
    return element.tag, element.attrs, children


def slots(page: Element) -> list[object]:
    return [same(element) for element in page.walk() if element.get("data-zone")]


@pytest.mark.parametrize("path", PATHS)
def test_it_is_the_slots_of_the_page(client, stage, path):
    whole = read(client.get(f"{path}?{MEXICO}"))
    part = read(client.get(f"{path}?{MEXICO}&part=times"))
    field = [same(field) for field in whole.all("input", id="time_zone")]
    assert slots(part) == slots(whole) != []
    assert [same(field) for field in part.all("input")] == field
    assert len(field) == ("/events/" in path)
    body = [child for child in part.one("body").children if isinstance(child, Element)]
    assert [element.tag for element in body] == ["p"] * len(slots(part)) + ["div"] * len(field)
    for page in (part, whole):
        assert (page.one("html")["lang"], page.one("html")["dir"]) == (whole.one("html")["lang"], "ltr")
        assert page.one("body").get("lang") == whole.one("body").get("lang")


def test_it_is_light(client, stage):
    for path in PATHS:
        assert len(client.get(f"{path}?{MEXICO}&part=times").data) < 2000, path


def test_each_place_to_choose_has_its_time(client, stage):
    def names(path: str) -> list[str]:
        return [e["data-zone"] for e in read(client.get(path)).walk() if e.get("data-zone")]

    dates = ["date:english", "date:spanish"]
    assert names(f"/events/forum?{MEXICO}&part=times") == [*dates, "choice:english", "choice:spanish"]
    assert names(f"/events/series?{MEXICO}&part=times") == ["date:day", "date:next", "chosen:day", "chosen:next"]
    assert names(f"/organizations/example-league?{MEXICO}&part=times")[0] == "zone"


def test_another_part_is_the_page_itself(client, stage):
    whole = client.get(f"/events/forum?{MEXICO}")
    for part in ("", "TIMES", "times ", "time", "zone", "<script>alert(1)</script>", "../times", "x" * 5000):
        answer = client.get("/events/forum", query_string={"tz": "America/Mexico_City", "part": part})
        assert (answer.status_code, answer.data) == (200, whole.data), part
        assert "X-Robots-Tag" not in answer.headers


def test_a_zone_that_is_none_is_no_zone(client, stage):
    without = client.get("/events/forum?part=times")
    assert "Show this in your time zone" in without.text
    for tzid in ("", "America", "../../etc/passwd", "<script>alert(1)</script>", "x" * 5000):
        answer = client.get("/events/forum", query_string={"tz": tzid, "part": "times"})
        assert (answer.status_code, answer.data) == (200, without.data), tzid
    assert client.get("/events/forum?tz=%00&part=times").status_code == 400


def test_a_page_that_is_not_there_has_no_part(client, make, stage):
    make.event("draft", published_at=None)
    for path in ("/events/draft", "/events/never", "/organizations/nobody", "/?page=3"):
        joint = "&" if "?" in path else "?"
        answer = client.get(f"{path}{joint}{MEXICO}&part=times")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_caches_keep_it_and_search_engines_do_not(client, stage):
    for path in ("/", "/events/forum", "/organizations/example-league"):
        address = f"{path}?{MEXICO}&part=times"
        answer = client.get(address)
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Cache-Control"] == "public, no-cache"
        assert answer.headers["Vary"] == "Accept-Language"
        assert answer.headers["ETag"] != client.get(f"{path}?{MEXICO}").headers["ETag"]
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert client.head(address).headers["ETag"] == answer.headers["ETag"]
    assert "Vary" not in client.get(f"/es/events/forum?{MEXICO}&part=times").headers


def test_it_speaks_as_the_page_does(client, stage):
    address = f"/events/forum?{MEXICO}&part=times"
    spoken = client.get(address, headers={"Accept-Language": "es-MX, en;q=0.5"})
    assert "Su hora:" in spoken.text
    assert "6:00\u00a0p.m." in spoken.text  # in one line
    assert "18:00" in client.get(address, headers={"Accept-Language": "es"}).text
    assert "Your time:" in client.get(address, headers={"Accept-Language": "ja"}).text
    moved = client.get(f"/ES/events/forum?{MEXICO}&part=times")
    assert (moved.status_code, moved.location) == (308, f"/es/events/forum?{MEXICO}&part=times")


def test_it_tells_no_more_than_the_times(client, make):
    make.event(visibility=Visibility.UNLISTED, questions=[{"key": "wish", "label": {"en": "What do you hope for?"}}])
    answer = client.get(f"/events/forum?{MEXICO}&part=times")
    for fact in ("858 3554 9492", "191837", "zoom", "Public forum", "Example League", "hope", "forum@"):
        assert fact not in answer.text, fact


def test_the_page_of_a_mistake_gets_its_times_from_the_event(client, stage):
    path = "/en/events/forum/registrations"
    sent = client.post(f"{path}?part=times", data={"name": "Zoë"})
    assert sent.status_code == 422
    assert read(sent).one("h1").text == "Public forum"
    moved = client.get(f"{path}?{MEXICO}&part=times")
    assert (moved.status_code, moved.location) == (303, f"/en/events/forum?{MEXICO}&part=times")
    assert client.get(f"{path}?{MEXICO}&part=evil").location == f"/en/events/forum?{MEXICO}"
