"""Letters as a receiver gets them: written by the real actions, sent by the real worker into a list."""

from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Event as Stop

import pytest
from flask import Flask

from eventsapp.mail.outcome import Envelope
from eventsapp.mail.transport import MemoryTransport
from eventsapp.worker import run

Deliver = Callable[[], list[EmailMessage]]


@pytest.fixture
def carrier() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def deliver(app: Flask, carrier: MemoryTransport, now: datetime) -> Deliver:
    """``deliver()`` lets the worker send what is due and returns the letters, read anew from their bytes."""

    def all_due() -> list[EmailMessage]:
        carrier.sent.clear()
        run(app, stop=Stop(), once=True, transport=carrier, clock=lambda: now)
        return [_read(message) for message, _envelope in carrier.sent]

    return all_due


def _read(message: EmailMessage) -> EmailMessage:
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def envelopes(carrier: MemoryTransport) -> list[Envelope]:
    return [envelope for _message, envelope in carrier.sent]
