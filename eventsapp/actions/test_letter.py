"""Send a letter to oneself, as somebody who is registered would get it: to the organizer's own address alone."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eventsapp.actions.outbox import new_columns
from eventsapp.config import Settings
from eventsapp.domain.errors import N_, Invalid, TooMany
from eventsapp.domain.languages import lookup
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import LetterKind
from eventsapp.models import Event, Message, User
from eventsapp.queries.letters.sample import Sample
from eventsapp.queries.letters.trial import trial_context

MOST_AN_HOUR = 40
_HOUR = timedelta(hours=1)


def send_to_oneself(
    session: Session,
    event: Event,
    user: User,
    kind: LetterKind,
    sample: Sample,
    *,
    words: dict[str, dict[str, str]] | None = None,
    needed: bool = False,
    now: datetime,
    settings: Settings,
) -> Message:
    """Write it to the account's address, marked as a test. ``words`` as ``sample_letter`` has them: they need not be
    saved. Raises Invalid where there is no date to write about, TooMany after 40 within an hour."""
    if not event.occurrences:
        raise Invalid(N_("Add a date first: letters are about dates."))
    lately = select(func.count()).where(Message.account_id == user.id, Message.created_at > now - _HOUR)
    if (session.scalar(lately) or 0) >= MOST_AN_HOUR:
        raise TooMany(N_("You have sent yourself many letters within an hour. Wait a little before the next one."))
    columns = new_columns(now, settings)
    message = Message(
        account_id=user.id,
        **columns,
        kind=kind,
        language_tag=sample.language_tag,
        recipient=user.email,
        address_key=user.address_key,
        dedupe_key=f"trial:{new_public_id()}",
        context=trial_context(event, sample, words, needed=needed),
    )
    session.add(message)
    session.flush()
    return message


def send_in_each_language(
    session: Session, event: Event, user: User, kind: LetterKind, *, now: datetime, settings: Settings
) -> list[Message]:
    """One for each of the event's languages. Raises as ``send_to_oneself``."""
    return [
        send_to_oneself(session, event, user, kind, usual_sample(event, user, tag), now=now, settings=settings)
        for tag in (words.language_tag for words in event.variants)
    ]


def usual_sample(event: Event, user: User, tag: str = "") -> Sample:
    """Somebody with the organizer's own name and clock, who reads one of the event's languages."""
    tags = [words.language_tag for words in event.variants]
    return Sample(user.name, tag or lookup(user.language_tag, tags, event.default_language_tag), user.tzid)
