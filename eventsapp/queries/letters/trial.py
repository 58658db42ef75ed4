"""A letter that an organizer sends to themselves, to see what others will get: as the sample reader would get it."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import LetterKind
from eventsapp.mail.letters import Letter
from eventsapp.models import Event, Message
from eventsapp.queries.letters.sample import Sample, sample_letter

_TRIAL = "trial"


def trial_context(event: Event, sample: Sample, words: dict[str, dict[str, str]] | None, *, needed: bool) -> Any:
    """What ``Message.context`` keeps of it."""
    return {_TRIAL: {"event": event.id, "sample": asdict(sample), "words": words, "needed": needed}}


def is_trial(message: Message) -> bool:
    return message.account_id is not None and _TRIAL in message.context


def trial_letter(session: Session, message: Message, *, now: datetime, settings: Settings) -> Letter | None:
    """None where the event is gone, or has no date any more."""
    said = message.context[_TRIAL]
    event = session.get(Event, said["event"])
    if event is None or message.recipient is None:
        return None
    sample = Sample(**said["sample"] | {"dates": tuple(said["sample"]["dates"])})
    letter = sample_letter(
        event,
        LetterKind(message.kind),
        sample,
        recipient=message.recipient,
        words=said["words"],
        needed=said["needed"],
        now=now,
        settings=settings,
    )
    if letter is None:
        return None
    return replace(
        letter,
        public_id=message.public_id,
        message_id=message.message_id,
        written_at=message.created_at,
        unsubscribe_url="",
        trial=True,
    )
