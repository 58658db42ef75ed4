"""Make an instance with so many registrations: ``python -m bench.fill`` with the EVENTSAPP_* settings of its own.

Events come in by the door that record files take; people by bulk inserts into the models' tables, each with a place,
the confirmation that was sent, and, one in four, an answer.
"""

import argparse
import base64
import hashlib
import json
import secrets
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from flask_security import hash_password
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from bench.pour import CHUNK, go_on_counting, names, pour
from bench.records import FAIR, FEED, FORUM, OTHER, dates, record
from eventsapp import migration
from eventsapp.actions.import_record import import_files
from eventsapp.app import create_app
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.timezones import local
from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState, Role
from eventsapp.models import (
    Answer,
    ChosenOption,
    Conference,
    Event,
    Membership,
    Message,
    Occurrence,
    Organization,
    Place,
    Question,
    Registration,
    Revision,
    User,
)

OWNER, PASSWORD = "owner@example.org", "a password for the bench alone"  # of nobody
AGO = timedelta(days=60)
MOST = 1_000_000  # who may come to one date
ONE_IN = 4  # answers the question
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"
_ZONES = (
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Europe/Madrid",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Honolulu",
)


def fill(settings: Settings, *, people: int, rows: int, others: int, feed: int) -> None:
    """``people`` are registered for the forum and ``rows`` for the fair; ``feed`` dates stand in one event."""
    now = datetime.now(UTC)
    with create_app(settings).app_context():
        migration.upgrade()
        _events(settings, now, others)
        _owner(now)
        with transaction() as session:
            _many_dates(session, feed, now)
        _relax()
        for slug, number in ((FORUM, people), (FAIR, rows)):
            _people(slug, number, now)
        _settle()
        db.engine.dispose()


def _events(settings: Settings, now: datetime, others: int) -> None:
    """Written two months ago, so that a reminder is not older than its event."""
    folder = settings.instance_path / "records"
    folder.mkdir(exist_ok=True)
    when = dates(now)
    wanted = [record(slug, starts, capacity=MOST if slug == FORUM else None) for slug, starts in when.items()]
    wanted += [record(OTHER.format(number), when[FORUM]) for number in range(others)]
    files = []
    for one in wanted:
        files.append(folder / f"{one['slug']}.json")
        files[-1].write_text(json.dumps(one))
    with transaction() as session:
        import_files(session, files, now=now - AGO, settings=settings)


def _owner(now: datetime) -> None:
    """Somebody who may open the organizer's pages."""
    with transaction() as session:
        user = User(
            email=OWNER,
            address_key=OWNER,
            name="Olga",
            password=hash_password(PASSWORD),
            fs_uniquifier=secrets.token_hex(32),
            created_at=now,
        )
        organization = session.scalars(select(Organization)).one()
        session.add(Membership(user=user, organization=organization, role=Role.OWNER, created_at=now))


def _many_dates(session: Session, number: int, now: datetime) -> None:
    """One event with so many dates, a day apart, each with its room."""
    first = session.scalars(select(Occurrence).join(Occurrence.event).where(Event.slug == FEED)).one()
    room, said = first.conference, session.scalars(select(Revision).where(Revision.occurrence_id == first.id)).one()
    assert room is not None  # the record has one
    start = cast("int", session.scalar(select(func.max(Occurrence.id)))) + 1
    for at in range(1, number):
        moved = timedelta(days=at)
        one = Occurrence(
            id=start + at,
            event_id=first.event_id,
            key=f"date-{at}",
            uid=f"bench-{at}-{first.uid}",
            dtstart_local=first.dtstart_local + moved,
            tzid=first.tzid,
            duration_seconds=first.duration_seconds,
            starts_at=first.starts_at + moved,
            ends_at=first.ends_at + moved,
            language_tag=("en", "es")[at % 2],
            created_at=now,
            revised_at=now,
            timed_at=now,
        )
        one.conference = Conference(
            provider=room.provider,
            kind=room.kind,
            meeting_id=room.meeting_id,
            passcode=room.passcode,
            access=room.access,
        )
        session.add(one)
        session.add(
            Revision(
                occurrence_id=one.id,
                sequence=0,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                tzid=one.tzid,
                summary=said.summary,
                location=said.location,
                default_language_tag="en",
                online=True,
                cancelled=False,
                made_at=now,
            )
        )
    session.flush()
    go_on_counting(session.connection(), Occurrence)


def _people(slug: str, number: int, now: datetime) -> None:
    """Each with a place, their confirmation, and some with an answer; chunk by chunk, each in a transaction."""
    with transaction() as session:
        found = session.scalars(select(Event).where(Event.slug == slug)).one()
        dates_of, event_id = [one.id for one in found.occurrences], found.id
        question_id = session.scalars(select(Question.id).where(Question.event_id == event_id)).one()
        tables = (Registration, Place, Message, Answer, ChosenOption)
        firsts = [cast("int", session.scalar(select(func.coalesce(func.max(table.id), 0)))) + 1 for table in tables]
    zones = _awake(now)
    times = [now - AGO + timedelta(minutes=5 * step) for step in range(12 * 24 * 58)]
    for begin in range(0, number, CHUNK):
        span = range(begin, min(begin + CHUNK, number))
        answered = [n for n in span if n % ONE_IN == 0]
        person, place, letter, answer, option = firsts

        def at(n: int) -> datetime:
            return times[n * 7919 % len(times)]

        with transaction() as session:
            connection = session.connection()
            pour(
                connection,
                Registration,
                {"event_id": event_id, "link_generation": 1},
                names("id public_id reference email address_key name language_tag tzid created_at changed_at"),
                (
                    (
                        person + n,
                        made_up_id("person", person + n),
                        _reference(person + n),
                        email := f"person{person + n}@d{n % 5000}.example.net",
                        email,
                        f"Ana Muñoz {person + n}",
                        ("en", "es")[n % 2],
                        zones[n % len(zones)],
                        at(n),
                        at(n),
                    )
                    for n in span
                ),
            )
            pour(
                connection,
                Place,
                {"state": PlaceState.CONFIRMED, "told_sequence": 0},
                names("id registration_id occurrence_id queued_at invited_at told_at changed_at created_at"),
                ((place + n, person + n, dates_of[n % len(dates_of)], *[at(n)] * 5) for n in span),
            )
            pour(
                connection,
                Message,
                {"kind": LetterKind.CONFIRMATION, "state": MessageState.SENT, "attempts": 1, "last_code": 250},
                names(
                    "id registration_id place_id public_id message_id language_tag recipient address_key"
                    " dedupe_key due_at sent_at created_at"
                ),
                (
                    (
                        letter + n,
                        person + n,
                        place + n,
                        name := made_up_id("letter", letter + n),
                        f"<m.{name}@example.org>",
                        ("en", "es")[n % 2],
                        email := f"person{person + n}@d{n % 5000}.example.net",
                        email,
                        f"{made_up_id('person', person + n)}:confirmation:{place + n}:0.0",
                        *[at(n)] * 3,
                    )
                    for n in span
                ),
            )
            for table, first, said in (
                (Answer, answer, {"value": "friend"}),
                (ChosenOption, option, {"option_id": "friend"}),
            ):
                ids = ((first + n // ONE_IN, person + n) for n in answered)
                pour(connection, table, {"question_id": question_id} | said, names("id registration_id"), ids)
    with transaction() as session:
        for model in (Registration, Place, Message, Answer, ChosenOption):
            go_on_counting(session.connection(), model)


def _awake(now: datetime) -> list[str]:
    """Zones where it is day now and stays so for a while: who sleeps gets no reminder."""
    return [tzid for tzid in _ZONES if 9 <= local(now, tzid).hour < 19]


def made_up_id(kind: str, number: int) -> str:
    octets = hashlib.blake2b(f"{kind}{number}".encode(), digest_size=10).digest()
    return base64.b32encode(octets).decode().lower()


def _reference(number: int) -> str:
    """Scattered like those that are drawn, and never the same one twice."""
    rest, letters = number * 1_234_567_891 % len(_LETTERS) ** 8, []
    for _ in range(8):
        rest, letter = divmod(rest, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def _relax() -> None:
    """The data are thrown away, so this process, which fills, need not wait for the disk."""
    engine = db.engine
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def on_connect(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA cache_size=-400000")

        db.session.remove()
        engine.dispose()


def _settle() -> None:
    """What the server would do by itself within the next minutes must not fall into the measurement.

    SQLite keeps no statistics unless somebody asks for them, so none are made here.
    """
    db.session.remove()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))
        else:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fill")
    for name in ("people", "rows", "others", "feed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args(arguments)
    fill(Settings.from_environment(), people=given.people, rows=given.rows, others=given.others, feed=given.feed)


if __name__ == "__main__":
    main(sys.argv[1:])
