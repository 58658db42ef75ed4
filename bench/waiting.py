"""Letters that wait, for the parts that measure sending: ``python -m bench.waiting``."""

import argparse
import json
import secrets
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bench.fill import made_up_id
from bench.pour import go_on_counting, names, pour
from bench.records import FAIR
from eventsapp.actions.schedule import plan_scheduled
from eventsapp.app import create_app
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState
from eventsapp.models import Event, Message, Place, Registration


def queue_confirmations(number: int, skip: int) -> None:
    """So many people of the fair get their confirmation, with its calendar file, once more."""
    now = datetime.now(UTC)
    stamp = secrets.token_hex(4)
    with transaction() as session:
        rows = _of_the_fair(session, number, skip)
        first = cast("int", session.scalar(select(func.max(Message.id)))) + 1
        letters = [
            (
                first + at,
                row.registration_id,
                row.id,
                name := made_up_id(stamp, first + at),
                f"<m.{name}@example.org>",
                row.language_tag,
                row.email,
                row.email,
                f"{row.public_id}:confirmation:{row.id}:{stamp}",
                {"places": [row.id]},
            )
            for at, row in enumerate(rows)
        ]
        pour(
            session.connection(),
            Message,
            {"kind": LetterKind.CONFIRMATION, "state": MessageState.QUEUED, "due_at": now, "created_at": now},
            names(
                "id registration_id place_id public_id message_id language_tag recipient address_key dedupe_key context"
            ),
            letters,
        )
        go_on_counting(session.connection(), Message)


def make_reminders_due(number: int, skip: int) -> None:
    """So many people of the fair have to be looked at now, and their reminder is due."""
    with transaction() as session:
        ids = [row.id for row in _of_the_fair(session, number, skip)]
        at = datetime.now(UTC) - timedelta(minutes=1)
        session.execute(
            update(Place)
            .where(Place.id >= ids[0], Place.id <= ids[-1])
            .values(plan_at=at)
            .execution_options(synchronize_session=False)
        )


def plan(settings: Settings) -> dict[str, float]:
    """Write the reminders that are due as the worker does, batch by batch: how many people, and this process's CPU."""
    people, began, cpu = 0, time.perf_counter(), time.process_time()
    while True:
        with transaction() as session:
            handled = plan_scheduled(session, now=datetime.now(UTC), settings=settings)
        if not handled:
            return {"people": people, "wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        people += handled


def waiting() -> int:
    """Letters that wait to be sent: somebody who had their reminder gets no second one."""
    letters = select(func.count()).select_from(Message).where(Message.state == MessageState.QUEUED)
    return db.session.scalar(letters) or 0


def _of_the_fair(session: Session, number: int, skip: int) -> Sequence[Any]:
    return session.execute(
        select(Place.id, Place.registration_id, Registration.public_id, Registration.email, Registration.language_tag)
        .join(Place.registration)
        .join(Registration.event)
        .where(Event.slug == FAIR)
        .order_by(Place.id)
        .offset(skip)
        .limit(number)
    ).all()


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.waiting")
    parser.add_argument("what", choices=["confirmations", "reminders", "plan"])
    parser.add_argument("--number", type=int, default=0)
    parser.add_argument("--skip", type=int, default=0)
    given = parser.parse_args(arguments)
    settings = Settings.from_environment()
    with create_app(settings).app_context():
        if given.what == "confirmations":
            queue_confirmations(given.number, given.skip)
        elif given.what == "reminders":
            make_reminders_due(given.number, given.skip)
        else:
            print(json.dumps(plan(settings) | {"letters": waiting()}))


if __name__ == "__main__":
    main(sys.argv[1:])
