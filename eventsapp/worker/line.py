"""Letters that are claimed and not on their way yet, and what is to be recorded of those whose turn is over."""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import LetterKind, Priority, Suppression
from eventsapp.mail.mould import cast
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.mail.verp import envelope_sender
from eventsapp.models import Message
from eventsapp.queries.letters import letter_of, messages_of
from eventsapp.queries.suppressed import holds_back, suppressions_of
from eventsapp.worker.senders import Sender, Task, unfit

FRESH = 1.0  # seconds for which a letter may wait for its connection; then it is made anew, from the rows as they are
MOST_AHEAD = 64  # letters that are claimed and made at once


class Unsent(StrEnum):
    """Why a letter was not sent when its turn came."""

    OVERTAKEN = "overtaken"
    TOO_LATE = "too late"
    HELD_BACK = "held back"
    NOT_NOW = "not now"  # its mail domain gets no more this second


@dataclass(frozen=True, slots=True)
class Result:
    """What is to be recorded of a letter."""

    message_id: int
    kind: LetterKind
    public_id: str
    came: Outcome | Unsent
    words: str = ""  # why it was held back
    sender: Sender | None = None  # free again once this is recorded
    recipient: str = ""

    @property
    def accepted(self) -> bool:
        return isinstance(self.came, Outcome) and self.came.verdict is Verdict.ACCEPTED


@dataclass(slots=True)
class Line:
    """Letters that are claimed and not on their way yet, in order. Those that are ``made`` are plain values already."""

    priorities: tuple[Priority, ...]
    ids: deque[int] = field(default_factory=deque)
    made: dict[int, "Task | Result"] = field(default_factory=dict)
    made_at: float = 0.0
    ahead: int = 1  # how many to claim and make at once: about as many as leave in half of the time they stay fresh
    look_at: float = 0.0  # nothing was due; until then it is not asked for more

    def __bool__(self) -> bool:
        return bool(self.ids)

    def clear(self) -> None:
        self.ids.clear()
        self.made.clear()

    def took(self, seconds: float, least: int) -> None:
        """The letters made last have left within so many seconds."""
        if seconds < FRESH / 2:
            self.ahead = min(2 * self.ahead, MOST_AHEAD)
        elif seconds > FRESH:
            self.ahead = self.ahead // 2
        self.ahead = max(self.ahead, least)

    def next(self, session: Session, lease: str, *, now: datetime, settings: Settings) -> "Task | Result | None":
        """The first of the line, made of the rows as they are or were just now; None where the ``lease`` was lost."""
        if self.ids[0] not in self.made or time.monotonic() - self.made_at > FRESH:
            self._make(session, lease, now, settings)
        return self.made.pop(self.ids.popleft(), None)

    def _make(self, session: Session, lease: str, now: datetime, settings: Settings) -> None:
        self.made, self.made_at = {}, time.monotonic()
        try:
            messages = messages_of(session, list(self.ids)[:MOST_AHEAD])
            mine = [message for message in messages.values() if message.lease == lease]
            suppressed = suppressions_of(session, filter(None, map(_address_of, mine)), settings)
            for message in mine:
                address = _address_of(message)
                found = suppressed.get(address, set()) if address else set()
                self.made[message.id] = _made(session, message, found, now, settings)
        finally:
            session.rollback()  # no transaction stays open while the mail server thinks


def _made(
    session: Session, message: Message, suppressed: set[Suppression], now: datetime, settings: Settings
) -> Task | Result:
    try:
        if message.expires_at is not None and message.expires_at <= now:
            return _unsent(message, Unsent.TOO_LATE)
        needed = message.mailing is not None and message.mailing.needed
        if holds_back(message.kind, suppressed, needed=needed):
            words = f"not written to: {', '.join(sorted(suppressed))}"
            return _unsent(message, Unsent.HELD_BACK, words)
        letter = letter_of(session, message, now=now, settings=settings)
        if letter is None:
            return _unsent(message, Unsent.OVERTAKEN)
        sender = envelope_sender(message.public_id, settings)
        envelope = Envelope(sender, letter.recipient, message.public_id)
        return Task(message.id, message.kind, cast(letter), envelope)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001  whatever is wrong with one letter must not hold up the others
        return _unsent(message, unfit(error))


def _unsent(message: Message, came: Outcome | Unsent, words: str = "") -> Result:
    return Result(message.id, message.kind, message.public_id, came, words)


def _address_of(message: Message) -> tuple[int, str] | None:
    """Whose list of addresses that are not written to counts, and the address; None for letters about an account."""
    reader = message.registration or message.staff
    return (reader.event.organization_id, message.address_key) if reader and message.address_key else None
