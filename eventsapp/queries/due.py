"""Which scheduled letters are due to somebody of a date, and when the next ones will be: from the rows as they are.

It reads a row of columns for each reader and no objects, because there may be a hundred thousand at the same instant.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from eventsapp.config import Settings
from eventsapp.domain import timezones, triggers
from eventsapp.domain.errors import Invalid
from eventsapp.domain.rooms import ways_into
from eventsapp.domain.vocabulary import FollowUpFor, LetterKind
from eventsapp.models import Attendance, Occurrence, Place
from eventsapp.queries.suppressed import holds_back, suppressions_of

WAIT_FOR_RECORDING = timedelta(days=14)
# Whoever brings a recording has its places looked at; nobody waits for ever where that was forgotten.
LOOK_FOR_RECORDING_EVERY = timedelta(hours=1)
LATE = timedelta(minutes=30)  # what could not leave in time, because no worker ran, does not wake people up either


class Reader(Protocol):
    """The row of columns of somebody who holds a place at a date, or works there.

    ``id`` is the place's or the assignment's; from ``reader_id`` on it is the registration, or the staff.
    """

    id: int
    occurrence_id: int
    told_at: datetime
    gets_reminders: bool
    gets_follow_ups: bool
    reader_id: int
    public_id: str
    email: str | None
    address_key: str | None
    language_tag: str
    tzid: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One scheduled letter of one date on one zone's clock: the same for everybody there. ``to`` None: a reminder.

    ``asked_at`` is what the trigger means, ``due_at`` the same outside of the night.
    """

    trigger: str
    anchor_at: datetime
    asked_at: datetime
    due_at: datetime
    fresh_for: timedelta
    to: FollowUpFor | None
    wait_for_recording: bool

    def due_since(self, since: datetime, told_at: datetime) -> datetime | None:
        """When it is due; None where that was before ``since``, or right after its reader was told of the date.

        What the night brings forward comes when it was asked for, where that alone is not too early: its reader was
        awake just now.
        """
        since = max(since, told_at + self.fresh_for)
        return next((at for at in (self.due_at, self.asked_at) if at >= since), None)


@dataclass(slots=True)
class Date:
    """One occurrence, and what is the same for all its readers."""

    occurrence: Occurrence
    by_zone: dict[str, tuple[str, list[Planned]]] = field(default_factory=dict)

    @property
    def takes_place(self) -> bool:
        return self.occurrence.event.published_at is not None and not self.occurrence.called_off

    @property
    def since(self) -> datetime:
        """No letter goes out that was due before: the schedule, or the date, was another one."""
        return max(self.occurrence.event.scheduled_at, self.occurrence.timed_at)

    def recorded(self, now: datetime) -> bool:
        return now >= self.occurrence.ends_at and any(map(ways_into, self.occurrence.recording.values()))

    def due(self, reader: Reader) -> Iterator["Due"]:
        """What a reader is to get, some time; of two reminders at once the one asked for closer to the date."""
        if not self.takes_place or not (reader.gets_reminders or reader.gets_follow_ups):
            return
        tzid, letters = self._planned(reader.tzid)
        reminders: dict[datetime, Planned] = {}
        for planned in letters:
            at = planned.due_since(self.since, reader.told_at)
            if at is not None and planned.to is None and reader.gets_reminders:
                reminders[at] = planned
            elif at is not None and planned.to is not None and reader.gets_follow_ups:
                yield Due(reader, self, tzid, planned, at)
        yield from (Due(reader, self, tzid, planned, at) for at, planned in reminders.items())

    def _planned(self, tzid: str) -> tuple[str, list[Planned]]:
        """Also for a zone that only an older release of the data knew: its reader is reminded all the same."""
        if tzid not in self.by_zone:
            try:
                timezones.tzinfo(tzid)
                known = tzid
            except Invalid:
                known = self.occurrence.tzid
            self.by_zone[tzid] = known, list(_planned(self.occurrence, known))
        return self.by_zone[tzid]


@dataclass(frozen=True, slots=True)
class Due:
    """One letter about one date, due ``at`` an instant that may be long ago or still to come."""

    reader: Reader
    date: Date
    tzid: str
    planned: Planned
    at: datetime

    def worth_until(self, now: datetime) -> datetime:
        """From then on nobody has any use for it; counted from ``now`` where it had to wait for a recording."""
        occurrence = self.date.occurrence
        if self.planned.wait_for_recording:
            waits_until = self.at + WAIT_FOR_RECORDING
            return now + triggers.AFTERWARDS if self.at <= now < waits_until else waits_until
        until = triggers.expires(self.at, occurrence.starts_at, occurrence.ends_at)
        return until if self.planned.to is not None else min(until, occurrence.ends_at)

    def leaves_at(self, now: datetime) -> datetime | None:
        """When to write it, or to look again whether it can be: ``now``, or later. None where it is too late."""
        until = self.worth_until(now)
        if self.at > now or now >= until:
            return self.at if self.at > now else None
        if self.planned.wait_for_recording and not self.date.recorded(now):
            return now + LOOK_FOR_RECORDING_EVERY
        if now - self.at >= LATE and triggers.is_quiet(now, self.tzid):
            morning = triggers.morning_after(now, self.tzid)
            return morning if morning < until else now
        return now


def dates(session: Session, ids: Iterable[int]) -> dict[int, Date]:
    """Occurrence id → date, as the rows are now."""
    occurrences = session.scalars(
        select(Occurrence)
        .where(Occurrence.id.in_(ids))
        .options(joinedload(Occurrence.event))
        .execution_options(populate_existing=True)
    )
    return {occurrence.id: Date(occurrence) for occurrence in occurrences}


def wanted(session: Session, ripe: Sequence[Due], settings: Settings) -> list[tuple[Due, LetterKind]]:
    """Of letters that are due those that are for their readers, at addresses that they may be sent to."""
    addresses = {_address(one) for one in ripe}
    suppressions = suppressions_of(session, addresses, settings)
    came = _Came(session, [one for one in ripe if one.planned.to is not None])
    return [
        (one, kind)
        for one in ripe
        if (kind := came.letter(one)) is not None and not holds_back(kind, suppressions.get(_address(one), ()))
    ]


@dataclass
class _Came:
    """Who is known to have come, of those that follow-ups are due for."""

    session: Session
    due: Sequence[Due]

    def letter(self, one: Due) -> LetterKind | None:
        """Where nobody's coming was noted everybody may have come, and nobody is told that they were missed."""
        if one.planned.to is None:
            return LetterKind.REMINDER
        if one.planned.to is FollowUpFor.ALL:
            return LetterKind.FOLLOW_UP
        missed = one.date.occurrence.id in self._noted and one.reader.id not in self._places
        if one.planned.to is FollowUpFor.MISSED:
            return LetterKind.MISSED if missed else None
        return None if missed else LetterKind.FOLLOW_UP

    @cached_property
    def _places(self) -> set[int]:
        ids = [one.reader.id for one in self.due]
        return set(self.session.scalars(select(Attendance.place_id).where(Attendance.place_id.in_(ids)).distinct()))

    @cached_property
    def _noted(self) -> set[int]:
        ids = {one.date.occurrence.id for one in self.due}
        somebody = exists().where(Attendance.place_id == Place.id, Place.occurrence_id == Occurrence.id)
        return set(self.session.scalars(select(Occurrence.id).where(Occurrence.id.in_(ids), somebody)))


def _address(one: Due) -> tuple[int, str]:
    return one.date.occurrence.event.organization_id, one.reader.address_key or ""


def _planned(occurrence: Occurrence, tzid: str) -> Iterator[Planned]:
    """The reminders, the longest before the start first; then the follow-ups, those for everybody last."""
    event = occurrence.event
    reminders = (_one(occurrence, tzid, text) for text in event.reminders)
    yield from sorted(reminders, key=lambda planned: planned.asked_at)
    for said in sorted(event.follow_ups, key=lambda said: said["for"] == FollowUpFor.ALL):
        yield _one(occurrence, tzid, said["trigger"], FollowUpFor(said["for"]), said["wait_for_recording"])


def _one(
    occurrence: Occurrence, tzid: str, text: str, to: FollowUpFor | None = None, wait_for_recording: bool = False
) -> Planned:
    trigger, span = triggers.read_trigger(text), (occurrence.starts_at, occurrence.ends_at)
    asked_at = triggers.due(trigger, *span, tzid)
    return Planned(
        trigger=text,
        anchor_at=triggers.anchor(trigger, *span),
        asked_at=asked_at,
        due_at=triggers.due_awake(trigger, *span, tzid),
        fresh_for=triggers.fresh_for(asked_at, occurrence.starts_at),
        to=to,
        wait_for_recording=wait_for_recording,
    )
