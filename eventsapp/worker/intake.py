"""The lane for what comes back by mail. A mailbox far away may be slow, so it is read in a thread of its own."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from eventsapp.actions.reports import Taken, take_in
from eventsapp.config import Settings
from eventsapp.db import AWAY, transaction
from eventsapp.mail.inbox import InboxAway, Opened, opened

EVERY = 60.0
NEVER = 86400.0

log = logging.getLogger(__name__)


class Intake:
    """Reads ``bounces_url`` once a minute. Each mail is ticked off once its transaction is committed, so that a kill
    loses none; taking one in twice does no harm."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._thread: Thread | None = None
        self._away = False

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        if not self._settings.bounces_url:
            return NEVER
        if self._thread is None or not self._thread.is_alive():
            app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  a thread needs it itself
            self._thread = Thread(target=self._read, args=(app, stop), name="intake")
            self._thread.start()
        return EVERY

    def finish(self) -> None:
        """Wait for the mail in hand."""
        if self._thread is not None:
            self._thread.join()

    def _read(self, app: Flask, stop: Event) -> None:
        taken: Counter[str] = Counter()
        try:
            with app.app_context(), opened(self._settings.bounces_url) as inbox:
                for name, raw in inbox.mails():
                    if stop.is_set():
                        break
                    taken[self._take_in(inbox, name, raw)] += 1
            self._away = False
        except InboxAway as error:
            if not self._away:  # said once, and not every minute
                log.error("the mailbox of EVENTSAPP_BOUNCES_URL cannot be read: %s", error)  # noqa: TRY400
            self._away = True
        except AWAY as error:
            log.error("Intake: the database does not answer (%s)", type(error).__name__)  # noqa: TRY400  a traceback would hold rows
        if taken:
            log.info("mails taken in: %s", ", ".join(f"{number} {word}" for word, number in sorted(taken.items())))

    def _take_in(self, inbox: Opened, name: str, raw: bytes) -> str:
        word = "unusable"
        try:
            with transaction() as session:
                word = take_in(session, raw, now=self._clock(), settings=self._settings).value
        except AWAY:
            raise
        except SQLAlchemyError as error:  # this mail's own fault: the next time it would be no better
            log.error("a mail cannot be taken in (%s)", type(error).__name__)  # noqa: TRY400
        if word == Taken.TURNED_AWAY:
            log.error("a letter came back because its receiver distrusts our mail server: run `eventsapp doctor`")
        inbox.done(name)
        return word
