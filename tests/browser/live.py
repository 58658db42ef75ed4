"""The real application on a free loopback port, in a process of its own whose clock starts at ``NOW``.

Rows are written from here into the same SQLite file; letters leave only when ``deliver`` runs the worker once. Its
standard input is where the server is told another time.
"""

import email
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default as modern
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import time_machine
from flask import Flask
from werkzeug.serving import make_server

from eventsapp import migration, worker
from eventsapp.app import create_app
from eventsapp.config import Settings
from eventsapp.db import db
from tests.factory import Make

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@dataclass
class Live:
    """``url("/events/forum")`` is an address that a browser can open."""

    settings: Settings
    app: Flask
    server: subprocess.Popen[str]
    make: Make = field(default_factory=lambda: Make(NOW))
    read: set[Path] = field(default_factory=set)

    @property
    def mail(self) -> Path:
        """Where the worker writes letters."""
        return self.settings.instance_path / "mail"

    def url(self, path: str = "/") -> str:
        return self.settings.base_url + path

    @contextmanager
    def rows(self) -> Iterator[Make]:
        """The row factory within an application context: ``with live.rows() as make: make.event(…)``."""
        with self.app.app_context():
            yield self.make
            db.session.remove()

    def register(self, slug: str, **typed: str) -> str:
        """Send the event's form without a browser; returns the receipt's token."""
        with time_machine.travel(NOW):
            answer = self.app.test_client().post(f"/en/events/{slug}/registrations", data=typed)
        assert answer.status_code == 303, answer.text
        return urlsplit(answer.location).path.rpartition("/")[2]

    @contextmanager
    def later(self, moment: datetime) -> Iterator[None]:
        """Let the server's clock run from ``moment`` on until the block ends, and then from ``NOW`` again."""
        self._set_clock(moment)
        try:
            yield
        finally:
            self._set_clock(NOW)

    def _set_clock(self, moment: datetime) -> None:
        assert self.server.stdin is not None
        self.server.stdin.write(f"{moment.isoformat()}\n")
        self.server.stdin.flush()
        for _try in range(100):
            with urllib.request.urlopen(self.url("/robots.txt")) as answer:
                if abs(parsedate_to_datetime(answer.headers["Date"]) - moment) < timedelta(seconds=30):
                    return
            time.sleep(0.02)
        raise TimeoutError(f"The server does not live in {moment}.")

    def deliver(self) -> list[EmailMessage]:
        """Let the worker send what is due, and return the letters that it wrote, oldest first."""
        worker.run(self.app, stop=threading.Event(), once=True, clock=lambda: NOW + timedelta(hours=1))
        fresh = sorted(set(self.mail.glob("*.eml")) - self.read)
        self.read.update(fresh)
        return [email.message_from_bytes(path.read_bytes(), policy=modern) for path in fresh]


@contextmanager
def serving(instance: Path) -> Iterator[Live]:
    """An application with an empty database below ``instance``, answering until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        environ = _environ(instance, listener.getsockname()[1])
        app = create_app(Settings.from_environment(environ))
        with app.app_context():
            migration.upgrade()
        log = (instance / "server.log").open("wb")
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.live", str(listener.fileno())],
            cwd=ROOT,
            env=os.environ | environ,
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            text=True,
        )
    try:
        with urllib.request.urlopen(f"{environ['EVENTSAPP_BASE_URL']}/robots.txt", timeout=60):
            pass
        yield Live(app.extensions["settings"], app, server)
    finally:
        server.terminate()
        server.communicate(timeout=10)
        log.close()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _environ(instance: Path, port: int) -> dict[str, str]:
    return {
        "EVENTSAPP_INSTANCE_PATH": str(instance),
        "EVENTSAPP_BIND": f"127.0.0.1:{port}",
        "EVENTSAPP_BASE_URL": f"http://127.0.0.1:{port}",
        "EVENTSAPP_MAIL_FROM": "events@example.org",
        "EVENTSAPP_MAILBOX": "1",
        "EVENTSAPP_LIMIT_PER_NETWORK": "100000",
    }


def main() -> None:
    app = create_app()
    port = int(app.extensions["settings"].bind.rpartition(":")[2])
    server = make_server("127.0.0.1", port, app, threaded=True, fd=int(sys.argv[1]))
    with time_machine.travel(NOW, tick=True) as clock:
        threading.Thread(target=_follow, args=[clock], daemon=True).start()
        server.serve_forever()


def _follow(clock: time_machine.Traveller) -> None:
    for line in sys.stdin:
        clock.move_to(datetime.fromisoformat(line.strip()))


if __name__ == "__main__":
    main()
