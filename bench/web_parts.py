"""What is measured over HTTP: pages, calendar files, registering, the organizer's table, memory, a cold process."""

import re
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

from bench.fill import OWNER, PASSWORD
from bench.load import Answer, Client, Task, drive, getting, registering
from bench.mail_parts import Sink, sink
from bench.measuring import Job, Row, with_latencies
from bench.processes import Program, cpu_seconds, memory_bytes, wait_for
from bench.records import FEED, FORUM, OTHER, TABLE
from bench.run import Run

_NEXT = re.compile(rb'href="([^"]*[?&;]after=[^"]*)"')


def same(path: str, *, expect: int = 200, **headers: str) -> Callable[[int, int], list[Task]]:
    task = getting(path, expect=expect, **headers)
    return lambda _round, number: [task] * number


def pages(run: Run) -> list[Row]:
    """``first``: of events that nobody asked this process for; ``again``: of one that was asked for all the time."""
    path, first = f"/events/{FORUM}", run.requests // 2

    def others(number: int, count: int) -> list[Task]:
        return [getting(f"/events/{OTHER.format(number * first + at)}") for at in range(count)]

    with run.instance.web() as web:
        tag = _warm(web, [path]).headers["ETag"]
        jobs = [
            Job("event page, again", same(path), run.requests),
            Job("event page, first", others, first),
            Job("event page, not changed (304)", same(path, expect=304, If_None_Match=tag), run.requests),
        ]
        return run.in_turns(jobs, web)


def ics(run: Run) -> list[Row]:
    one, feed = f"/events/{FORUM}/date-0.ics", f"/events/{FORUM}/calendar.ics"
    with run.instance.web() as web:
        tag = _warm(web, [one, feed]).headers["ETag"]
        jobs = [
            Job(".ics of one date", same(one), run.requests),
            Job("feed, without ETag", same(feed), run.requests),
            Job("feed, not changed (304)", same(feed, expect=304, If_None_Match=tag), run.requests),
        ]
        return run.in_turns(jobs, web)


def registration(run: Run) -> list[Row]:
    """The form alone with no worker; then page, form and receipt with a worker, until each letter has arrived."""
    with sink(run.instance) as mail, run.instance.web() as web:
        _warm(web, [f"/events/{FORUM}"])
        before: dict[str, float] = {}
        alone = partial(_forms, run, whole=False, posted=before)
        rows = run.in_turns([Job("registration, POST alone", alone, run.registrations)], web)
        waiting = len(before)
        with run.instance.worker(mail.port) as worker:
            wait_for(lambda: mail.count() >= waiting, "the letters do not arrive")
            posted: dict[str, float] = {}
            job = Job(
                "registration with its letter",
                partial(_forms, run, whole=True, posted=posted),
                run.registrations,
                settle=lambda: wait_for(lambda: mail.count() >= waiting + len(posted), "the letters do not arrive"),
                steps=True,
            )
            rows += run.in_turns([job], web, worker=worker)
            rows.append(_arrivals(mail, posted))
            rows.append(_idle(run, web, worker))
    return rows


def _forms(run: Run, _round: int, count: int, *, whole: bool, posted: dict[str, float]) -> list[Task]:
    numbers = [next(run.numbers) for _ in range(count)]
    return [registering(FORUM, f"new{number}", number, whole=whole, posted=posted) for number in numbers]


def _arrivals(mail: Sink, posted: dict[str, float]) -> Row:
    arrived = {recipient: at for at, _size, recipient in mail.letters()}
    return with_latencies(
        Row("  letter, after the POST", operations=len(posted)),
        [max(0.0, arrived[address] - at) for address, at in posted.items()],
    )


def _idle(run: Run, web: Program, worker: Program) -> Row:
    """What it costs to run with nothing to do."""
    seconds = 2.0
    meter = run.instance.meter(web=web, worker=worker)
    before = meter.read()
    time.sleep(seconds)
    spent = {name: 1000 * one / seconds for name, one in meter.since(before).items()}
    return Row("nothing to do, each second", operations=1, cpu_ms=spent, total_ms=sum(spent.values()))


def table(run: Run) -> list[Row]:
    """The first page of the organizer's table, the second, in another order, and searched."""
    with run.instance.web() as web:
        client = Client(web.port)
        client.sign_in(OWNER, PASSWORD)
        found = _NEXT.search(client.get(TABLE).body)
        client.close()
        paths = {
            "organizer's table": TABLE,
            "organizer's table, by name": f"{TABLE}?sort=name",
            "organizer's table, searched": f"{TABLE}?q=d77.example.net",
        }
        if found:
            link = found[1].decode().replace("&amp;", "&")
            paths["organizer's table, next page"] = link if link.startswith("/") else f"{TABLE}{link}"
        number = max(4, run.requests // 10)
        jobs = [Job(name, same(path), number, cookie=client.cookie) for name, path in paths.items()]
        rows = run.in_turns(jobs, web)
    for row in rows:
        row.note = f"{run.instance.rows} rows"
    return rows


def memory(run: Run) -> list[Row]:
    """After some work of every sort in each process; shared pages are counted once."""
    with sink(run.instance) as mail, run.instance.everything(mail.port) as serving:
        pages = [getting(path) for path in (f"/events/{FORUM}", f"/events/{FORUM}/calendar.ics")]
        for _ in range(20):  # new connections each time, so that no process gets them all
            drive(serving.port, pages * 5 + _forms(run, 0, 5, whole=True, posted={}), 4)
        wait_for(lambda: mail.count() >= 100, "the letters do not arrive")
        sizes = memory_bytes(serving.pid)
    if sizes is None:
        return [Row("memory (PSS)", note="NOT MEASURED: this system tells no PSS")]
    working = sum(size for name, size in sizes if name in {"web process", "worker"})
    each = " + ".join(f"{size / 1e6:.0f} {name}" for name, size in sizes)
    note = f"with those they come from {sum(size for _name, size in sizes) / 1e6:.0f} MB = {each}"
    return [Row("memory (PSS)", megabytes=working / 1e6, note=note)]


def cold(run: Run) -> list[Row]:
    """The first request that a new process gets is for a long feed: one that no process was ever asked for, one that an
    earlier process has kept, and one of which a single date has changed since."""
    times = max(run.rounds // 3, 2)
    never = [_first_feed(run)]
    kept = [_first_feed(run) for _ in range(times)]
    changed = []
    for _ in range(times):
        run.instance.change_a_date()
        changed.append(_first_feed(run))
    name = "long feed in a cold process"
    return [_cold(f"{name}, never rendered", never), _cold(name, kept), _cold(f"{name}, a date changed", changed)]


def _first_feed(run: Run) -> tuple[float, float, int]:
    """Seconds waited, CPU ms, entries. The address of the pages stays, as it does where a server is started anew."""
    with run.instance.web(workers=1, base_url="http://127.0.0.1:8000") as web:
        before = cpu_seconds([web.pid])
        client = Client(web.port)
        answer = client.get(f"/events/{FEED}/calendar.ics")
        client.close()
        return answer.seconds, 1000 * (cpu_seconds([web.pid]) - before), answer.body.count(b"BEGIN:VEVENT")


def _cold(name: str, feeds: list[tuple[float, float, int]]) -> Row:
    seconds, spent, entries = zip(*feeds, strict=True)
    row = Row(name, operations=len(feeds), cpu_ms={"web": statistics.median(spent)}, note=f"{entries[-1]} entries")
    row.total_ms = row.cpu_ms["web"]
    return with_latencies(row, list(seconds))


def _warm(web: Program, paths: Sequence[str]) -> Answer:
    """Each process has had a few requests."""
    for _ in range(4):
        client = Client(web.port)
        answers = [client.get(path) for path in [*paths] * 3]
        client.close()
    return answers[-1]
