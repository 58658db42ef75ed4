"""How a line of the log looks: for people, or one JSON object; both name the request. Nothing here names a person.

Of an error a line says its kind and where it arose, and not its words: those may quote what somebody typed.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventsapp.config import PACKAGE

request_id: ContextVar[str] = ContextVar("request_id", default="")  # of the request that this thread answers

QUIET = ("alembic", "PIL", "fontTools", "markdown_it", "limits", "redis")  # what they do step by step helps nobody here


def begin(form: str, *, debug: bool = False) -> None:
    """From here on this process logs to standard error as ``form`` says, text or json. ``debug``: errors in full."""
    handler = logging.StreamHandler()
    handler.setFormatter({"text": Text, "json": Json}[form](in_full=debug))
    logging.basicConfig(level=logging.DEBUG if debug else logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    threading.excepthook = _ended_by_error
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _ended_by_error(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else "?"
    logging.getLogger(__name__).error("Thread %s ended by an error", name, exc_info=arguments.exc_value)


class Text(logging.Formatter):
    """``2026-06-13 16:00:00,000 INFO eventsapp.worker: words [request]``"""

    def __init__(self, *, in_full: bool = False) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._in_full = in_full

    def format(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.getMessage())
        record.asctime = self.formatTime(record)
        line = self.formatMessage(record)
        if asked := request_id.get():
            line += f" [{asked}]"
        if (error := _error_of(record)) is None:
            return line
        if self._in_full:
            return f"{line}\n{''.join(traceback.format_exception(error)).rstrip()}"
        return f"{line} | {' < '.join(kinds(error))} at {' < '.join(reversed(places(error)))}"


class Json(logging.Formatter):
    """One object: time (UTC), level, logger, message, process; request, the facts given as ``extra``, and the error."""

    def __init__(self, *, in_full: bool = False) -> None:
        super().__init__()
        self._in_full = in_full

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if asked := request_id.get():
            said["request"] = asked
        said |= getattr(record, "facts", {})
        if (error := _error_of(record)) is not None:
            said["error"] = {"kinds": kinds(error), "places": places(error)}
            if self._in_full:
                said["error"]["text"] = "".join(traceback.format_exception(error))
        return json.dumps(said, ensure_ascii=False, default=str)


def one_line(text: str) -> str:
    """Without line ends and other signs by which a text could pass for several lines."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def kinds(error: BaseException) -> list[str]:
    """The class of an error and of those that caused it; for one of the database or the system its code as well."""
    return [" ".join([type(one).__name__, *_code(one)]) for one in _chain(error)]


def places(error: BaseException) -> list[str]:
    """Where it arose, outermost first: our own lines, and the very last one."""
    frames = traceback.extract_tb(error.__traceback__)
    return [
        f"{_short(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in frames
        if Path(frame.filename).is_relative_to(PACKAGE) or frame is frames[-1]
    ]


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _code(error: BaseException) -> list[str]:
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or getattr(error, "errno", None)
    return [] if code is None else [str(code)]


def _short(filename: str) -> str:
    """Inside our package or the folder of packages: a path that says something on every machine."""
    path = Path(filename)
    for root in (PACKAGE.parent, *map(Path, sys.path)):
        if str(root) not in ("", ".") and path.is_relative_to(root):
            return str(path.relative_to(root))
    return path.name


def _error_of(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None
