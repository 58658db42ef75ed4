"""Verifying an address: what the receipt says, what the letter holds, and that only the button on its page acts."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from sqlalchemy import select, update

from eventsapp.db import transaction
from eventsapp.domain import links
from eventsapp.domain.vocabulary import Approval, Choose, LetterKind, PlaceState, Purpose
from eventsapp.models import Event, Message, Occurrence, Place, Registration
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.mail.conftest import carrier, deliver  # noqa: F401
from tests.mail.letterbox import everything_in, html_of, text_of
from tests.web.html import read

FORM = "/events/forum/registrations"
FILLED = {"name": "Zoë Muñoz", "email": "zoe@example.org", "occurrences": "spanish", "time_zone": "America/Mexico_City"}
TWO_HOURS = 7200
ENDS_AT = datetime(2026, 6, 29, 1, 0, tzinfo=UTC)
HELD = {"spanish": PlaceState.UNVERIFIED}
SECRETS = ("82314567890", "823 1456 7890", "428571", "zoom.us", "/j/", "/manage/")


def token_of(registration, settings, purpose=Purpose.VERIFY) -> str:
    return links.token(settings.link_key, purpose, registration.public_id, registration.link_generation)


@pytest.fixture
def asked(make, settings):
    """An event that asks and somebody who was asked: the path of the link, and the registration."""

    def asked(*, places=HELD, person=None, **values):
        event = make.event(**{"verify_seconds": TWO_HOURS} | values)
        registration = make.registration(event, places=places, **person or {})
        return f"/verify/{token_of(registration, settings)}", registration

    return asked


def states(session) -> list[str]:
    return [state.value for state in session.scalars(select(Place.state).order_by(Place.id))]


def letters(session) -> list[str]:
    return [kind.value for kind in session.scalars(select(Message.kind).order_by(Message.id))]


def at(moment: datetime, **delta: float):
    return time_machine.travel(moment + timedelta(**delta), tick=False)


def test_the_whole_way_from_the_form_to_the_thanks(client, make, session, deliver):  # noqa: F811
    make.event(verify_seconds=TWO_HOURS)
    receipt = client.get(client.post(FORM, data=FILLED).headers["Location"])
    assert read(receipt).one("h1").text == "Confirm your e-mail address"
    (letter,) = deliver()
    (path,) = set(re.findall(r"https://events\.example\.org(/verify/\S+)", text_of(letter)))
    assert path in html_of(letter)
    page = read(client.get(path))
    form = page.one("form", method="post")
    assert form.one("button").text == "Confirm and register"
    answer = client.post(form["action"])
    assert answer.status_code == 303
    thanks = read(client.get(answer.headers["Location"]))
    assert thanks.one("h1").text == "You are registered"
    assert states(session) == ["confirmed"]
    (confirmation,) = deliver()
    assert "/j/" in text_of(confirmation)
    assert "METHOD:REQUEST" in everything_in(confirmation)


# The receipt


def test_the_receipt_says_what_is_to_be_done_and_until_when(client, make):
    make.event(verify_seconds=TWO_HOURS)
    answer = client.get(client.post(FORM, data=FILLED).headers["Location"])
    main = read(answer).one("main")
    assert "We have written to z…@example.org." in main.text
    assert "You are registered only then." in main.text
    assert "until Monday 2 March 2026, 8:00 am" in main.text
    assert [badge.text for badge in main.all("span", class_="badge")][-1] == "Place held for you"
    assert main.all("p", class_="links", role="group") == []  # into no calendar yet
    assert main.all("dd", class_="code") == []  # nothing is registered yet
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_it_has_no_calendar_file(client, make):
    make.event(verify_seconds=TWO_HOURS)
    path = client.post(FORM, data=FILLED).headers["Location"]
    assert client.get(f"{path}/invite.ics").status_code == 404


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"occurrences": [{**IN_SPANISH, "capacity": 0}], "waitlist": True}, "you are on the waiting list where"),
        ({"approval": Approval.MANUAL}, "the organizer decides about your application"),
    ],
)
def test_the_receipt_says_what_follows(client, make, values, says):
    make.event(verify_seconds=TWO_HOURS, **values)
    main = read(client.get(client.post(FORM, data=FILLED).headers["Location"])).one("main")
    assert says in main.text
    assert "Place held for you" not in main.text


def test_the_receipt_looks_the_same_for_a_known_address(client, make, session):
    """Verified, not verified, run out, unknown: byte for byte, but for the receipt's own name."""
    event = make.event(verify_seconds=TWO_HOURS)
    event_id = event.id
    make.registration(event, email="verified@example.org", verified_at=make.now, verify_until=make.now)
    make.registration(event, email="unverified@example.org", places=HELD)
    make.registration(event, email="lapsed@example.org", places=HELD, verify_until=make.now)
    seen = set()
    for name in ("verified", "unverified", "lapsed", "unknown"):
        path = client.post(FORM, data=FILLED | {"email": f"{name}@example.org"}).headers["Location"]
        answer = client.get(path)
        said = answer.text.replace(path.rpartition("/")[2], "TOKEN")
        seen.add((answer.status_code, re.sub(r"\b[vul]…@", "x…@", said), str(answer.headers.get("Set-Cookie"))))
    assert len(seen) == 1
    assert session.get(Event, event_id).verify_seconds == TWO_HOURS


def test_a_mistyped_address_is_put_right(client, make, session, deliver):  # noqa: F811
    make.event(verify_seconds=TWO_HOURS)
    path = client.post(FORM, data=FILLED | {"email": "zoe@exmaple.org"}).headers["Location"]
    (wrong,) = deliver()
    answer = client.post(f"{path}/address", data={"email": "zoe@example.org"})
    assert answer.status_code == 303
    assert "z…@example.org" in client.get(answer.headers["Location"]).text
    (right,) = deliver()
    assert (wrong["To"], right["To"]) == ("zoe@exmaple.org", "zoe@example.org")
    old, new = (re.search(r"/verify/\S+", text_of(mail))[0] for mail in (wrong, right))
    assert (client.get(old).status_code, client.post(old).status_code) == (404, 404)
    assert client.post(new).status_code == 303
    assert states(session) == ["confirmed"]


def test_the_form_says_beforehand_that_a_letter_comes(client, make):
    make.event(verify_seconds=TWO_HOURS)
    assert "when you have opened the link in that letter" in read(client.get("/events/forum")).one(id="email:hint").text


# The letter


def test_the_letter_holds_nothing_that_anybody_typed_and_nothing_that_opens_anything(client, make, deliver):  # noqa: F811
    own = [
        {"kind": kind, "language_tag": tag, "subject": "BUY NOW", "body": "Our own words {name} {join_url}"}
        for kind in LetterKind
        for tag in ("en", "es")
    ]
    words = {"summary": "Public forum", "what_to_bring": "Bring a pen", "description": "Described"}
    make.event(verify_seconds=TWO_HOURS, letters=own, languages={"en": words})
    client.post(FORM, data=FILLED | {"name": "Visit Mallory today"})
    (letter,) = deliver()
    said = everything_in(letter)
    assert [word for word in ("Mallory", "BUY NOW", "own words", "Bring", "Described", *SECRETS) if word in said] == []
    assert "calendar" not in said.casefold()
    assert letter["Subject"] == "Confirm your e-mail address: Public forum"
    text = re.sub(r"\s+", " ", text_of(letter))
    for sentence in (
        "until Monday 2 March 2026, 8:00 am",
        "Sunday 28 June 2026",
        "If that was not you, you do not need to do anything.",
    ):
        assert sentence in text
        assert sentence in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", unescape(html_of(letter))))


def test_the_letter_names_every_date_and_speaks_the_readers_language(client, make, deliver):  # noqa: F811
    make.event(verify_seconds=TWO_HOURS, choose=Choose.ANY)
    client.post(f"/es{FORM}", data=FILLED | {"occurrences": ["english", "spanish"], "language": "es"})
    (letter,) = deliver()
    assert letter["Content-Language"] == "es"
    assert "13 de junio de 2026" in text_of(letter)
    assert "28 de junio de 2026" in text_of(letter)


@pytest.mark.parametrize("state", [state for state in PlaceState if state is not PlaceState.UNVERIFIED])
def test_a_letter_that_is_overtaken_does_not_leave(client, make, state, deliver):  # noqa: F811
    make.event(verify_seconds=TWO_HOURS)
    client.post(FORM, data=FILLED)
    with transaction() as writing:
        writing.execute(update(Place).values(state=state, promised=None))
    assert deliver() == []


# The page


def test_the_link_changes_nothing_whoever_opens_it(client, asked, session):
    path, _ = asked()
    for method in ("get", "head", "options"):
        getattr(client, method)(path)
    assert (states(session), letters(session)) == (["unverified"], [])
    assert client.get(f"{path}/done").headers["Location"].endswith(f"/es{path}")


def test_the_page_shows_what_it_would_confirm_and_no_more(client, asked):
    path, registration = asked(person={"language_tag": "en", "name": "<b>Zoë"})
    email = registration.email
    answer = client.get(path)
    main = read(answer).one("main")
    assert main.one("h1").text == "Confirm your e-mail address"
    assert "until Monday 2 March 2026, 8:00 am" in main.text
    assert main.one("dd").text == "<b>Zoë"
    assert "Place held for you" in main.text
    assert "Sunday 28 June 2026, 6:00 pm" in main.text  # where the reader is
    assert "Event time: Sunday 28 June 2026, 5:00 pm" in main.text
    assert [secret for secret in (*SECRETS, email) if secret in answer.text] == []
    for name, value in (
        ("Cache-Control", "private, no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex, nofollow"),
    ):
        assert answer.headers[name] == value


def test_it_opens_in_the_letters_language_and_can_be_switched(client, asked):
    path, _ = asked()
    headers = {"Accept-Language": "de, en;q=0.5"}
    assert read(client.get(path, headers=headers)).one("html")["lang"] == "es"
    page = read(client.get(f"/en{path}", headers=headers))
    assert page.one("html")["lang"] == "en"
    assert page.one("form", method="post")["action"] == f"/en{path}"
    assert {a["href"] for a in page.all("a", hreflang="es")} == {f"/es{path}"}


def test_the_button_registers_once(client, asked, session):
    path, _ = asked()
    answers = [client.post(path) for _ in range(3)]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(303, f"/es{path}/done")}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"private, no-store"}
    assert (states(session), letters(session)) == (["confirmed"], ["confirmation"])
    again = client.get(path)
    assert (again.status_code, again.headers["Location"]) == (303, f"/es{path}/done")


def test_the_thanks_lead_into_a_calendar_and_into_no_room(client, asked):
    path, registration = asked(person={"language_tag": "en"})
    reference = registration.reference
    answer = client.get(client.post(path).headers["Location"])
    main = read(answer).one("main")
    assert main.one("h1").text == "You are registered"
    assert main.one("dd", class_="code").text == reference
    adds = main.one("p", class_="links", role="group").all("a")
    assert [a.text for a in adds][-1] == "Apple and others (.ics)"
    assert len(adds) > 2
    assert client.get(adds[-1]["href"]).mimetype == "text/calendar"
    assert [secret for secret in SECRETS if secret in answer.text] == []
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("promised", "heading", "letter"),
    [
        (PlaceState.WAITLISTED, "You are on the waiting list", "waitlisted"),
        (PlaceState.PENDING, "We have your application", "pending"),
    ],
)
def test_the_thanks_say_how_it_stands(client, asked, session, *, promised, heading, letter):
    occurrences = [{**IN_SPANISH, "capacity": 0}]
    path, _ = asked(person={"language_tag": "en", "promised": promised}, occurrences=occurrences, waitlist=True)
    assert read(client.get(client.post(path).headers["Location"])).one("h1").text == heading
    assert letters(session) == [letter]


def test_what_is_posted_beside_counts_for_nothing(client, asked, session):
    path, registration = asked()
    registration_id = registration.id
    other = {"name": "Eve", "email": "eve@example.org", "occurrences": "english", "state": "confirmed", "token": "x"}
    client.post(f"{path}?occurrences=english&state=confirmed", data=other)
    known = session.get(Registration, registration_id)
    assert (known.name, known.email) == ("Zoë Muñoz", "person1@example.com")
    assert [place.occurrence.key for place in known.places] == ["spanish"]


def test_what_became_of_it_afterwards_is_said_too(client, asked, session, now):
    path, _ = asked(person={"language_tag": "en"})
    done = client.post(path).headers["Location"]
    with transaction() as writing:
        writing.execute(update(Place).values(state=PlaceState.CANCELLED))
    assert read(client.get(done)).one("h1").text == "Your place is cancelled"
    assert client.post(path).headers["Location"] == done
    assert states(session) == ["cancelled"]
    with transaction() as writing:
        writing.execute(update(Event).values(cancelled_at=now))
    assert read(client.get(done)).one("h1").text == "This event is cancelled"


# Too late


def test_coming_late_one_gets_what_is_left(client, asked, session, now):
    path, _ = asked(person={"language_tag": "en"}, occurrences=[{**IN_SPANISH, "capacity": 1}])
    with at(now, hours=3):
        main = read(client.get(path)).one("main")
        assert "You did not confirm in time" in main.text
        assert "1 place left" in main.text
        assert main.one("button").text == "Confirm and register"
        thanks = client.get(client.post(path).headers["Location"])
        assert read(thanks).one("h1").text == "You are registered"
    assert states(session) == ["confirmed"]


def test_coming_late_one_waits(client, asked, make, session, now):
    path, registration = asked(
        person={"language_tag": "en"}, occurrences=[{**IN_SPANISH, "capacity": 1}], waitlist=True
    )
    make.registration(registration.event)
    with at(now, hours=3):
        assert "Full, with a waiting list" in read(client.get(path)).one("main").text
        thanks = client.get(client.post(path).headers["Location"])
        assert read(thanks).one("h1").text == "You are on the waiting list"
    assert sorted(states(session)) == ["confirmed", "waitlisted"]


@pytest.mark.parametrize("lapsed", [True, False])
def test_coming_late_it_is_full(client, asked, make, session, now, *, lapsed):
    path, registration = asked(person={"language_tag": "en"}, occurrences=[{**IN_SPANISH, "capacity": 1}])
    make.registration(registration.event)
    with at(now, hours=3):
        if lapsed:
            client.post(FORM, data=FILLED)  # refused, and nothing is kept of a refusal
        answer = client.get(path)
        main = read(answer).one("main")
        assert main.one("h1").text == "You cannot register with this letter any more"
        assert "The date you chose is full." in main.text
        assert main.all("button") == []
        refused = client.post(path)
        assert refused.status_code == 409
        assert "The date you chose is full." in read(refused).one("main").text
        assert refused.headers["Cache-Control"] == "private, no-store"
    assert (sorted(states(session)), letters(session)) == (["confirmed", "unverified"], [])


def test_of_several_dates_coming_late(client, asked, make, session, now):
    both = {"english": PlaceState.UNVERIFIED, "spanish": PlaceState.UNVERIFIED}
    path, registration = asked(
        places=both,
        person={"language_tag": "en"},
        occurrences=[{**IN_ENGLISH, "capacity": 1}, IN_SPANISH],
        choose=Choose.ANY,
    )
    make.registration(registration.event, places={"english": PlaceState.CONFIRMED})
    with at(now, hours=3):
        thanks = read(client.get(client.post(path).headers["Location"])).one("main")
    assert thanks.one("h1").text == "You are registered"
    badges = [badge.text for badge in thanks.all("span", class_="badge")]
    assert ("No place" in badges, "Place confirmed" in badges) == (True, True)
    assert states(session) == ["cancelled", "confirmed", "confirmed"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cancelled": True}, "is cancelled"),
        ({"at": ENDS_AT}, "is over"),
        ({"at": ENDS_AT, "verify_until": ENDS_AT + timedelta(days=1)}, "is over"),
    ],
)
def test_the_event_is_no_more(client, asked, session, *, now, change, says):
    path, _ = asked(person={"language_tag": "en", "verify_until": change.get("verify_until", now)})
    if "cancelled" in change:
        with transaction() as writing:
            writing.execute(update(Occurrence).values(cancelled_at=now))
    with at(change.get("at", now), hours=0):
        main = read(client.get(path)).one("main")
        assert (says in main.text, main.all("button")) == (True, [])
        assert client.post(path).status_code == 409
    assert letters(session) == []


def test_what_the_organizer_cancelled(client, asked, session):
    path, _ = asked(person={"language_tag": "en"})
    with transaction() as writing:
        writing.execute(update(Place).values(state=PlaceState.CANCELLED, promised=None))
    for answer in (client.get(path), client.post(path)):
        assert "This registration was cancelled." in read(answer).one("main").text
    assert states(session) == ["cancelled"]


# Strangers


def test_every_wrong_token_is_the_same_page(client, asked, make, settings, session):
    path, registration = asked()
    right = path.removeprefix("/verify/")
    wrong = [token_of(registration, settings, purpose) for purpose in Purpose if purpose is not Purpose.VERIFY]
    wrong += [right[:-1], right[:-1] + "!", right.upper(), right + "a", right.partition(".")[0], "x" * 4000, "é", "%00"]
    wrong += [links.token(settings.link_key, Purpose.VERIFY, links.new_public_id())]
    wrong += [links.token(settings.link_key, Purpose.VERIFY, registration.public_id, 2)]
    wrong += [links.token("another key", Purpose.VERIFY, registration.public_id)]
    pages = set()
    for token in wrong:
        for method, tail in (("get", ""), ("post", ""), ("get", "/done")):
            answer = getattr(client, method)(f"/verify/{token}{tail}")
            assert answer.status_code in ((400, 404) if token == "%00" else (404,)), token
            if answer.status_code == 404:
                pages.add(re.sub(r"/verify/[^\"]*", "", answer.text))
    assert len(pages) == 1
    assert states(session) == ["unverified"]


def test_the_token_opens_nothing_else(client, asked):
    token = asked()[0].removeprefix("/verify/")
    for path in ("/j", "/manage", "/registrations", "/address"):
        assert client.get(f"{path}/{token}").status_code == 404


def test_a_revoked_or_erased_one_is_gone(client, asked, session, now):
    path, registration = asked()
    registration_id = registration.id
    for values in ({"link_generation": 2}, {"link_generation": 1, "erased_at": now, "email": None}):
        with transaction() as writing:
            writing.execute(update(Registration).where(Registration.id == registration_id).values(**values))
        assert (client.get(path).status_code, client.post(path).status_code) == (404, 404)
    assert states(session) == ["unverified"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "null"}, 303),
        ({}, 303),
    ],
)
def test_a_foreign_page_cannot_press_the_button(client, asked, headers, status):
    path, _ = asked()
    assert client.post(path, headers=headers).status_code == status
