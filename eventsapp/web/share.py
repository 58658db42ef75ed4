"""The page with an event's text to copy into messages, in each of its languages, with the time in several cities."""

from dataclasses import dataclass

from flask import Response, request

from eventsapp.db import db
from eventsapp.domain.cities import City, city_key, city_of_key, search_cities
from eventsapp.domain.languages import direction, own_name
from eventsapp.domain.text import clean_line
from eventsapp.queries.announcements import MOST_CITIES, announcements, together
from eventsapp.queries.events import event_by_slug
from eventsapp.web.caching import cacheable
from eventsapp.web.editions import languages_of, words_in, words_of
from eventsapp.web.language import Reading, read_in
from eventsapp.web.pages import Pages, absolute, link, now, page, settings
from eventsapp.web.public import plain

share = Pages("share", __name__)

LONGEST_QUERY = 100
MOST_ANSWERS = 12


@dataclass(frozen=True, slots=True)
class Text:
    """One text to copy; ``lang`` is empty for the one in all languages."""

    id: str
    name: str
    lang: str
    dir: str
    text: str

    @property
    def rows(self) -> int:
        return self.text.count("\n") + 1


@dataclass(frozen=True, slots=True)
class Answer:
    """A city, and the address of this page with it or without it."""

    city: City
    url: str


@share.page("/events/<slug>/share")
def announcement(slug: str) -> Response:
    """``?city=`` names cities to add, by what ``domain.cities`` knows them by; what is no city is ignored."""
    event = event_by_slug(db.session(), plain(slug))
    reading = read_in(languages_of(event), event.default_language_tag)
    words = words_in(event, reading)
    added = _added(reading.tag)
    keys = list(added)
    at, own = now(), settings()
    texts = [
        Text(one.tag, own_name(one.tag), one.tag, direction(one.tag), one.text)
        for one in announcements(event, now=at, settings=own, cities=keys)
    ]
    texts.sort(key=lambda text: text.lang != reading.words)
    whole = together(event, now=at, settings=own, cities=keys) if len(texts) > 1 else ""
    query = clean_line(request.args.get("q", ""), LONGEST_QUERY) if len(keys) < MOST_CITIES else ""
    response = page(
        "public/share.html",
        event=event,
        organization=event.organization,
        title=words_of(words.summary, words.language_tag, reading),
        texts=texts,
        whole=Text("all", "", "", "auto", whole) if whole else None,
        keys=keys,
        added=[Answer(city, _with(slug, [other for other in keys if other != key])) for key, city in added.items()],
        may_add=len(keys) < MOST_CITIES,
        query=query,
        found=_found(slug, query, keys, reading),
        canonical=absolute(link("share.announcement", slug=slug, tz=None)),
        languages=languages_of(event),
    )
    return cacheable(response)


def _added(tag: str) -> dict[str, City]:
    """The cities that the address names, by key and as ``tag`` has them."""
    named = (city_of_key(clean_line(key, LONGEST_QUERY), tag) for key in request.args.getlist("city")[:MOST_CITIES])
    return {city_key(city, tag): city for city in named if city is not None}


def _found(slug: str, query: str, keys: list[str], reading: Reading) -> list[Answer]:
    cities = search_cities(query, reading.tag, MOST_ANSWERS) if query else []
    by_key = {city_key(city, reading.tag): city for city in cities}
    return [Answer(city, _with(slug, [*keys, key])) for key, city in by_key.items() if key not in keys]


def _with(slug: str, keys: list[str]) -> str:
    return link("share.announcement", slug=slug, tz=None, city=keys)
