"""The page with the text to copy: what it says in each language, which cities it takes, what it never says."""

from datetime import datetime

import pytest

from eventsapp.domain.vocabulary import PlaceState, RegistrationNeed, Visibility
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements
from tests.web.html import read

PATH = "/en/events/forum/share"
CITIES = ["America/Los_Angeles", "America/Mexico_City", "Europe/Madrid"]
ENGLISH = """\
Public forum

Saturday 13 June 2026
Los Angeles 16:00 · Mexico City 17:00 · Madrid 01:00 (+1)
Held in English.

Also in Spanish on 28 June 2026

https://events.example.org/en/events/forum"""


def june(day: int) -> datetime:
    return datetime(2026, 6, day, 18)  # noqa: DTZ001  a wall time beside its tzid


def texts(page) -> dict[str, str]:
    """The texts as a person copies them, by id; HTML drops the line break that begins a textarea."""
    return {
        field["id"].removeprefix("text:"): "".join(field.children).removeprefix("\n") for field in page.all("textarea")
    }


def clocks(text: str) -> list[str]:
    return [line for line in text.splitlines() if " · " in line]


def test_each_language_tells_its_own_edition_and_leads_to_its_own_page(client, make):
    make.event(city_tzids=CITIES)
    page = read(client.get(PATH))
    told = texts(page)
    assert list(told) == ["en", "es", "all"]
    assert told["en"] == ENGLISH
    spanish = told["es"].splitlines()
    assert spanish[:4] == [
        "Foro público",
        "",
        "domingo, 28 de junio de 2026",
        "Los Ángeles 17:00 · Ciudad de México 18:00 · Madrid 02:00 (+1)",
    ]
    assert spanish[-1] == "https://events.example.org/es/events/forum"
    alone, other = told["all"].split("\n\n– – –\n\n")
    assert alone == ENGLISH.replace("Also in Spanish on 28 June 2026\n\n", "")
    assert other.splitlines()[2:4] == spanish[2:4]


def test_the_language_of_the_page_comes_first_and_texts_are_marked(client, make):
    make.event(languages={"en": "Stories", "ar": "حكايات"}, occurrences=[IN_ENGLISH])
    page = read(client.get("/ar/events/forum/share"))
    assert list(texts(page)) == ["ar", "en", "all"]
    marks = [(field.get("lang"), field["dir"], "readonly" in field.attrs) for field in page.all("textarea")]
    assert marks == [("ar", "rtl", True), ("en", "ltr", True), (None, "auto", True)]
    named = {field["aria-labelledby"] for field in page.all("textarea")}
    assert named <= {element["id"] for element in page.walk() if element.get("id")}


def test_a_day_is_said_by_its_name_where_a_sign_would_be_torn_off(client, make):
    make.event(languages={"ar": "حكايات"}, occurrences=[IN_ENGLISH], city_tzids=["Europe/Madrid"])
    assert clocks(texts(read(client.get("/ar/events/forum/share")))["ar"]) == ["لوس انجلوس 16:00 · مدريد 01:00 (الأحد)"]


def test_one_language_needs_no_text_for_all(client, make):
    make.event(languages={"en": "Public forum"}, occurrences=[IN_ENGLISH])
    told = texts(read(client.get(PATH)))
    assert list(told) == ["en"]
    assert "Held in" not in told["en"]


def test_a_language_without_sentences_of_ours_gets_no_english_ones(client, make):
    make.event(languages={"ja": "公開フォーラム", "en": "Public forum"}, city_tzids=["Asia/Tokyo"])
    japanese = texts(read(client.get("/ja/events/forum/share")))["ja"]
    assert japanese.splitlines() == [
        "公開フォーラム",
        "",
        "2026年6月13日土曜日",
        "ロサンゼルス 16:00 · 東京 08:00 (+1)",
        "英語",
        "",
        "2026年6月28日日曜日",
        "ロサンゼルス 17:00 · 東京 09:00 (+1)",
        "スペイン語",
        "",
        "https://events.example.org/ja/events/forum",
    ]


def test_without_cities_of_its_own_an_online_date_names_those_of_its_readers(client, make):
    make.event(
        languages={"en": "Forum", "es": "Foro", "de": "Forum"}, occurrences=[{**IN_ENGLISH, "language_tag": None}]
    )
    told = texts(read(client.get(PATH)))
    assert clocks(told["en"]) == ["Los Angeles 16:00 · New York 19:00 · London 00:00 (+1)"]
    assert clocks(told["es"]) == ["Los Ángeles 16:00 · Ciudad de México 17:00 · Bogotá 18:00 · Madrid 01:00 (+1)"]
    assert clocks(told["de"]) == ["Los Angeles 16:00 · Berlin 01:00 (+1)"]


def test_a_date_at_a_place_names_the_place_and_its_own_clock_alone(client, make):
    hall = {"key": "hall", "dtstart_local": june(30), "location": {"": "High Street 1"}, "tzid": "Europe/London"}
    make.event(languages={"en": "Forum"}, occurrences=[hall])
    assert texts(read(client.get(PATH)))["en"].splitlines()[2:5] == [
        "Tuesday 30 June 2026",
        "London 18:00",
        "High Street 1",
    ]


def test_what_is_over_or_cancelled_is_not_announced(client, make, now):
    gone = {"key": "gone", "dtstart_local": datetime(2026, 2, 1, 18)}  # noqa: DTZ001
    off = {"key": "off", "dtstart_local": june(10), "cancelled_at": now}
    make.event(languages={"en": "Forum"}, occurrences=[gone, off, {"key": "next", "dtstart_local": june(20)}])
    text = texts(read(client.get(PATH)))["en"]
    assert [line for line in text.splitlines() if "2026" in line] == ["Saturday 20 June 2026"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"occurrences": [{"key": "x", "dtstart_local": datetime(2026, 2, 1)}]}, "This event has no dates to come."),  # noqa: DTZ001
        ({"cancelled_at": datetime.fromisoformat("2026-03-01T00:00Z")}, "This event is cancelled."),
    ],
)
def test_where_nothing_is_to_come_there_is_nothing_to_copy(client, make, values, said):
    make.event(**values)
    page = read(client.get(PATH))
    assert (page.all("textarea"), page.all("form")) == ([], [])
    assert said in page.one("main").text
    assert read(client.get("/en/events/forum")).all("a", href=PATH) == []


# Cities


def test_a_city_is_searched_added_and_removed_by_links(client, make):
    make.event(city_tzids=["Europe/Madrid"])
    page = read(client.get(f"{PATH}?q=houston"))
    (answer,) = page.one("ul", class_="answers").all("a")
    assert answer.text == "Add: Houston · United States"
    page = read(client.get(answer["href"]))
    assert clocks(texts(page)["en"]) == ["Los Angeles 16:00 · Madrid 01:00 (+1) · Houston 18:00"]
    assert page.one("form", role="search").one("input", name="city")["value"] == "Houston, US"
    switch = page.one("header", class_="top").one("a", hreflang="es")["href"]
    assert "Houston 19:00" in texts(read(client.get(switch)))["es"]
    more = read(client.get(f"{PATH}?city=Houston,+US&q=munich")).one("ul", class_="answers").one("a")["href"]
    page = read(client.get(more))
    assert clocks(texts(page)["en"]) == ["Los Angeles 16:00 · Madrid 01:00 (+1) · Houston 18:00 · Munich 01:00 (+1)"]
    assert "Múnich 02:00 (+1)" in texts(page)["es"]
    first, second = page.one("ul", class_="rows").all("a")
    assert [link.one("span").text for link in (first, second)] == ["– Houston", "– Munich"]
    assert "Houston" not in texts(read(client.get(first["href"].partition("#")[0])))["en"]


def test_cities_that_one_names_stand_instead_of_a_guess(client, make):
    make.event(languages={"en": "Forum"}, occurrences=[IN_ENGLISH])
    page = read(client.get(f"{PATH}?city=Asia/Tokyo"))
    assert clocks(texts(page)["en"]) == ["Los Angeles 16:00 · Tokyo 08:00 (+1)"]


@pytest.mark.parametrize(
    "city", ["nowhere", "San José", "Spain", "<script>alert(1)</script>", "", "x" * 5000, "America/Los_Angeles"]
)
def test_what_is_no_city_or_not_a_clear_one_changes_nothing(client, make, city):
    make.event(city_tzids=CITIES)
    answer = client.get(PATH, query_string={"city": city})
    assert answer.status_code == 200
    assert texts(read(answer))["en"] == ENGLISH
    assert "<script>alert" not in answer.text


def test_cities_have_a_limit(client, make):
    make.event(city_tzids=["Europe/Madrid"])
    keys = [
        f"America/{city}" for city in ["Denver", "Chicago", "Phoenix", "Halifax", "Bogota", "Lima", "Havana", "Caracas"]
    ]
    keys += [f"Asia/{city}" for city in ["Tokyo", "Seoul", "Manila", "Dubai", "Kolkata", "Tehran"]]
    page = read(client.get(PATH, query_string={"city": keys, "q": "rome"}))
    assert len(clocks(texts(page)["en"])[0].split(" · ")) == 2 + 12
    assert page.all("form") == []


def test_a_search_without_an_answer_says_what_to_write(client, make):
    make.event()
    page = read(client.get(PATH, query_string={"q": "<b>xyzzy</b>"}))
    assert "Write the name of a large city nearby, or of the country." in page.one("main").text
    assert page.one("input", id="q")["value"] == "<b>xyzzy</b>"


# What everybody may see


def test_it_holds_no_secret_and_no_person(client, make):
    event = make.event(
        occurrences=[{**IN_ENGLISH, "registration": RegistrationNeed.NONE}, IN_SPANISH], city_tzids=CITIES
    )
    make.registration(event, places={"spanish": PlaceState.CONFIRMED})
    answer = client.get(PATH)
    for secret in ("82314567890", "823 1456", "428571", "zoom.us", "191837", "85835549492", "person1", "Zoë", "/j/"):
        assert secret not in answer.text
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert "Set-Cookie" not in answer.headers
    assert client.get(PATH, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_draft_is_not_there_and_an_unlisted_event_is(client, make):
    make.event(published_at=None)
    make.event("quiet", visibility=Visibility.UNLISTED)
    assert client.get(PATH).status_code == 404
    assert client.get("/events/never/share").status_code == 404
    assert client.get("/events/quiet/share").status_code == 200
    assert client.post("/events/quiet/share").status_code == 405


def test_the_event_s_page_leads_there_and_back(client, make):
    make.event()
    assert read(client.get("/es/events/forum?tz=Europe/Madrid")).one("a", href="/es/events/forum/share")
    page = read(client.get("/es/events/forum/share"))
    assert page.one("main").all("a")[0]["href"] == "/es/events/forum"
    assert page.one("meta", name="robots")["content"] == "noindex"


def test_it_asks_the_database_equally_often_for_one_date_and_for_three(client, make):
    make.event("one", occurrences=[IN_SPANISH])
    make.event("three", occurrences=[{**IN_SPANISH, "key": key} for key in ("a", "b", "c")])
    counts = []
    for slug in ("one", "three"):
        with statements() as asked:
            assert client.get(f"/events/{slug}/share").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
