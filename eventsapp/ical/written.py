"""Entries of a long file as they were written before: whoever changes one of thousands has only that one written."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

from eventsapp.domain.entry import CalendarEntry
from eventsapp.ical.text import fold


class Written:
    """The octets of entries by all that they say. ``before`` are those of an earlier file, ``entries`` those of this
    one, in its order."""

    def __init__(self, before: Mapping[str, bytes]) -> None:
        self.entries: dict[str, bytes] = {}
        self._before = before

    def octets(self, entry: CalendarEntry, lines: Callable[[], list[str]], *, in_utc: bool) -> tuple[bytes, int]:
        """With the number of their content lines; ``lines`` writes them where they are new."""
        mark = blake2b(repr((entry, in_utc)).encode(), digest_size=16).hexdigest()
        found = self._before.get(mark)
        self.entries[mark], number = folded(lines()) if found is None else (found, _content_lines(found))
        return self.entries[mark], number


def folded(lines: Sequence[str]) -> tuple[bytes, int]:
    """Content lines as octets, and how many they are meant to be."""
    return b"".join(map(fold, lines)), len(lines)


def _content_lines(octets: bytes) -> int:
    return octets.count(b"\r\n") - octets.count(b"\r\n ")
