"""A worker over an event and its outbox, and a mail server of which a test says what it answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Stop
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions import letters
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.mail.transport import Transport
from eventsapp.models import Event, Message, Registration
from eventsapp.worker import run
from tests.factory import Make

QUEUED, SENDING, SENT = MessageState.QUEUED, MessageState.SENDING, MessageState.SENT
FAILED, SUPERSEDED = MessageState.FAILED, MessageState.SUPERSEDED
ACCEPTED = Outcome(Verdict.ACCEPTED, 250, "ok")


@dataclass
class Carrier:
    """Answers as told, by recipient; what is not told is accepted."""

    answers: dict[str, list[Outcome]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    on_send: Callable[[], None] = lambda: None
    closed: bool = False

    def send(self, message: bytes, envelope: Envelope) -> Outcome:  # noqa: ARG002
        self.on_send()
        self.sent.append(envelope.recipient)
        answers = self.answers.get(envelope.recipient, [])
        return answers.pop(0) if answers else ACCEPTED

    def close(self) -> None:
        self.closed = True


@dataclass
class Office:
    """An event, its outbox and the worker over it; the clock stands at ``now`` unless a test moves it."""

    app: Flask
    session: Session
    make: Make
    event: Event
    settings: Settings
    now: datetime

    def write(self, email: str = "", at: datetime | None = None, **values: Any) -> Registration:
        """A registration with a queued confirmation."""
        registration = self.make.registration(self.event, email=email, **values)
        with transaction() as session:
            letters.announce(
                session,
                registration,
                LetterKind.CONFIRMATION,
                registration.places,
                now=at or self.now,
                settings=self.settings,
            )
        return registration

    def write_some(self, number: int) -> list[str]:
        addresses = [f"person{n}@example.com" for n in range(number)]
        for address in addresses:
            self.write(address)
        return addresses

    def work(self, carrier: Transport, after: timedelta = timedelta(0)) -> None:
        run(self.app, stop=Stop(), once=True, transport=carrier, clock=lambda: self.now + after)

    def states(self) -> dict[str | None, MessageState]:
        self.session.rollback()
        return {message.recipient: message.state for message in self.session.scalars(select(Message))}

    def message_to(self, recipient: str) -> Message:
        self.session.rollback()
        return self.session.scalars(select(Message).where(Message.recipient == recipient)).one()
