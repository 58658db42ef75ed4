"""State by channel: whoever has no confirmed place gets neither join link nor room, by no part of any letter."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from eventsapp.actions import letters, outbox
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import HELD, LetterKind, MessageState, Parting, PlaceState
from eventsapp.models import Event, Message, Registration
from tests.factory import Make
from tests.mail.conftest import Deliver
from tests.mail.letterbox import calendar_of, everything_in, html_of, text_of

CONFIRMED = PlaceState.CONFIRMED
MANAGE_LINK = "https://events.example.org/manage/registration"
VERIFY_LINK = "https://events.example.org/verify/registration"
ROOM = ["zoom.us", "82314567890", "823 1456 7890", "823-1456-7890", "428571", "85835549492", "858 3554 9492", "191837"]
OWN_BODY = "[Join]({join_url}) {join_url} [Change]({manage_url}) {manage_url}"
OWN = [
    {"kind": kind, "language_tag": tag, "subject": "{summary} {name}", "body": OWN_BODY}
    for kind in LetterKind
    for tag in ("en", "es")
]
BEING_CONFIRMED = (LetterKind.CONFIRMATION, LetterKind.INVITE, LetterKind.APPROVED, LetterKind.PROMOTED)
TRUE_LETTERS = {
    *((kind, CONFIRMED) for kind in BEING_CONFIRMED),
    (LetterKind.WAITLISTED, PlaceState.WAITLISTED),
    (LetterKind.PENDING, PlaceState.PENDING),
    (LetterKind.DECLINED, PlaceState.DECLINED),
    (LetterKind.CANCELLED, PlaceState.CANCELLED),
    *((LetterKind.ALREADY_REGISTERED, state) for state in HELD - {PlaceState.UNVERIFIED}),
    (LetterKind.ALREADY_REGISTERED, PlaceState.DECLINED),
    *((LetterKind.LINK, state) for state in PlaceState if state is not PlaceState.UNVERIFIED),
    (LetterKind.VERIFICATION, PlaceState.UNVERIFIED),
    (LetterKind.REPLIED, CONFIRMED),
}


@pytest.fixture
def database(_sqlite_url: str) -> str:
    """The rules are the same on both, so one is enough here."""
    return _sqlite_url


@dataclass
class Desk:
    """An event with a date whose room is public and one whose room is not, and its outbox."""

    make: Make
    event: Event
    now: datetime
    settings: Settings
    deliver: Deliver

    def person(self, **places: PlaceState) -> Registration:
        return self.make.registration(self.event, places=places)

    def queue(self, registration: Registration, kind: LetterKind, key: str = "spanish") -> None:
        """The worst case: a letter of this kind about this place, calendar object and all, whatever the state."""
        with transaction() as session:
            place = next(place for place in registration.places if place.occurrence.key == key)
            outbox.enqueue(
                session,
                registration,
                kind,
                now=self.now,
                settings=self.settings,
                place=place,
                context={"places": [place.id]},
            )

    def move(self, registration: Registration, state: PlaceState, kind: LetterKind) -> None:
        """Its only place gets another state, and the letter about it is announced."""
        with transaction() as session:
            place = registration.places[0]
            place.state, place.revision = state, place.revision + 1
            letters.announce(session, registration, kind, [place], now=self.now, settings=self.settings)

    def readdress(self, registration: Registration, *, withdraw: bool) -> None:
        with transaction() as session:
            if withdraw:
                place = registration.places[0]
                place.revision += 1
                letters.withdraw(session, registration, place, Parting.MISTAKEN, now=self.now, settings=self.settings)
            registration.email = registration.address_key = "right@example.com"
            registration.link_generation += 1


@pytest.fixture
def desk(make: Make, now: datetime, settings: Settings, deliver: Deliver) -> Desk:
    return Desk(make, make.event(letters=OWN), now, settings, deliver)


@pytest.mark.parametrize("key", ["english", "spanish"], ids=["public room", "secret room"])
@pytest.mark.parametrize("kind", list(LetterKind))
def test_kind_by_state(
    kind: LetterKind,
    key: str,
    desk: Desk,
) -> None:
    """Each state by itself, and beside another place that waits; all in one run of the worker."""
    other = "spanish" if key == "english" else "english"
    states: dict[str | None, PlaceState] = {}
    for state in PlaceState:
        for beside in ({}, {other: PlaceState.WAITLISTED}):
            registration = desk.person(**{key: state}, **beside)
            desk.queue(registration, kind, key)
            states[registration.email] = state
    sent = {str(mail["To"]): mail for mail in desk.deliver()}
    assert set(sent) == {email for email, state in states.items() if (kind, state) in TRUE_LETTERS}
    for email, mail in sent.items():
        everything = everything_in(mail)
        assert [secret for secret in ROOM if secret in everything] == []
        proved = states[str(mail["To"])] is not PlaceState.UNVERIFIED
        for part in (text_of(mail), html_of(mail)):
            assert ((MANAGE_LINK in part), (VERIFY_LINK in part)) == (proved, not proved)
        assert ("Zoë" in everything, "/manage/" in everything) == (proved, proved)
        assert "/manage/" not in calendar_of(mail)
        if states[email] is CONFIRMED and kind is not LetterKind.REPLIED:  # that one asks whether they come at all
            parts = [text_of(mail), html_of(mail)]
            if kind is LetterKind.LINK:
                assert calendar_of(mail) == ""
            else:
                assert "METHOD:REQUEST" in calendar_of(mail)
                parts.append(calendar_of(mail))
            for part in parts:
                assert "https://events.example.org/j/registration" in part
        else:
            assert "/j/" not in everything
            assert "%2Fj%2F" not in everything
            assert "text/calendar" not in everything


@pytest.mark.parametrize("whole_event", [True, False])
@pytest.mark.parametrize("kind", list(LetterKind))
def test_nobody_is_confirmed_for_what_is_called_off(
    kind: LetterKind,
    *,
    whole_event: bool,
    desk: Desk,
) -> None:
    registration = desk.person(spanish=CONFIRMED)
    desk.queue(registration, kind)
    with transaction():
        called_off = registration.event if whole_event else registration.places[0].occurrence
        called_off.cancelled_at = desk.now
    sent = desk.deliver()
    assert len(sent) == (kind in (LetterKind.CANCELLED, LetterKind.LINK))
    for mail in sent:
        assert "/j/" not in everything_in(mail)
        assert [secret for secret in ROOM if secret in everything_in(mail)] == []


def test_a_list_brings_the_link_for_the_confirmed_date_alone(desk: Desk) -> None:
    registration = desk.person(english=PlaceState.WAITLISTED, spanish=CONFIRMED)
    with transaction() as session:
        places = registration.places
        letters.announce(session, registration, LetterKind.CONFIRMATION, places, now=desk.now, settings=desk.settings)
    listing, invite = desk.deliver()
    assert "/j/registration" in text_of(listing)
    assert calendar_of(listing) == ""
    assert calendar_of(invite).count("BEGIN:VEVENT") == 1
    assert "UID:forum-spanish@" in calendar_of(invite)


class TestAnotherAddress:
    """A registration moves to another address: nothing that opens anything follows it to the old one."""

    def test_what_was_claimed_for_the_old_address_is_not_sent(self, desk: Desk, session: Session) -> None:
        registration = desk.person(spanish=CONFIRMED)
        desk.queue(registration, LetterKind.CONFIRMATION)
        desk.readdress(registration, withdraw=False)
        assert desk.deliver() == []
        assert session.query(Message).one().state is MessageState.SUPERSEDED

    def test_the_withdrawal_takes_the_entry_back_and_says_nothing_of_the_person(self, desk: Desk) -> None:
        registration = desk.person(spanish=CONFIRMED)
        wrong = registration.email
        desk.queue(registration, LetterKind.CONFIRMATION)
        desk.deliver()
        desk.readdress(registration, withdraw=True)
        (mail,) = desk.deliver()
        assert mail["To"] == wrong
        calendar = calendar_of(mail)
        assert {"METHOD:CANCEL", "SEQUENCE:1"} <= set(calendar.split("\n"))
        assert f"mailto:{wrong}" in calendar
        everything = everything_in(mail)
        for secret in (
            "/j/",
            "/manage/",
            "right@example.com",
            "Zoë",
            "Mu=C3=B1oz",
            "Muñoz",
            registration.reference,
            *ROOM,
        ):
            assert secret not in everything, secret

    def test_no_withdrawal_where_no_invitation_left(self, desk: Desk) -> None:
        registration = desk.person(spanish=CONFIRMED)
        desk.readdress(registration, withdraw=True)
        assert desk.deliver() == []


class TestCancel:
    """A calendar knows no CANCEL without a REQUEST before."""

    def test_before_the_confirmation_left_it_says_so_in_words_alone(self, desk: Desk) -> None:
        registration = desk.person(spanish=CONFIRMED)
        desk.queue(registration, LetterKind.CONFIRMATION)
        desk.move(registration, PlaceState.CANCELLED, LetterKind.CANCELLED)
        (mail,) = desk.deliver()
        assert calendar_of(mail) == ""
        assert "attached" not in text_of(mail)

    @pytest.mark.parametrize("uncertain", [False, True])
    def test_where_the_invitation_left_or_may_have(
        self,
        *,
        uncertain: bool,
        desk: Desk,
    ) -> None:
        registration = desk.person(spanish=CONFIRMED)
        desk.queue(registration, LetterKind.CONFIRMATION)
        desk.deliver()
        if uncertain:
            with transaction() as session:
                message = session.query(Message).one()
                message.state, message.uncertain = MessageState.FAILED, True
        desk.move(registration, PlaceState.CANCELLED, LetterKind.CANCELLED)
        (mail,) = desk.deliver()
        assert {"METHOD:CANCEL", "SEQUENCE:1"} <= set(calendar_of(mail).split("\n"))

    def test_given_back_it_is_higher_than_the_cancellation(self, desk: Desk) -> None:
        registration = desk.person(spanish=CONFIRMED)
        desk.queue(registration, LetterKind.CONFIRMATION)
        numbers = []

        def note() -> None:
            numbers.extend(line for line in calendar_of(desk.deliver()[0]).split("\n") if line.startswith("SEQUENCE"))

        note()
        desk.move(registration, PlaceState.CANCELLED, LetterKind.CANCELLED)
        note()
        desk.move(registration, CONFIRMED, LetterKind.CONFIRMATION)
        note()
        assert numbers == ["SEQUENCE:0", "SEQUENCE:1", "SEQUENCE:2"]
