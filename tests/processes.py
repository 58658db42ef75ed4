"""Programs of ours as real processes, and what one asks them over HTTP."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from eventsapp.config import Settings

PATIENCE = 60  # seconds, for a busy machine


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def environment(settings: Settings) -> dict[str, str]:
    """These settings as a process is given them, and nothing of the developer's own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("EVENTSAPP_", "MAKE"))}
    given = {f"EVENTSAPP_{field.name.upper()}": str(getattr(settings, field.name)) for field in fields(Settings)}
    return clean | given


@dataclass
class Program:
    """``eventsapp`` with these arguments; what it says is in ``log``."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    def said(self) -> str:
        return self.log.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """It and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def listens(self) -> bool:
        assert self.process.poll() is None, self.said()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def ask(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        """Status, where it leads to, and the text of GET, or of POST where there is a form."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if form is None:
            connection.request("GET", path, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        try:
            parts = urlsplit(answer.headers.get("Location", ""))
            return answer.status, parts.path, answer.read().decode()
        finally:
            connection.close()


def start(settings: Settings, arguments: Sequence[str], log: Path, port: int = 0, **environ: str) -> Program:
    """One, in a process group of its own; it listens where a port is given. ``log`` goes on where it is there."""
    more = ["--bind", f"127.0.0.1:{port}"] if port else []
    with log.open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "eventsapp.cli", *arguments, *more],
            env=environment(settings) | environ,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    return Program(process, log, port)


@contextlib.contextmanager
def running(settings: Settings, *programs: tuple[str, ...]) -> Iterator[list[Program]]:
    """All of them at once; a ``serve`` is waited for. None outlives the block."""
    started: list[Program] = []
    try:
        for number, arguments in enumerate(programs):
            port = free_port() if arguments[0] == "serve" else 0
            started.append(start(settings, arguments, settings.instance_path / f"log-{number}", port))
        for program in started:
            if program.port:
                wait_for(program.listens)
        yield started
    except BaseException as error:
        for program in started:
            error.add_note(f"{program.log.name} says:\n{program.said()}")
        raise
    finally:
        for program in started:
            program.kill()
