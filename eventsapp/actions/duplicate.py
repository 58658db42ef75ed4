"""The same event once more, at other dates: a draft without rooms, recordings and people. Guesses no time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from eventsapp.domain.shifting import Shifted, shift
from eventsapp.domain.timezones import Reading
from eventsapp.domain.vocabulary import EventStatus, StaffRole
from eventsapp.reading.values import (
    ConferenceRecord,
    EventRecord,
    MemberRecord,
    Moment,
    OccurrenceRecord,
)

OPENS, CLOSES = "registration.opens", "registration.closes"


def moved(record: EventRecord, by: timedelta) -> dict[str, Shifted]:
    """Every time of the record by its key, ``by`` whole days later on its own wall clock."""
    return {key: shift(moment.local, moment.tzid, by) for key, moment in moments(record).items()}


def moments(record: EventRecord) -> dict[str, Moment]:
    """Every time of the record by its key, in the order of the record."""
    found = {_key(one): one.start for one in record.occurrences}
    window = {OPENS: record.opens, CLOSES: record.closes}
    return found | {key: moment for key, moment in window.items() if moment is not None}


def copy_of(
    record: EventRecord, readings: Mapping[str, Reading], *, slug: str, with_staff: bool = False
) -> EventRecord:
    """The record of the new event. ``readings`` says of each key of ``moments`` what its new time means.

    ``with_staff``: hosts and interpreters work at the new dates as they did at the old ones.
    """
    dates = {one.id: _date(one, readings[_key(one)]) for one in record.occurrences}
    renamed = {old: date.id for old, date in dates.items()}
    return replace(
        record,
        slug=slug,
        status=EventStatus.DRAFT,
        occurrences=tuple(dates.values()),
        opens=_moment(record.opens, readings.get(OPENS)),
        closes=_moment(record.closes, readings.get(CLOSES)),
        team=tuple(_member(one, renamed) for one in record.team if with_staff or one.role is StaffRole.ORGANIZER),
    )


def _key(occurrence: OccurrenceRecord) -> str:
    return f"occurrences.{occurrence.id}"


def _date(occurrence: OccurrenceRecord, reading: Reading) -> OccurrenceRecord:
    """A key that says the date says the new one."""
    old, new = (moment.date().isoformat() for moment in (occurrence.start.local, reading.local))
    return replace(
        occurrence,
        id=occurrence.id.replace(old, new),
        start=Moment(reading.local, occurrence.start.tzid, reading.fold),
        cancelled=False,
        conference=None if occurrence.conference is None else _emptied(occurrence.conference),
        recording={},
    )


def _emptied(room: ConferenceRecord) -> ConferenceRecord:
    """Who is shown the room, and which kind it is; but no way into it."""
    return ConferenceRecord(provider=room.provider, kind=room.kind, access=room.access)


def _moment(before: Moment | None, reading: Reading | None) -> Moment | None:
    return None if before is None or reading is None else Moment(reading.local, before.tzid, reading.fold)


def _member(member: MemberRecord, renamed: Mapping[str, str]) -> MemberRecord:
    if member.occurrences is None:
        return member
    return replace(member, occurrences=tuple(renamed[key] for key in member.occurrences))
