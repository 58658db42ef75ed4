"""The worker: lanes of due work, until it is told to stop. It logs no personal data.

A lane looks, works for a while and says when it wants to be asked again. Letters have a thread to themselves, so that
nothing else holds up a confirmation, and so has organizers' long work; the other lanes take turns.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from eventsapp.config import Settings
from eventsapp.mail.transport import Transport, transport_from
from eventsapp.worker.deliver import Deliver
from eventsapp.worker.heartbeat import Heartbeat
from eventsapp.worker.housekeeping import Expire, Lapse, PutBack, Retire
from eventsapp.worker.intake import Intake
from eventsapp.worker.jobs import Jobs
from eventsapp.worker.lane import Lane
from eventsapp.worker.planning import planners

POLL = 0.5  # seconds between two looks: a confirmation leaves within the second
BREATH = 0.1  # seconds between two turns: SQLite has one writer, and people who register want to be it
AFTER_TROUBLE = 5.0
ROUNDS = 10_000  # of lanes that always find something more, with ``once``

log = logging.getLogger(__name__)


def run(
    app: Flask,
    *,
    stop: threading.Event,
    once: bool = False,
    poll: float = POLL,
    transport: Transport | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Work until ``stop`` is set: letters on their way are finished and recorded first. ``once``: all that is due now.

    A database that goes away is waited for. ``transport`` (one connection) and ``clock`` stand in for the settings'
    own in tests.
    """
    settings: Settings = app.extensions["settings"]
    over_smtp = transport is None and urlsplit(settings.mail_url).scheme in ("smtp", "smtps")
    deliver = Deliver(
        settings,
        connect=lambda: transport or transport_from(settings.mail_url, helo=settings.host),
        connections=settings.mail_connections if over_smtp else 1,
        clock=clock,
        once=once,
    )
    jobs = Jobs(settings, clock)
    others: list[Lane] = [
        PutBack(clock),
        Lapse(settings, clock),
        Intake(settings, clock),
        *planners(settings, clock, ahead=once),
        Expire(clock),
        Retire(clock),
    ]
    try:
        if once:
            _all_that_is_due(app, [*others, jobs, deliver], stop, poll)
        else:
            _side_by_side(app, {"letters": deliver, "jobs": jobs}, [Heartbeat(clock), *others], stop, poll)
    finally:
        deliver.close()


def _all_that_is_due(app: Flask, lanes: Sequence[Lane], stop: threading.Event, poll: float) -> None:
    for _ in range(ROUNDS):
        rests = [_step(app, lane, stop, poll) for lane in lanes]
        if stop.is_set() or all(rests):
            break
    _finish(app, lanes)


def _side_by_side(
    app: Flask, apart: Mapping[str, Lane], others: Sequence[Lane], stop: threading.Event, poll: float
) -> None:
    """Those ``apart`` in threads of their own. Whatever ends one of all ends all, and is raised here."""
    errors: list[BaseException] = []

    def work_apart(lane: Lane) -> None:
        try:
            _take_turns(app, [lane], stop, poll)
            _finish(app, [lane])
        except BaseException as error:  # noqa: BLE001  raised again below, in the main thread
            errors.append(error)
        finally:
            stop.set()

    threads = [threading.Thread(target=work_apart, args=(lane,), name=name) for name, lane in apart.items()]
    for thread in threads:
        thread.start()
    try:
        _take_turns(app, others, stop, poll)
        _finish(app, others)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def _take_turns(app: Flask, lanes: Sequence[Lane], stop: threading.Event, poll: float) -> None:
    """A lane with more to do rests for as long as it worked, so that others come to write on a busy machine, too."""
    rested = [0.0] * len(lanes)
    while not stop.is_set():
        for number, lane in enumerate(lanes):
            if rested[number] <= time.monotonic() and not stop.is_set():
                began = time.monotonic()
                rest = _step(app, lane, stop, poll)
                ended = time.monotonic()
                rested[number] = ended + (rest or ended - began)
        stop.wait(max(BREATH, min(rested) - time.monotonic()))


def _step(app: Flask, lane: Lane, stop: threading.Event, poll: float) -> float:
    try:
        with app.app_context():
            return lane.work(stop, poll)
    except SQLAlchemyError as error:
        log.error("%s: the database does not answer (%s)", type(lane).__name__, type(error).__name__)  # noqa: TRY400  a traceback would hold rows
        return AFTER_TROUBLE


def _finish(app: Flask, lanes: Sequence[Lane]) -> None:
    with app.app_context():
        for lane in lanes:
            lane.finish()
