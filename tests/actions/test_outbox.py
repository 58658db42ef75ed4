from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions import letters, outbox
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.errors import NotFound, Refused
from eventsapp.domain.vocabulary import LetterKind, MessageState, Parting, PlaceState
from eventsapp.models import Message, Place, Registration
from tests.factory import Make

CONFIRMED, WAITLISTED, PENDING = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING
QUEUED, SENDING, SENT = MessageState.QUEUED, MessageState.SENDING, MessageState.SENT
FAILED, SUPERSEDED = MessageState.FAILED, MessageState.SUPERSEDED


@pytest.fixture
def registration(make: Make) -> Registration:
    return make.registration(make.event(), email="zoe@example.com")


@pytest.fixture
def both(make: Make) -> Registration:
    """A registration with a confirmed place at each of the two dates."""
    return make.registration(make.event(), places={"english": CONFIRMED, "spanish": CONFIRMED})


def announce(
    registration: Registration,
    kind: LetterKind,
    now: datetime,
    settings: Settings,
    places: Sequence[Place] | None = None,
) -> list[Message]:
    with transaction() as session:
        return letters.announce(
            session, registration, kind, registration.places if places is None else places, now=now, settings=settings
        )


def states(session: Session) -> list[tuple[LetterKind, MessageState]]:
    session.rollback()
    rows = session.execute(select(Message.kind, Message.state).order_by(Message.id))
    return [(kind, state) for kind, state in rows]


def claim(now: datetime, worker: str = "w1", limit: int = 10) -> list[int]:
    with transaction() as session:
        return outbox.claim(session, worker=worker, limit=limit, now=now)


def only(session: Session) -> Message:
    session.rollback()
    return session.scalars(select(Message)).one()


class TestEnqueue:
    def test_writes_what_is_needed_to_send_it_much_later(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        message = only(session)
        assert message.message_id == f"<m.{message.public_id}@example.org>"
        assert len(message.message_id) < 60
        assert (message.recipient, message.address_key, message.language_tag) == (
            "zoe@example.com",
            "zoe@example.com",
            "es",
        )
        assert (message.state, message.due_at, message.attempts, message.thread_of) == (QUEUED, now, 0, "")
        assert message.place_id == registration.places[0].id

    def test_is_undone_with_the_transaction_that_caused_it(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        with suppress(ZeroDivisionError), transaction() as writing:
            outbox.enqueue(writing, registration, LetterKind.CONFIRMATION, now=now, settings=settings)
            raise ZeroDivisionError
        assert states(session) == []

    def test_writes_the_same_fact_once(
        self, both: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        assert len(announce(both, LetterKind.CONFIRMATION, now, settings)) == 3
        assert announce(both, LetterKind.CONFIRMATION, now + timedelta(hours=1), settings) == []
        assert len(states(session)) == 3

    def test_a_nonce_makes_another_one(self, registration: Registration, now: datetime, settings: Settings) -> None:
        for nonce in ("", "again", "once more"):
            with transaction() as session:
                assert outbox.enqueue(
                    session, registration, LetterKind.CONFIRMATION, now=now, settings=settings, nonce=nonce
                )

    def test_already_registered_is_written_each_time_it_is_asked_for(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        for _ in range(2):
            assert len(announce(registration, LetterKind.ALREADY_REGISTERED, now, settings)) == 1
        assert states(session) == [(LetterKind.ALREADY_REGISTERED, QUEUED)] * 2

    def test_the_same_kind_again_after_the_story_moved_on(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        story = [
            (LetterKind.PENDING, PENDING),
            (LetterKind.DECLINED, PlaceState.DECLINED),
            (LetterKind.PENDING, PENDING),
            (LetterKind.DECLINED, PlaceState.DECLINED),
        ]
        for kind, state in story:
            with transaction():
                registration.places[0].state = state
            assert len(announce(registration, kind, now, settings)) == 1, kind
        assert states(session)[-1] == (LetterKind.DECLINED, QUEUED)

    def test_a_corrected_address_is_another_letter_in_a_thread_of_its_own(
        self, registration: Registration, now: datetime, settings: Settings
    ) -> None:
        (wrong,) = announce(registration, LetterKind.CONFIRMATION, now, settings)
        with transaction():
            registration.email = registration.address_key = "right@example.com"
        (right,) = announce(registration, LetterKind.CONFIRMATION, now, settings)
        assert (right.recipient, right.thread_of) == ("right@example.com", "")
        (again,) = announce(registration, LetterKind.ALREADY_REGISTERED, now, settings)
        assert again.thread_of == right.message_id != wrong.message_id

    def test_nothing_to_somebody_whose_data_were_erased(
        self, registration: Registration, now: datetime, settings: Settings
    ) -> None:
        with transaction():
            registration.email = registration.address_key = registration.name = None
            registration.erased_at = now
        assert announce(registration, LetterKind.CONFIRMATION, now, settings) == []


class TestAnnounce:
    @pytest.mark.parametrize("kind", [LetterKind.CONFIRMATION, LetterKind.APPROVED, LetterKind.PROMOTED])
    def test_one_place_one_letter_with_its_calendar_object(
        self, kind: LetterKind, registration: Registration, now: datetime, settings: Settings
    ) -> None:
        written = announce(registration, kind, now, settings)
        assert [(message.kind, message.place_id) for message in written] == [(kind, registration.places[0].id)]

    @pytest.mark.parametrize("kind", [LetterKind.CONFIRMATION, LetterKind.APPROVED, LetterKind.PROMOTED])
    def test_several_places_a_list_and_an_invite_for_each_confirmed_one(
        self, kind: LetterKind, both: Registration, now: datetime, settings: Settings
    ) -> None:
        first, second = both.places
        written = announce(both, kind, now, settings)
        assert [(message.kind, message.place_id) for message in written] == [
            (kind, None),
            (LetterKind.INVITE, first.id),
            (LetterKind.INVITE, second.id),
        ]
        assert [message.priority for message in written] == [0, 1, 1]

    def test_no_invite_for_a_place_on_the_waitlist(self, make: Make, now: datetime, settings: Settings) -> None:
        registration = make.registration(make.event(), places={"english": CONFIRMED, "spanish": WAITLISTED})
        written = announce(registration, LetterKind.CONFIRMATION, now, settings)
        assert [(message.kind, message.place_id) for message in written] == [
            (LetterKind.CONFIRMATION, None),
            (LetterKind.INVITE, registration.places[0].id),
        ]

    def test_only_the_promoted_place_gets_an_invite(
        self, both: Registration, now: datetime, settings: Settings
    ) -> None:
        written = announce(both, LetterKind.PROMOTED, now, settings, both.places[1:])
        assert [message.place_id for message in written] == [None, both.places[1].id]

    def test_repeating_sends_no_invites_again(self, both: Registration, now: datetime, settings: Settings) -> None:
        written = announce(both, LetterKind.ALREADY_REGISTERED, now, settings)
        assert [(message.kind, message.place_id) for message in written] == [(LetterKind.ALREADY_REGISTERED, None)]

    @pytest.mark.parametrize(
        ("kind", "state"),
        [
            (LetterKind.WAITLISTED, WAITLISTED),
            (LetterKind.PENDING, PENDING),
            (LetterKind.DECLINED, PlaceState.DECLINED),
            (LetterKind.ALREADY_REGISTERED, WAITLISTED),
        ],
    )
    def test_no_calendar_object_for_whoever_is_not_confirmed(
        self, kind: LetterKind, state: PlaceState, make: Make, now: datetime, settings: Settings
    ) -> None:
        registration = make.registration(make.event(), places={"spanish": state})
        assert [message.place_id for message in announce(registration, kind, now, settings)] == [None]

    def test_a_cancellation_is_one_letter_a_place(self, both: Registration, now: datetime, settings: Settings) -> None:
        with transaction():
            both.places[1].invited_at = None
            both.places[0].revision = 3
        written = announce(both, LetterKind.CANCELLED, now, settings)
        assert [(message.kind, message.place_id) for message in written] == [
            (LetterKind.CANCELLED, both.places[0].id),
            (LetterKind.CANCELLED, None),
        ]
        assert written[0].context == {"places": [both.places[0].id], "sequence": 3}


class TestSupersede:
    def test_a_cancellation_drops_what_still_waits(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        announce(registration, LetterKind.CANCELLED, now, settings)
        assert states(session) == [(LetterKind.CONFIRMATION, SUPERSEDED), (LetterKind.CANCELLED, QUEUED)]

    def test_of_several_places_only_the_invite_of_the_cancelled_one(
        self, both: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(both, LetterKind.CONFIRMATION, now, settings)
        announce(both, LetterKind.CANCELLED, now, settings, both.places[:1])
        assert states(session) == [
            (LetterKind.CONFIRMATION, QUEUED),
            (LetterKind.INVITE, SUPERSEDED),
            (LetterKind.INVITE, QUEUED),
            (LetterKind.CANCELLED, QUEUED),
        ]

    def test_a_letter_in_a_worker_s_hand_is_left_alone(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        claim(now)
        announce(registration, LetterKind.CANCELLED, now, settings)
        assert states(session) == [(LetterKind.CONFIRMATION, SENDING), (LetterKind.CANCELLED, QUEUED)]

    def test_a_withdrawal_survives_the_confirmation_at_the_new_address(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        with transaction() as writing:
            letters.withdraw(
                writing, registration, registration.places[0], Parting.MISTAKEN, now=now, settings=settings
            )
            registration.email = registration.address_key = "right@example.com"
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        assert states(session) == [(LetterKind.CANCELLED, QUEUED), (LetterKind.CONFIRMATION, QUEUED)]


class TestClaim:
    def test_takes_what_is_due_in_order_and_once(
        self, make: Make, now: datetime, settings: Settings, session: Session
    ) -> None:
        event = make.event()
        for delay in (2, 1, 0, 5):
            registration = make.registration(event)
            announce(registration, LetterKind.CONFIRMATION, now + timedelta(minutes=delay), settings)
        ids = list(session.scalars(select(Message.id).order_by(Message.id)))
        session.rollback()
        assert claim(now + timedelta(minutes=2), limit=2) == [ids[2], ids[1]]
        assert claim(now + timedelta(minutes=2), worker="w2") == [ids[0]]
        assert claim(now + timedelta(minutes=2), worker="w3") == []
        session.rollback()
        taken = session.get_one(Message, ids[2])
        assert (taken.state, taken.lease, taken.attempts) == (SENDING, "w1", 1)

    def test_a_lease_that_ran_out_comes_back_by_itself(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        ids = claim(now)
        assert claim(now + outbox.LEASE - timedelta(seconds=1), worker="w2") == []
        assert claim(now + outbox.LEASE, worker="w2") == ids
        assert (only(session).lease, only(session).attempts) == ("w2", 2)

    def test_what_somebody_had_in_hand_may_have_arrived(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        ids, later = claim(now), now + outbox.LEASE
        assert not only(session).uncertain
        claim(later, worker="w2")
        with transaction() as writing:
            outbox.release(writing, ids, worker="w2", now=later)
        assert (only(session).state, only(session).uncertain) == (QUEUED, True)
        claim(later)
        with transaction() as writing:
            assert outbox.record_uncertain(writing, ids[0], worker="w1", now=later)
        assert only(session).state is QUEUED, "it has not been left without an answer before"

    def test_letters_to_one_person_leave_one_after_the_other(
        self, both: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(both, LetterKind.CONFIRMATION, now, settings)
        first, second, third = session.scalars(select(Message.id).order_by(Message.id))
        session.rollback()
        assert claim(now) == [first]
        assert claim(now, worker="w2") == []
        with transaction() as writing:
            outbox.record_retry(writing, first, worker="w1", now=now)
        assert claim(now, worker="w2") == [], "an invite waits for its confirmation"
        assert claim(now + timedelta(minutes=1)) == [first]
        with transaction() as writing:
            outbox.record_sent(writing, [first], worker="w1", now=now)
        assert claim(now) == [second]
        assert third not in claim(now)

    def test_an_address_that_was_left_holds_up_nobody_else(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        (old,) = claim(now)
        with transaction() as writing:
            moved = writing.get_one(Registration, registration.id)
            moved.email, moved.address_key = "new@example.com", "new@example.com"
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        (new,) = claim(now, worker="w2")
        assert session.get_one(Message, new).recipient == "new@example.com"
        assert new != old

    def test_confirmations_leave_before_invites(
        self, both: Registration, make: Make, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(both, LetterKind.CONFIRMATION, now, settings)
        (first,) = claim(now)
        with transaction() as writing:
            outbox.record_sent(writing, [first], worker="w1", now=now)
        other = make.registration(both.event, email="other@example.com")
        announce(other, LetterKind.CONFIRMATION, now + timedelta(seconds=1), settings)
        session.rollback()
        kinds = [session.get_one(Message, id_).kind for id_ in claim(now + timedelta(seconds=1))]
        assert kinds == [LetterKind.CONFIRMATION, LetterKind.INVITE]

    def test_release_gives_back_untried(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        ids = claim(now)
        with transaction() as writing:
            assert outbox.release(writing, ids, worker="w2", now=now) == 0
            assert outbox.release(writing, ids, worker="w1", now=now) == 1
        message = only(session)
        assert (message.state, message.lease, message.attempts, message.due_at) == (QUEUED, None, 0, now)

    def test_anything_due(
        self, registration: Registration, now: datetime, settings: Settings, session: Session
    ) -> None:
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        assert not outbox.anything_due(session, now=now - timedelta(seconds=1))
        assert outbox.anything_due(session, now=now)
        assert outbox.waiting(session, now=now) == outbox.Waiting(1, now)
        assert outbox.waiting(session, now=now - timedelta(seconds=1)) == outbox.Waiting(0, None)


class TestRecord:
    @pytest.fixture
    def taken(self, registration: Registration, now: datetime, settings: Settings) -> int:
        announce(registration, LetterKind.CONFIRMATION, now, settings)
        (message_id,) = claim(now)
        return message_id

    def test_sent(self, taken: int, now: datetime, session: Session) -> None:
        with transaction() as writing:
            assert outbox.record_sent(writing, [taken], worker="w1", now=now, code=250)
        message = only(session)
        assert (message.state, message.sent_at, message.last_code, message.lease) == (SENT, now, 250, None)

    def test_failed_keeps_the_server_s_words(self, taken: int, session: Session) -> None:
        with transaction() as writing:
            assert outbox.record_failed(writing, taken, worker="w1", code=550, error="5.1.1\r\nno such user\0")
        message = only(session)
        assert (message.state, message.last_code, message.last_error) == (FAILED, 550, "5.1.1 no such user")

    def test_nothing_is_recorded_under_a_lost_lease(self, taken: int, now: datetime, session: Session) -> None:
        later = now + outbox.LEASE
        assert claim(later, worker="w2") == [taken]
        with transaction() as writing:
            assert not outbox.record_sent(writing, [taken], worker="w1", now=later)
            assert not outbox.record_failed(writing, taken, worker="w1")
            assert not outbox.record_retry(writing, taken, worker="w1", now=later)
            assert not outbox.record_uncertain(writing, taken, worker="w1", now=later)
            assert not outbox.record_superseded(writing, taken, worker="w1")
            assert not outbox.record_waiting(writing, taken, worker="w1", until=later)
            assert not outbox.hold(writing, [taken], worker="w1", now=later)
        message = only(session)
        assert (message.state, message.lease, message.last_code) == (SENDING, "w2", None)

    def test_back_off_grows_and_ends_after_two_days(self, taken: int, now: datetime, session: Session) -> None:
        at, pauses = now, []
        while only(session).state is not FAILED:
            with transaction() as writing:
                assert outbox.record_retry(writing, taken, worker="w1", now=at, code=451, error="busy")
            message = only(session)
            if message.state is QUEUED:
                pauses.append((message.due_at - at).total_seconds())
                at = message.due_at
                assert claim(at) == [taken]
        steps = [30, 120, 600, 1800, *[7200] * (len(pauses) - 4)]
        assert all(0.8 * step <= pause <= 1.2 * step for step, pause in zip(steps, pauses, strict=True))
        assert timedelta(hours=48) <= at - now <= timedelta(hours=48 + 2.4)
        assert (message.last_code, message.last_error) == (451, "busy")

    def test_pauses_are_scattered(self) -> None:
        assert len({outbox.pause_before(2) for _ in range(5)}) > 1

    def test_uncertain_is_tried_once_more_as_the_same_letter(self, taken: int, now: datetime, session: Session) -> None:
        before = only(session).message_id
        with transaction() as writing:
            assert outbox.record_uncertain(writing, taken, worker="w1", now=now, error="timed out")
        message = only(session)
        assert (message.state, message.due_at, message.uncertain) == (QUEUED, now + timedelta(minutes=15), True)
        later = message.due_at
        assert claim(later) == [taken]
        with transaction() as writing:
            assert outbox.record_uncertain(writing, taken, worker="w1", now=later, error="timed out")
        message = only(session)
        assert (message.state, message.message_id) == (FAILED, before)

    def test_waiting_for_the_server_counts_as_no_try(self, taken: int, now: datetime, session: Session) -> None:
        until = now + timedelta(days=30)
        with transaction() as writing:
            assert outbox.record_waiting(writing, taken, worker="w1", until=until, code=535, error="no")
        message = only(session)
        assert (message.state, message.attempts, message.due_at, message.last_code) == (QUEUED, 0, until, 535)

    def test_hold_renews_the_lease(self, taken: int, now: datetime, session: Session) -> None:
        later = now + outbox.LEASE / 2
        with transaction() as writing:
            assert outbox.hold(writing, [taken], worker="w1", now=later)
        assert only(session).lease_until == only(session).due_at == later + outbox.LEASE


class TestRetry:
    @pytest.fixture
    def message(self, registration: Registration, now: datetime, settings: Settings) -> Message:
        return announce(registration, LetterKind.CONFIRMATION, now, settings)[0]

    def retry(self, message: Message, now: datetime, settings: Settings) -> Message:
        with transaction() as session:
            return outbox.retry(session, message.public_id, now=now, settings=settings)

    def test_a_failed_letter_goes_out_as_it_was_and_has_two_days_again(
        self, message: Message, now: datetime, settings: Settings, session: Session
    ) -> None:
        (message_id,) = claim(now)
        with transaction() as writing:
            outbox.record_failed(writing, message_id, worker="w1", code=550, error="no such user")
        later = now + timedelta(days=9)
        again = self.retry(message, later, settings)
        assert (again.id, again.state, again.due_at, again.attempts) == (message_id, QUEUED, later, 0)
        assert claim(later) == [message_id]
        with transaction() as writing:
            outbox.record_retry(writing, message_id, worker="w1", now=later, code=450)
        assert only(session).state is QUEUED

    def test_a_sent_letter_is_written_once_more(
        self, message: Message, now: datetime, settings: Settings, session: Session
    ) -> None:
        (message_id,) = claim(now)
        with transaction() as writing:
            outbox.record_sent(writing, [message_id], worker="w1", now=now)
        again = self.retry(message, now + timedelta(days=1), settings)
        assert again.id != message_id
        assert (again.kind, again.place_id, again.context) == (message.kind, message.place_id, message.context)
        assert again.message_id != message.message_id
        assert again.thread_of == message.message_id
        assert states(session) == [(LetterKind.CONFIRMATION, SENT), (LetterKind.CONFIRMATION, QUEUED)]

    def test_what_came_of_earlier_tries_does_not_count_against_it(
        self, message: Message, now: datetime, settings: Settings, session: Session
    ) -> None:
        """Left without an answer, tried again, sent, written once more: each time it may go unanswered once."""
        for tries in range(2):
            (message_id,) = claim(now + tries * timedelta(days=1))
            with transaction() as writing:
                assert outbox.record_uncertain(writing, message_id, worker="w1", now=now)
            assert (only(session).state, only(session).uncertain) == (QUEUED, True)
            self.retry(message, now + (tries + 1) * timedelta(days=1), settings)
            assert only(session).uncertain, "it may have arrived for all that"
        later = now + timedelta(days=9)
        claim(later)
        with transaction() as writing:
            outbox.record_sent(writing, [message.id], worker="w1", now=later)
        again = self.retry(message, later, settings)
        assert (again.id, set(again.context), again.uncertain) == (message.id + 1, {"places"}, False)

    def test_a_waiting_letter_goes_out_now(self, message: Message, now: datetime, settings: Settings) -> None:
        later = now + timedelta(seconds=5)
        assert self.retry(message, later, settings).due_at == later

    def test_neither_one_on_its_way_nor_one_overtaken(
        self, message: Message, registration: Registration, now: datetime, settings: Settings
    ) -> None:
        claim(now)
        with pytest.raises(Refused, match="right now"):
            self.retry(message, now, settings)
        with transaction() as session:
            outbox.release(session, [message.id], worker="w1", now=now)
            outbox.supersede(session, registration, now=now)
        with pytest.raises(Refused, match="overtaken"):
            self.retry(message, now, settings)

    @pytest.mark.usefixtures("app")
    def test_an_unknown_one(self, now: datetime, settings: Settings) -> None:
        with pytest.raises(NotFound), transaction() as writing:
            outbox.retry(writing, "nosuchmessage", now=now, settings=settings)
