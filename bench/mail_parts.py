"""What is measured of letters: sending them, sending over a slow network, planning and sending reminders."""

import json
import os
import shutil
import smtplib
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.instance import Instance
from bench.measuring import Row
from bench.processes import free_port, running, start, wait_for
from bench.run import Run

SLOW = 0.010  # seconds a reply
CONNECTIONS = 8  # kept to the slow server
REPLIES = 4  # MAIL, RCPT, DATA, the dot
STARTED = 40  # letters: then a worker has read its templates and counts as running
RECORDED = 0.5  # seconds after the last letter, to write down what came of it


@dataclass
class Sink:
    port: int
    log: Path

    def count(self) -> int:
        try:
            return self.log.read_bytes().count(b"\n")
        except FileNotFoundError:
            return 0

    def letters(self) -> list[tuple[float, int, str]]:
        """When, how many octets, for whom."""
        rows = (line.split(" ", 2) for line in self.log.read_text().splitlines())
        return [(float(at), int(size), recipient) for at, size, recipient in rows]


@contextmanager
def sink(instance: Instance, delay: float = 0.0) -> Iterator[Sink]:
    port = free_port()
    log = instance.folder / f"sink-{port}.txt"
    arguments = ["bench.sink", str(port), str(log), str(delay)]
    with running("sink", arguments, instance.folder, instance.environment(), port):
        yield Sink(port, log)


def sending(run: Run) -> list[Row]:
    """Confirmations with their calendar files that wait already, from claim to record; then smtp-source."""
    instance = run.instance
    instance.let_wait("confirmations", **instance.fair_people(run.letters))
    row, size = _send(run, "sending a confirmation with its .ics", run.letters)
    return [row, *_smtp_source(instance, size)]


def _send(run: Run, name: str, number: int, **settings: object) -> tuple[Row, int]:
    """A worker sends what waits; what its start costs is not counted."""
    with sink(run.instance) as mail, run.instance.worker(mail.port, **settings) as worker:
        meter = run.instance.meter(worker=worker)
        patience = 120 + number * 0.1
        wait_for(lambda: mail.count() >= STARTED, "the worker sends nothing", every=0.002)
        before, begun = meter.read(), mail.count()
        wait_for(lambda: mail.count() >= number, "the letters do not arrive", patience, every=0.05)
        time.sleep(RECORDED)
        spent = meter.since(before)
        letters = mail.letters()
    counted = number - begun
    took = letters[-1][0] - letters[begun - 1][0]
    row = Row(name, operations=counted, rate=counted / took)
    row.cpu_ms = {group: 1000 * seconds / counted for group, seconds in spent.items()}
    row.total_ms = sum(row.cpu_ms.values())
    size = int(statistics.median(size for _at, size, _recipient in letters))
    row.note = f"{size} octets"
    return row, size


def _smtp_source(instance: Instance, size: int) -> list[Row]:
    """The quickest client there is, with letters of the same size, against the server that goes with it."""
    name = "smtp-source -d -s 4 → smtp-sink"
    programs = [
        shutil.which(one, path=f"{os.environ.get('PATH', '')}:/usr/sbin") for one in ("smtp-source", "smtp-sink")
    ]
    if None in programs:
        return [Row(name, note="NOT MEASURED: smtp-source and smtp-sink (of Postfix) are not installed here")]
    source, drain = (str(one) for one in programs)
    port, number = free_port(), 5000
    server = start(
        "smtp-sink", [drain, "-u", "nobody", f"127.0.0.1:{port}", "128"], instance.folder, instance.environment(), port
    )
    try:
        began = time.perf_counter()
        command = [source, "-d", "-s", "4", "-m", str(number), "-l", str(size), "-f", "a@example.org"]
        subprocess.run([*command, "-t", "b@example.org", f"127.0.0.1:{port}"], check=True, capture_output=True)
        return [Row(name, operations=number, rate=number / (time.perf_counter() - began), note=f"{size} octets")]
    finally:
        server.end()


def slow(run: Run) -> list[Row]:
    """A server that takes 10 ms for each reply: what comes through, and what bare kept connections would bring."""
    instance, number = run.instance, max(100, run.letters // 2)
    instance.let_wait("confirmations", **instance.fair_people(number))
    with sink(instance, SLOW) as mail, instance.worker(mail.port, mail_connections=CONNECTIONS):
        wait_for(lambda: mail.count() >= number, "the letters do not arrive", 120 + number * 0.1)
        letters = mail.letters()
    skipped = 2 * CONNECTIONS  # until all connections are open
    rate = (number - skipped) / (letters[-1][0] - letters[skipped - 1][0])
    name = f"over {CONNECTIONS} connections at 10 ms a reply"
    row = Row(f"sending {name}", operations=number, rate=rate)
    with sink(instance, SLOW) as mail:
        bare = Row(f"bare smtplib {name}", operations=number, rate=_bare(mail.port, number, letters[0][1]))
    bare.note = f"by arithmetic at most {CONNECTIONS / (REPLIES * SLOW):.0f} a second"
    return [row, bare]


def _bare(port: int, number: int, size: int) -> float:
    """Letters of this size that are made already, over as many connections; a second."""
    body = b"Subject: bench\r\n\r\n" + b"x" * 70 + b"\r\n"
    body += (b"x" * 70 + b"\r\n") * (max(0, size - len(body)) // 72)

    opened = [smtplib.SMTP("127.0.0.1", port) for _ in range(CONNECTIONS)]
    for server in opened:
        server.ehlo()

    def work(server: smtplib.SMTP) -> None:
        for _ in range(number // CONNECTIONS):
            server.mail("a@example.org")
            server.rcpt("b@example.org")
            server.data(body)

    threads = [threading.Thread(target=work, args=(server,)) for server in opened]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    for server in opened:
        server.close()
    return number // CONNECTIONS * CONNECTIONS / took


def reminders(run: Run) -> list[Row]:
    """Writing the reminders that are due at once, then sending them."""
    instance, number = run.instance, min(run.reminders, run.instance.rows)
    instance.used = 0
    instance.let_wait("reminders", **instance.fair_people(number))
    meter = instance.meter()
    before = meter.read()
    done = json.loads(instance.let_wait("plan"))
    database = sum(meter.since(before).values())
    planned = Row("planning a reminder", operations=int(done["people"]), rate=done["people"] / done["wall"])
    planned.cpu_ms = {"worker": 1000 * done["cpu"] / number, "database": 1000 * database / number}
    planned.total_ms = sum(planned.cpu_ms.values())
    sent, _size = _send(run, "sending a reminder", int(done["letters"]))
    for row in (planned, sent):
        if row.rate:
            row.note = f"{number} take {number / row.rate:.0f} s"
    return [planned, sent]
