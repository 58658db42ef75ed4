"""The lane of letters: claimed under a lease, composed from the rows as they are now, sent, recorded one by one.

Whatever is killed, at most the letter in hand is sent twice, with the same Message-ID.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from eventsapp.actions import outbox
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.mail.composing import compose
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.mail.transport import Transport
from eventsapp.models import Message
from eventsapp.queries.letters import letter_of

BATCH = 20
RENEW_AFTER = outbox.LEASE / 5
PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)  # seconds, growing while nothing gets through
BUSY = frozenset({421, 432})  # "too much at once": the lane slows down, whatever letter it was said to

log = logging.getLogger(__name__)


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
        letter = letter_of(db.session(), message, now=self._clock(), settings=self._settings)
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
