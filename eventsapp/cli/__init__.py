"""The command line: a module for each group of commands, which call what the pages call. Says an error in one sentence.

Each command imports what it needs when it runs, so that ``--help`` and short commands start at once.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from functools import partial

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
from eventsapp.cli.arguments import Commands
from eventsapp.cli.failures import status_of


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. The exit status is 0; 1 where ``doctor`` or ``serve`` found something wrong; 2 for an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows "?" for it
    arguments = parser().parse_args(argv)
    return status_of(partial(arguments.command, arguments), debug=arguments.debug)


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
