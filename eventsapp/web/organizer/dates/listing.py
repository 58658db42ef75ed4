"""The list of an event's dates: those to come first, what is over folded away."""

from dataclasses import dataclass

from flask import Response, g
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from eventsapp.db import db
from eventsapp.domain.languages import own_name, spoken
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import PlaceState
from eventsapp.domain.wording import ReaderWords, TimeWords, reader_words, time_words
from eventsapp.models import Conference, Occurrence
from eventsapp.queries.counts import Count, counts_of
from eventsapp.queries.entries import text_for
from eventsapp.web.editions import Words, words_of
from eventsapp.web.organizer.dates.desk import dates
from eventsapp.web.organizer.door import Access
from eventsapp.web.organizer.pages import desk_page
from eventsapp.web.pages import now


@dataclass(frozen=True, slots=True)
class Row:
    """One date. ``blank``: nobody ever asked for a place, so it can be removed."""

    key: str
    words: TimeWords
    reader: ReaderWords
    language_tag: str
    language: str
    count: Count
    location: Words
    room: Conference | None
    cancelled: bool
    over: bool

    @property
    def confirmed(self) -> int:
        return self.count.states[PlaceState.CONFIRMED]

    @property
    def waiting(self) -> int:
        return sum(self.count.states[state] for state in (PlaceState.WAITLISTED, PlaceState.PENDING))

    @property
    def blank(self) -> bool:
        return not any(self.count.states.values())


@dates.view("/events/<event>/dates", needs=Right.SEE)
def index(access: Access) -> Response:
    found = rows(access)
    return desk_page(
        "organizer/dates/index.html",
        coming=[row for row in found if not row.over],
        past=[row for row in reversed(found) if row.over],
        alone=len(found) == 1,
    )


def rows(access: Access) -> list[Row]:
    """In order of time; a number of statements that does not grow with them."""
    at = now()
    with_rooms = select(Occurrence).where(Occurrence.event_id == access.event.id)
    kept = db.session.scalars(with_rooms.options(selectinload(Occurrence.conference))).all()
    counts = counts_of(db.session(), access.event, now=at)
    by_id = {one.id: one for one in kept}
    return [
        row_of(access, by_id[one.occurrence.id], one, over=one.occurrence.ends_at <= at)
        for one in counts
        if one.occurrence is not None
    ]


def row_of(access: Access, occurrence: Occurrence, count: Count, *, over: bool) -> Row:
    span, held = (occurrence.starts_at, occurrence.ends_at), occurrence.language_tag or ""
    location = text_for(g.reading.tag, occurrence.location, access.event)
    return Row(
        key=occurrence.key,
        words=time_words(*span, occurrence.tzid, g.reading.tag),
        reader=reader_words(*span, access.user.tzid, occurrence.tzid, g.reading.tag),
        language_tag=held,
        language=own_name(spoken(held)) if held else "",
        count=count,
        location=words_of(*location, g.reading),
        room=occurrence.conference,
        cancelled=occurrence.cancelled_at is not None,
        over=over,
    )
