"""Two processes that live and die together, and how each notices the other's end. Knows no Flask and no database.

Children are forked, so that what the parent loaded lies in memory once for all of them. Each gets a process group of
its own, so that a Ctrl-C reaches the parent alone and the parent ends them in order.
"""

import contextlib
import logging
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

PARENT = "EVENTSAPP_SUPERVISOR"  # a child is told its parent's pid here, and ends when that one is gone
READY = "EVENTSAPP_READY"  # the file descriptor on which the web server says that it answers
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 15.0  # seconds that open requests get
LETTERS_GRACE = 130.0  # seconds that a worker gets: a mail server may think for two minutes about a letter it has read
BRIEF = 60.0  # a worker that lived for a shorter time failed at its start
TRIES = 5

log = logging.getLogger(__name__)


# --- what a child asks ------------------------------------------------------------------------------------------------


def orphaned() -> bool:
    """Whether this process was started by a supervisor that is gone."""
    parent = os.environ.get(PARENT)
    return parent is not None and int(parent) != os.getppid()


def say_ready() -> None:
    """Tell the supervisor, if there is one, that the web server answers."""
    with contextlib.suppress(KeyError, OSError):
        os.write(int(os.environ[READY]), b".")


def stop_event() -> threading.Event:
    """An event that SIGINT, SIGTERM and SIGHUP set, and the end of the supervisor too. Call it in the main thread.

    A second Ctrl-C ends the process at once.
    """
    stop = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        stop.set()

    def watch() -> None:
        while not stop.wait(1):
            if orphaned():
                stop.set()

    for number in STOPPING:
        signal.signal(number, on_signal)
    if PARENT in os.environ:
        threading.Thread(target=watch, name="watch-supervisor", daemon=True).start()
    return stop


# --- the parent -------------------------------------------------------------------------------------------------------


@dataclass
class Child:
    """One process. ``vital``: nothing goes on without it; else it is started again when it ends.

    ``work`` is what it does; it may return its exit status. ``grace``: the seconds it gets to end in good order.
    """

    name: str
    work: Callable[[], int | None]
    vital: bool = False
    grace: float = GRACE
    pid: int | None = None  # None until it is started, and again until it is started anew
    status: int | None = None  # as os.waitstatus_to_exitcode; None while it runs
    started: float = 0.0  # monotonic seconds, like ``due``
    due: float = 0.0
    failures: int = 0

    @property
    def alive(self) -> bool:
        return self.pid is not None and not self.ended()

    def start(self, answers: int) -> None:
        """Fork. Nothing but this thread may run, and no connection may be open."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # until each of the two has handlers of its own
        self.started, self.status, self.pid = time.monotonic(), None, os.fork()
        if not self.pid:
            _live(self, answers)
        with contextlib.suppress(OSError):  # whichever of the two comes first
            os.setpgid(self.pid, self.pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def ended(self) -> str:
        """How it ended, or an empty text while it runs or has not been started."""
        if self.pid is not None and self.status is None:
            self._wait(os.WNOHANG)
        if self.status is None:
            return ""
        return f"was killed by signal {-self.status}" if self.status < 0 else f"ended with status {self.status}"

    def end(self) -> None:
        if self.alive and self.pid:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """It and all that it started."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            if self.status is None:
                self._wait(0)

    def _wait(self, options: int) -> None:
        pid, status = os.waitpid(self.pid or 0, options)
        if pid:
            self.status = os.waitstatus_to_exitcode(status)


def _live(child: Child, answers: int) -> NoReturn:
    """The forked process from its first step to its end. Whatever happens, it never returns into the parent's work."""
    parent, status = os.getppid(), 1
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in (*STOPPING, signal.SIGCHLD, signal.SIGTTOU, signal.SIGTSTP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        with contextlib.suppress(OSError):  # what ``ps -o comm`` shows, on Linux
            Path("/proc/self/comm").write_text(child.name)
        os.environ |= {PARENT: str(parent), READY: str(answers)}
        status = child.work() or 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  the process ends here
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


class Supervisor:
    """Runs the children until a signal comes or they cannot go on.

    A child that ends is started again, at once or after growing pauses. A vital one that ends, or another that ends
    ``TRIES`` times in a row within a minute of its start, ends all, so that whoever watches us can start anew. One that
    was killed from outside, by whoever it was or for lack of memory, is no reason to end the others.
    """

    def __init__(self, children: list[Child], on_ready: Callable[[], None]) -> None:
        self.children = children
        self.on_ready = on_ready

    def run(self) -> int:
        """The exit status: 0 after a signal, 1 where a child could not go on. No child outlives it."""
        with _terminal(), _signals() as signals, _pipe() as (ready, answers):
            try:
                return self._watch(signals, ready, answers)
            finally:
                self._end(signals)

    def _watch(self, signals: int, ready: int, answers: int) -> int:
        waiting = [signals, ready]
        while True:
            for child in self.children:
                if child.pid is None and child.due <= time.monotonic():
                    child.start(answers)
            heard, _, _ = select.select(waiting, [], [], 1)
            if signals in heard and _asks_to_stop(signals):
                return 0
            if ready in heard:
                waiting.remove(ready)
                self.on_ready()
            for child in self.children:
                if (how := child.ended()) and not self._again(child, how):
                    return 1

    def _again(self, child: Child, how: str) -> bool:
        """Plan the next start of a child that ended; False where there is none."""
        child.failures = child.failures + 1 if time.monotonic() - child.started < BRIEF else 1
        if child.vital or (child.failures >= TRIES and child.status != -signal.SIGKILL):
            log.error("The %s %s; stopping everything.", child.name, how)
            return False
        pause = 2 ** (min(child.failures, TRIES) - 1) - 1
        log.warning("The %s %s; starting it again in %s s.", child.name, how, pause)
        child.kill()  # what it may have left behind
        child.pid, child.status, child.due = None, None, time.monotonic() + pause
        return True

    def _end(self, signals: int) -> None:
        """SIGTERM to all; SIGKILL after each one's grace, or at a second Ctrl-C."""
        for child in self.children:
            child.end()
        began = time.monotonic()
        while any(child.alive for child in self.children):
            for child in self.children:
                if child.alive and time.monotonic() - began > child.grace:
                    child.kill()
            heard, _, _ = select.select([signals], [], [], 0.1)
            if heard and _asks_to_stop(signals):
                break
        for child in self.children:
            child.kill()


@contextlib.contextmanager
def _terminal() -> Iterator[None]:
    """Under ``make`` in a terminal, take Ctrl-C alone: make would call an end in good order an error.

    Ctrl-Z is then without effect, because the shell would not notice it.
    """
    before = _foreground() if "MAKELEVEL" in os.environ else None
    if before is None or before != os.getpgrp() or before == os.getpid():
        yield
        return
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTTOU, signal.SIGTSTP)}
    try:
        os.setpgid(0, 0)
        os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
        yield
    finally:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(sys.stdin.fileno(), before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _foreground() -> int | None:
    """The process group that the terminal's keys reach, where there is a terminal."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):
        return None


@contextlib.contextmanager
def _signals() -> Iterator[int]:
    """A descriptor on which every signal that we care for appears as one byte: its number."""
    with _pipe() as (reading, writing):
        os.set_blocking(writing, False)
        handlers = {number: signal.signal(number, _nothing) for number in (*STOPPING, signal.SIGCHLD)}
        before = signal.set_wakeup_fd(writing)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The byte on the descriptor is enough."""


def _asks_to_stop(signals: int) -> bool:
    return bool(set(os.read(signals, 64)) & set(STOPPING))


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)
