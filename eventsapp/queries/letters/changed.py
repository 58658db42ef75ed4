"""Letters about dates that changed: what their reader was told last, held against what is so now."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.languages import lookup
from eventsapp.mail.letters import Letter, Passage, Was
from eventsapp.models import Message, Occurrence, Registration, Revision
from eventsapp.queries.entries import is_online, text_in, variant
from eventsapp.queries.letters.personal import personal_letter

Revisions = Mapping[tuple[int, int | None], Revision]


def revisions_of(session: Session, occurrence_ids: Iterable[int]) -> Revisions:
    """What people were told of these occurrences, by occurrence id and sequence; one statement."""
    found = session.scalars(select(Revision).where(Revision.occurrence_id.in_(set(occurrence_ids))))
    return {(revision.occurrence_id, revision.sequence): revision for revision in found}


def is_news(revision: Revision, occurrence: Occurrence, asked: str) -> bool:
    """Whether a reader of ``asked`` who was told what ``revision`` says is to be told how it is now."""
    if occurrence.called_off:
        return not revision.cancelled
    return was_of(revision, occurrence, asked) is not None


def was_of(revision: Revision, occurrence: Occurrence, asked: str) -> Was | None:
    """What a reader of ``asked`` was told at ``revision`` and is otherwise now; None where nothing is.

    Another zone with the same instants is nothing to them, nor is another room; and a text in another language says
    nothing new where it stands beside the one they read.
    """
    was = Was(
        times=_times(revision, occurrence),
        location=_location(revision, occurrence, asked),
        summary=_summary(revision, occurrence, asked),
        online=revision.online,
        cancelled=revision.cancelled and not occurrence.called_off,
    )
    return was if was.times or was.location or was.summary or was.cancelled else None


def _times(revision: Revision, occurrence: Occurrence) -> tuple[datetime, datetime, str] | None:
    if (revision.starts_at, revision.ends_at) == (occurrence.starts_at, occurrence.ends_at):
        return None
    return revision.starts_at, revision.ends_at, revision.tzid


def _location(revision: Revision, occurrence: Occurrence, asked: str) -> Passage | None:
    event = occurrence.event
    before = Passage(*text_in(asked, revision.location, revision.default_language_tag))
    after = Passage(*text_in(asked, occurrence.location, event.default_language_tag))
    moved = _says_otherwise(before, after, revision.location, occurrence.location)
    return before if moved or revision.online != is_online(occurrence) else None


def _summary(revision: Revision, occurrence: Occurrence, asked: str) -> Passage | None:
    words = variant(occurrence.event, asked)
    tag = lookup(asked, list(revision.summary), revision.default_language_tag)
    before, after = Passage(revision.summary.get(tag, ""), tag), Passage(words.summary, words.language_tag)
    texts = {one.language_tag: one.summary for one in occurrence.event.variants}
    return before if _says_otherwise(before, after, revision.summary, texts) else None


def _says_otherwise(before: Passage, after: Passage, said: Mapping[str, str], says: Mapping[str, str]) -> bool:
    if before.text == after.text:
        return False
    only_translated = before.text in says.values() or after.text in said.values()
    return before.tag == after.tag or not only_translated


def changed_letter(session: Session, message: Message, registration: Registration, settings: Settings) -> Letter | None:
    """From what the places in ``context["from"]`` were told at, to now; None where that is the same by now."""
    letter = personal_letter(session, message, registration, settings)
    if letter is None:
        return None
    told: Mapping[str, int] = message.context["from"]
    revisions = revisions_of(session, (place.occurrence_id for place in registration.places))
    before: dict[str, Was] = {}
    for place in registration.places:
        revision = revisions.get((place.occurrence_id, told.get(str(place.id))))
        was = None if revision is None else was_of(revision, place.occurrence, registration.language_tag)
        if was is not None:
            before[place.occurrence.key] = was
    about = tuple(replace(slot, was=before[slot.key]) for slot in letter.about if slot.key in before)
    others = tuple(slot for slot in letter.about if slot.key not in before)
    return replace(letter, about=about, others=letter.others + others) if about else None
