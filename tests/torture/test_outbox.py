"""The outbox under load, and workers that are killed again and again."""

import random
import time
from collections import Counter
from datetime import timedelta
from email import message_from_bytes

from eventsapp.actions import outbox
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import Priority
from tests.mail.server import Script
from tests.worker.bulk import multiply
from tests.worker.conftest import office  # noqa: F401
from tests.worker.office import SENT, Office
from tests.worker.test_faults import Workers, arrived, let_leases_end, script, until, workers  # noqa: F401

KILLS = 8
LETTERS = 400
CONNECTIONS = 3


def test_claiming_is_quick_beside_a_million_letters_that_were_sent(office: Office) -> None:  # noqa: F811
    office.write("ann@example.com")
    multiply(office.session, office.message_to("ann@example.com"), people=100_000, sent_each=10)
    took = []
    for turn in range(40):  # each with what is recorded of the eight
        began = time.monotonic()
        with transaction() as session:
            ids = outbox.claim(session, worker="me", limit=8, now=office.now + timedelta(seconds=turn))
            for id_ in ids:
                outbox.record_sent(session, [id_], worker="me", now=office.now)
        took.append(time.monotonic() - began)
        assert len(ids) == 8
    assert sorted(took)[len(took) // 2] < 0.1
    began = time.monotonic()
    with transaction() as session:
        assert outbox.claim(session, worker="me", limit=8, now=office.now, priorities=[Priority.DIGEST]) == []
    assert time.monotonic() - began < 0.1


def test_workers_that_are_killed_lose_nothing(office: Office, script: Script, workers: Workers) -> None:  # noqa: F811
    """Two workers at once, one of them killed at a random moment, again and again."""
    chance = random.Random(4)  # noqa: S311
    addresses = office.write_some(LETTERS)
    script.delay = 0.005
    doubles = 0
    running = [workers.start(), workers.start()]
    for kill in range(KILLS):
        until(lambda goal=(kill + 1) * 20: len(script.taken) >= goal, 60)
        time.sleep(chance.uniform(0, 0.3))
        running.pop(0).kill()
        let_leases_end(office)  # also those of the one that lives: it must not write over what it lost
        running.append(workers.start())
    until(lambda: set(arrived(script)) == set(addresses), 300)
    for process in running:
        process.terminate()
    assert [process.wait(60) for process in running] == [0, 0]
    assert workers.start("--once").wait(60) == 0
    doubles = arrived(script).total() - LETTERS
    assert doubles <= KILLS * CONNECTIONS * 2
    ids = Counter(message_from_bytes(raw)["Message-ID"] for _, raw in script.taken)
    assert len(ids) == LETTERS, "a double is the same letter"
    assert office.states() == dict.fromkeys(addresses, SENT)
