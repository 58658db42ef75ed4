"""Take over an event record: create or update the event by its slug. Nothing is half imported.

Importing the same record again changes nothing. ``conflicts`` is what stands against it, ``rows`` what it writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions import pictures
from eventsapp.actions.import_record.conflicts import conflicts, kept_choices
from eventsapp.actions.import_record.rows import Import
from eventsapp.actions.places import promote
from eventsapp.config import Settings
from eventsapp.domain.errors import Invalid
from eventsapp.domain.vocabulary import EventStatus
from eventsapp.models import Event
from eventsapp.queries.record import known_organization
from eventsapp.reading.completeness import missing_translations
from eventsapp.reading.mistakes import Mistake, RecordRefused
from eventsapp.reading.record import read_record
from eventsapp.reading.values import EventRecord

__all__ = ["ImportReport", "import_files", "import_record"]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``changes`` are the keys that changed, empty when nothing did or the event is new.

    ``promoted`` counts places. ``revised`` are the keys of occurrences of which calendars have to hear: whom that
    concerns is told by ``actions.tell``, and by nobody else.
    """

    slug: str
    created: bool
    changes: tuple[str, ...]
    notes: tuple[str, ...]
    promoted: int = 0
    revised: tuple[str, ...] = ()


def import_files(
    session: Session, paths: Sequence[Path], *, now: datetime, settings: Settings, rehearse: bool = False
) -> list[ImportReport]:
    """Import several record files, all or none: raises RecordRefused with the mistakes of all of them."""
    reports: list[ImportReport] = []
    mistakes: list[Mistake] = []
    for path in paths:
        try:
            record = read_record(path, lambda slug: known_organization(session, slug))
            reports.append(import_record(session, record, now=now, settings=settings, rehearse=rehearse))
        except RecordRefused as refused:
            mistakes += refused.mistakes
    if mistakes:
        raise RecordRefused(mistakes)
    return reports


def import_record(
    session: Session, record: EventRecord, *, now: datetime, settings: Settings, rehearse: bool = False
) -> ImportReport:
    """Create or update one event. Raises RecordRefused before anything is changed.

    It writes to nobody but those who move up from the waiting list. ``rehearse``: whoever calls rolls all of it back,
    so no picture is kept either.

    Left out of the record means back to the default, but for ``status`` and what it does not say of its organization.
    An occurrence or question that people have taken or answered cannot be left out. Answers stay as they were given,
    also where an option or a condition has changed since.
    """
    event = session.scalar(
        select(Event)
        .where(Event.slug == record.slug)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    mistakes = [] if event is None else conflicts(session, event, record)
    kept = [] if event is None else kept_choices(session, event, record)
    picture, data = _picture(record, settings, mistakes)
    if mistakes:
        raise RecordRefused(mistakes)
    if data is not None:
        picture = pictures.name_of(data) if rehearse else pictures.store(data, settings.pictures_path)
    record = replace(record, picture=picture)
    importing = Import(session, record, now, settings)
    created = event is None
    event = importing.create() if event is None else importing.update(event)
    promoted = 0
    if importing.changes and not created and event.status is EventStatus.PUBLISHED:
        promoted = promote(session, event.id, now=now, settings=settings)
    notes = (*record.notes, *kept, *missing_translations(record))
    changes = () if created else tuple(importing.changes)
    return ImportReport(record.slug, created, changes, notes, promoted, tuple(importing.revised))


def _picture(record: EventRecord, settings: Settings, mistakes: list[Mistake]) -> tuple[str, bytes | None]:
    """The stored picture's name, or the bytes of the file to store."""
    name, folder = record.picture, record.origin.folder
    if not name or pictures.is_stored(name, settings.pictures_path):
        return name, None
    path = None if folder is None else _beside(folder, name)
    if path is None:
        mistakes.append(record.origin.mistake(("picture",), f"There is no picture {name} beside the record."))
        return "", None
    try:
        return "", pictures.read_picture(path)
    except Invalid as error:
        mistakes.append(record.origin.mistake(("picture",), str(error)))
        return "", None


def _beside(folder: Path, name: str) -> Path | None:
    """The file of that name in the folder or below it; a link that leads out of it is none."""
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, RuntimeError):  # a name too long, a circle of links
        return None
