"""A worker that plans, and the rows it plans for: what tests of scheduled letters need."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eventsapp.actions.schedule import look_again, plan_scheduled
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain import timezones
from eventsapp.domain.vocabulary import LetterKind
from eventsapp.models import Assignment, Event, Message, Occurrence, Place, Registration, Staff
from tests.factory import Make

BERLIN = "Europe/Berlin"


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return wall(text).replace(tzinfo=UTC)


@dataclass
class Planner:
    make: Make
    settings: Settings
    session: Session

    @property
    def now(self) -> datetime:
        return self.make.now

    def event(self, start: str = "2026-06-28 18:00", tzid: str = BERLIN, slug: str = "forum", **values: Any) -> Event:
        """An event of one date, an hour long; in Berlin, in summer."""
        date = {"key": "one", "dtstart_local": wall(start), "tzid": tzid}
        return self.make.event(slug, languages={"en": "Forum", "es": "Foro"}, occurrences=[date], **values)

    def place(self, event: Event, told_at: datetime | None = None, **values: Any) -> Place:
        """Somebody's confirmed place, told of as it was made, and to be looked at since then."""
        registration = self.make.registration(event, **({"tzid": BERLIN} | values))
        with transaction() as session:
            place = session.get_one(Registration, registration.id).places[0]
            place.told_at = place.plan_at = told_at or self.now
        return place

    def staff(self, event: Event, **values: Any) -> Staff:
        """A host or interpreter who was told of the date as they were named, and is to be looked at since then."""
        staff = self.make.staff(event, **({"tzid": BERLIN} | values))
        with transaction() as session:
            for assignment in session.get_one(Staff, staff.id).assignments:
                assignment.told_sequence, assignment.told_revision = 0, 0
                assignment.told_at = assignment.remind_at = self.now
        return staff

    def plan(self, now: datetime) -> int:
        """What the worker does at one instant, until nothing is to do; returns how often it looked at somebody."""
        looked_at = 0
        for _ in range(100):
            with transaction() as session:
                handled = plan_scheduled(session, now=now, settings=self.settings)
            looked_at += handled
            if not handled:
                return looked_at
        pytest.fail("it never ends")

    def walk(self, until: str = "2029-01-01") -> None:
        """A worker that never sleeps: from one look to the next, as far as ``until``."""
        for _ in range(500):
            self.session.rollback()
            looks = [self.session.scalar(select(func.min(one))) for one in (Place.plan_at, Assignment.remind_at)]
            at = min((look for look in looks if look is not None), default=None)
            if at is None or at > utc(until):
                return
            self.plan(at)
        pytest.fail("it never ends")

    def change(self, *statements: Any) -> None:
        with transaction() as session:
            for statement in statements:
                session.execute(statement)

    def look_again(self, now: datetime) -> None:
        """Have everybody looked at again."""
        with transaction() as session:
            look_again(session, now=now)

    def move(self, event: Event, start: str, now: datetime) -> None:
        """Move an event's date, as an import does: other times, and everybody is looked at again."""
        with transaction() as session:
            date = session.scalars(select(Occurrence).where(Occurrence.event_id == event.id)).one()
            date.dtstart_local, date.timed_at = wall(start), now
            date.starts_at, date.ends_at = timezones.span(date.dtstart_local, 0, date.tzid, date.duration_seconds)
            look_again(session, occurrence=date, now=now)

    def plan_at(self, place: Place) -> datetime | None:
        self.session.rollback()
        return self.session.get_one(Place, place.id).plan_at

    def written(self, tzid: str = BERLIN) -> list[tuple[LetterKind, str]]:
        """(kind, clock time at which it was written) of every letter, in order."""
        self.session.rollback()
        rows = self.session.execute(select(Message.kind, Message.created_at).order_by(Message.created_at, Message.id))
        return [(kind, timezones.local(at, tzid).strftime("%Y-%m-%d %H:%M")) for kind, at in rows]

    def reminders(self, tzid: str = BERLIN) -> list[str]:
        """The clock times of all letters, which are reminders."""
        written = self.written(tzid)
        assert {kind for kind, _clock in written} <= {LetterKind.REMINDER}
        return [clock for _kind, clock in written]

    def clocks(self) -> dict[str, list[str]]:
        """Address → when letters to it were written, on the clock of their reader."""
        self.session.rollback()
        rows = self.session.execute(
            select(Registration.email, Registration.tzid, Message.created_at)
            .outerjoin(Message, Message.registration_id == Registration.id)
            .order_by(Message.created_at)
        )
        clocks: dict[str, list[str]] = {}
        for email, tzid, at in rows:
            mine = clocks.setdefault(email or "", [])
            if at is not None:
                mine.append(timezones.local(at, tzid).strftime("%Y-%m-%d %H:%M"))
        return clocks

    def recipients(self) -> list[tuple[str | None, LetterKind]]:
        """Every letter in the order of writing."""
        self.session.rollback()
        rows = self.session.execute(select(Message.recipient, Message.kind).order_by(Message.id))
        return [(recipient, kind) for recipient, kind in rows]


def follow_up(trigger: str = "2 hours after end", to: str = "all", *, wait: bool = False) -> dict[str, Any]:
    return {"trigger": trigger, "for": to, "wait_for_recording": wait}
