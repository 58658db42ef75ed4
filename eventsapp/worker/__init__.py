"""The worker: lanes of due work in one loop, until it is told to stop. It logs no personal data.

A lane looks, works for a while and says when it wants to be asked again.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from eventsapp.config import Settings
from eventsapp.mail.transport import Transport, transport_from
from eventsapp.worker.deliver import Deliver
from eventsapp.worker.housekeeping import Expire, Lapse, Retire
from eventsapp.worker.lane import Lane

POLL = 0.5  # seconds between two looks: a confirmation leaves within the second
AFTER_TROUBLE = 5.0

log = logging.getLogger(__name__)


def run(
    app: Flask,
    *,
    stop: Event,
    once: bool = False,
    poll: float = POLL,
    transport: Transport | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Work until ``stop`` is set: the letter in hand is finished and recorded first. ``once``: all that is due now.

    A database that goes away is waited for. ``transport`` and ``clock`` stand in for the settings' own in tests.
    """
    settings: Settings = app.extensions["settings"]
    carrier = transport or transport_from(settings.mail_url, helo=settings.host)
    lanes: list[Lane] = [Lapse(settings, clock), Deliver(settings, carrier, clock), Expire(clock), Retire(clock)]
    rested = {id(lane): 0.0 for lane in lanes}
    try:
        while not stop.is_set():
            for lane in lanes:
                if rested[id(lane)] <= time.monotonic() and not stop.is_set():
                    rested[id(lane)] = time.monotonic() + _step(app, lane, stop, poll)
            if once:
                break
            stop.wait(max(0.0, min(rested.values()) - time.monotonic()))
    finally:
        carrier.close()


def _step(app: Flask, lane: Lane, stop: Event, poll: float) -> float:
    try:
        with app.app_context():
            return lane.work(stop, poll)
    except SQLAlchemyError as error:
        log.error("%s: the database does not answer (%s)", type(lane).__name__, type(error).__name__)  # noqa: TRY400  a traceback would hold rows
        return AFTER_TROUBLE
