"""Three independent readers of calendar files, and what each makes of one: ical.js, icalendar and vobject."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import icalendar
import vobject
import vobject.icalendar

from eventsapp.domain.entry import CalendarEntry
from tests.missing import missing

HERE = Path(__file__).parent
ICAL_JS = "READING BY ICAL.JS"


@dataclass(frozen=True)
class Seen:
    """One event as a reader sees it."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    location: str
    url: str


Reader = Callable[[bytes], list[Seen]]


def said(entry: CalendarEntry, *, summary: str, description: str, location: str) -> Seen:
    """What every reader has to see of an entry."""
    return Seen(entry.uid, entry.starts_at, entry.ends_at, summary, description, location, entry.url)


def with_icalendar(data: bytes) -> list[Seen]:
    """Looks TZID up in its own zone data, as half of all calendar programs do."""
    return [
        Seen(
            uid=str(event["UID"]),
            starts_at=_instant(event["DTSTART"].dt),
            ends_at=_instant(event["DTEND"].dt),
            summary=str(event["SUMMARY"]),
            description=str(event["DESCRIPTION"]),
            location=str(event.get("LOCATION", "")),
            url=str(event.get("URL", "")),
        )
        for event in icalendar.Calendar.from_ical(data).events
    ]


def with_vobject(data: bytes) -> list[Seen]:
    """Believes the VTIMEZONE in the file, as the other half do."""
    vars(vobject.icalendar)["__tzidMap"].clear()  # it would remember the zone of the file before
    vobject.icalendar.registerTzid("UTC", UTC)
    return [
        Seen(
            uid=event.uid.value,
            starts_at=_instant(event.dtstart.value),
            ends_at=_instant(event.dtend.value),
            summary=event.summary.value,
            description=event.description.value,
            location=event.location.value if "location" in event.contents else "",
            url=event.url.value if "url" in event.contents else "",
        )
        for event in vobject.readOne(data.decode()).vevent_list
    ]


def _instant(value: datetime) -> datetime:
    assert value.tzinfo is not None, "a floating time"
    return value.astimezone(UTC)


class IcalJs:
    """ical.js in one node process: the reader inside Thunderbird and Nextcloud. Believes the VTIMEZONE."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", "parse.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def read(self, data: bytes) -> dict[str, Any]:
        """All that parse.mjs tells of one file."""
        stdin, stdout = _open(self._process.stdin), _open(self._process.stdout)
        stdin.write(json.dumps(data.decode()) + "\n")
        stdin.flush()
        seen: dict[str, Any] = json.loads(stdout.readline())
        assert "error" not in seen, seen["error"]
        return seen

    def __call__(self, data: bytes) -> list[Seen]:
        events = self.read(data)["events"]
        assert not any(event["floating"] for event in events)
        return [
            Seen(
                uid=event["uid"],
                starts_at=datetime.fromtimestamp(event["starts"], UTC),
                ends_at=datetime.fromtimestamp(event["ends"], UTC),
                summary=event["summary"],
                description=event["description"],
                location=event["location"],
                url=event["url"],
            )
            for event in events
        ]

    def close(self) -> None:
        _open(self._process.stdin).close()
        _open(self._process.stdout).close()
        self._process.wait(timeout=10)


def _open(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def start_ical_js() -> IcalJs:
    """Skips where node or its package is not there, but fails where the tests are run for everybody (CI)."""
    if shutil.which("node") is None:
        missing(ICAL_JS, "node is not there; install Node.js 18 or newer and run `npm ci` in tests/ical")
    if not (HERE / "node_modules" / "ical.js").is_dir():
        missing(ICAL_JS, "its package is not there; run `npm ci` in tests/ical")
    return IcalJs()


def differences(data: bytes, wanted: Iterable[Seen], readers: Iterable[Reader]) -> list[tuple[Seen, Seen]]:
    """Where a reader sees something else than was said, as pairs of (said, seen)."""
    wanted = list(wanted)
    return [(want, seen) for read in readers for want, seen in zip(wanted, read(data), strict=True) if want != seen]
