"""What the pages about dates do to an event's record. Pure: a record in, a record out."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from eventsapp.domain.errors import NotFound
from eventsapp.reading.values import EventRecord, OccurrenceRecord

Change = Callable[[EventRecord], EventRecord]


def one_of(record: EventRecord, key: str) -> OccurrenceRecord:
    """Raises NotFound."""
    found = next((one for one in record.occurrences if one.id == key), None)
    if found is None:
        raise NotFound("There is no such date.")
    return found


def with_changed(key: str, change: Callable[[OccurrenceRecord], OccurrenceRecord]) -> Change:
    """Change one date; raises NotFound where it has gone meanwhile."""

    def changed(record: EventRecord) -> EventRecord:
        wanted = change(one_of(record, key))
        return replace(record, occurrences=tuple(wanted if one.id == key else one for one in record.occurrences))

    return changed


def with_added(dates: Iterable[OccurrenceRecord]) -> Change:
    """Add dates; each gets a key of its day."""
    given = list(dates)

    def added(record: EventRecord) -> EventRecord:
        taken = {one.id.lower() for one in record.occurrences}
        new = []
        for one in given:
            key = _free_key(one.start.local.date(), taken)
            taken.add(key)
            new.append(replace(one, id=key))
        return replace(record, occurrences=(*record.occurrences, *new))

    return added


def without(key: str) -> Change:
    """Leave a date out, also where the team is said to work at it."""

    def left(record: EventRecord) -> EventRecord:
        one_of(record, key)
        team = tuple(
            one
            if one.occurrences is None
            else replace(one, occurrences=tuple(name for name in one.occurrences if name != key))
            for one in record.team
        )
        return replace(record, occurrences=tuple(one for one in record.occurrences if one.id != key), team=team)

    return left


def works_here_alone(record: EventRecord, key: str) -> bool:
    """Whether somebody of the team works at this date and at no other."""
    return any(one.occurrences == (key,) for one in record.team)


def _free_key(day: date, taken: set[str]) -> str:
    wanted = day.isoformat()
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(key for key in (wanted, *numbered) if key not in taken)
