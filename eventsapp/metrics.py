"""What processes count for Prometheus, and how all of it is told. Until ``begin`` nothing is counted or even loaded.

Labels are words of ours alone, from closed sets: the name of a view, a kind of letter. No path, no address, no event.
Processes of one machine that were started together count into one folder (``together``), so that whichever of them is
asked answers for all.
"""

import contextlib
import hmac
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from eventsapp import instance

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
    from prometheus_client.core import GaugeMetricFamily

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # as the library spells it
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
UNKNOWN = "unknown"  # an address that leads to no view of ours
PAGE_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SENDING_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_LIVE = re.compile(r"gauge_live[a-z]*_(\d+)\.db")
_PREFIX = "eventsapp-metrics-"
_NEW = 60  # seconds that a folder gets until somebody is at work in it
_MEMORY = "/dev/shm"  # noqa: S108  folders in it have names that nobody can guess


class Fact(NamedTuple):
    """A gauge that is looked up when it is asked for. ``label``: then there is one value for each of its words."""

    name: str
    words: str
    value: float | Mapping[str, float]
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Instruments:
    registry: "CollectorRegistry"
    requests: "Histogram"
    registrations: "Counter"
    messages: "Counter"
    sending: "Histogram"
    in_use: "Gauge"
    most: "Gauge"
    busiest: "Gauge"


_made: _Instruments | None = None
_pool = threading.Lock()
_connections = 0  # in use by this process
_limit = 0


# --- counting ---------------------------------------------------------------------------------------------------------


def begin(*, connections: int) -> None:
    """From here on this process counts; ``connections`` to the database is the most that it opens."""
    global _made, _limit  # noqa: PLW0603  one process has one set of counters
    _limit = connections
    _made = _made or _make()


def request(endpoint: str | None, status: int, seconds: float) -> None:
    """An answer was made."""
    if _made:
        _made.requests.labels(endpoint or UNKNOWN, f"{status // 100}xx").observe(seconds)


def registration(outcome: str) -> None:
    """Somebody sent the form of an event."""
    if _made:
        _made.registrations.labels(outcome).inc()


def message(kind: str, outcome: str) -> None:
    """Something came of a letter whose turn it was."""
    if _made:
        _made.messages.labels(kind, outcome.replace(" ", "_")).inc()


def sending(outcome: str, seconds: float) -> None:
    """A conversation with the mail server about one letter is over."""
    if _made:
        _made.sending.labels(outcome.replace(" ", "_")).observe(seconds)


def connection(change: int) -> None:
    """One more (1) or one fewer (-1) connection to the database is in use."""
    global _connections  # noqa: PLW0603
    if _made:
        with _pool:
            _connections += change
            _made.in_use.set(_connections)
            _made.most.set(_limit)
            _made.busiest.set(_connections / _limit)


def _make() -> _Instruments:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    return _Instruments(
        registry,
        Histogram(
            "eventsapp_http_request_duration_seconds",
            "Seconds until an answer was made, by view and class of status.",
            ("endpoint", "status"),
            buckets=PAGE_SECONDS,
            registry=registry,
        ),
        Counter(
            "eventsapp_registrations",
            "Registration forms sent, by what came of them.",
            ("outcome",),
            registry=registry,
        ),
        Counter(
            "eventsapp_messages",
            "Letters whose turn came, by kind and by what came of them.",
            ("kind", "outcome"),
            registry=registry,
        ),
        Histogram(
            "eventsapp_message_send_duration_seconds",
            "Seconds that the mail server took for one letter, by what came of it.",
            ("outcome",),
            buckets=SENDING_SECONDS,
            registry=registry,
        ),
        Gauge(
            "eventsapp_database_connections_in_use",
            "Connections to the database in use, of all processes that answer here.",
            multiprocess_mode="livesum",
            registry=registry,
        ),
        Gauge(
            "eventsapp_database_connections_limit",
            "The most connections that these processes open.",
            multiprocess_mode="livesum",
            registry=registry,
        ),
        Gauge(
            "eventsapp_database_pool_usage_ratio",
            "In use of the most that one process opens, in the busiest process; 1: people wait for a connection.",
            multiprocess_mode="livemax",
            registry=registry,
        ),
    )


@contextlib.contextmanager
def together(*, wanted: bool) -> Iterator[dict[str, str]]:
    """What is to be added to the environment of processes, this one or its children, that count together.

    A process that was itself given it goes on with that. The folder goes at the end; where all of them were killed,
    when others begin.
    """
    if not wanted or FOLDER in os.environ:
        yield {}
        return
    place = in_memory() or tempfile.gettempdir()
    _remove_left_behind(Path(place))
    folder, maker = tempfile.mkdtemp(prefix=_PREFIX, dir=place), os.getpid()
    try:
        with instance.at_work(Path(folder)):
            yield {FOLDER: folder}
    finally:
        if os.getpid() == maker:  # a forked child leaves by the same way
            shutil.rmtree(folder, ignore_errors=True)


def in_memory() -> str | None:
    """Where processes tell each other by files. Not on a disk: whoever writes into a file by its place in memory is
    killed (SIGBUS) once the disk is full. None: this system has no such place.
    """
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None


def _remove_left_behind(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, instance.InUse):
            if time.time() - folder.stat().st_mtime > _NEW:
                with instance.alone(folder):
                    shutil.rmtree(folder)


# --- telling ----------------------------------------------------------------------------------------------------------


def exposition(facts: Iterable[Fact]) -> bytes:
    """Everything, in Prometheus' text format: what was counted, and these facts."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    counted = _made.registry if _made else CollectorRegistry()
    if folder := os.environ.get(FOLDER):
        _forget_the_dead(Path(folder))
        counted = CollectorRegistry()
        MultiProcessCollector(counted, folder)  # type: ignore[no-untyped-call]
    looked_up = CollectorRegistry()
    looked_up.register(_Facts(facts))
    return generate_latest(counted) + generate_latest(looked_up)


def may_read(authorization: str, token: str) -> bool:
    """Whether the header carries the token, compared in a time that tells nothing about it."""
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


class _Facts:
    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts = tuple(facts)

    def collect(self) -> Iterator["GaugeMetricFamily"]:
        from prometheus_client.core import GaugeMetricFamily

        for fact in self._facts:
            family = GaugeMetricFamily(fact.name, fact.words, labels=[fact.label] if fact.label else [])
            values = fact.value if isinstance(fact.value, Mapping) else {"": fact.value}
            for word, value in values.items():
                family.add_metric([word] if fact.label else [], value)
            yield family


def _forget_the_dead(folder: Path) -> None:
    """What a process that has ended has in use is in use no more; what it counted stays counted."""
    for path in folder.iterdir():
        if (found := _LIVE.fullmatch(path.name)) and not _lives(int(found[1])):
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
