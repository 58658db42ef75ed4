"""What is filled in for one reader says the same as a letter composed for them alone."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventsapp import ical
from eventsapp.domain.entry import Party
from eventsapp.domain.text import clean_line
from eventsapp.domain.vocabulary import LetterKind
from eventsapp.mail.composing import compose
from eventsapp.mail.headers import POLICY
from eventsapp.mail.inert import inert
from eventsapp.mail.letters import Invitation, Letter, Passage
from eventsapp.mail.mould import cast
from tests.mail.test_golden import WORDS
from tests.mail.test_receivers import as_kind, confirmation, database

__all__ = ["confirmation", "database"]  # fixtures

NAMES = (
    "Zoë Muñoz",
    "",
    "李小龙",
    "محمد علي",
    'Bob "Ace" O’Brien, Jr.; x',
    "<script>alert(1)</script>",
    "&amp; </script> {name} %(name)s {{ name }}",
    "evil.example/path @ https://evil.example",
    "a^b\\c\\nd",
    "BEGIN:VEVENT",
    "x" * 200,
    "👩‍👩‍👧‍👦 é\u200d",
)
OWN_WORDS = Passage("Dear **{name}**, your number is {reference}: {join_url} or {manage_url}, {contact}.", "en")


def said(raw: bytes) -> list[Any]:
    """All that a receiver reads, apart from how octets are written, and from where lines and the preview are cut."""
    mail = message_from_bytes(raw, policy=POLICY)
    assert isinstance(mail, EmailMessage)
    found: list[Any] = []
    for part in mail.walk():
        heads = [(name, str(value)) for name, value in part.items() if name != "Content-Transfer-Encoding"]
        found += [(name, " ".join(value.split())) for name, value in heads]
        if not part.is_multipart():
            content = part.get_content()  # type: ignore[attr-defined]
            found.append(content if isinstance(content, bytes) else _words(part.get_content_type(), content))
    return found


def _words(kind: str, content: str) -> str:
    if kind == "text/calendar":
        return content
    if kind == "text/html":
        content = html.unescape(re.sub(r'<div class="preheader".*?</div>', "", content, flags=re.DOTALL))
    return " ".join(content.split())


def for_another(letter: Letter, name: str) -> Letter:
    """The same letter to somebody else."""
    join_url = letter.join_url and letter.join_url[:-20] + "q" * 20
    invited = letter.invitation
    if invited is not None:
        entry = invited.entry
        own = {
            "attendee": Party("other+1@example.com", inert(name)),
            "join_url": entry.join_url and join_url,
            "url": join_url if entry.url == letter.join_url else entry.url,
            "lead": entry.lead.replace(letter.join_url, join_url) if letter.join_url else entry.lead,
            "dtstamp": entry.dtstamp + timedelta(hours=1),
            "last_modified": entry.last_modified + timedelta(hours=1),
        }
        invited = Invitation(invited.method, replace(entry, **own))
    return replace(
        letter,
        public_id="anotherbbbbbbbbb",
        message_id="<m.anotherbbbbbbbbb@example.org>",
        written_at=letter.written_at + timedelta(minutes=7),
        recipient="other+1@example.com",
        name=name,
        reference=letter.reference and "2345-6789",
        join_url=join_url,
        manage_url=letter.manage_url and letter.manage_url[:-20] + "z" * 20,
        invitation=invited,
    )


@pytest.mark.parametrize("tag", WORDS)
def test_every_kind_says_the_same_to_everybody(tag: str, confirmation: Callable[[str], Letter]) -> None:
    letter = confirmation(tag)
    for kind in LetterKind:
        for name in NAMES[3:7:3]:
            one = for_another(as_kind(letter, kind), name)
            assert said(cast(one)) == said(compose(one).as_bytes(policy=POLICY)), (kind, name)


def test_own_words_and_the_way_to_a_place(confirmation: Callable[[str], Letter]) -> None:
    """With words and a subject of the organizer's, and with a ticket, whose picture is each reader's own."""
    letter = replace(confirmation("es"), own_body=OWN_WORDS, own_subject=Passage("For {name}: {reference}", "en"))
    letter = replace(letter, ticket_url="https://events.example.org/organizer/c/abc.def")
    for name in NAMES:
        one = for_another(letter, name)
        assert said(cast(one)) == said(compose(one).as_bytes(policy=POLICY)), name


def test_a_reader_never_gets_what_is_anothers(confirmation: Callable[[str], Letter]) -> None:
    letter = confirmation("en")
    cast(letter)
    other = said(cast(for_another(letter, "Somebody Else")))
    for own in (letter.name, letter.recipient, letter.reference, letter.join_url, letter.manage_url, letter.public_id):
        assert not any(own in words for part in other if isinstance(part, str | tuple) for words in part), own


def test_what_is_said_otherwise_is_another_mould(confirmation: Callable[[str], Letter]) -> None:
    letter = confirmation("en")
    cast(letter)
    later = replace(letter, about=(replace(letter.about[0], location=Passage("Calle Mayor 2", "es")),))
    assert "Calle Mayor 2" in str(said(cast(later)))
    assert "Calle Mayor 2" not in str(said(cast(letter)))


@given(st.text(max_size=90), st.text(max_size=90))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_somebody_calls_themselves(letter_in_spanish: Letter, first: str, second: str) -> None:
    for name in (first, second):
        one = for_another(letter_in_spanish, clean_line(name, 200))
        assert said(cast(one)) == said(compose(one).as_bytes(policy=POLICY))
        invited = one.invitation
        assert invited is not None
        assert ical.invitation("REQUEST", invited.entry) == ical.request(invited.entry)


@pytest.fixture
def letter_in_spanish(confirmation: Callable[[str], Letter]) -> Letter:
    return confirmation("es")
