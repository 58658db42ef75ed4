"""Lanes that write letters into the outbox because their time has come, in small batches, so that others get turns."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Protocol

from sqlalchemy.orm import Session

from eventsapp.actions.mailing import plan_mailings
from eventsapp.actions.schedule import plan_scheduled
from eventsapp.actions.staff import plan_assignments, plan_digests
from eventsapp.actions.tell import plan_changes
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.worker.lane import Prompt

PLAN_EVERY = 2.0


class Planner(Protocol):
    """Handles some rows that are due ``now`` and returns how many; 0 where nothing is."""

    def __call__(self, session: Session, *, now: datetime, settings: Settings) -> int: ...


@dataclass
class Plan(Prompt):
    """``ahead`` is how much of the time to come is planned as well."""

    plan: Planner
    settings: Settings
    clock: Callable[[], datetime]
    ahead: timedelta = timedelta(0)

    def work(self, stop: Event, poll: float) -> float:  # noqa: ARG002
        with transaction() as session:
            handled = self.plan(session, now=self.clock() + self.ahead, settings=self.settings)
        return 0.0 if handled else PLAN_EVERY


def planners(settings: Settings, clock: Callable[[], datetime], *, ahead: bool) -> list[Plan]:
    """All of them. ``ahead``: letters about changes do not wait for more changes to come."""
    soon = timedelta(seconds=settings.change_delay) if ahead else timedelta(0)
    return [
        Plan(plan_changes, settings, clock, soon),
        Plan(plan_assignments, settings, clock, soon),
        Plan(plan_scheduled, settings, clock),
        Plan(plan_digests, settings, clock),
        Plan(plan_mailings, settings, clock),
    ]
