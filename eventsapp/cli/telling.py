"""Before anybody is written to of a change: whom it concerns, what they would read, and the question. Tells nobody."""

import argparse
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from eventsapp.cli.application import CommandFailed
from eventsapp.config import Settings

if TYPE_CHECKING:
    from eventsapp.actions.outlook import Outlook

_TELL, _QUIETLY, _STOP = "t", "q", "s"
_UNDECIDED = "Nothing was changed. Add --notify to write to these people, or --quiet to write to nobody."


def add_decision(command: argparse.ArgumentParser) -> None:
    decision = command.add_mutually_exclusive_group()
    decision.add_argument("--notify", action="store_true", help="write to those for whom a date changes")
    decision.add_argument("--quiet", action="store_true", help="write to nobody; `eventsapp notify` can do it later")
    add_confirmation(command)


def add_confirmation(command: argparse.ArgumentParser) -> None:
    command.add_argument("--yes", action="store_true", help="do not ask before people are written to")
    command.add_argument("--dry-run", action="store_true", help="only show what would be done")


def show(outlook: "Outlook") -> None:
    """The count, and below it the letters."""
    behind = outlook.untold
    if behind.people:
        tags = ", ".join(f"{tag} {number}" for tag, number in behind.by_language.items())
        print(f"  {_people(behind.people)} a place that this changes: {tags}")
    if behind.staff:
        print(f"  {behind.staff} of the team {'has' if behind.staff == 1 else 'have'} to know of it")
    for tag, letter in outlook.letters.items():
        print(f"\n  {tag}: {letter.subject}\n")
        print(textwrap.indent(letter.text, "    | ", lambda _line: True))


def decide(outlooks: Sequence["Outlook"], arguments: argparse.Namespace) -> bool:
    """Whether people are told, by the flags or by whoever sits at the terminal. Raises where nobody says so."""
    concerned = [outlook for outlook in outlooks if outlook.untold]
    if arguments.quiet or not concerned:
        return False
    if arguments.notify:
        return arguments.yes or not _at_terminal() or _agreed()
    if not any(outlook.news for outlook in concerned):
        return False
    if not _at_terminal():
        raise CommandFailed(_UNDECIDED)
    question = "Tell these people (t), change it quietly (q), or stop and change nothing (s)? "
    answer = _ask(question, _TELL + _QUIETLY + _STOP)
    if answer == _STOP:
        raise CommandFailed("Nothing was changed.")
    return answer == _TELL


def confirm(arguments: argparse.Namespace) -> None:
    """Ask once more at a terminal. Raises where the answer is no."""
    if not arguments.yes and _at_terminal():
        _agreed()


def told(outlooks: Iterable["Outlook"], settings: Settings) -> None:
    """Say what comes now."""
    number = sum(outlook.untold.people + outlook.untold.staff for outlook in outlooks)
    words = "1 person is" if number == 1 else f"{number} people are"
    when = f"in {settings.change_delay} seconds" if settings.change_delay else "at once"
    print(f"{words} written to. The letters leave {when}, by the worker.")


def left_untold(outlooks: Iterable["Outlook"]) -> None:
    """Say how those can be told who were not."""
    for outlook in outlooks:
        if outlook.untold:
            print(f"Nobody was written to. `eventsapp notify {outlook.slug}` does that.")


def _agreed() -> bool:
    if _ask("Write to these people (y/n)? ", "yn") == "n":
        raise CommandFailed("Nothing was changed.")
    return True


def _ask(question: str, answers: str) -> str:
    while True:
        try:
            answer = input(question).strip().lower()[:1]
        except EOFError:
            raise CommandFailed("Nothing was changed.") from None
        if answer and answer in answers:
            return answer


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _people(number: int) -> str:
    return "1 person holds" if number == 1 else f"{number} people hold"
