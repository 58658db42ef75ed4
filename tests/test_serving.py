"""`eventsapp serve` as a person or systemd starts it: real processes, real signals, and nothing left afterwards."""

import contextlib
import http.client
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from eventsapp import supervisor
from eventsapp.serving import CannotServe, check_bind, statement

ROOT = Path(__file__).parents[1]
PATIENCE = 60  # seconds, for a busy machine
COMMAND = [sys.executable, "-m", "eventsapp.cli"]


class Serving:
    """One `eventsapp serve` in a process group of its own, with everything that it started."""

    def __init__(self, environ: dict[str, str], *arguments: str, before: Sequence[str] = ()) -> None:
        self.port = free_port()
        command = [*before, *COMMAND, "serve", "--bind", f"127.0.0.1:{self.port}", *arguments]
        self.log = Path(environ["EVENTSAPP_INSTANCE_PATH"]) / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)
        self.seen: set[psutil.Process] = set()

    def said(self) -> str:
        return self.log.read_text()

    def wait_ready(self) -> None:
        wait_for(lambda: "is running" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        self.family()

    def family(self) -> dict[str, psutil.Process]:
        """The supervisor's own two children by name; one that is just ending may be missing."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                self.seen |= {child, *child.children()}
                found["worker" if child.name() == "worker" else "web"] = child
        return found

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def left(self) -> list[psutil.Process]:
        return [process for process in self.seen if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def wait_for(condition) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def environ(tmp_path):
    """An instance with a new database, and nothing of the developer's own settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("EVENTSAPP_", "MAKE"))}
    return clean | {"EVENTSAPP_INSTANCE_PATH": str(tmp_path)}


@pytest.fixture(scope="module")
def new_instance(tmp_path_factory):
    """An instance whose database is migrated and empty, to be copied."""
    folder = tmp_path_factory.mktemp("new")
    environ = os.environ | {"EVENTSAPP_INSTANCE_PATH": str(folder)}
    subprocess.run([*COMMAND, "db", "upgrade"], env=environ, check=True, capture_output=True)
    return folder


@pytest.fixture
def migrated(environ, new_instance):
    shutil.copytree(new_instance, environ["EVENTSAPP_INSTANCE_PATH"], dirs_exist_ok=True)
    return environ


@pytest.fixture
def serving(migrated):
    started = []

    def start(*arguments: str, before: Sequence[str] = (), **settings: str) -> Serving:
        started.append(Serving(migrated | settings, *arguments, before=before))
        return started[-1]

    yield start
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            one.process.kill()
        for process in one.left():
            process.kill()
        one.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_of_it_in_order(serving, number):
    server = serving()
    server.wait_ready()
    assert server.get("/") == 200
    assert sorted(server.family()) == ["web", "worker"]
    assert server.end(number) == 0
    assert server.left() == []
    said = server.said()
    assert f"http://127.0.0.1:{server.port}" in said
    assert said.endswith("Stopped.\n")
    assert "Traceback" not in said
    assert "\x1b" not in said


def test_a_signal_to_the_whole_group_ends_it_just_so(serving):
    """A script's Ctrl-C; the control is that the children do not get it themselves."""
    server = serving()
    server.wait_ready()
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(PATIENCE) == 0
    assert server.left() == []
    assert "Traceback" not in server.said()


def test_the_end_of_the_web_server_ends_the_worker(serving):
    server = serving()
    server.wait_ready()
    server.family()["web"].kill()
    assert server.process.wait(PATIENCE) == 1
    wait_for(lambda: server.left() == [])
    assert "The web server was killed by signal 9; stopping everything." in server.said()


def test_a_worker_that_dies_is_started_again(serving):
    server = serving()
    server.wait_ready()
    first = server.family()["worker"]
    first.kill()
    wait_for(lambda: server.family().get("worker", first) != first)
    assert server.get("/") == 200
    assert server.end() == 0
    assert server.left() == []


def test_children_do_not_outlive_a_supervisor_that_was_killed(serving):
    server = serving()
    server.wait_ready()
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: server.left() == [])


def test_the_web_server_alone(serving):
    server = serving("--no-worker", "--workers", "1")
    wait_for(lambda: listening(server.port))
    assert server.get("/") == 200
    assert server.end() == 0
    assert not listening(server.port)


def listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def test_more_connections_than_files_can_be_open_end_nothing(serving):
    """Whoever comes beyond that waits until others have gone."""
    server = serving("--workers", "1", before=("sh", "-c", 'ulimit -n 64; exec "$0" "$@"'))
    server.wait_ready()
    [answering] = server.family()["web"].children()
    with contextlib.ExitStack() as held:
        for _ in range(100):
            held.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE))
        time.sleep(1)
    assert server.get("/") == 200
    assert answering.is_running()
    assert server.end() == 0
    assert "open files" not in server.said()


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("0.0.0.0", 404)])
def test_the_mailbox_is_there_on_loopback_alone(serving, host, status):
    port = free_port()
    server = serving("--bind", f"{host}:{port}", EVENTSAPP_MAILBOX="1")
    server.port = port
    server.wait_ready()
    assert server.get("/mailbox") == status
    assert ("/mailbox" in server.said()) is (status == 200)
    assert ("EVENTSAPP_BASE_URL to the address" in server.said()) is (status == 404)


def test_prepare_makes_a_new_instance_ready_and_leaves_an_old_one_alone(environ):
    """What `make run` does: the first start loads the demo events, the second finds them."""
    instance = Path(environ["EVENTSAPP_INSTANCE_PATH"])
    for at in (1, 2):
        server = Serving(environ, "--prepare")
        try:
            server.wait_ready()
            assert server.get("/") == 200
            assert ("demo events" in server.said()) is (at == 1)
        finally:
            assert server.end() == 0
        assert server.left() == []
    assert (instance / "eventsapp.sqlite3").read_bytes()[18:20] == b"\x02\x02"  # the file's own mark of WAL


def test_a_database_that_is_not_migrated_is_refused(environ):
    for command in ("serve", "worker"):
        done = subprocess.run(
            [*COMMAND, command], env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 2
        assert re.fullmatch(r"The database is new and needs version \w+\. Run `eventsapp db upgrade`\.\n", done.stderr)


def test_a_taken_port_is_one_sentence(migrated):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        bind = f"127.0.0.1:{listener.getsockname()[1]}"
        command = [*COMMAND, "serve", "--bind", bind]
        done = subprocess.run(command, env=migrated, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Another program listens at {bind}. Stop it, or take another: PORT=")
    assert done.stdout == ""


@pytest.mark.parametrize("bind", ["192.0.2.1:8000", "no-such-host.invalid:8000"])
def test_a_foreign_address_is_one_sentence(bind):
    with pytest.raises(CannotServe, match="is no address of this machine"):
        check_bind(bind)


def test_the_statement_names_no_password(settings):
    settings = replace(
        settings,
        database_url="postgresql+psycopg://me:hidden@db.example.org/events",
        mail_url="smtp://me:hidden@mail.example.org:587",
    )
    said = statement(settings, workers=2, threads=4)
    assert "hidden" not in said
    assert "sent through mail.example.org" in said
    assert "PostgreSQL, events at db.example.org" in said


def test_under_make_in_a_terminal_ctrl_c_is_an_end_in_good_order(migrated, tmp_path):
    """`make` itself must not get the signal, or it would report an error."""
    (tmp_path / "Makefile").write_text(
        f"run:\n\t@exec {sys.executable} -m eventsapp.cli serve --bind 127.0.0.1:{free_port()}\n"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("make", ["make", "-s", "-C", str(tmp_path), "run"], migrated)
    said = read_until(terminal, b"is running")
    os.write(terminal, b"\x03")
    said += read_until(terminal, b"never said")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, said.decode()
    assert said.decode().rstrip().endswith("Stopped.")
    assert b"Interrupt" not in said
    assert b"Traceback" not in said


def read_until(terminal: int, words: bytes) -> bytes:
    said = b""
    until = time.monotonic() + PATIENCE
    while words not in said and time.monotonic() < until:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            said += os.read(terminal, 4096)
        except OSError:  # nobody is left at the other end
            break
    return said


# The supervisor over programs that misbehave


def supervise(
    tmp_path: Path, web: str, worker: str, tries: int = 3, graces: tuple[float, float] = (15, 15)
) -> subprocess.Popen[str]:
    """A supervisor over two Python programs; each may say that it is ready with ``ready()``."""
    ready = "def ready(): os.write(int(os.environ['EVENTSAPP_READY']), b'.')\n"
    program = (
        "import logging, os, signal, sys, time\n"
        "from eventsapp import supervisor\n"
        "logging.basicConfig(format='%(message)s')\n"
        f"supervisor.TRIES = {tries}\n"
        "child = supervisor.Child\n"
        f"children = [child('web server', lambda: exec({ready + web!r}), vital=True, grace={graces[0]}),\n"
        f"            child('worker', lambda: exec({ready + worker!r}), grace={graces[1]})]\n"
        "sys.exit(supervisor.Supervisor(children, lambda: os.write(1, b'ready\\n')).run())\n"
    )
    (tmp_path / "program.py").write_text(program)
    command = [sys.executable, str(tmp_path / "program.py")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


IDLE = "time.sleep(60)"
FOREVER = f"ready(); {IDLE}"


def test_a_worker_that_never_comes_up_ends_all(tmp_path):
    process = supervise(tmp_path, FOREVER, "sys.exit(3)")
    said, wrong = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert said == "ready\n"
    assert wrong.splitlines() == [
        "The worker ended with status 3; starting it again in 0 s.",
        "The worker ended with status 3; starting it again in 1 s.",
        "The worker ended with status 3; stopping everything.",
    ]


def test_a_worker_that_others_kill_again_and_again_ends_nothing(tmp_path):
    process = supervise(tmp_path, FOREVER, "os.kill(os.getpid(), signal.SIGKILL)")
    wrong = [process.stderr.readline() for _ in range(3)]
    assert [line.rstrip() for line in wrong] == [
        "The worker was killed by signal 9; starting it again in 0 s.",
        "The worker was killed by signal 9; starting it again in 1 s.",
        "The worker was killed by signal 9; starting it again in 3 s.",
    ]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_a_web_server_that_never_comes_up_ends_all(tmp_path):
    process = supervise(tmp_path, "sys.exit(4)", IDLE)
    said, wrong = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (1, "")
    assert wrong == "The web server ended with status 4; stopping everything.\n"


def test_each_child_gets_the_time_to_end_that_is_its_own(tmp_path):
    """A stubborn web server is killed after its grace; a worker that needs longer for its last letter gets it."""
    stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); time.sleep(60)"
    slow = "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), print('last letter', flush=True), sys.exit(0)))"
    process = supervise(tmp_path, stubborn, f"{slow}; os.write(1, b'working\\n'); {IDLE}", graces=(0.2, 30))
    assert {process.stdout.readline() for _ in range(2)} == {"ready\n", "working\n"}
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (0, "last letter\n")
    assert time.monotonic() - started < supervisor.GRACE / 2


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); time.sleep(60)"
    process = supervise(tmp_path, stubborn, IDLE)
    assert process.stdout.readline() == "ready\n"
    children = psutil.Process(process.pid).children(recursive=True)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert time.monotonic() - started < supervisor.GRACE / 2
    assert [child for child in children if child.is_running()] == []
