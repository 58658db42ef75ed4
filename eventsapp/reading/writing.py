"""EventRecord → YAML that reads back as the same record: for people to edit, so in the order of the documentation."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import yaml
from yaml.emitter import ScalarAnalysis

from eventsapp.domain import timezones
from eventsapp.domain.errors import Invalid
from eventsapp.domain.rooms import grouped
from eventsapp.domain.triggers import DEFAULT_REMINDERS
from eventsapp.domain.vocabulary import FollowUpFor, LetterKind, QuestionType, StaffRole
from eventsapp.reading.fields import iso_duration
from eventsapp.reading.values import (
    JOIN_OPENS_SECONDS,
    RECORD_VERSION,
    ConferenceRecord,
    EventRecord,
    FollowUpRecord,
    Labels,
    LetterWords,
    MemberRecord,
    Moment,
    OccurrenceRecord,
    OptionRecord,
    OrganizationRecord,
    QuestionRecord,
    Words,
)

Plain = dict[str, Any]


def write_record(record: EventRecord) -> str:
    """The record as YAML text. ``read_bytes`` gives back an equal record; the text of equal records is equal."""
    return yaml.dump(
        plain_record(record), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=float("inf"), indent=2
    )


def plain_record(record: EventRecord) -> Plain:
    """The record as mappings, lists, texts, numbers and booleans, without what is empty."""
    order = list(record.languages)
    return _filled(
        {
            "record": RECORD_VERSION,
            "slug": record.slug,
            "status": record.status,
            "visibility": record.visibility,
            "organization": _organization(record.organization),
            "default_language": record.default_language,
            "contact": record.contact,
            "picture": record.picture,
            "topics": [_by_language(topic, order) for topic in record.topics],
            "cities": list(record.city_tzids),
            "languages": {tag: _filled(_values(words)) for tag, words in record.languages.items()},
            "occurrences": [_occurrence(occurrence, order) for occurrence in record.occurrences],
            "registration": _filled(
                {
                    "opens": _moment(record.opens),
                    "closes": _moment(record.closes),
                    "choose": record.choose,
                    "approval": record.approval,
                    "waitlist": record.waitlist,
                    "verify": _verify(record.verify_seconds),
                    "questions": [_question(question, order) for question in record.questions],
                }
            ),
            "reminders": _reminders(record.reminders),
            "follow_ups": [_follow_up(follow_up) for follow_up in record.follow_ups],
            "letters": {
                kind: {tag: _filled(_values(words)) for tag, words in _ordered(record.letters[kind], order).items()}
                for kind in LetterKind
                if kind in record.letters
            },
            "team": [_member(member) for member in record.team],
        }
    )


def _organization(organization: OrganizationRecord) -> Plain:
    """Also an empty text stands here: left out it would mean "as it is"."""
    names = {"sender_name": "sender"}
    given = {
        names.get(name, name): getattr(organization, name) for name in organization.__slots__ if name != "new_name"
    }
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in given.items() if value is not None
    }


def _occurrence(occurrence: OccurrenceRecord, order: Sequence[str]) -> Plain:
    join_opens = occurrence.join_opens_seconds
    return _filled(
        {
            "id": occurrence.id,
            "start": _wall(occurrence.start.local),
            "tzid": occurrence.start.tzid,
            "fold": _fold(occurrence.start),
            "duration": iso_duration(occurrence.duration_seconds),
            "language": occurrence.language,
            "status": "cancelled" if occurrence.cancelled else None,
            "capacity": occurrence.capacity,
            "location": _by_language(occurrence.location, order),
            "registration": occurrence.registration,
            "join_opens": None if join_opens == JOIN_OPENS_SECONDS else iso_duration(join_opens),
            "conference": _conference(occurrence.conference),
            "recording": _by_language(occurrence.recording, order),
        }
    )


def _conference(conference: ConferenceRecord | None) -> Plain | None:
    if conference is None:
        return None
    return _filled(
        {
            "provider": conference.provider,
            "kind": conference.kind,
            "meeting_id": grouped(conference.meeting_id),
            "passcode": conference.passcode,
            "url": conference.url,
            "dial_in": [
                _filled({"number": number.number, "country": number.country, "city": number.city})
                for number in conference.dial_in
            ],
            "access": conference.access,
        }
    )


def _moment(moment: Moment | None) -> Plain | None:
    if moment is None:
        return None
    return _filled({"at": _wall(moment.local), "tzid": moment.tzid, "fold": _fold(moment)})


def _fold(moment: Moment) -> int | None:
    """Which pass is meant, where the clock shows the time twice."""
    try:
        timezones.resolve(moment.local, moment.tzid)
    except timezones.AmbiguousTime:
        return moment.fold
    except Invalid:
        return None
    return None


def _verify(seconds: int | None) -> Plain | None:
    return None if seconds is None else {"within": iso_duration(seconds)}


def _reminders(texts: Sequence[str]) -> list[str] | str | None:
    """Left out they would be the default, so none of them is said."""
    return None if tuple(texts) == DEFAULT_REMINDERS else list(texts) or "none"


def _follow_up(follow_up: FollowUpRecord) -> Plain:
    return _filled(
        {
            "send": follow_up.trigger,
            "to": None if follow_up.to is FollowUpFor.ALL else follow_up.to,
            "wait_for_recording": follow_up.wait_for_recording or None,
        }
    )


def _question(question: QuestionRecord, order: Sequence[str]) -> Plain:
    return _filled(
        {
            "id": question.id,
            "type": question.type,
            "required": None if question.type is QuestionType.CONSENT else question.required,
            "label": _ordered(question.label, order),
            "help": _ordered(question.help, order),
            "options": [_option(option, order) for option in question.options],
            "only_if": [
                {"question": condition.question, "is": _one_or_list(condition.values)} for condition in question.only_if
            ],
            "retired": question.retired or None,
        }
    )


def _option(option: OptionRecord, order: Sequence[str]) -> Plain:
    return _filled(
        {
            "id": option.id,
            "label": _ordered(option.label, order),
            "limit": option.limit,
            "other": option.other or None,
        }
    )


def _one_or_list(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _member(member: MemberRecord) -> Plain:
    organizes = member.role is StaffRole.ORGANIZER
    return _filled(
        {
            "role": member.role,
            "name": member.name,
            "email": member.email,
            "language": member.language,
            "tzid": member.tzid,
            "occurrences": None if member.occurrences is None else list(member.occurrences),
            "digest": member.digest if organizes else None,
        }
    )


def _by_language(texts: Labels, order: Sequence[str]) -> str | Plain:
    """What is for all languages is written as the text alone."""
    return texts[""] if set(texts) == {""} else _ordered(texts, order)


def _ordered(by_tag: Mapping[str, Any], order: Sequence[str]) -> Plain:
    """By the event's order of languages: a database may have kept another."""
    last = len(order)
    return {tag: by_tag[tag] for tag in sorted(by_tag, key=lambda t: (order.index(t) if t in order else last, t))}


def _values(words: Words | LetterWords) -> Plain:
    return {name: getattr(words, name) for name in words.__slots__}


def _wall(local: datetime) -> str:
    return local.strftime("%Y-%m-%d %H:%M" if local.second == 0 else "%Y-%m-%d %H:%M:%S")


def _filled(values: Mapping[str, Any]) -> Plain:
    return {key: value for key, value in values.items() if value is not None and value not in ("", [], {})}


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, and writes several lines as a block even where one ends in two spaces."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)

    def analyze_scalar(self, scalar: str) -> ScalarAnalysis:
        analysis = super().analyze_scalar(scalar)
        if analysis.multiline and not analysis.allow_block and not scalar[:1].isspace():
            analysis.allow_block = super().analyze_scalar(re.sub(" +\n", "\n", scalar)).allow_block
        return analysis

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|" if "\n" in text else None)


def _word(dumper: _Dumper, word: Enum) -> yaml.ScalarNode:
    return _text(dumper, str(word.value))


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(Enum, _word)
