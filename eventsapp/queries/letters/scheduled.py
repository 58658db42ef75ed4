"""Letters that leave because of a time: reminders, and what follows an event. Only to who holds a confirmed place."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.entry import Party
from eventsapp.domain.triggers import anchor, read_trigger
from eventsapp.domain.vocabulary import LetterKind, PlaceState, Purpose
from eventsapp.mail.letters import Letter, Passage
from eventsapp.models import Attendance, Message, Occurrence, Place, Registration
from eventsapp.queries.entries import (
    personal_join_url,
    personal_manage_url,
    personal_recording,
    unsubscribe_url,
)
from eventsapp.queries.letters.frame import frame_of, own_words, slots_of


def scheduled_letter(
    session: Session, message: Message, registration: Registration, *, now: datetime, settings: Settings
) -> Letter | None:
    """A reminder or follow-up as it reads when it is sent; None where it comes too late or is no longer meant.

    ``message.context``: the ids of the ``places`` it is about, the ``trigger``, and the instant of the ``anchor`` that
    it was counted from: a date that has moved since gets a letter of its own.
    """
    about = [place for place in registration.places if _is_meant(message, place, now)]
    if not about:
        return None
    if message.kind is LetterKind.REMINDER:
        return _reminder(message, registration, about, now, settings)
    came = bool(session.scalar(select(exists().where(Attendance.place_id.in_([place.id for place in about])))))
    if came and message.kind is LetterKind.MISSED:
        return None
    return _follow_up(_letter(message, registration, about, settings), about, came, now, settings)


def is_due(message: Message, occurrence: Occurrence, now: datetime) -> bool:
    """Whether a scheduled letter still fits its date: it takes place, at the instant that the letter counts from, and
    there is some use for the letter yet."""
    said = message.context
    if occurrence.event.published_at is None or occurrence.called_off or "trigger" not in said or "anchor" not in said:
        return False
    if message.expires_at is not None and message.expires_at <= now:
        return False
    counted_from = anchor(read_trigger(said["trigger"]), occurrence.starts_at, occurrence.ends_at)
    return counted_from == datetime.fromisoformat(said["anchor"])


def _is_meant(message: Message, place: Place, now: datetime) -> bool:
    meant = place.id in message.context.get("places", ()) and place.state is PlaceState.CONFIRMED
    return meant and is_due(message, place.occurrence, now)


def _reminder(
    message: Message, registration: Registration, about: Sequence[Place], now: datetime, settings: Settings
) -> Letter | None:
    about = [place for place in about if now < place.occurrence.ends_at]
    if not about or registration.reminders_off_at is not None:
        return None
    return replace(
        _letter(message, registration, about, settings),
        until_start=min(place.occurrence.starts_at for place in about) - now,
        unsubscribe_url=unsubscribe_url(registration, Purpose.REMINDERS, settings=settings),
    )


def _follow_up(letter: Letter, about: Sequence[Place], came: bool, now: datetime, settings: Settings) -> Letter:
    """There is no way in any more; who came is told apart from who did not, as far as anybody's coming was noted."""
    return replace(
        letter,
        sender=Party(settings.follow_up_from or letter.sender.email, letter.sender.name),
        about=tuple(replace(slot, held=False, joins=False) for slot in letter.about),
        what_to_bring=Passage("", ""),
        came=came or (False if letter.kind is LetterKind.MISSED else None),
        recording_url=_recording_url(about, now, settings),
        unsubscribe_url=unsubscribe_url(about[0].registration, Purpose.FOLLOW_UPS, settings=settings),
    )


def _letter(message: Message, registration: Registration, about: Sequence[Place], settings: Settings) -> Letter:
    event, tag = registration.event, registration.language_tag
    return replace(
        frame_of(message, registration, settings),
        name=registration.name or "",
        reference=registration.reference,
        about=slots_of(about),
        join_url=personal_join_url(registration, settings=settings),
        manage_url=personal_manage_url(registration, settings=settings),
        own_subject=own_words(event, message.kind, tag, "subject"),
        own_body=own_words(event, message.kind, tag, "body"),
    )


def _recording_url(about: Sequence[Place], now: datetime, settings: Settings) -> str:
    """The reader's own page that shows the recording, or an empty text. The recording may move; this page stays."""
    for place in about:
        if personal_recording(place, place.registration.language_tag, now=now)[0]:
            return f"{personal_join_url(place.registration, settings=settings)}/{place.occurrence.key}"
    return ""
