"""An event as a poster in one of its languages. Holds what everybody may read alone."""

from datetime import datetime

from eventsapp.config import Settings
from eventsapp.domain import timezones
from eventsapp.domain.colour import PRODUCT_ACCENT
from eventsapp.domain.languages import alike, direction, own_name, spoken
from eventsapp.domain.wording import time_words
from eventsapp.drawing.poster import Poster
from eventsapp.models import Event, Occurrence
from eventsapp.queries.announcements import coming, page_tag
from eventsapp.queries.entries import variant
from eventsapp.translations import gettext as _
from eventsapp.translations import interface_language, ngettext, speaking


def poster_of(event: Event, asked: str, *, now: datetime, settings: Settings) -> Poster:
    """In the language that serves ``asked``, and in no other: so there are as many posters as the event has languages.

    It names the next date that is held in its language, or else the next of all; when all are over, the last one.
    """
    words = variant(event, asked)
    tag, dates = words.language_tag, coming(event, now=now)
    shown = _shown(event, dates, tag)
    day = clock = digits = ""
    if shown is not None:
        said = time_words(shown.starts_at, shown.ends_at, shown.tzid, tag)
        day, digits = said.full_date, f"{timezones.local(shown.starts_at, shown.tzid):%Y-%m-%d}"
        clock = f"{said.clock} · {said.zone}" if dates else ""
    return Poster(
        tag=tag,
        rtl=direction(tag) == "rtl",
        title=words.summary,
        day=day,
        clock=clock,
        digits=digits,
        notes=_notes(event, tag, len(dates)),
        organization=event.organization.name,
        languages=tuple(own_name(spoken(held)) for held in _held(event, dates, tag)),
        accent=event.organization.accent or PRODUCT_ACCENT,
        seed=event.slug,
        picture=settings.pictures_path / event.picture if event.picture else None,
    )


def _shown(event: Event, dates: list[Occurrence], tag: str) -> Occurrence | None:
    """The next; of a cancelled event the first, of a past one the last."""
    if own := [one for one in dates if page_tag(event, one, tag) == tag] or dates:
        return min(own, key=lambda one: one.starts_at)
    latest = max if event.cancelled_at is None else min
    return latest(event.occurrences, key=lambda one: one.starts_at, default=None)


def _notes(event: Event, tag: str, dates: int) -> tuple[str, ...]:
    with speaking(tag):
        if event.cancelled_at is not None:
            return (_("This event is cancelled."),)
        spoken = alike(interface_language(tag), tag)  # no other language shall stand among the organizer's words
        return (ngettext("and %(num)s more date", "and %(num)s more dates", dates - 1),) if dates > 1 and spoken else ()


def _held(event: Event, dates: list[Occurrence], tag: str) -> list[str]:
    """The languages in which one can take part, that of the poster first."""
    everywhere = [words.language_tag for words in event.variants]
    held = [each for one in dates for each in ([one.language_tag] if one.language_tag else everywhere)]
    return sorted(dict.fromkeys(held), key=lambda each: not alike(each, tag))
