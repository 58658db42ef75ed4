"""The join page: a confirmed person gets the room, and nobody else a byte of it."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from sqlalchemy import func, select

from eventsapp.domain import links
from eventsapp.domain.vocabulary import ConferenceAccess, PlaceState, Purpose
from eventsapp.models import Attendance
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.web.html import read

SECRETS = ("82314567890", "823 1456 7890", "428571", "900 6833")
ROOM = {**IN_SPANISH["conference"], "dial_in": [{"number": "+1 669 900 6833", "country": "US", "city": "San José"}]}
STARTS_AT = datetime(2026, 6, 29, 0, 0, tzinfo=UTC)


def token_of(registration, settings, purpose=Purpose.JOIN) -> str:
    return links.token(settings.link_key, purpose, registration.public_id, registration.link_generation)


def secrets_in(answer) -> list[str]:
    return [secret for secret in SECRETS if secret in answer.get_data(as_text=True)]


@pytest.fixture
def event(make):
    return make.event(occurrences=[IN_ENGLISH, {**IN_SPANISH, "conference": ROOM}])


def test_a_confirmed_person_gets_the_room(client, make, settings, event):
    registration = make.registration(event)
    with time_machine.travel(STARTS_AT - timedelta(days=2, hours=3), tick=False):
        answer = client.get(f"/j/{token_of(registration, settings)}")
    page = read(answer)
    assert (answer.status_code, page.one("html")["lang"]) == (200, "es")
    assert page.one("h1").text == "Foro público"
    assert page.one("h2", class_="begins").text.endswith("2 días 3 horas")
    button = page.one("a", class_="button")
    assert (button["href"], button["rel"]) == ("https://us06web.zoom.us/j/82314567890", "noreferrer")
    assert [bdi.text for bdi in page.one("dl", class_="facts").all("bdi")] == ["823 1456 7890", "428571"]
    assert page.one("details").one("li").text == "+1 669 900 6833 San José, Estados Unidos"
    assert [time.text for time in page.all("time")] == [
        "domingo, 28 de junio de 2026, 18:00 – 19:00, hora central (Ciudad de México, UTC−6)",
        "domingo, 28 de junio de 2026, 17:00 – 18:00, hora del Pacífico (Los Ángeles, UTC−7)",
    ]


def test_the_page_can_be_read_in_another_language_and_zone(client, make, settings, event):
    registration = make.registration(event)
    page = read(client.get(f"/en/j/{token_of(registration, settings)}?tz=Asia/Tokyo"))
    assert page.one("html")["lang"] == "en"
    assert page.all("time")[0].text == "Monday 29 June 2026, 9:00 am – 10:00 am, Japan Time (Tokyo, UTC+9)"


def test_it_is_for_one_pair_of_eyes(client, make, settings, event):
    answer = client.get(f"/j/{token_of(make.registration(event), settings)}")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Set-Cookie" not in answer.headers
    assert "person1@example.com" not in answer.text


def test_looking_changes_nothing(client, make, settings, session, event):
    registration = make.registration(event)
    for _ in range(2):
        client.get(f"/j/{token_of(registration, settings)}")
        client.head(f"/j/{token_of(registration, settings)}")
    assert session.scalar(select(func.count()).select_from(Attendance)) == 0


def test_while_it_runs_one_can_still_come_in(client, make, settings, event):
    token = token_of(make.registration(event), settings)
    for at, room in (
        (STARTS_AT, True),
        (STARTS_AT + timedelta(minutes=59), True),
        (STARTS_AT + timedelta(hours=1), False),
    ):
        with time_machine.travel(at, tick=False):
            assert bool(secrets_in(client.get(f"/en/j/{token}"))) is room, at


HEADINGS = {
    PlaceState.WAITLISTED: "You are on the waiting list",
    PlaceState.PENDING: "Your application waits for the organizer",
    PlaceState.CANCELLED: "Your place is cancelled",
    PlaceState.DECLINED: "The organizer could not give you a place",
}


@pytest.mark.parametrize("access", list(ConferenceAccess))
def test_without_a_confirmed_place_there_is_no_room(client, make, settings, access):
    event = make.event(occurrences=[{**IN_SPANISH, "conference": {**ROOM, "access": access}}])
    for state, heading in HEADINGS.items():
        answer = client.get(f"/en/j/{token_of(make.registration(event, places={'spanish': state}), settings)}")
        assert read(answer).one("article").one("h2").text == heading
        assert secrets_in(answer) == [], state


@pytest.mark.parametrize("what", ["date", "event", "over"])
def test_what_is_cancelled_or_over_has_no_room_for_anybody(client, make, settings, now, what):
    values = {
        "over": {"dtstart_local": datetime(2026, 3, 1, 12)},  # noqa: DTZ001
        "date": {"cancelled_at": now},
        "event": {},
    }[what]
    event = make.event(
        occurrences=[{**IN_SPANISH, "conference": ROOM, **values}], cancelled_at=now if what == "event" else None
    )
    for state in PlaceState:
        answer = client.get(f"/en/j/{token_of(make.registration(event, places={'spanish': state}), settings)}")
        assert answer.status_code == 200
        assert secrets_in(answer) == [], state
        if state is PlaceState.CONFIRMED:
            heading = "This date is over" if what == "over" else "This date is cancelled"
            assert read(answer).one("article").one("h2").text == heading


def test_each_place_is_shown_by_its_own_state(client, make, settings, event):
    places = {"english": PlaceState.CONFIRMED, "spanish": PlaceState.WAITLISTED}
    answer = client.get(f"/en/j/{token_of(make.registration(event, places=places), settings)}")
    page = read(answer)
    assert [article.one("h2").text[:10] for article in page.all("article")] == ["Begins in ", "You are on"]
    assert [bdi.text for bdi in page.one("dl", class_="facts").all("bdi")] == ["858 3554 9492", "191837"]
    assert secrets_in(answer) == []


def test_a_room_that_is_not_known_yet_is_promised(client, make, settings):
    event = make.event(occurrences=[{key: value for key, value in IN_SPANISH.items() if key != "conference"}])
    page = read(client.get(f"/en/j/{token_of(make.registration(event), settings)}"))
    assert "The room is not known yet." in page.one("article").text


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
    registration.link_generation = 2
    session.commit()
    assert client.get(f"/j/{token}").status_code == 404
    token = token_of(registration, settings)
    registration.erased_at = STARTS_AT
    session.commit()
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
