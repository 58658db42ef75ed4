"""Long calendar files as they were rendered last, kept in ``instance/calendars``: a new process has them at once, and
after a change renders what changed.

A file is as good as its mark: the event's stamp, the program, and the settings that stand in it. Its entries are as
good as the program that rendered them: they are found by all that they say. There is one file for each event and
language at most; to delete them costs only the time to render them again.
"""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from flask import Response

from eventsapp.config import PACKAGE, Settings
from eventsapp.domain import timezones
from eventsapp.ical import Written

LONG = 100_000  # bytes: shorter ones are rendered as soon as read

log = logging.getLogger(__name__)


def stored(
    event_id: int, tag: str, stamp: int, make: Callable[[Written], Response], *, settings: Settings, long: int = LONG
) -> Response:
    """The file of an event's words in the language ``tag`` under this stamp: read, or else made, and kept where it is
    at least so ``long``."""
    path = settings.instance_path / "calendars" / f"{event_id}-{tag}.ics"
    mark = f"{stamp} {settings.base_url} {settings.mail_from}"
    facts, body = _read(path)
    if facts and facts["mark"] == mark:
        return Response(body, headers=facts["headers"])
    written = Written(_entries(facts, body) if facts else {})
    response = make(written)
    if len(response.get_data()) >= long:
        _write(path, mark, response, written)
    return response


def _read(path: Path) -> tuple[dict[str, Any], bytes]:
    """What ``_write`` has noted, and the file; nothing of what another program wrote, or of what is damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        head, _, body = path.read_bytes().partition(b"\n")
        facts = json.loads(head)
        if (facts["program"], facts["digest"]) == (_program(), _digest(body)):
            return facts, body
    return {}, b""


def _entries(facts: dict[str, Any], body: bytes) -> dict[str, bytes]:
    edges = pairwise(accumulate(facts["entries"].values(), initial=facts["begin"]))
    return {name: body[begin:end] for name, (begin, end) in zip(facts["entries"], edges, strict=True)}


def _write(path: Path, mark: str, response: Response, written: Written) -> None:
    """Whole or not at all. A disk that takes nothing keeps nobody from the answer."""
    body = response.get_data()
    facts = {
        "program": _program(),
        "digest": _digest(body),
        "mark": mark,
        "headers": list(response.headers),
        "begin": body.index(next(iter(written.entries.values()))),
        "entries": {name: len(octets) for name, octets in written.entries.items()},
    }
    data = json.dumps(facts).encode() + b"\n" + body
    name = ""
    try:
        path.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            name = file.name
            file.write(data)
        Path(name).replace(path)
    except OSError as error:
        log.warning("a calendar file could not be kept: %s", os.strerror(error.errno or 0))
        with suppress(OSError):
            Path(name).unlink()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@cache
def _program() -> str:
    """What renders: another program, translation or zone database may render otherwise."""
    files = sorted(path for kind in ("*.py", "*.mo") for path in PACKAGE.rglob(kind))
    facts = [(path.relative_to(PACKAGE).as_posix(), path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    return _digest(repr((timezones.data_release(), facts)).encode())[:16]
