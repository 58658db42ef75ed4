"""What a command ends with: its exit status, and for a person one sentence about what went wrong."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from eventsapp.cli.application import CommandFailed

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

HOUSEKEEPERS = (
    "eventsapp.backup",
    "eventsapp.instance",
    "eventsapp.migration",
    "eventsapp.serving",
)  # whose errors are sentences
FAILED = 2
INTERRUPTED = 130  # what shells report for Ctrl-C and for a closed pipe
CLOSED_PIPE = 141
LOCK_NOT_AVAILABLE = "55P03"  # of PostgreSQL


def status_of(command: Callable[[], int | None], *, debug: bool) -> int:
    """Do it. What it returns, else 0; FAILED after an error, which is said in a sentence."""
    try:
        status = command()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again when it exits
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  a person at a terminal gets a sentence, whatever happened
        if debug:
            traceback.print_exc()
        print(sentence(error), file=sys.stderr)
        return FAILED
    return status or 0


def sentence(error: Exception) -> str:
    """What a person reads of an error; a refused record is one line for each mistake."""
    from sqlalchemy.exc import DBAPIError

    from eventsapp.config import BadSetting
    from eventsapp.domain.errors import DomainError
    from eventsapp.reading.mistakes import RecordRefused

    said = (BadSetting, DomainError, RecordRefused, CommandFailed)
    if isinstance(error, said) or type(error).__module__.startswith(HOUSEKEEPERS):
        return str(error)
    if isinstance(error, DBAPIError):
        return _database_sentence(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    return f"This should not happen ({type(error).__name__}: {error}). Run it again with --debug to see where."


def _database_sentence(error: "DBAPIError") -> str:
    cause = str(error.orig).strip().partition("\n")[0]
    if type(error.orig).__name__ in ("UndefinedTable", "UndefinedColumn") or cause.startswith("no such "):
        return f"The database does not fit this program ({cause}). Make a backup, then run `eventsapp db upgrade`."
    if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
        return "Somebody else uses a table that has to change, so nothing was changed. Run it again in a quiet moment."
    return f"The database cannot be used ({cause}). Check EVENTSAPP_DATABASE_URL, or run `eventsapp doctor`."
