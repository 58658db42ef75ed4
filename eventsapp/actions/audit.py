"""The audit trail: who did what, from what to what. Never a person's name, address, answer or note."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from eventsapp.domain.addresses import read_address
from eventsapp.domain.vocabulary import StaffRole
from eventsapp.models import AuditEntry, Event, Organization, Registration, User
from eventsapp.reading.values import EventRecord, MemberRecord
from eventsapp.reading.writing import plain_record

Changes = dict[str, list[Any]]  # {key of the record: [before, after]}


class Action(StrEnum):
    """What somebody did. A new one gets its words in ``web/organizer/trail.py``."""

    EVENT_CREATED = "event_created"
    EVENT_EDITED = "event_edited"
    EVENT_ARCHIVED = "event_archived"
    EVENT_RESTORED = "event_restored"
    EVENT_DELETED = "event_deleted"
    PEOPLE_TOLD = "people_told"
    REGISTRATION_ADDED = "registration_added"
    REGISTRATION_EDITED = "registration_edited"
    PLACES_CHANGED = "places_changed"
    LETTER_RESENT = "letter_resent"
    CHECKED_IN = "checked_in"
    CHECK_IN_UNDONE = "check_in_undone"
    MAILING_ORDERED = "mailing_ordered"
    MAILING_CANCELLED = "mailing_cancelled"
    EXPORTED = "exported"
    IMPORTED = "imported"
    PERSON_EXPORTED = "person_exported"
    PERSON_ERASED = "person_erased"
    OUTLIVED_ERASED = "outlived_erased"
    ORGANIZATION_EDITED = "organization_edited"
    MEMBER_INVITED = "member_invited"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    MEMBER_JOINED = "member_joined"
    MEMBER_CHANGED = "member_changed"
    MEMBER_LEFT = "member_left"
    CHANNEL_CHANGED = "channel_changed"


def note(
    session: Session,
    action: Action,
    *,
    now: datetime,
    organization: Organization,
    user: User | None = None,
    event: Event | None = None,
    registration: Registration | None = None,
    changes: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry into the causing transaction. ``user`` None: the command line or the worker."""
    session.flush()
    entry = AuditEntry(
        organization_id=organization.id,
        event_id=None if event is None else event.id,
        registration_id=None if registration is None else registration.id,
        user_id=None if user is None else user.id,
        at=now,
        action=action.value,
        changes=dict(changes or {}),
    )
    session.add(entry)
    return entry


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """What differs between two flat records, key by key; None is what is not there."""
    keys = [*before, *(key for key in after if key not in before)]
    return {key: [before.get(key), after.get(key)] for key in keys if before.get(key) != after.get(key)}


def flat(record: EventRecord) -> dict[str, Any]:
    """The record as one level: ``occurrences.english.start``, ``languages.es.summary``. No secret of a room."""
    found: dict[str, Any] = {}
    _flatten(plain_record(replace(record, team=())), "", found)
    for member in record.team:
        _flatten(_nameless(member), f"team.{member.role}.{_mark(read_address(member.email).key, 6)}", found)
    return found


def _nameless(member: MemberRecord) -> dict[str, Any]:
    """What somebody of the team does. That their name changed is seen, and not from what to what."""
    said: dict[str, Any] = {"language": member.language, "tzid": member.tzid, "name": _mark(member.name, 2)}
    if member.role is StaffRole.ORGANIZER:
        return said | {"digest": member.digest.value}
    return said | {"occurrences": "all" if member.occurrences is None else list(member.occurrences)}


def _mark(text: str, length: int) -> str:
    """Enough to tell one from another, and too little to find out whose it is."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _flatten(value: Any, key: str, found: dict[str, Any]) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            _flatten(part, f"{key}.{name}" if key else str(name), found)
    elif isinstance(value, list) and value and all(isinstance(one, dict) and "id" in one for one in value):
        found[f"{key}.order"] = [one["id"] for one in value]
        for one in value:
            _flatten({name: part for name, part in one.items() if name != "id"}, f"{key}.{one['id']}", found)
    elif isinstance(value, list):
        found[key] = [one if isinstance(one, str | int | float | bool) else str(one) for one in value]
    else:
        secret = key.rpartition(".")[2] in {"passcode", "url"} and ".conference." in key
        found[key] = "•••" if secret else value if isinstance(value, str | int | float | bool) else str(value)
