"""What an organizer writes to many registered people at once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from eventsapp.config import Settings
from eventsapp.domain.entry import Party
from eventsapp.domain.languages import lookup
from eventsapp.domain.vocabulary import HELD, PlaceState, Purpose
from eventsapp.mail.letters import Letter, Passage
from eventsapp.models import Message, Registration
from eventsapp.queries.entries import personal_join_url, personal_manage_url, unsubscribe_url
from eventsapp.queries.letters.frame import any_confirmed, frame_of, slots_of, standing_of
from eventsapp.queries.registrations import is_proved


def mailing_letter(message: Message, registration: Registration, settings: Settings) -> Letter | None:
    """None where the organizer has called it back, or nobody has said yet that the address is theirs."""
    mailing = message.mailing
    if mailing is None or mailing.cancelled_at is not None or not is_proved(registration):
        return None
    letter = written(message, registration, mailing.words, needed=mailing.needed, settings=settings)
    confirmed = any_confirmed(registration.places)
    return replace(
        letter,
        join_url=personal_join_url(registration, settings=settings) if confirmed else "",
        manage_url=personal_manage_url(registration, settings=settings),
    )


def written(
    message: Message,
    registration: Registration,
    words: Mapping[str, Mapping[str, Any]],
    *,
    needed: bool,
    settings: Settings,
) -> Letter:
    """In the best of its languages for this reader. It names the dates that the reader holds a place for, or may."""
    frame = frame_of(message, registration, settings)
    tag = words_for(words, registration.language_tag, registration.event.default_language_tag)
    return replace(
        frame,
        sender=frame.sender if needed else Party(settings.follow_up_from or frame.sender.email, frame.sender.name),
        name=registration.name or "",
        reference=registration.reference,
        what_to_bring=Passage("", ""),
        about=slots_of([place for place in registration.places if standing_of(place) in _TO_COME]),
        own_subject=Passage(words[tag]["subject"], tag),
        own_body=Passage(words[tag]["body"], tag),
        unsubscribe_url="" if needed else unsubscribe_url(registration, Purpose.FOLLOW_UPS, settings=settings),
    )


def words_for(words: Mapping[str, Any], asked: str, default_tag: str) -> str:
    """Which of the languages a mailing is written in serves this reader."""
    return lookup(asked, list(words), default_tag if default_tag in words else next(iter(words)))


_TO_COME = HELD - {PlaceState.UNVERIFIED}
