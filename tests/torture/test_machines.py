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
from urllib.parse import urlencode

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text, update

from eventsapp.config import Settings
from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import MessageState, PlaceState
from eventsapp.models import Event, EventStamp, LanguageVariant, Message, Place
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


def letters(house: House) -> tuple[int, int]:
    """How many different letters arrived, and how many came more than once. All were sent, none but these arrived."""
    db.session.rollback()
    known = dict(db.session.execute(select(Message.message_id, Message.state)).all())
    arrived = Counter(str(message_from_bytes(raw)["Message-ID"]) for _, raw in house.mail.taken)
    assert set(known.values()) == {MessageState.SENT}
    assert set(arrived) == set(known)
    return len(arrived), arrived.total() - len(arrived)
