"""One's own data: another address once its reader agrees, all of it taken out, all of it forgotten."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from threading import Event as Stop
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, text

from eventsapp.actions import letters, outbox
from eventsapp.actions.register import correct_address, register
from eventsapp.db import db, transaction
from eventsapp.domain import links
from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.vocabulary import Evidence, LetterKind, MessageState, PlaceState, Purpose, QuestionType
from eventsapp.mail.outcome import Outcome, Verdict
from eventsapp.mail.transport import MemoryTransport
from eventsapp.models import AddressChange, Answer, Attendance, Base, ChosenOption, Event, Message, Place, Registration
from eventsapp.worker import run
from tests.factory import IN_SPANISH
from tests.mail.letterbox import calendar_of, everything_in, text_of
from tests.web.html import read

OLD, NEW = "zoe@example.com", "zoe.new@example.org"
CONFIRMED, WAITLISTED, CANCELLED = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.CANCELLED
DIET = {
    "key": "diet",
    "type": QuestionType.SINGLE_CHOICE,
    "label": {"en": "Diet", "es": "Dieta"},
    "options": [{"id": "vegan", "label": {"en": "Vegan food", "es": "Comida vegana"}}],
}
OWN = [
    {"kind": kind, "language_tag": "en", "subject": "{summary} OWN WORDS", "body": "OWN WORDS {name} {join_url}"}
    for kind in LetterKind
]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Refusing:
    """A mail server that refuses for good and repeats the address."""

    def send(self, message: EmailMessage, envelope: Any) -> Outcome:  # noqa: ARG002
        return Outcome(Verdict.REFUSED, 550, f"<{envelope.recipient}> no such user")

    def close(self) -> None:
        pass


@pytest.fixture
def deliver(app, now) -> Callable[..., list[EmailMessage]]:
    """``deliver()`` sends what is due and returns the letters."""

    def all_due(transport: Any = None) -> list[EmailMessage]:
        carrier = transport or MemoryTransport()
        run(app, stop=Stop(), once=True, transport=carrier, clock=lambda: now)
        return [message for message, _envelope in getattr(carrier, "sent", [])]

    return all_due


@pytest.fixture
def event(make) -> Event:
    return make.event(questions=[DIET], letters=OWN)


@pytest.fixture
def zoe(make, event, now, settings, deliver) -> Registration:
    """Confirmed, answered, told, and with the invitation in her calendar."""
    registration = make.registration(event, email=OLD, language_tag="en", answers={"diet": "vegan"}, source="flyer")
    with transaction() as session:
        letters.announce(
            session, registration, LetterKind.CONFIRMATION, registration.places, now=now, settings=settings
        )
    assert len(deliver()) == 1
    return registration


def token_of(registration: Registration, settings, purpose: Purpose = Purpose.MANAGE) -> str:
    return links.token(settings.link_key, purpose, registration.public_id, registration.link_generation)


@pytest.fixture
def token(zoe, settings) -> str:
    return token_of(zoe, settings)


def link_in(mail: EmailMessage) -> str:
    return re.search(r"https://events\.example\.org(/address/\S+)", text_of(mail))[1]


@pytest.fixture
def wish(client, token, deliver):
    """``wish("new@example.org")`` asks for another address and returns the path in the letter that goes there."""

    def wish(email: str = NEW) -> str:
        answer = client.post(f"/manage/{token}/address", data={"email": email})
        assert (answer.status_code, answer.location) == (303, f"/en/manage/{token}/address")
        return link_in([mail for mail in deliver() if mail["To"] == email][-1])

    return wish


def registration() -> Registration:
    db.session.rollback()
    return db.session.scalars(select(Registration).order_by(Registration.id)).first()


def everything_stored() -> str:
    """All that all tables hold."""
    db.session.rollback()
    rows = [row for table in Base.metadata.sorted_tables for row in db.session.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608
    return "\n".join(str(tuple(row)) for row in rows)


# Another address


def test_the_new_address_is_asked_first_by_a_letter_that_names_nobody(client, token, zoe, deliver):
    page = read(client.get(f"/manage/{token}/address"))
    assert OLD in page.one("dl").text
    answer = client.post(f"/manage/{token}/address", data={"email": f" {NEW} "})
    assert answer.status_code == 303
    [mail] = deliver()
    assert (mail["To"], mail["Subject"]) == (NEW, "Confirm your new e-mail address: Public forum")
    everything = everything_in(mail)
    for secret in (
        OLD,
        "zoe@",
        "example.com",
        "Zo",
        "Mu",
        zoe.reference,
        "OWN WORDS",
        "/j/",
        "/manage/",
        "text/calendar",
    ):
        assert secret not in everything.replace(NEW, "").replace("zoe.new", ""), secret
    assert "z…@e…" in text_of(mail)
    assert registration().email == OLD
    waiting = read(client.get(answer.location)).one("section", class_="note").text
    assert NEW in waiting


def test_it_moves_once_the_new_reader_agrees(*, client, wish, zoe, token, deliver, settings, now):
    path = wish()
    old_links = (f"/manage/{token}", f"/manage/{token}/data.json", f"/j/{token_of(zoe, settings, Purpose.JOIN)}")
    with time_machine.travel(now + HOUR, tick=False):
        page = read(client.get(path))
        assert page.one("html")["lang"] == "en"
        assert NEW in page.one("dl").text
        assert OLD not in page.text
        assert registration().email == OLD, "GET changes nothing"
        answer = client.post(path)
    moved = registration()
    assert (moved.email, moved.address_key, moved.link_generation) == (NEW, NEW, 2)
    assert moved.verified_at == now + HOUR
    manage = token_of(moved, settings)
    assert (answer.status_code, answer.location) == (303, f"/en/manage/{manage}?done=address")
    assert answer.headers["Cache-Control"] == "private, no-store"
    hub = read(client.get(answer.location))
    assert NEW in hub.text
    assert [client.get(old).status_code for old in old_links] == [404, 404, 404]

    gone, come = deliver_after(deliver)
    assert (gone["To"], come["To"]) == (OLD, NEW)
    assert {"METHOD:CANCEL", "SEQUENCE:1"} <= set(calendar_of(gone).split("\n"))
    for secret in (NEW, "Zo", manage, "/manage/", "/j/", zoe.reference):
        assert secret not in everything_in(gone), secret
    assert "now has another e-mail address" in gone["Subject"]
    assert {"METHOD:REQUEST", "SEQUENCE:1"} <= set(calendar_of(come).split("\n"))
    assert f"/manage/{manage}" in text_of(come)


def deliver_after(deliver) -> list[EmailMessage]:
    """Letters written an hour later are due by the worker's clock, too."""
    with transaction() as session:
        for message in session.scalars(select(Message).where(Message.state == MessageState.QUEUED)):
            message.due_at = message.due_at - 2 * HOUR
    return deliver()


def test_a_second_press_leads_to_the_same_page_and_writes_nothing(client, wish, deliver):
    path = wish()
    first = client.post(path)
    assert len(deliver()) == 2
    second = client.post(path)
    assert (second.status_code, second.location) == (303, first.location)
    assert deliver() == []
    page = read(client.get(path))
    assert page.one("h1").text == "This registration has your e-mail address"
    assert page.all("form") == []


def test_the_last_wish_counts(client, wish, token, deliver):
    first = wish("first@example.org")
    answer = client.post(f"/manage/{token}/address", data={"email": "second@example.org"})
    client.post(f"/manage/{token}/address", data={"email": "third@example.org"})
    assert answer.status_code == 303
    assert [mail["To"] for mail in deliver()] == ["third@example.org"], "an overtaken letter does not leave"
    assert client.get(first).status_code == client.post(first).status_code == 404
    assert registration().email == OLD


def test_a_wish_can_be_taken_back(client, wish, token):
    path = wish()
    assert client.post(f"/manage/{token}/address", data={"keep": "yes", "email": "x@example.org"}).status_code == 303
    assert client.post(path).status_code == 404
    assert NEW not in client.get(f"/manage/{token}/address").text


def test_the_link_works_for_a_day(client, wish, now, session):
    path = wish()
    with time_machine.travel(now + DAY, tick=False):
        assert client.get(path).status_code == client.post(path).status_code == 404
    assert registration().email == OLD


def test_no_other_token_moves_anything(*, client, wish, token, zoe, settings, session):
    path = wish()
    change = session.scalars(select(AddressChange)).one()
    wrong = [
        token,
        token_of(zoe, settings, Purpose.ADDRESS),
        links.token(settings.link_key, Purpose.MANAGE, change.public_id),
        links.token(settings.link_key, Purpose.VERIFY, change.public_id),
        links.token(settings.link_key, Purpose.ADDRESS, change.public_id, 2),
        path.removeprefix("/address/")[:-1],
        path.removeprefix("/address/").upper(),
        change.public_id,
        "x",
    ]
    for one in wrong:
        assert client.get(f"/address/{one}").status_code == 404, one
        assert client.post(f"/address/{one}").status_code == 404, one
    for opening in (path.removeprefix("/address/"), token_of(zoe, settings, Purpose.JOIN)):
        for page in ("address", "data", "data.json", "erase"):
            assert client.get(f"/manage/{opening}/{page}").status_code == 404
    assert registration().email == OLD


def test_a_known_address_is_answered_like_an_unknown_one(client, make, event, token, deliver):
    make.registration(event, email="known@example.org")
    seen = []
    for email in ("known@example.org", "fresh@example.org"):
        answer = client.post(f"/manage/{token}/address", data={"email": email})
        page = client.get(f"/manage/{token}/address").text.replace(email, "ADDRESS")
        seen.append((answer.status_code, answer.location, page))
        [mail] = deliver()
        assert mail["To"] == email
    assert seen[0] == seen[1]


def test_one_who_holds_a_place_already_keeps_it(client, make, event, wish, deliver):
    other = make.registration(event, email=NEW, name="Nadia", places={"english": WAITLISTED}).id
    path = wish()
    page = read(client.get(path))
    assert "already has a registration" in page.text
    assert page.all("form") == []
    assert "Nadia" not in page.text
    answer = client.post(path)
    assert answer.status_code == 409
    assert "already has a registration" in answer.text
    assert (registration().email, db.session.get_one(Registration, other).email) == (OLD, NEW)
    assert deliver() == []


def test_one_who_holds_nothing_any_more_makes_room(*, client, make, event, wish, deliver, now):
    other = make.registration(event, email=NEW, name="Nadia", places={"spanish": CANCELLED}).id
    with transaction() as session:
        place = session.scalars(select(Place).where(Place.registration_id == other)).one()
        place.revision, place.invited_at = 5, now
    assert client.post(wish()).status_code == 303
    assert registration().email == NEW
    forgotten = db.session.get_one(Registration, other)
    assert (forgotten.email, forgotten.address_key, forgotten.name) == (None, None, None)
    mails = deliver()
    assert [mail["To"] for mail in mails] == [OLD, NEW]
    assert told(mails, NEW) == [("REQUEST", 7)]  # after what took the entry out of that calendar


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "Enter your e-mail address."), ("no address", "in the correct format"), (OLD.upper(), "already")],
)
def test_a_mistake_comes_back_as_typed(client, token, typed, said):
    answer = client.post(f"/manage/{token}/address", data={"email": typed})
    page = read(answer)
    assert answer.status_code == 422
    assert said in page.one("div", class_="problem").text
    assert page.one("input", id="email")["value"] == typed
    assert page.one("title").text.startswith("Error: ")


def test_three_wishes_an_hour(client, token, now):
    for number in range(3):
        assert client.post(f"/manage/{token}/address", data={"email": f"n{number}@example.org"}).status_code == 303
    answer = client.post(f"/manage/{token}/address", data={"email": "n4@example.org"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert read(answer).one("input", id="email")["value"] == "n4@example.org"
    with time_machine.travel(now + HOUR, tick=False):
        assert client.post(f"/manage/{token}/address", data={"email": "n4@example.org"}).status_code == 303


def test_what_looks_mistyped_is_asked_about(client, token, deliver):
    client.post(f"/manage/{token}/address", data={"email": "zoe@homtail.com"})
    page = read(client.get(f"/manage/{token}/address"))
    assert "Did you mean zoe@hotmail.com?" in page.text
    client.post(f"/manage/{token}/address", data={"suggested": "yes"})
    assert [mail["To"] for mail in deliver()] == ["zoe@hotmail.com"]


@pytest.mark.parametrize("what", ["cancelled", "over"])
def test_nothing_moves_once_nothing_is_to_come(*, client, wish, token, event, now, what):
    path = wish()
    at = now
    if what == "cancelled":
        with transaction() as session:
            session.get_one(Event, event.id).cancelled_at = now
    else:
        at = datetime(2026, 6, 30, tzinfo=now.tzinfo)
        with transaction() as session:
            session.scalars(select(AddressChange)).one().expires_at = at + DAY
    with time_machine.travel(at, tick=False):
        for where in (path, f"/manage/{token}/address"):
            page = read(client.get(where))
            assert page.all("form") == []
        assert client.post(path).status_code == 409
        assert client.post(f"/manage/{token}/address", data={"email": "other@example.org"}).status_code == 409
        assert client.get(f"/manage/{token}/data").status_code == 200
    assert registration().email == OLD


def test_a_form_cannot_say_more_than_an_address(client, token, wish):
    more = {"registration_id": "1", "public_id": "x", "expires_at": "2099-01-01", "verified_at": "1", "event_id": "9"}
    client.post(f"/manage/{token}/address", data={"email": NEW} | more)
    path = wish()
    client.post(path, data={"email": "evil@example.org", "address_key": "evil@example.org"})
    assert registration().email == NEW


def test_a_wish_made_by_the_reader_of_a_mistyped_address_dies_with_the_correction(client, make, settings, now, deliver):
    event = make.event()
    who = Applicant("Ana", read_address("ana@exmaple.org"), "en", "Europe/Paris", ("spanish",))
    with transaction() as session:
        receipt = register(session, event.id, who, now=now, settings=settings)
        session.flush()
        public_id, stranger = receipt.public_id, token_of(registration_in(session), settings)
    client.post(f"/manage/{stranger}/address", data={"email": "thief@example.org"})
    path = link_in(next(mail for mail in deliver() if mail["To"] == "thief@example.org"))
    with transaction() as session:
        correct_address(session, public_id, read_address("ana@example.org"), now=now, settings=settings)
    assert client.post(path).status_code == 404
    assert registration().email == "ana@example.org"


def registration_in(session) -> Registration:
    return session.scalars(select(Registration)).one()


def test_an_organizer_sends_the_letter_again_to_where_it_went(client, wish, deliver, settings, now):
    wish()
    with transaction() as session:
        [message] = session.scalars(select(Message).where(Message.kind == LetterKind.ADDRESS_CHANGE))
        again = outbox.retry(session, message.public_id, now=now, settings=settings)
        assert (again.recipient, again.address_key) == (NEW, NEW)
    assert [mail["To"] for mail in deliver()] == [NEW]


def test_two_dates_move_with_an_invite_each(client, make, settings, now, deliver):
    event = make.event(choose="any")
    zoe = make.registration(event, email=OLD, language_tag="es", places={"english": CONFIRMED, "spanish": CONFIRMED})
    with transaction() as session:
        letters.announce(session, zoe, LetterKind.CONFIRMATION, zoe.places, now=now, settings=settings)
    deliver()
    client.post(f"/manage/{token_of(zoe, settings)}/address", data={"email": NEW})
    [asked] = deliver()
    assert asked["Content-Language"] == "es"
    assert client.post(link_in(asked)).location.startswith("/es/manage/")
    sent = [(mail["To"], calendar_of(mail).partition("METHOD:")[2].partition("\n")[0]) for mail in deliver()]
    assert sorted(sent) == [(NEW, ""), (NEW, "REQUEST"), (NEW, "REQUEST"), (OLD, "CANCEL"), (OLD, "CANCEL")]


def test_posts_from_elsewhere_are_refused(client, token, wish):
    path = wish()
    for where in (path, f"/manage/{token}/address", f"/manage/{token}/erase"):
        assert client.post(where, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post(path, headers={"Origin": "null"}).status_code == 303


# What we keep


def test_all_of_it_can_be_taken_out(client, zoe, token, settings, now):
    with transaction() as session:
        session.add(Attendance(place_id=zoe.places[0].id, evidence=Evidence.JOIN_LINK, joined_at=now + HOUR))
    client.post(f"/manage/{token}/address", data={"email": NEW})
    answer = client.get(f"/manage/{token}/data.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="registration-{zoe.reference}.json"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    everything = json.loads(answer.text)
    assert {key: everything["registration"][key] for key in ("name", "email", "reference", "came_from")} == {
        "name": "Zoë Muñoz",
        "email": OLD,
        "reference": zoe.reference,
        "came_from": "flyer",
    }
    assert everything["answers"] == [{"question": "Diet", "answer": "Vegan food", "stored_as": "vegan"}]
    [place] = everything["places"]
    assert (place["starts_at"], place["time_zone"], place["state"]) == (
        "2026-06-28T17:00:00-07:00",
        "America/Los_Angeles",
        "confirmed",
    )
    assert everything["joined"] == [
        {"date": "spanish", "joined_at": "2026-03-02T13:00:00+00:00", "left_at": None, "known_by": "join_link"}
    ]
    assert [(letter["kind"], letter["to"], letter["state"]) for letter in everything["letters"]] == [
        ("confirmation", OLD, "sent"),
        ("address_change", NEW, "queued"),
    ]
    assert [(change["to"], change["done"]) for change in everything["address_changes"]] == [(NEW, False)]
    for secret in ("82314567890", "428571", "zoom.us", settings.link_key):
        assert secret not in answer.text


def test_the_page_says_the_same_in_words(client, token):
    page = read(client.get(f"/manage/{token}/data"))
    for words in ("Zoë Muñoz", OLD, "Vegan food", "Confirmed", "Sent", "flyer"):
        assert words in page.text, words
    spanish = read(client.get(f"/es/manage/{token}/data"))
    assert "Comida vegana" in spanish.text
    assert read(client.get(f"/ar/manage/{token}/data")).one("html")["dir"] == "rtl"


def test_nobody_elses_is_in_it(client, make, event, token):
    make.registration(event, email="other@example.org", name="Other", answers={"diet": "vegan"})
    for page in ("data", "data.json"):
        assert "ther" not in client.get(f"/manage/{token}/{page}").text.replace("whether", "").replace("another", "")


# Forgetting


def test_to_be_forgotten(client, zoe, token, deliver, now):
    page = read(client.get(f"/manage/{token}/erase"))
    assert "June 2026" in page.one("div", class_="note").text
    assert registration().erased_at is None, "GET changes nothing"
    answer = client.post(f"/manage/{token}/erase")
    assert (answer.status_code, answer.location) == (303, "/en/erased")
    assert read(client.get(answer.location)).one("h1").text == "Your data are deleted"
    gone = registration()
    assert (gone.email, gone.address_key, gone.name, gone.source) == (None, None, None, "")
    assert (gone.erased_at, gone.link_generation) == (now, 2)
    assert [place.state for place in gone.places] == [CANCELLED]
    assert client.post(f"/manage/{token}/erase").status_code == 404

    [mail] = deliver()
    assert mail["To"] == OLD
    assert {"METHOD:CANCEL", "SEQUENCE:1"} <= set(calendar_of(mail).split("\n"))
    for secret in ("Zo", "Mu", zoe.reference, "/manage/", "/j/"):
        assert secret not in everything_in(mail), secret
    left = everything_stored()
    for personal in ("zoe", "Zoë", "Muñoz", "flyer", "@example.com"):
        assert personal not in left, personal
    assert [db.session.scalar(select(func.count()).select_from(table)) for table in (Answer, ChosenOption)] == [0, 0]
    assert deliver() == []


def test_its_last_letter_need_not_arrive(client, token, deliver):
    client.post(f"/manage/{token}/erase")
    deliver(Refusing())
    assert OLD not in everything_stored()
    assert [message.state for message in db.session.scalars(select(Message).order_by(Message.id))] == [
        MessageState.SENT,
        MessageState.FAILED,
    ]


def test_what_a_worker_holds_is_forgotten_when_it_is_done(*, client, make, event, settings, now, session):
    zoe = make.registration(event, email=OLD)
    with transaction() as writing:
        letters.announce(writing, zoe, LetterKind.CONFIRMATION, zoe.places, now=now, settings=settings)
    with transaction() as writing:
        [claimed] = outbox.claim(writing, worker="w1", limit=9, now=now)
    client.post(f"/manage/{token_of(zoe, settings)}/erase")
    with transaction() as writing:
        assert outbox.claim(writing, worker="w2", limit=9, now=now) == [], "the cancellation waits for the invitation"
        assert outbox.record_sent(writing, [claimed], worker="w1", now=now)
    session.rollback()
    assert session.get_one(Message, claimed).recipient is None
    with transaction() as writing:
        [last] = outbox.claim(writing, worker="w2", limit=9, now=now)
        assert session.get_one(Message, last).context["parting"] == "erased"


def test_who_never_got_an_invitation_gets_no_letter(*, client, make, event, settings, deliver, now):
    waiting = make.registration(event, email=OLD, places={"spanish": WAITLISTED})
    unsent = make.registration(event, email="unsent@example.org")
    with transaction() as session:
        letters.announce(session, unsent, LetterKind.CONFIRMATION, unsent.places, now=now, settings=settings)
    for one in (waiting, unsent):
        assert client.post(f"/manage/{token_of(one, settings)}/erase").status_code == 303
    assert deliver() == []
    assert "@example.com" not in everything_stored()
    assert "unsent" not in everything_stored()


def test_the_next_in_line_moves_up(client, make, settings, deliver):
    spanish = dict(IN_SPANISH) | {"capacity": 1}
    event = make.event(occurrences=[spanish], waitlist=True)
    zoe = make.registration(event, email=OLD)
    make.registration(event, email="next@example.org", places={"spanish": WAITLISTED})
    client.post(f"/manage/{token_of(zoe, settings)}/erase")
    assert [mail["To"] for mail in deliver()] == ["next@example.org"]


@pytest.fixture
def come(event, settings, now):
    """``come()`` registers at Zoë's first address."""

    def come() -> None:
        who = Applicant("Zoë", read_address(OLD), "en", "Europe/Paris", ("spanish",))
        with transaction() as session:
            receipt = register(session, event.id, who, now=now, settings=settings)
            session.flush()
            assert receipt.registration_id is not None

    return come


def told(mails: list[EmailMessage], address: str) -> list[tuple[str, int]]:
    """METHOD and SEQUENCE of what a calendar was told."""
    found = (calendar_of(mail) for mail in mails if mail["To"] == address)
    said = (
        [re.search(rf"^{name}:(.+)$", one, re.MULTILINE)[1].strip() for name in ("METHOD", "SEQUENCE")] for one in found
    )
    return [(method, int(sequence)) for method, sequence in said]


@pytest.mark.parametrize("again", [1, 2])
def test_the_same_person_may_come_again(*, client, token, come, settings, deliver, again):
    client.post(f"/manage/{token}/erase")
    come()
    assert told(deliver(), OLD) == [("CANCEL", 1), ("REQUEST", 2)]
    if again == 2:
        one = db.session.scalars(select(Registration).where(Registration.email == OLD)).one()
        client.post(f"/manage/{token_of(one, settings)}/erase")
        come()
        assert told(deliver(), OLD) == [("CANCEL", 3), ("REQUEST", 4)]


def test_whoever_moved_away_may_come_again(*, client, wish, come, deliver):
    client.post(wish())
    ((method, taken_back),) = told(deliver(), OLD)
    assert method == "CANCEL"
    come()
    ((method, sequence),) = told(deliver(), OLD)
    assert method == "REQUEST"
    assert sequence > taken_back


def test_a_date_that_is_over_stays_as_it_was(client, token, now, deliver):
    with time_machine.travel(datetime(2026, 6, 30, tzinfo=now.tzinfo), tick=False):
        assert "note warn" not in client.get(f"/manage/{token}/erase").text
        assert client.post(f"/manage/{token}/erase").status_code == 303
    assert [place.state for place in registration().places] == [CONFIRMED]
    assert deliver() == []
    assert OLD not in everything_stored()


def test_a_wish_for_another_address_ends_too(client, token, wish):
    path = wish()
    client.post(f"/manage/{token}/erase")
    assert client.get(path).status_code == 404
    assert NEW not in everything_stored()


def test_the_way_out_of_a_former_calendar_is_kept(client, wish, deliver, settings):
    client.post(wish())
    client.post(f"/manage/{token_of(registration(), settings)}/erase")
    assert [mail["To"] for mail in deliver()] == [OLD]
    assert OLD not in everything_stored()


def test_when_the_time_is_over_people_are_forgotten_without_a_letter(app, make, now, settings, client):
    organization = make.organization(retention_days=30)
    event = make.event(organization=organization)
    registrations = [
        make.registration(event, email=f"n{number}@example.com", places={key: CONFIRMED}).id
        for number, key in enumerate(("english", "spanish"))
    ]
    other = make.organization(slug="others", retention_days=None)
    kept = make.registration(make.event("kept", organization=other), email="kept@example.com").id

    def forgotten_at(at: datetime) -> list[int]:
        carrier = MemoryTransport()
        run(app, stop=Stop(), once=True, transport=carrier, clock=lambda: at)
        assert carrier.sent == []
        db.session.rollback()
        rows = db.session.scalars(select(Registration).where(Registration.erased_at.is_not(None)))
        return sorted(row.id for row in rows)

    english_ends, spanish_ends = (occurrence.ends_at for occurrence in event.occurrences)
    assert forgotten_at(english_ends + 30 * DAY - HOUR) == []
    assert forgotten_at(english_ends + 30 * DAY) == registrations[:1]
    assert forgotten_at(spanish_ends + 3000 * DAY) == registrations
    assert db.session.get_one(Registration, kept).email == "kept@example.com"
    assert "n0@example.com" not in everything_stored()
    assert [place.state for place in db.session.get_one(Registration, registrations[0]).places] == [CONFIRMED]
