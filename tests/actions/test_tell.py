"""Telling people of dates that changed: who is written to, of what, with which calendar object, and how often."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, Thread
from threading import Event as Stop
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp import ical
from eventsapp.actions import letters, outbox, places, tell
from eventsapp.actions.revise import revise
from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain import timezones
from eventsapp.domain.vocabulary import Choose, LetterKind, MessageState, PlaceState
from eventsapp.mail.letters import Letter
from eventsapp.mail.transport import MemoryTransport
from eventsapp.models import Event, LanguageVariant, Message, Occurrence, Place, Registration
from eventsapp.queries.letters import letter_of
from eventsapp.queries.untold import Untold, untold
from eventsapp.worker import run
from tests.conftest import NOW
from tests.factory import Make
from tests.statements import statements

CONFIRMED, WAITLISTED, PENDING = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
Tell = Callable[..., int]


@pytest.fixture
def change(make: Make, now: datetime) -> Callable[..., None]:
    """``change("spanish", later=HOUR)`` as an import does it; nobody is told."""

    def do(
        key: str, *, later: timedelta = timedelta(0), summary: Mapping[str, str] | None = None, **values: Any
    ) -> None:
        with transaction() as session:
            occurrence = session.scalars(select(Occurrence).where(Occurrence.key == key)).one()
            occurrence.dtstart_local += later
            for name, value in values.items():
                setattr(occurrence, name, value)
            occurrence.starts_at, occurrence.ends_at = timezones.span(
                occurrence.dtstart_local, occurrence.fold, occurrence.tzid, occurrence.duration_seconds
            )
            for variant in occurrence.event.variants:
                variant.summary = (summary or {}).get(variant.language_tag, variant.summary)
            revise(session, occurrence, now=now)

    return do


@pytest.fixture
def telling(session: Session, now: datetime, settings: Settings) -> Tell:
    """Say "tell them" and let the worker plan what is due then; returns how many letters that makes."""

    def do(*, limit: int = 200) -> int:
        before = len(kinds())
        with transaction() as writing:
            tell.tell(writing, writing.scalars(select(Event)).one(), now=now, settings=settings)
        plan(settings, now, limit=limit)
        with transaction() as reading:
            assert reading.scalars(select(Occurrence.tell_at)).all() == [None] * len(
                reading.scalars(select(Occurrence)).all()
            )
        return len(kinds()) - before

    return do


class Read:
    """The letters that wait, as their readers would get them now; None for one that says nothing any more."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.settings, self.now = settings, now

    def __call__(self) -> list[Letter | None]:
        with transaction() as session:
            waiting = session.scalars(select(Message).where(Message.state == MessageState.QUEUED).order_by(Message.id))
            return [letter_of(session, message, now=self.now, settings=self.settings) for message in waiting.all()]

    def only(self) -> Letter:
        (letter,) = self()
        assert letter is not None
        return letter


@pytest.fixture
def read(settings: Settings, now: datetime) -> Read:
    return Read(settings, now)


def plan(settings: Settings, now: datetime, *, limit: int = 200) -> None:
    later = now + timedelta(seconds=settings.change_delay)
    while True:
        with transaction() as session:
            if not tell.plan_changes(session, now=later, settings=settings, limit=limit):
                return


def kinds(*, alive: bool = False) -> list[str]:
    with transaction() as session:
        states = [MessageState.QUEUED] if alive else list(MessageState)
        return [
            str(kind)
            for kind in session.scalars(select(Message.kind).where(Message.state.in_(states)).order_by(Message.id))
        ]


def send_all(state: MessageState = MessageState.SENT) -> None:
    with transaction() as session:
        for message in session.scalars(select(Message).where(Message.state == MessageState.QUEUED)):
            message.state = state


@pytest.fixture
def confirm(settings: Settings, now: datetime) -> Callable[[int], None]:
    def do(registration_id: int) -> None:
        with transaction() as session:
            registration = session.get_one(Registration, registration_id)
            kind = LetterKind.CONFIRMATION
            letters.announce(session, registration, kind, registration.places, now=now, settings=settings)

    return do


def count(now: datetime) -> Untold:
    with transaction() as session:
        return untold(session, session.scalars(select(Event)).one(), now=now)


# One letter


def test_a_moved_date_is_one_letter_that_moves_the_calendar_entry(make, change, telling, now, read):
    event = make.event()
    starts_at = event.occurrences[1].starts_at
    make.registration(event)
    change("spanish", later=HOUR)
    assert count(now) == Untold(1, {"es": 1}, {"spanish": 1}, 0, count(now).samples)
    assert telling() == 1
    assert not count(now)
    letter = read.only()
    assert (letter.kind, letter.about[0].starts_at) == (LetterKind.CHANGED, starts_at + HOUR)
    assert letter.about[0].was.times == (starts_at, starts_at + HOUR, "America/Los_Angeles")
    assert (letter.about[0].was.location, letter.about[0].was.summary) == (None, None)
    assert letter.invitation.method == "REQUEST"
    entry = Calendar.from_ical(ical.request(letter.invitation.entry)).walk("VEVENT")[0]
    assert (int(entry["SEQUENCE"]), entry["UID"]) == (1, "forum-spanish@events.example.org")


def test_nobody_is_written_to_before_the_delay_is_over(make, change, settings, now):
    event = make.event()
    make.registration(event)
    change("spanish", later=HOUR)
    with transaction() as writing:
        tell.tell(writing, writing.scalars(select(Event)).one(), now=now, settings=settings)
    with transaction() as writing:
        early = now + timedelta(seconds=settings.change_delay - 1)
        assert tell.plan_changes(writing, now=early, settings=settings) == 0
    plan(settings, now)
    assert kinds() == ["changed"]


def test_nobody_is_written_to_who_was_not_to_be_told(make, change, settings, now):
    make.registration(make.event())
    change("spanish", later=HOUR)
    plan(settings, now)
    assert kinds() == []


def test_several_changes_in_a_row_are_one_letter_from_the_first_to_the_last(make, change, telling, read):
    event = make.event()
    before = event.occurrences[1].starts_at
    make.registration(event)
    change("spanish", later=HOUR)
    change("spanish", later=HOUR, location={"": "Hall 2"})
    assert telling() == 1
    was = read.only().about[0].was
    assert was.times[0] == before
    assert (was.location.text, was.online) == ("", True)


def test_a_letter_that_waits_is_overtaken_and_its_reader_learns_all(make, change, telling, read):
    event = make.event()
    before = event.occurrences[1].starts_at
    make.registration(event)
    change("spanish", later=HOUR)
    assert telling() == 1
    change("spanish", later=HOUR)
    assert telling() == 1
    assert kinds(alive=True) == ["changed"]
    letter = read.only()
    assert (letter.about[0].was.times[0], letter.about[0].starts_at) == (before, before + 2 * HOUR)
    assert letter.invitation.entry.sequence == 2


def test_a_change_taken_back_before_its_letter_left_is_told_to_nobody(make, change, telling):
    make.registration(make.event())
    change("spanish", later=HOUR)
    assert telling() == 1
    change("spanish", later=-HOUR)
    assert telling() == 0
    assert kinds(alive=True) == []


def test_a_change_taken_back_after_its_letter_left_is_told(make, change, telling, read):
    make.registration(make.event())
    change("spanish", later=HOUR)
    telling()
    send_all()
    change("spanish", later=-HOUR)
    assert telling() == 1
    assert read.only().invitation.entry.sequence == 2


@pytest.mark.parametrize("overtaken", [MessageState.SUPERSEDED, MessageState.FAILED])
def test_what_never_arrived_was_not_told(make, change, telling, overtaken, read):
    event = make.event()
    before = event.occurrences[1].starts_at
    make.registration(event)
    change("spanish", later=HOUR)
    telling()
    send_all(overtaken)
    change("spanish", later=HOUR)
    assert telling() == 1
    assert read.only().about[0].was.times[0] == before


def test_a_change_taken_back_while_its_letter_waits_drops_it_when_it_is_rendered(make, change, telling, read):
    make.registration(make.event())
    change("spanish", later=HOUR)
    telling()
    change("spanish", later=-HOUR)
    assert read() == [None]


def test_a_confirmation_that_waits_says_the_new_time_by_itself(make, change, telling, now, confirm):
    one = make.registration(make.event()).id
    confirm(one)
    change("spanish", later=HOUR)
    assert telling() == 0
    assert kinds(alive=True) == ["confirmation"]
    assert not count(now)


def test_a_confirmation_that_may_have_arrived_is_followed_by_the_change(make, change, telling, confirm):
    one = make.registration(make.event()).id
    confirm(one)
    with transaction() as session:
        session.scalars(select(Message)).one().uncertain = True
    change("spanish", later=HOUR)
    assert telling() == 1


def test_told_twice_is_written_once(make, change, telling):
    make.registration(make.event())
    change("spanish", later=HOUR)
    assert [telling(), telling()] == [1, 0]


# Whom it concerns


def test_only_those_are_told_who_hold_a_place_that_changed(make, change, telling, session, now):
    event = make.event(choose=Choose.ANY)
    for state in PlaceState:
        make.registration(event, email=f"{state}@example.org", places={"spanish": state})
    make.registration(event, email="other@example.org", places={"english": CONFIRMED})
    make.registration(event, email="gone@example.org", erased_at=now)
    change("spanish", later=HOUR)
    assert (count(now).people, dict(count(now).by_occurrence)) == (3, {"spanish": 3})
    assert telling() == 3
    told = session.scalars(select(Message.recipient).order_by(Message.id)).all()
    assert told == [f"{state}@example.org" for state in (CONFIRMED, WAITLISTED, PENDING)]


@pytest.mark.parametrize(
    "values",
    [{"tzid": "America/Vancouver"}, {"capacity": 5}, {"join_opens_seconds": 60}],
    ids=["zone", "capacity", "opening"],
)
def test_what_nobody_reads_is_told_to_nobody_and_counts_as_told(make, change, telling, session, values):
    make.registration(make.event())
    change("spanish", **values)
    assert telling() == 0
    assert session.scalars(select(Place.told_sequence)).all() == [1]


def test_a_new_name_is_told_to_those_who_read_it(make, change, telling, now, read):
    event = make.event(languages={"en": "Public forum", "es": "Foro público", "fr": "Forum public"})
    for tag in ("en", "es", "fr", "pt-BR"):
        make.registration(event, language_tag=tag, email=f"{tag}@example.org")
    change("spanish", summary={"en": "Open forum", "fr": "Forum ouvert"})
    assert dict(count(now).by_language) == {"en": 1, "fr": 1, "pt-BR": 1}
    assert telling() == 3
    letters_by_tag = {letter.language_tag: letter for letter in read()}
    assert letters_by_tag["fr"].about[0].was.summary.text == "Forum public"
    assert letters_by_tag["pt-BR"].about[0].was.summary.text == "Public forum"


def test_a_translation_is_no_new_name(make, telling, now):
    event = make.event(languages={"en": "Public forum", "es": "Foro público"})
    make.registration(event)
    with transaction() as writing:
        occurrence = writing.scalars(select(Occurrence).where(Occurrence.key == "spanish")).one()
        occurrence.event.variants.pop()
        revise(writing, occurrence, now=now)
    telling()
    with transaction() as writing:
        occurrence = writing.scalars(select(Occurrence).where(Occurrence.key == "spanish")).one()
        occurrence.event.variants.append(LanguageVariant(language_tag="es", summary="Foro público", position=1))
        revise(writing, occurrence, now=now)
    assert not count(now)


def test_a_draft_tells_nobody(make, change, telling, now):
    make.registration(make.event(published_at=None))
    change("spanish", later=HOUR)
    assert not count(now)
    assert telling() == 0


def test_what_is_over_by_its_new_end_is_told_to_nobody(make, change, telling, now):
    make.registration(make.event())
    change("spanish", later=-timedelta(days=365))
    assert not count(now)
    assert telling() == 0


def test_a_letter_knows_until_when_it_is_worth_sending(make, change, telling, session):
    event = make.event()
    ends_at = event.occurrences[1].ends_at
    make.registration(event)
    change("spanish", later=HOUR)
    telling()
    assert session.scalars(select(Message.expires_at)).all() == [ends_at + HOUR]
    assert session.scalars(select(Message.priority)).all() == [2]


# Several dates


def test_several_moved_dates_are_one_letter_and_an_invite_for_each(make, change, telling, read):
    event = make.event(choose=Choose.ANY)
    make.registration(event, places={"english": CONFIRMED, "spanish": CONFIRMED})
    change("english", later=HOUR)
    change("spanish", later=HOUR)
    assert telling() == 3
    changed, *invites = read()
    assert (changed.kind, [slot.key for slot in changed.about], changed.invitation) == (
        LetterKind.CHANGED,
        ["english", "spanish"],
        None,
    )
    assert [(letter.kind, letter.about[0].key, letter.invitation.entry.sequence) for letter in invites] == [
        (LetterKind.INVITE, "english", 1),
        (LetterKind.INVITE, "spanish", 1),
    ]


def test_of_several_dates_one_that_moved_brings_its_entry_with_the_letter(make, change, telling, read):
    event = make.event(choose=Choose.ANY)
    make.registration(event, places={"english": CONFIRMED, "spanish": CONFIRMED})
    change("english", later=HOUR)
    assert telling() == 1
    letter = read.only()
    assert [slot.key for slot in letter.about] == ["english"]
    assert [slot.key for slot in letter.others] == ["spanish"]
    assert letter.invitation.entry.uid == "forum-english@events.example.org"


def test_a_second_date_that_moves_joins_the_letter_that_waits(make, change, telling, read):
    event = make.event(choose=Choose.ANY)
    make.registration(event, places={"english": CONFIRMED, "spanish": CONFIRMED})
    change("english", later=HOUR)
    telling()
    change("spanish", later=HOUR)
    telling()
    assert kinds(alive=True) == ["changed", "invite", "invite"]
    assert [slot.key for slot in read()[0].about] == ["english", "spanish"]
    change("english", later=-HOUR)
    telling()
    assert kinds(alive=True) == ["changed"]
    assert [slot.key for slot in read.only().about] == ["spanish"]


def test_moved_and_called_off_are_two_letters(make, change, telling, read, confirm):
    event = make.event(choose=Choose.ANY)
    one = make.registration(event, places={"english": CONFIRMED, "spanish": CONFIRMED}).id
    confirm(one)
    send_all()
    change("english", later=HOUR)
    change("spanish", cancelled_at=NOW)
    assert telling() == 2
    found = {letter.kind: letter for letter in read()}
    assert [slot.key for slot in found[LetterKind.CHANGED].about] == ["english"]
    assert found[LetterKind.CANCELLED].invitation.method == "CANCEL"
    assert found[LetterKind.CANCELLED].about[0].called_off


# Called off and put back


def test_a_date_called_off_is_told_to_everybody_who_holds_a_place(make, change, telling, session):
    event = make.event(choose=Choose.ANY)
    for state in PlaceState:
        make.registration(event, email=f"{state}@example.org", places={"spanish": state})
    make.registration(event, email="both@example.org", places={"english": CONFIRMED, "spanish": CONFIRMED})
    make.registration(event, email="other@example.org", places={"english": CONFIRMED})
    change("spanish", cancelled_at=NOW)
    assert telling() == 4
    assert kinds() == ["cancelled"] * 4
    told = session.scalars(select(Message.recipient).order_by(Message.id)).all()
    assert told == [f"{name}@example.org" for name in (CONFIRMED, WAITLISTED, PENDING, "both")]
    assert telling() == 0


def test_a_date_called_off_is_told_also_to_whom_a_confirmation_has_yet_to_reach(make, change, telling, read, confirm):
    one = make.registration(make.event()).id
    confirm(one)
    change("spanish", cancelled_at=NOW)
    assert telling() == 1
    confirmation, cancelled = read()
    assert confirmation is None
    assert (cancelled.kind, cancelled.invitation) == (LetterKind.CANCELLED, None)
    change("spanish", cancelled_at=None)
    assert telling() == 0
    confirmation, cancelled = read()
    assert (confirmation.kind, cancelled) == (LetterKind.CONFIRMATION, None)


def test_a_date_put_back_brings_its_entry_again(make, change, telling, read, confirm):
    one = make.registration(make.event()).id
    confirm(one)
    send_all()
    change("spanish", cancelled_at=NOW)
    telling()
    send_all()
    change("spanish", cancelled_at=None)
    assert telling() == 1
    letter = read.only()
    assert (letter.kind, letter.about[0].was.cancelled, letter.about[0].was.times) == (LetterKind.CHANGED, True, None)
    assert (letter.invitation.method, letter.invitation.entry.sequence) == ("REQUEST", 2)


def test_an_event_called_off_is_told_for_each_date_that_is_to_come(make, telling, session, now):
    event = make.event(choose=Choose.ANY)
    make.registration(event, places={"english": CONFIRMED, "spanish": WAITLISTED})
    with transaction() as writing:
        event = writing.scalars(select(Event)).one()
        event.cancelled_at = now
        for occurrence in event.occurrences:
            revise(writing, occurrence, now=now)
    assert (count(now).people, dict(count(now).by_occurrence)) == (1, {"english": 1, "spanish": 1})
    assert telling() == 2
    assert session.scalars(select(Message.kind)).all() == [LetterKind.CANCELLED] * 2
    assert set(session.scalars(select(Place.state))) == {CONFIRMED, WAITLISTED}


def test_a_date_put_back_before_anybody_heard_of_it_is_told_to_nobody(make, change, telling, confirm):
    one = make.registration(make.event()).id
    confirm(one)
    send_all()
    change("spanish", cancelled_at=NOW)
    assert telling() == 1
    change("spanish", cancelled_at=None)
    assert telling() == 0
    assert kinds(alive=True) == []


def test_what_happens_to_a_date_that_is_called_off_is_told_to_nobody(make, change, telling):
    make.registration(make.event())
    change("spanish", cancelled_at=NOW)
    telling()
    send_all()
    change("spanish", later=HOUR)
    assert telling() == 0
    change("spanish", cancelled_at=None)
    assert telling() == 1


def test_the_chain_of_a_person_only_rises(make, change, telling, read, confirm):
    """Confirmed, moved, moved back, given up, come back, called off, put back: each with a higher SEQUENCE."""
    event = make.event()
    one, event_id = make.registration(event).id, event.id
    seen: list[tuple[str, int]] = []
    settings = read.settings

    def note() -> None:
        letter = read.only()
        seen.append((letter.invitation.method, letter.invitation.entry.sequence))
        send_all()

    confirm(one)
    note()
    for values in ({"later": HOUR}, {"later": -HOUR}):
        change("spanish", **values)
        telling()
        note()
    with transaction() as writing:
        places.cancel(writing, one, now=NOW, settings=settings)
    note()
    with transaction() as writing:
        taken = places.take_event(writing, event_id)
        registration = writing.get_one(Registration, one)
        places.give(taken, registration, {"spanish": CONFIRMED}, now=NOW, queued_at=NOW)
        letters.announce(
            writing, registration, LetterKind.CONFIRMATION, registration.places, now=NOW, settings=settings
        )
    note()
    for values in ({"cancelled_at": NOW}, {"cancelled_at": None}):
        change("spanish", **values)
        telling()
        note()
    assert seen == [
        ("REQUEST", 0),
        ("REQUEST", 1),
        ("REQUEST", 2),
        ("CANCEL", 3),
        ("REQUEST", 4),
        ("CANCEL", 5),
        ("REQUEST", 6),
    ]


# Before anybody is written to


def test_a_rehearsal_shows_the_letters_and_leaves_nothing(make, change, settings, now):
    event = make.event()
    one = make.registration(event).id
    change("spanish", later=HOUR)
    with transaction() as writing:
        event = writing.scalars(select(Event)).one()
        with tell.rehearsed(writing, event, [one], now=now, settings=settings) as written:
            letter = letter_of(writing, written[0], now=now, settings=settings)
            assert (letter.kind, letter.invitation.entry.sequence) == (LetterKind.CHANGED, 1)
        assert untold(writing, event, now=now).people == 1
    assert kinds() == []


# Many, and several at once


@pytest.mark.parametrize("people", [1, 7])
def test_planning_asks_the_database_equally_often_for_one_and_for_many(make, change, settings, people, confirm):
    event = make.event()
    for _ in range(people):
        one = make.registration(event).id
        confirm(one)
    send_all()
    change("spanish", later=HOUR)
    with transaction() as writing:
        tell.tell(writing, writing.scalars(select(Event)).one(), now=NOW, settings=settings)
    with statements() as sent, transaction() as writing:
        tell.plan_changes(writing, now=NOW + MINUTE, settings=settings)
    assert kinds(alive=True) == ["changed"] * people
    assert len(sent) <= 22


def test_batches_leave_nobody_out(make, change, telling):
    event = make.event()
    for _ in range(5):
        make.registration(event)
    change("spanish", later=HOUR)
    assert telling(limit=2) == 5


def test_two_workers_write_one_letter_each_person(make, change, app: Flask, settings, now):
    event = make.event()
    for _ in range(6):
        make.registration(event)
    change("spanish", later=HOUR)
    with transaction() as writing:
        tell.tell(writing, writing.scalars(select(Event)).one(), now=now, settings=settings)
    together = Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with app.app_context():
                together.wait(10)
                plan(settings, now, limit=2)
                db.session.remove()
        except BaseException as error:  # noqa: BLE001  shown below
            failures.append(error)

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert kinds() == ["changed"] * 6


def test_a_worker_that_dies_leaves_all_to_be_done(make, change, settings, now):
    make.registration(make.event())
    change("spanish", later=HOUR)
    with transaction() as writing:
        tell.tell(writing, writing.scalars(select(Event)).one(), now=now, settings=settings)
    with suppress(KeyboardInterrupt), transaction() as writing:
        assert tell.plan_changes(writing, now=now + MINUTE, settings=settings) == 2
        raise KeyboardInterrupt
    assert kinds() == []
    plan(settings, now)
    assert kinds() == ["changed"]


def test_a_worker_that_does_what_is_due_leaves_no_letter_about_a_change_behind(make, change, app, settings, now):
    make.registration(make.event())
    change("spanish", later=HOUR)
    with transaction() as writing:
        tell.tell(writing, writing.scalars(select(Event)).one(), now=now, settings=settings)
    carrier = MemoryTransport()
    run(app, stop=Stop(), once=True, transport=carrier, clock=lambda: now)
    assert [envelope.recipient for _, envelope in carrier.sent] == ["person1@example.com"]
    assert kinds(alive=True) == []


def test_whoever_registers_now_knows_how_it_stands(make, change, session, now, confirm):
    event = make.event()
    change("spanish", later=HOUR)
    one = make.registration(event).id
    with transaction() as writing:
        writing.scalars(select(Place)).one().told_sequence = None
    confirm(one)
    place = session.scalars(select(Place)).one()
    assert (place.told_sequence, place.told_at) == (1, now)
    assert outbox.waiting(session, now=now).due == 1
