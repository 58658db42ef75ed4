"""The command line about what comes back: the pipe of a mail server, and what organizers see of it."""

import csv
import io
import os
import sys
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from eventsapp.actions.letters import announce
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState, Suppression
from eventsapp.mail.verp import envelope_sender
from eventsapp.models import Message, SuppressedAddress
from eventsapp.queries.returned import Trouble, troubles_of, unreached_of
from tests.mail.returned import complaint, delivery_status
from tests.test_cli import environ, run, table  # noqa: F401  fixtures


@pytest.fixture
def settings(settings):
    return replace(settings, bounce_address="bounce@example.org")


@pytest.fixture
def pipe(run, monkeypatch):  # noqa: F811
    """``pipe(raw)``: what ``eventsapp bounce`` does with a mail on standard input."""

    def taken(raw: bytes, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        return run("bounce", *arguments)

    return taken


@pytest.fixture
def sent(make, settings, now):
    """A registration whose letter the mail server took."""

    def letter(forum, email, **values):
        registration = make.registration(forum, email=email, **values)
        with transaction() as session:
            announce(session, registration, LetterKind.CONFIRMATION, registration.places, now=now, settings=settings)
            message = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
            message.state, message.sent_at = MessageState.SENT, now
        return message

    return letter


def came_back(message, settings, **values):
    return delivery_status(to=envelope_sender(message.public_id, settings), recipient=message.recipient, **values)


def test_a_mail_is_taken_in_without_a_word(make, sent, pipe, session, settings):
    message = sent(make.event(), "zoe@example.com")
    raw = came_back(message, settings)
    assert pipe(raw) == (0, "", "")
    session.rollback()
    assert message.state is MessageState.BOUNCED
    assert pipe(raw, "--verbose") == (0, "ignored\n", "")


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\x00" * 10_000, b"Subject: hello\n\nHello\n"], ids=["empty", "noise", "mail"]
)
def test_a_mail_that_cannot_be_used_is_no_error(app, pipe, raw):
    assert pipe(raw, "--verbose") == (0, "ignored\n", "")


def test_the_mail_server_keeps_the_mail_while_the_database_is_away(pipe, monkeypatch, settings):
    monkeypatch.setenv("EVENTSAPP_DATABASE_URL", "postgresql://me:hidden@127.0.0.1:1/events")
    status, said, wrong = pipe(b"Subject: hello\n\n")
    assert (status, said) == (os.EX_TEMPFAIL, "")
    assert wrong == "The mail cannot be taken in now (OperationalError); run `eventsapp doctor`.\n"
    monkeypatch.setenv("EVENTSAPP_BASE_URL", "nonsense")
    assert pipe(b"")[0] == os.EX_TEMPFAIL


@pytest.fixture
def troubled(make, sent, pipe, settings):
    """Four people: one whose address is dead, one whose mailbox is full, one who complained, one who is well."""
    forum = make.event(languages={"en": "Forum"})
    dead, full, cross, _well = (sent(forum, f"{name}@example.com") for name in ("dead", "full", "cross", "well"))
    pipe(came_back(dead, settings))
    pipe(came_back(full, settings, status="5.2.2", diagnosis="smtp; 552 5.2.2 full@example.com is over quota"))
    pipe(complaint(returned=f"Return-Path: <{envelope_sender(cross.public_id, settings)}>"))
    return forum


def test_who_is_not_reached_is_shown_where_registrations_are(app, troubled, run):  # noqa: F811
    _, said, _ = run("registrations", "list", "forum", "--format", "csv")
    assert [(row["e-mail"], row["letters"]) for row in csv.DictReader(io.StringIO(said))] == [
        *(("dead@example.com", "bounced"), ("full@example.com", "returned")),
        *(("cross@example.com", "complained"), ("well@example.com", "")),
    ]
    _, said, _ = run("registrations", "count", "forum", "--format", "csv")
    assert [(row["occurrence"], row["unreached"]) for row in csv.DictReader(io.StringIO(said))] == [
        *(("english", "0"), ("spanish", "2"), ("all dates", "2")),
    ]


def test_one_registration_with_its_letters(app, troubled, run, session):  # noqa: F811
    status, said, wrong = run("registrations", "show", "full@example.com", "--event", "forum")
    assert (status, wrong) == (0, "")
    heads, rest = said.split("\n\n")
    assert heads.splitlines() == [
        *("K7PM-BBBD  Zoë Muñoz  full@example.com", "forum  es  America/Mexico_City", "spanish: confirmed"),
    ]
    message = session.scalars(select(Message).where(Message.address_key == "full@example.com")).one()
    assert table(rest) == [
        [
            *(message.public_id, "confirmation", "bounced (soft)", "full@example.com", "2026-03-02 12:00"),
            "552 5.2.2 … is over quota",
        ]
    ]
    _, said, _ = run("registrations", "show", "K7PM-BBBC")
    assert "Nobody reads this address, so it gets only what it asks for (`eventsapp addresses lift`)." in said
    assert "bounced (hard)" in said


def test_addresses_are_listed_and_written_to_again(app, troubled, run, session):  # noqa: F811
    _, said, _ = run("addresses", "list")
    assert [row[:3] for row in table(said)] == [
        ["example-league", "cross@example.com", "complained"],
        ["example-league", "dead@example.com", "bounced"],
    ]
    assert run("addresses", "list", "--organization", "other")[1].splitlines()[1:] == []
    lifted = run("addresses", "lift", "Dead@example.com", "--organization", "example-league")
    assert lifted == (
        0,
        "Dead@example.com is written to again; letters that were kept back are not sent by that.\n",
        "",
    )
    session.rollback()
    assert [one.reason for one in session.scalars(select(SuppressedAddress))] == [Suppression.COMPLAINED]
    again = run("addresses", "lift", "dead@example.com", "--organization", "example-league")
    assert again == (2, "", "example-league keeps no letters back from dead@example.com.\n")
    assert run("addresses", "lift", "dead@example.com", "--organization", "x")[2] == "There is no organization x.\n"


def test_an_address_that_nobody_is_known_by(app, troubled, run, session):  # noqa: F811
    with transaction() as writing:
        for message in writing.scalars(select(Message)):
            message.registration.email = message.registration.address_key = None
    _, said, _ = run("addresses", "list")
    assert [row[1] for row in table(said)] == ["(not known any more)"] * 2


@pytest.mark.parametrize("people", [1, 3])
def test_looking_takes_the_same_statements_for_one_and_for_many(make, sent, session, settings, people):
    forum = make.event()
    for number in range(people):
        message = sent(forum, f"person{number}@example.com")
    with transaction():
        message.state = MessageState.FAILED
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    troubles = troubles_of(session, forum, settings=settings)
    assert list(troubles.values()) == [Trouble.FAILED]
    assert unreached_of(session, forum, troubles)[None] == 1
    assert len([one for one in statements if one.startswith("SELECT")]) <= 5


def test_a_later_letter_that_arrives_ends_the_trouble(app, make, sent, session, settings):
    forum = make.event()
    message = sent(forum, "zoe@example.com", places={"spanish": PlaceState.CONFIRMED})
    with transaction():
        message.state = MessageState.FAILED
    assert list(troubles_of(session, forum, settings=settings).values()) == [Trouble.FAILED]
    with transaction() as writing:
        copied = {
            column.key: getattr(message, column.key) for column in Message.__table__.columns if column.key != "id"
        }
        later = Message(**copied | {"public_id": "b" * 16, "message_id": "<b@c>", "dedupe_key": "b"})
        later.state = MessageState.SENT
        writing.add(later)
    assert troubles_of(session, forum, settings=settings) == {}
