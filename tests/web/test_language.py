"""Which language a page speaks, how it says so, and that no chosen address is second-guessed."""

import pytest

from tests.web.html import read

# Path, what the browser accepts, then the page's title, its language and the language that the title is marked with.
ASKED = [
    ("/events/forum", "", "Public forum", "en", None),
    ("/events/forum", "es", "Foro público", "es", None),
    ("/events/forum", "es-MX,es;q=0.9,en;q=0.8", "Foro público", "es-MX", None),
    ("/events/forum", "en-US,en;q=0.9,es;q=0.8", "Public forum", "en-US", None),
    ("/events/forum", "fr-CA,es;q=0.5,en;q=0.1", "Foro público", "fr-CA", "es"),
    ("/events/forum", "fr", "Public forum", "fr", "en"),
    ("/events/forum", "ja,es;q=0.2", "Foro público", "es", None),
    ("/events/forum", "ja", "Public forum", "en", None),
    ("/events/forum", "zh-TW", "Public forum", "en", None),
    ("/events/forum", "zh-TW,zh;q=0.9,en;q=0.8", "Public forum", "zh", "en"),
    ("/events/forum", "*;q=0.5, ;;,", "Public forum", "en", None),
    ("/en/events/forum", "es", "Public forum", "en", None),
    ("/es/events/forum", "en", "Foro público", "es", None),
    ("/es-MX/events/forum", "en", "Foro público", "es-MX", None),
    ("/fr/events/forum", "es", "Public forum", "fr", "en"),
    ("/pt/events/forum", "es", "Public forum", "pt", "en"),
    ("/zh-SG/events/forum", "es", "Public forum", "zh-SG", "en"),
    ("/zh-Hant/events/forum", "es", "Public forum", "en", None),
    ("/ja/events/forum", "es", "Public forum", "en", None),
]


def test_the_address_names_the_language_or_it_is_negotiated(client, make):
    make.event()
    for path, accepted, title, lang, marked in ASKED:
        page = read(client.get(path, headers={"Accept-Language": accepted} if accepted else {}))
        html, heading = page.one("html"), page.one("h1")
        found = (heading.text, html["lang"], html["dir"], heading.get("lang"))
        assert found == (title, lang, "ltr", marked), (path, accepted)


@pytest.mark.parametrize(
    ("path", "accepted", "clock"),
    [
        ("/events/forum", "es-MX,es;q=0.9", "5:00 p.m. – 6:00 p.m."),
        ("/events/forum", "es-ES,es;q=0.9", "17:00–18:00"),
        ("/es/events/forum", "es-MX,es;q=0.9", "17:00–18:00"),
        ("/events/forum", "en-US,en;q=0.9", "5:00 PM – 6:00 PM"),
    ],
)
def test_a_browser_that_is_asked_has_its_region_s_clock(client, make, path, accepted, clock):
    make.event()
    page = read(client.get(path, headers={"Accept-Language": accepted}))
    assert sorted(clock in time.text for time in page.all("time")) == [False, True]


def test_who_reads_traditional_chinese_gets_a_page_in_one_script(client, make):
    make.event("tea", languages={"en": "Tea", "zh-Hans": "喝茶"})
    for path, accepted in (("/events/tea", "zh-TW,en;q=0.9"), ("/zh-TW/events/tea", "")):
        page = read(client.get(path, headers={"Accept-Language": accepted} if accepted else {}))
        assert (page.one("h1").text, page.one("html")["lang"], page.one("h1").get("lang")) == ("喝茶", "zh-Hans", None)


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
        "/es/events/forum/spanish.ics",
        "/es/events/forum/share",
        "/es/events/forum/link",
        "/es/time-zone?return=/es/events/forum",
    }
    assert page.one("form", method="post")["action"] == "/es/events/forum/registrations"


def test_words_in_another_script_are_marked(client, make):
    make.event("tea", languages={"zh-Hant": "喝茶：一個下午"})
    page = read(client.get("/zh-CN/events/tea"))
    assert (page.one("html")["lang"], page.one("h1").text, page.one("h1")["lang"]) == (
        "zh-CN",
        "喝茶：一個下午",
        "zh-Hant",
    )


def test_a_language_from_right_to_left_turns_the_page(client, make):
    make.event("sky", languages={"en": "Night sky", "ar": "سماء الليل"})
    page = read(client.get("/ar/events/sky"))
    assert (page.one("html")["lang"], page.one("html")["dir"], page.one("body").get("lang")) == ("ar", "rtl", None)
    assert (page.one("h1").get("lang"), page.one("h1").get("dir")) == (None, None)
    assert [time.all("span") for time in page.all("time")] == [[], []]


def test_our_own_words_are_marked_where_they_are_in_another_language(client, make):
    make.event("sky", languages={"en": "Night sky", "he": "שמי הלילה"})
    page = read(client.get("/he/events/sky"))
    assert (page.one("html")["lang"], page.one("html")["dir"], page.one("body")["lang"]) == ("he", "rtl", "en")
    assert (page.one("h1")["lang"], page.one("h1")["dir"]) == ("he", "rtl")
    assert {time.one("span")["lang"] for time in page.all("time")} == {"he"}


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
