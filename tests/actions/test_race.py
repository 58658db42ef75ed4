"""The last places, fought for by processes: nobody is doubled. With the lock taken out they are, so the lock is why."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, Select, func, select
from sqlalchemy.exc import IntegrityError

import eventsapp.db
from eventsapp.actions import floods, places, resend
from eventsapp.actions.move import choose_dates
from eventsapp.actions.register import register
from eventsapp.actions.verify import verify
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import Refused
from eventsapp.domain.questions import AnswerValue
from eventsapp.domain.vocabulary import PlaceState, QuestionType
from eventsapp.models import ChosenOption, Event, Message, Place, Receipt, Registration
from eventsapp.queries import registrations

CONTENDERS = 8
LAST_PLACES = 5
PATIENCE = 90

WORLD = multiprocessing.get_context("forkserver")
WORLD.set_forkserver_preload([__name__, "psycopg", "sqlalchemy.dialects.postgresql.psycopg"])


DIET = {
    "key": "diet",
    "type": QuestionType.SINGLE_CHOICE,
    "options": [{"id": "vegan", "label": {"en": "Vegan"}, "limit": LAST_PLACES}],
}


@dataclass(frozen=True)
class Task:
    """What one process does: ``email`` registers, choosing ``option``, ``cancels`` gives a registration up,
    ``verifies`` presses the button of its letter, ``moves`` takes one to the Spanish date, or ``asks`` for the link.
    ``looks``: what it looks at before it writes.
    """

    settings: Settings
    now: datetime
    event_id: int
    email: str = ""
    cancels: int = 0
    verifies: int = 0
    moves: int = 0
    asks: bool = False
    option: str = ""
    looks: str = "tallies"
    locked: bool = True


def contend(task: Task, start: Barrier, counted: Barrier, results: Any) -> None:
    """One process: its own engine, its own transaction, its result on the queue."""
    if not task.locked:
        take_the_lock_out()
    slow_down(task, counted)
    with small_app(task.settings).app_context():
        db.session.execute(select(Event.id))
        db.session.rollback()
        start.wait(PATIENCE)
        try:
            with transaction() as session:
                if task.cancels:
                    places.cancel(session, task.cancels, now=task.now, settings=task.settings)
                    result = "cancelled"
                elif task.verifies:
                    verify(session, task.verifies, now=task.now, settings=task.settings)
                    result = "verified"
                elif task.moves:
                    choose_dates(session, task.moves, ["spanish"], now=task.now, settings=task.settings)
                    result = "moved"
                elif task.asks:
                    address = read_address(task.email)
                    resend.send_link(session, task.event_id, address, now=task.now, settings=task.settings)
                    result = "asked"
                else:
                    receipt = register(
                        session, task.event_id, applicant(task.email, task.option), now=task.now, settings=task.settings
                    )
                    result = str(receipt.outcome["spanish"])
        except Refused:
            result = "refused"
        except IntegrityError:
            result = "database error"
        finally:
            db.engine.dispose()
    results.put(result)


def slow_down(task: Task, counted: Barrier) -> None:
    """Widen the window between counting and writing; without the lock nobody writes before everybody has counted."""
    waited: list[bool] = []
    room, counting = (resend, "_last_letter") if task.asks else (registrations, task.looks)
    counting = "options_left" if task.option else counting
    count = getattr(room, counting)

    def count_slowly(*arguments: Any, **named: Any) -> Any:
        found = count(*arguments, **named)
        if task.locked:
            time.sleep(0.02)
        elif not waited:  # once: whoever writes keeps the others from the count
            waited.append(True)
            counted.wait(PATIENCE)
        return found

    setattr(room, counting, count_slowly)


def take_the_lock_out() -> None:
    """Neither a locked row nor SQLite's one writer at a time: every statement for itself."""

    def unlocked(self: Select[Any], **_: Any) -> Select[Any]:
        return self

    def every_statement_for_itself(engine: Engine) -> None:
        if engine.dialect.name == "sqlite":
            eventsapp.db.event.listen(engine, "connect", lambda connection, _: autocommit(connection))

    def autocommit(connection: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=15000")

    floods.take_turn = lambda *_: None
    Select.with_for_update = unlocked  # type: ignore[method-assign, assignment]
    eventsapp.db.prepare_engine = every_statement_for_itself


def small_app(settings: Settings) -> Flask:
    """No pages: a process has to begin quickly."""
    app = Flask("race")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    db.init_app(app)
    with app.app_context():
        eventsapp.db.prepare_engine(db.engine)
    return app


def applicant(email: str, option: str) -> Applicant:
    answers: dict[str, AnswerValue] = {"diet": option} if option else {}
    return Applicant("Ana", read_address(email), "es", "America/Mexico_City", ("spanish",), answers)


@pytest.fixture
def race() -> Callable[[Sequence[Task]], Counter[str]]:
    def race(tasks: Sequence[Task]) -> Counter[str]:
        db.session.remove()
        start, counted, results = WORLD.Barrier(len(tasks)), WORLD.Barrier(len(tasks)), WORLD.Queue()
        processes = [WORLD.Process(target=contend, args=(task, start, counted, results)) for task in tasks]
        for process in processes:
            process.start()
        try:
            return Counter(results.get(timeout=PATIENCE) for _ in processes)
        finally:
            for process in processes:
                process.join(PATIENCE)
                process.kill()
            results.close()

    return race


@pytest.fixture
def last_places(make):
    """The id of an event whose Spanish date has five places left."""

    def last_places(**values: Any) -> int:
        event = make.event(**values)
        with transaction():
            event.occurrences[1].capacity = LAST_PLACES
        return event.id

    return last_places


def strangers(settings: Settings, now: datetime, event_id: int, *, option: str = "", locked: bool = True) -> list[Task]:
    return [
        Task(settings, now, event_id, f"person{number}@example.org", option=option, locked=locked)
        for number in range(CONTENDERS)
    ]


def states() -> Counter[PlaceState]:
    db.session.rollback()
    return Counter(db.session.scalars(select(Place.state)))


def rows(table: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_the_last_places_go_to_as_many_and_no_more(race, last_places, settings, now):
    event_id = last_places()
    assert race(strangers(settings, now, event_id)) == {"confirmed": 5, "refused": 3}
    assert states() == {PlaceState.CONFIRMED: 5}
    assert rows(Message) == 5


def test_without_the_lock_they_are_oversold(race, last_places, settings, now):
    event_id = last_places()
    assert race(strangers(settings, now, event_id, locked=False)) == {"confirmed": 8}
    assert states()[PlaceState.CONFIRMED] > LAST_PLACES


def test_the_last_places_of_an_option_go_to_as_many_and_no_more(race, make, settings, now):
    event_id = make.event(questions=[DIET]).id
    assert race(strangers(settings, now, event_id, option="vegan")) == {"confirmed": 5, "refused": 3}
    assert (rows(ChosenOption), rows(Registration)) == (5, 5)


def test_without_the_lock_an_option_is_oversold(race, make, settings, now):
    event_id = make.event(questions=[DIET]).id
    assert race(strangers(settings, now, event_id, option="vegan", locked=False)) == {"confirmed": 8}
    assert rows(ChosenOption) > LAST_PLACES


def movers(make, settings: Settings, now: datetime, event_id: int, *, locked: bool = True) -> list[Task]:
    """People with a place at the English date who all want to hold one at the Spanish date instead."""
    event = db.session.get_one(Event, event_id)
    there = [make.registration(event, places={"english": PlaceState.CONFIRMED}).id for _ in range(CONTENDERS)]
    return [Task(settings, now, event_id, moves=one, locked=locked) for one in there]


def test_the_last_places_go_to_as_many_movers_and_the_others_keep_theirs(race, last_places, settings, now, make):
    event_id = last_places()
    assert race(movers(make, settings, now, event_id)) == {"moved": 5, "refused": 3}
    assert states() == {PlaceState.CONFIRMED: CONTENDERS, PlaceState.CANCELLED: LAST_PLACES}


def test_without_the_lock_movers_are_oversold(race, last_places, settings, now, make):
    event_id = last_places()
    assert race(movers(make, settings, now, event_id, locked=False)) == {"moved": 8}


def latecomers(make, settings: Settings, now: datetime, event_id: int, *, locked: bool = True) -> list[Task]:
    """People whose places were given up because their time was over, who all press the button now."""
    event = db.session.get_one(Event, event_id)
    there = [
        make.registration(event, places={"spanish": PlaceState.CANCELLED}, verify_until=now).id
        for _ in range(CONTENDERS)
    ]
    return [Task(settings, now, event_id, verifies=one, locked=locked) for one in there]


def test_the_last_places_go_to_as_many_who_verify_late(race, last_places, settings, now, make):
    event_id = last_places(verify_seconds=60)
    assert race(latecomers(make, settings, now, event_id)) == {"verified": 5, "refused": 3}
    assert states()[PlaceState.CONFIRMED] == LAST_PLACES
    assert rows(Message) == LAST_PLACES


def test_without_the_lock_latecomers_are_oversold(race, last_places, settings, now, make):
    event_id = last_places(verify_seconds=60)
    assert race(latecomers(make, settings, now, event_id, locked=False)) == {"verified": 8}


def test_a_button_pressed_eight_times_at_once_writes_one_letter(race, last_places, settings, now, make):
    event_id = last_places(verify_seconds=60)
    waiting = {"spanish": PlaceState.UNVERIFIED}
    one = make.registration(db.session.get_one(Event, event_id), places=waiting).id
    assert race([Task(settings, now, event_id, verifies=one)] * CONTENDERS) == {"verified": CONTENDERS}
    assert (states(), rows(Message)) == ({PlaceState.CONFIRMED: 1}, 1)


def test_those_who_come_and_those_who_go_never_overfill(race, last_places, settings, now, make):
    event_id = last_places(waitlist=True)
    event = db.session.get_one(Event, event_id)
    going = [make.registration(event).id for _ in range(LAST_PLACES)][:4]
    for _ in range(2):
        make.registration(event, places={"spanish": PlaceState.WAITLISTED})
    later = now + timedelta(hours=1)
    coming = strangers(settings, later, event_id)[:4]
    results = race([*coming, *(Task(settings, later, event_id, cancels=one) for one in going)])
    assert results["cancelled"] == 4
    assert states() == {PlaceState.CONFIRMED: 5, PlaceState.CANCELLED: 4, PlaceState.WAITLISTED: 2}
    still = db.session.scalars(
        select(Registration.email).join(Registration.places).where(Place.state == PlaceState.CONFIRMED)
    ).all()
    assert {"person6@example.com", "person7@example.com"} < set(still)  # who waited first is in


def test_one_address_at_once_makes_one_registration_and_one_letter(race, last_places, settings, now):
    event_id = last_places()
    tasks = [Task(settings, now, event_id, "ana@example.org") for _ in range(CONTENDERS)]
    assert race(tasks) == {"confirmed": CONTENDERS}
    assert (rows(Registration), rows(Place), rows(Message), rows(Receipt)) == (1, 1, 1, CONTENDERS)


def test_without_the_lock_only_the_unique_key_stands_between(race, last_places, settings, now):
    event_id = last_places()
    one = Task(settings, now, event_id, "ana@example.org", looks="registration_known", locked=False)
    results = race([one] * CONTENDERS)
    assert rows(Registration) == 1
    assert results["database error"] == CONTENDERS - 1


def test_the_link_asked_for_eight_times_at_once_is_one_letter(race, make, settings, now):
    tasks = asking(make, settings, now)
    assert race(tasks) == {"asked": CONTENDERS}
    assert rows(Message) == 1


def test_without_its_turn_each_writes_a_letter(race, make, settings, now):
    results = race(asking(make, settings, now, locked=False))
    assert results["asked"] > 1
    assert rows(Message) > 1


def asking(make: Any, settings: Settings, now: datetime, *, locked: bool = True) -> list[Task]:
    event_id = make.registration(make.event(), email="ana@example.org").event_id
    return [Task(settings, now, event_id, "ana@example.org", asks=True, locked=locked) for _ in range(CONTENDERS)]
