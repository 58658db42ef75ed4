"""/mailbox: for one's own machine alone, and what stands in a letter can do nothing there."""

from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from eventsapp.app import create_app
from tests.web.html import read

INVITE = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Foro p\r\n úblico\r\nEND:VCALENDAR\r\n"
HERE = {"REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "127.0.0.1"}


def letter(subject: str, html: str = "<p>Hello</p><script>alert(1)</script>") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"], message["From"], message["To"] = subject, "events@example.org", "zoe@example.org"
    message.set_content("Hello, Zoë")
    message.add_alternative(html, subtype="html")
    message.add_alternative(INVITE.encode(), maintype="text", subtype="calendar", params={"method": "REQUEST"})
    return message.as_bytes()


@pytest.fixture
def folder(settings):
    folder = settings.instance_path / "mail"
    folder.mkdir()
    (folder / "one.eml").write_bytes(letter("Confirmación <b>"))
    (folder / "secret.txt").write_text("no letter")
    return folder


@pytest.fixture
def visitor(settings, folder):
    app = create_app(replace(settings, mailbox=True, mail_url=folder.as_uri()))
    return app.test_client()


def test_letters_are_listed_and_shown_with_their_parts(visitor):
    listed = read(visitor.get("/mailbox", environ_overrides=HERE))
    entry = listed.one("ul", class_="answers").one("a")
    assert (entry.one("b").text, entry["href"]) == ("Confirmación <b>", "/mailbox/one.eml")
    page = read(visitor.get(entry["href"], environ_overrides=HERE))
    assert page.one("h1").text == "Confirmación <b>"
    assert [pre.text for pre in page.all("pre")] == [
        "Hello, Zoë",
        "BEGIN:VCALENDAR METHOD:REQUEST SUMMARY:Foro público END:VCALENDAR",
    ]
    frame = page.one("iframe")
    assert (frame["sandbox"], frame["src"]) == ("", "/mailbox/one.eml/html")


def test_the_letters_own_html_can_do_nothing(visitor):
    answer = visitor.get("/mailbox/one.eml/html", environ_overrides=HERE)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "sandbox" in policy.split("; ")
    assert "script-src" not in policy
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", ["secret.txt", "../secret_key", "..%2fsecret_key", ".eml", "none.eml", "x%00.eml"])
def test_only_letters_are_read(visitor, name):
    assert visitor.get(f"/mailbox/{name}", environ_overrides=HERE).status_code in (400, 404)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"REMOTE_ADDR": "10.0.0.1"},
        {"SERVER_NAME": "0.0.0.0"},
        {"SERVER_NAME": "192.168.1.5"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_HOST": "evil.example"},
    ],
)
def test_from_anywhere_else_there_is_no_mailbox(visitor, elsewhere):
    for path in ("/mailbox", "/mailbox/one.eml", "/mailbox/one.eml/html", "/mailbox/one.eml/source"):
        answer = visitor.get(path, environ_overrides=HERE | elsewhere)
        assert answer.status_code in (400, 404)
        assert "Confirmación" not in answer.text


def test_behind_a_proxy_there_is_no_mailbox(settings, folder):
    app = create_app(replace(settings, mailbox=True, mail_url=folder.as_uri(), trusted_proxies=1))
    forged = {"X-Forwarded-For": "127.0.0.1"}
    assert app.test_client().get("/mailbox", environ_overrides=HERE, headers=forged).status_code == 404
    assert app.test_client().get("/mailbox", environ_overrides=HERE).status_code == 404


def test_unless_it_is_asked_for_there_is_no_mailbox(settings, folder):
    app = create_app(replace(settings, mail_url=folder.as_uri()))
    assert app.test_client().get("/mailbox", environ_overrides=HERE).status_code == 404


def test_an_empty_mailbox_says_what_to_do(visitor, folder):
    (folder / "one.eml").unlink()
    assert "Register for an event" in read(visitor.get("/mailbox", environ_overrides=HERE)).one("p", class_="lead").text
