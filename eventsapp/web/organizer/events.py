"""An organization's events: the list, and one event at a glance."""

from dataclasses import dataclass
from datetime import datetime

from flask import g, request
from flask.typing import ResponseReturnValue

from eventsapp.actions.archive import can_be_deleted
from eventsapp.db import db
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import EventStatus, MessageState
from eventsapp.domain.wording import TimeWords, time_words
from eventsapp.models import Event, Occurrence
from eventsapp.queries.counts import Count, counts_of
from eventsapp.queries.desk_events import Row, State, desk_events, letters_in_trouble, load_rooms, state_of
from eventsapp.queries.preflight import Finding, Level, outdated_variants, preflight
from eventsapp.queries.record import record_of
from eventsapp.queries.untold import untold
from eventsapp.reading.completeness import missing_by_language
from eventsapp.translations import say
from eventsapp.web.language import Reading
from eventsapp.web.organizer.door import Access, Desk, visible_events
from eventsapp.web.organizer.pages import desk_page
from eventsapp.web.pages import absolute, link, now

events = Desk("events", __name__)

_LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Date:
    """One date of an event. ``yours`` is None where the organizer's own clock shows the same."""

    occurrence: Occurrence
    words: TimeWords
    yours: TimeWords | None
    over: bool
    count: Count


@events.view("/events", needs=Right.SEE)
def index(access: Access) -> ResponseReturnValue:
    at, q = now(), request.args.get("q", "")[:_LONGEST_SEARCH].strip()
    asked = request.args.get("state", "")
    state = State(asked) if asked in set(State) else None
    listing = desk_events(
        db.session(), visible_events(access.membership), now=at, q=q, state=state, page=_page_number()
    )
    return desk_page(
        "organizer/events/index.html",
        listing=listing,
        q=q,
        chosen=state,
        states=list(State),
        when=_when_of(listing.rows, access.user.tzid),
        may_create=access.may(Right.CREATE),
    )


@events.view("/events/<event>", needs=Right.SEE)
def overview(access: Access) -> ResponseReturnValue:
    return overview_page(access)


def overview_page(access: Access, *, status: int = 200, problem: str = "") -> ResponseReturnValue:
    """One event: how it stands first, then what may be done."""
    session, event, at = db.session(), access.event, now()
    load_rooms(session, event)
    counts = counts_of(session, event, now=at)
    state = state_of(event, at)
    letters = letters_in_trouble(session, event)
    return desk_page(
        "organizer/events/overview.html",
        status=status,
        problem=problem,
        state=state,
        dates=dates_of(event, counts, access.user.tzid, at),
        total=counts[-1],
        untold=untold(session, event, now=at),
        failed=letters.get(MessageState.FAILED, 0),
        bounced=letters.get(MessageState.BOUNCED, 0),
        missing=+missing_by_language(record_of(event)),
        outdated=outdated_variants(event),
        findings=_findings(event, at) if event.status is EventStatus.DRAFT else None,
        Level=Level,
        said=say,
        addresses=_addresses(event),
        deletable=can_be_deleted(session, event),
        may_run=access.may(Right.RUN),
        may_create=access.may(Right.CREATE),
    )


def dates_of(event: Event, counts: list[Count], tzid: str, at: datetime) -> list[Date]:
    """Those to come first, then those that are over."""
    by_id = {one.occurrence.id: one for one in counts if one.occurrence is not None}
    dates = [
        Date(one, words_of(one), yours_of(one, tzid), one.ends_at <= at, by_id[one.id]) for one in event.occurrences
    ]
    return sorted(dates, key=lambda date: date.over)


def words_of(occurrence: Occurrence) -> TimeWords:
    """On the event's own clock."""
    return time_words(occurrence.starts_at, occurrence.ends_at, occurrence.tzid, _reading().tag)


def yours_of(occurrence: Occurrence, tzid: str) -> TimeWords | None:
    """On the organizer's clock; None where it shows the same."""
    yours = time_words(occurrence.starts_at, occurrence.ends_at, tzid, _reading().tag)
    return None if yours.iso_start == words_of(occurrence).iso_start else yours


def _when_of(rows: list[Row], tzid: str) -> dict[int, TimeWords]:
    """By event id the date that stands in the list, on the organizer's clock."""
    tag, dates = _reading().tag, {row.event.id: row.next for row in rows if row.next is not None}
    return {id_: time_words(one.starts_at, one.ends_at, tzid, tag) for id_, one in dates.items()}


def _findings(event: Event, at: datetime) -> list[Finding]:
    """What stands between a draft and its publication, the worst first."""
    found = [finding for one in preflight(db.session(), event, now=at) for finding in one.findings]
    return sorted(found, key=lambda finding: -finding.level)


def _addresses(event: Event) -> list[tuple[str, str]]:
    """Each language's tag and the address of its public page; the first one is for everybody."""
    if event.published_at is None:
        return []
    tags = ["", *(variant.language_tag for variant in event.variants if len(event.variants) > 1)]
    return [(tag, absolute(link("public.event", slug=event.slug, tag=tag or None, tz=None))) for tag in tags]


def _page_number() -> int:
    asked = request.args.get("page", "")
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1  # noqa: PLR2004


def _reading() -> Reading:
    found: Reading = g.reading
    return found
