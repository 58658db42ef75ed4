import contextlib
import errno
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Event as Stop
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from eventsapp.actions import outbox
from eventsapp.actions.suppress import suppress
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState, Suppression
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.mail.smtp import SmtpTransport
from eventsapp.mail.transport import MemoryTransport
from eventsapp.mail.verp import letter_named_by
from eventsapp.models import Message, Occurrence, Place, Receipt
from eventsapp.worker import deliver, run
from eventsapp.worker.lane import Prompt
from tests.mail.server import Script, smtp_server
from tests.worker.office import FAILED, QUEUED, SENDING, SENT, SUPERSEDED, Carrier, Office


def test_sends_all_that_is_due_and_records_it(office: Office) -> None:
    addresses = office.write_some(22)
    carrier = Carrier()
    office.work(carrier)
    assert carrier.sent == addresses
    assert office.states() == dict.fromkeys(addresses, SENT)
    assert carrier.closed
    message = office.message_to(addresses[0])
    assert (message.sent_at, message.last_code, message.attempts, message.lease) == (office.now, 250, 1, None)
    office.work(carrier, after=timedelta(days=1))
    assert carrier.sent == addresses, "nothing is sent twice"


def test_an_invite_follows_its_confirmation(office: Office) -> None:
    office.write(places={"english": PlaceState.CONFIRMED, "spanish": PlaceState.CONFIRMED})
    carrier = MemoryTransport()
    office.work(carrier)
    subjects = [message["Subject"] for message, _ in carrier.sent]
    ids = [message["Message-ID"] for message, _ in carrier.sent]
    assert len(subjects) == 3
    assert [message["In-Reply-To"] for message, _ in carrier.sent] == [None, ids[0], ids[0]]


def test_a_confirmation_leaves_within_the_second(office: Office) -> None:
    stop, left = Stop(), threading.Event()
    carrier = Carrier(on_send=left.set)
    thread = threading.Thread(target=run, args=(office.app,), kwargs={"stop": stop, "transport": carrier})
    thread.start()
    try:
        time.sleep(0.1)  # it has found nothing and rests
        began = time.monotonic()
        office.write(at=datetime.now(UTC))
        assert left.wait(5)
        assert time.monotonic() - began < 1.5
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("outcome", "state", "due_in"),
    [
        (Outcome(Verdict.DEFERRED, 451, "greylisted"), QUEUED, (24, 36)),
        (Outcome(Verdict.DEFERRED, 421, "busy"), QUEUED, (24, 36)),
        (Outcome(Verdict.REFUSED, 550, "no such user"), FAILED, None),
        (Outcome(Verdict.UNCERTAIN, None, "timed out"), QUEUED, (900, 900)),
        (Outcome(Verdict.FAULT, 550, "5.7.1 policy"), QUEUED, (24, 36)),
        (Outcome(Verdict.FAULT, 535, "bad password", about_us=True), QUEUED, (300, 300)),
        (Outcome(Verdict.UNREACHABLE, None, "connection refused", about_us=True), QUEUED, (5, 5)),
    ],
)
def test_what_becomes_of_a_letter(
    outcome: Outcome,
    state: MessageState,
    due_in: tuple[float, float] | None,
    office: Office,
) -> None:
    office.write("ann@example.com")
    office.work(Carrier({"ann@example.com": [outcome]}))
    message = office.message_to("ann@example.com")
    assert (message.state, message.last_code, message.last_error) == (state, outcome.code, outcome.words)
    if due_in:
        assert due_in[0] <= (message.due_at - office.now).total_seconds() <= due_in[1]
        office.work(Carrier(), after=message.due_at - office.now)
        assert office.message_to("ann@example.com").state is SENT


def test_one_letter_that_is_turned_away_holds_up_nobody(office: Office) -> None:
    for name in ("ann", "bob", "cem"):
        office.write(f"{name}@example.com")
    carrier = Carrier(
        {"ann@example.com": [Outcome(Verdict.REFUSED, 550)], "bob@example.com": [Outcome(Verdict.FAULT, 550, "5.7.1")]}
    )
    office.work(carrier)
    assert office.states() == {"ann@example.com": FAILED, "bob@example.com": QUEUED, "cem@example.com": SENT}


@pytest.mark.parametrize(
    ("outcomes", "tried"),
    [
        ([Outcome(Verdict.FAULT, 550, "5.7.1")] * 2, 2),
        ([Outcome(Verdict.FAULT, 535, "no", about_us=True)], 1),
        ([Outcome(Verdict.UNREACHABLE, None, "refused", about_us=True)], 1),
        ([Outcome(Verdict.DEFERRED, 421, "too many connections")], 1),
    ],
)
def test_when_the_trouble_is_ours_the_lane_pauses_and_the_rest_wait_untried(
    outcomes: list[Outcome],
    tried: int,
    office: Office,
    caplog: pytest.LogCaptureFixture,
) -> None:
    addresses = office.write_some(5)
    carrier = Carrier({address: [outcome] for address, outcome in zip(addresses, outcomes, strict=False)})
    office.work(carrier)
    assert carrier.sent == addresses[:tried]
    assert office.states() == dict.fromkeys(addresses, QUEUED)
    assert [office.message_to(address).attempts for address in addresses[tried:]] == [0] * (5 - tried)
    assert ("turns us away" in caplog.text) is (outcomes[0].verdict is Verdict.FAULT)
    office.work(carrier, after=timedelta(minutes=5))
    assert office.states() == dict.fromkeys(addresses, SENT)


def test_a_letter_that_cannot_be_composed_fails_alone(office: Office) -> None:
    office.write("ann@example.com")
    office.write("bob@example.com")
    with transaction() as writing:
        writing.execute(update(Message).where(Message.recipient == "ann@example.com").values(recipient="ann@@example"))
    office.work(Carrier())
    assert office.states() == {"ann@@example": FAILED, "bob@example.com": SENT}
    assert office.message_to("ann@@example").last_error.startswith("unfit to send: Invalid")


@pytest.mark.parametrize("fault", [MemoryError(), OSError(errno.EMFILE, "Too many open files"), KeyError("name")])
def test_a_letter_that_the_machine_or_the_program_could_not_make_is_tried_again(
    fault: Exception, office: Office
) -> None:
    faults = [fault]

    def fail_once() -> None:
        if faults:
            raise faults.pop()

    office.write("ann@example.com")
    office.work(Carrier(on_send=fail_once))
    assert office.states() == {"ann@example.com": QUEUED}
    assert office.message_to("ann@example.com").last_error.startswith(f"unfit to send: {type(fault).__name__}")
    office.work(Carrier(), after=timedelta(minutes=5))
    assert office.states() == {"ann@example.com": SENT}


def test_a_letter_overtaken_after_it_was_queued_is_not_sent(office: Office) -> None:
    registration = office.write("ann@example.com")
    with transaction():
        registration.places[0].state = PlaceState.CANCELLED
    carrier = Carrier()
    office.work(carrier)
    assert carrier.sent == []
    assert office.states() == {"ann@example.com": SUPERSEDED}


class Killed(BaseException):
    """As if the process were gone: nothing that follows is recorded."""


def test_a_worker_that_was_killed_loses_nothing_and_doubles_only_the_letter_in_its_hand(office: Office) -> None:
    addresses = office.write_some(4)
    taken = MemoryTransport()

    class DiesAfterTheSecond(MemoryTransport):
        def send(self, message: bytes, envelope: Envelope) -> Outcome:
            outcome = taken.send(message, envelope)
            if len(taken.sent) == 2:
                raise Killed  # taken by the server, not recorded here
            return outcome

    with contextlib.suppress(Killed):
        office.work(DiesAfterTheSecond())
    assert Counter(office.states().values()) == {SENT: 1, SENDING: 2, QUEUED: 1}, "one in hand, one claimed ahead"
    office.work(taken, after=timedelta(minutes=1))
    assert len(taken.sent) == 3, "the dead worker's letters are its own until the lease ends"
    office.work(taken, after=outbox.LEASE)
    assert office.states() == dict.fromkeys(addresses, SENT)
    assert Counter(envelope.recipient for _, envelope in taken.sent) == Counter([*addresses, addresses[1]])
    doubles = [message["Message-ID"] for message, envelope in taken.sent if envelope.recipient == addresses[1]]
    assert doubles[0] == doubles[1]


def test_stop_finishes_the_letter_in_hand_and_gives_the_others_back(office: Office) -> None:
    addresses = office.write_some(4)
    stop = Stop()
    carrier = Carrier(on_send=stop.set)  # told to end in the middle of the first letter
    run(office.app, stop=stop, transport=carrier, clock=lambda: office.now)
    assert carrier.sent == addresses[:1]
    assert carrier.closed
    assert office.states() == {addresses[0]: SENT} | dict.fromkeys(addresses[1:], QUEUED)
    assert [office.message_to(address).attempts for address in addresses] == [1, 0, 0, 0]


def test_stop_ends_an_idle_worker_at_once(office: Office) -> None:
    stop = Stop()
    thread = threading.Thread(target=run, args=(office.app,), kwargs={"stop": stop, "transport": Carrier()})
    thread.start()
    time.sleep(0.1)
    began = time.monotonic()
    stop.set()
    thread.join(5)
    assert time.monotonic() - began < 1


def side_by_side(office: Office, carriers: Sequence[Carrier]) -> list[str]:
    """All workers at once; returns every recipient, as often as a letter left for it."""
    threads = [threading.Thread(target=office.work, args=(carrier,)) for carrier in carriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [recipient for carrier in carriers for recipient in carrier.sent]


def test_a_lane_with_much_to_do_leaves_half_of_the_time_to_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has one writer, and letters and people who register want to be it while many reminders are planned."""
    stop, worked = Stop(), list[tuple[float, float]]()

    class Much(Prompt):
        def work(self, stop: Stop, poll: float) -> float:  # noqa: ARG002
            began = time.monotonic()
            time.sleep(0.2)
            worked.append((began, time.monotonic()))
            if len(worked) == 3:
                stop.set()
            return 0.0

    monkeypatch.setattr("eventsapp.worker.planners", lambda *_, **__: [Much()])
    run(office.app, stop=stop, transport=Carrier())
    assert all(began - ended >= 0.2 for (_, ended), (began, _) in pairwise(worked))


def test_two_workers_never_send_the_same_letter(office: Office) -> None:
    addresses = office.write_some(24)
    carriers = [Carrier(on_send=lambda: time.sleep(0.002)) for _ in range(3)]
    assert Counter(side_by_side(office, carriers)) == Counter(addresses)
    assert all(carrier.sent for carrier in carriers), "they shared the work"
    assert office.states() == dict.fromkeys(addresses, SENT)


def test_control_without_the_lease_they_do(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office.write_some(10)
    both_hold_them = threading.Barrier(2, timeout=10)

    def careless(session: Session, *, worker: str, limit: int, **_: Any) -> list[int]:
        ids = list(session.scalars(select(Message.id).where(Message.state != SENT).order_by(Message.id).limit(limit)))
        session.execute(update(Message).where(Message.id.in_(ids)).values(state=SENDING, lease=worker))
        return ids

    def together() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both_hold_them.wait()

    monkeypatch.setattr(outbox, "claim", careless)
    monkeypatch.setattr(deliver.secrets, "token_hex", lambda _size: "one name for all")
    sent = side_by_side(office, [Carrier(on_send=together) for _ in range(2)])
    assert len(sent) > len(set(sent))


def test_a_lease_lost_while_sending_is_not_written_over(office: Office) -> None:
    office.write("ann@example.com")

    def another_takes_it() -> None:
        with office.app.app_context(), transaction() as other:
            other.execute(update(Message).values(lease="another"))

    office.work(Carrier({"ann@example.com": [Outcome(Verdict.REFUSED, 550)]}, on_send=another_takes_it))
    message = office.message_to("ann@example.com")
    assert (message.state, message.lease) == (SENDING, "another")


def test_a_long_batch_renews_its_leases(office: Office) -> None:
    addresses = office.write_some(6)
    clock = [office.now]

    def slow() -> None:
        clock[0] += timedelta(minutes=3)

    run(office.app, stop=Stop(), once=True, transport=Carrier(on_send=slow), clock=lambda: clock[0])
    assert clock[0] - office.now > outbox.LEASE
    assert office.states() == dict.fromkeys(addresses, SENT)
    assert {office.message_to(address).attempts for address in addresses} == {1}


def test_a_letter_stays_ours_however_long_the_mail_server_thinks(office: Office) -> None:
    office.write("ann@example.com")
    clock, taken_by_another = [office.now], []

    def slow() -> None:
        with office.app.app_context():
            for _ in range(4):
                clock[0] += outbox.LEASE / 2
                for _ in range(400):  # until the lane has looked at the clock
                    session = db.session()
                    renewed = session.scalars(select(Message.lease_until)).one()
                    session.rollback()
                    if renewed == clock[0] + outbox.LEASE:
                        break
                    time.sleep(0.01)
                with transaction() as other:
                    taken_by_another.extend(outbox.claim(other, worker="another", limit=1, now=clock[0]))

    run(office.app, stop=Stop(), once=True, transport=Carrier(on_send=slow), clock=lambda: clock[0])
    assert taken_by_another == []
    assert office.states() == {"ann@example.com": SENT}


def test_what_was_kept_for_a_while_is_deleted(office: Office) -> None:
    with transaction() as writing:
        for name, expires_at in (("past", office.now), ("still", office.now + timedelta(seconds=1))):
            writing.add(
                Receipt(
                    event_id=office.event.id,
                    public_id=name,
                    reference="K7PM-2QXD",
                    applicant={},
                    outcome={},
                    created_at=office.now - timedelta(days=1),
                    expires_at=expires_at,
                )
            )
    office.work(Carrier())
    office.session.rollback()
    assert list(office.session.scalars(select(Receipt.public_id))) == ["still"]


def test_the_log_names_nobody(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "eventsapp")
    for name in ("ann", "bob", "cem", "dan"):
        office.write(f"{name}@example.com", name=f"{name} Secretname")
    with transaction() as writing:
        writing.execute(
            update(Message).where(Message.recipient == "dan@example.com").values(recipient="dan@@example.com")
        )
    words = "<bob@example.com> Secretname is unknown here"
    refused, fault = Outcome(Verdict.REFUSED, 550, words), Outcome(Verdict.FAULT, 535, words, about_us=True)
    office.work(Carrier({"bob@example.com": [refused], "cem@example.com": [fault]}))
    office.work(Carrier(), after=timedelta(minutes=1))
    said = "\n".join(
        record.getMessage() + str(record.exc_info)
        for record in caplog.records
        if record.name.startswith("eventsapp.worker")
    )
    assert said.count("confirmation") >= 3
    for secret in ("@", "Secretname", "ann", "bob", "cem", "dan"):
        assert secret not in said, secret


def test_a_database_that_goes_away_is_waited_for(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    office.write("ann@example.com")
    carrier = Carrier()
    with monkeypatch.context() as patch:

        def away(*_values: object, **_names: object) -> bool:
            raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

        patch.setattr(outbox, "anything_due", away)
        office.work(carrier)
        assert "the database does not answer" in caplog.text
    office.work(carrier)
    assert carrier.sent == ["ann@example.com"]


@pytest.fixture
def script() -> Iterator[Script]:
    with smtp_server(Script(once=True)) as script:
        yield script


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_bad_day_at_a_real_mail_server(office: Office, script: Script) -> None:
    """Every trouble once: nothing is lost, 5xx is never tried again, a double is the same letter."""
    names = ["well", "gone", "grey", "full", "busy", "late", "cut", "ours", "fine"]
    address = {name: f"{name}@example.com" for name in names}
    script.at_rcpt = {
        address["gone"]: "550 5.1.1 no such user",
        address["grey"]: "451 4.7.1 greylisted",
        address["full"]: "450 4.2.2 mailbox full",
        address["busy"]: "421 4.7.0 too many",
        address["ours"]: "550 5.7.1 relaying denied",
    }
    script.cut_in_data = {address["cut"]}
    script.after_data = {address["late"]: "cut"}
    for name in names:
        office.write(address[name])
    for quarter in range(6):
        transport = SmtpTransport("127.0.0.1", script.port, timeout=2, timeout_after_data=0.5)
        office.work(transport, after=timedelta(minutes=16) * quarter)
    assert office.states() == dict.fromkeys(address.values(), SENT) | {address["gone"]: FAILED}
    taken = Counter(recipient for recipient, _ in script.taken)
    expected = Counter(address[name] for name in names if name != "gone")
    expected[address["late"]] += 1  # the server had taken it and did not say so
    assert taken == expected
    doubles = {raw for recipient, raw in script.taken if recipient == address["late"]}
    assert len(doubles) == 1, "the same bytes"
    assert office.message_to(address["gone"]).last_error == "5.1.1 no such user"


def test_gives_up_what_was_held_for_too_long_and_writes_to_who_moves_up(office: Office) -> None:
    with transaction() as session:
        session.execute(update(Occurrence).values(capacity=1))
    office.make.registration(office.event, email="late@example.com", places={"spanish": PlaceState.UNVERIFIED})
    office.make.registration(office.event, email="next@example.com", places={"spanish": PlaceState.WAITLISTED})
    carrier = Carrier()
    office.work(carrier, after=timedelta(minutes=119))
    assert carrier.sent == []
    office.work(carrier, after=timedelta(hours=2))
    assert carrier.sent == ["next@example.com"]
    states = office.session.scalars(select(Place.state).order_by(Place.id)).all()
    assert states == [PlaceState.CANCELLED, PlaceState.CONFIRMED]


def test_a_letter_that_comes_too_late_is_not_sent(office: Office) -> None:
    office.write("ann@example.com")
    office.write("bob@example.com")
    with transaction() as session:
        late = update(Message).where(Message.recipient == "ann@example.com")
        session.execute(late.values(expires_at=office.now))
        session.execute(
            update(Message)
            .where(Message.recipient == "bob@example.com")
            .values(expires_at=office.now + timedelta(seconds=1))
        )
    carrier = Carrier()
    office.work(carrier)
    assert carrier.sent == ["bob@example.com"]
    assert office.states() == {"ann@example.com": SUPERSEDED, "bob@example.com": SENT}


def test_a_dead_address_gets_only_what_was_asked_for_just_now(office: Office) -> None:
    registration = office.write("ann@example.com")
    with transaction() as session:
        outbox.enqueue(session, registration, LetterKind.PROMOTED, now=office.now, settings=office.settings)
        suppress(
            session,
            office.event.organization_id,
            "ann@example.com",
            Suppression.BOUNCED,
            now=office.now,
            settings=office.settings,
        )
    carrier = Carrier()
    office.work(carrier)
    office.session.rollback()
    found = {message.kind: (message.state, message.last_error) for message in office.session.scalars(select(Message))}
    assert found == {
        LetterKind.CONFIRMATION: (SENT, ""),
        LetterKind.PROMOTED: (MessageState.SUPPRESSED, "not written to: bounced"),
    }
    assert carrier.sent == ["ann@example.com"]


def test_the_envelope_says_which_letter_comes_back(office: Office) -> None:
    office.app.extensions["settings"] = replace(office.settings, bounce_address="bounce@example.org")
    office.write("ann@example.com")
    carrier = MemoryTransport()
    office.work(carrier)
    (envelope,) = [envelope for _, envelope in carrier.sent]
    assert letter_named_by(envelope.sender, office.app.extensions["settings"]) == envelope.public_id


def test_what_cannot_be_recorded_is_not_sent_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes away between sending and recording: the outcome is kept until it is back."""
    office.write("ann@example.com")
    carrier, stop, failures = Carrier(), Stop(), [2]
    record_sent = outbox.record_sent

    def away(*arguments: Any, **named: Any) -> bool:
        if failures[0]:
            failures[0] -= 1
            raise OperationalError("UPDATE", {}, Exception("gone"))
        stop.set()
        return record_sent(*arguments, **named)

    monkeypatch.setattr(outbox, "record_sent", away)
    monkeypatch.setattr("eventsapp.worker.AFTER_TROUBLE", 0.01)
    run(office.app, stop=stop, transport=carrier, clock=lambda: office.now)
    assert carrier.sent == ["ann@example.com"]
    assert office.states() == {"ann@example.com": SENT}
