"""Rows → EventRecord: what export writes, and what import compares with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.domain.entry import DialIn
from eventsapp.domain.vocabulary import FollowUpFor, StaffRole
from eventsapp.models import Conference, Event, Occurrence, Organization, Question, Staff
from eventsapp.reading.values import (
    ConditionRecord,
    ConferenceRecord,
    EventRecord,
    FollowUpRecord,
    LetterWords,
    MemberRecord,
    Moment,
    OccurrenceRecord,
    OptionRecord,
    OrganizationRecord,
    QuestionRecord,
    Words,
)


def record_of(event: Event) -> EventRecord:
    """The whole event as a record. Importing it changes nothing; into an empty database it makes the same event."""
    return EventRecord(
        slug=event.slug,
        organization=organization_record(event.organization),
        default_language=event.default_language_tag,
        languages={
            variant.language_tag: Words(
                summary=variant.summary,
                excerpt=variant.excerpt,
                description=variant.description,
                what_to_bring=variant.what_to_bring,
                picture_alt=variant.picture_alt,
            )
            for variant in event.variants
        },
        occurrences=tuple(map(_occurrence, event.occurrences)),
        contact=event.contact,
        picture=event.picture,
        topics=tuple(dict(topic) for topic in event.topics),
        city_tzids=tuple(event.city_tzids),
        opens=_moment(event.opens_local, event.opens_tzid, event.opens_fold),
        closes=_moment(event.closes_local, event.closes_tzid, event.closes_fold),
        choose=event.choose,
        approval=event.approval,
        waitlist=event.waitlist,
        verify_seconds=event.verify_seconds,
        questions=tuple(map(_question, event.questions)),
        reminders=tuple(event.reminders),
        follow_ups=tuple(
            FollowUpRecord(said["trigger"], FollowUpFor(said["for"]), said["wait_for_recording"])
            for said in event.follow_ups
        ),
        letters=_letters(event),
        team=_team(event),
        status=event.status,
        visibility=event.visibility,
    )


def organization_record(organization: Organization) -> OrganizationRecord:
    """All that is stored of an organization."""
    return OrganizationRecord(
        slug=organization.slug,
        name=organization.name,
        sender_name=organization.sender_name,
        contact=organization.contact,
        default_language=organization.default_language_tag,
        default_tzid=organization.default_tzid,
        privacy_url=organization.privacy_url,
        imprint_url=organization.imprint_url,
        accent=organization.accent,
        conference_hosts=tuple(organization.conference_hosts),
        retention_days=organization.retention_days,
    )


def known_organization(session: Session, slug: str) -> OrganizationRecord | None:
    """What reading a record may build upon: the organization that it names, where it is stored."""
    organization = session.scalar(select(Organization).where(Organization.slug == slug))
    return None if organization is None else organization_record(organization)


def _occurrence(occurrence: Occurrence) -> OccurrenceRecord:
    return OccurrenceRecord(
        id=occurrence.key,
        start=Moment(occurrence.dtstart_local, occurrence.tzid, occurrence.fold),
        duration_seconds=occurrence.duration_seconds,
        language=occurrence.language_tag,
        capacity=occurrence.capacity,
        location=dict(occurrence.location),
        registration=occurrence.registration,
        join_opens_seconds=occurrence.join_opens_seconds,
        cancelled=occurrence.cancelled_at is not None,
        conference=None if occurrence.conference is None else _conference(occurrence.conference),
        recording=dict(occurrence.recording),
    )


def _conference(conference: Conference) -> ConferenceRecord:
    return ConferenceRecord(
        provider=conference.provider,
        kind=conference.kind,
        meeting_id=conference.meeting_id,
        passcode=conference.passcode,
        url=conference.url,
        dial_in=tuple(DialIn(**number) for number in conference.dial_in),
        access=conference.access,
    )


def _moment(local: datetime | None, tzid: str | None, fold: int) -> Moment | None:
    return None if local is None or tzid is None else Moment(local, tzid, fold)


def _question(question: Question) -> QuestionRecord:
    options: Sequence[Mapping[str, Any]] = question.options
    conditions: Sequence[Mapping[str, Any]] = question.only_if
    return QuestionRecord(
        id=question.key,
        type=question.type,
        required=question.required,
        label=dict(question.label),
        help=dict(question.help),
        options=tuple(
            OptionRecord(option["id"], dict(option["label"]), option.get("limit"), bool(option.get("other")))
            for option in options
        ),
        only_if=tuple(ConditionRecord(condition["question"], tuple(condition["is"])) for condition in conditions),
        retired=question.retired,
    )


def _team(event: Event) -> tuple[MemberRecord, ...]:
    """Without those who were left out, and whose rows stay for their calendars' sake alone."""
    members = []
    for staff in event.team:
        held = {one.occurrence_id for one in staff.assignments if one.ended_at is None}
        if staff.role is StaffRole.ORGANIZER or held:
            members.append(_member(staff, event, held))
    return tuple(members)


def _member(staff: Staff, event: Event, held: set[int]) -> MemberRecord:
    keys = tuple(occurrence.key for occurrence in event.occurrences if occurrence.id in held)
    all_of_them = staff.role is StaffRole.ORGANIZER or len(keys) == len(event.occurrences)
    return MemberRecord(
        role=staff.role,
        email=staff.email,
        language=staff.language_tag,
        tzid=staff.tzid,
        name=staff.name,
        occurrences=None if all_of_them else keys,
        digest=staff.digest,
    )


def _letters(event: Event) -> dict[Any, dict[str, LetterWords]]:
    letters: dict[Any, dict[str, LetterWords]] = {}
    for text in event.letter_texts:
        letters.setdefault(text.kind, {})[text.language_tag] = LetterWords(text.subject, text.body)
    return letters
