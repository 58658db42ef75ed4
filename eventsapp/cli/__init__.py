"""The command line: a module for each group of commands, which call what the pages call. Says an error in one sentence.

Each command imports what it needs when it runs, so that ``--help`` and the supervisor start at once.
"""

import argparse
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eventsapp.cli import (
    addresses,
    backup,
    bounce,
    database,
    messages,
    organizers,
    records,
    registrations,
    running,
    team,
)
from eventsapp.cli.application import CommandFailed
from eventsapp.cli.arguments import Commands

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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. The exit status is 0; 1 where ``doctor`` or ``serve`` found something wrong; 2 for an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows "?" for it
    arguments = parser().parse_args(argv)
    try:
        status = arguments.command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again when it exits
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  a person at a terminal gets a sentence, whatever happened
        if arguments.debug:
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


DESCRIPTION = "Registration for international, multilingual events."
EPILOG = """\
settings come from EVENTSAPP_… variables and instance/eventsapp.toml (docs/operations.md)

  eventsapp db upgrade && eventsapp serve          run it
  eventsapp import forum.yaml                      create or update an event
  eventsapp registrations list forum               who comes
  eventsapp doctor                                 what is wrong, and what to do about it
"""


def parser() -> argparse.ArgumentParser:
    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show where an error arose")
    layout = argparse.RawDescriptionHelpFormatter
    whole = argparse.ArgumentParser("eventsapp", description=DESCRIPTION, epilog=EPILOG, formatter_class=layout)
    whole.add_argument("--debug", action="store_true", help="show where an error arose")
    whole.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = Commands(whole, everywhere)
    for room in (running, database, organizers, records, registrations, team, messages, addresses, bounce, backup):
        room.add_to(commands)
    return whole


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"eventsapp {version('eventsapp')}")
        parser.exit()
