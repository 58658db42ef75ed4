"""The page on which one chooses a time zone, and that it leads nowhere else."""

from tests.web.html import read, values


def answers(page) -> list[tuple[str, str]]:
    return [(a.one("b").text, a["href"]) for a in page.all("a") if a.get("data-tz")]


def test_a_city_leads_back_with_its_zone(client, make):
    make.event()
    page = read(client.get("/time-zone", query_string={"q": "ciudad de mex", "return": "/events/forum"}))
    assert answers(page)[0] == ("Mexico City", "/events/forum?tz=America/Mexico_City")
    assert page.one("h2", id="found").text == "1 time zone found"
    back = read(client.get("/events/forum?tz=America/Mexico_City"))
    assert "Mexico City" in back.one("p", data_zone="date:english").text


def test_the_page_speaks_the_language_of_its_address(client):
    page = read(client.get("/es/time-zone?q=londres&return=/es/"))
    assert answers(page)[0] == ("Londres", "/es/?tz=Europe/London")
    assert values(page.one("form"))["return"] == ["/es/"]


def test_one_answer_for_each_zone(client):
    page = read(client.get("/time-zone?q=mexico"))
    zones = [a["data-tz"] for a in page.all("a") if a.get("data-tz")]
    assert len(zones) == len(set(zones)) > 5


def test_a_search_without_an_answer_says_what_to_do(client):
    for query in ("qqqqqq", "%", "<script>", "x" * 10_000, "'; DROP TABLE event"):
        page = read(client.get("/time-zone", query_string={"q": query}))
        assert answers(page) == []
        assert page.one("h2", id="found").text == "Nothing found", query


def test_no_search_is_no_answer(client):
    for query in ("", "   ", "\u202e"):
        page = read(client.get("/time-zone", query_string={"q": query}))
        assert (answers(page), page.all("h2")) == ([], []), query


OWN = [
    ("/events/forum", "/events/forum"),
    ("/es/events/forum?page=2&tz=Asia/Tokyo", "/es/events/forum?page=2"),
    ("/organizations/example-league", "/organizations/example-league"),
    ("/", "/"),
]


def test_it_leads_back_to_a_page_of_ours(client):
    for given, kept in OWN:
        page = read(client.get("/time-zone", query_string={"q": "Tokyo", "return": given}))
        joint = "&" if "?" in kept else "?"
        assert answers(page)[0][1] == f"{kept}{joint}tz=Asia/Tokyo"


FOREIGN = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%5cevil.example",
    "/%2fevil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "/javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "/.//evil.example",
    "/events/..//evil.example",
    "evil.example",
    "/nothing/here",
    "/events/forum\r\nSet-Cookie: x=1",
    "?",
    "#",
    "/" * 3000,
]


def test_it_leads_nowhere_else(client):
    for given in FOREIGN:
        page = read(client.get("/time-zone", query_string={"q": "Tokyo", "return": given}))
        assert answers(page)[0][1] == "/?tz=Asia/Tokyo", given
        assert [a["href"] for a in page.one("main").all("a") if not a.get("data-tz")] == ["/"]


def test_without_script_every_date_offers_the_choice(client, make):
    make.event()
    page = read(client.get("/es/events/forum"))
    links = {p.one("a")["href"] for p in page.all("p", class_="yours") if p.all("a")}
    assert links == {"/es/time-zone?return=/es/events/forum"}


def test_a_list_comes_back_to_its_own_page(client, make):
    make.event()
    page = read(client.get("/?page=1"))
    assert page.one("p", class_="zone").one("a")["href"] == "/time-zone?return=/?page%3D1"
