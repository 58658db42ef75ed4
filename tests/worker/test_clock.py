"""A machine whose clock is set, forward or back, under a worker: nothing waits for it, and nothing comes twice."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event as Stop

import pytest
from sqlalchemy import select, text, update

from eventsapp.actions import floods, jobs, outage, outbox
from eventsapp.db import db, for_writing, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.errors import TooMany
from eventsapp.domain.vocabulary import JobKind
from eventsapp.mail.outcome import Outcome, Verdict
from eventsapp.models import Job, Message, Outage
from eventsapp.worker import run
from eventsapp.worker.drift import NOTICED, Drift
from tests.worker.office import QUEUED, SENT, Carrier, Office

DAY = timedelta(days=1)
LATER = Outcome(Verdict.DEFERRED, 451, "later")


class Clock:
    """Goes on as time does, from ``now``; ``set`` puts it forward or back."""

    def __init__(self, now: datetime) -> None:
        self._now, self._began = now, time.monotonic()

    def __call__(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._began)

    def set(self, by: timedelta) -> None:
        self._now += by


@contextmanager
def working(office: Office, carrier: Carrier, clock: Clock) -> Iterator[None]:
    stop = Stop()
    how = {"stop": stop, "poll": 0.02, "transport": carrier, "clock": clock}
    thread = threading.Thread(target=run, args=(office.app,), kwargs=how)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_until_sent(office: Office, *addresses: str) -> None:
    until = time.monotonic() + 20
    while office.states() != dict.fromkeys(addresses, SENT):
        assert time.monotonic() < until, office.states()
        time.sleep(0.02)


def test_it_is_noticed_where_a_clock_is_set_and_not_where_it_only_goes_unevenly() -> None:
    now, seconds = [datetime(2030, 1, 1).astimezone()], [0.0]
    drift = Drift(lambda: now[0], lambda: seconds[0])
    for wall, true, noticed in ((60, 60, 0), (60 + NOTICED / 2, 60, 0), (3600, 1, 3599), (-7200, 0, -7200), (5, 5, 0)):
        now[0] += timedelta(seconds=wall)
        seconds[0] += true
        assert drift.moved() == pytest.approx(noticed)


@pytest.mark.parametrize("noticed", [True, False])
def test_letters_that_others_took_while_the_machine_slept_are_left_to_them(
    office: Office, monkeypatch: pytest.MonkeyPatch, noticed: bool
) -> None:
    """The control: where the clock does not tell of it, those that were made already leave once more."""
    monkeypatch.setattr("eventsapp.worker.line.FRESH", 60.0)
    addresses = office.write_some(7)
    sleeping, awake = threading.Event(), threading.Event()
    carrier, clock = Carrier(), Clock(office.now)

    def sleep() -> None:
        if len(carrier.sent) == 3:  # the next four are claimed and made together
            sleeping.set()
            awake.wait(20)

    carrier.on_send = sleep
    with working(office, carrier, clock):
        assert sleeping.wait(20)
        with transaction() as session:
            left = update(Message).where(Message.recipient.in_(addresses[4:]))
            session.execute(left.values(lease="another", lease_until=office.now + DAY, due_at=office.now + DAY))
        if noticed:
            clock.set(outbox.LEASE)
        awake.set()
        until = time.monotonic() + 20
        while office.message_to(addresses[3]).state is not SENT or len(carrier.sent) < (4 if noticed else 7):
            assert time.monotonic() < until, carrier.sent
            time.sleep(0.02)
    assert carrier.sent == (addresses[:4] if noticed else addresses)


# --- put back ---


def test_letters_that_were_written_by_a_clock_ahead_leave_at_once(office: Office) -> None:
    office.write("ann@example.com", at=office.now + DAY)
    office.work(Carrier())
    assert office.states() == {"ann@example.com": SENT}


def test_a_letter_that_was_turned_away_with_all_others_waits_for_the_mail_server_and_no_longer(office: Office) -> None:
    office.write("ann@example.com")
    office.work(Carrier({"ann@example.com": [Outcome(Verdict.UNREACHABLE, None, "no route", about_us=True)]}))
    due_at = office.message_to("ann@example.com").due_at
    office.work(Carrier())
    assert office.message_to("ann@example.com").due_at == due_at
    with transaction():
        office.message_to("ann@example.com").due_at += DAY
    office.work(Carrier())
    assert office.message_to("ann@example.com").due_at == office.now + outage.STEPS[-1]


def test_a_worker_mends_what_was_written_while_the_clock_was_ahead(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventsapp.worker.housekeeping.PUT_BACK_EVERY", 0.02)
    clock = Clock(office.now + DAY)
    with working(office, Carrier(), clock):
        office.write("ann@example.com", at=clock())
        wait_until_sent(office, "ann@example.com")
        office.write("bob@example.com", at=clock() + timedelta(minutes=1))  # as if just before
        clock.set(-DAY)
        wait_until_sent(office, "ann@example.com", "bob@example.com")


@pytest.mark.parametrize(
    ("verdict", "step"),
    [(Verdict.DEFERRED, outbox.sending.BACK_OFF[0]), (Verdict.UNCERTAIN, outbox.sending.ASK_AGAIN_AFTER)],
)
def test_a_letter_to_be_tried_again_keeps_its_pause_and_no_more(
    office: Office, verdict: Verdict, step: timedelta
) -> None:
    office.write("ann@example.com")
    carrier = Carrier({"ann@example.com": [Outcome(verdict, 451 if verdict is Verdict.DEFERRED else None, "later")]})
    office.work(carrier, after=DAY)
    office.work(carrier)  # by the clock that was put back
    assert office.states() == {"ann@example.com": QUEUED}, "not at once"
    assert step <= office.message_to("ann@example.com").due_at - office.now <= step * 1.5
    office.work(carrier, after=1.5 * step)
    assert office.states() == {"ann@example.com": SENT}


def test_a_pause_that_is_no_longer_than_it_should_be_stays(office: Office) -> None:
    office.write("ann@example.com")
    office.work(Carrier({"ann@example.com": [LATER]}))
    due_at = office.message_to("ann@example.com").due_at
    office.work(Carrier())
    assert office.message_to("ann@example.com").due_at == due_at


def test_what_a_dead_worker_left_is_taken_as_soon_as_ever(office: Office) -> None:
    office.write("ann@example.com")
    with transaction() as session:
        assert outbox.claim(session, worker="dead", limit=1, now=office.now + DAY)
    office.work(Carrier())
    office.work(Carrier(), after=outbox.LEASE)
    assert office.states() == {"ann@example.com": SENT}


def test_neither_outage_nor_job_nor_limit_lasts_for_longer(office: Office) -> None:
    ahead, address = office.now + DAY, read_address("ann@example.com")
    with transaction() as session:
        outage.turned_away(session, sure=True, now=ahead, code=535, words="no")
        to = {"organization": office.event.organization, "event": office.event, "user": None}
        jobs.order(session, **to, kind=JobKind.BULK, asked={}, now=ahead)
        jobs.claim(session, worker="dead", now=ahead)
        for _ in range(office.settings.limit_per_address):
            floods.count(session, address, now=ahead, settings=office.settings)
    office.work(Carrier())
    session = db.session()
    assert session.scalars(select(Outage.until)).one() <= office.now + outage.STEPS[-1]
    assert session.scalars(select(Job.lease_until)).one() <= office.now + jobs.LEASE
    session.rollback()
    with pytest.raises(TooMany), transaction() as session:
        floods.count(session, address, now=office.now, settings=office.settings)
    with transaction() as session:
        floods.count(session, address, now=office.now + floods.WINDOW, settings=office.settings)


# --- put forward ---


def test_a_letter_on_its_way_is_not_taken_by_another_worker_because_the_clock_is_put_forward(office: Office) -> None:
    """Its lease seems to have run out."""
    office.write("ann@example.com")
    clock, other = Clock(office.now), Carrier()

    def slow() -> None:
        clock.set(timedelta(hours=1))
        time.sleep(1)

    carrier = Carrier(on_send=slow)
    with working(office, carrier, clock):
        until = time.monotonic() + 10
        while not carrier.sent and office.states()["ann@example.com"] is QUEUED and time.monotonic() < until:
            time.sleep(0.005)
        with working(office, other, clock):
            wait_until_sent(office, "ann@example.com")
    assert (carrier.sent, other.sent) == (["ann@example.com"], [])


def test_after_the_database_stood_still_others_get_the_time_to_record_what_they_sent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventsapp.worker.deliver.RENEW_EVERY", 1.0)
    claimed_at = office.now - outbox.LEASE + timedelta(seconds=4)
    office.write("ann@example.com", at=claimed_at)
    with transaction() as session:
        [letter] = outbox.claim(session, worker="another", limit=1, now=claimed_at)
    carrier, clock = Carrier(), Clock(office.now)
    with working(office, carrier, clock):
        time.sleep(1.5)
        with for_writing().begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE message"))
            time.sleep(3.5)
        time.sleep(0.5)
        with transaction() as session:
            assert outbox.record_sent(session, [letter], worker="another", now=clock()) == {letter}
        time.sleep(1)
    assert carrier.sent == []
    assert office.states() == {"ann@example.com": SENT}


def test_a_letter_that_is_still_on_the_wire_is_not_claimed_again(office: Office) -> None:
    """Whatever became of its lease: the database was away for longer, for one."""
    office.write("ann@example.com")
    office.write("bob@example.com")
    after = office.now + 2 * outbox.LEASE
    with transaction() as session:
        ann, bob = outbox.claim(session, worker="me", limit=2, now=office.now)
        assert outbox.claim(session, worker="me", limit=2, now=after, in_hand=[ann]) == [bob]
    with transaction() as session:
        assert outbox.claim(session, worker="me", limit=2, now=after, lapsed=False) == []
