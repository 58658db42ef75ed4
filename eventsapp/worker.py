"""The worker: lanes of due work in one loop, until it is told to stop. It logs no personal data.

A lane looks, works for a while and says when it wants to be asked again. Letters: claimed under a lease, composed from
the rows as they are now, handed to the transport, recorded one by one; so whatever is killed, at most the letter in
hand is sent twice, with the same Message-ID.
"""

import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Protocol

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from eventsapp.actions import outbox
from eventsapp.actions.erase import erase_outlived
from eventsapp.actions.expire import expire
from eventsapp.actions.verify import give_up_late
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.errors import NotFound
from eventsapp.mail.composing import compose
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.mail.transport import Transport, transport_from
from eventsapp.models import Message
from eventsapp.queries.letters import letter_of
from eventsapp.queries.own_data import outlived
from eventsapp.queries.registrations import events_with_late

POLL = 0.5  # seconds between two looks: a confirmation leaves within the second
BATCH = 20
RENEW_AFTER = outbox.LEASE / 5
EXPIRE_EVERY = 60.0
OUTLIVED_EVERY = 3600.0
OUTLIVED_BATCH = 50
LAPSE_EVERY = 20.0
PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)  # seconds, growing while nothing gets through
BUSY = frozenset({421, 432})  # "too much at once": the lane slows down, whatever letter it was said to

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


def _step(app: Flask, lane: "Lane", stop: Event, poll: float) -> float:
    try:
        with app.app_context():
            return lane.work(stop, poll)
    except SQLAlchemyError as error:
        log.error("%s: the database does not answer (%s)", type(lane).__name__, type(error).__name__)  # noqa: TRY400  a traceback would hold rows
        return PAUSES[0]


class Lane(Protocol):
    """``work`` does what is due and returns the seconds to rest; it ends early once ``stop`` is set."""

    def work(self, stop: Event, poll: float) -> float: ...


@dataclass
class Lapse:
    """Gives up what was held for an address to be verified, and lets those who wait move up; one event at a time."""

    settings: Settings
    clock: Callable[[], datetime]

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        late = events_with_late(db.session(), now=self.clock())
        db.session.rollback()
        for event_id in late:
            if stop.is_set():
                break
            with transaction() as session:
                give_up_late(session, event_id, now=self.clock(), settings=self.settings)
        return LAPSE_EVERY


@dataclass
class Expire:
    """Deletes what was kept for a while only."""

    clock: Callable[[], datetime]

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        with transaction() as session:
            expire(session, now=self.clock())
        return EXPIRE_EVERY


@dataclass
class Retire:
    """Forgets people whose data are older than their organization keeps them; one registration at a time."""

    clock: Callable[[], datetime]

    def work(self, stop: Event, poll: float) -> float:
        ids = outlived(db.session(), now=self.clock(), limit=OUTLIVED_BATCH)
        db.session.rollback()
        for registration_id in ids:
            if stop.is_set():
                break
            with contextlib.suppress(NotFound), transaction() as session:  # forgotten meanwhile
                erase_outlived(session, registration_id, now=self.clock())
        if ids:
            log.info("forgot %s registrations whose time is over", len(ids))
        return poll if len(ids) == OUTLIVED_BATCH else OUTLIVED_EVERY


class Deliver:
    """Sends what the outbox has due, letter by letter over one kept connection."""

    def __init__(self, settings: Settings, transport: Transport, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._me = secrets.token_hex(8)  # a lease is of this run of this process, never of one before
        self._troubles = 0  # turned away in a row, with nothing sent in between

    def work(self, stop: Event, poll: float) -> float:
        while not stop.is_set() and outbox.anything_due(db.session(), now=self._clock()):
            db.session.rollback()
            with transaction() as session:
                ids = outbox.claim(session, worker=self._me, limit=BATCH, now=self._clock())
            if not ids:  # due, but in another worker's hands or behind such a letter
                return poll
            if pause := self._send_all(ids, stop):
                return pause
        db.session.rollback()
        return poll

    def _send_all(self, ids: list[int], stop: Event) -> float:
        """Send in order. What is not tried goes back; the pause is 0 unless the lane is to slow down."""
        claimed_at = self._clock()
        pause = 0.0
        while ids and not stop.is_set() and not pause:
            if self._clock() - claimed_at > RENEW_AFTER:
                claimed_at = self._clock()
                ids = self._renewed(ids)
                continue
            pause = self._send(ids.pop(0))
        if ids:
            with transaction() as session:
                outbox.release(session, ids, worker=self._me, now=self._clock())
        return pause

    def _renewed(self, ids: list[int]) -> list[int]:
        with transaction() as session:
            return [id_ for id_ in ids if outbox.hold(session, id_, worker=self._me, now=self._clock())]

    def _send(self, message_id: int) -> float:
        """Compose, send and record one letter; returns the pause that the outcome asks for."""
        message = db.session.get(Message, message_id, populate_existing=True)
        if message is None or message.lease != self._me:
            return 0.0
        public_id, kind = message.public_id, message.kind
        try:
            outcome = self._attempt(message)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001  whatever is wrong with one letter must not hold up the others
            log.error("%s %s is unfit to send (%s)", kind, public_id, type(error).__name__)  # noqa: TRY400  a traceback may hold a name
            outcome = Outcome(Verdict.REFUSED, None, f"unfit to send: {type(error).__name__}: {error}")
        pause = self._pause_after(outcome) if outcome else 0.0
        with transaction() as session:
            if outcome is None:
                outbox.record_superseded(session, message_id, worker=self._me)
            else:
                self._record(session, outcome, message_id, pause)
        said = f"{outcome.verdict} {outcome.code or ''}" if outcome else "overtaken"
        level = logging.INFO if outcome is None or outcome.verdict is Verdict.ACCEPTED else logging.WARNING
        log.log(level, "%s %s: %s", kind, public_id, said)
        return pause

    def _attempt(self, message: Message) -> Outcome | None:
        """None: what the letter says is no longer so."""
        letter = letter_of(db.session(), message, settings=self._settings)
        db.session.rollback()  # no transaction stays open while the mail server thinks
        if letter is None:
            return None
        envelope = Envelope(self._settings.mail_from, letter.recipient, letter.public_id)
        return self._transport.send(compose(letter), envelope)

    def _record(self, session: Session, outcome: Outcome, message_id: int, pause: float) -> None:
        now, me = self._clock(), self._me
        code, words = outcome.code, outcome.words
        match outcome.verdict:
            case Verdict.ACCEPTED:
                outbox.record_sent(session, message_id, worker=me, now=now, code=code)
            case Verdict.REFUSED:
                outbox.record_failed(session, message_id, worker=me, code=code, error=words)
            case Verdict.UNCERTAIN:
                outbox.record_uncertain(session, message_id, worker=me, now=now, error=words)
            case _ if outcome.about_us:
                until = now + timedelta(seconds=pause)
                outbox.record_waiting(session, message_id, worker=me, until=until, code=code, error=words)
            case _:
                outbox.record_retry(session, message_id, worker=me, now=now, code=code, error=words)

    def _pause_after(self, outcome: Outcome) -> float:
        """One letter that is turned away may be its own fault; a second in a row is ours, and then all of them wait."""
        troubled = outcome.about_us or outcome.verdict is Verdict.FAULT or outcome.code in BUSY
        self._troubles = self._troubles + 1 if troubled else 0
        if outcome.verdict is Verdict.FAULT:
            log.error(
                "the mail server turns us away (%s): check EVENTSAPP_MAIL_URL and EVENTSAPP_MAIL_FROM", outcome.code
            )
        if not troubled or (self._troubles == 1 and not outcome.about_us and outcome.code not in BUSY):
            return 0.0
        return PAUSES[min(self._troubles, len(PAUSES)) - 1]
