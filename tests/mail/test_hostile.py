"""What an attendee typed stays what it is: no markup, no link, no placeholder, whoever's mailbox it lands in."""

import re
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.actions import letters
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.text import clean_line
from eventsapp.domain.vocabulary import LetterKind, Placeholder
from eventsapp.mail.inert import LONGEST_NAME, inert
from tests.factory import Make
from tests.mail.conftest import Deliver
from tests.mail.letterbox import Page, calendar_of, everything_in, html_of, text_of

# What mail programs and web mailers make links of: schemes, www, bare host names, e-mail addresses.
LOOKS_LIKE_A_LINK = re.compile(r"[a-z][a-z0-9+.-]*://|mailto:\w|www\.\w|\w@\w|\w\.[a-z]{2,}", re.IGNORECASE)
NAMES = [
    "https://evil.example/a?b=c",
    "www.evil.example",
    "evil.example",
    "Win at evil.example/now",
    "mailto:evil@evil.example",
    "evil@evil.example",
    "HTTP://EVIL.EXAMPLE",
    "evil。example and evil．example",
    "<b>bold</b>",
    '<a href="https://evil.example">click</a>',
    "<img src=x onerror=alert(1)>",
    "[click](https://evil.example)",
    "<https://evil.example>",
    "**bold** `code` # heading",
    "{join_url}",
    "{contact} {event_url} {name}",
    "{event.__class__}",
    "{{7*7}} {% raw %} ${x} %(x)s %s {0}",
    "Bobby\r\nBcc: evil@evil.example",
    "=?utf-8?q?evil?=",
    "</title><script>alert(1)</script>",
    "' onclick='x' \" style=\"x",
    "\u202egnp.evil\u2066",
    "a" * 500,
    "Ann\0Lee",
]
OWN = [
    {
        "kind": LetterKind.CONFIRMATION,
        "language_tag": "en",
        "subject": "{name}: {summary} {unknown} {event.__class__}",
        "body": "Dear {name}, **{name}** [{name}]({join_url}) {unknown} {{7*7}} %(x)s {event.__class__} `{name}`",
    }
]


@pytest.fixture
def database(_sqlite_url: str) -> str:
    """The words are the same on both, so one is enough here."""
    return _sqlite_url


@pytest.fixture
def post(make: Make, settings: Settings, now: datetime, deliver: Deliver) -> Callable[..., list[EmailMessage]]:
    """One confirmation to each of these names, in one run."""

    def all_of(*names: str) -> list[EmailMessage]:
        event = make.event(letters=OWN)
        for name in names:
            registration = make.registration(event, name=name, language_tag="en")
            with transaction() as session:
                places = registration.places
                letters.announce(session, registration, LetterKind.CONFIRMATION, places, now=now, settings=settings)
        return deliver()

    return all_of


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_a_name(name: str, post: Callable[..., list[EmailMessage]]) -> None:
    plain, mail = post("Ann Lee", name)
    expected, page = Page(html_of(plain)), Page(html_of(mail))
    assert page.tags == expected.tags
    assert [_beginning(target) for target in page.targets] == [_beginning(target) for target in expected.targets]
    shown = next(line for line in page.lines if line.startswith("Hello ")).removeprefix("Hello ").removesuffix(",")
    assert shown == inert(name).replace("\u00a0", " ")
    assert not LOOKS_LIKE_A_LINK.search(shown)
    assert f"Hello {shown}," in " ".join(text_of(mail).split())
    assert not re.search(r"evil[.。．]example|evil@\w", everything_in(mail), re.IGNORECASE)
    assert list(mail) == list(plain)


def test_every_placeholder_is_filled(make: Make, settings: Settings, now: datetime, deliver: Deliver) -> None:
    every = " ".join(f"{{{one}}}" for one in Placeholder)
    words = {"kind": LetterKind.CONFIRMATION, "language_tag": "en", "body": every}
    registration = make.registration(make.event(letters=[words]), name="Ann Lee", language_tag="en")
    with transaction() as session:
        kind, places = LetterKind.CONFIRMATION, registration.places
        letters.announce(session, registration, kind, places, now=now, settings=settings)
    (mail,) = deliver()
    assert [one for one in Placeholder if f"{{{one}}}" in text_of(mail) + html_of(mail)] == []
    assert "Ann Lee Public forum" in " ".join(text_of(mail).split())


def test_the_organizer_s_words_name_it_as_plain_text(post: Callable[..., list[EmailMessage]]) -> None:
    (mail,) = post("{join_url} <b>https://evil.example</b>")
    shown = inert("{join_url} <b>https://evil.example</b>")
    link = "https://events.example.org/j/"
    assert mail["Subject"] == f"{shown}: Public forum {{unknown}} {{event.__class__}}"
    text = " ".join(text_of(mail).split())
    assert f"Dear {shown}, {shown} {shown} ({link}" in text
    assert "{unknown} {{7*7}} %(x)s {event.__class__} {name}" in text
    page = Page(html_of(mail))
    (words,) = [line for line in page.lines if line.startswith("Dear ")]
    assert words.startswith(f"Dear {shown}, {shown} {shown} <{link}")
    assert words.endswith("{unknown} {{7*7}} %(x)s {event.__class__} {name}")


def test_the_calendar_names_it_as_plain_text_too(post: Callable[..., list[EmailMessage]]) -> None:
    (mail,) = post('https://evil.example";X-EVIL=1:mailto:evil@evil.example')
    (line,) = [line for line in calendar_of(mail).split("\n") if line.startswith("ATTENDEE")]
    assert line.endswith(":mailto:person1@example.com")
    assert not re.search(r"evil\.example|mailto:evil", line)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("J. R. Smith", "J. R. Smith"),
        ("María-José O’Neill Jr.", "María-José O’Neill Jr."),
        ("محمد بن علي", "محمد بن علي"),
        ("山田 太郎", "山田 太郎"),
        ("a.b", "a.\u200bb"),
        ("https://a", "https:\u200b/\u200b/\u200ba"),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
        ("x" * (LONGEST_NAME + 1), "x" * (LONGEST_NAME - 1) + "…"),
        ("", ""),
    ],
)
def test_inert(typed: str, shown: str) -> None:
    assert inert(typed) == shown


@given(st.text(max_size=120) | st.text(st.sampled_from("aw.:/@htps \u3002\uff0e-_?#"), max_size=60))
def test_inert_leaves_no_link_and_every_visible_sign(typed: str) -> None:
    shown = inert(typed)
    assert not LOOKS_LIKE_A_LINK.search(shown)
    assert len(shown.replace("\u200b", "")) <= LONGEST_NAME
    clean = clean_line(typed, LONGEST_NAME + 1)
    if len(clean) <= LONGEST_NAME:
        assert shown.replace("\u200b", "") == clean.replace("\u200b", "")


def _beginning(target: str) -> str:
    """A link without what differs between two people."""
    return re.sub(r"(?<=\?).*|(?<=/j/).*|(?<=/manage/).*", "…", target)
