"""A hundred thousand people are reminded of the same start, by two workers where the database lets them."""

import time
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from eventsapp.actions.schedule import plan_scheduled
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import PlaceState
from eventsapp.models import Message, Place, Registration
from tests.actions.planner import utc
from tests.factory import Make

PEOPLE = 100_000
AT_ONCE = 5_000
LEAST_A_SECOND = 4_000  # of the processor, so that it does not matter what else the machine does
ZONES = ("America/Mexico_City", "Europe/Madrid", "America/Bogota", "America/Los_Angeles")


def test_a_hundred_thousand_are_planned_once_each(app: Flask, make: Make, settings: Settings, session: Session) -> None:
    event = make.event(reminders=["1 hour before start"])
    fill(event.id, event.occurrences[-1].id, make)

    def plan() -> int:
        planned = 0
        with app.app_context():
            while True:
                with transaction() as writing:
                    handled = plan_scheduled(writing, now=utc("2026-06-28 23:05"), settings=settings)
                planned += handled
                if not handled:
                    return planned

    workers = 2 if db.engine.dialect.name == "postgresql" else 1
    began = time.process_time()
    with ThreadPoolExecutor(workers) as pool:
        planned = sum(pool.map(lambda _: plan(), range(workers)))
    assert planned == PEOPLE
    assert planned / (time.process_time() - began) >= LEAST_A_SECOND
    session.rollback()
    letters, readers = func.count(), func.count(Message.registration_id.distinct())
    assert tuple(session.execute(select(letters, readers)).one()) == (PEOPLE, PEOPLE)


def fill(event_id: int, occurrence_id: int, make: Make) -> None:
    """Confirmed people in four zones, all to be looked at."""
    with transaction() as session:
        for first in range(0, PEOPLE, AT_ONCE):
            people = [
                {
                    "event_id": event_id,
                    "public_id": f"person{number:010}",
                    "reference": f"P{number}",
                    "email": f"{number}@example.com",
                    "address_key": f"{number}@example.com",
                    "language_tag": "es",
                    "tzid": ZONES[number % len(ZONES)],
                    "created_at": make.now,
                    "changed_at": make.now,
                }
                for number in range(first, first + AT_ONCE)
            ]
            ids = session.scalars(insert(Registration).returning(Registration.id), people).all()
            held = {
                "occurrence_id": occurrence_id,
                "state": PlaceState.CONFIRMED,
                "queued_at": make.now,
                "told_at": make.now,
                "changed_at": make.now,
                "created_at": make.now,
            }
            session.execute(insert(Place), [held | {"registration_id": one} for one in ids])
        session.execute(update(Place).values(plan_at=make.now))
