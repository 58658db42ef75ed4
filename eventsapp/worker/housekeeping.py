"""Lanes that let go: of places held too long, of what was kept for a while, of people whose time is over, of times
that a clock gone wrong has set."""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from eventsapp.actions import floods, jobs, outage, outbox
from eventsapp.actions.erase import erase_outlived
from eventsapp.actions.expire import expire
from eventsapp.actions.places import promote
from eventsapp.actions.verify import give_up_late
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.errors import NotFound
from eventsapp.queries.own_data import outlived
from eventsapp.queries.registrations import events_with_late, events_with_room
from eventsapp.worker.lane import Prompt

EXPIRE_EVERY = 60.0
OUTLIVED_EVERY = 3600.0
OUTLIVED_BATCH = 50
LAPSE_EVERY = 20.0
PUT_BACK_EVERY = 20.0

log = logging.getLogger(__name__)


@dataclass
class Lapse(Prompt):
    """Gives up what was held for an address to be verified, and lets those who wait move up; also where a date that
    they need no more has begun. One event at a time.
    """

    settings: Settings
    clock: Callable[[], datetime]

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        now = self.clock()
        late, begun = events_with_late(db.session(), now=now), events_with_room(db.session(), now=now)
        db.session.rollback()
        for act, events in ((give_up_late, late), (promote, begun)):
            for event_id in events:
                if stop.is_set():
                    break
                with transaction() as session:
                    act(session, event_id, now=self.clock(), settings=self.settings)
        return LAPSE_EVERY


@dataclass
class Expire(Prompt):
    """Deletes what was kept for a while only."""

    clock: Callable[[], datetime]

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        with transaction() as session:
            expire(session, now=self.clock())
        return EXPIRE_EVERY


@dataclass
class Retire(Prompt):
    """Forgets people whose data are older than their organization keeps them; one registration at a time."""

    clock: Callable[[], datetime]

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        ids = outlived(db.session(), now=self.clock(), limit=OUTLIVED_BATCH)
        db.session.rollback()
        for registration_id in ids:
            if stop.is_set():
                break
            with contextlib.suppress(NotFound), transaction() as session:  # forgotten meanwhile
                erase_outlived(session, registration_id, now=self.clock())
        if ids:
            log.info("forgot %s registrations whose time is over", len(ids))
        return 0.0 if len(ids) == OUTLIVED_BATCH else OUTLIVED_EVERY


@dataclass
class PutBack(Prompt):
    """Where the machine's clock was ahead, for a moment or before we began, nothing waits for the time it told.

    It looks at what was written instead of the clock, which may have been right again before anybody noticed.
    """

    clock: Callable[[], datetime]

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        with transaction() as session:
            for room in (outbox, outage, jobs, floods):
                room.put_back(session, now=self.clock())
        return PUT_BACK_EVERY
