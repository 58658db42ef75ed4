"""The lane of letters: claimed under a lease, made from the rows as they are now, handed to senders, recorded.

All of the database's work is done here; the senders are threads that know none. A sender gets its next letter once
what came of the last one is recorded, so whatever is killed, at most one letter for each connection is sent twice,
with the same Message-ID. Letters are claimed and made as many at once as leave within half a second.
"""

import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from eventsapp import metrics
from eventsapp.actions import outage, outbox
from eventsapp.actions.reports import note_refusal
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import Priority
from eventsapp.mail.outcome import Outcome, Verdict
from eventsapp.mail.transport import Transport
from eventsapp.models import Message
from eventsapp.rates import Rates
from eventsapp.worker.drift import Drift
from eventsapp.worker.line import Line, Result, Unsent
from eventsapp.worker.pace import Pace
from eventsapp.worker.senders import Done, Sender, Task

URGENT = (Priority.ASKED_FOR, Priority.INVITE)
OTHERS = tuple(sorted(set(Priority) - set(URGENT)))
LOOK = 0.25  # seconds until an outage that another worker met is looked for again
GATHER = 0.002  # seconds that the outcome of one letter waits for others, to be recorded with them
LOOK_FOR_MORE = 0.05  # seconds until letters are looked for again, while others go out
BREATH = 0.05  # seconds until a limit is asked again
GOODBYE = 1.0  # seconds that an idle connection gets to take its leave
LOOK_AT_OUTAGE = 5.0  # another worker may have got through
IDLE = 20.0  # seconds until a connection that carries nothing is closed
GRACE = 120.0  # seconds that conversations get to end when the worker is told to stop
RENEW_EVERY = 5.0  # seconds; much less than a lease, because a new worker waits for as long (``_lapsed_at``)
BUSY = frozenset({421, 432})  # "too much at once": the lane slows down, whatever letter it was said to

log = logging.getLogger(__name__)


class Deliver:
    """Sends what the outbox has due, over as many connections as the pace allows; one is kept for urgent letters."""

    def __init__(
        self,
        settings: Settings,
        connect: Callable[[], Transport],
        connections: int,
        clock: Callable[[], datetime],
        *,
        once: bool = False,
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._clock = clock
        self._pace = Pace(
            connections,
            per_second=settings.mail_per_second,
            per_domain=settings.mail_per_domain,
            rates=Rates(settings.redis_url),
        )
        self._me = secrets.token_hex(8)  # a lease is of this run of this process, never of one before
        self._done: SimpleQueue[Done] = SimpleQueue()
        self._idle: list[Sender] = []
        self._busy: dict[Sender, int] = {}  # what each has in hand
        self._urgent, self._others = Line(URGENT), Line(OTHERS)
        self._results: list[Result] = []
        self._suspects: set[int] = set()  # turned away, and nothing got through since
        self._trying: int | None = None  # the one letter that is tried during an outage
        self._full: list[str] = []  # mail domains that get no more this second
        self._troubled = False  # whether an outage stands, as far as we know
        self._looked_at = float("-inf")  # for one
        self._used_at = time.monotonic()
        self._renew_at = time.monotonic() + RENEW_EVERY
        self._drift = Drift(clock)
        # From then on a lease that seems to have run out has done so: the clock may have been set before we began.
        self._lapsed_at = time.monotonic() + (0 if once else RENEW_EVERY)

    # --- the lane -----------------------------------------------------------------------------------------------------

    def work(self, stop: Event, poll: float) -> float:
        """Send until nothing is due, or nothing may be sent for a while."""
        self._urgent.look_at = self._others.look_at = 0.0
        while not stop.is_set():
            self._record()
            self._renew()
            rest = self._fill()
            if not (self._busy or self._results or self._urgent or self._others):
                if not self._full:
                    self._close_idle()
                    return max(rest, poll)
                stop.wait(BREATH)
            elif not self._results:
                self._await(LOOK_FOR_MORE)
        return poll

    def finish(self) -> None:
        """Stop: what is not on its way goes back untried; what is gets time to end, and is recorded."""
        until = time.monotonic() + GRACE
        while self._results or self._busy or self._urgent or self._others:
            try:
                self._nothing_now()
                self._record()
                self._renew()
            except SQLAlchemyError as error:
                log.error("the database does not answer (%s)", type(error).__name__)  # noqa: TRY400  a traceback would hold rows
                time.sleep(LOOK)
            if time.monotonic() > until:
                log.error("%s letters were still on their way; they are tried again later", len(self._busy))
                break
            if self._busy and not self._results:
                self._await(LOOK)

    def close(self) -> None:
        """End the connections. Records nothing."""
        for sender in (*self._idle, *self._busy):
            sender.end()
        for sender in self._idle:
            sender.join(GOODBYE)
        self._idle.clear()

    def _await(self, seconds: float) -> None:
        """Take in what has come of letters, after waiting for a first one."""
        try:
            self._take_in(self._done.get(timeout=seconds))
            until = time.monotonic() + GATHER
            while len(self._results) < len(self._busy):
                self._take_in(self._done.get(timeout=max(0.0, until - time.monotonic())))
        except Empty:
            pass

    def _take_in(self, done: Done) -> None:
        if done.broke is not None:
            raise done.broke
        task = done.task
        self._results.append(
            Result(
                task.message_id,
                task.kind,
                task.envelope.public_id,
                done.outcome,
                sender=done.sender,
                recipient=task.envelope.recipient,
            )
        )

    def _close_idle(self) -> None:
        if self._idle and time.monotonic() - self._used_at > IDLE:
            for sender in self._idle:
                sender.end()
            self._idle.clear()

    # --- what may leave now -------------------------------------------------------------------------------------------

    def _fill(self) -> float:
        """Give the free connections letters; returns the seconds to rest where none may be sent now."""
        if rest := self._pace.rest():
            self._nothing_now()
            return rest
        if (waits := self._outage()) is not None:
            self._nothing_now()
            if waits <= 0 and not self._busy:
                self._try_one()
            return min(max(waits, 0.0), LOOK_AT_OUTAGE)
        width, self._full = self._pace.width, self._pace.full()
        self._end_beyond(width)
        self._claim(width)
        self._hand_out(self._urgent, width)
        self._hand_out(self._others, max(1, width - 1))
        return 0.0

    def _outage(self) -> float | None:
        """Seconds until a letter may be tried; None where the mail server takes letters, as far as we know."""
        if not self._troubled and time.monotonic() - self._looked_at < LOOK:
            return None
        trouble = outage.standing(db.session())
        db.session.rollback()
        self._troubled, self._looked_at = trouble is not None, time.monotonic()
        return (trouble.until - self._clock()).total_seconds() if trouble else None

    def _nothing_now(self) -> None:
        """Give back what was claimed."""
        for line in (self._urgent, self._others):
            if line:
                with transaction() as session:
                    outbox.release(session, list(line.ids), worker=self._me, now=self._clock())
                line.clear()

    def _renew(self) -> None:
        """What is in our hands stays ours, however long the mail server thinks, and wherever the clock is set."""
        self._look_at_clock()
        if time.monotonic() < self._renew_at:
            return
        ids = [*self._busy.values(), *self._urgent.ids, *self._others.ids]
        with transaction() as session:
            outbox.hold(session, ids, worker=self._me, now=self._clock())
        self._look_at_clock()  # again: it may have taken long
        self._renew_at = time.monotonic() + RENEW_EVERY

    def _look_at_clock(self) -> None:
        """Set forward, it lets the leases of all workers seem to have run out: each gets the time to renew its own.
        Or this machine stood still for so long, and others have taken what is in our line.

        The same where nothing could be renewed for long: the database stood still, for the others too.
        """
        moved = self._drift.moved()
        if moved:
            self._renew_at = time.monotonic()
            self._urgent.made.clear()
            self._others.made.clear()
        if moved > 0 or time.monotonic() - self._renew_at > RENEW_EVERY:
            self._lapsed_at = time.monotonic() + RENEW_EVERY

    def _end_beyond(self, width: int) -> None:
        while self._idle and len(self._idle) + len(self._busy) > width:
            self._idle.pop().end()

    def _try_one(self) -> None:
        """During an outage one letter is tried, by one worker."""
        now = self._clock()
        due = outbox.anything_due(db.session(), now=now)
        db.session.rollback()
        if self._results or not due or not self._pace.turn():
            return
        with transaction() as session:
            if not outage.may_try(session, now=now):
                return
            ids = self._take(session, 1)
            if not ids:
                outage.try_another(session, now=now)
                return
        self._trying = ids[0]
        self._urgent.ids.append(ids[0])
        self._hand_out(self._urgent, 1)

    def _claim(self, width: int) -> None:
        now, look = self._clock(), time.monotonic()
        empty = [
            line
            for line, most in ((self._urgent, width), (self._others, max(1, width - 1)))
            if not line and len(self._busy) < most and line.look_at <= look
        ]
        if not empty:
            return
        for line in empty:
            line.took(look - line.made_at, least=width)
        lines = [line for line in empty if outbox.anything_due(db.session(), now=now, priorities=line.priorities)]
        db.session.rollback()
        if lines:
            with transaction() as session:
                for line in lines:
                    line.ids.extend(self._take(session, line.ahead, line.priorities, self._full))
        for line in empty:
            line.look_at = 0.0 if line else look + LOOK_FOR_MORE

    def _take(
        self,
        session: Session,
        limit: int,
        priorities: Sequence[int] = tuple(Priority),
        without: Collection[str] = (),
    ) -> list[int]:
        now = self._clock()
        self._look_at_clock()  # after it was read
        return outbox.claim(
            session,
            worker=self._me,
            limit=limit,
            now=now,
            priorities=priorities,
            without=without,
            in_hand=list(self._busy.values()),
            lapsed=time.monotonic() >= self._lapsed_at,
        )

    def _hand_out(self, line: Line, most: int) -> None:
        while line and len(self._busy) < most and self._pace.turn():
            made = line.next(db.session(), self._me, now=self._clock(), settings=self._settings)
            if isinstance(made, Task) and not self._pace.open_for(made.envelope.recipient.rpartition("@")[2]):
                made = Result(made.message_id, made.kind, made.envelope.public_id, Unsent.NOT_NOW)
            if isinstance(made, Task):
                sender = self._idle.pop() if self._idle else Sender(self._connect(), self._done)
                self._busy[sender] = made.message_id
                self._used_at = time.monotonic()
                self._pace.used()
                sender.take(made)
            elif made is not None:
                self._results.append(made)

    # --- what came of it ----------------------------------------------------------------------------------------------

    def _record(self) -> None:
        """Write down everything that has come in, at once; only then are the senders free again."""
        if not self._results:
            return
        with transaction() as session:
            recorded = self._record_accepted(session)
            for result in self._results:
                if not result.accepted and self._record_one(session, result):
                    recorded.append(result)
                if result.message_id == self._trying and not _decides(result.came):
                    outage.try_another(session, now=self._clock())
        for result in self._results:
            if result.sender is not None:
                del self._busy[result.sender]
                self._idle.append(result.sender)
            self._trying = None if result.message_id == self._trying else self._trying
            if not result.accepted:  # it may be due again at once
                self._urgent.look_at = self._others.look_at = 0.0
        self._results.clear()
        for result in recorded:
            _say(result)

    def _record_accepted(self, session: Session) -> list[Result]:
        """What the mail server took, by one statement for each answer; returns what is recorded now."""
        by_code = defaultdict[int | None, list[Result]](list)
        for result in self._results:
            if result.accepted and isinstance(result.came, Outcome):
                by_code[result.came.code].append(result)
        recorded = []
        for code, results in by_code.items():
            ids = [result.message_id for result in results]
            done = outbox.record_sent(session, ids, worker=self._me, now=self._clock(), code=code)
            recorded += [result for result in results if result.message_id in done]
        if recorded:
            self._pace.got_through()
            self._suspects.clear()
            if self._troubled:
                outage.got_through(session)
        return recorded

    def _record_one(self, session: Session, result: Result) -> bool:
        """False where the lease was lost."""
        id_, me = result.message_id, self._me
        match result.came:
            case Unsent.HELD_BACK:
                return outbox.record_suppressed(session, id_, worker=me, reason=result.words)
            case Unsent.NOT_NOW:
                return bool(outbox.release(session, [id_], worker=me, now=self._clock()))
            case Unsent():
                return outbox.record_superseded(session, id_, worker=me)
            case Outcome():
                message = session.get(Message, id_, populate_existing=True)
                mine = message is not None and message.lease == me
                return mine and self._record_outcome(session, result, result.came)

    def _record_outcome(self, session: Session, result: Result, outcome: Outcome) -> bool:
        id_, me, now, code, words = result.message_id, self._me, self._clock(), outcome.code, outcome.words
        until = self._wait_after(session, result, outcome)
        match outcome.verdict:
            case Verdict.REFUSED:
                self._note_refusal(session, id_, outcome)
                return outbox.record_failed(session, id_, worker=me, code=code, error=words)
            case Verdict.UNCERTAIN:
                return outbox.record_uncertain(session, id_, worker=me, now=now, error=words)
            case _ if until > now or outcome.about_us:
                return outbox.record_waiting(session, id_, worker=me, until=until, code=code, error=words)
            case _:
                return outbox.record_retry(session, id_, worker=me, now=now, code=code, error=words)

    def _note_refusal(self, session: Session, message_id: int, outcome: Outcome) -> None:
        message = session.get(Message, message_id)
        if message is not None and outcome.code is not None:
            note_refusal(session, message, words=outcome.words, now=self._clock(), settings=self._settings)

    def _wait_after(self, session: Session, result: Result, outcome: Outcome) -> datetime:
        """What an outcome means for all letters; returns until when this one waits because of it."""
        now = self._clock()
        if outcome.verdict is Verdict.FAULT:
            return self._turned_away(session, result, outcome, now)
        if outcome.verdict is Verdict.UNREACHABLE or outcome.code in BUSY:
            rest = self._pace.trouble()
            return now + timedelta(seconds=rest) if outcome.about_us else now
        return now

    def _turned_away(self, session: Session, result: Result, outcome: Outcome, now: datetime) -> datetime:
        another = bool(self._suspects - {result.message_id}) and result.message_id not in self._suspects
        self._suspects.add(result.message_id)
        self._troubled = True
        until = outage.turned_away(
            session,
            sure=outcome.about_us or another,
            trying=result.message_id == self._trying,
            now=now,
            code=outcome.code,
            words=outage.without_address(outcome.words, result.recipient),
        )
        waits = f"every worker waits until {until:%H:%M} UTC" if until > now else "the next letter is tried alone"
        log.error(
            "the mail server turns us away (%s), %s: check EVENTSAPP_MAIL_URL and EVENTSAPP_MAIL_FROM",
            outcome.code,
            waits,
        )
        return until


def _say(result: Result) -> None:
    came = result.came
    if came is Unsent.NOT_NOW:
        return
    said = f"{came.verdict} {came.code or ''}" if isinstance(came, Outcome) else came
    metrics.message(result.kind, came.verdict if isinstance(came, Outcome) else came)
    well = isinstance(came, Unsent) or came.verdict is Verdict.ACCEPTED
    log.log(logging.INFO if well else logging.WARNING, "%s %s: %s", result.kind, result.public_id, said)


def _decides(came: Outcome | Unsent) -> bool:
    """Whether the letter that was tried during an outage tells how the outage stands."""
    return isinstance(came, Outcome) and came.verdict in (Verdict.ACCEPTED, Verdict.FAULT)
