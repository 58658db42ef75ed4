"""An event as a text to copy into a message, with the time in several cities. Holds what everybody may read alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from eventsapp.config import Settings
from eventsapp.domain import timezones
from eventsapp.domain.cities import city_of_key, usual_tzids
from eventsapp.domain.languages import alike, language_name, lookup, related, spoken
from eventsapp.domain.wording import cities_line, city_words, time_words
from eventsapp.models import Event, LanguageVariant, Occurrence
from eventsapp.queries.entries import page_url, text_for, variant
from eventsapp.translations import gettext as _
from eventsapp.translations import interface_language, speaking

MOST_CITIES = 12  # that one may add to those of the event
BETWEEN_LANGUAGES = "\n\n– – –\n\n"  # no messenger reads it as a mark of its own


@dataclass(frozen=True, slots=True)
class Announcement:
    """The text in one of the event's languages."""

    tag: str
    text: str


def coming(event: Event, *, now: datetime) -> list[Occurrence]:
    """The dates that there is something to announce about."""
    if event.cancelled_at is not None:
        return []
    return [one for one in event.occurrences if one.cancelled_at is None and now < one.ends_at]


def announcements(event: Event, *, now: datetime, settings: Settings, cities: Sequence[str] = ()) -> list[Announcement]:
    """One for each language of the event, in its own words; none where nothing is to come.

    ``cities`` are keys of ``domain.cities``, whose clocks are named besides those that the event names. Where neither
    names any, they are of cities that many readers of the language live in.
    """
    return [
        Announcement(words.language_tag, _text(event, words, cities, now=now, settings=settings))
        for words in event.variants
        if coming(event, now=now)
    ]


def announcement(event: Event, asked: str, *, now: datetime, settings: Settings, cities: Sequence[str] = ()) -> str:
    """The same in the language that serves ``asked``; empty where nothing is to come."""
    words = variant(event, asked)
    return _text(event, words, cities, now=now, settings=settings) if coming(event, now=now) else ""


def together(event: Event, *, now: datetime, settings: Settings, cities: Sequence[str] = ()) -> str:
    """One text with all languages of the event, each with the dates that are held in it."""
    return BETWEEN_LANGUAGES.join(
        _text(event, words, cities, now=now, settings=settings, alone=False)
        for words in event.variants
        if coming(event, now=now)
    )


def page_tag(event: Event, occurrence: Occurrence, here: str) -> str:
    """The language of the page that is meant for those who take part in this occurrence; empty where there is none.

    What is held in all of the event's languages is at home on each page, and so on the one in the language ``here``.
    """
    if occurrence.language_tag is None:
        return here
    return lookup(occurrence.language_tag, [words.language_tag for words in event.variants], "")


def _text(
    event: Event,
    words: LanguageVariant,
    cities: Sequence[str],
    *,
    now: datetime,
    settings: Settings,
    alone: bool = True,
) -> str:
    """``alone``: the other editions are named as well, in one line each."""
    tag, dates = words.language_tag, coming(event, now=now)
    pages = {one.key: page_tag(event, one, tag) for one in dates}
    others = [one for one in dates if tag in pages.values() and pages[one.key] not in ("", tag)]
    shown = [one for one in dates if one not in others]
    with speaking(tag):
        parts = [words.summary, *("\n".join(_dated(one, tag, cities)) for one in shown)]
        parts += ["\n".join(_also(one, tag) for one in others)] if others and alone else []
        parts.append(page_url(event, tag, settings=settings))
    return "\n\n".join(parts)


def _dated(occurrence: Occurrence, tag: str, cities: Sequence[str]) -> Iterator[str]:
    event, held = occurrence.event, occurrence.language_tag
    yield time_words(occurrence.starts_at, occurrence.ends_at, occurrence.tzid, tag).full_date
    yield cities_line(occurrence.starts_at, list(_clocks(occurrence, tag, cities)), tag)
    if location := text_for(tag, occurrence.location, event)[0]:
        yield location
    if held and (len(event.variants) > 1 or not related(held, tag)):
        language = language_name(spoken(held), tag)
        yield _("Held in %(language)s.", language=language) if _spoken(tag) else language


def _also(occurrence: Occurrence, tag: str) -> str:
    held = occurrence.language_tag or ""
    if _spoken(tag):
        return also_in(held, occurrence.starts_at, occurrence.tzid, tag)
    date = time_words(occurrence.starts_at, occurrence.ends_at, occurrence.tzid, tag).date
    return f"{language_name(spoken(held), tag)} · {date}"


def _spoken(tag: str) -> bool:
    """Whether we have sentences in this language; no other's shall stand among the organizer's words."""
    return alike(interface_language(tag), tag)


def also_in(held: str, starts_at: datetime, tzid: str, tag: str) -> str:
    """The sentence that leads to an edition in another language; speaks the language in force, names it in ``tag``."""
    date = timezones.local(starts_at, tzid).date()
    return _("Also in %(language)s on %(date)s", language=language_name(spoken(held), tag), date=date)


def _clocks(occurrence: Occurrence, tag: str, cities: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Zone and city, the occurrence's own first, none of them twice."""
    wanted = [*occurrence.event.city_tzids, *cities]
    if not wanted and (occurrence.conference is not None or not any(occurrence.location.values())):
        wanted = [tzid for tzid in usual_tzids(tag) if tzid != occurrence.tzid]
    clocks = {(occurrence.tzid, city_words(occurrence.tzid, tag)): None}
    for city in (city_of_key(key, tag) for key in wanted):
        if city is not None:
            clocks.setdefault((city.tzid, city.name))
    yield from clocks
