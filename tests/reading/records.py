"""A small record to change for each test, and a shorter way to read one."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from eventsapp.reading.mistakes import RecordRefused
from eventsapp.reading.record import read_bytes
from eventsapp.reading.settle import Known
from eventsapp.reading.values import EventRecord, OrganizationRecord


def occurrence(**changes: Any) -> dict[str, Any]:
    base = {"id": "one", "start": "2027-06-12 16:00", "tzid": "America/Los_Angeles", "duration": "PT1H"}
    return _without_none(base | changes)


def record(**changes: Any) -> dict[str, Any]:
    """A whole small record; None takes a key out."""
    base = {
        "record": "1",
        "slug": "forum",
        "organization": "example-league",
        "languages": {"en": {"summary": "Public forum"}},
        "occurrences": [occurrence()],
    }
    return _without_none(base | changes)


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def text_of(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False)


def none_known(_slug: str) -> OrganizationRecord | None:
    return None


def read(values: Mapping[str, Any] | str | bytes, known: Known = none_known) -> EventRecord:
    data = values if isinstance(values, bytes) else (values if isinstance(values, str) else text_of(values)).encode()
    return read_bytes(data, "forum.yaml", known=known)


def mistakes(values: Mapping[str, Any] | str | bytes, known: Known = none_known) -> Sequence[tuple[str, str]]:
    """(key, message) of every mistake; empty where the record is read."""
    try:
        read(values, known)
    except RecordRefused as refused:
        return [(mistake.key, mistake.message) for mistake in refused.mistakes]
    return []
