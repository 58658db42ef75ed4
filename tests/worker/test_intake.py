"""The worker reads what comes back: nothing is lost, nothing is taken in twice, and letters do not wait for it."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Barrier, Thread
from threading import Event as Stop

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from eventsapp.actions.letters import announce
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState
from eventsapp.mail.verp import envelope_sender
from eventsapp.models import Message
from eventsapp.worker import intake
from eventsapp.worker.intake import EVERY, NEVER, Intake
from tests.mail.imap_server import Mailbox, imap_server
from tests.mail.returned import answer, delivery_status

UID = "forum-spanish@events.example.org"


@dataclass
class Office:
    """A letter that the mail server took, and a Maildir for what comes back."""

    app: Flask
    session: Session
    settings: Settings
    folder: Path
    now: datetime

    def read(self, stop: Stop | None = None, **settings: str) -> float:
        """Let the lane read once."""
        lane = Intake(replace(self.settings, **settings), lambda: self.now)
        with self.app.app_context():
            rest = lane.work(stop or Stop(), 0.0)
        lane.finish()
        self.session.rollback()
        return rest

    def drop(self, name: str, raw: bytes) -> None:
        (self.folder / "new" / name).write_bytes(raw)

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir())

    @property
    def bounce(self) -> bytes:
        public_id = self.session.scalars(select(Message.public_id)).one()
        return delivery_status(to=envelope_sender(public_id, self.settings))

    @property
    def letters(self) -> list[tuple[LetterKind, MessageState]]:
        return [(one.kind, one.state) for one in self.session.scalars(select(Message).order_by(Message.id))]


@pytest.fixture
def office(app, make, settings, now, tmp_path):
    for name in ("new", "tmp", "cur"):
        (tmp_path / "Bounces" / name).mkdir(parents=True)
    registration = make.registration(make.event(), email="zoe@example.com")
    with transaction() as session:
        announce(session, registration, LetterKind.CONFIRMATION, registration.places, now=now, settings=settings)
        message = session.scalars(select(Message)).one()
        message.state, message.sent_at = MessageState.SENT, now
    folder = tmp_path / "Bounces"
    verp = replace(settings, bounce_address="bounce@example.org", bounces_url=f"maildir://{folder}")
    return Office(app, session, verp, folder, now)


def test_a_maildir_is_taken_in(office, caplog):
    office.drop("1", office.bounce)
    office.drop("2", answer(UID, "nobody@example.com"))
    with caplog.at_level(logging.INFO, "eventsapp"):
        assert office.read() == EVERY
    assert office.letters == [(LetterKind.CONFIRMATION, MessageState.BOUNCED)]
    assert (office.names("new"), office.names("cur")) == ([], ["1:2,S", "2:2,S"])
    assert caplog.messages == ["mails taken in: 1 bounced, 1 ignored"]


def test_nothing_is_read_where_no_inbox_is_named(office):
    office.drop("1", office.bounce)
    assert office.read(bounces_url="") == NEVER
    assert office.names("new") == ["1"]


def test_a_mailbox_by_imap_is_taken_in(office):
    with imap_server(Mailbox({5: office.bounce})) as mailbox:
        assert office.read(bounces_url=f"imap://me:right@127.0.0.1:{mailbox.port}") == EVERY
        assert mailbox.seen == {5}
    assert office.letters == [(LetterKind.CONFIRMATION, MessageState.BOUNCED)]


def test_a_receiver_that_distrusts_us_is_a_matter_for_the_operator(office, caplog):
    office.drop("1", office.bounce.replace(b"5.1.1", b"5.7.26"))
    office.read()
    assert caplog.messages == [
        "a letter came back because its receiver distrusts our mail server: run `eventsapp doctor`"
    ]


def test_a_mail_stays_until_its_transaction_is_committed(office, monkeypatch, caplog):
    office.drop("1", office.bounce)

    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    with monkeypatch.context() as patch:
        patch.setattr(intake, "take_in", away)
        office.read()
    assert office.names("new") == ["1"]
    assert caplog.messages == ["Intake: the database does not answer (OperationalError)"]
    office.read()
    assert office.names("new") == []


def test_a_mail_that_no_database_takes_does_not_stand_in_the_way(office, monkeypatch, caplog):
    office.drop("1", b"x")
    office.drop("2", b"y")

    def refused(*_: object, **__: object) -> None:
        raise DataError("SELECT", {}, Exception("zoe@example.com"))

    monkeypatch.setattr(intake, "take_in", refused)
    office.read()
    assert office.names("new") == []
    assert caplog.messages == ["a mail cannot be taken in (DataError)"] * 2


def test_an_inbox_that_is_away_is_said_once(office, caplog):
    lane = Intake(replace(office.settings, bounces_url=f"maildir://{office.folder}/none"), lambda: office.now)
    for _ in range(3):
        with office.app.app_context():
            assert lane.work(Stop(), 0.0) == EVERY
        lane.finish()
    assert caplog.messages == ["the mailbox of EVENTSAPP_BOUNCES_URL cannot be read: No such file or directory"]


def test_it_ends_after_the_mail_in_hand(office):
    office.drop("1", b"x")
    stop = Stop()
    stop.set()
    office.read(stop)
    assert office.names("new") == ["1"]


def test_no_other_lane_waits_for_a_slow_mailbox(office, monkeypatch):
    let_go, asked = Stop(), []

    def slow(_url: str) -> None:
        asked.append(1)
        let_go.wait(10)
        raise intake.InboxAway("slow")

    monkeypatch.setattr(intake, "opened", slow)
    lane = Intake(office.settings, lambda: office.now)
    with office.app.app_context():
        assert [lane.work(Stop(), 0.0) for _ in range(3)] == [EVERY] * 3
    let_go.set()
    lane.finish()
    assert asked == [1]  # and it is read by one thread at a time


def test_two_workers_ask_once(office):
    """Both have read the mail before either ticks it off."""
    office.drop("1", answer(UID))
    both, words = Barrier(2), []

    def work() -> None:
        with office.app.app_context(), intake.opened(office.settings.bounces_url) as inbox:
            mails = list(inbox.mails())
            both.wait(5)
            for name, raw in mails:
                words.append(Intake(office.settings, lambda: office.now)._take_in(inbox, name, raw))

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    office.session.rollback()
    assert sorted(words) == ["asked", "ignored"]
    assert office.letters == [
        *((LetterKind.CONFIRMATION, MessageState.SENT), (LetterKind.REPLIED, MessageState.QUEUED))
    ]
    assert (office.names("new"), office.names("cur")) == ([], ["1:2,S"])
