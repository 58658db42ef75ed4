"""Events that many want to come to, and the end of a run: everybody has had their letters."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import Choose, MessageState
from eventsapp.models import Message, Occurrence
from tests.factory import Make
from tests.mail.server import Script
from tests.torture.crowd import Choices
from tests.torture.postbox import Postbox

CONNECTIONS = 3  # of a worker to the mail server
_PUT_OFF = and_(Message.state == MessageState.QUEUED, Message.attempts > 0)
SETTLED_WITHIN = 400.0  # seconds: a lease of two minutes that a killed worker left, more than once
CHOICES: Choices = (
    ("open", ("one",)),
    ("open", ("one", "two")),
    ("forum", ("one",)),
    ("forum", ("two",)),
    ("fair", ("one", "two")),
    ("course", ("one", "two", "three")),
    ("talk", ("one",)),
)


@dataclass
class Stage:
    """What every run is given: the events are still to be made. ``people`` is how many come in the largest run.

    ``said`` is what came of it, for whoever looks on.
    """

    session: Session
    make: Make
    settings: Settings
    script: Script
    postbox: Postbox
    people: int
    chance: random.Random
    said: dict[str, object] = field(default_factory=dict)

    @property
    def on_postgresql(self) -> bool:
        return self.settings.database_url.startswith("postgresql")

    @property
    def workers(self) -> int:
        """As many as the documentation says: over SQLite one."""
        return 2 if self.on_postgresql else 1


def house_settings(settings: Settings, script: Script) -> Settings:
    """Nobody is limited: all of them come from one network here."""
    return replace(
        settings,
        base_url="http://127.0.0.1:8000",
        mail_url=f"smtp://127.0.0.1:{script.port}",
        mail_connections=CONNECTIONS,
        limit_per_network=0,
        limit_per_address=0,
        limit_per_domain=0,
    )


def make_events(make: Make, people: int) -> None:
    """Those of ``CHOICES``: without limit, with waiting lists, all dates together, and full without a waiting list."""
    few = max(2, people // 20)
    make.event("open", choose=Choose.ANY, occurrences=[date("one", 12), date("two", 13)])
    limited = [date("one", 14, capacity=few), date("two", 15, capacity=few)]
    make.event("forum", waitlist=True, occurrences=limited)
    make.event("fair", waitlist=True, choose=Choose.ANY, occurrences=limited)
    make.event("course", waitlist=True, choose=Choose.ALL, occurrences=[*limited, date("three", 16, capacity=few)])
    make.event("talk", occurrences=[date("one", 17, capacity=few)])
    let_go()


def let_go() -> None:
    """The test's own process holds no connection while others work."""
    db.session.remove()
    db.engine.dispose()


def date(key: str, day: int, **values: Any) -> Mapping[str, Any]:
    at = datetime(2040, 6, day, 16, 0)  # noqa: DTZ001  a wall time beside its tzid
    return {"key": key, "dtstart_local": at} | values


def left_to_send(session: Session) -> int:
    """Letters, and dates of which something is still to be told."""
    session.rollback()
    waiting = Message.state.in_((MessageState.QUEUED, MessageState.SENDING))
    wanted = (func.count().filter(waiting), select(func.count(Occurrence.tell_at)).scalar_subquery())
    letters, dates = session.execute(select(*wanted).select_from(Message)).one()
    return letters + dates


def settle(session: Session) -> None:
    """Wait until every letter has left. What is to be tried again later is tried now, as if the time had passed."""
    until = time.monotonic() + SETTLED_WITHIN
    while left := left_to_send(session):
        with transaction() as writing:
            now = datetime.now(UTC)
            writing.execute(update(Message).where(_PUT_OFF, Message.due_at > now).values(due_at=now))
            writing.execute(update(Occurrence).where(Occurrence.tell_at > now).values(tell_at=now))
        assert time.monotonic() < until, f"{left} letters are still there"
        time.sleep(0.5)
