"""Registering by the page: the form, its mistakes, the receipt, a corrected address, and who learns nothing from it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from eventsapp.db import transaction
from eventsapp.domain.vocabulary import Approval, Choose, LetterKind, PlaceState, QuestionType
from eventsapp.models import Message, Receipt, Registration
from eventsapp.translations import INTERFACE_LANGUAGES
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements
from tests.web.html import read, values

FORM = "/events/forum/registrations"
FILLED = {"name": "Zoë Muñoz", "email": "zoe@example.org", "occurrences": "spanish", "time_zone": "America/Mexico_City"}
OPTIONS = [{"id": "a", "label": {"en": "First"}}, {"id": "b", "label": {"en": "Second"}}]
EVERY_QUESTION = [
    {"key": f"a-{kind.value.replace('_', '-')}", "type": kind, "required": True, "label": {"en": f"About {kind.value}"}}
    | ({"options": OPTIONS} if "choice" in kind.value else {})
    for kind in QuestionType
]
EVERY_ANSWER = {
    "q-a-short-text": "Short",
    "q-a-long-text": "Line one\nline two",
    "q-a-single-choice": "b",
    "q-a-several-choices": ["a", "b"],
    "q-a-yes-no": "no",
    "q-a-consent": "yes",
    "q-a-number": "3,5",
    "q-a-date": "2026-06-25",
    "q-a-country": "MX",
    "q-a-phone": "+52 55 1234 5678",
    "q-a-url": "https://example.org",
}


def count(session, model=Registration) -> int:
    return session.scalar(select(func.count()).select_from(model))


def receipt_of(client, form=FILLED, path=FORM):
    """Sends the form and opens what it leads to."""
    answer = client.post(path, data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"], client.get(answer.headers["Location"])


def mistakes(page) -> list[tuple[str, str]]:
    return [(a["href"], a.text) for a in page.one("div", class_="problem").all("a")]


# The form


def test_the_form_asks_for_no_more_than_it_needs(client, make):
    make.event()
    form = read(client.get("/events/forum?tz=America/Mexico_City")).one("form", method="post")
    assert "novalidate" in form.attrs
    assert values(form) == {
        "name": [""],
        "email": [""],
        "language": ["en"],
        "time_zone": ["Mexico City"],
        "homepage": [""],
    }
    assert [field.attrs.get("required") for field in form.walk() if "required" in field.attrs] == []
    email = form.one("input", name="email")
    assert (email["type"], email["autocomplete"], email["spellcheck"]) == ("email", "email", "false")
    assert form.one("input", name="name")["autocomplete"] == "name"
    assert form.one("select", name="language").all("option")[1].text == "Español"


def test_no_name_in_a_record_takes_the_place_of_one_of_ours(client, make):
    keys = ("main", "name", "a", "a-hint", "a-2", "choice-a", "zone")
    choices = [
        {"key": key, "type": QuestionType.SINGLE_CHOICE, "options": OPTIONS, "help": {"en": "H"}} for key in keys
    ]
    make.event(occurrences=[{**IN_SPANISH, "key": key} for key in keys], questions=choices)
    read(client.get("/events/forum"))  # refuses an id that stands twice
    read(client.post(FORM, data={}))
    zones = [e["data-zone"] for e in read(client.get("/events/forum")).walk() if e.get("data-zone")]
    assert len(zones) == len(set(zones)) == 2 * len(keys)


def test_every_field_has_a_label_and_every_hint_is_tied_to_its_field(client, make):
    make.event(questions=EVERY_QUESTION)
    form = read(client.get("/events/forum")).one("form", method="post")
    labels = {label["for"] for label in form.all("label")}
    for field in form.walk():
        if field.tag in ("input", "select", "textarea") and field.get("type") != "hidden":
            assert field["id"] in labels
        for described in (field.get("aria-describedby") or "").split():
            form.one(id=described)


@pytest.mark.parametrize(("choose", "kind"), [(Choose.ONE, "radio"), (Choose.ANY, "checkbox"), (Choose.ALL, None)])
def test_the_dates_are_chosen_as_the_event_says(client, make, choose, kind):
    make.event(choose=choose)
    form = read(client.get("/events/forum")).one("form", method="post")
    inputs = form.all("input", name="occurrences")
    assert [field["type"] for field in inputs] == ([kind, kind] if kind else [])
    legends = [legend.text for legend in form.all("legend")]
    assert legends == (["The date and time that suit you"] if kind else [])
    if kind is None:
        assert "You register for all of these dates:" in form.text


def test_one_date_alone_is_not_asked_about(client, make):
    make.event(occurrences=[IN_SPANISH])
    form = read(client.get("/events/forum")).one("form", method="post")
    assert [(field["type"], field["value"]) for field in form.all("input", name="occurrences")] == [
        ("hidden", "spanish")
    ]


def test_a_date_that_takes_nobody_is_not_offered(client, make, now):
    make.event(
        occurrences=[{**IN_ENGLISH, "capacity": 0}, IN_SPANISH, {**IN_SPANISH, "key": "off", "cancelled_at": now}]
    )
    form = read(client.get("/events/forum")).one("form", method="post")
    assert [field["value"] for field in form.all("input", name="occurrences")] == ["spanish"]


def test_dates_that_belong_together_are_full_together(client, make):
    make.event(choose=Choose.ALL, occurrences=[IN_ENGLISH, {**IN_SPANISH, "capacity": 0}])
    page = read(client.get("/events/forum"))
    assert page.all("form", method="post") == []
    assert page.one("section", class_="register").one("h2").text == "All places are taken"
    assert client.post(FORM, data=FILLED).status_code in (409, 422)


def test_an_event_without_a_single_date_is_a_page_too(client, make):
    make.event(occurrences=[])
    assert client.get("/events/forum").status_code == 200
    assert client.get("/events/forum/calendar.ics").status_code == 404
    assert client.post(FORM, data=FILLED).status_code in (409, 422)


def test_the_form_can_be_sent_as_it_was_served(client, make, session):
    make.event(choose=Choose.ANY, questions=EVERY_QUESTION)
    page = read(client.get("/es/events/forum?tz=Europe/Madrid"))
    form = page.one("form", method="post")
    filled = values(form) | {"name": ["Ana"], "email": ["ana@example.org"], "occurrences": ["english", "spanish"]}
    answer = client.post(form["action"], data=filled | EVERY_ANSWER)
    assert answer.status_code == 303
    registration = session.scalars(select(Registration)).one()
    assert (registration.name, registration.language_tag, registration.tzid) == ("Ana", "es", "Europe/Madrid")
    assert {place.occurrence.key for place in registration.places} == {"english", "spanish"}
    assert {answer.question.key: answer.value for answer in registration.answers} == {
        "a-short-text": "Short",
        "a-long-text": "Line one\nline two",
        "a-single-choice": "b",
        "a-several-choices": ["a", "b"],
        "a-yes-no": False,
        "a-consent": True,
        "a-number": 3.5,
        "a-date": "2026-06-25",
        "a-country": "MX",
        "a-phone": "+525512345678",
        "a-url": "https://example.org",
    }


# Mistakes


def test_an_empty_form_comes_back_with_every_mistake_at_once(client, make, session):
    make.event(questions=EVERY_QUESTION)
    answer = client.post(FORM, data={})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (422, "private, no-store")
    page = read(answer)
    assert page.one("title").text == "Error: Public forum – Example League"
    problem = page.one("div", class_="problem")
    assert (problem["role"], problem["tabindex"], problem.one("h2").text) == ("alert", "-1", "There is a problem")
    said = mistakes(page)
    assert [target for target, _ in said] == [
        "#name",
        "#email",
        "#occurrences",
        *[f"#q-{question['key']}" for question in EVERY_QUESTION],
    ]
    for target, sentence in said:
        field = page.one(id=target[1:])
        assert field["aria-invalid"] == "true"
        assert page.one(id=f"{target[1:]}:error").text == f"Error: {sentence}"
        described = field.get("aria-describedby") or next(
            group["aria-describedby"] for group in page.all("fieldset") if field in list(group.walk())
        )
        assert f"{target[1:]}:error" in described.split()
    assert count(session) == count(session, Receipt) == 0


def test_the_summary_stands_first_in_the_main_part(client, make):
    make.event()
    main = read(client.post(FORM, data={})).one("main")
    order = [element.get("class") or element.tag for element in main.walk()]
    assert order.index("problem") < order.index("event") < order.index("h1")


def test_nothing_that_was_typed_is_lost(client, make):
    make.event(choose=Choose.ANY, questions=EVERY_QUESTION)
    typed = {
        "name": ["  Zoë <b>\"'&  "],
        "email": ["zoe@"],
        "occurrences": ["english", "spanish"],
        "language": ["es"],
        "time_zone": ["Nowhere"],
        "homepage": [""],
    } | {name: value if isinstance(value, list) else [value] for name, value in EVERY_ANSWER.items()}
    typed["q-a-long-text"] = ["\n  indented\n\nlast"]
    answer = client.post(FORM, data=typed)
    assert answer.status_code == 422
    kept = values(read(answer).one("form", method="post"))
    assert kept == typed


def test_mistakes_are_said_in_the_readers_language_and_times_in_their_zone(client, make):
    make.event()
    answer = client.post(f"/es{FORM}?tz=Europe/Madrid", data={})
    page = read(answer)
    assert page.one("html")["lang"] == "es"
    assert page.one("form", method="post")["action"] == f"/es{FORM}?tz=Europe/Madrid"
    assert (
        page.one("p", class_="yours", data_zone="date:spanish")
        .one("strong")
        .text.startswith("lunes, 29 de junio de 2026")
    )


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "Buy at http://spam.example", "Enter your name alone, without a link or an e-mail address."),
        ("email", "üser@example.org", "Enter an e-mail address with only unaccented letters"),
        ("time_zone", "PST8PDTX", ""),
        ("occurrences", "nothing", "Choose a date from those on this page."),
    ],
)
def test_what_cannot_be_used_is_explained(client, make, field, value, sentence):
    make.event()
    answer = client.post(FORM, data=FILLED | {field: value})
    assert answer.status_code == 422
    ((target, said),) = mistakes(read(answer))
    assert target == f"#{field}"
    assert sentence in said


def test_a_city_is_a_zone_and_no_zone_is_the_events(client, make, session):
    make.event()
    receipt_of(client, FILLED | {"time_zone": " mexico city "})
    receipt_of(client, FILLED | {"time_zone": "", "email": "b@example.org"})
    receipt_of(client, FILLED | {"time_zone": "", "email": "c@example.org"}, f"{FORM}?tz=Asia/Tokyo")
    zones = session.scalars(select(Registration.tzid).order_by(Registration.id)).all()
    assert zones == ["America/Mexico_City", "America/Los_Angeles", "Asia/Tokyo"]


def test_a_language_is_one_of_the_events_or_ours_or_the_pages(client, make, session):
    make.event()
    for number, tag in enumerate(("es", "es-MX", "fr", "ja", "<x>", "")):
        receipt_of(client, FILLED | {"language": tag, "email": f"a{number}@example.org"})
    assert session.scalars(select(Registration.language_tag).order_by(Registration.id)).all() == [
        "es",
        "es",
        "fr",
        "en",
        "en",
        "en",
    ]


def test_letters_speak_as_the_page_does(client, make, session):
    make.event(languages={"en": "Forum", "ja": "フォーラム"})
    page = read(client.get("/fr/events/forum"))
    offered = [
        (option["value"], option.get("lang"), "selected" in option.attrs)
        for option in page.one(id="language").all("option")
    ]
    assert offered == [
        ("en", "en", False),
        ("ja", "ja", False),
        *((tag, tag, tag == "fr") for tag in INTERFACE_LANGUAGES[1:]),
    ]
    receipt_of(client, FILLED | {"language": "es"}, FORM.replace("/events", "/es-MX/events"))
    assert session.scalars(select(Registration.language_tag)).all() == ["es-MX"]


def test_a_date_that_filled_up_meanwhile_is_shown_as_full(client, make, session):
    event = make.event(occurrences=[IN_ENGLISH, {**IN_SPANISH, "capacity": 1}])
    make.registration(event)
    answer = client.post(FORM, data=FILLED)
    page = read(answer)
    assert answer.status_code == 409
    assert mistakes(page) == [("#occurrences", "The date you chose is full. Choose another date if there is one.")]
    assert page.one("form", method="post").one("input", name="name")["value"] == "Zoë Muñoz"
    assert count(session) == 1


@pytest.mark.parametrize("state", ["cancelled", "closed", "past"])
def test_a_form_that_comes_too_late_says_why(client, make, now, session, state):
    extra = {
        "cancelled": {"cancelled_at": now},
        "closed": {"closes_at": now, "closes_local": datetime(2026, 3, 2, 12), "closes_tzid": "Etc/UTC"},  # noqa: DTZ001
        "past": {"occurrences": [{**IN_SPANISH, "dtstart_local": datetime(2026, 1, 1, 12)}]},  # noqa: DTZ001
    }[state]
    make.event(**extra)
    answer = client.post(FORM, data=FILLED)
    assert answer.status_code == 409
    assert read(answer).one("div", class_="problem").one("li").text != ""
    assert count(session) == 0


def test_a_program_that_fills_the_hidden_field_is_told_nothing(client, make, session):
    make.event()
    answer = client.post(FORM, data=FILLED | {"homepage": "https://spam.example"})
    real = client.post(FORM, data=FILLED)
    assert answer.status_code == real.status_code == 303
    assert len(answer.headers["Location"]) == len(real.headers["Location"])
    assert count(session) == count(session, Receipt) == 1
    shown = client.get(answer.headers["Location"])
    assert (shown.status_code, read(shown).one("h1").text) == (410, "This page is no longer kept")


def test_fields_that_are_none_of_ours_change_nothing(client, make, session, now):
    make.event(approval=Approval.MANUAL)
    forged = {
        "status": "confirmed",
        "state": "confirmed",
        "event_id": "7",
        "id": "1",
        "public_id": "x",
        "created_at": "1999-01-01",
        "q-nothing": "x",
        "locale": "xx",
        "source": "x",
        "is_admin": "1",
    }
    receipt_of(client, FILLED | forged)
    registration = session.scalars(select(Registration)).one()
    assert [place.state for place in registration.places] == [PlaceState.PENDING]
    assert (registration.created_at, registration.source, registration.answers) == (now, "", [])


def test_sending_the_form_twice_registers_once(client, make, session):
    make.event()
    first, second = receipt_of(client), receipt_of(client)
    assert first[0] != second[0]
    assert count(session) == 1
    assert session.scalars(select(Message.kind)).all() == [LetterKind.CONFIRMATION]


@pytest.mark.parametrize("path", [FORM, f"/es{FORM}"])
def test_the_address_of_the_form_leads_back_to_the_event(client, make, path):
    make.event()
    answer = client.get(f"{path}?tz=Asia/Tokyo")
    event = path.removesuffix("/registrations")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{event}?tz=Asia/Tokyo")


# The receipt


def test_the_receipt_says_what_happens_next(client, make, session):
    make.event()
    address, answer = receipt_of(client)
    assert re.fullmatch(r"/registrations/[a-z2-7]{16}\.[a-z2-7]{26}", address)
    page = read(answer)
    assert page.one("h1").text == "You are registered"
    assert page.one("p", class_="lead").text == (
        "We have written to z…@example.org. The letter has what you need to take part."
    )
    ticket = page.one("article", class_="ticket")
    assert [time.text for time in ticket.all("time")] == [
        "Sunday 28 June 2026, 6:00 pm – 7:00 pm, Central Time (Mexico City, UTC−6)",
        "Sunday 28 June 2026, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)",
    ]
    assert ticket.one("dd", class_="code").text == session.scalars(select(Registration.reference)).one()
    services = {a.text: a["href"] for a in ticket.all("a")}
    assert list(services) == ["Google", "Outlook.com", "Office 365", "Yahoo", "Apple and others (.ics)"]
    assert services["Google"].startswith("https://calendar.google.com/")
    assert services["Apple and others (.ics)"] == f"{address}/invite.ics"


@pytest.mark.parametrize(
    ("values_of_event", "heading", "badge"),
    [
        ({"approval": Approval.MANUAL}, "We have your application", "Waiting for the organizer"),
        (
            {"waitlist": True, "occurrences": [{**IN_SPANISH, "capacity": 0}]},
            "You are on the waiting list",
            "On the waiting list",
        ),
    ],
)
def test_without_a_place_there_is_nothing_for_the_calendar(client, make, values_of_event, heading, badge):
    make.event(**values_of_event)
    address, answer = receipt_of(client)
    page = read(answer)
    assert page.one("h1").text == heading
    ticket = page.one("article", class_="ticket")
    assert badge in [span.text for span in ticket.all("span")]
    assert ticket.all("a") == []
    assert client.get(f"{address}/invite.ics").status_code == 404


def test_the_receipt_is_for_one_pair_of_eyes(client, make):
    make.event()
    address, answer = receipt_of(client)
    for private in (answer, client.get(f"{address}/address")):
        assert private.headers["Cache-Control"] == "private, no-store"
        assert private.headers["Referrer-Policy"] == "no-referrer"
        assert private.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "ETag" not in private.headers
        assert "Set-Cookie" not in private.headers
    text = answer.get_data(as_text=True)
    assert "zoe@example.org" not in text
    assert not any(secret in text for secret in ("82314567890", "823 1456 7890", "428571", "example.org/j/"))


def test_a_known_address_is_answered_like_a_new_one(client, make, session):
    event = make.event()
    make.registration(event, email="known@example.org", places={"english": PlaceState.CONFIRMED})
    shown, headers = [], []
    for email in ("known@example.org", "novel@example.org"):
        address, answer = receipt_of(client, FILLED | {"email": email})
        token = address.rpartition("/")[2]
        reference = read(answer).one("dd", class_="code").text
        text = answer.text.replace(token, "TOKEN").replace(reference, "REFERENCE")
        shown.append(text.replace(f"{email[0]}…@", "X…@"))
        own = {"Content-Length", "X-Request-ID"}
        headers.append([(name, value) for name, value in answer.headers if name not in own])
    assert shown[0] == shown[1]
    assert headers[0] == headers[1]
    known = session.scalars(select(Registration).where(Registration.address_key == "known@example.org")).one()
    assert [place.occurrence.key for place in known.places] == ["english"]
    assert count(session) == 2


def test_a_receipt_opens_by_its_whole_token_alone(client, make):
    make.event()
    address, _ = receipt_of(client)
    token = address.rpartition("/")[2]
    other = receipt_of(client, FILLED | {"email": "b@example.org"})[0].rpartition("/")[2]
    mixed = f"{token.partition('.')[0]}.{other.partition('.')[2]}"
    for forged in ("", "x", "test", "0", "a.b", f"{token}x", f"{token} ", "%7B%7D", token.upper(), token[:-1], mixed):
        assert client.get(f"/registrations/{forged}").status_code == 404, forged
        assert client.get(f"/registrations/{forged}/invite.ics").status_code == 404, forged
        correction = client.post(f"/registrations/{forged}/address", data={"email": "x@example.org"})
        assert correction.status_code == 404, forged
    assert client.get(address).status_code == 200


def test_after_a_day_the_receipt_says_where_to_look(client, make, now):
    make.event()
    address, _ = receipt_of(client)
    with time_machine.travel(now + timedelta(hours=24), tick=False):
        answer = client.get(address)
        assert (answer.status_code, read(answer).one("h1").text) == (410, "This page is no longer kept")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert client.get(f"{address}/invite.ics").status_code == 404
        assert client.post(f"{address}/address", data={"email": "a@example.org"}).status_code == 404


def test_the_invite_has_public_facts_of_what_was_taken(client, make):
    make.event(choose=Choose.ANY)
    one, _ = receipt_of(client)
    answer = client.get(f"{one}/invite.ics")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/events/forum/spanish.ics")
    both, _ = receipt_of(client, FILLED | {"email": "b@example.org", "occurrences": ["english", "spanish"]})
    file = client.get(f"{both}/invite.ics")
    assert (
        file.headers["Content-Disposition"] == "attachment; filename=\"forum.ics\"; filename*=UTF-8''Public%20forum.ics"
    )
    assert file.headers["Cache-Control"] == "private, no-store"
    text = file.get_data(as_text=True)
    assert text.count("BEGIN:VEVENT") == 2
    assert "ATTENDEE" not in text
    assert "428571" not in text


def test_a_cancelled_date_is_said_on_the_receipt(client, make, now, session):
    event = make.event()
    address, _ = receipt_of(client)
    with transaction():
        event.occurrences[1].cancelled_at = now
    ticket = read(client.get(address)).one("article", class_="ticket")
    assert "Cancelled" in [span.text for span in ticket.all("span")]
    assert ticket.all("a") == []


# A mistyped address


def test_a_mistyped_address_is_put_right(client, make, session):
    make.event()
    address, _ = receipt_of(client, FILLED | {"email": "wrong@example.org"})
    form = next(f for f in read(client.get(address)).all("form") if f.all("input", name="email"))
    answer = client.post(form["action"], data=values(form) | {"email": "right@example.org"})
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert read(client.get(address)).one("p", class_="lead").text.startswith("We have written to r…@example.org.")
    assert session.scalars(select(Registration.email)).all() == ["right@example.org"]


def test_a_near_miss_is_asked_about_and_never_refused(client, make, session):
    make.event()
    address, answer = receipt_of(client, FILLED | {"email": "zoe@homtail.com"})
    question = read(answer).one("form", class_="note")
    assert question.one("p").text == "Did you mean z…@hotmail.com?"
    button = question.one("button")
    client.post(question["action"], data={button["name"]: button["value"]})
    assert session.scalars(select(Registration.email)).all() == ["zoe@hotmail.com"]
    assert read(client.get(address)).all("form", class_="note") == []


def test_a_correction_that_is_no_address_is_explained(client, make, session):
    make.event()
    address, _ = receipt_of(client)
    for data in ({}, {"email": "nonsense"}, {"suggested": "yes"}):
        answer = client.post(f"{address}/address", data=data)
        page = read(answer)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (422, "private, no-store")
        assert page.one("title").text.startswith("Error: You are registered")
        assert [target for target, _ in mistakes(page)] == ["#email"]
        assert page.one("input", name="email")["value"] == data.get("email", "")


def test_an_address_is_corrected_three_times_at_most(client, make):
    make.event()
    address, _ = receipt_of(client)
    for number in range(3):
        assert client.post(f"{address}/address", data={"email": f"a{number}@example.org"}).status_code == 303
    answer = client.post(f"{address}/address", data={"email": "once-more@example.org"})
    assert answer.status_code == 409
    assert mistakes(read(answer))[0][0] == "#email"


def test_a_correction_to_a_known_address_is_answered_like_any_other(client, make):
    event = make.event()
    make.registration(event, email="known@example.org")
    shown = []
    for number, email in enumerate(("known@example.org", "knew@example.org")):
        address, _ = receipt_of(client, FILLED | {"email": f"wrong{number}@example.org"})
        client.post(f"{address}/address", data={"email": email})
        answer = client.get(address)
        reference = read(answer).one("dd", class_="code").text
        shown.append(answer.text.replace(address.rpartition("/")[2], "").replace(reference, ""))
    assert shown[0] == shown[1]


# Floods


def test_one_network_sends_so_many_forms_an_hour(app, client, make, settings):
    app.extensions["settings"] = replace(settings, limit_per_network=5)
    make.event()
    for number in range(5):
        assert client.post(FORM, data={"name": str(number)}).status_code == 422
    answer = client.post(FORM, data=FILLED)
    page = read(answer)
    assert (answer.status_code, page.one("h1").text) == (429, "Too many tries from your network")
    assert int(answer.headers["Retry-After"]) > 0
    assert client.post(f"/es{FORM}/").status_code in (404, 429)
    assert client.post(f"/es{FORM}", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 429
    assert client.post(FORM, environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 422
    assert client.get("/events/forum").status_code == 200


def test_one_house_is_one_network(app, client, make, settings):
    app.extensions["settings"] = replace(settings, limit_per_network=5)
    make.event()
    for number in range(5):
        client.post(FORM, environ_overrides={"REMOTE_ADDR": f"2001:db8::{number:x}"})
    assert client.post(FORM, environ_overrides={"REMOTE_ADDR": "2001:db8:0:0:ffff::1"}).status_code == 429
    assert client.post(FORM, environ_overrides={"REMOTE_ADDR": "2001:db8:0:1::1"}).status_code == 422


def test_no_limit_is_no_limit(app, client, make, settings):
    app.extensions["settings"] = replace(settings, limit_per_network=0)
    make.event()
    assert {client.post(FORM, data={}).status_code for _ in range(4)} == {422}


def test_one_address_is_not_flooded(client, make, settings):
    for number in range(settings.limit_per_address + 1):
        make.event(f"e{number}")
    answers = [
        client.post(f"/events/e{number}/registrations", data=FILLED) for number in range(settings.limit_per_address + 1)
    ]
    assert [answer.status_code for answer in answers] == [303] * settings.limit_per_address + [429]
    page = read(answers[-1])
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert values(page.one("form", method="post"))["email"] == ["zoe@example.org"]


def test_the_receipt_comes_in_the_language_of_the_page(client, make):
    make.event()
    address, answer = receipt_of(client, FILLED, f"/es{FORM}")
    assert address.startswith("/es/registrations/")
    page = read(answer)
    assert page.one("html")["lang"] == "es"
    assert page.one("article", class_="ticket").one("h2").text == "Foro público"
    assert page.all("time")[0].text.startswith("domingo, 28 de junio de 2026, 18:00")


def test_no_registration_opens_before_its_time(client, make, session):
    opens_at = datetime(2026, 6, 1, 9, tzinfo=UTC)
    make.event(opens_local=opens_at.replace(tzinfo=None), opens_tzid="Etc/UTC", opens_at=opens_at)
    answer = client.post(FORM, data=FILLED)
    assert answer.status_code == 409
    assert count(session) == 0


def test_a_whole_registration_asks_the_database_at_most_fifteen_times(app, client, make):
    """The page, the form with a choice among its answers, and the receipt; the page is kept, as it mostly is."""
    options = [{"id": "vegan", "label": {"en": "Vegan"}}, {"id": "beef", "label": {"en": "Beef"}}]
    make.event(questions=[{"key": "diet", "type": QuestionType.SINGLE_CHOICE, "options": options}])
    form = {"name": "Zoë", "occurrences": "spanish", "q-diet": "vegan", "language": "en", "time_zone": "Mexico City"}

    def register(number):
        with statements() as page:
            client.get("/en/events/forum")
        with statements() as sent:
            answer = client.post("/en/events/forum/registrations", data=form | {"email": f"zoe{number}@example.org"})
        with statements() as receipt:
            assert client.get(answer.headers["Location"]).status_code == 200
        return len(page), len(sent), len(receipt)

    register(0)
    locks = 2 * app.extensions["settings"].database_url.startswith("postgresql")  # of the event and of the address
    assert register(1) == (1, 11 + locks, 1)
