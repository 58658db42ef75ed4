"""The lane by which a worker says that it lives."""

import contextlib
import secrets
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from threading import Event

from sqlalchemy.exc import SQLAlchemyError

from eventsapp.actions.heartbeat import beat, leave
from eventsapp.db import transaction

EVERY = 15.0


class Heartbeat:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._me, self._version = secrets.token_hex(8), version("eventsapp")

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        with transaction() as session:
            beat(session, worker=self._me, version=self._version, now=self._clock())
        return EVERY

    def finish(self) -> None:
        with contextlib.suppress(SQLAlchemyError), transaction() as session:  # else it is forgotten by itself
            leave(session, worker=self._me)
