"""Which language a page speaks, how it says so, and that no chosen address is second-guessed."""

import pytest

from tests.web.html import read

ENGLISH_AND_ARABIC = {"en": "Night sky", "ar": "سماء الليل"}


ASKED = [
    ("/events/forum", "", "Public forum", "en"),
    ("/events/forum", "es", "Foro público", "es"),
    ("/events/forum", "es-MX,es;q=0.9,en;q=0.8", "Foro público", "es"),
    ("/events/forum", "fr,en;q=0.1", "Public forum", "en"),
    ("/events/forum", "fr", "Public forum", "en"),
    ("/events/forum", "*;q=0.5, ;;,", "Public forum", "en"),
    ("/en/events/forum", "es", "Public forum", "en"),
    ("/es/events/forum", "en", "Foro público", "es"),
    ("/es-MX/events/forum", "en", "Foro público", "es-MX"),
    ("/fr/events/forum", "es", "Public forum", "en"),
]


def test_the_address_names_the_language_or_it_is_negotiated(client, make):
    make.event()
    for path, accepted, title, lang in ASKED:
        page = read(client.get(path, headers={"Accept-Language": accepted} if accepted else {}))
        html = page.one("html")
        assert (page.one("h1").text, html["lang"], html["dir"]) == (title, lang, "ltr"), (path, accepted)


def test_only_a_negotiated_answer_varies_by_language(client, make):
    make.event()
    assert client.get("/events/forum").vary.to_header() == "Accept-Language"
    assert client.get("/nothing").vary.to_header() == "Accept-Language"
    assert client.get("/es/events/forum").vary.to_header() == ""
    assert client.get("/es/nothing").vary.to_header() == ""


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/ES/events/forum?tz=Europe/Madrid", "/es/events/forum?tz=Europe/Madrid"),
        ("/es_mx/events/forum", "/es-MX/events/forum"),
        ("/iw/", "/he/"),
        ("/En/events/forum/calendar.ics", "/en/events/forum/calendar.ics"),
    ],
)
def test_another_spelling_of_a_tag_leads_to_the_one_address(client, make, path, target):
    make.event()
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (308, target)


@pytest.mark.parametrize("path", ["/xx/", "/q1/events/forum", "/en-XX-!/events/forum", "/zzz/events/forum"])
def test_what_is_no_language_is_no_page(client, make, path):
    make.event()
    assert client.get(path).status_code == 404


def test_a_page_names_its_other_languages_and_itself(client, make):
    make.event()
    base = "https://events.example.org"
    page = read(client.get("/es/events/forum?tz=Europe/Madrid"))
    alternates = {link["hreflang"]: link["href"] for link in page.all("link", rel="alternate") if link.get("hreflang")}
    assert alternates == {
        "en": f"{base}/en/events/forum",
        "es": f"{base}/es/events/forum",
        "x-default": f"{base}/events/forum",
    }
    assert page.one("link", rel="canonical")["href"] == f"{base}/es/events/forum"
    assert read(client.get("/events/forum")).one("link", rel="canonical")["href"] == f"{base}/events/forum"
    fallback = read(client.get("/fr/events/forum"))
    assert fallback.one("link", rel="canonical")["href"] == f"{base}/en/events/forum"


def test_the_switch_leads_to_the_same_page_in_own_names(client, make):
    make.event()
    page = read(client.get("/es/events/forum?tz=Europe/Madrid"))
    switch = page.one("header", class_="top").one("nav")
    links = [(a.text, a["lang"], a["hreflang"], a["href"], a.get("aria-current")) for a in switch.all("a")]
    assert links == [
        ("English", "en", "en", "/en/events/forum?tz=Europe/Madrid", None),
        ("Español", "es", "es", "/es/events/forum?tz=Europe/Madrid", "true"),
    ]


def test_every_link_stays_in_the_language_of_the_address(client, make):
    make.event()
    page = read(client.get("/es/events/forum"))
    own = {a["href"] for a in page.all("a") if a["href"].startswith("/") and not a.get("hreflang")}
    assert own == {
        "/es/",
        "/es/organizations/example-league",
        "/es/events/forum/english.ics",
        "/es/events/forum/spanish.ics",
        "/es/time-zone?return=/es/events/forum",
    }
    assert page.one("form", method="post")["action"] == "/es/events/forum/registrations"


def test_a_language_from_right_to_left_turns_the_page_and_marks_our_own_words(client, make):
    make.event("sky", languages=ENGLISH_AND_ARABIC)
    page = read(client.get("/ar/events/sky"))
    assert (page.one("html")["lang"], page.one("html")["dir"], page.one("body")["lang"]) == ("ar", "rtl", "en")
    assert (page.one("h1")["lang"], page.one("h1")["dir"]) == ("ar", "rtl")
    assert {time.one("span")["lang"] for time in page.all("time")} == {"ar"}


def test_words_that_fall_back_carry_their_own_language(client, make):
    make.event("sky", languages={"en": "Night sky", "de": {"summary": "Sternenhimmel", "description": "Abends."}})
    page = read(client.get("/es/events/sky"))
    assert page.one("html")["lang"] == "es"
    assert (page.one("h1").text, page.one("h1")["lang"]) == ("Night sky", "en")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/es/events/forum", [("Democracia", None, None), ("peace", "en", "ltr"), ("Esperanto", None, None)]),
        ("/es-MX/events/forum", [("Democracia", None, None), ("peace", "en", "ltr"), ("Esperanto", None, None)]),
        ("/en/events/forum", [("Democracy", None, None), ("peace", None, None), ("Esperanto", None, None)]),
        ("/fr/events/forum", [("Democracy", "en", "ltr"), ("peace", "en", "ltr"), ("Esperanto", None, None)]),
        ("/mi/events/forum", [("Democracy", None, None), ("peace", None, None), ("Esperanto", None, None)]),
        ("/fa/events/forum", [("دموکراسی", "fa", "rtl"), ("peace", None, None), ("Esperanto", None, None)]),
    ],
)
def test_topics_are_in_the_page_s_language_or_carry_their_own(client, make, path, shown):
    make.event(
        languages={"en": "Forum", "es": "Foro", "fa": "همایش"},
        topics=[
            {"en": "Democracy", "es": "Democracia", "fa": "دموکراسی"},
            {"en": "peace"},
            {"": "Esperanto"},
        ],
    )
    (topics,) = [found for found in read(client.get(path)).all("ul", class_="badges") if "aria-label" in found.attrs]
    assert [(topic.text, topic.get("lang"), topic.get("dir")) for topic in topics.all("bdi")] == shown


def test_questions_that_fall_back_carry_their_own_language(client, make):
    question = {"key": "wish", "label": {"en": "Your wish"}, "help": {"es": "Sea breve.", "en": "Be brief."}}
    make.event(questions=[question])
    page = read(client.get("/es/events/forum"))
    assert page.one("label", for_="q-wish")["lang"] == "en"
    assert "lang" not in page.one(id="q-wish:hint").attrs or page.one(id="q-wish:hint")["lang"] == "es"
