"""What comes back by mail, taken in: who is believed, what is kept, and that nothing more happens."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from eventsapp.actions import letters, outbox, places
from eventsapp.actions.reports import Taken, note_refusal, take_in
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState, StaffRole, Suppression
from eventsapp.mail.verp import envelope_sender
from eventsapp.models import Message, Staff, SuppressedAddress
from eventsapp.queries.suppressed import suppression_of
from tests.mail.returned import answer, complaint, delivery_status

SENT, BOUNCED, QUEUED = MessageState.SENT, MessageState.BOUNCED, MessageState.QUEUED
UID = "forum-spanish@events.example.org"


class Desk:
    """A registration with one letter that the mail server took, and mails that come back."""

    def __init__(self, session, settings, make, now):
        self.session, self.settings, self.make, self.now = session, settings, make, now
        self.event = make.event()
        self.registration = self.write("zoe@example.com")

    def write(self, email, **values):
        registration = self.make.registration(self.event, email=email, **values)
        with transaction() as session:
            letters.announce(
                session,
                registration,
                LetterKind.CONFIRMATION,
                registration.places,
                now=self.now,
                settings=self.settings,
            )
            for message in session.scalars(select(Message)):
                message.state, message.sent_at = SENT, self.now
        return registration

    def take(self, raw, settings=None):
        with transaction() as session:
            return take_in(session, raw, now=self.now, settings=settings or self.settings)

    @property
    def message(self):
        return self.session.scalars(
            select(Message).where(Message.registration_id == self.registration.id).order_by(Message.id)
        ).first()

    @property
    def verp(self):
        return replace(self.settings, bounce_address="bounce@example.org")

    @property
    def address(self):
        return envelope_sender(self.message.public_id, self.verp)

    @property
    def heads(self):
        return f"Message-ID: {self.message.message_id}\r\nTo: zoe@example.com"

    def suppressions(self, email="zoe@example.com"):
        return suppression_of(self.session, self.event.organization_id, email, self.settings)

    def letters(self):
        self.session.rollback()
        return [(message.kind, message.state) for message in self.session.scalars(select(Message).order_by(Message.id))]


@pytest.fixture
def desk(session, settings, make, now):
    return Desk(session, settings, make, now)


def test_nobody_reads_that_address(desk):
    raw = delivery_status(to=desk.address)
    assert desk.take(raw, desk.verp) is Taken.BOUNCED
    message = desk.message
    assert (message.state, message.last_code, message.last_error) == (
        BOUNCED,
        550,
        "5.1.1 … Recipient address rejected: User unknown",
    )
    assert message.context["came_back"] == "hard"
    assert desk.suppressions() == {Suppression.BOUNCED}
    (kept,) = desk.session.scalars(select(SuppressedAddress))
    assert kept.words == message.last_error
    assert desk.take(raw, desk.verp) is Taken.IGNORED  # again, and nothing else happens
    assert desk.letters() == [(LetterKind.CONFIRMATION, BOUNCED)]


@pytest.mark.parametrize(
    ("values", "taken", "cause"),
    [
        ({"status": "5.2.2", "diagnosis": "smtp; 552 5.2.2 over quota"}, Taken.RETURNED, "soft"),
        ({"status": "4.4.7", "diagnosis": "smtp; 451 timed out"}, Taken.RETURNED, "soft"),
        ({"status": "5.7.26", "diagnosis": "smtp; 550 5.7.26 DMARC"}, Taken.TURNED_AWAY, "policy"),
    ],
)
def test_a_letter_that_came_back_for_another_reason_suppresses_nothing(desk, values, taken, cause):
    assert desk.take(delivery_status(to=desk.address, **values), desk.verp) is taken
    assert (desk.message.state, desk.message.context["came_back"]) == (BOUNCED, cause)
    assert desk.suppressions() == set()


def test_a_delay_is_noted(desk):
    raw = delivery_status(to=desk.address, action="delayed", status="4.2.1", diagnosis="smtp; 450 busy")
    assert desk.take(raw, desk.verp) is Taken.NOTED
    message = desk.message
    assert (message.state, message.last_code, message.last_error) == (SENT, 450, "4.2.1 busy")
    assert desk.take(delivery_status(to=desk.address), desk.verp) is Taken.BOUNCED
    assert desk.take(raw, desk.verp) is Taken.IGNORED  # the delay's report came last
    assert desk.message.last_code == 550


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", "unheard of"])
def test_good_news_changes_nothing(desk, action):
    assert desk.take(delivery_status(to=desk.address, action=action), desk.verp) is Taken.IGNORED
    assert (desk.message.state, desk.message.last_error) == (SENT, "")


def test_without_a_token_a_report_is_believed_that_knows_letter_and_address(desk):
    raw = delivery_status(returned=desk.heads)
    assert desk.take(raw, desk.verp) is Taken.IGNORED  # where there are tokens, it would have one
    assert desk.take(delivery_status(returned=desk.heads, recipient="ann@example.com")) is Taken.IGNORED
    assert desk.take(delivery_status()) is Taken.IGNORED
    assert (desk.message.state, desk.suppressions()) == (SENT, set())
    assert desk.take(raw) is Taken.BOUNCED
    assert desk.suppressions() == {Suppression.BOUNCED}


def test_a_forged_token_opens_nothing(desk):
    other = desk.write("ann@example.com")
    head, dot, mac = desk.address.partition(".")
    another = envelope_sender("a" * 16, desk.verp).partition(".")[2]
    for address in (f"bounce+{'a' * 16}.{mac}", f"{head}{dot}{another}", "bounce@example.org"):
        assert desk.take(delivery_status(to=address, recipient="ann@example.com"), desk.verp) is Taken.IGNORED
    # The right token of one letter says nothing about another person, whoever the report names.
    assert desk.take(delivery_status(to=desk.address, recipient="ann@example.com"), desk.verp) is Taken.BOUNCED
    assert (desk.suppressions("ann@example.com"), desk.suppressions()) == (set(), {Suppression.BOUNCED})
    assert other.places[0].state is PlaceState.CONFIRMED


def test_the_name_before_the_at_does_not_stay_in_the_words(desk):
    raw = delivery_status(to=desk.address, diagnosis="smtp; 550 5.1.1 zoe... No such user ZOE here, zoey")
    desk.take(raw, desk.verp)
    assert desk.message.last_error == "5.1.1 …... No such user … here, zoey"


def test_a_complaint_ends_scheduled_letters_alone(desk):
    assert desk.take(complaint(returned=desk.heads), desk.verp) is Taken.COMPLAINT
    assert desk.take(complaint(returned=desk.heads), desk.verp) is Taken.COMPLAINT
    assert (desk.message.state, desk.suppressions()) == (SENT, {Suppression.COMPLAINED})
    assert (
        desk.take(complaint(returned=desk.heads, recipient="ann@example.com").replace(b"zoe", b"ann")) is Taken.IGNORED
    )


def test_a_letter_that_a_worker_has_in_hand_came_back(desk):
    with transaction() as session:
        message = session.get(Message, desk.message.id)
        message.state = QUEUED
    with transaction() as session:
        assert outbox.claim(session, worker="w", limit=1, now=desk.now) == [desk.message.id]
    assert desk.take(delivery_status(to=desk.address), desk.verp) is Taken.BOUNCED
    with transaction() as session:
        assert not outbox.record_sent(session, [desk.message.id], worker="w", now=desk.now)
    assert desk.message.state is BOUNCED


@pytest.mark.parametrize("state", [QUEUED, MessageState.FAILED, MessageState.SUPERSEDED, MessageState.SUPPRESSED])
def test_a_letter_that_never_left_does_not_come_back(desk, state):
    with transaction() as session:
        session.get(Message, desk.message.id).state = state
    assert desk.take(delivery_status(to=desk.address), desk.verp) is Taken.IGNORED
    assert (desk.message.state, desk.suppressions()) == (state, set())


def test_what_is_erased_or_gone_is_ignored(desk):
    address = desk.address
    with transaction() as session:
        message = session.get(Message, desk.message.id)
        message.recipient = message.address_key = None
    assert desk.take(delivery_status(to=address), desk.verp) is Taken.BOUNCED
    assert desk.suppressions() == set()
    with transaction() as session:
        session.delete(session.get(Message, desk.message.id))
    assert desk.take(delivery_status(to=address), desk.verp) is Taken.IGNORED


def test_a_server_that_refuses_the_recipient_at_once(desk):
    with transaction() as session:
        message = session.get(Message, desk.message.id)
        for words in ("5.2.2 mailbox full", "5.7.1 denied", "5.0.0 no"):
            note_refusal(session, message, words=words, now=desk.now, settings=desk.settings)
        assert desk.suppressions() == set()
        note_refusal(session, message, words="5.1.1 zoe unknown <zoe@x.example>", now=desk.now, settings=desk.settings)
    assert desk.suppressions() == {Suppression.BOUNCED}
    assert [one.words for one in desk.session.scalars(select(SuppressedAddress))] == ["5.1.1 … unknown …"]


def test_a_letter_to_somebody_of_the_team_came_back(desk):
    with transaction() as session:
        staff = Staff(
            event_id=desk.event.id,
            public_id="s" * 16,
            role=StaffRole.HOST,
            email="host@example.org",
            address_key="host@example.org",
            language_tag="en",
            tzid="Europe/London",
            created_at=desk.now,
        )
        session.add(staff)
        session.flush()
        message = session.get(Message, desk.message.id)
        message.registration_id, message.staff_id = None, staff.id
        message.recipient = message.address_key = "host@example.org"
        address = envelope_sender(message.public_id, desk.verp)
    assert desk.take(delivery_status(to=address, recipient="host@example.org"), desk.verp) is Taken.BOUNCED
    assert desk.suppressions("host@example.org") == {Suppression.BOUNCED}


# Answers of calendars


def test_a_calendar_that_says_no_causes_one_question(desk):
    assert desk.take(answer(UID)) is Taken.ASKED
    assert desk.take(answer(UID)) is Taken.IGNORED
    assert desk.take(answer(UID, "ZOE@example.com")) is Taken.IGNORED
    assert desk.letters() == [(LetterKind.CONFIRMATION, SENT), (LetterKind.REPLIED, QUEUED)]
    asked = desk.session.scalars(select(Message).where(Message.kind == LetterKind.REPLIED)).one()
    assert (asked.recipient, asked.priority, asked.place_id) == ("zoe@example.com", 2, None)
    assert desk.registration.places[0].state is PlaceState.CONFIRMED


def test_it_is_asked_again_after_another_invitation(desk):
    assert desk.take(answer(UID)) is Taken.ASKED
    with transaction() as session:
        session.refresh(desk.registration)
        desk.registration.places[0].revision += 2
    assert [desk.take(answer(UID)) for _ in range(2)] == [Taken.ASKED, Taken.IGNORED]


@pytest.mark.parametrize(
    "raw",
    [
        answer(UID, partstat="ACCEPTED"),
        answer(UID, partstat="TENTATIVE"),
        answer(UID, partstat="NEEDS-ACTION"),
        answer(UID, "ann@example.com"),
        answer("forum-english@events.example.org"),
        answer("nothing@example.org"),
        answer(UID, method="REQUEST"),
        answer(UID, method="COUNTER"),
        answer(UID, Auto_Submitted="auto-replied"),
        b"Subject: I cannot come\n\nSorry.\n",
    ],
    ids=["yes", "perhaps", "later", "a stranger", "another date", "no date", "request", "counter", "away", "words"],
)
def test_other_answers_cause_nothing(desk, raw):
    assert desk.take(raw) is Taken.IGNORED
    assert desk.letters() == [(LetterKind.CONFIRMATION, SENT)]


@pytest.mark.parametrize("end", ["cancelled", "called off", "event called off", "begun", "erased"])
def test_nobody_is_asked_about_what_is_over(desk, end):
    with transaction() as session:
        session.refresh(desk.registration)
        place = desk.registration.places[0]
        if end == "cancelled":
            places.cancel(session, desk.registration.id, occurrence_key=None, now=desk.now, settings=desk.settings)
        if end == "called off":
            place.occurrence.cancelled_at = desk.now
        if end == "event called off":
            desk.event.cancelled_at = desk.now
        if end == "begun":
            desk.now = place.occurrence.starts_at
        if end == "erased":
            desk.registration.erased_at = desk.now
    assert desk.take(answer(UID)) is Taken.IGNORED


def test_an_address_with_a_domain_in_another_script(desk):
    desk.write("ana@müller.example", address_key="ana@xn--mller-kva.example")
    assert desk.take(answer(UID, "ana@xn--mller-kva.example")) is Taken.ASKED
