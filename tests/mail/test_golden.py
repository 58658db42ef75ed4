"""One letter of each kind, language and state as its receiver gets it. ``pytest --golden tests/mail`` renews them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions import change_address, letters
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.vocabulary import LetterKind, Parting, PlaceState
from eventsapp.models import AddressChange, Event, Message, Place, Registration
from tests.factory import IN_ENGLISH, IN_SPANISH, Make
from tests.mail.conftest import Deliver
from tests.mail.letterbox import Page, calendar_of, html_of, shape_of, text_of

CONFIRMED, WAITLISTED, PENDING = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING
CANCELLED, DECLINED = PlaceState.CANCELLED, PlaceState.DECLINED
WORDS: Mapping[str, Any] = {
    "en": {"summary": "Public forum", "what_to_bring": "- A pen\n- A question"},
    "es": {"summary": "Foro público", "what_to_bring": "- Una pluma\n- Una pregunta"},
    "ar": {"summary": "منتدى عام", "what_to_bring": "- قلم"},
    "fr": {"summary": "Forum public", "what_to_bring": "- Un stylo"},
    "de": {"summary": "Offenes Forum", "what_to_bring": "- Ein Stift"},
    "pt-BR": {"summary": "Fórum público", "what_to_bring": "- Uma caneta"},
    "it": {"summary": "Forum pubblico", "what_to_bring": "- Una penna"},
    "zh-Hans": {"summary": "公开论坛", "what_to_bring": "- 一支笔"},
}
OWN = [
    {"kind": LetterKind.CONFIRMATION, "language_tag": "en", "body": "We look forward to seeing you, **{name}**."},
    {"kind": LetterKind.CONFIRMATION, "language_tag": "es", "body": "Nos vemos el {when_yours}, **{name}**."},
    {"kind": LetterKind.CONFIRMATION, "language_tag": "ar", "body": "مرحبا **{name}**! نلتقي {when_yours}."},
]
ZONES = {
    "en": "Europe/London",
    "es": "America/Mexico_City",
    "ar": "Asia/Riyadh",
    "fr": "America/Toronto",
    "de": "Europe/Vienna",
    "pt-BR": "America/Sao_Paulo",
    "it": "Europe/Rome",
    "zh-Hans": "Asia/Shanghai",
}
NAMES = {
    "en": "Ann Lee",
    "es": "Zoë Muñoz",
    "ar": "محمد علي",
    "fr": "Chloé Lefèvre",
    "de": "Jörg Weiß",
    "pt-BR": "João Araújo",
    "it": "Niccolò Rossi",
    "zh-Hans": "李小龙",
}


@dataclass(frozen=True)
class Case:
    """``places``: the states the rows have when the letter is sent, by occurrence key; ``about`` whom it is about."""

    kind: LetterKind
    state: str
    language: str
    places: Mapping[str, PlaceState]
    about: Sequence[str] = ("spanish",)
    prepare: Callable[["Scene"], None] | None = None
    number: int = 0  # which of the letters written is shown

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.language}.{self.state}"

    @property
    def sort(self) -> str:
        return f"{self.kind}.{self.state}"


@dataclass
class Scene:
    session: Session
    settings: Settings
    now: datetime
    event: Event
    registration: Registration
    deliver: Deliver
    sent: list[EmailMessage] = field(default_factory=list)

    def place(self, key: str) -> Place:
        return next(place for place in self.registration.places if place.occurrence.key == key)

    def announce(self, kind: LetterKind, keys: Sequence[str]) -> None:
        with transaction() as session:
            places = [self.place(key) for key in keys]
            letters.announce(session, self.registration, kind, places, now=self.now, settings=self.settings)
        self.name_messages()

    def cancel(self, key: str) -> None:
        with transaction():
            self.place(key).state = CANCELLED
            self.place(key).revision += 1

    def wish(self, email: str) -> None:
        with transaction() as session:
            change_address.wish(
                session, self.registration.id, read_address(email), now=self.now, settings=self.settings
            )
            session.scalars(select(AddressChange)).one().public_id = "addresschangeabc"
            message = session.scalars(select(Message)).one()
            message.context = {"change": "addresschangeabc"}
        self.name_messages()

    def withdraw(self, key: str, parting: Parting) -> None:
        with transaction() as session:
            self.place(key).revision += 1
            letters.withdraw(session, self.registration, self.place(key), parting, now=self.now, settings=self.settings)
            self.registration.email, self.registration.address_key = "right@example.com", "right@example.com"
        self.name_messages()

    def name_messages(self) -> None:
        """Public ids are chance; here they count up, so that the files stay the same."""
        with transaction() as session:
            for number, message in enumerate(session.scalars(select(Message).order_by(Message.id)), 1):
                old, new = message.public_id, f"message{'abcdefghi'[number - 1] * 9}"
                message.public_id = new
                message.message_id = message.message_id.replace(old, new)
                message.thread_of = message.thread_of and "<m.messageaaaaaaaaa@example.org>"


def confirmed_before(scene: Scene) -> None:
    scene.announce(LetterKind.CONFIRMATION, ["spanish"])
    assert len(scene.deliver()) == 1
    scene.cancel("spanish")


def called_off(scene: Scene) -> None:
    scene.announce(LetterKind.CONFIRMATION, ["spanish"])
    assert len(scene.deliver()) == 1
    with transaction():
        scene.place("spanish").occurrence.cancelled_at = scene.now
        scene.place("spanish").occurrence.sequence += 1


def never_confirmed(scene: Scene) -> None:
    with transaction():
        scene.place("spanish").invited_at = None


def cases(language: str) -> list[Case]:
    one = {"spanish": CONFIRMED}
    both = {"english": CONFIRMED, "spanish": CONFIRMED}
    return [
        Case(LetterKind.CONFIRMATION, "confirmed", language, one),
        Case(
            LetterKind.CONFIRMATION,
            "several",
            language,
            {"english": CONFIRMED, "spanish": WAITLISTED},
            ("english", "spanish"),
        ),
        Case(LetterKind.INVITE, "confirmed", language, both, ("english", "spanish"), number=1),
        Case(LetterKind.WAITLISTED, "waitlisted", language, {"spanish": WAITLISTED}),
        Case(LetterKind.PENDING, "pending", language, {"spanish": PENDING}),
        Case(LetterKind.APPROVED, "confirmed", language, one),
        Case(LetterKind.DECLINED, "declined", language, {"spanish": DECLINED}),
        Case(LetterKind.PROMOTED, "confirmed", language, one),
        Case(LetterKind.CANCELLED, "cancelled", language, one, prepare=confirmed_before),
        Case(LetterKind.CANCELLED, "called_off", language, one, prepare=called_off),
        Case(LetterKind.CANCELLED, "never_confirmed", language, {"spanish": CANCELLED}, prepare=never_confirmed),
        Case(LetterKind.ALREADY_REGISTERED, "confirmed", language, one),
        Case(LetterKind.ALREADY_REGISTERED, "waitlisted", language, {"spanish": WAITLISTED}),
        Case(
            LetterKind.LINK, "several", language, {"english": CANCELLED, "spanish": CONFIRMED}, ("english", "spanish")
        ),
        Case(LetterKind.VERIFICATION, "unverified", language, {"spanish": PlaceState.UNVERIFIED}),
    ]


IN_EVERY_LANGUAGE = {
    "confirmation.confirmed",
    "waitlisted.waitlisted",
    "cancelled.called_off",
    "verification.unverified",
}
ALL = [
    case for language in WORDS for case in cases(language) if language in {"en", "es"} or case.sort in IN_EVERY_LANGUAGE
]


@pytest.fixture
def database(_sqlite_url: str) -> str:
    """The words are the same on both, so one is enough here."""
    return _sqlite_url


@pytest.fixture
def scene(session: Session, settings: Settings, now: datetime, make: Make, deliver: Deliver) -> Callable[[Case], Scene]:
    def build(case: Case) -> Scene:
        make.organization(accent="#7a2e8d", sender_name="Example League via Events")
        spanish = dict(IN_SPANISH) | {"location": {}}
        event = make.event(languages=WORDS, occurrences=(IN_ENGLISH, spanish), letters=OWN)
        registration = make.registration(
            event,
            email="zoe@example.com",
            places=case.places,
            language_tag=case.language,
            tzid=ZONES[case.language],
            name=NAMES[case.language],
            public_id="registrationabcd",
            reference="K7PM-2QXD",
        )
        return Scene(session, settings, now, event, registration, deliver)

    return build


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_letter(case: Case, scene: Callable[[Case], Scene], golden: Callable[[str, str], None]) -> None:
    stage = scene(case)
    if case.prepare is not None:
        case.prepare(stage)
    kind = LetterKind.CONFIRMATION if case.kind is LetterKind.INVITE else case.kind
    stage.announce(kind, case.about)
    mail = stage.deliver()[case.number]
    golden(f"mail/{case.name}.txt", as_document(mail))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("parting", list(Parting))
def test_letter_to_an_address_the_registration_has_left(
    parting: Parting, language: str, scene: Callable[[Case], Scene], golden: Callable[[str, str], None]
) -> None:
    stage = scene(cases(language)[0])
    stage.announce(LetterKind.CONFIRMATION, ["spanish"])
    stage.deliver()
    stage.withdraw("spanish", parting)
    (mail,) = stage.deliver()
    golden(f"mail/cancelled.{language}.{parting}.txt", as_document(mail))


@pytest.mark.parametrize("language", ["en", "es"])
def test_letter_to_an_address_that_the_registration_may_move_to(
    language: str, scene: Callable[[Case], Scene], golden: Callable[[str, str], None]
) -> None:
    stage = scene(cases(language)[0])
    stage.wish("right@example.com")
    (mail,) = stage.deliver()
    golden(f"mail/address_change.{language}.txt", as_document(mail))


def as_document(mail: EmailMessage) -> str:
    heads = [f"{name}: {value}" for name, value in mail.items() if name not in ("MIME-Version", "Content-Type")]
    page = Page(html_of(mail))
    parts = [
        ("headers", "\n".join(heads)),
        ("parts", "\n".join(shape_of(mail))),
        ("text", text_of(mail).rstrip("\n")),
        ("html, as it reads", "\n".join(page.lines)),
        ("calendar", calendar_of(mail).rstrip("\n") or "none"),
    ]
    return "\n\n".join(f"===== {title} =====\n{words}" for title, words in parts) + "\n"
