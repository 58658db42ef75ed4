"""The join page: a confirmed person is led into the room, and nobody else gets a byte of it."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from eventsapp.db import transaction
from eventsapp.domain import links
from eventsapp.domain.vocabulary import (
    Choose,
    ConferenceAccess,
    ConferenceProvider,
    PlaceState,
    Purpose,
    RegistrationNeed,
)
from eventsapp.models import Attendance
from eventsapp.web import join
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.web.html import read, values

URL = "https://us06web.zoom.us/j/82314567890"
SECRETS = ("82314567890", "823 1456 7890", "428571", "900 6833", "9006833", "1234 5678", "zoom.us")
ROOM = {
    **IN_SPANISH["conference"],
    "dial_in": [
        {"number": "+1 669 900 6833", "country": "US", "city": "San José"},
        {"number": "+52 55 1234 5678", "country": "MX", "city": ""},
    ],
}
STARTS_AT = datetime(2026, 6, 29, 0, 0, tzinfo=UTC)  # in Spanish
ENDS_AT = STARTS_AT + timedelta(hours=1)
ENGLISH_AT = datetime(2026, 6, 13, 23, 0, tzinfo=UTC)
SELF = "form-action 'self';"


def token_of(registration, settings, purpose=Purpose.JOIN) -> str:
    return links.token(settings.link_key, purpose, registration.public_id, registration.link_generation)


def secrets_in(answer) -> list[str]:
    said = answer.get_data(as_text=True) + "".join(f"{name}: {value}" for name, value in answer.headers)
    return [secret for secret in SECRETS if secret in said]


def at(moment: datetime, **delta: float):
    return time_machine.travel(moment + timedelta(**delta), tick=False)


def joined(session) -> int:
    return session.scalar(select(func.count()).select_from(Attendance))


def heading(answer) -> str:
    return read(answer).one("article").all("h2")[0].text


@pytest.fixture
def event(make):
    return make.event(occurrences=[IN_ENGLISH, {**IN_SPANISH, "conference": ROOM}])


@pytest.fixture
def token(make, settings, event):
    return token_of(make.registration(event), settings)


# Before it opens


def test_before_it_opens_one_waits(client, token):
    with at(STARTS_AT, days=-2, hours=-3):
        answer = client.get(f"/j/{token}")
    page = read(answer)
    assert (answer.status_code, page.one("html")["lang"]) == (200, "es")
    assert page.one("h1").text == "Foro público"
    assert page.one("h2", class_="begins").text.endswith(" 2 días y 3 horas")
    assert [time.text for time in page.all("time")] == [
        "domingo, 28 de junio de 2026, 18:00–19:00, hora central (Ciudad de México, UTC−6)",
        "domingo, 28 de junio de 2026, 17:00–18:00, hora del Pacífico (Los Ángeles, UTC−7)",
    ]
    assert page.all("form") == []
    assert [a["href"] for a in page.one("article").all("a") if a["href"].startswith("http")] == []
    assert URL not in answer.text


def test_what_is_typed_in_by_hand_stands_there_quietly_already(client, token):
    with at(STARTS_AT, days=-2):
        page = read(client.get(f"/en/j/{token}"))
    quiet = page.one("div", data_live="facts").all("details")[0]
    assert quiet.all("summary")[0].text == "To type in yourself or to call"
    assert [bdi.text for bdi in quiet.one("dl", class_="facts").all("bdi")] == ["823 1456 7890", "428571"]


@pytest.mark.parametrize(
    ("seconds", "opening"),
    [
        (900, "Opens 15 minutes before the start (5:45 pm)"),
        (60, "Opens 1 minute before the start (5:59 pm)"),
        (5400, "Opens 90 minutes before the start (4:30 pm)"),
        (7200, "Opens 2 hours before the start (4:00 pm)"),
        (19 * 3600, "Opens 19 hours before the start (Saturday 27 June 2026, 11:00 pm)"),
        (86400, "Opens 1 day before the start (Saturday 27 June 2026, 6:00 pm)"),
        (0, "Opens at the start (6:00 pm)"),
    ],
)
def test_it_says_when_it_opens(client, make, settings, seconds, opening):
    event = make.event(occurrences=[{**IN_SPANISH, "join_opens_seconds": seconds}])
    token = token_of(make.registration(event), settings)
    with at(STARTS_AT, days=-2):
        assert opening in [p.text for p in read(client.get(f"/en/j/{token}")).all("p")]


def test_the_last_minute_is_not_counted(client, token):
    with at(STARTS_AT, seconds=-59):
        assert heading(client.get(f"/en/j/{token}")) == "Time until the start Less than a minute"
    with at(STARTS_AT, seconds=-60):
        assert heading(client.get(f"/en/j/{token}")) == "Time until the start 1 minute"


def test_one_is_asked_to_wait_on_the_page_only_shortly_before(client, token):
    for minutes, words in ((-76, "Open this link again shortly before the start."), (-75, "Leave this page open:")):
        with at(STARTS_AT, minutes=minutes):
            page = read(client.get(f"/en/j/{token}"))
        assert page.one("div", data_live="act").text.startswith(words)
    assert page.one("div", data_live="act").one("a")["href"] == f"/en/j/{token}/spanish"


def test_the_page_says_when_to_look_again(client, token):
    for delta, seconds in ((-1000, 100), (-900, 900), (-0.5, 1), (0, 3600), (3600, 0)):
        with at(STARTS_AT, seconds=delta):
            state = read(client.get(f"/en/j/{token}")).one("div", data_live="state")
        assert state["data-next"] == str(seconds), delta


# From the opening to the end


@pytest.mark.parametrize(("minutes", "said"), [(-15, "15 minutes"), (-1, "1 minute"), (0, "begun"), (59.99, "begun")])
def test_while_it_is_open_one_button_leads_in(client, token, session, minutes, said):
    with at(STARTS_AT, minutes=minutes):
        answer = client.get(f"/en/j/{token}")
        page = read(answer)
        form = page.one("form")
        assert heading(answer).endswith(said)
        assert page.one("title").text == "You can join now: Public forum"
        assert form.one("button").text == "Join in Zoom"
        assert (form["method"], form["action"]) == ("post", f"/en/j/{token}/spanish")
        assert URL not in answer.text
        assert [bdi.text for bdi in page.one("dl", class_="facts").all("bdi")] == ["823 1456 7890", "428571"]
        gone = client.post(form["action"], data=values(form))
    assert (gone.status_code, gone.headers["Location"], gone.data) == (303, URL, b"")
    assert gone.headers["Referrer-Policy"] == "no-referrer"
    assert gone.headers["Cache-Control"] == "private, no-store"
    assert "Set-Cookie" not in gone.headers
    assert joined(session) == 1


def test_the_parts_that_a_script_puts_in_are_always_there(client, make, settings, event):
    for state in PlaceState:
        token = token_of(make.registration(event, places={"spanish": state}), settings)
        for minutes in (-1000, -10, 10, 100):
            with at(STARTS_AT, minutes=minutes):
                page = read(client.get(f"/en/j/{token}"))
            assert [part["data-live"] for part in page.walk() if "data-live" in part.attrs] == [
                "note",
                "state",
                "act",
                "facts",
                "more",
            ]
            assert page.one(role="status").text == ""
            opens = state is PlaceState.CONFIRMED and minutes in (-10, 10)
            assert [part["data-say"] for part in page.walk() if "data-say" in part.attrs] == (
                ["You can join now."] if opens else []
            )


def test_late_is_not_too_late_until_the_end(client, token, session):
    with at(ENDS_AT, seconds=-1):
        assert client.post(f"/j/{token}/spanish").status_code == 303
    with at(ENDS_AT):
        answer = client.post(f"/en/j/{token}/spanish")
    assert (answer.status_code, heading(answer), secrets_in(answer)) == (409, "This date is over", [])
    assert joined(session) == 1


def test_too_early_is_said(client, token, session):
    with at(STARTS_AT, minutes=-15, seconds=-1):
        answer = client.post(f"/en/j/{token}/spanish?tz=Asia/Tokyo")
    page = read(answer)
    assert (answer.status_code, "Location" in answer.headers) == (409, False)
    assert page.one("p", role="alert").text == "You cannot join at this moment. Read here how it stands."
    assert "Monday 29 June 2026, 9:00 am" in page.all("time")[0].text
    assert joined(session) == 0


def test_a_double_click_leaves_one_row(client, token, session):
    with at(STARTS_AT):
        assert [client.post(f"/j/{token}/spanish").status_code for _ in range(3)] == [303] * 3
    assert joined(session) == 1
    with at(STARTS_AT, minutes=2):
        client.post(f"/j/{token}/spanish")
    assert joined(session) == 2


def test_what_else_is_posted_says_nothing(client, make, event, token, session):
    other = make.registration(event, email="other@example.org")
    other_id = other.places[0].id
    posted = {"url": "https://evil.example", "place_id": str(other_id), "key": "english", "joined_at": "2020-01-01"}
    with at(STARTS_AT):
        answer = client.post(f"/j/{token}/spanish?url=https://evil.example&next=//evil.example", data=posted)
    assert answer.headers["Location"] == URL
    row = session.scalars(select(Attendance)).one()
    assert (row.place_id != other_id, row.joined_at) == (True, STARTS_AT)


def test_a_row_that_cannot_be_written_keeps_nobody_out(client, token, session, monkeypatch, caplog):
    def fail(*_arguments, **_named):
        raise OperationalError("INSERT", {}, Exception("the disk is full"))

    monkeypatch.setattr(join, "attend", fail)
    with at(STARTS_AT):
        assert client.post(f"/j/{token}/spanish").headers["Location"] == URL
    assert "A joining was not recorded" in caplog.text
    assert token not in caplog.text


def test_a_post_from_another_site_is_refused(client, token, session):
    with at(STARTS_AT):
        assert client.post(f"/j/{token}/spanish", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post(f"/j/{token}/spanish", headers={"Origin": "https://evil.example"}).status_code == 403
        assert joined(session) == 0
        assert client.post(f"/j/{token}/spanish", headers={"Origin": "null"}).status_code == 303


# The room


def test_a_change_of_room_needs_no_new_letter(client, make, settings, session):
    event = make.event(occurrences=[{**IN_SPANISH, "conference": ROOM}])
    token = token_of(make.registration(event), settings)
    with at(STARTS_AT):
        form = read(client.get(f"/en/j/{token}")).one("form")
        change_room(event, url="https://us02web.zoom.us/j/85835549492", meeting_id="85835549492")
        answer = client.post(form["action"], data=values(form))
        assert answer.headers["Location"] == "https://us02web.zoom.us/j/85835549492"


def change_room(event, **columns) -> None:
    with transaction():
        for name, value in columns.items():
            setattr(event.occurrences[-1].conference, name, value)


def test_a_page_whose_policy_does_not_know_the_new_room_is_shown_anew(client, make, settings, session):
    event = make.event(occurrences=[{**IN_SPANISH, "conference": ROOM}])
    token = token_of(make.registration(event), settings)
    with at(STARTS_AT):
        old = read(client.get(f"/en/j/{token}"))
        change_room(event, url="https://meet.example.org/forum", meeting_id="", provider=ConferenceProvider.OTHER)
        answer = client.post(old.one("form")["action"], data=values(old.one("form")))
        page = read(answer)
        assert answer.status_code == 409
        assert page.one("p", role="alert").text == "The room has changed just now. Press the button again."
        assert joined(session) == 0
        assert page.one(data_live="state")["data-ways"] != old.one(data_live="state")["data-ways"]
        assert "https://meet.example.org" in answer.headers["Content-Security-Policy"]
        assert page.one("button").text == "Join online"
        answer = client.post(page.one("form")["action"], data=values(page.one("form")))
    assert answer.headers["Location"] == "https://meet.example.org/forum"


def policy(answer) -> str:
    return re.search("form-action [^;]*", answer.headers["Content-Security-Policy"])[0]


def test_only_this_page_may_lead_to_the_room(client, make, settings, event, token):
    zoom = (
        "form-action 'self' https://*.zoom.com https://*.zoom.us https://*.zoomgov.com "
        "https://us06web.zoom.us https://zoom.com https://zoom.us https://zoomgov.com"
    )
    with at(STARTS_AT):
        answer = client.get(f"/j/{token}")
        assert policy(answer) == zoom
        assert answer.headers["Content-Security-Policy"].count("zoom") == len(re.findall("zoom", zoom))
        assert SELF in client.get("/events/forum").headers["Content-Security-Policy"]
    with at(STARTS_AT, days=-5):  # a page that waits is given the button by a script
        assert policy(client.get(f"/j/{token}")) == zoom
    with at(ENDS_AT):
        assert SELF in client.get(f"/j/{token}").headers["Content-Security-Policy"]
    for state in set(PlaceState) - {PlaceState.CONFIRMED}:
        other = token_of(make.registration(event, places={"spanish": state}), settings)
        with at(STARTS_AT):
            assert SELF in client.get(f"/j/{other}").headers["Content-Security-Policy"]
            assert SELF in client.post(f"/j/{other}/spanish").headers["Content-Security-Policy"]


def test_a_room_that_is_public_works_likewise(client, make, settings):
    event = make.event(occurrences=[IN_ENGLISH])
    token = token_of(make.registration(event), settings)
    with at(ENGLISH_AT):
        form = read(client.get(f"/j/{token}")).one("form")
        assert client.post(form["action"], data=values(form)).headers["Location"] == IN_ENGLISH["conference"]["url"]


def test_a_room_known_by_its_number_alone(client, make, settings):
    event = make.event(occurrences=[{**IN_SPANISH, "conference": {"meeting_id": "82314567890"}}])
    token = token_of(make.registration(event), settings)
    with at(STARTS_AT):
        assert client.post(f"/j/{token}/spanish").headers["Location"] == "https://zoom.us/j/82314567890"


def test_a_room_that_is_not_known_yet_is_promised(client, make, settings, session):
    event = make.event(occurrences=[{key: value for key, value in IN_SPANISH.items() if key != "conference"}])
    token = token_of(make.registration(event), settings)
    for minutes, words in ((-100, "The room is not known yet."), (1, "The organizer has not named the room yet.")):
        with at(STARTS_AT, minutes=minutes):
            page = read(client.get(f"/en/j/{token}"))
            assert words in page.one("article").text
            assert page.all("form") == []
            assert client.post(f"/en/j/{token}/spanish").status_code == 409
    assert joined(session) == 0


def test_at_an_address_there_is_no_button(client, make, settings):
    there = {key: value for key, value in IN_SPANISH.items() if key != "conference"}
    event = make.event(occurrences=[there | {"location": {"es": "Calle Mayor 1", "en": "1 Main Street"}}])
    token = token_of(make.registration(event), settings)
    for minutes in (-1000, 1):
        with at(STARTS_AT, minutes=minutes):
            page = read(client.get(f"/en/j/{token}"))
        assert "1 Main Street" in [p.text for p in page.all("p")]
        assert page.all("form") == []
        assert "room" not in page.one("article").text
        assert "Opens" not in page.one("article").text


def test_at_an_address_and_online(client, make, settings):
    event = make.event(occurrences=[{**IN_SPANISH, "conference": ROOM, "location": {"": "Calle Mayor 1"}}])
    token = token_of(make.registration(event), settings)
    with at(STARTS_AT):
        page = read(client.get(f"/en/j/{token}"))
    assert "Calle Mayor 1" in [p.text for p in page.all("p")]
    assert page.one("form").one("button").text == "Join in Zoom"


def test_numbers_of_the_readers_country_come_first(client, token):
    with at(STARTS_AT):
        page = read(client.get(f"/en/j/{token}"))
        tokyo = read(client.get(f"/en/j/{token}?tz=Asia/Tokyo"))
    facts = page.one("div", data_live="facts")
    assert [(a["href"], a.text) for a in facts.all("a")] == [
        ("tel:+525512345678", "+52 55 1234 5678"),
        ("tel:+16699006833", "+1 669 900 6833"),
    ]
    folded = facts.one("details")
    assert folded.one("summary").text == "Numbers in other countries"
    assert [li.text for li in folded.all("li")] == ["+1 669 900 6833 San José · United States"]
    folded = tokyo.one("div", data_live="facts").one("details")
    assert folded.one("summary").text == "Telephone numbers"
    assert len(folded.all("li")) == 2


def test_a_room_with_telephone_alone(client, make, settings):
    event = make.event(occurrences=[{**IN_SPANISH, "conference": {"dial_in": ROOM["dial_in"]}}])
    token = token_of(make.registration(event), settings)
    with at(STARTS_AT):
        page = read(client.get(f"/en/j/{token}"))
    assert page.all("form") == []
    assert "Call one of these numbers." in [p.text for p in page.all("p")]


# Who, in which language and zone


def test_the_page_can_be_read_in_another_language_and_zone(client, token):
    with at(STARTS_AT):
        page = read(client.get(f"/en/j/{token}?tz=Asia/Tokyo"))
    assert page.one("html")["lang"] == "en"
    assert page.all("time")[0].text == "Monday 29 June 2026, 9:00 am – 10:00 am, Japan Time (Tokyo, UTC+9)"
    assert page.one("form")["action"] == f"/en/j/{token}/spanish?tz=Asia/Tokyo"
    switches = [a["href"] for a in page.one("header").all("a") if a.get("hreflang") == "es"]
    assert switches == [f"/es/j/{token}?tz=Asia/Tokyo"]


def test_it_opens_in_the_letters_language_whatever_the_browser_asks_for(client, make, settings, event):
    token = token_of(make.registration(event, language_tag="en"), settings)
    answer = client.get(f"/j/{token}", headers={"Accept-Language": "es"})
    assert read(answer).one("html")["lang"] == "en"


def test_the_page_where_the_zone_is_changed_is_as_private_as_this_one(client, token):
    change = read(client.get(f"/en/j/{token}")).one("a", class_="change")["href"]
    answer = client.get(f"{change}&q=tokyo")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    back = [a["href"] for a in read(answer).all("a") if "data-tz" in a.attrs]
    assert back[0] == f"/en/j/{token}?tz=Asia/Tokyo"


def test_it_is_for_one_pair_of_eyes(client, token):
    for path in (f"/j/{token}", f"/j/{token}/spanish"):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "Set-Cookie" not in answer.headers
        assert "person1@example.com" not in answer.text


def test_looking_changes_nothing(client, token, session):
    with at(STARTS_AT):
        for path in (f"/j/{token}", f"/j/{token}/spanish"):
            assert [client.get(path).status_code, client.head(path).status_code] == [200, 200]
    assert joined(session) == 0


# Whoever holds no confirmed place


HEADINGS = {
    PlaceState.WAITLISTED: ("You are on the waiting list", "No place became free for you"),
    PlaceState.PENDING: ("Your application waits for the organizer",) * 2,
    PlaceState.UNVERIFIED: ("Confirm your e-mail address first",) * 2,
    PlaceState.CANCELLED: ("Your place is cancelled",) * 2,
    PlaceState.DECLINED: ("The organizer could not give you a place",) * 2,
}


@pytest.mark.parametrize("access", list(ConferenceAccess))
def test_without_a_confirmed_place_there_is_no_room(client, make, settings, session, access):
    event = make.event(occurrences=[{**IN_SPANISH, "conference": {**ROOM, "access": access}}])
    for state, (before, after) in HEADINGS.items():
        token = token_of(make.registration(event, places={"spanish": state}), settings)
        for minutes, said in ((-5000, before), (-10, before), (10, after)):
            with at(STARTS_AT, minutes=minutes):
                answers = [client.get(f"/en/j/{token}"), client.get(f"/en/j/{token}/spanish")]
                answers.append(client.post(f"/en/j/{token}/spanish"))
            assert [answer.status_code for answer in answers] == [200, 200, 409]
            assert [heading(answer) for answer in answers] == [said] * 3
            assert [secrets_in(answer) for answer in answers] == [[], [], []], (state, minutes)
    assert joined(session) == 0


@pytest.mark.parametrize("what", ["date", "event", "over"])
def test_what_is_cancelled_or_over_has_no_room_for_anybody(client, make, settings, now, what):
    recording = {"recording": {"": "https://video.example.org/1"}}
    event = make.event(
        occurrences=[
            {**IN_SPANISH, "conference": ROOM, "cancelled_at": now if what == "date" else None}
            | (recording if what == "over" else {})
        ],
        cancelled_at=now if what == "event" else None,
    )
    for state in PlaceState:
        token = token_of(make.registration(event, places={"spanish": state}), settings)
        with at(ENDS_AT if what == "over" else STARTS_AT):
            answers = [client.get(f"/en/j/{token}"), client.post(f"/en/j/{token}/spanish")]
        assert [answer.status_code for answer in answers] == [200, 409]
        assert [secrets_in(answer) for answer in answers] == [[], []], state
        assert ("video.example.org" in answers[0].text) is (what == "over" and state is PlaceState.CONFIRMED)
        if state is PlaceState.CONFIRMED:
            said = {"over": "This date is over", "date": "This date is cancelled", "event": "This event is cancelled"}
            assert heading(answers[0]) == said[what]


# Several dates


BOTH = {"english": PlaceState.CONFIRMED, "spanish": PlaceState.CONFIRMED}


def test_the_link_is_about_the_date_that_is_due(client, make, settings, event):
    token = token_of(make.registration(event, places=BOTH), settings)
    for moment, day in (
        (ENGLISH_AT - timedelta(days=9), "13"),
        (ENGLISH_AT + timedelta(minutes=59), "13"),
        (ENGLISH_AT + timedelta(minutes=60), "28"),
        (STARTS_AT, "28"),
        (STARTS_AT + timedelta(days=9), "28"),
    ):
        with at(moment):
            page = read(client.get(f"/en/j/{token}"))
        shown = page.one("article").all("time")[0].text
        assert shown.split()[1] == day
        others = page.one("section", aria_labelledby="rest").all("li")
        assert [li.all("time")[0].text.split()[1] for li in others] == [{"13": "28", "28": "13"}[day]]


def test_two_that_are_open_at_once_both_have_a_button(client, make, settings, session):
    late = {**IN_SPANISH, "key": "late", "dtstart_local": datetime(2026, 6, 28, 18, 0)}  # noqa: DTZ001
    late |= {"conference": {"url": "https://us06web.zoom.us/j/85835549492", "meeting_id": "85835549492"}}
    event = make.event(occurrences=[IN_SPANISH, late])
    places = {"spanish": PlaceState.CONFIRMED, "late": PlaceState.CONFIRMED}
    token = token_of(make.registration(event, places=places), settings)
    with at(STARTS_AT, minutes=50):
        first, second = read(client.get(f"/en/j/{token}")).all("form")
        assert (first["action"], second["action"]) == (f"/en/j/{token}/spanish", f"/en/j/{token}/late")
        assert client.post(second["action"], data=values(second)).headers["Location"] == late["conference"]["url"]
    assert joined(session) == 1


def test_each_place_is_shown_by_its_own_state(client, make, settings, event):
    places = {"english": PlaceState.CONFIRMED, "spanish": PlaceState.WAITLISTED}
    token = token_of(make.registration(event, places=places), settings)
    with at(ENGLISH_AT):
        answer = client.get(f"/en/j/{token}")
        page = read(answer)
        assert heading(answer) == "It has begun"
        assert "On the waiting list" in page.one("section", aria_labelledby="rest").text
        assert [bdi.text for bdi in page.one("dl", class_="facts").all("bdi")] == ["858 3554 9492", "191837"]
        other = client.get(f"/en/j/{token}/spanish")
        assert heading(other) == "You are on the waiting list"
        assert client.post(f"/en/j/{token}/spanish").status_code == 409
    for secret in ("82314567890", "823 1456 7890", "428571", "900 6833"):
        assert secret not in answer.text
        assert secret not in other.text


def test_a_date_of_somebody_else_or_of_another_event_is_no_page(client, make, settings, event, session):
    make.event("other", occurrences=[{**IN_SPANISH, "key": "elsewhere"}])
    token = token_of(make.registration(event), settings)
    with at(ENGLISH_AT):
        for key in ("english", "elsewhere", "", "SPANISH", "%00", "spanish%20", "..", "x" * 500):
            for answer in (client.get(f"/j/{token}/{key}"), client.post(f"/j/{token}/{key}")):
                assert answer.status_code in ((404,) if key != "%00" else (400,)), key
                assert secrets_in(answer) == []
    assert joined(session) == 0


def test_another_language_that_runs_now_is_told_from_ones_own(client, make, settings, event):
    token = token_of(make.registration(event), settings)
    with at(ENGLISH_AT):
        answer = client.get(f"/en/j/{token}")
    (note,) = [p.text for p in read(answer).all("p", class_="note")]
    assert note == (
        "Another date is running now, in English. Yours is in Spanish: Sunday 28 June 2026, 6:00 pm – 7:00 pm, "
        "Central Time (Mexico City, UTC−6). If you want to take part in it instead, change your registration: "
        "each of our letters has a link to do so."
    )
    assert "85835549492" not in answer.text
    assert "858 3554 9492" not in answer.text


INSTEAD, TOO = "If you want to take part in it instead", "You can still take part in it"


@pytest.mark.parametrize(
    ("values_", "choose", "more"),
    [
        ({}, Choose.ONE, [INSTEAD]),
        ({}, Choose.ANY, [TOO]),
        ({"capacity": 0}, Choose.ANY, []),
        ({"registration": RegistrationNeed.NONE}, Choose.ONE, [TOO]),
    ],
)
def test_another_date_that_runs_now_is_told_from_ones_own(client, make, settings, *, values_, choose, more):
    event = make.event(occurrences=[{**IN_ENGLISH, "language_tag": None, **values_}, IN_SPANISH], choose=choose)
    token = token_of(make.registration(event), settings)
    with at(ENGLISH_AT):
        (note,) = [p.text for p in read(client.get(f"/en/j/{token}")).all("p", class_="note")]
    assert note.startswith("Another date is running now. Yours is this one: Sunday 28 June 2026, 6:00 pm")
    assert [words for words in (INSTEAD, TOO) if words in note] == more


def test_nothing_runs_elsewhere_where_it_does_not(client, make, settings, now):
    event = make.event(occurrences=[{**IN_ENGLISH, "cancelled_at": now}, IN_SPANISH])
    token = token_of(make.registration(event), settings)
    for moment in (ENGLISH_AT, ENGLISH_AT - timedelta(minutes=16), ENGLISH_AT + timedelta(hours=1)):
        with at(moment):
            assert read(client.get(f"/en/j/{token}")).all("p", class_="note") == []


# What comes after


def test_what_is_over_offers_the_recording_in_the_readers_language(client, make, settings):
    recording = {"es": "https://video.example.org/es", "en": "https://video.example.org/en"}
    event = make.event(occurrences=[{**IN_SPANISH, "conference": ROOM, "recording": recording}])
    token = token_of(make.registration(event), settings)
    with at(ENDS_AT, seconds=-1):
        assert "video.example.org" not in client.get(f"/en/j/{token}").text
    with at(ENDS_AT):
        for tag, words in (("en", "Watch the recording"), ("es", "Watch the recording")):
            link = read(client.get(f"/{tag}/j/{token}")).one(data_live="act").one("a")
            assert (link["href"], link["rel"]) == (recording[tag], "noreferrer"), words


def test_a_recording_in_another_language_says_so(client, make, settings):
    event = make.event(occurrences=[{**IN_SPANISH, "recording": {"es": "https://video.example.org/es"}}])
    token = token_of(make.registration(event), settings)
    with at(ENDS_AT):
        link = read(client.get(f"/en/j/{token}")).one(data_live="act").one("a")
    assert (link.text, link["hreflang"]) == ("Watch the recording (in Spanish)", "es")


def test_a_recording_that_is_no_safe_link_is_none(client, make, settings):
    event = make.event(occurrences=[{**IN_SPANISH, "recording": {"": "javascript:alert(1)", "es": "http://x.example"}}])
    token = token_of(make.registration(event), settings)
    with at(ENDS_AT):
        assert read(client.get(f"/en/j/{token}")).one(data_live="act").all("a") == []


def test_the_next_edition_is_offered_in_the_persons_language_first(client, make, settings):
    july = {"dtstart_local": datetime(2026, 7, 5, 17)}  # noqa: DTZ001
    event = make.event(
        occurrences=[
            {**IN_SPANISH, "key": "first"},
            {**IN_ENGLISH, **july, "key": "english"},
            {**IN_SPANISH, "key": "spanish", "dtstart_local": datetime(2026, 7, 12, 17)},  # noqa: DTZ001
            {**IN_SPANISH, "key": "full", "dtstart_local": datetime(2026, 7, 19, 17), "capacity": 0},  # noqa: DTZ001
        ]
    )
    for state in (PlaceState.CONFIRMED, PlaceState.CANCELLED, PlaceState.DECLINED, PlaceState.WAITLISTED):
        token = token_of(make.registration(event, places={"first": state}), settings)
        with at(ENDS_AT):
            answer = client.get(f"/en/j/{token}")
        items = read(answer).one("section", aria_labelledby="offered").all("li")
        assert [li.all("time")[0].text.split()[1] for li in items] == ["12", "5"], state
        link = items[0].one("a")["href"]
        assert link == "/en/events/forum" + ("#register" if state is PlaceState.CANCELLED else "#date:spanish")
        can = "each of our letters has a link" in read(answer).one("section", aria_labelledby="offered").text
        assert can is (state is not PlaceState.CANCELLED)  # whoever is known is not registered a second time
        assert secrets_in(answer) == []


def test_whoever_has_a_place_is_offered_no_other(client, make, settings, event, token):
    with at(ENGLISH_AT, days=-9):
        assert read(client.get(f"/en/j/{token}")).all("section", aria_labelledby="offered") == []


@pytest.mark.parametrize(
    ("values_", "said"),
    [({}, "If that is a mistake, register again"), ({"capacity": 0}, "This date is full now.")],
)
def test_a_cancelled_place_says_whether_one_can_come_back(client, make, settings, values_, said):
    event = make.event(occurrences=[{**IN_SPANISH, **values_}])
    token = token_of(make.registration(event, places={"spanish": PlaceState.CANCELLED}), settings)
    assert said in read(client.get(f"/en/j/{token}")).one("article").text


# Tokens


def test_no_other_token_opens_it(client, make, settings, event):
    registration, other = make.registration(event), make.registration(event)
    token = token_of(registration, settings)
    forged = [
        *("", "x", "test", "0", "null", token.upper(), token[:-1], f"{token}a"),
        f"{registration.public_id}.{token_of(other, settings).partition('.')[2]}",
        token_of(registration, settings, Purpose.RECEIPT),
        token_of(registration, settings, Purpose.MANAGE),
        links.token(settings.link_key, Purpose.JOIN, registration.public_id, 2),
    ]
    for one in forged:
        answer = client.get(f"/j/{one}")
        assert answer.status_code == 404, one
        assert secrets_in(answer) == []
    assert client.get(f"/j/{token}").status_code == 200


def test_a_revoked_link_and_an_erased_person_open_nothing(client, make, settings, event, session):
    registration = make.registration(event)
    token = token_of(registration, settings)
    with transaction():
        registration.link_generation = 2
    assert client.get(f"/j/{token}").status_code == 404
    token = token_of(registration, settings)
    with transaction():
        registration.erased_at = STARTS_AT
    assert client.get(f"/j/{token}").status_code == 404


@pytest.mark.parametrize(
    ("service", "host"),
    [
        ("google", "calendar.google.com"),
        ("outlook", "outlook.live.com"),
        ("office365", "outlook.office.com"),
        ("yahoo", "calendar.yahoo.com"),
    ],
)
def test_a_letter_leads_on_to_a_web_calendar(client, make, settings, service, host):
    token = token_of(make.registration(make.event()), settings)
    answer = client.get(f"/j/{token}/{IN_SPANISH['key']}/{service}")
    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (303, "no-referrer")
    url = urlsplit(answer.headers["Location"])
    assert url.hostname == host
    assert "20260629T000000Z" in url.query.replace("-", "").replace("%3A", "")
    assert quote(f"/j/{token}", safe="") in url.query
    assert secrets_in(answer) == []


def test_only_a_confirmed_place_leads_to_a_calendar(client, make, settings, event):
    waiting = make.registration(event, places={IN_SPANISH["key"]: PlaceState.WAITLISTED})
    token = token_of(waiting, settings)
    assert client.get(f"/j/{token}/{IN_SPANISH['key']}/google").status_code == 404
    confirmed = token_of(make.registration(event, email="b@example.org"), settings)
    for path in ("elsewhere/google", f"{IN_SPANISH['key']}/nobody", f"{IN_ENGLISH['key']}/google"):
        assert client.get(f"/j/{confirmed}/{path}").status_code == 404
