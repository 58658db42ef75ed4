"""A record's way into the rows, key by key. What calendars are told rises with a change: see ``_Told``."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from eventsapp.actions.import_record.team import rooms_of, write_team
from eventsapp.actions.revise import put_on_record, revise
from eventsapp.actions.schedule import look_again
from eventsapp.config import Settings
from eventsapp.domain import timezones
from eventsapp.domain.vocabulary import ConferenceAccess, EventStatus
from eventsapp.models import Conference, Event, LanguageVariant, LetterText, Occurrence, Organization, Question
from eventsapp.reading.mistakes import RecordRefused
from eventsapp.reading.values import (
    ConferenceRecord,
    EventRecord,
    LetterWords,
    Moment,
    OccurrenceRecord,
    OptionRecord,
    OrganizationRecord,
    QuestionRecord,
    Words,
)

# What letters hang on that a time causes, beside what ``revise`` sees.
_SCHEDULED_BY = re.compile(r"reminders|follow_ups|status|occurrences\..*\.recording(\..*)?")


@dataclass(frozen=True, slots=True)
class _Told:
    """What calendars are told of an occurrence, before and after.

    A change in ``firmly`` makes a new sequence, so that calendars move what they hold (RFC 5546 §2.1.4); one in
    ``also`` only a new time stamp. A room for registered people alone is in neither: entries carry the join link.
    """

    firmly: tuple[Any, ...]
    also: tuple[Any, ...]

    @classmethod
    def of(cls, event: Event, occurrence: Occurrence) -> "_Told":
        room = occurrence.conference
        shown = room if room and room.access is ConferenceAccess.PUBLIC else None
        return cls(
            firmly=(
                (occurrence.dtstart_local, occurrence.fold, occurrence.tzid, occurrence.duration_seconds),
                occurrence.cancelled_at is None and event.cancelled_at is None,
                dict(occurrence.location),
                {variant.language_tag: variant.summary for variant in event.variants},
                event.default_language_tag,
                room is not None,
                shown and (shown.url, shown.meeting_id, shown.passcode, shown.dial_in, shown.kind),
            ),
            also=(
                {variant.language_tag: (variant.description, variant.what_to_bring) for variant in event.variants},
                occurrence.language_tag,
                list(event.topics),
                (event.organization.name, event.organization.sender_name),
            ),
        )


class Import:
    """One record's way into the rows; ``changes`` names every key that changed, ``revised`` occurrences by key."""

    def __init__(self, session: Session, record: EventRecord, now: datetime, settings: Settings) -> None:
        self.session, self.record, self.now, self.settings = session, record, now, settings
        self.changes: list[str] = []
        self.revised: list[str] = []

    def create(self) -> Event:
        event = Event(
            slug=self.record.slug,
            organization=self._organization(),
            created_at=self.now,
            changed_at=self.now,
            scheduled_at=self.now,
            opens_fold=0,
            closes_fold=0,
            topics=[],
            city_tzids=[],
            picture="",
            contact="",
            waitlist=False,
        )
        with _alone(self.session, self.record):
            self._write(event, self.record.status or EventStatus.PUBLISHED)
            self.session.add(event)
            for occurrence in event.occurrences:
                put_on_record(self.session, occurrence, now=self.now)
        write_team(self.session, event, self.record.team, {}, now=self.now)
        return event

    def update(self, event: Event) -> Event:
        told = {occurrence.id: _Told.of(event, occurrence) for occurrence in event.occurrences}
        rooms = rooms_of(event)
        was_public = event.published_at is not None
        self._organization()
        self._write(event, self.record.status or event.status)
        for occurrence in event.occurrences:
            if (before := told.get(occurrence.id)) is not None:
                self._revise(occurrence, before, _Told.of(event, occurrence), was_public=was_public)
            else:
                put_on_record(self.session, occurrence, now=self.now)
        self.changes += write_team(self.session, event, self.record.team, rooms, now=self.now)
        if self.changes:
            event.version += 1
            event.changed_at = self.now
        with _alone(self.session, self.record):
            self.session.flush()
        if any(_SCHEDULED_BY.fullmatch(key) for key in self.changes):
            look_again(self.session, event=event, now=self.now)
        return event

    def _revise(self, occurrence: Occurrence, before: _Told, after: _Told, *, was_public: bool) -> None:
        if before == after:
            return
        occurrence.revised_at = self.now
        if before.firmly == after.firmly:
            return
        if was_public:
            revise(self.session, occurrence, now=self.now)
            self.revised.append(occurrence.key)
        else:
            put_on_record(self.session, occurrence, now=self.now)

    def _set(self, row: Any, name: str, value: Any, key: str) -> bool:
        """Give a row a value and note the key, unless it has that value."""
        if getattr(row, name, None) == value:
            return False
        setattr(row, name, value)
        self.changes.append(key)
        return True

    def _organization(self) -> Organization:
        said = self.record.organization
        organization = self.session.scalar(select(Organization).where(Organization.slug == said.slug))
        if organization is None:
            organization = Organization(slug=said.slug, created_at=self.now, **_organization_values(said))
            organization.name = said.name or said.new_name or said.slug.replace("-", " ").title()
            organization.default_language_tag = said.default_language or self.record.default_language
            organization.default_tzid = said.default_tzid or self.record.occurrences[0].start.tzid
            with _alone(self.session, self.record):
                self.session.add(organization)
            return organization
        for name, value in _organization_values(said).items():
            self._set(organization, name, value, f"organization.{name}")
        return organization

    def _write(self, event: Event, status: EventStatus) -> None:
        record = self.record
        self._set(event, "default_language_tag", record.default_language, "default_language")
        for name in ("contact", "picture", "visibility"):
            self._set(event, name, getattr(record, name), name)
        self._set(event, "topics", [dict(topic) for topic in record.topics], "topics")
        self._set(event, "city_tzids", list(record.city_tzids), "cities")
        self._set(event, "verify_seconds", record.verify_seconds, "registration.verify")
        for name in ("choose", "approval", "waitlist"):
            self._set(event, name, getattr(record, name), f"registration.{name}")
        self._window(event, "opens", record.opens)
        self._window(event, "closes", record.closes)
        self._status(event, status)
        self._variants(event)
        self._questions(event)
        self._schedule(event)
        self._letters(event)
        self._occurrences(event)

    def _status(self, event: Event, status: EventStatus) -> None:
        """The times are set once; an event that was never a draft keeps the time of its first publication."""
        if event.status is status:
            return
        event.published_at = None if status is EventStatus.DRAFT else event.published_at or self.now
        event.cancelled_at = (event.cancelled_at or self.now) if status is EventStatus.CANCELLED else None
        self.changes.append("status")

    def _window(self, event: Event, name: str, moment: Moment | None) -> None:
        stored = (getattr(event, f"{name}_local"), getattr(event, f"{name}_tzid"), getattr(event, f"{name}_fold"))
        said = (None, None, 0) if moment is None else (moment.local, moment.tzid, moment.fold)
        if stored == said:
            return
        local, tzid, fold = said
        setattr(event, f"{name}_local", local)
        setattr(event, f"{name}_tzid", tzid)
        setattr(event, f"{name}_fold", fold)
        at = None if moment is None else timezones.instant(moment.local, moment.tzid, moment.fold)
        setattr(event, f"{name}_at", at)
        self.changes.append(f"registration.{name}")

    def _variants(self, event: Event) -> None:
        stored = {variant.language_tag: variant for variant in event.variants}
        for tag in [tag for tag in stored if tag not in self.record.languages]:
            event.variants.remove(stored[tag])
            self.changes.append(f"languages.{tag}")
        for position, (tag, words) in enumerate(self.record.languages.items()):
            variant = stored.get(tag)
            if variant is None:
                made = {name: self.now.isoformat() for name, value in _values(words).items() if value}
                variant = LanguageVariant(language_tag=tag, position=position, changed=made, **_values(words))
                event.variants.append(variant)
                self.changes.append(f"languages.{tag}")
                continue
            self._set(variant, "position", position, "languages")
            for name, value in _values(words).items():
                if self._set(variant, name, value, f"languages.{tag}.{name}"):
                    variant.changed = variant.changed | {name: self.now.isoformat()}

    def _questions(self, event: Event) -> None:
        stored = {question.key: question for question in event.questions}
        said_keys = {question.id for question in self.record.questions}
        for key in [key for key in stored if key not in said_keys]:
            event.questions.remove(stored[key])
            self.changes.append(f"registration.questions.{key}")
        for position, said in enumerate(self.record.questions):
            values = _question_values(said)
            key = f"registration.questions.{said.id}"
            question = stored.get(said.id)
            if question is None:
                event.questions.append(Question(key=said.id, position=position, **values))
                self.changes.append(key)
                continue
            self._set(question, "position", position, "registration.questions")
            for name, value in values.items():
                self._set(question, name, value, f"{key}.{name}")

    def _schedule(self, event: Event) -> None:
        """What was due by the old schedule is over; nobody gets by the new one what was due before it was made."""
        follow_ups = [
            {"trigger": said.trigger, "for": said.to.value, "wait_for_recording": said.wait_for_recording}
            for said in self.record.follow_ups
        ]
        changed = [
            self._set(event, "reminders", list(self.record.reminders), "reminders"),
            self._set(event, "follow_ups", follow_ups, "follow_ups"),
        ]
        if any(changed):
            event.scheduled_at = self.now

    def _letters(self, event: Event) -> None:
        said: dict[tuple[Any, str], LetterWords] = {
            (kind, tag): words for kind, by_tag in self.record.letters.items() for tag, words in by_tag.items()
        }
        stored = {(text.kind, text.language_tag): text for text in event.letter_texts}
        for kind, tag in [text for text in stored if text not in said]:
            event.letter_texts.remove(stored[kind, tag])
            self.changes.append(f"letters.{kind}.{tag}")
        for (kind, tag), words in said.items():
            text = stored.get((kind, tag))
            if text is None:
                event.letter_texts.append(LetterText(kind=kind, language_tag=tag, **_values(words)))
                self.changes.append(f"letters.{kind}.{tag}")
                continue
            for name, value in _values(words).items():
                self._set(text, name, value, f"letters.{kind}.{tag}.{name}")

    def _occurrences(self, event: Event) -> None:
        stored = {occurrence.key: occurrence for occurrence in event.occurrences}
        said_keys = {occurrence.id for occurrence in self.record.occurrences}
        for key in [key for key in stored if key not in said_keys]:
            event.occurrences.remove(stored[key])
            self.changes.append(f"occurrences.{key}")
        for said in self.record.occurrences:
            occurrence = stored.get(said.id)
            if occurrence is None:
                occurrence = self._new_occurrence(said.id)
                self._occurrence(occurrence, said)
                event.occurrences.append(occurrence)
                self.changes.append(f"occurrences.{said.id}")
            else:
                self._occurrence(occurrence, said)

    def _new_occurrence(self, key: str) -> Occurrence:
        return Occurrence(
            key=key,
            uid=f"{uuid4()}@{self.settings.host}",
            sequence=0,
            created_at=self.now,
            revised_at=self.now,
            timed_at=self.now,
            location={},
            recording={},
        )

    def _occurrence(self, occurrence: Occurrence, said: OccurrenceRecord) -> None:
        key = f"occurrences.{said.id}"
        timing = {
            "dtstart_local": said.start.local,
            "fold": said.start.fold,
            "tzid": said.start.tzid,
            "duration_seconds": said.duration_seconds,
        }
        names = {"dtstart_local": "start", "duration_seconds": "duration"}
        moved = [self._set(occurrence, name, value, f"{key}.{names.get(name, name)}") for name, value in timing.items()]
        if any(moved):  # what did not move keeps its instants, also after a zone's law has changed
            span = timezones.span(said.start.local, said.start.fold, said.start.tzid, said.duration_seconds)
            if span != (getattr(occurrence, "starts_at", None), getattr(occurrence, "ends_at", None)):
                occurrence.timed_at = self.now
            occurrence.starts_at, occurrence.ends_at = span
        self._set(occurrence, "capacity", said.capacity, f"{key}.capacity")
        self._set(occurrence, "language_tag", said.language, f"{key}.language")
        self._set(occurrence, "location", dict(said.location), f"{key}.location")
        self._set(occurrence, "recording", dict(said.recording), f"{key}.recording")
        self._set(occurrence, "registration", said.registration, f"{key}.registration")
        self._set(occurrence, "join_opens_seconds", said.join_opens_seconds, f"{key}.join_opens")
        if said.cancelled != (occurrence.cancelled_at is not None):
            occurrence.cancelled_at = self.now if said.cancelled else None
            self.changes.append(f"{key}.status")
        self._conference(occurrence, said.conference, f"{key}.conference")

    def _conference(self, occurrence: Occurrence, said: ConferenceRecord | None, key: str) -> None:
        if said is None:
            if occurrence.conference is not None:
                occurrence.conference = None
                self.changes.append(key)
            return
        values = _values(said) | {"dial_in": [_values(number) for number in said.dial_in]}
        if occurrence.conference is None:
            occurrence.conference = Conference(**values)
            self.changes.append(key)
            return
        for name, value in values.items():
            self._set(occurrence.conference, name, value, f"{key}.{name}")


@contextmanager
def _alone(session: Session, record: EventRecord) -> Iterator[None]:
    """Within the block rows are added; where another import made the same slug meanwhile, the record is refused."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as clash:
        message = "Something else made the same slug at this moment; import the file again."
        raise RecordRefused([record.origin.mistake(("slug",), message)]) from clash


def _values(said: Words | LetterWords | ConferenceRecord | Any) -> dict[str, Any]:
    return {name: getattr(said, name) for name in said.__slots__}


def _organization_values(said: OrganizationRecord) -> dict[str, Any]:
    """The columns that the record says something about."""
    values: Mapping[str, Any] = {
        "name": said.name or None,
        "sender_name": said.sender_name,
        "contact": said.contact,
        "default_language_tag": said.default_language,
        "default_tzid": said.default_tzid,
        "privacy_url": said.privacy_url,
        "imprint_url": said.imprint_url,
        "accent": said.accent,
        "conference_hosts": None if said.conference_hosts is None else list(said.conference_hosts),
        "retention_days": said.retention_days,
    }
    return {name: value for name, value in values.items() if value is not None}


def _question_values(said: QuestionRecord) -> dict[str, Any]:
    return {
        "type": said.type,
        "required": said.required,
        "label": dict(said.label),
        "help": dict(said.help),
        "options": [_option_values(option) for option in said.options],
        "only_if": [{"question": condition.question, "is": list(condition.values)} for condition in said.only_if],
        "retired": said.retired,
    }


def _option_values(said: OptionRecord) -> dict[str, Any]:
    """Without what it does not have, as options are stored."""
    values: dict[str, Any] = {"id": said.id, "label": dict(said.label)}
    if said.limit is not None:
        values["limit"] = said.limit
    if said.other:
        values["other"] = True
    return values
