"""EventRecord → YAML that reads back as the same record: for people to edit, so in the order of the documentation."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import yaml
from yaml.emitter import ScalarAnalysis

from eventsapp.domain.vocabulary import QuestionType
from eventsapp.reading.fields import iso_duration
from eventsapp.reading.values import (
    JOIN_OPENS_SECONDS,
    RECORD_VERSION,
    ConferenceRecord,
    EventRecord,
    Labels,
    Moment,
    OccurrenceRecord,
    OrganizationRecord,
    QuestionRecord,
)

Plain = dict[str, Any]


def write_record(record: EventRecord) -> str:
    """The record as YAML text. ``read_record`` gives back an equal record; the text of equal records is equal."""
    return yaml.dump(
        plain_record(record), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=float("inf"), indent=2
    )


def plain_record(record: EventRecord) -> Plain:
    """The record as mappings, lists, texts, numbers and booleans, without what is at its default."""
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
            "topics": list(record.topics),
            "languages": {
                tag: _filled({name: getattr(words, name) for name in words.__slots__})
                for tag, words in record.languages.items()
            },
            "occurrences": [_occurrence(occurrence) for occurrence in record.occurrences],
            "registration": _filled(
                {
                    "opens": _moment(record.opens),
                    "closes": _moment(record.closes),
                    "choose": record.choose,
                    "approval": record.approval,
                    "waitlist": record.waitlist,
                    "questions": [_question(question) for question in record.questions],
                }
            ),
            "letters": {
                kind: {tag: _filled({"subject": words.subject, "body": words.body}) for tag, words in by_tag.items()}
                for kind, by_tag in record.letters.items()
            },
        }
    )


def _organization(organization: OrganizationRecord) -> Plain:
    """Also an empty text stands here: left out it would mean "as it is"."""
    names = {"sender_name": "sender"}
    given = {names.get(name, name): getattr(organization, name) for name in organization.__slots__}
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in given.items() if value is not None
    }


def _occurrence(occurrence: OccurrenceRecord) -> Plain:
    join_opens = occurrence.join_opens_seconds
    location = occurrence.location
    return _filled(
        {
            "id": occurrence.id,
            "start": _wall(occurrence.start.local),
            "tzid": occurrence.start.tzid,
            "fold": occurrence.start.fold or None,
            "duration": iso_duration(occurrence.duration_seconds),
            "language": occurrence.language,
            "status": "cancelled" if occurrence.cancelled else None,
            "capacity": occurrence.capacity,
            "location": location[""] if set(location) == {""} else dict(location),
            "registration": occurrence.registration,
            "join_opens": None if join_opens == JOIN_OPENS_SECONDS else iso_duration(join_opens),
            "conference": _conference(occurrence.conference),
        }
    )


def _conference(conference: ConferenceRecord | None) -> Plain | None:
    if conference is None:
        return None
    return _filled(
        {
            "provider": conference.provider,
            "kind": conference.kind,
            "meeting_id": conference.meeting_id,
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
    return _filled({"at": _wall(moment.local), "tzid": moment.tzid, "fold": moment.fold or None})


def _question(question: QuestionRecord) -> Plain:
    return _filled(
        {
            "id": question.id,
            "type": question.type,
            "required": None if question.type is QuestionType.CONSENT else question.required,
            "label": _labels(question.label),
            "help": _labels(question.help),
            "options": [{"id": option.id, "label": _labels(option.label)} for option in question.options],
        }
    )


def _labels(labels: Labels) -> Plain:
    return dict(labels)


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
