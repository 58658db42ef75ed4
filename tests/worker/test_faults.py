"""The worker over real SMTP, to a server that misbehaves: nothing is lost, and nothing comes twice that need not."""

import os
import re
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from threading import Event as Stop

import pytest
from sqlalchemy import select, update

from eventsapp.actions import outage, outbox, places
from eventsapp.actions.erase import erase
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import MessageState, Priority
from eventsapp.models import Message, Outage
from eventsapp.worker import run
from tests.mail.letterbox import calendar_of
from tests.mail.server import PLAGUES, TAKEN_AND_CUT, Script, smtp_server
from tests.worker.office import FAILED, QUEUED, SENDING, SENT, Office

COMMAND = [sys.executable, "-m", "eventsapp.cli", "worker"]
ROUNDS = tuple(timedelta(minutes=minutes) for minutes in (0, 2, 20, 60, 120))


@pytest.fixture
def script() -> Iterator[Script]:
    with smtp_server(Script()) as script:
        yield script


def by_smtp(office: Office, script: Script, **values: int) -> Settings:
    settings = replace(office.settings, mail_url=f"smtp://127.0.0.1:{script.port}", **values)
    office.app.extensions["settings"] = settings
    return settings


def work(office: Office, after: timedelta = timedelta(0)) -> None:
    run(office.app, stop=Stop(), once=True, clock=lambda: office.now + after)


def arrived(script: Script) -> Counter[str]:
    return Counter(recipient for recipient, _ in script.taken)


@contextmanager
def working(office: Office) -> Iterator[None]:
    """A worker in a thread, by the real clock."""
    stop = Stop()
    thread = threading.Thread(target=run, args=(office.app,), kwargs={"stop": stop})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def of_priority(office: Office, priority: Priority) -> None:
    with transaction() as session:
        session.execute(update(Message).values(priority=priority))


# Faults about one letter


def plagued(script: Script) -> list[str]:
    addresses = [f"plague{number}@example.com" for number in range(len(PLAGUES))]
    script.story = {address: [plague] for address, plague in zip(addresses, PLAGUES, strict=True)}
    return [*addresses, "healthy@example.com"]


def test_whatever_goes_wrong_each_letter_arrives_once(office: Office, script: Script) -> None:
    by_smtp(office, script, mail_connections=3)
    addresses = plagued(script)
    for address in addresses:
        office.write(address)
    for after in ROUNDS:
        work(office, after)
    assert arrived(script) == Counter(addresses)
    assert office.states() == dict.fromkeys(addresses, SENT)


def test_control_a_sender_that_tries_once_and_looks_at_no_code_loses_letters(script: Script) -> None:
    addresses = plagued(script)
    for address in addresses:
        with suppress(OSError, smtplib.SMTPException), smtplib.SMTP("127.0.0.1", script.port, timeout=5) as server:
            server.sendmail("events@example.org", [address], b"Subject: x\r\n\r\nx\r\n")
    assert arrived(script) == Counter(["healthy@example.com"])


def test_a_letter_whose_taking_was_never_said_comes_twice_and_can_be_recognised(office: Office, script: Script) -> None:
    by_smtp(office, script)
    script.story = {"ann@example.com": [TAKEN_AND_CUT], "bob@example.com": [TAKEN_AND_CUT] * 2}
    office.write("ann@example.com")
    office.write("bob@example.com")
    for after in ROUNDS:
        work(office, after)
    assert arrived(script) == {"ann@example.com": 2, "bob@example.com": 2}, (
        "after the second time it is not tried again"
    )
    assert office.states() == {"ann@example.com": SENT, "bob@example.com": FAILED}
    ids = {message_from_bytes(raw)["Message-ID"] for recipient, raw in script.taken if recipient == "ann@example.com"}
    assert len(ids) == 1


def test_nothing_is_tried_again_that_was_refused(office: Office, script: Script) -> None:
    by_smtp(office, script)
    script.at_rcpt["ann@example.com"] = "550 5.1.1 no such user"
    office.write("ann@example.com")
    for after in ROUNDS:
        work(office, after)
    assert script.mails == 1
    message = office.message_to("ann@example.com")
    assert (message.state, message.last_code, message.last_error) == (FAILED, 550, "5.1.1 no such user")


def test_greylisting(office: Office, script: Script) -> None:
    by_smtp(office, script)
    script.greylist = 0.2
    addresses = office.write_some(6)
    work(office)
    assert arrived(script) == {}
    time.sleep(0.2)
    work(office, timedelta(minutes=1))
    assert arrived(script) == Counter(addresses)


# Faults about all letters


def test_a_limit_of_connections_is_found_and_kept(office: Office, script: Script) -> None:
    by_smtp(office, script, mail_connections=6)
    script.at_most = 2
    addresses = office.write_some(20)
    work(office)
    assert arrived(script) == Counter(addresses)
    assert script.most_together == 2
    assert script.connections < 12, "it does not run against the limit again and again"


def test_a_letter_that_comes_back_when_all_others_have_left_leaves_at_once(office: Office, script: Script) -> None:
    by_smtp(office, script, mail_connections=3)
    script.at_most, script.thinks = 1, 0.5
    addresses = office.write_some(3)
    work(office)
    assert arrived(script) == Counter(addresses)


@pytest.mark.parametrize("reply", ["550 5.7.1 relaying denied", "530 5.7.0 sign in"])
def test_where_the_server_turns_us_away_everybody_waits_and_tries_one_letter(
    reply: str, office: Office, script: Script
) -> None:
    by_smtp(office, script, mail_connections=3)
    addresses = office.write_some(12)
    script.at_rcpt = dict.fromkeys(addresses, reply)
    for after, tried in ((0, 5), (1, 5), (4, 5), (6, 6), (20, 6), (22, 7)):
        work(office, timedelta(minutes=after))
        assert script.mails <= tried, f"after {after} minutes"
    assert office.states() == dict.fromkeys(addresses, QUEUED)
    found = office.session.scalars(select(Outage)).one()
    assert (found.since, found.code) == (office.now, int(reply[:3]))
    assert found.words == reply[4:]
    script.at_rcpt.clear()
    work(office, timedelta(hours=1))
    assert arrived(script) == Counter(addresses)
    office.session.rollback()
    assert office.session.scalars(select(Outage)).all() == []


def test_a_server_that_does_not_know_us_is_asked_once(office: Office, script: Script) -> None:
    by_smtp(office, script, mail_connections=1)
    addresses = office.write_some(5)
    script.at_mail = "553 5.1.8 sender unknown"
    for minutes in (0, 1, 4):
        work(office, timedelta(minutes=minutes))
    assert script.connections == 1
    assert office.states() == dict.fromkeys(addresses, QUEUED)
    script.at_mail = ""
    work(office, timedelta(minutes=5))
    assert arrived(script) == Counter(addresses)


def test_one_receiver_who_distrusts_us_holds_up_nobody(office: Office, script: Script) -> None:
    by_smtp(office, script, mail_connections=2)
    script.at_rcpt["person0@example.com"] = "550 5.7.1 not from you"
    addresses = office.write_some(8)
    for after in ROUNDS:
        work(office, after)
    assert arrived(script) == Counter(addresses[1:])
    assert office.states() == dict.fromkeys(addresses[1:], SENT) | {addresses[0]: QUEUED}


def test_nor_where_letters_leave_slowly(office: Office, script: Script) -> None:
    """The letter that is tried alone waits for its turn, and not for the end of a try that never was."""
    by_smtp(office, script, mail_connections=1, mail_per_second=1)
    script.at_rcpt["person0@example.com"] = "550 5.7.1 not from you"
    addresses = office.write_some(2)
    for after in (0, 2):
        work(office, timedelta(seconds=after))
        time.sleep(1 - time.time() % 1)
    assert arrived(script) == Counter(addresses[1:])


def test_an_outage_is_shared_by_all_workers_and_one_of_them_tries(office: Office) -> None:
    five, fifteen = timedelta(minutes=5), timedelta(minutes=15)
    with transaction() as session:
        facts = {"code": 550, "words": "5.7.1 no"}
        assert outage.turned_away(session, sure=False, now=office.now, **facts) == office.now
        assert outage.turned_away(session, sure=True, now=office.now, **facts) == office.now + five
        assert outage.turned_away(session, sure=True, now=office.now, **facts) == office.now + five, "counted once"
        assert not outage.may_try(session, now=office.now)
        later = office.now + five
        assert [outage.may_try(session, now=later) for _ in range(2)] == [True, False]
        assert outage.turned_away(session, sure=True, trying=True, now=later, **facts) == later + fifteen
        outage.got_through(session)
        assert outage.standing(session) is None


# Limits of our own


def test_letters_a_second(office: Office, script: Script) -> None:
    by_smtp(office, script, mail_per_second=8, mail_connections=4)
    addresses = office.write_some(12)
    began = time.monotonic()
    work(office)
    assert 0.9 < time.monotonic() - began < 5
    assert arrived(script) == Counter(addresses)


def test_one_domain_s_limit_holds_up_no_other(office: Office, script: Script) -> None:
    by_smtp(office, script, mail_per_domain=1, mail_connections=2)
    slow = [f"ann{number}@slow.example" for number in range(2)]
    others = [f"ann@domain{number}.example" for number in range(8)]
    for address in (*slow, *others):
        office.write(address)
    began = time.monotonic()
    work(office)
    assert time.monotonic() - began > 0.9
    assert arrived(script) == Counter([*slow, *others])
    order = [recipient for recipient, _ in script.taken]
    assert order.index(others[0]) < order.index(slow[1])
    assert {office.message_to(address).attempts for address in slow} == {1}, "one that had to wait was not tried"


# What is urgent


def test_a_confirmation_leaves_within_two_seconds_while_others_go_out_slowly(office: Office, script: Script) -> None:
    by_smtp(office, script, mail_connections=3)
    script.delay = 0.1
    for number in range(30):
        office.write(f"reminded{number}@example.com", at=datetime.now(UTC))
    of_priority(office, Priority.REMINDER)
    with working(office):
        until(lambda: len(script.taken) >= 3)
        began = time.monotonic()
        office.write("new@example.com", at=datetime.now(UTC))
        until(lambda: "new@example.com" in arrived(script))
        assert time.monotonic() - began < 2
        assert len(script.taken) < 20, "the others are still going out"


# Processes that end


class Workers:
    """Processes of the command line over the test's database."""

    def __init__(self, settings: Settings) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("EVENTSAPP_")}
        names = ("instance_path", "database_url", "secret_key", "link_key", "base_url", "mail_url", "mail_from")
        given = {f"EVENTSAPP_{name.upper()}": str(getattr(settings, name)) for name in names}
        self.environ = clean | given | {"EVENTSAPP_MAIL_CONNECTIONS": str(settings.mail_connections)}
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        self.running.append(subprocess.Popen([*COMMAND, *arguments], env=self.environ, stdout=quiet, stderr=quiet))
        return self.running[-1]


@pytest.fixture
def workers(office: Office, script: Script) -> Iterator[Workers]:
    workers = Workers(by_smtp(office, script, mail_connections=3))
    yield workers
    for process in workers.running:
        process.kill()
        process.wait()


def let_leases_end(office: Office) -> None:
    with transaction() as session:
        session.execute(update(Message).where(Message.state == SENDING).values(due_at=office.now))


def taken_by_a_worker_that_died(office: Office) -> None:
    """Nobody knows whether it had sent what it took."""
    with transaction() as session:
        assert outbox.claim(session, worker="dead", limit=10, now=office.now)


@pytest.mark.parametrize(("before", "told"), [(taken_by_a_worker_that_died, ["CANCEL"]), (lambda _office: None, [])])
def test_what_a_worker_that_died_may_have_sent_is_taken_back(
    before: Callable[[Office], None], told: list[str], office: Office, script: Script
) -> None:
    """Though the letter itself is not true any more, and does not leave again."""
    by_smtp(office, script)
    ann = office.write("ann@example.com")
    before(office)
    with transaction() as session:
        places.cancel(session, ann.id, now=office.now, settings=office.settings)
    work(office, outbox.LEASE + timedelta(minutes=1))
    assert methods(script) == told
    assert len(script.taken) == 1, "that it is cancelled is told in any case"


def test_a_cancellation_that_comes_late_leaves_a_later_entry_alone(office: Office, script: Script) -> None:
    """Somebody had their data deleted and came back, while that letter was in the hands of a worker that died."""
    by_smtp(office, script)
    ann = office.write("ann@example.com")
    work(office)
    with transaction() as session:
        erase(session, ann.id, now=office.now, settings=office.settings)
    taken_by_a_worker_that_died(office)
    office.write("ann@example.com")
    work(office)
    work(office, outbox.LEASE + timedelta(minutes=1))
    assert methods(script) == ["REQUEST", "REQUEST"]
    assert len(script.taken) == 3, "that their data are deleted is told in any case"


def methods(script: Script) -> list[str]:
    """Of the calendar objects that came."""
    letters = [message_from_bytes(raw, policy=default) for _, raw in script.taken]
    return [method for letter in letters for method in re.findall(r"METHOD:(\w+)", calendar_of(letter))]  # type: ignore[arg-type]


def test_a_kill_loses_nothing_and_doubles_no_more_than_there_are_connections(
    office: Office, script: Script, workers: Workers
) -> None:
    """Killed right after the server took a letter and before it could say so; then another is told to end."""
    addresses = office.write_some(30)
    first = workers.start()
    script.on_taken = lambda: first.kill() if len(script.taken) == 5 else None
    first.wait(30)
    before = arrived(script)
    assert 5 <= before.total() <= 5 + 3
    left = Counter(office.states().values())[SENDING]

    script.delay = 0.02
    second = workers.start()
    until(lambda: len(script.taken) >= 15)
    second.send_signal(signal.SIGTERM)
    assert second.wait(30) == 0
    states = Counter(office.states().values())
    assert states[SENDING] == left, "nothing stays in its hands"
    assert 0 <= len(arrived(script)) - states[SENT] <= left, "all that arrived is recorded, but for what was killed"

    let_leases_end(office)
    script.delay = 0
    two = [workers.start("--once") for _ in range(2)]
    assert [process.wait(30) for process in two] == [0, 0]
    assert set(arrived(script)) == set(addresses)
    doubles = arrived(script).total() - len(addresses)
    assert 1 <= doubles <= 3, "at least the one that was killed between taking and saying so"
    assert office.states() == dict.fromkeys(addresses, MessageState.SENT)
