"""Letters to those who work at an event, as their receivers get them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from eventsapp.actions import outbox, places
from eventsapp.actions.letters import announce
from eventsapp.actions.revise import revise
from eventsapp.actions.schedule import plan_scheduled
from eventsapp.actions.staff import plan_assignments, plan_digests, tell_staff
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import DigestEvery, LetterKind, MessageState, PlaceState, StaffRole
from eventsapp.mail.composing import compose
from eventsapp.mail.letters import Letter
from eventsapp.models import Assignment, Event, Message, Occurrence, Registration, Staff
from eventsapp.queries.letters import letter_of
from tests.factory import IN_ENGLISH, IN_SPANISH, Make
from tests.mail.conftest import Deliver
from tests.mail.letterbox import calendar_of, everything_in, text_of
from tests.mail.test_golden import WORDS, as_document


@pytest.fixture
def database(_sqlite_url: str) -> str:
    """The words are the same on both, so one is enough here."""
    return _sqlite_url


@pytest.fixture
def event(make: Make) -> Event:
    make.organization(accent="#7a2e8d", sender_name="Example League via Events")
    return make.event(
        languages={tag: WORDS[tag] for tag in ("en", "es")},
        occurrences=(IN_ENGLISH | {"capacity": 50}, IN_SPANISH | {"capacity": 2}),
    )


@pytest.fixture
def tell(session: Session, settings: Settings, now: datetime, event: Event, deliver: Deliver) -> Callable[[], object]:
    """``tell()`` writes to everybody of the team who does not know yet, and returns what they get."""

    def tell() -> list[EmailMessage]:
        with transaction() as own:
            tell_staff(own, event, now=now - timedelta(seconds=settings.change_delay), settings=settings)
            plan_assignments(own, now=now, settings=settings)
            _name_messages(own)
        return deliver()

    return tell


@pytest.fixture
def staffed(event: Event, make: Make) -> Staff:
    return make.staff(event, keys=["spanish"])


def _name_messages(session: Session) -> None:
    """Public ids are chance; here they count up, so that the files stay the same."""
    for number, message in enumerate(session.scalars(select(Message).order_by(Message.id))):
        old, new = message.public_id, f"message{'abcdefghi'[number] * 9}"
        message.public_id = new
        message.message_id = message.message_id.replace(old, new)
        message.thread_of = message.thread_of and "<m.messageaaaaaaaaa@example.org>"


def _later(occurrence: Occurrence) -> None:
    occurrence.dtstart_local += timedelta(hours=1)
    occurrence.starts_at += timedelta(hours=1)
    occurrence.ends_at += timedelta(hours=1)


def _elsewhere(occurrence: Occurrence) -> None:
    _later(occurrence)
    occurrence.location = {"": "Town hall, Main street 1"}
    occurrence.conference = None


def _renamed(occurrence: Occurrence) -> None:
    for words in occurrence.event.variants:
        words.summary += " 2026"


def _called_off(occurrence: Occurrence) -> None:
    occurrence.cancelled_at = occurrence.revised_at


def _put_back(occurrence: Occurrence) -> None:
    occurrence.cancelled_at = None


@pytest.fixture
def change(event: Event, now: datetime) -> Callable[[Callable[[Occurrence], None]], None]:
    def change(how: Callable[[Occurrence], None]) -> None:
        with transaction() as own:
            how(event.occurrences[1])
            revise(own, event.occurrences[1], now=now)

    return change


@pytest.mark.parametrize("role", [StaffRole.HOST, StaffRole.INTERPRETER])
def test_a_date_to_work_at(role, tell, event, make, golden):
    make.staff(event, role, keys=["spanish"])
    (mail,) = tell()
    golden(f"mail/assigned.en.{role}.txt", as_document(mail))


CHANGES = {
    "time": [_later],
    "time_and_place": [_elsewhere],
    "name": [_renamed],
    "called_off": [_called_off],
    "returned": [_called_off, _put_back],
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_date_that_changes(name, tell, staffed, change, golden):
    tell()
    for how in CHANGES[name]:
        change(how)
        (mail,) = tell()
    golden(f"mail/assigned.en.{name}.txt", as_document(mail))


def test_another_room(tell, staffed, event, golden):
    tell()
    with transaction() as own:
        event.occurrences[1].conference.passcode = "555123"
        own.scalars(select(Assignment)).one().revision += 1
    (mail,) = tell()
    golden("mail/assigned.en.room.txt", as_document(mail))


def test_a_date_without_them(tell, event, make, now, golden):
    make.staff(event, StaffRole.INTERPRETER, keys=["spanish"])
    tell()
    with transaction() as own:
        assignment = own.scalars(select(Assignment)).one()
        assignment.ended_at = now
        assignment.revision += 1
    (mail,) = tell()
    golden("mail/assigned.en.ended.txt", as_document(mail))
    assert "428571" not in everything_in(mail)


@pytest.fixture
def remind(event: Event, make: Make, settings: Settings, session: Session) -> Callable[..., Letter | None]:
    """What somebody who works at the Spanish date reads of its reminder, so long before the start."""
    starts_at = event.occurrences[1].starts_at

    def remind(before_start: timedelta, role: StaffRole = StaffRole.HOST) -> Letter | None:
        message = session.scalars(select(Message)).first()
        if message is None:
            staff = make.staff(event, role, keys=["spanish"])
            with transaction() as own:
                own.execute(update(Assignment).values(told_sequence=0, told_at=make.now, remind_at=make.now))
                evening = starts_at - timedelta(hours=27, minutes=30)  # 21:30 in London: a day before is in the night
                assert plan_scheduled(own, now=evening, settings=settings) == 1
                _name_messages(own)
            message = session.scalars(select(Message).where(Message.staff_id == staff.id)).one()
        return letter_of(session, message, now=starts_at - before_start, settings=settings)

    return remind


@pytest.mark.parametrize("role", [StaffRole.HOST, StaffRole.INTERPRETER])
def test_a_reminder(role, remind, golden):
    mail = compose(remind(timedelta(hours=24), role))
    assert mail["List-Unsubscribe"] is None
    golden(f"mail/reminder.en.{role}.txt", as_document(message_from_bytes(mail.as_bytes(), policy=default)))


@pytest.mark.parametrize("what", ["date cancelled", "event cancelled", "draft", "moved", "relieved", "late"])
def test_a_reminder_that_does_not_leave(what, remind, event, now, session):
    occurrence, before_start = event.occurrences[1], timedelta(hours=20)
    assert remind(before_start) is not None
    with transaction() as own:
        match what:
            case "date cancelled":
                occurrence.cancelled_at = now
            case "event cancelled":
                event.cancelled_at = now
            case "draft":
                event.published_at = None
            case "moved":
                _later(occurrence)
            case "relieved":
                own.scalars(select(Assignment)).one().ended_at = now
            case "late":
                before_start = timedelta(hours=12)
    session.rollback()
    assert remind(before_start) is None


class Calendars:
    """A calendar program, as far as it tells entries apart: the newest of each UID, until it is taken out."""

    def __init__(self) -> None:
        self.entries: dict[str, int] = {}

    def read(self, mails: list[EmailMessage]) -> list[str]:
        for mail in mails:
            text = calendar_of(mail)
            if not text:
                continue
            said = dict(line.split(":", 1) for line in text.split("\n") if ":" in line)
            if said["METHOD"] == "CANCEL":
                self.entries.pop(said["UID"], None)
            elif self.entries.get(said["UID"], -1) <= int(said["SEQUENCE"]):
                self.entries[said["UID"]] = int(said["SEQUENCE"])
        return sorted(self.entries)


def test_who_hosts_a_date_and_holds_a_place_there_has_an_entry_for_each(tell, event, make, settings, deliver):
    """Whatever becomes of the one, the other stays in their calendar."""
    calendar, now = Calendars(), make.now
    make.staff(event, keys=["spanish"], email="zoe@example.com")
    registration = make.registration(event, email="zoe@example.com", places={"spanish": PlaceState.CONFIRMED})
    with transaction() as own:
        person = own.get_one(Registration, registration.id)
        announce(own, person, LetterKind.CONFIRMATION, person.places, now=now, settings=settings)
    hosts, holds = "host-forum-spanish@events.example.org", "forum-spanish@events.example.org"
    assert calendar.read(tell()) == [holds, hosts]
    with transaction() as own:
        places.cancel(own, registration.id, now=now, settings=settings)
    assert calendar.read(deliver()) == [hosts]
    with transaction() as own:
        assignment = own.scalars(select(Assignment)).one()
        assignment.ended_at, assignment.revision = now, 1
    assert calendar.read(tell()) == []


@pytest.mark.usefixtures("staffed")
def test_a_letter_to_the_team_is_written_again(tell, settings, now, session, deliver):
    (first,) = tell()
    sent = session.scalars(select(Message)).one()
    with transaction() as own:
        again = outbox.retry(own, sent.public_id, now=now, settings=settings)
        assert (again.state, again.context, again.staff_id) == (MessageState.QUEUED, sent.context, sent.staff_id)
        assert outbox.retry(own, sent.public_id, now=now, settings=settings).dedupe_key != again.dedupe_key
    second, third = deliver()
    assert len({mail["Message-ID"] for mail in (first, second, third)}) == 3
    assert second["In-Reply-To"] == third["In-Reply-To"] == first["Message-ID"]
    assert text_of(second) == text_of(first)
    assert calendar_of(second) == calendar_of(first) != ""


def test_a_worker_that_is_run_once_does_not_wait_for_further_changes(staffed, event, settings, now, deliver):
    with transaction() as own:
        tell_staff(own, event, now=now, settings=settings)
    (mail,) = deliver()
    assert mail["Subject"] == "You host: Public forum, Monday 29 June 2026"


@pytest.fixture
def digest(settings, now, event, make, deliver) -> Callable[[], list[EmailMessage]]:
    make.staff(event, StaffRole.ORGANIZER, digest=DigestEvery.DAY, digest_at=now)

    def digest(days: int = 1) -> list[EmailMessage]:
        with transaction() as own:
            staff = own.scalars(select(Staff)).one()
            staff.digested_at = now - timedelta(days=days)
            staff.digest_at = now
            plan_digests(own, now=now, settings=settings)
            _name_messages(own)
        return deliver()

    return digest


def _people(make: Make, event: Event, now: datetime) -> None:
    """On the Spanish date two of two, one waiting, one cancelled since; on the English one three to decide about."""
    recent = now - timedelta(hours=3)
    for state in ("confirmed", "confirmed", "waitlisted", "cancelled"):
        registration = make.registration(event, places={"spanish": PlaceState(state)})
        _came(registration, now - timedelta(days=9) if state == "cancelled" else recent, recent)
    for _ in range(3):
        _came(make.registration(event, places={"english": PlaceState.PENDING}), recent, recent)
    old = make.registration(event, places={"english": PlaceState.CONFIRMED, "spanish": PlaceState.CANCELLED})
    _came(old, now - timedelta(days=9), now - timedelta(days=5))


def _came(registration, queued_at: datetime, changed_at: datetime) -> None:
    with transaction():
        for place in registration.places:
            place.queued_at, place.changed_at = queued_at, changed_at


def test_a_digest(digest, event, make, now, golden):
    _people(make, event, now)
    (mail,) = digest()
    golden("mail/digest.en.several.txt", as_document(mail))


def test_a_digest_of_letters_that_come_back(digest, event, make, now, golden):
    registration = make.registration(event)
    _came(registration, now - timedelta(days=9), now - timedelta(days=9))
    with transaction() as own:
        own.add(
            Message(
                registration_id=registration.id,
                public_id="messagezzzzzzzzz",
                message_id="<m.z@example.org>",
                kind="confirmation",
                language_tag="es",
                recipient=registration.email,
                address_key=registration.address_key,
                dedupe_key="z",
                state=MessageState.BOUNCED,
                due_at=now,
                sent_at=now - timedelta(hours=2),
                created_at=now - timedelta(hours=2),
            )
        )
    (mail,) = digest()
    golden("mail/digest.en.bounced.txt", as_document(mail))


def test_a_digest_names_nobody(digest, event, make, now):
    _people(make, event, now)
    said = everything_in(digest()[0]).replace("=\n", "")  # lines that quoted-printable broke
    assert "Zoë" not in said
    assert "person" not in said.replace("person waiting", "").replace("person to decide about", "")
    assert "K7PM" not in said
    assert "428571" not in said


def test_of_many_dates_a_digest_shows_those_where_something_happened(digest, event, make, now):
    dates = [
        {"key": f"date{number}", "dtstart_local": datetime(2026, 6, 1 + number, 16, 0)}  # noqa: DTZ001
        for number in range(25)
    ]
    series = make.event("series", occurrences=dates)
    registration = make.registration(series, places={"date3": PlaceState.CONFIRMED, "date4": PlaceState.CONFIRMED})
    _came(registration, now - timedelta(hours=1), now)
    with transaction() as own:
        own.scalars(select(Staff)).one().event_id = series.id
    (mail,) = digest()
    assert mail["Subject"] == "1 new registration: Public forum"
    assert "There are 23 more dates, on which nothing happened." in text_of(mail)
