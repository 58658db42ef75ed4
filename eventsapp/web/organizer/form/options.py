"""The options of a choice as rows of a form: read from what was typed, moved, taken out, and typed out again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from eventsapp.reading.values import OptionRecord
from eventsapp.web.fields import Typed

OTHER = "option-other"  # the number of the row whose option asks to say what
STEP = "step"  # the name of the buttons that change rows and save nothing


@dataclass(frozen=True, slots=True)
class Row:
    """One option as it was typed; ``id`` is empty for a new one."""

    id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    limit: str = ""
    other: bool = False

    @property
    def empty(self) -> bool:
        return not (self.id or self.limit or any(self.labels.values()))


def rows_of(options: Iterable[OptionRecord]) -> list[Row]:
    return [Row(one.id, one.label, "" if one.limit is None else str(one.limit), one.other) for one in options]


def rows_in(typed: Typed, tags: Sequence[str], most: int) -> list[Row]:
    """The rows in the order of their numbers; where no ``option-<n>-id`` is there the row is not."""
    numbers = [number for number in range(most + 1) if name(number, "id") in typed]
    return [
        Row(
            id=typed[name(number, "id")],
            labels={tag: typed.get(name(number, f"label-{tag}"), "") for tag in tags},
            limit=typed.get(name(number, "limit"), ""),
            other=typed.get(OTHER) == str(number),
        )
        for number in numbers
    ]


def stepped(rows: Sequence[Row], step: str) -> list[Row]:
    """The rows after ``add``, ``up-2``, ``down-2`` or ``drop-2``; anything else changes nothing."""
    what, _, number = step.partition("-")
    if what == "add":
        return [*rows, Row()]
    at = int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else -1  # noqa: PLR2004
    if not 0 <= at < len(rows):
        return list(rows)
    others = [*rows[:at], *rows[at + 1 :]]
    if what == "drop":
        return others
    place = {"up": max(at - 1, 0), "down": at + 1}.get(what, at)
    return [*others[:place], rows[at], *others[place:]]


def typed_rows(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The rows as a form posts them, numbered from 0."""
    found = []
    for number, row in enumerate(rows):
        found.append((name(number, "id"), row.id))
        found += [(name(number, f"label-{tag}"), text) for tag, text in row.labels.items()]
        found.append((name(number, "limit"), row.limit))
        if row.other:
            found.append((OTHER, str(number)))
    return found


def spoken_in(rows: Sequence[Row], tags: Sequence[str]) -> list[Row]:
    """The rows with a text, perhaps an empty one, for each language of the form and for no other."""
    return [replace(row, labels={tag: row.labels.get(tag, "") for tag in tags}) for row in rows]


def name(number: int, part: str) -> str:
    return f"option-{number}-{part}"
