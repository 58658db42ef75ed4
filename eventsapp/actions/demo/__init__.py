"""Demo events for a first look: the records in ``eventsapp/demo``, dated around now and imported like any other."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions.demo.people import fill
from eventsapp.actions.import_record import import_record
from eventsapp.config import PACKAGE, Settings
from eventsapp.domain.links import new_public_id, new_reference
from eventsapp.domain.vocabulary import PlaceState
from eventsapp.models import Event, Place, Registration
from eventsapp.reading.record import read_bytes

FOLDER = PACKAGE / "demo"
_DATE = re.compile(r"\{\{ (?P<day>[a-z]+) (?P<sign>[+-]) (?P<weeks>[0-9]+) weeks \}\}")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FIRST = "public-forum"  # its record tells the whole organization
_FULL = "choir-evening"  # this event's places are taken, so that the list has a full one
_PEOPLE = "people.toml"  # who comes to which of the others


@dataclass(frozen=True, slots=True)
class Loaded:
    """The slugs that were new, and those that were there already and stay as they are."""

    created: tuple[str, ...]
    kept: tuple[str, ...]


def load_demo(session: Session, *, now: datetime, settings: Settings) -> Loaded:
    """Create the demo events that are not there yet. Those that are stay untouched, also after somebody edited them."""
    created, kept = [], []
    for path in sorted(FOLDER.glob("*.yaml"), key=lambda path: (path.stem != _FIRST, path.name)):
        record = read_bytes(dated(path.read_text(encoding="utf-8"), now).encode(), path.name, FOLDER)
        if session.scalar(select(Event.id).where(Event.slug == record.slug)) is not None:
            kept.append(record.slug)
            continue
        import_record(session, record, now=now, settings=settings)
        created.append(record.slug)
    if _FULL in created:
        _fill(session, now=now)
    fill(session, FOLDER / _PEOPLE, slugs=tuple(created), now=now, settings=settings)
    return Loaded(tuple(created), tuple(kept))


def dated(template: str, now: datetime) -> str:
    """``{{ saturday + 3 weeks }}`` → the date of that day in the week three weeks from now.

    From two weeks ahead on it is in the future wherever one is. No demo event stands in the small hours, into which
    clock changes fall.
    """

    def date_of(found: re.Match[str]) -> str:
        weeks = int(found["weeks"]) * (1 if found["sign"] == "+" else -1)
        monday = now.date() - timedelta(days=now.weekday())
        return (monday + timedelta(days=_DAYS.index(found["day"]), weeks=weeks)).isoformat()

    return _DATE.sub(date_of, template)


def _fill(session: Session, *, now: datetime) -> None:
    """Take all places of an event by made-up people, without letters: nobody is there to read them."""
    event = session.scalars(select(Event).where(Event.slug == _FULL)).one()
    occurrence = event.occurrences[0]
    for number in range(1, (occurrence.capacity or 0) + 1):
        registration = Registration(
            event_id=event.id,
            public_id=new_public_id(),
            reference=new_reference(),
            email=f"guest{number}@example.com",
            address_key=f"guest{number}@example.com",
            name=f"Guest {number}",
            language_tag=event.default_language_tag,
            tzid=occurrence.tzid,
            source="demo",
            created_at=now,
            changed_at=now,
        )
        place = Place(
            occurrence=occurrence,
            state=PlaceState.CONFIRMED,
            queued_at=now,
            changed_at=now,
            created_at=now,
            invited_at=now,
        )
        registration.places.append(place)
        session.add(registration)
    session.flush()
