"""Long calendar files as they were rendered last, kept in ``instance/calendars``: a new process has them at once.

A file is as good as its mark: the event's stamp, the program, and the settings that stand in it. There is one for each
event and language at most; to delete them costs only the time to render them again.
"""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from flask import Response

from eventsapp.config import PACKAGE, Settings
from eventsapp.domain import timezones

LONG = 100_000  # bytes: shorter ones are rendered as soon as read

log = logging.getLogger(__name__)


def stored(
    event_id: int, tag: str, stamp: int, make: Callable[[], Response], *, settings: Settings, long: int = LONG
) -> Response:
    """The file of an event's words in the language ``tag`` under this stamp: read, or else made, and kept where it is
    at least so ``long``."""
    path = settings.instance_path / "calendars" / f"{event_id}-{tag}.ics"
    mark = f"{stamp} {_program()} {settings.base_url} {settings.mail_from}"
    if (found := _read(path, mark)) is not None:
        return found
    response = make()
    if len(response.get_data()) >= long:
        head = json.dumps({"mark": mark, "headers": list(response.headers)}).encode()
        _write(path, head + b"\n" + response.get_data())
    return response


def _read(path: Path, mark: str) -> Response | None:
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        facts = json.loads(head)
        return Response(body, headers=facts["headers"]) if facts["mark"] == mark else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all. A disk that takes nothing keeps nobody from the answer."""
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


@cache
def _program() -> str:
    """What renders: another program, translation or zone database may render otherwise."""
    files = sorted(path for kind in ("*.py", "*.mo") for path in PACKAGE.rglob(kind))
    facts = [(path.relative_to(PACKAGE).as_posix(), path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    return hashlib.sha256(repr((timezones.data_release(), facts)).encode()).hexdigest()[:16]
