"""What commands take: one parser for each of them, and the arguments that several share."""

import argparse

from eventsapp.domain.vocabulary import MessageState, PlaceState


class Commands:
    """The commands below one parser; ``add`` makes one, ``group`` one that has commands of its own."""

    def __init__(self, owner: argparse.ArgumentParser, everywhere: argparse.ArgumentParser) -> None:
        self.everywhere = everywhere
        self.parsers = owner.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(self, name: str, command: object, words: str) -> argparse.ArgumentParser:
        text = words[0].upper() + words[1:] + "."
        added: argparse.ArgumentParser = self.parsers.add_parser(
            name, help=words, description=text, parents=[self.everywhere]
        )
        added.set_defaults(command=command)
        return added

    def group(self, name: str, words: str) -> "Commands":
        return Commands(self.add(name, None, words), self.everywhere)


def add_format(listing: argparse.ArgumentParser) -> None:
    listing.add_argument("--format", choices=("table", "csv"), default="table", help="table or csv (table)")


def one_of(words: type[PlaceState] | type[MessageState]) -> str:
    return ", ".join(word.value for word in words)


def whole_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")
    return int(text)
