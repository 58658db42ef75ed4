"""Signing in and one's own account, as a browser walks it."""

import html
import json
import re
import time
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security import verify_password
from limits import RateLimitItemPerMinute
from sqlalchemy import select
from werkzeug.test import TestResponse

from eventsapp.actions import account as acting
from eventsapp.actions.expire import expire
from eventsapp.db import db, transaction
from eventsapp.domain.errors import Invalid
from eventsapp.domain.links import token
from eventsapp.domain.passwords import check_password
from eventsapp.domain.vocabulary import LetterKind, Notice, Purpose
from eventsapp.mail.rendering import render
from eventsapp.models import Message, Passkey, SignIn, User
from eventsapp.queries.letters import letter_of
from eventsapp.web.organizer import proofs
from eventsapp.web.organizer.next_page import own_page
from eventsapp.web.pages import now
from tests.statements import statements
from tests.web.organizer.authenticator import Authenticator

PASSWORD = "four ducks on a pond"
ANOTHER = "a grass bank beyond them"
ACCOUNT = "/organizer/account"


@pytest.fixture(autouse=True)
def database(_sqlite_url: str) -> str:
    """No SQL here differs from one database to the other."""
    return _sqlite_url


@dataclass
class Browser:
    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def send(self, path: str, to: str = "", /, **fields: str) -> TestResponse:
        """Open a page and send its form, as its buttons do."""
        page = self.client.get(path).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        return self.client.post(to or path, data=fields | {"csrf_token": found[1] if found else ""})

    def sign_in(self, password: str = PASSWORD, email: str = "olga@example.org", **fields: str) -> TestResponse:
        return self.send("/organizer/sign-in", email=email, password=password, **fields)

    def is_in(self) -> bool:
        return self.client.get(ACCOUNT).status_code == 200

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie("__Host-eventsapp")
        return found.value if found else ""


@pytest.fixture
def browser(app: Flask):
    return lambda: Browser(app.test_client())


@pytest.fixture
def olga(make) -> User:
    return make.member(email="olga@example.org", password=PASSWORD)


def letters(kind: LetterKind) -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)))


def app_code(user: User, *, steps: int = 0) -> str:
    db.session.rollback()
    secret = db.session.get_one(User, user.id).tf_totp_secret
    return str(proofs.security().totp_factory._totp.from_source(secret).generate(time.time() + 30 * steps).token)


def turn_on_codes(browser: Browser) -> list[str]:
    """Set up an app as its owner does; the recovery codes that are shown."""
    page = browser.get(f"{ACCOUNT}/codes").text
    secret = re.search(r'name="secret" value="([^"]+)"', page)[1]
    key = re.search(r'<code dir="ltr">([^<]+)<', page)[1].replace("-", "").replace(" ", "")
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    factory = proofs.security().totp_factory._totp
    code = factory.from_source(factory(key=key).to_json()).generate().token
    form = {"csrf_token": csrf, "secret": secret}
    assert browser.client.post(f"{ACCOUNT}/codes", data=form | {"code": "000000"}).status_code == 422
    done = browser.client.post(f"{ACCOUNT}/codes", data=form | {"code": code})
    assert done.status_code == 200
    return re.findall(r"<li><code>([^<]+)</code>", done.text)


def test_in_and_out_and_nothing_of_a_cookie_lives_on(browser, olga):
    one = browser()
    before = one.get("/organizer/sign-in") and one.cookie
    assert one.sign_in().location == "/organizer/"
    assert one.is_in()
    inside = one.cookie
    thief = browser()
    for stolen, works in ((before, False), (inside, True)):
        thief.client.set_cookie("__Host-eventsapp", stolen, domain="localhost", secure=True)
        assert thief.is_in() is works
    assert one.client.post("/organizer/sign-out").location == "/organizer/sign-in"
    assert (one.is_in(), thief.is_in()) == (False, False)


def test_a_stranger_learns_nothing(browser, olga, make):
    make.user("passkey@example.org")  # has no password
    typed = ("olga@example.org", "passkey@example.org", "nobody@example.org")
    for path, fields in (("/organizer/sign-in", {"password": "wrong wrong wrong"}), ("/organizer/forgotten", {})):
        answers = [browser().send(path, email=email, **fields) for email in typed]
        plain = {
            re.sub(r"(csrf_token|state)\" value=\"[^\"]+|data-passkey=\"[^\"]+", "", answer.text).replace(email, "@")
            for answer, email in zip(answers, typed, strict=True)
        }
        assert len(plain) == 1
        assert (
            len(
                {
                    (answer.status_code, str(sorted(dict(answer.headers) | {"Set-Cookie": "", "Content-Length": ""})))
                    for answer in answers
                }
            )
            == 1
        )


def test_a_stranger_learns_nothing_from_the_time(app, browser, olga, monkeypatch):
    def taken(email: str) -> float:
        """Of the processor, and of several tries the quickest: what else this machine has to do takes none of it."""
        visitor, times = browser(), []
        for _ in range(5):
            started = time.process_time()
            visitor.sign_in("wrong wrong wrong", email)
            times.append(time.process_time() - started)
        return min(times)

    monkeypatch.setattr(proofs, "TRIES", RateLimitItemPerMinute(1000))
    taken("warm@example.org")
    assert 0.5 < taken("olga@example.org") / taken("nobody@example.org") < 2
    monkeypatch.setattr(proofs, "_nobodys_hash", lambda: "no hash at all")  # the control
    monkeypatch.setattr(
        proofs, "verify_password", lambda typed, hashed: hashed != "no hash at all" and verify_password(typed, hashed)
    )
    assert taken("olga@example.org") / taken("nobody@example.org") > 2


def test_too_many_tries_stop_a_stranger_and_not_the_owner(browser, olga):
    own, stranger = browser(), browser()
    own.sign_in()
    own.client.post("/organizer/sign-out")
    tried = [stranger.sign_in(f"wrong wrong {number}").status_code for number in range(6)]
    assert tried == [422, 422, 422, 422, 429, 429]  # the owner's first sign-in was one, too
    assert stranger.sign_in().status_code == 429
    assert own.sign_in().status_code == 303


@pytest.mark.parametrize(
    "path",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "/organizer//evil.example", "javascript:alert(1)",
     "/organizer/\t/evil", "/organizer/\\evil", "/organizers", "/events/forum", " /organizer/",
     "/organizer/\r\nX: y", ""],
)  # fmt: skip
def test_nobody_is_led_elsewhere(path):
    assert own_page(path) == ""


def test_people_arrive_where_they_wanted_to(browser, olga):
    there = "/organizer/o/example-league/events?q=a&state=draft"
    assert own_page(there) == there
    assert browser().sign_in(next=there).location == there
    assert browser().sign_in(next="//evil.example").location == "/organizer/"


def test_a_form_without_its_token_signs_nobody_in(browser, olga):
    one = browser()
    answer = one.client.post("/organizer/sign-in", data={"email": "olga@example.org", "password": PASSWORD})
    assert (answer.status_code, one.is_in()) == (400, False)
    assert 'value="olga@example.org"' in answer.text


def test_a_new_password_by_letter(browser, olga, settings):
    inside = browser()
    inside.sign_in()
    for _ in range(5):
        browser().send("/organizer/forgotten", email="Olga@example.org")
    sent = letters(LetterKind.PASSWORD_RESET)
    assert len(sent) == 3
    letter = letter_of(db.session(), sent[0], now=now(), settings=settings)
    path = letter.action_url.removeprefix(settings.base_url)
    assert path not in json.dumps(sent[0].context)
    one = browser()
    assert one.send(path, password="short").status_code == 422
    assert one.send(path, password=ANOTHER).location == "/organizer/sign-in"
    assert (inside.is_in(), one.is_in()) == (False, False)
    assert (one.sign_in().status_code, one.sign_in(ANOTHER).status_code) == (422, 303)
    assert one.get(path).status_code == 404  # used
    other = letter_of(db.session(), sent[1], now=now(), settings=settings)
    assert one.get(other.action_url.removeprefix(settings.base_url)).status_code == 404  # the password is another one
    assert [message.context["notice"] for message in letters(LetterKind.SECURITY_NOTICE)] == ["password"]


def test_links_to_a_new_password_that_open_nothing(browser, olga, settings):
    browser().send("/organizer/forgotten", email="olga@example.org")
    (sent,) = letters(LetterKind.PASSWORD_RESET)
    right = token(settings.link_key, Purpose.PASSWORD, sent.public_id)
    wrong = [
        token(settings.link_key, Purpose.INVITATION, sent.public_id),
        right[:-1],
        right.upper(),
        "test",
        sent.public_id,
    ]
    one = browser()
    assert [one.get(f"/organizer/new-password/{text}").status_code for text in wrong] == [404] * 5
    assert one.get(f"/organizer/new-password/{right}").status_code == 200
    with transaction() as session:
        kept = session.get_one(Message, sent.id)
        kept.context = kept.context | {"until": (now() - timedelta(seconds=1)).isoformat()}
    assert one.get(f"/organizer/new-password/{right}").status_code == 404


def test_codes_of_an_app_and_none_of_them_twice(browser, olga):
    one = browser()
    one.sign_in()
    recovery = turn_on_codes(one)
    assert len(recovery) == 10
    kept = db.session.get_one(User, olga.id, populate_existing=True)
    assert [code for code in recovery if code in str(kept.mf_recovery_codes)] == []

    second = browser()
    assert second.sign_in(next=ACCOUNT).location == f"/organizer/sign-in/second-step?next={ACCOUNT}"
    assert not second.is_in()
    step = "/organizer/sign-in/second-step"
    code = app_code(olga, steps=1)
    assert second.send(step, code="123456").status_code == 422
    assert second.send(step, code=code, next=ACCOUNT).location == ACCOUNT
    third = browser()
    third.sign_in()
    assert third.send(step, code=code).status_code == 422  # a replay
    assert third.send(step, code=recovery[0].upper()).status_code == 303
    fourth = browser()
    fourth.sign_in()
    assert fourth.send(step, code=recovery[0]).status_code == 422
    assert [message.context["notice"] for message in letters(LetterKind.SECURITY_NOTICE)] == [
        "codes_on",
        "recovery_code",
    ]
    assert third.send(ACCOUNT, f"{ACCOUNT}/codes/off").status_code == 303
    assert browser().sign_in().location == "/organizer/"


def test_a_second_step_needs_a_first(browser, olga):
    assert browser().get("/organizer/sign-in/second-step").location == "/organizer/sign-in"
    assert browser().client.post("/organizer/sign-in/second-step", data={"code": "1"}).location == "/organizer/sign-in"


def test_a_passkey_signs_in_by_itself(browser, olga):
    one, device = browser(), Authenticator("http://localhost")
    one.sign_in()
    add = f"{ACCOUNT}/passkeys/add"
    assert one.send(add, credential="{}", state="x", name="Key").status_code == 422
    assert one.send(add, name="Telephone", **device.make(asked(one.get(add)))).location == ACCOUNT
    made = db.session.scalars(select(Passkey)).one()
    assert (made.name, made.usage) == ("Telephone", "first")

    second = browser()
    answer = device.answer(asked(second.get("/organizer/sign-in")))
    way = "/organizer/sign-in", "/organizer/sign-in/passkey"
    foreign = Authenticator("https://evil.example", device.key, device.credential_id)
    assert second.send(*way, **foreign.answer(asked(second.get(way[0])))).status_code == 422
    unverified = device.answer(asked(second.get(way[0])), verified=False)
    assert second.send(*way, **unverified).status_code == 422
    assert second.send(*way, **answer).location == "/organizer/"
    assert second.is_in()
    assert browser().send(*way, **answer).status_code == 422  # a replay
    stale = browser()
    assert stale.send(*way, **device.answer(asked(stale.get(way[0]))) | {"state": "x"}).status_code == 422

    assert second.send(ACCOUNT, f"{ACCOUNT}/passkeys/{made.id}/remove").status_code == 303
    third = browser()
    assert third.send(*way, **device.answer(asked(third.get(way[0])))).status_code == 422
    said = [message.context["notice"] for message in letters(LetterKind.SECURITY_NOTICE)]
    assert said == ["passkey_added", "passkey_removed"]


def asked(page: TestResponse) -> tuple[dict, str]:
    """The question in a page, and what its answer comes with."""
    form = page.text[page.text.index("data-passkey=") :]
    question = html.unescape(re.search(r'data-passkey="([^"]+)"', form)[1])
    return json.loads(question), re.search(r'name="state" value="([^"]+)"', form)[1]


def test_a_plain_key_is_a_second_step(browser, olga):
    one, key = browser(), Authenticator("http://localhost")
    one.sign_in()
    add = f"{ACCOUNT}/passkeys/add"
    one.send(add, name="Key", **key.make(asked(one.get(add)), verified=False))
    second = browser()
    assert second.sign_in().location == "/organizer/sign-in/second-step"
    step = "/organizer/sign-in/second-step"
    stranger = Authenticator("http://localhost")
    assert second.send(step, **stranger.answer(asked(second.get(step)))).status_code == 422
    assert second.send(step, **key.answer(asked(second.get(step)), verified=False)).location == "/organizer/"
    first = browser()
    way = "/organizer/sign-in", "/organizer/sign-in/passkey"
    assert first.send(*way, **key.answer(asked(first.get(way[0])))).status_code == 422


def test_changing_the_password_signs_out_the_others(browser, olga):
    one, other = browser(), browser()
    one.sign_in(), other.sign_in()
    change = f"{ACCOUNT}/password"
    assert one.send(change, old="wrong wrong wrong", password=ANOTHER).status_code == 422
    assert one.send(change, old=PASSWORD, password="olga@example.org").status_code == 422
    assert one.send(change, old=PASSWORD, password=ANOTHER).location == ACCOUNT
    assert (one.is_in(), other.is_in()) == (True, False)


def test_where_one_is_signed_in(browser, olga, make):
    one, other, third = browser(), browser(), browser()
    for visitor in (one, other, third):
        visitor.sign_in()
    page = one.get(ACCOUNT).text
    ends = re.findall(r'action="(/organizer/account/sign-ins/[a-z2-7]+/end)"', page)
    assert len(ends) == 2
    stranger = browser()
    make.user("eve@example.org", password=ANOTHER)
    stranger.sign_in(ANOTHER, "eve@example.org")
    stranger.send(ACCOUNT, ends[0])
    assert (one.is_in(), other.is_in(), third.is_in()) == (True, True, True)
    one.send(ACCOUNT, ends[0])
    assert sorted((other.is_in(), third.is_in())) == [False, True]
    one.send(ACCOUNT, f"{ACCOUNT}/sign-ins/end-others")
    assert (one.is_in(), other.is_in(), third.is_in(), stranger.is_in()) == (True, False, False, True)
    with transaction() as session:
        expire(session, now=now())
    assert len(db.session.scalars(select(SignIn)).all()) == 2


def test_who_works_on_stays_signed_in(app, desk, make):
    user = make.member()
    one = desk(user)
    long_ago = now() - timedelta(minutes=10)
    with transaction() as session:
        session.scalars(select(SignIn)).one().seen_at = long_ago
    assert "Set-Cookie" in one.get("/account").headers
    db.session.rollback()
    assert db.session.scalars(select(SignIn)).one().seen_at > long_ago
    assert "Set-Cookie" not in one.get("/account").headers


def test_what_matters_asks_who_it_is(desk, olga):
    one = desk(olga, fresh=False)
    answer = one.get("/account/codes")
    assert (answer.status_code, answer.location) == (303, "/organizer/verify?next=/organizer/account/codes?")
    there = {"next": "/organizer/account/codes"}
    assert one.post("/verify", there | {"password": "wrong wrong wrong"}).status_code == 422
    assert one.post("/verify", there | {"password": PASSWORD}).location == "/organizer/account/codes"
    assert one.get("/account/codes").status_code == 200


def test_ones_own_details(desk, olga):
    one = desk(olga)
    assert one.post("/account", {"name": "", "language": "es", "time_zone": "Atlantis"}).status_code == 422
    done = one.post("/account", {"name": "Óscar", "language": "es", "time_zone": "Mexico City"})
    assert done.status_code == 303
    db.session.rollback()
    kept = db.session.get_one(User, olga.id)
    assert (kept.name, kept.language_tag, kept.tzid) == ("Óscar", "es", "America/Mexico_City")


def test_each_language_before_one_is_in(browser):
    one = browser()
    assert '<html lang="ar" dir="rtl">' in one.get("/organizer/sign-in?lang=ar&next=/organizer/account").text
    page = one.get("/organizer/sign-in").text
    assert '<html lang="ar" dir="rtl">' in page
    assert "next=" not in page
    assert '<html lang="de"' in one.client.get("/organizer/forgotten?lang=de").text


def test_letters_about_an_account_in_words(olga, settings):
    with transaction() as session:
        asked = [acting.notify(session, olga, notice, now=now(), settings=settings) for notice in Notice]
        asked.append(acting.ask_for_reset(session, olga, now=now(), settings=settings))
        made = [render(letter_of(session, message, now=now(), settings=settings)) for message in asked]
    for words in made:
        assert olga.email not in words.subject
        assert "https://events.example.org/organizer/" in words.text
        assert "https://events.example.org/organizer/" in words.html
    assert len({words.text for words in made}) == len(made)
    assert "The link works until" in made[-1].text
    assert "The link works until" not in "".join(words.text for words in made[:-1])


def test_the_account_takes_as_many_statements_for_many_rows(desk, make):
    user, counts = make.member(), []
    one = desk(user)
    for more in (1, 2):
        for number in range(more):
            with transaction() as session:
                session.add(a_passkey(user.id, f"{more}.{number}"))
            desk(user)
        one.get("/account")
        with statements() as said:
            assert one.get("/account").status_code == 200
        counts.append(len(said))
    assert counts[0] == counts[1]


def a_passkey(user_id: int, name: str) -> Passkey:
    return Passkey(
        user_id=user_id,
        name=name,
        credential_id=name.encode(),
        public_key=b"key",
        backup_state=False,
        device_type="single_device",
        create_datetime=now(),
        lastuse_datetime=now(),
        usage="first",
    )


def test_another_ones_passkey_is_one_that_never_existed(desk, make):
    owner, other = make.member(), make.member()
    with transaction() as session:
        theirs = a_passkey(other.id, "theirs")
        session.add(theirs)
        session.flush()
        key = theirs.id
    assert desk(owner).post(f"/account/passkeys/{key}/remove").status_code == 404
    assert desk(owner).post("/account/passkeys/999999/remove").status_code == 404
    assert desk(other).post(f"/account/passkeys/{key}/remove").status_code == 303


def test_which_passwords_are_too_easy():
    for text in ("short", "Password123", "1111111111", "abcabcabcabc", "olga@example.org", "x" * 501):
        with pytest.raises(Invalid):
            check_password(text, "olga@example.org")
    assert check_password(PASSWORD, "olga@example.org") == PASSWORD
