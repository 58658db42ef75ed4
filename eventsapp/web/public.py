"""The pages for everybody: what is coming up, one event, one organization, and the calendar files of an event."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, abort, g, request
from sqlalchemy.orm import Session

from eventsapp.db import db, glance
from eventsapp.domain.errors import NotFound
from eventsapp.domain.languages import country_names
from eventsapp.domain.markdown import to_html
from eventsapp.domain.vocabulary import Visibility
from eventsapp.drawing.poster import Poster
from eventsapp.ical import Written
from eventsapp.models import Event
from eventsapp.queries.entries import public_entry
from eventsapp.queries.events import Listing, events_of_organization, upcoming
from eventsapp.queries.posters import poster_of
from eventsapp.queries.registrations import options_left
from eventsapp.queries.shown import event_shown, languages_shown, next_change, stamp_of, stamp_of_all
from eventsapp.translations import INTERFACE_LANGUAGES
from eventsapp.web.caching import answer
from eventsapp.web.caching import public as public_answer
from eventsapp.web.calendars import calendar_file
from eventsapp.web.editions import (
    languages_of,
    listed,
    listed_editions,
    opening_of,
    own_first,
    topics_of,
    whole_editions,
    words_in,
    words_of,
)
from eventsapp.web.feeds import stored
from eventsapp.web.forms import TRAP, RegistrationForm
from eventsapp.web.language import Reading, read_in
from eventsapp.web.pages import Pages, absolute, link, now, page, reader_tzid, settings, times_of
from eventsapp.web.structured import structured_data

public = Pages("public", __name__)
LAST_PAGE_DIGITS = 4


@public.page("/")
def front() -> Response:
    """All public events to come."""
    return _list("public/front.html", lambda at: (upcoming(_session(), now=at, page=_page_number()), {}))


@public.page("/organizations/<slug>")
def organization(slug: str) -> Response:
    plain(slug)

    def look(at: datetime) -> tuple[Listing, dict[str, Any]]:
        found, listing = events_of_organization(_session(), slug, now=at, page=_page_number())
        return listing, {"organization": found}

    return _list("public/organization.html", look)


@public.page("/events/<slug>")
def event(slug: str) -> Response:
    at, found = now(), _stamp(slug)
    return answer(
        found,
        at,
        lambda: public_answer(times_of(event_page(event_shown(_session(), *found)))),
        lambda: next_change(_session(), [event_shown(_session(), *found)], now=at),
    )


def event_page(event: Event, *, form: RegistrationForm | None = None, status: int = 200) -> Response:
    """An event with its form; after a mistake ``form`` is the one that was sent, with what is wrong in it."""
    reading = read_in(languages_of(event), event.default_language_tag)
    by_time = whole_editions(
        _session(), event, reading=reading, reader_tzid=reader_tzid(), now=now(), settings=settings()
    )
    editions = own_first(event, by_time, reading)
    words = words_in(event, reading)
    left = options_left(_session(), event)
    form = form or RegistrationForm(event, editions, reading=reading, reader_tzid=reader_tzid(), left=left)
    path = link("public.event", slug=event.slug, tag=reading.words, tz=None)
    poster = poster_of(event, reading.words, now=now(), settings=settings())
    pictures = _pictures(event, poster)
    return page(
        "public/event.html",
        status=status,
        event=event,
        organization=event.organization,
        editions=editions,
        title=words_of(words.summary, words.language_tag, reading),
        excerpt=words_of(words.excerpt, words.language_tag, reading),
        about=words_of(to_html(words.description), words.language_tag, reading),
        bring=words_of(to_html(words.what_to_bring), words.language_tag, reading),
        picture_alt=words_of(words.picture_alt, words.language_tag, reading),
        topics=topics_of(event, reading),
        opening=opening_of(event, reading.tag),
        form=form,
        languages=languages_of(event),
        canonical=absolute(path if g.asked_tag else link("public.event", slug=event.slug, tz=None)),
        poster=poster,
        poster_url=pictures[0],
        listed=event.visibility is Visibility.PUBLIC,
        data=structured_data(
            event,
            words,
            by_time,
            url=absolute(path),
            pictures=pictures,
            organization_url=absolute(link("public.organization", slug=event.organization.slug, tag=None, tz=None)),
        ),
        countries=dict(country_names(reading.tag)),
        trap=TRAP,
    )


@public.page("/events/<slug>/<key>.ics")
def calendar(slug: str, key: str) -> Response:
    """One occurrence, or with ``calendar`` all of them: the file to add once, or to subscribe to."""
    found = _stamp(slug)

    def make() -> Response:
        session = _session()
        if key != "calendar":
            return _calendar(event_shown(session, *found), key)
        reading = read_in(*languages_shown(session, found[0]))

        def render(written: Written) -> Response:
            return _calendar(event_shown(session, *found), key, written)

        return stored(found[0], reading.words, found[1], render, settings=settings())

    return answer(found, now(), make, lambda: None)  # no file of these says anything else by the clock alone


def _calendar(event: Event, key: str, written: Written | None = None) -> Response:
    reading = read_in(languages_of(event), event.default_language_tag)
    words = words_in(event, reading)
    chosen = [occurrence for occurrence in event.occurrences if key in ("calendar", occurrence.key)]
    if not chosen:
        abort(404)
    entries = [public_entry(occurrence, reading.words, settings=settings()) for occurrence in chosen]
    if key == "calendar":
        url = absolute(link("public.calendar", slug=event.slug, key=key, tag=reading.words, tz=None))
        names = {"name": event.slug, "title": words.summary, "feed": words.summary, "feed_url": url}
    else:
        names = {"name": f"{event.slug}-{key}", "title": words.summary}
    return calendar_file(entries, changed_at=event.changed_at, written=written, **names)


def _stamp(slug: str) -> tuple[int, int]:
    """A published event's id and stamp. Raises NotFound."""
    plain(slug)
    with glance() as connection:
        found = stamp_of(connection, slug)
    if found is None:
        raise NotFound("There is no such page.")
    return found


def plain(slug: str) -> str:
    """A slug as it may stand in a record; anything else is no address of ours and asks no database."""
    if not (slug.isascii() and slug.replace("-", "").isalnum()):
        abort(404)
    return slug


def _list(template: str, look: Callable[[datetime], tuple[Listing, dict[str, Any]]]) -> Response:
    """A page of a list, or what was made of it while all events were the same. One statement then."""
    at = now()
    shown: list[Event] = []

    def make() -> Response:
        session = _session()
        listing, context = look(at)
        shown.extend(listing.events)
        tags = {tag for event in listing.events for tag in languages_of(event)}
        offered = [*INTERFACE_LANGUAGES, *sorted(tags - set(INTERFACE_LANGUAGES))]
        reading = read_in(offered, INTERFACE_LANGUAGES[0])
        editions = listed_editions(session, listing.events, reading=reading, reader_tzid=reader_tzid(), now=at)
        entries = [listed(event, editions[event.id], reading=reading) for event in listing.events]
        canonical = _canonical(listing, reading)
        context |= {"listing": listing, "entries": entries, "languages": offered, "canonical": canonical}
        return public_answer(times_of(page(template, **context)))

    with glance() as connection:
        stamp = stamp_of_all(connection)
    return answer(stamp, at, make, lambda: next_change(_session(), shown, now=at, of_lists=True))


def _canonical(listing: Listing, reading: Reading) -> str:
    assert request.endpoint is not None  # noqa: S101  a page was found
    number = listing.page if listing.page > 1 else None
    tag = reading.tag if g.asked_tag else None
    return absolute(link(request.endpoint, **(request.view_args or {}), page=number, tag=tag, tz=None))


def _page_number() -> int:
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= LAST_PAGE_DIGITS):
        raise NotFound("There is no such page.")
    return int(text)


def _pictures(event: Event, poster: Poster) -> list[str]:
    """The poster, and the event's own picture."""
    shared = link("poster.share_picture", slug=event.slug, tag=poster.tag, tz=None, v=poster.name[:8])
    own = [link("assets.picture", name=event.picture, tag=None, tz=None)] if event.picture else []
    return [absolute(path) for path in (shared, *own)]


def _session() -> Session:
    return db.session()
