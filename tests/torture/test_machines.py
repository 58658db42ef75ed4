"""Two web servers, two workers, proxy, mail server, PostgreSQL and Redis, each on a machine of its own: one house, in
which nothing is lost, given away twice or told wrongly while cables are pulled."""

import contextlib
import json
import shutil
import socket
import ssl
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.client import HTTPConnection, HTTPException, HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState
from eventsapp.models import Event, EventStamp, LanguageVariant, Message, Occurrence, Place, Registration
from eventsapp.queries.kept import wrong_counts
from tests.conftest import _migrate
from tests.factory import Make
from tests.mail.server import Script, smtp_server
from tests.processes import environment, wait_for
from tests.test_deploy import DEPLOY, HOST, certificate
from tests.torture.machines import VISITORS, Machine, machines, postgresql, redis

NAMES = ("database", "redis", "mail", "proxy", "people", "web-1", "web-2", "worker-1", "worker-2")
WEB, WORKERS = ("web-1", "web-2"), ("worker-1", "worker-2")
PLACES, WANTING, AT_ONCE = 50, 200, 24
LIMIT = 25  # forms from one network in an hour
TOLD, REMINDED = 240, 120
CONNECTIONS = 4
AGAIN = {502, 503, 504}  # what a person answers by sending the form once more
LATER = datetime(2040, 6, 13, 16, 0)  # noqa: DTZ001  a wall time beside its tzid
DATES = [{"key": f"d{number}", "dtstart_local": LATER + timedelta(days=number)} for number in range(400)]
PATHS = (
    "/",
    "/events/course",
    "/es/events/course",
    "/events/course?tz=Asia/Tokyo",
    "/events/course/d1.ics",
    "/events/course/calendar.ics",
)
HOLD_OURS = """
import sys, threading
from eventsapp.actions.places import take_event
from eventsapp.app import create_app
from eventsapp.db import transaction
with create_app().app_context(), transaction() as session:
    take_event(session, int(sys.argv[1]))
    print("held", flush=True)
    threading.Event().wait()
"""
HOLD_PLAIN = """
import os, sys, threading, psycopg
connection = psycopg.connect(os.environ["EVENTSAPP_DATABASE_URL"])
connection.execute("SELECT id FROM event WHERE id = %s FOR NO KEY UPDATE", [sys.argv[1]])
print("held", flush=True)
threading.Event().wait()
"""


@dataclass
class Answer:
    status: int
    headers: HTTPMessage
    body: str


@dataclass
class House:
    """All of it, and what people ask of it."""

    machines: dict[str, Machine]
    settings: Settings
    mail: Script
    folder: Path
    numbers: list[int] = field(default_factory=lambda: [0])

    def environ(self, machine: Machine) -> dict[str, str]:
        return environment(replace(self.settings, instance_path=machine.folder / "instance"))

    def start(self, name: str) -> None:
        machine = self.machines[name]
        (machine.folder / "instance").mkdir()
        words = ["worker"]
        if name in WEB:
            words = ["serve", "--no-worker", "--workers", "2", "--bind", f"{machine.address}:8000"]
        machine.start([sys.executable, "-m", "eventsapp.cli", *words], self.environ(machine))

    def command(self, name: str, *words: str) -> str:
        """What ``eventsapp`` prints on that machine."""
        machine = self.machines[name]
        return machine.run([sys.executable, "-m", "eventsapp.cli", *words], self.environ(machine))

    def listens(self, name: str, port: int) -> bool:
        try:
            socket.create_connection((self.machines[name].address, port), 1).close()
        except OSError:
            return False
        return True

    def ask(
        self, path: str, form: dict[str, str] | None = None, *, source: str = "", at: str = "", **headers: str
    ) -> Answer:
        """Through the proxy, or of a web server itself. ``source`` is the visitor's address."""
        headers = {"Host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
        address = (self.machines[at].address, 8000) if at else (self.machines["proxy"].address, 443)
        connection = HTTPConnection(HOST, timeout=90)
        sock = socket.create_connection(address, 90, (source or f"{VISITORS}.0.1", 0))
        if not at:
            context = ssl.create_default_context(cafile=self.folder / "cert.pem")
            sock = context.wrap_socket(sock, server_hostname=HOST)
        connection.sock = sock
        try:
            if form is None:
                connection.request("GET", path, headers=headers)
            else:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                connection.request("POST", path, urlencode(form), headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def register(self, slug: str, key: str, *, source: str = "") -> int:
        """Somebody new, from an address of their own; the last answer, which is about the form."""
        self.numbers.append(number := len(self.numbers))
        source = source or f"{VISITORS}.{1 + number // 250}.{1 + number % 250}"
        form = {"name": "Ana", "email": f"ana@n{number}.example.org", "occurrences": key}
        status = 502
        for pause in (0, *[2] * 40):  # seconds: a person takes longer
            time.sleep(pause)
            with contextlib.suppress(OSError, HTTPException):
                status = self.ask(f"/events/{slug}/registrations", form, source=source).status
            if status not in AGAIN:
                break
        return status

    def all_register(self, slug: str, key: str, people: int, *, source: str = "") -> Counter[int]:
        with ThreadPoolExecutor(AT_ONCE) as crowd:
            return Counter(crowd.map(lambda _: self.register(slug, key, source=source), range(people)))

    def change(self, name: str, slug: str, old: str, new: str, *more: str) -> None:
        """As somebody who works at that machine does: the record, changed, is imported."""
        file = self.machines[name].folder / f"{slug}.yaml"
        record = self.command(name, "export", slug)
        assert old in record
        file.write_text(record.replace(old, new))
        self.command(name, "import", str(file), *more)


@pytest.fixture
def network() -> Iterator[dict[str, Machine]]:
    folder = Path(tempfile.mkdtemp(prefix="eventsapp-m-"))
    folder.chmod(0o755)
    try:
        with machines(folder, NAMES) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(network: dict[str, Machine]) -> str:
    sockets = postgresql(network["database"])
    with psycopg.connect(host=sockets, user="postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE eventsapp")
    url = f"postgresql+psycopg://postgres@/eventsapp?host={sockets}"
    _migrate(url, network["people"].folder)
    return url


@pytest.fixture
def make(app: Flask) -> Make:
    return Make(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))


@pytest.fixture
def house(app: Flask, settings: Settings, network: dict[str, Machine]) -> Iterator[House]:
    """All machines at work, and this thread and those it starts among the people."""
    people, proxy = network["people"], network["proxy"]
    own = f"{VISITORS}.0.0/16"
    people.run(["ip", "route", "add", "local", own, "dev", "lo"], {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    for name in ("proxy", *WEB):
        words = ["ip", "route", "add", own, "via", people.address]
        network[name].run(words, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    with network["mail"].inside():
        sink = smtp_server(Script(), host=network["mail"].address)
        mail = sink.__enter__()
    try:
        made = House(
            network,
            replace(
                settings,
                database_url=f"postgresql://postgres@{network['database'].address}/eventsapp",
                redis_url=redis(network["redis"]),
                mail_url=f"smtp://{network['mail'].address}:{mail.port}",
                mail_connections=CONNECTIONS,
                trusted_proxies=1,
                limit_per_network=LIMIT,
                limit_per_domain=0,
                change_delay=1,
            ),
            mail,
            proxy.folder,
        )
        certificate(proxy.folder)
        proxy.start(nginx(proxy, [network[name].address for name in WEB]), {"PATH": "/usr/sbin:/usr/bin"})
        for name in (*WEB, *WORKERS):
            made.start(name)
        with people.inside():
            wait_for(lambda: all(made.listens(name, 8000) for name in WEB) and made.listens("proxy", 443))
            yield made
    finally:
        sink.__exit__(None, None, None)


def nginx(machine: Machine, upstream: list[str]) -> list[str | Path]:
    """deploy/nginx.conf with two web servers, and less patience for an answer."""
    site = (DEPLOY / "nginx.conf").read_text()
    for said, here in {
        "    server 127.0.0.1:8000;\n": "".join(f"    server {address}:8000;\n" for address in upstream),
        f"/etc/letsencrypt/live/{HOST}/fullchain.pem": str(machine.folder / "cert.pem"),
        f"/etc/letsencrypt/live/{HOST}/privkey.pem": str(machine.folder / "key.pem"),
        "/var/log/nginx/eventsapp.log": str(machine.folder / "access.log"),
        "proxy_read_timeout 60s;": "proxy_read_timeout 20s;",
    }.items():
        assert said in site
        site = site.replace(said, here)
    (machine.folder / "site.conf").write_text(site)
    temporary = "".join(
        f"{name}_temp_path {machine.folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (machine.folder / "nginx.conf").write_text(
        f"user root; daemon off; pid {machine.folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ {temporary} access_log off; include {machine.folder}/site.conf; }}\n"
    )
    return ["nginx", "-p", machine.folder, "-c", machine.folder / "nginx.conf", "-e", "stderr"]


def course(make: Make) -> None:
    words = {"summary": "Course", "description": "About the course. " * 10}
    make.event("course", languages={"en": words, "es": "Curso"}, occurrences=DATES, choose="any")


def test_several_machines_are_one_house(house: House, make: Make) -> None:
    make.event("forum", occurrences=[{"key": "later", "dtstart_local": LATER, "capacity": PLACES}])
    course(make)

    assert house.all_register("forum", "later", WANTING) == {303: PLACES, 409: WANTING - PLACES}
    for name in WEB:
        assert house.ask("/events/forum", at=name).body == house.ask("/events/forum").body
    db.session.rollback()
    assert Counter(db.session.scalars(select(Place.state))) == {PlaceState.CONFIRMED: PLACES}
    assert wrong_counts(db.session()) == []
    wait_for(lambda: len(house.mail.taken) == PLACES)

    limits_hold(house)
    what_is_kept_is_right(house)
    assert [one.end() for name in (*WEB, *WORKERS) for one in house.machines[name].started] == [0] * 4
    db.session.rollback()
    sent, doubles = letters(house)
    assert (sent, doubles) == (len(house.mail.taken), 0)


def limits_hold(house: House) -> None:
    """Over all machines; and the control: without the Redis that they share each process counts for itself."""

    def flood(source: str) -> Counter[int]:
        return house.all_register("course", "d0", LIMIT + 15, source=source)

    assert flood(f"{VISITORS}.200.1") == {303: LIMIT, 429: 15}
    house.machines["redis"].pull_the_cable()
    assert flood(f"{VISITORS}.200.2")[303] > LIMIT
    house.machines["redis"].put_it_back()
    said = [house.machines[name].started[0].said for name in WEB]
    lost = [one().count("Redis does not answer") for one in said]
    assert min(lost) > 0
    wait_for(
        lambda: (
            house.all_register("course", "d0", AT_ONCE)
            and [one().count("Redis answers again") for one in said] == [one().count("not answer (") for one in said]
        )
    )
    assert flood(f"{VISITORS}.200.3") == {303: LIMIT, 429: 15}


def what_is_kept_is_right(house: House) -> None:
    """A change made on one machine is what the other says next; with the control."""
    before = {(name, path): house.ask(path, at=name) for name in WEB for path in PATHS * 2}
    house.change("web-1", "course", "Course", "Lessons", "--quiet")
    for (name, path), old in before.items():
        new = house.ask(path, at=name, If_None_Match=old.headers["ETag"])
        seen = ["Course" in old.body, new.status, "Course" in new.body, "Lessons" in new.body]
        assert seen == [True, 200, False, True]
        assert new.body == house.ask(path).body
        assert house.ask(path, at=name, If_None_Match=new.headers["ETag"]).status == 304
    db.session.rollback()
    event = select(Event.id).where(Event.slug == "course").scalar_subquery()
    stamp = db.session.scalar(select(EventStamp.number).where(EventStamp.event_id == event))
    for name in WEB:  # the long file lies on each machine, under the stamp of now
        files = list((house.machines[name].folder / "instance/calendars").glob("*-en.ics"))
        heads = [json.loads(file.read_bytes().partition(b"\n")[0]) for file in files]
        assert [head["mark"].split()[0] for head in heads] == [str(stamp)]
    summary = update(LanguageVariant).where(LanguageVariant.summary == "Lessons").values(summary="Evenings")
    with transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger draws a stamp
        session.execute(summary)
    assert "Evenings" not in house.ask("/events/course", at="web-2").body
    with transaction() as session:
        session.execute(update(LanguageVariant).values(what_to_bring="A pen"))
    assert "Evenings" in house.ask("/events/course", at="web-2").body


def test_cables_are_pulled(house: House, make: Make) -> None:
    course(make)
    talk = make.event("talk", occurrences=[{"key": "later", "dtstart_local": LATER}])
    for number in range(TOLD):
        make.registration(talk, email=f"told{number}@example.org")
    house.mail.delay = 0.03
    worker, web, database = (house.machines[name] for name in ("worker-2", "web-2", "database"))

    house.change("web-1", "talk", "16:00", "17:00", "--notify")
    wait_for(lambda: len(house.mail.taken) > TOLD // 4)
    assert len(leases()) == len(WORKERS)
    worker.pull_the_cable()
    web.pull_the_cable()
    people_notice_nothing(house)
    house.change("web-1", "course", "Course", "Lessons", "--quiet")
    wait_for(lambda: not waiting(MessageState.QUEUED) and len(leases()) == 1)  # what the one that is away had in hand
    for _ in range(4):  # a lease lasts two minutes
        if leases():
            patiently(lambda: not leases())
    assert kinds() == {LetterKind.CHANGED: TOLD} | confirmations()
    worker.put_it_back()
    web.put_it_back()
    assert "Lessons" in house.ask("/events/course", at="web-2").body

    database.ignore(web)
    house.change("web-1", "course", "Lessons", "Evenings", "--quiet")
    assert house.ask("/events/course", at="web-2").status == 503  # and not what it was
    assert house.ask("/readyz", at="web-2").status == 503
    people_notice_nothing(house)
    database.heed(web)
    assert "Evenings" in house.ask("/events/course", at="web-2").body

    tonight(make)
    worker = house.machines["worker-1"]
    reminded = len(house.mail.taken)
    wait_for(lambda: len(house.mail.taken) > reminded + REMINDED // 4)
    database.ignore(worker)
    patiently(lambda: "the database does not answer" in worker.started[0].said())
    database.heed(worker)
    patiently(lambda: not waiting(MessageState.QUEUED, MessageState.SENDING) and kinds()[LetterKind.REMINDER])
    assert [one.end() for name in (*WEB, *WORKERS) for one in house.machines[name].started] == [0] * 4
    sent, doubles = letters(house)
    assert kinds() == {LetterKind.CHANGED: TOLD, LetterKind.REMINDER: REMINDED} | confirmations()
    assert sent == sum(kinds().values())
    assert doubles <= 2 * CONNECTIONS
    assert wrong_counts(db.session()) == []


def test_a_machine_that_vanished_holds_nobody_up(house: House, make: Make) -> None:
    """It held an event's lock. PostgreSQL notices within a minute; by itself, the control, it would after two hours."""
    ours, plain = (make.event(slug, occurrences=DATES[:1]) for slug in ("ours", "plain"))
    machine = house.machines["web-2"]
    environ = house.environ(machine)
    holding = [
        machine.start([sys.executable, "-c", HOLD_OURS, str(ours.id)], environ),
        machine.start([sys.executable, "-c", HOLD_PLAIN, str(plain.id)], environ),
    ]
    wait_for(lambda: all("held" in one.said() for one in holding))
    machine.pull_the_cable()
    assert [is_held(event) for event in ("ours", "plain")] == [True, True]
    assert house.register("ours", "d0") == 303
    assert [is_held(event) for event in ("ours", "plain")] == [False, True]


def is_held(slug: str) -> bool:
    db.session.rollback()
    try:
        db.session.execute(text(f"SELECT id FROM event WHERE slug = '{slug}' FOR NO KEY UPDATE NOWAIT"))  # noqa: S608
    except OperationalError:
        return True
    finally:
        db.session.rollback()
    return False


def people_notice_nothing(house: House) -> None:
    """All pages come, all forms are taken, whichever web server is away."""
    with ThreadPoolExecutor(8) as crowd:
        read = crowd.map(lambda _: house.ask("/events/course").status, range(24))
        assert Counter(read) == {200: 24}
    assert house.all_register("course", "d0", 24) == {303: 24}


def tonight(make: Make) -> None:
    """People whose reminder is due, by day wherever they are."""
    now = datetime.now(UTC).replace(microsecond=0)
    awake = ("America/Los_Angeles", "Europe/Madrid", "Asia/Tokyo", "Pacific/Auckland")
    tzid = next(one for one in awake if 9 <= now.astimezone(ZoneInfo(one)).hour < 19)
    starts = (now + timedelta(minutes=50)).astimezone(ZoneInfo(tzid)).replace(tzinfo=None)
    dates = [{"key": "tonight", "dtstart_local": starts, "tzid": tzid}]
    event = make.event("tonight", occurrences=dates, reminders=["1 hour before start"])
    for number in range(REMINDED):
        make.registration(event, email=f"tonight{number}@example.org", tzid=tzid)
    mine = select(Occurrence.id).where(Occurrence.event_id == event.id)
    with transaction() as session:
        session.execute(update(Place).where(Place.occurrence_id.in_(mine)).values(plan_at=now))


def patiently(condition: Any) -> None:
    """For what takes leases and time-outs: minutes, not seconds."""
    for _ in range(4):
        try:
            wait_for(condition)
        except AssertionError:
            continue
        return
    wait_for(condition)


def waiting(*states: MessageState) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Message).where(Message.state.in_(states))) or 0


def leases() -> list[str | None]:
    """Under which letters are on their way."""
    db.session.rollback()
    return list(db.session.scalars(select(Message.lease).where(Message.state == MessageState.SENDING).distinct()))


def kinds() -> dict[LetterKind, int]:
    """How many letters of each were sent."""
    db.session.rollback()
    found = select(Message.kind, func.count()).where(Message.state == MessageState.SENT).group_by(Message.kind)
    return dict(db.session.execute(found).all())


def confirmations() -> dict[LetterKind, int]:
    """One for each who registered by the form, and one more for each form that was taken twice."""
    db.session.rollback()
    by_form = select(func.count()).select_from(Registration).where(Registration.email.like("ana@%"))
    found = {LetterKind.CONFIRMATION: db.session.scalar(by_form) or 0}
    again = kinds().get(LetterKind.ALREADY_REGISTERED)
    return found | ({LetterKind.ALREADY_REGISTERED: again} if again else {})


def letters(house: House) -> tuple[int, int]:
    """How many different letters arrived, and how many came more than once. All were sent, none but these arrived."""
    db.session.rollback()
    known = dict(db.session.execute(select(Message.message_id, Message.state)).all())
    arrived = Counter(str(message_from_bytes(raw)["Message-ID"]) for _, raw in house.mail.taken)
    assert set(known.values()) == {MessageState.SENT}
    assert set(arrived) == set(known)
    return len(arrived), arrived.total() - len(arrived)
