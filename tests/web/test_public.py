"""The pages for everybody: what is listed, what an event's page says in each state, and what it tells machines."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from eventsapp.domain.vocabulary import (
    Approval,
    Choose,
    ConferenceAccess,
    EventStatus,
    PlaceState,
    RegistrationNeed,
    Visibility,
)
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements
from tests.web.html import read

SECRETS = ("82314567890", "823 1456 7890", "428571", "example.org/j/")
LOS_ANGELES = "Saturday 13 June 2026, 4:00 pm – 5:00 pm, Pacific Time (Los Angeles, UTC−7)"


def dated(key: str, day: datetime, **values):
    return {"key": key, "dtstart_local": day, **values}


def june(day: int, hour: int = 18) -> datetime:
    return datetime(2026, 6, day, hour)  # noqa: DTZ001  a wall time beside its tzid


def badges(page) -> list[str]:
    return [badge.text for badge in page.one("section", class_="dates").all("span", class_="badge")]


def instead(page) -> str:
    return page.one("section", class_="register").text


# The lists


def test_the_front_page_lists_events_by_their_next_date_with_both_times(client, make):
    make.event("late", languages={"en": "Late"}, occurrences=[dated("x", june(20))])
    make.event(languages={"en": {"summary": "Public forum", "excerpt": "An open evening."}, "es": "Foro público"})
    page = read(client.get("/?tz=Europe/Madrid"))
    assert [title.text for title in page.all("h2")] == ["Public forum", "Late"]
    first = page.one("ul", class_="list").children[1]
    assert first.one("p", class_="lead").text == "An open evening."
    assert [time.text for time in first.all("time")] == [
        LOS_ANGELES,
        "Sunday 14 June 2026, 1:00 am – 2:00 am, Central European Time (Madrid, UTC+2)",
        "Sunday 28 June 2026, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)",
        "Monday 29 June 2026, 2:00 am – 3:00 am, Central European Time (Madrid, UTC+2)",
    ]
    assert [badge.text for badge in first.all("span", class_="badge")] == [
        "English",
        "Open for registration",
        "+1 day",
        "Español",
        "Open for registration",
        "+1 day",
    ]


def test_the_front_page_speaks_the_asked_language_with_what_there_is(client, make):
    make.event(languages={"en": "Public forum", "es": "Foro público"})
    make.event("sky", languages={"mi": "Te rangi i te pō"}, occurrences=[dated("x", june(29))])
    page = read(client.get("/es/"))
    assert page.one("html")["lang"] == "es"
    assert [(a.text, a.get("lang")) for a in (h2.one("a") for h2 in page.all("h2"))] == [
        ("Foro público", None),
        ("Te rangi i te pō", "mi"),
    ]
    switch = page.one("header", class_="top").one("nav")
    assert switch.one("summary").text == "Español"
    names = ["English", "Español", "Français", "Deutsch", "Português (Brasil)", "Italiano", "العربية", "简体中文"]
    assert [a.text for a in switch.all("a")] == [*names, "Māori"]
    assert [(a.text, a["dir"]) for a in switch.all("a") if a.get("dir")] == [("العربية", "rtl")]
    assert [a.text for a in page.one("footer").one("nav").all("a")] == [*names, "Māori"]


def test_drafts_past_and_unlisted_events_are_in_no_list(client, make):
    make.event("draft", languages={"en": "Draft"}, published_at=None)
    make.event("past", languages={"en": "Past"}, occurrences=[dated("x", datetime(2026, 1, 1, 18))])  # noqa: DTZ001
    make.event("unlisted", languages={"en": "Unlisted"}, visibility=Visibility.UNLISTED)
    page = read(client.get("/"))
    assert page.all("h2") == []
    assert page.one("p", class_="lead").text == "Nothing is planned at the moment. Come back soon."


def test_lists_are_paged_and_nothing_lies_beyond(client, make):
    for number in range(21):
        make.event(f"e{number:02}", languages={"en": f"Event {number:02}"}, occurrences=[dated("x", june(1 + number))])
    first = read(client.get("/en/?tz=Asia/Tokyo"))
    assert len(first.all("h2")) == 20
    following = first.one("a", rel="next")["href"]
    assert following == "/en/?tz=Asia/Tokyo&page=2"
    second = read(client.get(following))
    assert [h2.text for h2 in second.all("h2")] == ["Event 20"]
    assert second.one("a", rel="prev")["href"] == "/en/?tz=Asia/Tokyo"
    assert second.one("link", rel="canonical")["href"] == "https://events.example.org/en/?page=2"
    for number in ("3", "0", "-1", "x", "1e3", "²", "1000000000", "99999999999999999999", ""):
        assert client.get("/", query_string={"page": number}).status_code == 404, number


def test_an_organization_lists_its_own_events(client, make):
    make.event()
    other = make.organization(slug="other", name="Other <People>")
    make.event("theirs", languages={"en": "Theirs"}, organization=other)
    page = read(client.get("/organizations/other"))
    assert page.one("h1").text == "Other <People>"
    assert [h2.text for h2 in page.all("h2")] == ["Theirs"]
    assert client.get("/organizations/nobody").status_code == 404


@pytest.mark.parametrize("path", ["/", "/organizations/example-league"])
def test_a_list_asks_the_database_equally_often_for_one_event_and_for_three(client, make, path):
    make.event("one")
    with statements() as for_one:
        client.get(path)
    make.event("two")
    make.event("three")
    with statements() as for_three:
        assert len(read(client.get(path)).all("h2")) == 3
    assert len(for_three) == len(for_one)


def test_an_event_asks_equally_often_for_one_date_and_for_three(client, make):
    make.event("one", occurrences=[IN_SPANISH])
    make.event("three", occurrences=[{**IN_SPANISH, "key": key} for key in ("a", "b", "c")])
    counts = []
    for slug in ("one", "three"):
        with statements() as asked:
            assert client.get(f"/events/{slug}").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


# One event


def test_an_event_says_when_it_is_in_both_zones(client, make):
    make.event()
    page = read(client.get("/events/forum?tz=America/Mexico_City"))
    english, spanish = (listed.one("li") for listed in page.all("ol", class_="editions"))
    assert english.all("time")[0].text == LOS_ANGELES
    assert english.all("time")[0]["datetime"] == "2026-06-13T16:00:00-07:00"
    assert english.one("p", class_="yours").text == "Your time: Saturday 5:00 pm – 6:00 pm (Mexico City, UTC−6) change"
    assert spanish.all("time")[1]["datetime"] == "2026-06-28T18:00:00-06:00"


# Its editions


def editions_of(page) -> list[list[str]]:
    """The ids of the dates in each list that is not folded away."""
    lists = page.one("section", class_="dates").all("ol", class_="editions")
    return [[item["id"].removeprefix("date:") for item in listed.all("li")] for listed in lists]


def offered(page) -> list[str]:
    return [field["value"] for field in page.all("input", name="occurrences")]


def test_a_page_begins_with_the_edition_in_its_language_and_leads_to_the_other(client, make):
    make.event()
    english = read(client.get("/en/events/forum?tz=Europe/Madrid"))
    assert (editions_of(english), offered(english)) == ([["english"], ["spanish"]], ["english", "spanish"])
    spanish = read(client.get("/es/events/forum?tz=Europe/Madrid"))
    assert (editions_of(spanish), offered(spanish)) == ([["spanish"], ["english"]], ["spanish", "english"])
    other = english.one("section", class_="dates").one("a", hreflang="es")
    assert (other.text, other["href"]) == ("Also in Spanish on 28 June 2026", "/es/events/forum?tz=Europe/Madrid")
    assert english.one("section", class_="dates").one("h3").text == "Also in other languages"
    assert [link["href"] for link in spanish.one("section", class_="dates").all("a", hreflang="en")] == [
        "/en/events/forum?tz=Europe/Madrid"
    ]


def test_a_form_that_comes_back_has_the_same_order(client, make):
    make.event()
    page = read(client.post("/es/events/forum/registrations", data={"name": "Zoë"}))
    assert (editions_of(page), offered(page)) == ([["spanish"], ["english"]], ["spanish", "english"])


def test_what_is_held_in_all_languages_is_at_home_on_every_page(client, make):
    make.event(occurrences=[dated("both", june(20)), dated("es", june(10), language_tag="es")])
    assert editions_of(read(client.get("/en/events/forum"))) == [["both"], ["es"]]
    assert editions_of(read(client.get("/es/events/forum"))) == [["es", "both"]]


def test_an_edition_without_a_page_in_its_language_is_shown_in_full(client, make):
    days = {"fr": 10, "en": 15, "es-MX": 20}
    make.event(occurrences=[dated(tag, june(day), language_tag=tag) for tag, day in days.items()])
    page = read(client.get("/en/events/forum"))
    assert editions_of(page) == [["en", "fr"], ["es-MX"]]
    assert page.one("section", class_="dates").one("a", hreflang="es")["href"] == "/es/events/forum"
    assert page.one("a", href="/en/events/forum/fr.ics").text.startswith("Add to calendar")


def test_a_cancelled_edition_of_the_language_does_not_stand_before_the_others(client, make, now):
    make.event(occurrences=[IN_ENGLISH, {**IN_SPANISH, "cancelled_at": now}])
    assert editions_of(read(client.get("/es/events/forum"))) == [["english", "spanish"]]


def test_where_no_edition_of_the_language_is_to_come_all_others_are_shown_in_full(client, make):
    gone = dated("gone", datetime(2026, 2, 1, 18), language_tag="es")  # noqa: DTZ001
    make.event(occurrences=[gone, dated("next", june(20), language_tag="en")])
    page = read(client.get("/es/events/forum"))
    assert editions_of(page) == [["next"], ["gone"]]
    assert page.one("section", class_="dates").all("h3") == []
    assert page.one("a", href="/es/events/forum/next.ics")


def test_a_page_in_a_language_without_words_takes_the_editions_of_the_words_it_shows(client, make):
    make.event()
    page = read(client.get("/de/events/forum"))
    assert editions_of(page) == [["english"], ["spanish"]]
    assert page.one("section", class_="dates").one("a", hreflang="es")["href"] == "/es/events/forum"


ZONES = [
    ("Europe/London", "Sunday 14 June 2026, 12:00 am – 1:00 am, United Kingdom Time (London, UTC+1) +1 day"),
    ("America/Vancouver", "This is your time, too (Vancouver)"),
    ("US/Pacific", "This is your time, too (Los Angeles)"),
    ("", "Show this in your time zone"),
    ("PST", "Show this in your time zone"),
    ("America", "Show this in your time zone"),
    ("../../etc/passwd", "Show this in your time zone"),
    ("<script>", "Show this in your time zone"),
    ("x" * 5000, "Show this in your time zone"),
]


def test_a_zone_is_one_that_we_offer_or_it_is_ignored(client, make):
    make.event(occurrences=[IN_ENGLISH])
    for tzid, said in ZONES:
        answer = client.get("/events/forum", query_string={"tz": tzid})
        assert answer.status_code == 200
        assert said in read(answer).one("section", class_="dates").one("p", class_="yours").text, tzid


def test_a_day_before_is_marked_too(client, make):
    make.event(occurrences=[dated("x", june(13, 9), tzid="Asia/Tokyo")])
    page = read(client.get("/events/forum?tz=America/Los_Angeles"))
    yours = page.one("section", class_="dates").one("p", class_="yours")
    assert yours.one("span", class_="badge").text == "−1 day"


def test_a_public_room_is_shown_in_groups_and_a_registered_one_is_not(client, make):
    make.event()
    answer = client.get("/events/forum")
    page = read(answer)
    room = page.one("div", class_="room")
    assert [bdi.text for bdi in room.all("bdi")] == ["858 3554 9492", "191837"]
    link = room.one("a", class_="button")
    assert (link["href"], link["rel"]) == ("https://us06web.zoom.us/j/85835549492", "noreferrer")
    text = answer.get_data(as_text=True)
    assert not any(secret in text for secret in ("82314567890", "823 1456 7890", "428571"))


def test_a_room_disappears_with_its_date(client, make):
    conference = {**IN_ENGLISH["conference"], "dial_in": [{"number": "+1 669 900 6833", "country": "US", "city": ""}]}
    gone = {**IN_ENGLISH, "dtstart_local": datetime(2026, 2, 1, 16), "conference": conference}  # noqa: DTZ001
    off = {**IN_ENGLISH, "key": "off", "cancelled_at": datetime(2026, 3, 1, tzinfo=UTC), "conference": conference}
    make.event(occurrences=[gone, off, IN_SPANISH])
    text = client.get("/events/forum").get_data(as_text=True)
    assert not any(secret in text for secret in ("191837", "8583554", "858 3554", "900 6833"))


def test_an_open_event_offers_its_form(client, make):
    make.event()
    page = read(client.get("/events/forum"))
    assert page.one("form", method="post")["action"] == "/events/forum/registrations"
    assert badges(page) == ["English", "Español"]


def test_few_places_are_counted(client, make):
    event = make.event(occurrences=[{**IN_SPANISH, "capacity": 6}])
    assert badges(read(client.get("/events/forum"))) == ["Español"]
    make.registration(event)
    assert badges(read(client.get("/events/forum"))) == ["Español", "5 places left"]
    for _ in range(4):
        make.registration(event)
    assert badges(read(client.get("/events/forum"))) == ["Español", "1 place left"]


def test_a_full_event_says_whom_to_ask(client, make):
    event = make.event(occurrences=[{**IN_SPANISH, "capacity": 1}])
    make.registration(event)
    page = read(client.get("/events/forum"))
    assert badges(page) == ["Español", "Full"]
    assert instead(page).startswith("All places are taken Write to the organizer if")
    assert page.one("section", class_="register").all("a")[0]["href"] == "mailto:contact@example.org"
    assert page.all("form", method="post") == []


def test_a_full_event_with_a_waitlist_takes_people_onto_it(client, make):
    event = make.event(occurrences=[{**IN_SPANISH, "capacity": 1}], waitlist=True)
    make.registration(event)
    page = read(client.get("/events/forum"))
    assert badges(page) == ["Español", "Full, with a waiting list"]
    assert page.one("form", method="post").one("button").text == "Join the waiting list"


def test_an_event_that_is_not_open_yet_says_when_it_opens(client, make):
    opens = {
        "opens_local": june(1, 9),
        "opens_tzid": "America/Mexico_City",
        "opens_at": datetime(2026, 6, 1, 15, tzinfo=UTC),
    }
    make.event(**opens)
    page = read(client.get("/events/forum"))
    assert badges(page)[1::2] == ["Registration is not open yet"] * 2
    assert "It opens: Monday 1 June 2026, 9:00 am, Central Time (Mexico City, UTC−6)." in instead(page)


def test_a_closed_event_says_so(client, make, now):
    make.event(closes_local=june(1), closes_tzid="Etc/UTC", closes_at=now)
    page = read(client.get("/events/forum"))
    assert badges(page)[1::2] == ["Registration is closed"] * 2
    assert "Write to the organizer if you still want to take part." in instead(page)


def test_an_event_that_is_over_points_to_what_comes_next(client, make):
    make.event(occurrences=[dated("x", datetime(2026, 2, 1, 18))])  # noqa: DTZ001
    page = read(client.get("/events/forum"))
    assert badges(page) == ["Over"]
    assert instead(page).startswith("This event is over See what comes next")
    assert (
        page.one("section", class_="register").one("p", class_="links").all("a")[-1]["href"]
        == "/organizations/example-league"
    )


def test_dates_that_are_over_stand_behind_those_to_come(client, make):
    gone = dated("gone", datetime(2026, 2, 1, 18))  # noqa: DTZ001
    make.event(occurrences=[gone, IN_SPANISH])
    page = read(client.get("/events/forum"))
    assert [item["id"] for item in page.one("section", class_="dates").all("li") if item.get("id")] == [
        "date:spanish",
        "date:gone",
    ]
    assert page.one("section", class_="dates").one("summary").text == "1 date is over"


def test_a_cancelled_event_says_so_and_takes_nobody(client, make, now):
    make.event(cancelled_at=now)
    page = read(client.get("/events/forum"))
    assert badges(page)[1::2] == ["Cancelled"] * 2
    assert "This event is cancelled." in page.one("article").one("header").text
    assert page.one("main").text.count("This event is cancelled") == 1
    assert instead(page).startswith("Registration is closed See what comes next, or write to the organizer.")


def test_an_event_whose_dates_are_all_cancelled_says_so_once(client, make, now):
    make.event(occurrences=[{**IN_ENGLISH, "cancelled_at": now}, {**IN_SPANISH, "cancelled_at": now}])
    page = read(client.get("/events/forum"))
    assert badges(page)[1::2] == ["Cancelled"] * 2
    assert page.one("main").text.count("This event is cancelled") == 1
    assert instead(page).startswith("This event is cancelled You cannot register any more.")


def test_a_cancelled_date_leaves_the_other(client, make, now):
    make.event(occurrences=[{**IN_ENGLISH, "cancelled_at": now}, IN_SPANISH])
    page = read(client.get("/events/forum"))
    assert badges(page) == ["English", "Cancelled", "Español"]
    assert page.one("input", name="occurrences")["value"] == "spanish"


def test_an_event_without_registration_invites_one_to_come(client, make):
    make.event(occurrences=[{**IN_ENGLISH, "registration": RegistrationNeed.NONE}])
    page = read(client.get("/events/forum"))
    assert badges(page) == ["English", "No registration needed"]
    assert instead(page).startswith("No registration needed You can simply take part.")


def test_a_draft_looks_like_what_never_was(client, make):
    make.event("draft", published_at=None)
    for path in ("/events/{}", "/events/{}/calendar.ics", "/events/{}/english.ics", "/events/{}/share.png"):
        draft, nothing = (client.get(path.format(slug)) for slug in ("draft", "never"))
        assert draft.status_code == nothing.status_code == 404
        assert draft.text.replace("draft", "never") == nothing.text
    draft, nothing = (client.post(f"/events/{slug}/registrations") for slug in ("draft", "never"))
    assert (draft.status_code, draft.text.replace("draft", "never")) == (404, nothing.text)


def test_an_unlisted_event_is_shown_to_whoever_knows_it_and_to_no_search_engine(client, make):
    make.event(visibility=Visibility.UNLISTED)
    assert read(client.get("/events/forum")).one("meta", name="robots")["content"] == "noindex"
    make.event("listed")
    assert read(client.get("/events/listed")).all("meta", name="robots") == []


def test_what_the_organizer_wrote_is_text_or_safe_markdown(client, make):
    evil = "<script>alert(1)</script>{{7*7}}"
    words = {"summary": evil, "excerpt": evil, "description": f"{evil}\n\n# One\n\n[x](javascript:alert(1)) **bold**"}
    organization = make.organization(name=evil, slug="evil")
    make.event(
        languages={"en": words},
        topics=[{"": evil}, {"en": evil}],
        organization=organization,
        contact='"><u>@example.org',
    )
    answer = client.get("/events/forum")
    page = read(answer)
    assert page.one("h1").text == evil
    assert [script.get("type") for script in page.all("script")] == [None, "application/ld+json"]
    assert page.one("div", class_="prose").one("strong").text == "bold"
    assert page.one("div", class_="prose").one("h3").text == "One"
    assert "<u>" not in answer.get_data(as_text=True)
    assert "49" not in page.one("h1").text


def test_headings_go_down_step_by_step(client, make):
    make.event(languages={"en": {"summary": "S", "description": "# A\n\n## B\n\ntext", "what_to_bring": "- tea"}})
    page = read(client.get("/events/forum"))
    levels = [int(e.tag[1]) for e in page.walk() if e.tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(
    ("location", "marks"),
    [
        ({"": "قاعة ١"}, (None, None)),
        ({"ar": "قاعة ١"}, ("ar", "rtl")),
        ({"en": "قاعة ١", "ar": "غرفة"}, (None, None)),
    ],
)
def test_an_address_is_marked_where_it_is_in_another_language(client, make, location, marks):
    make.event(languages={"en": "Forum", "ar": "منتدى"}, occurrences=[dated("hall", june(30), location=location)])
    (address,) = [p for p in read(client.get("/en/events/forum")).all("p") if p.text == "قاعة ١"]
    assert (address.get("lang"), address.get("dir")) == marks


# For machines


def test_machines_read_each_date_with_its_offset(client, make, now):
    make.event(
        languages={"en": {"summary": "Forum </script> & “more”", "excerpt": "An evening."}},
        occurrences=[
            IN_ENGLISH,
            {**IN_SPANISH, "cancelled_at": now},
            dated("hall", june(30), location={"": "High Street 1"}, tzid="Europe/London"),
        ],
    )
    page = read(client.get("/events/forum"))
    data = json.loads(page.one("script", type="application/ld+json").children[0])
    assert data["@context"] == "https://schema.org"
    english, spanish, hall = data["@graph"]
    assert english == {
        "@type": "Event",
        "@id": "https://events.example.org/en/events/forum#date:english",
        "name": "Forum </script> & “more”",
        "description": "An evening.",
        "url": "https://events.example.org/en/events/forum",
        "image": page.one("meta", property="og:image")["content"],
        "organizer": {
            "@type": "Organization",
            "name": "Example League",
            "url": "https://events.example.org/organizations/example-league",
        },
        "startDate": "2026-06-13T16:00:00-07:00",
        "endDate": "2026-06-13T17:00:00-07:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "location": {"@type": "VirtualLocation", "url": "https://events.example.org/en/events/forum"},
        "inLanguage": "en",
    }
    assert (spanish["eventStatus"], spanish["inLanguage"]) == ("https://schema.org/EventCancelled", "es")
    assert hall["eventAttendanceMode"] == "https://schema.org/OfflineEventAttendanceMode"
    assert hall["location"] == {"@type": "Place", "name": "High Street 1", "address": "High Street 1"}


def test_machines_read_which_pages_are_translations_of_which(client, make):
    make.event(
        languages={"en": "Public forum", "es": "Foro público", "fr": "Forum public"},
        occurrences=[dated("both", june(20)), dated("es", june(27), language_tag="es")],
    )

    def told(tag):
        page = read(client.get(f"/{tag}/events/forum"))
        *events, web_page = json.loads(page.one("script", type="application/ld+json").children[0])["@graph"]
        assert {event["subjectOf"]["@id"] for event in events} == {web_page["@id"]}
        return [(event["@id"].rpartition(":")[2], event["inLanguage"]) for event in events], web_page

    def web_page(tag, name):
        url = f"https://events.example.org/{tag}/events/forum"
        return {"@type": "WebPage", "@id": url, "name": name, "inLanguage": tag}

    original, spanish = web_page("en", "Public forum"), web_page("es", "Foro público")
    others = [spanish, web_page("fr", "Forum public")]
    dates = [("both", ["en", "es", "fr"]), ("es", "es")]
    assert told("en") == (dates, original | {"workTranslation": others})
    assert told("es") == (dates, spanish | {"translationOfWork": original})


def test_one_date_in_one_language_is_one_thing_to_machines(client, make):
    make.event(languages={"en": "Public forum"}, occurrences=[dated("x", june(20))])
    data = json.loads(read(client.get("/events/forum")).one("script", type="application/ld+json").children[0])
    assert (data["@context"], data["@type"], data["inLanguage"]) == ("https://schema.org", "Event", "en")
    assert "subjectOf" not in data


def test_previews_get_title_text_and_picture(client, make):
    make.event(languages={"en": {"summary": "Public forum", "excerpt": 'An "open" evening.'}}, picture="p.jpg")
    page = read(client.get("/events/forum"))
    graph = {meta["property"]: meta["content"] for meta in page.all("meta") if meta.get("property")}
    image = graph.pop("og:image")
    assert re.fullmatch(r"https://events\.example\.org/en/events/forum/share\.png\?v=[0-9a-f]{8}", image)
    assert json.loads(page.one("script", type="application/ld+json").children[0])["@graph"][0]["image"] == [
        image,
        "https://events.example.org/pictures/p.jpg",
    ]
    assert graph == {
        "og:type": "website",
        "og:title": "Public forum",
        "og:description": 'An "open" evening.',
        "og:url": "https://events.example.org/events/forum",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "Public forum · Saturday 13 June 2026 · Example League",
        "og:locale": "en",
        "og:site_name": "Example League",
    }
    assert page.one("title").text == "Public forum – Example League"


def test_absolute_links_never_come_from_the_request(client, make):
    make.event()
    text = client.get("/events/forum", headers={"Host": "localhost", "X-Forwarded-Host": "evil.example"}).text
    assert "localhost" not in text
    assert "evil.example" not in text


# Caching


@pytest.mark.parametrize(
    "path", ["/", "/events/forum", "/es/events/forum?tz=Europe/Madrid", "/organizations/example-league"]
)
def test_a_page_is_kept_until_it_changes(client, make, path):
    event = make.event()
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert "Last-Modified" not in answer.headers  # what is said depends on the hour, too
    tag = answer.headers["ETag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    make.registration(event)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.head(path).headers["ETag"] == tag


def test_a_page_is_the_same_for_everybody(client, make):
    make.event()
    plain = client.get("/en/events/forum")
    visited = client.get(
        "/en/events/forum",
        headers={"Accept-Language": "es", "Cookie": "session=x", "User-Agent": "Y", "Referer": "https://x.example"},
    )
    assert plain.data == visited.data


def test_times_keep_right_over_a_clock_change(client, make):
    night = dated("night", datetime(2026, 11, 1, 0, 30), duration_seconds=2 * 3600)  # noqa: DTZ001
    make.event(occurrences=[night])
    page = read(client.get("/events/forum?tz=America/Los_Angeles"))
    assert (
        page.all("time")[0].text
        == "Sunday 1 November 2026, 12:30 am – 1:30 am, Pacific Time (Los Angeles, UTC−7 → UTC−8)"
    )


def test_sizes_stay_small(client, make):
    make.event(
        languages={
            "en": {"summary": "Public forum", "excerpt": "An open evening.", "description": "Words. " * 200},
            "es": "Foro público",
        },
        questions=[{"key": f"q{n}", "label": {"en": f"Question number {n}", "es": "Pregunta"}} for n in range(4)],
    )
    answer = client.get("/events/forum?tz=Europe/Madrid")
    page = read(answer)
    sheet = client.get(page.all("link", rel="stylesheet")[0]["href"])
    script = client.get(next(s["src"] for s in page.all("script") if s.get("src")))
    picture = client.get(page.one("img", class_="art")["src"])
    assert len(script.data) <= 2100
    assert len(sheet.data) <= 12_000
    assert len(picture.data) <= 2000
    assert len(answer.data) + len(sheet.data) + len(script.data) <= 30_000


@pytest.mark.parametrize("status", list(EventStatus))
def test_nobody_reads_a_registered_room_on_a_public_page(client, make, now, status):
    event = make.event(
        published_at=None if status is EventStatus.DRAFT else now,
        cancelled_at=now if status is EventStatus.CANCELLED else None,
        approval=Approval.MANUAL,
        choose=Choose.ANY,
        waitlist=True,
    )
    assert event.occurrences[1].conference.access is ConferenceAccess.REGISTERED
    paths = ("/", "/events/forum", "/es/events/forum", "/organizations/example-league", "/events/forum/calendar.ics")
    for place in (None, *PlaceState):
        if place is not None:
            make.registration(event, places={"spanish": place})
        for path in (*paths, "/events/forum/spanish.ics", "/es/events/forum/spanish.ics"):
            text = client.get(path).get_data(as_text=True)
            assert not any(secret in text for secret in ("82314567890", "823 1456 7890", "428571", "example.org/j/")), (
                path
            )


def test_the_clock_of_the_pages_moves_an_event_from_open_to_over(client, make, now):
    import time_machine  # noqa: PLC0415

    make.event(occurrences=[IN_SPANISH])
    ends_at = datetime(2026, 6, 29, 1, tzinfo=UTC)
    for at, shown in ((ends_at - timedelta(seconds=1), ["Español"]), (ends_at, ["Español", "Over"])):
        with time_machine.travel(at, tick=False):
            assert badges(read(client.get("/events/forum"))) == shown
