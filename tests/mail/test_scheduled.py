"""Reminders and follow-ups: what they say when they leave, when they do not leave, and how one ends them (RFC 8058)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from eventsapp.actions.schedule import plan_scheduled
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.triggers import anchor, read_trigger
from eventsapp.domain.vocabulary import Evidence, LetterKind, PlaceState, Purpose
from eventsapp.mail.composing import compose
from eventsapp.mail.headers import POLICY
from eventsapp.mail.letters import Letter
from eventsapp.models import Attendance, Message, Place, Registration
from eventsapp.queries.entries import personal_token
from eventsapp.queries.letters import letter_of
from tests.factory import IN_ENGLISH, IN_SPANISH, Make
from tests.mail.letterbox import Page, calendar_of, everything_in, html_of, shape_of, text_of
from tests.mail.test_golden import WORDS, as_document

REMINDER, FOLLOW_UP, MISSED = LetterKind.REMINDER, LetterKind.FOLLOW_UP, LetterKind.MISSED
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TRIGGERS = {
    REMINDER: "24 hours before start",
    FOLLOW_UP: "1 day after end at 10:00",
    MISSED: "1 day after end at 10:00",
}
ROOM = ("zoom.us", "82314567890", "823 1456 7890", "428571")
RECORDING = "https://us06web.zoom.us/rec/share/abc"


@pytest.fixture
def database(_sqlite_url: str) -> str:
    """The words are the same on both, so one is enough here."""
    return _sqlite_url


@dataclass
class Desk:
    """One person with one place, and the one scheduled letter about it, read ``before_start``."""

    session: Session
    settings: Settings
    make: Make
    registration: Registration

    @property
    def starts_at(self) -> datetime:
        return self.registration.places[0].occurrence.starts_at

    def queue(self, kind: LetterKind, trigger: str = "", **values: Any) -> Message:
        trigger = trigger or TRIGGERS[kind]
        place = self.registration.places[0]
        counted_from = anchor(read_trigger(trigger), place.occurrence.starts_at, place.occurrence.ends_at)
        values = {
            "registration_id": self.registration.id,
            "public_id": "messageaaaaaaaaa",
            "message_id": "<m.messageaaaaaaaaa@example.org>",
            "thread_of": "<m.messagethefirst@example.org>",
            "kind": kind,
            "language_tag": self.registration.language_tag,
            "recipient": self.registration.email,
            "address_key": self.registration.address_key,
            "dedupe_key": "one",
            "context": {"places": [place.id], "trigger": trigger, "anchor": counted_from.isoformat()},
            "due_at": self.make.now,
            "created_at": self.make.now,
        } | values
        with transaction() as session:
            message = Message(**values)
            session.add(message)
        return message

    def letter(self, message: Message, before_start: timedelta) -> Letter | None:
        return letter_of(self.session, message, now=self.starts_at - before_start, settings=self.settings)

    def mail(self, kind: LetterKind, before_start: timedelta, **values: Any) -> EmailMessage:
        letter = self.letter(self.queue(kind, **values), before_start)
        assert letter is not None
        return read(compose(letter))

    def join(self) -> None:
        with transaction() as session:
            place = self.registration.places[0]
            evidence, joined_at = Evidence.JOIN_LINK, place.occurrence.starts_at
            session.add(Attendance(place_id=place.id, evidence=evidence, joined_at=joined_at))


@pytest.fixture
def desk(session: Session, settings: Settings, make: Make) -> Callable[..., Desk]:
    def desk(*, recording: bool = False, event: dict[str, Any] | None = None, **person: Any) -> Desk:
        make.organization(accent="#7a2e8d", sender_name="Example League via Events")
        spanish = dict(IN_SPANISH) | {"recording": {"": RECORDING} if recording else {}}
        made = make.event(**({"languages": WORDS, "occurrences": (IN_ENGLISH, spanish)} | (event or {})))
        person = {
            "email": "zoe@example.com",
            "language_tag": "en",
            "tzid": "Europe/London",
            "name": "Ann Lee",
            "public_id": "registrationabcd",
            "reference": "K7PM-2QXD",
        } | person
        return Desk(session, settings, make, make.registration(made, **person))

    return desk


def read(message: EmailMessage) -> EmailMessage:
    mail = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


class TestGolden:
    def test_reminder_of_the_day_before(self, desk: Callable[..., Desk], golden: Callable[[str, str], None]) -> None:
        golden("mail/reminder.en.tomorrow.txt", as_document(desk().mail(REMINDER, 24 * HOUR)))

    def test_reminder_of_the_hour_before(self, desk: Callable[..., Desk], golden: Callable[[str, str], None]) -> None:
        where = dict(IN_SPANISH) | {"location": {"": "Calle Mayor 1, Madrid"}, "conference": None}
        one = desk(event={"occurrences": (where,)}, tzid="America/Los_Angeles")
        golden("mail/reminder.en.soon.txt", as_document(one.mail(REMINDER, HOUR, trigger="1 hour before start")))

    @pytest.mark.parametrize("came", [True, False])
    @pytest.mark.parametrize("recording", [True, False])
    def test_follow_up(
        self, desk: Callable[..., Desk], golden: Callable[[str, str], None], *, came: bool, recording: bool
    ) -> None:
        one = desk(recording=recording)
        if came:
            one.join()
        state = f"{'came' if came else 'unknown'}{'.recording' if recording else ''}"
        golden(f"mail/follow_up.en.{state}.txt", as_document(one.mail(FOLLOW_UP, -DAY)))

    @pytest.mark.parametrize("recording", [True, False])
    def test_missed(self, desk: Callable[..., Desk], golden: Callable[[str, str], None], *, recording: bool) -> None:
        one = desk(recording=recording)
        golden(f"mail/missed.en.missed{'.recording' if recording else ''}.txt", as_document(one.mail(MISSED, -DAY)))


class TestWhatIsAhead:
    @pytest.mark.parametrize(
        ("before_start", "said"),
        [
            (48 * HOUR, "Monday 29 June 2026, 1:00 am"),
            (24 * HOUR + 59 * MINUTE, "Tomorrow, Monday, at 1:00 am"),
            (24 * HOUR, "Tomorrow, Monday, at 1:00 am"),
            (63 * MINUTE, "Tomorrow, Monday, at 1:00 am"),
            (HOUR + 50 * timedelta(seconds=1), "In 1 hour, at 1:00 am"),
            (HOUR - timedelta(seconds=3), "In 1 hour, at 1:00 am"),
            (56 * MINUTE, "In 55 minutes, at 1:00 am"),
            (9 * MINUTE + timedelta(seconds=40), "In 10 minutes, at 1:00 am"),
            (61 * timedelta(seconds=1), "In 1 minute, at 1:00 am"),
            (30 * timedelta(seconds=1), "It starts now"),
            (-30 * timedelta(seconds=1), "It starts now"),
            (-5 * MINUTE, "It has begun"),
        ],
    )
    def test_it_is_what_is_left_when_the_letter_leaves(
        self, before_start: timedelta, said: str, desk: Callable[..., Desk]
    ) -> None:
        mail = desk().mail(REMINDER, before_start)
        assert text_of(mail).split("\n")[0] == said
        assert said in Page(html_of(mail)).lines
        assert mail["Subject"] == "Monday 29 June 2026, 1:00 am: Public forum"  # true whenever it is read

    def test_today_is_the_readers_day(self, desk: Callable[..., Desk]) -> None:
        mail = desk(tzid="America/Los_Angeles").mail(REMINDER, 8 * HOUR)
        assert text_of(mail).split("\n")[0] == "Today, Sunday, at 5:00 pm"

    def test_a_day_with_a_change_of_clocks_is_still_tomorrow(self, desk: Callable[..., Desk]) -> None:
        night = {"key": "day", "dtstart_local": datetime(2026, 10, 25, 0, 30), "tzid": "Europe/Berlin"}  # noqa: DTZ001
        one = desk(event={"occurrences": (night,)}, tzid="Europe/Berlin")
        assert text_of(one.mail(REMINDER, 24 * HOUR)).split("\n")[0] == "Tomorrow, Sunday, at 12:30 am"

    @pytest.mark.parametrize(
        ("tag", "said"),
        [
            ("de", "In 1 Stunde"),
            ("es", "Dentro de 1 hora"),
            ("ar", "تبدأ الفعالية خلال ساعة واحدة"),
            ("zh-Hans", "1小时后"),
        ],
    )
    def test_it_is_said_as_the_language_says_it(self, tag: str, said: str, desk: Callable[..., Desk]) -> None:
        assert text_of(desk(language_tag=tag).mail(REMINDER, HOUR)).startswith(said)

    def test_a_day_begins_a_heading(self, desk: Callable[..., Desk]) -> None:
        mail = desk(language_tag="es").mail(REMINDER, 72 * HOUR)
        assert mail["Subject"] == "Lunes, 29 de junio de 2026, 1:00: Foro público"
        assert text_of(mail).split("\n")[0] == "Lunes, 29 de junio de 2026, 1:00"


class TestWhatTheyBring:
    def test_a_reminder_brings_the_way_in_and_no_calendar_object(self, desk: Callable[..., Desk]) -> None:
        mail = desk().mail(REMINDER, HOUR)
        assert shape_of(mail) == ["multipart/alternative", "  text/plain", "  text/html"]
        for part in (text_of(mail), html_of(mail)):
            assert "https://events.example.org/j/registrationabcd." in part
            assert "15 minutes before the start" in part
            assert "A question" in part
        assert "/spanish/google" not in everything_in(mail)

    @pytest.mark.parametrize("before_start", [15 * MINUTE, 2 * MINUTE, -10 * MINUTE])
    def test_a_late_reminder_says_that_the_room_is_open(
        self, before_start: timedelta, desk: Callable[..., Desk]
    ) -> None:
        mail = desk().mail(REMINDER, before_start)
        for part in (text_of(mail), html_of(mail)):
            assert ("The room is open." in part, "15 minutes before" in part) == (True, False)

    @pytest.mark.parametrize("kind", [FOLLOW_UP, MISSED])
    def test_what_follows_brings_the_recording_by_the_readers_own_page(
        self, kind: LetterKind, desk: Callable[..., Desk]
    ) -> None:
        one = desk(recording=True)
        page = f"https://events.example.org/j/{personal_token(one.registration, Purpose.JOIN, settings=one.settings)}"
        mail = one.mail(kind, -DAY)
        for part in (text_of(mail), html_of(mail)):
            assert f"{page}/spanish" in part
            assert "A question" not in part
        assert (RECORDING in everything_in(mail), calendar_of(mail)) == (False, "")

    @pytest.mark.parametrize("kind", [REMINDER, FOLLOW_UP, MISSED])
    def test_none_brings_the_room(self, kind: LetterKind, desk: Callable[..., Desk]) -> None:
        everything = everything_in(desk(recording=True).mail(kind, HOUR if kind is REMINDER else -DAY))
        assert [secret for secret in ROOM if secret in everything] == []

    @pytest.mark.parametrize("kind", [REMINDER, FOLLOW_UP, MISSED])
    def test_the_organizers_own_words_stand_in_them(self, kind: LetterKind, desk: Callable[..., Desk]) -> None:
        own = [{"kind": kind, "language_tag": "en", "subject": "{summary}!", "body": "Dear **{name}**, tell us more."}]
        mail = desk(event={"letters": own}).mail(kind, HOUR if kind is REMINDER else -DAY)
        assert mail["Subject"] == "Public forum!"
        assert "Dear Ann Lee, tell us more." in text_of(mail)

    def test_whoever_came_is_thanked(self, desk: Callable[..., Desk]) -> None:
        one = desk()
        one.join()
        assert one.mail(FOLLOW_UP, -DAY)["Subject"] == "Thank you for coming: Public forum"


def test_what_is_planned_is_what_is_read(desk: Callable[..., Desk]) -> None:
    """From the schedule to the letters, and none of them where what they count from is another instant by then."""
    follow_up = {"trigger": "1 day after end at 10:00", "for": "all", "wait_for_recording": False}
    reminders = ["24 hours before start", "10 minutes before start"]
    one = desk(event={"follow_ups": [follow_up], "reminders": reminders}, tzid="America/Los_Angeles")
    at = {
        24 * HOUR: "Tomorrow, Sunday, at 5:00 pm",
        10 * MINUTE: "In 10 minutes, at 5:00 pm",
        -2 * DAY: "After the event",
    }
    for before_start, said in at.items():
        with transaction() as session:
            session.execute(update(Place).values(plan_at=one.starts_at - before_start))
            plan_scheduled(session, now=one.starts_at - before_start, settings=one.settings)
        message = one.session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert message is not None
        letter = one.letter(message, before_start)
        assert letter is not None
        assert text_of(read(compose(letter))).split("\n")[0] == said
        one.registration.places[0].occurrence.starts_at += MINUTE
        one.registration.places[0].occurrence.ends_at += MINUTE
        assert one.letter(message, before_start) is None
        one.session.rollback()
    assert len(one.session.scalars(select(Message)).all()) == len(at)


class TestWhenTheyDoNotLeave:
    @pytest.mark.parametrize("state", [state for state in PlaceState if state is not PlaceState.CONFIRMED])
    @pytest.mark.parametrize("kind", [REMINDER, FOLLOW_UP, MISSED])
    def test_without_a_confirmed_place(self, kind: LetterKind, state: PlaceState, desk: Callable[..., Desk]) -> None:
        one = desk(places={"spanish": state})
        assert one.letter(one.queue(kind), HOUR if kind is REMINDER else -DAY) is None

    @pytest.mark.parametrize("kind", [REMINDER, FOLLOW_UP, MISSED])
    @pytest.mark.parametrize("what", ["event cancelled", "date cancelled", "draft", "moved", "erased", "other address"])
    def test_when_something_has_changed(self, kind: LetterKind, what: str, desk: Callable[..., Desk]) -> None:
        one = desk()
        message, before_start = one.queue(kind), HOUR if kind is REMINDER else -DAY
        assert one.letter(message, before_start) is not None
        with transaction():
            registration, occurrence = one.registration, one.registration.places[0].occurrence
            match what:
                case "event cancelled":
                    registration.event.cancelled_at = one.make.now
                case "date cancelled":
                    occurrence.cancelled_at = one.make.now
                case "draft":
                    registration.event.published_at = None
                case "moved":
                    occurrence.starts_at += MINUTE
                    occurrence.ends_at += MINUTE
                case "erased":
                    registration.erased_at = one.make.now
                case _:
                    registration.address_key = "other@example.com"
        assert one.letter(message, before_start) is None

    def test_when_only_what_it_counts_from_stays(self, desk: Callable[..., Desk]) -> None:
        one = desk()
        message = one.queue(REMINDER)
        with transaction():
            one.registration.places[0].occurrence.ends_at += HOUR
        assert one.letter(message, HOUR) is not None

    def test_when_it_comes_too_late(self, desk: Callable[..., Desk]) -> None:
        one = desk()
        message = one.queue(REMINDER, expires_at=one.starts_at - 12 * HOUR)
        assert one.letter(message, 12 * HOUR + MINUTE) is not None
        assert one.letter(message, 12 * HOUR) is None

    def test_a_reminder_of_what_is_over(self, desk: Callable[..., Desk]) -> None:
        one = desk()
        message = one.queue(REMINDER)
        assert (one.letter(message, -59 * MINUTE) is None, one.letter(message, -HOUR) is None) == (False, True)

    def test_who_wants_no_reminders_gets_the_rest(self, desk: Callable[..., Desk], now: datetime) -> None:
        one = desk(reminders_off_at=now)
        assert one.letter(one.queue(REMINDER), HOUR) is None
        assert one.letter(one.queue(FOLLOW_UP, dedupe_key="2", public_id="2", message_id="2"), -DAY) is not None

    def test_nobody_who_came_is_missed(self, desk: Callable[..., Desk]) -> None:
        one = desk()
        message = one.queue(MISSED)
        one.join()
        assert one.letter(message, -DAY) is None


class TestEndingThem:
    @pytest.mark.parametrize(
        ("kind", "path", "purpose", "words"),
        [
            (REMINDER, "reminders", Purpose.REMINDERS, "No more reminders of this event"),
            (FOLLOW_UP, "follow-ups", Purpose.FOLLOW_UPS, "No more letters after events of Example League"),
            (MISSED, "follow-ups", Purpose.FOLLOW_UPS, "No more letters after events of Example League"),
        ],
    )
    def test_raw_headers_and_the_foot(
        self, kind: LetterKind, path: str, purpose: Purpose, words: str, desk: Callable[..., Desk]
    ) -> None:
        one = desk()
        letter = one.letter(one.queue(kind), HOUR if kind is REMINDER else -DAY)
        assert letter is not None
        url = f"https://events.example.org/unsubscribe/{path}/" + personal_token(
            one.registration, purpose, settings=one.settings
        )
        raw = compose(letter).as_bytes(policy=POLICY).split(b"\r\n\r\n")[0] + b"\r\n"
        assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in raw
        assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
        mail = read(compose(letter))
        assert f"{words}\n  {url}\n" in text_of(mail)
        assert (f"{words} <{url}>" in Page(html_of(mail)).lines) is True
        assert (mail["In-Reply-To"], mail["References"]) == (("<m.messagethefirst@example.org>",) * 2)

    def test_over_http_there_is_no_one_click(self, desk: Callable[..., Desk]) -> None:
        one = desk()
        one.settings = replace(one.settings, base_url="http://127.0.0.1:8000")
        mail = one.mail(REMINDER, HOUR)
        assert (mail["List-Unsubscribe"][:8], mail["List-Unsubscribe-Post"]) == ("<http://", None)

    def test_what_follows_comes_from_an_address_of_its_own(self, desk: Callable[..., Desk]) -> None:
        one = desk()
        one.settings = replace(one.settings, follow_up_from="news@example.org")
        assert one.mail(FOLLOW_UP, -DAY)["From"] == "Example League via Events <news@example.org>"
        reminder = one.mail(REMINDER, HOUR, public_id="2", message_id="<2@x>", dedupe_key="2")
        assert reminder["From"] == "Example League via Events <events@example.org>"
