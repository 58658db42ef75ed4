"""What is wrong in a file: where, and what would be right."""

from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]  # the way to a value: ("occurrences", 1, "conference", "meeting_id")

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake; ``line`` counts from 1 (0: the file as a whole), ``key`` is the way to the value.

    As text: ``forum.yaml:12: occurrences[1].conference.meeting_id: A Zoom meeting ID has …``
    """

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class RecordRefused(Exception):
    """A record cannot be taken over. ``mistakes`` holds all of them, by file and line; never empty."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda one: (one.file, one.line, one.key, one.message))
        super().__init__("\n".join(map(str, self.mistakes)))


def key_of(path: Path) -> str:
    """``occurrences[1].conference.meeting_id``; positions count from 0."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{shown(step)}" if text else shown(step)
    return text


def shown(text: str) -> str:
    """What somebody wrote, safe and short enough to stand in a sentence on a terminal."""
    text = "".join(character if character.isprintable() else "�" for character in text[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
