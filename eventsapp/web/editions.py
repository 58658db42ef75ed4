"""Events as pages show them: an edition is one occurrence with its words, times and standing, ready for a template.

A room is in an edition only where everybody may read it; nothing else of a conference gets here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain import admission
from eventsapp.domain.admission import Standing
from eventsapp.domain.entry import CalendarEntry
from eventsapp.domain.languages import alike, direction, own_name, spoken
from eventsapp.domain.vocabulary import ConferenceAccess
from eventsapp.domain.wording import ReaderWords, TimeWords, moment_words, reader_words, time_words
from eventsapp.models import Event, LanguageVariant, Occurrence
from eventsapp.queries.announcements import also_in, page_tag
from eventsapp.queries.entries import public_entry, text_for, variant
from eventsapp.queries.registrations import Tally, offer_of, rules_of, tallies
from eventsapp.web.language import Reading

FEW = 5  # from here on a page says how many places are left


@dataclass(frozen=True, slots=True)
class Words:
    """Something the organizer wrote, with the ``lang`` and ``dir`` it needs where the page is in another language."""

    text: str
    lang: str = ""
    dir: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)


NOWHERE = Words("")


@dataclass(frozen=True, slots=True)
class Edition:
    """``words`` are at the event's zone, ``reader`` at the reader's, where that is known. ``few`` is None or small."""

    key: str
    tzid: str
    starts_at: datetime
    ends_at: datetime
    words: TimeWords
    reader: ReaderWords | None
    standing: Standing
    few: int | None
    language_tag: str  # held in this language; empty: in all of the event's
    language: str
    entry: CalendarEntry | None = None  # in lists there is none, and what follows is empty
    location: Words = NOWHERE
    online: bool = False
    registered_only: bool = False  # there is a room, and it is named in a letter
    page_tag: str = ""  # there is a page in the language it is held in, and it is another than this
    also: str = ""  # the sentence that leads there

    @property
    def over(self) -> bool:
        return self.standing is Standing.PAST

    @property
    def called_off(self) -> bool:
        return self.standing is Standing.CANCELLED


@dataclass(frozen=True, slots=True)
class Listed:
    """One event in a list: its words and the editions that are still to come."""

    event: Event
    title: Words
    excerpt: Words
    editions: list[Edition]
    more: int  # editions to come beyond those shown


@dataclass(frozen=True, slots=True)
class Opening:
    """When registering begins and ends, in words; empty where the event says nothing."""

    opens: str
    closes: str


def words_of(text: str, tag: str, reading: Reading) -> Words:
    """``text`` in the language ``tag``, marked where what stands around it is in another."""
    if not tag or alike(tag, reading.body):
        return Words(text)
    return Words(text, tag, direction(tag))


def listed_editions(
    session: Session | None, events: Sequence[Event], *, reading: Reading, reader_tzid: str | None, now: datetime
) -> dict[int, list[Edition]]:
    """The editions of each event by event id, in order of time; one statement whatever the number of events.

    Without a ``session`` nothing is counted, and no date is full: for whoever asks for times and words alone.
    """
    occurrences = [occurrence for event in events for occurrence in event.occurrences]
    counted = tallies(session, occurrences, now=now) if session else {one.id: Tally() for one in occurrences}
    found: dict[int, list[Edition]] = {}
    for event in events:
        rules = rules_of(event)
        offers = [(occurrence, offer_of(occurrence, counted[occurrence.id])) for occurrence in event.occurrences]
        found[event.id] = [
            edition_of(occurrence, admission.standing(rules, offer, now), offer.left, reading, reader_tzid)
            for occurrence, offer in offers
        ]
    return found


def whole_editions(
    session: Session | None,
    event: Event,
    *,
    reading: Reading,
    reader_tzid: str | None,
    now: datetime,
    settings: Settings,
) -> list[Edition]:
    """An event's editions with all that everybody may know about them; ``session`` as above."""
    found = listed_editions(session, [event], reading=reading, reader_tzid=reader_tzid, now=now)[event.id]
    return [
        with_entry(edition, occurrence, reading, settings)
        for edition, occurrence in zip(found, event.occurrences, strict=True)
    ]


def own_first(event: Event, editions: Sequence[Edition], reading: Reading) -> list[Edition]:
    """An event's editions for its page in one language: those held in it, and last those with a page of their own.

    As they are, where nothing that is held in it is to come.
    """
    pages = {occurrence.key: page_tag(event, occurrence, reading.words) for occurrence in event.occurrences}
    if not any(pages[one.key] == reading.words for one in editions if not (one.over or one.called_off)):
        return list(editions)
    return [
        *(one for one in editions if pages[one.key] == reading.words),
        *(one for one in editions if not pages[one.key]),
        *(_led(one, pages[one.key], reading) for one in editions if pages[one.key] not in ("", reading.words)),
    ]


def _led(edition: Edition, tag: str, reading: Reading) -> Edition:
    """``also`` is in the language of our own words, whatever the page's."""
    also = also_in(edition.language_tag, edition.starts_at, edition.tzid, reading.body)
    return replace(edition, page_tag=tag, also=also)


def edition_of(
    occurrence: Occurrence, standing: Standing, left: int | None, reading: Reading, reader_tzid: str | None
) -> Edition:
    """One occurrence with its times and standing, and nothing of its conference."""
    at = (occurrence.starts_at, occurrence.ends_at)
    held = occurrence.language_tag or ""
    few = standing is Standing.OPEN and left is not None and left <= FEW
    return Edition(
        key=occurrence.key,
        tzid=occurrence.tzid,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        words=time_words(*at, occurrence.tzid, reading.tag),
        reader=reader_words(*at, reader_tzid, occurrence.tzid, reading.tag) if reader_tzid else None,
        standing=standing,
        few=left if few else None,
        language_tag=held,
        language=own_name(spoken(held)) if held else "",
    )


def with_entry(edition: Edition, occurrence: Occurrence, reading: Reading, settings: Settings) -> Edition:
    """The same with its public facts: place, and the room where it is open to all."""
    entry = public_entry(occurrence, reading.words, settings=settings)
    conference = occurrence.conference
    return replace(
        edition,
        entry=entry,
        location=words_of(*text_for(entry.language_tag, occurrence.location, occurrence.event), reading),
        online=conference is not None or not entry.location,
        registered_only=conference is not None and conference.access is not ConferenceAccess.PUBLIC,
    )


def listed(event: Event, editions: list[Edition], *, reading: Reading, most: int = 3) -> Listed:
    """An event for a list, where only what is not over counts."""
    words = variant(event, reading.tag)
    coming = [edition for edition in editions if not edition.over]
    return Listed(
        event=event,
        title=words_of(words.summary, words.language_tag, reading),
        excerpt=words_of(words.excerpt, words.language_tag, reading),
        editions=coming[:most],
        more=len(coming[most:]),
    )


def opening_of(event: Event, tag: str) -> Opening:
    """In the zone that the organizer named them in."""
    opens = moment_words(event.opens_at, event.opens_tzid, tag) if event.opens_at and event.opens_tzid else ""
    closes = moment_words(event.closes_at, event.closes_tzid, tag) if event.closes_at and event.closes_tzid else ""
    return Opening(opens, closes)


def topics_of(event: Event, reading: Reading) -> list[Words]:
    """In the language of the organizer's words on this page; a topic for all languages is marked with none."""
    return [words_of(*text_for(reading.words, topic, event), reading) for topic in event.topics]


def languages_of(event: Event) -> list[str]:
    return [words.language_tag for words in event.variants]


def words_in(event: Event, reading: Reading) -> LanguageVariant:
    return variant(event, reading.words)
