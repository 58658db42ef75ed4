"""What one person may take out, change and have forgotten: all that the rows say about one registration.

Everything here is that person's own; nothing of it is for anybody else's eyes.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from eventsapp.config import Settings
from eventsapp.domain import links
from eventsapp.domain.errors import N_, NotFound
from eventsapp.domain.questions import AnswerValue, QuestionSpec, answer_words
from eventsapp.domain.timezones import local
from eventsapp.domain.vocabulary import PlaceState, Purpose
from eventsapp.models import (
    AddressChange,
    Answer,
    Attendance,
    Event,
    Message,
    Occurrence,
    Organization,
    Place,
    Receipt,
    Registration,
)
from eventsapp.queries.entries import page_url, text_for, variant
from eventsapp.queries.registrations import question_specs
from eventsapp.queries.suppressed import suppressed_rows
from eventsapp.translations import gettext as _


def address_change_by_token(session: Session, token: str, *, now: datetime, settings: Settings) -> AddressChange:
    """The wish that the link in a letter to a new address is about, its registration and event loaded.

    It opens for its 24 hours, also after it was granted. Raises NotFound: wrong in any way, expired, taken back.
    """
    public_id = links.public_id_in(token)
    change = session.scalar(
        select(AddressChange)
        .where(AddressChange.public_id == (public_id or ""), AddressChange.expires_at > now)
        .options(
            joinedload(AddressChange.registration).joinedload(Registration.event).joinedload(Event.organization),
            joinedload(AddressChange.registration).joinedload(Registration.event).selectinload(Event.variants),
        )
    )
    if change is None or not links.opens(settings.link_key, Purpose.ADDRESS, token, change.public_id):
        raise NotFound(N_("There is no such page."))
    return change


def address_change_of(session: Session, registration: Registration, *, now: datetime) -> AddressChange | None:
    """The wish to move to another address that still waits for that address's reader."""
    return session.scalar(
        select(AddressChange).where(
            AddressChange.registration_id == registration.id,
            AddressChange.address_key != registration.address_key,
            AddressChange.expires_at > now,
        )
    )


def is_taken(session: Session, event: Event, address_key: str, *, now: datetime) -> bool:
    """Whether the address holds places of its own for the event. For its own reader alone."""
    late = (Place.state == PlaceState.UNVERIFIED) & (Registration.verify_until <= now)
    return bool(
        session.scalar(
            select(
                exists().where(
                    Registration.event_id == event.id,
                    Registration.address_key == address_key,
                    Place.registration_id == Registration.id,
                    Place.state != PlaceState.CANCELLED,
                    ~late,
                )
            )
        )
    )


def is_outlived(registration: Registration, *, now: datetime) -> bool:
    """Whether the last of its dates ended longer ago than its organization keeps people's data."""
    days = registration.event.organization.retention_days
    return days is not None and all(
        place.occurrence.ends_at <= now - timedelta(days=days) for place in registration.places
    )


def outlived(session: Session, *, now: datetime, limit: int) -> list[int]:
    """Ids of up to ``limit`` registrations that are to be forgotten by now, oldest first."""
    found: list[int] = []
    keepers = select(Organization).where(Organization.retention_days.is_not(None)).order_by(Organization.id)
    for organization in session.scalars(keepers).all():
        since = now - timedelta(days=organization.retention_days or 0)
        still = exists().where(
            Place.registration_id == Registration.id, Occurrence.id == Place.occurrence_id, Occurrence.ends_at > since
        )
        found += session.scalars(
            select(Registration.id)
            .join(Registration.event)
            .where(
                Event.organization_id == organization.id,
                Registration.erased_at.is_(None),
                Registration.created_at <= since,
                ~still,
            )
            .order_by(Registration.id)
            .limit(limit - len(found))
        )
        if len(found) >= limit:
            break
    return found


def everything_about(
    session: Session, registration: Registration, *, now: datetime, settings: Settings
) -> dict[str, Any]:
    """All that is kept about one person for one event, as plain JSON values; its words are in the language in force.

    Instants are ISO 8601 with their offset: of a date at the event's place, of all else in UTC.
    """
    tag = registration.language_tag
    event = registration.event
    words = variant(event, tag)
    organization = event.organization
    return {
        "what_this_is": _("Everything that we keep about you for this event."),
        "made_at": _utc(now),
        "event": {
            "title": words.summary,
            "page": page_url(event, words.language_tag, settings=settings),
            "held_by": organization.name,
            "contact": event.contact or organization.contact,
            "privacy": organization.privacy_url,
            "kept_for_days_after_the_last_date": organization.retention_days,
        },
        "registration": {
            "reference": registration.reference,
            "name": registration.name,
            "email": registration.email,
            "language_of_letters": tag,
            "time_zone_of_letters": registration.tzid,
            "came_from": registration.source,
            "note_of_the_organizers": registration.note,
            "registered_at": _utc(registration.created_at),
            "changed_at": _utc(registration.changed_at),
            "email_confirmed_at": _utc(registration.verified_at),
            "email_to_be_confirmed_until": _utc(registration.verify_until),
            "reminders_ended_at": _utc(registration.reminders_off_at),
        },
        "answers": [
            {"question": spec.label_in(tag), "answer": answer_words(spec, value, tag, _), "stored_as": value}
            for spec, value in answers_of(session, registration)
        ],
        "places": [_place(place, tag) for place in registration.places],
        "joined": [_joined(row) for row in joinings_of(session, registration)],
        "letters": [_letter(row) for row in letters_to(session, registration)],
        "not_written_to": [
            {"because": row.reason.value, "since": _utc(row.created_at), "the_mail_server_said": row.words}
            for row in suppressed_rows(session, registration, settings)
        ],
        "address_changes": _address_changes(session, registration),
        "page_after_registering": _receipts(session, registration),
    }


def answers_of(session: Session, registration: Registration) -> list[tuple[QuestionSpec, AnswerValue]]:
    """What was answered to which question, in the questions' order."""
    specs = {spec.key: spec for spec in question_specs(registration.event, retired=True)}
    answers = session.scalars(
        select(Answer).where(Answer.registration_id == registration.id).options(joinedload(Answer.question))
    ).all()
    in_order = sorted(answers, key=lambda answer: answer.question.position)
    return [(specs[answer.question.key], answer.value) for answer in in_order]


def joinings_of(session: Session, registration: Registration) -> list[Attendance]:
    """When the person joined, in order."""
    return list(
        session.scalars(
            select(Attendance)
            .join(Attendance.place)
            .where(Place.registration_id == registration.id)
            .options(joinedload(Attendance.place).joinedload(Place.occurrence))
            .order_by(Attendance.joined_at, Attendance.id)
        )
    )


def letters_to(session: Session, registration: Registration) -> list[Message]:
    """Every letter written about the registration, to whichever address, oldest first."""
    wanted = select(Message).where(Message.registration_id == registration.id).order_by(Message.id)
    return list(session.scalars(wanted))


def _place(place: Place, tag: str) -> dict[str, Any]:
    occurrence = place.occurrence
    return {
        "date": occurrence.key,
        "starts_at": local(occurrence.starts_at, occurrence.tzid).isoformat(),
        "ends_at": local(occurrence.ends_at, occurrence.tzid).isoformat(),
        "time_zone": occurrence.tzid,
        "held_in_language": occurrence.language_tag,
        "where": text_for(tag, occurrence.location, occurrence.event)[0],
        "state": place.state.value,
        "held_for_you_as": place.promised.value if place.promised else None,
        "in_line_since": _utc(place.queued_at),
        "first_confirmed_at": _utc(place.invited_at),
        "changed_at": _utc(place.changed_at),
        "date_cancelled_at": _utc(occurrence.cancelled_at or occurrence.event.cancelled_at),
    }


def _joined(row: Attendance) -> dict[str, Any]:
    return {
        "date": row.place.occurrence.key,
        "joined_at": _utc(row.joined_at),
        "left_at": _utc(row.left_at),
        "known_by": row.evidence.value,
    }


def _letter(row: Message) -> dict[str, Any]:
    return {
        "kind": row.kind.value,
        "to": row.recipient,
        "language": row.language_tag,
        "state": row.state.value,
        "written_at": _utc(row.created_at),
        "sent_at": _utc(row.sent_at),
        "the_mail_server_said": row.last_error,
    }


def _address_changes(session: Session, registration: Registration) -> list[dict[str, Any]]:
    rows = session.scalars(select(AddressChange).where(AddressChange.registration_id == registration.id))
    return [
        {
            "to": row.email,
            "asked_at": _utc(row.created_at),
            "link_works_until": _utc(row.expires_at),
            "done": row.address_key == registration.address_key,
        }
        for row in rows
    ]


def _receipts(session: Session, registration: Registration) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Receipt).where(Receipt.registration_id == registration.id).order_by(Receipt.created_at)
    )
    return [{"kept_until": _utc(row.expires_at), "what_was_entered": row.applicant} for row in rows]


def _utc(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
