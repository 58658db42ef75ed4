"""An event record: the bytes of a file → EventRecord, or every mistake at once with file, line and key."""

from dataclasses import replace
from pathlib import Path

from eventsapp.reading.mistakes import Mistake, RecordRefused
from eventsapp.reading.schema import typed
from eventsapp.reading.settle import Known, settle
from eventsapp.reading.source import MOST_BYTES, Source, read_source
from eventsapp.reading.values import EventRecord, OrganizationRecord, Origin

_MOST_MISTAKES = 200


def _knows_none(_slug: str) -> OrganizationRecord | None:
    return None


def read_record(path: Path, known: Known = _knows_none) -> EventRecord:
    """Read a record file. ``known`` tells what is stored of an organization, by its slug. Raises RecordRefused."""
    try:
        if not path.is_file():
            raise RecordRefused([Mistake(str(path), 0, "", "There is no such file.")])
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecordRefused([Mistake(str(path), 0, "", f"The file cannot be read ({reason}).")]) from error
    return read_bytes(data, str(path), path.parent, known)


def read_bytes(data: bytes, file: str, folder: Path | None = None, known: Known = _knows_none) -> EventRecord:
    """Read the bytes of a record. ``file`` is the name for mistakes, ``folder`` where its picture lies.

    Raises RecordRefused.
    """
    source = read_source(data, file)
    values, wrong = typed(source.tree)
    for path, sentence in wrong:
        source.report(path, sentence)
    record = settle(values, source, known)
    if record is None:
        raise RecordRefused(_bounded(source))
    return replace(record, origin=Origin(source, folder))


def _bounded(source: Source) -> list[Mistake]:
    more = len(source.mistakes) - _MOST_MISTAKES
    mistakes = sorted(set(source.mistakes), key=lambda mistake: mistake.line)[:_MOST_MISTAKES]
    return [*mistakes, Mistake(source.file, 10**9, "", f"And {more} more.")] if more > 0 else mistakes
