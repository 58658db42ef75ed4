"""Threads that hand letters to the mail server, each over a connection of its own. They know no database.

A sender takes one letter at a time and says what came of it; it gets the next one once that is recorded. So whatever
is killed, at most one letter for each connection is sent twice.
"""

import logging
import time
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from eventsapp import metrics
from eventsapp.domain.errors import DomainError
from eventsapp.domain.vocabulary import LetterKind
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.mail.transport import Transport

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """One letter to send: the octets that leave."""

    message_id: int
    kind: LetterKind
    message: bytes
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a task. ``broke`` is what no outcome can be made of, such as the end of the program."""

    sender: "Sender"
    task: Task
    outcome: Outcome
    broke: BaseException | None = None


class Sender(Thread):
    """One connection. A daemon: where the worker cannot wait for it any longer, it does not keep the program alive."""

    def __init__(self, transport: Transport, done: SimpleQueue[Done]) -> None:
        super().__init__(name="sender", daemon=True)
        self._transport = transport
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._done = done
        self.start()

    def take(self, task: Task) -> None:
        self._tasks.put(task)

    def end(self) -> None:
        """Close the connection, after the letter in hand."""
        self._tasks.put(None)

    def run(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._done.put(self._send(task))
        self._transport.close()

    def _send(self, task: Task) -> Done:
        try:
            began = time.perf_counter()
            outcome = self._transport.send(task.message, task.envelope)
            metrics.sending(outcome.verdict, time.perf_counter() - began)
            return Done(self, task, outcome)
        except Exception as error:  # noqa: BLE001  whatever is wrong with one letter must not hold up the others
            return Done(self, task, unfit(error))
        except BaseException as error:  # noqa: BLE001  the lane goes down with it
            return Done(self, task, unfit(error), broke=error)


def unfit(error: BaseException) -> Outcome:
    """No letter can be made of the row: never, where the row says what cannot be; else the fault is the machine's or
    the program's (no memory, no file, a mistake that the next version mends), and it is tried again.
    """
    never = isinstance(error, ValueError | DomainError)
    verdict = Verdict.REFUSED if never else Verdict.DEFERRED
    return Outcome(verdict, None, f"unfit to send: {type(error).__name__}: {error}")
