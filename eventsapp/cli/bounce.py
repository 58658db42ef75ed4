"""``bounce``: what comes back by mail, handed over by a mail server's pipe."""

import argparse
import os
import sys

from eventsapp.cli.application import now, writing
from eventsapp.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    taking = commands.add(
        "bounce", bounce, "take in one mail that came back, from standard input; for a mail server's pipe"
    )
    taking.add_argument("--verbose", action="store_true", help="say in one word what the mail led to")


def bounce(arguments: argparse.Namespace) -> int:
    """A mail that cannot be used is no error: the mail server would send it back, perhaps to a person. Where it cannot
    be taken in for now the status is EX_TEMPFAIL, and the mail server tries again."""
    from eventsapp.actions.reports import take_in
    from eventsapp.mail.reports import MOST_OCTETS

    try:
        raw = sys.stdin.buffer.read(MOST_OCTETS)
        while sys.stdin.buffer.read(MOST_OCTETS):
            pass  # a mail server counts a pipe that breaks as an error
        with writing() as (settings, session):
            taken = take_in(session, raw, now=now(), settings=settings)
    except Exception as error:  # a setting, the database: the mail is worth keeping, whatever it is
        if arguments.debug:
            raise
        print(f"The mail cannot be taken in now ({type(error).__name__}); run `eventsapp doctor`.", file=sys.stderr)
        return os.EX_TEMPFAIL
    if arguments.verbose:
        print(taken.value)
    return os.EX_OK
