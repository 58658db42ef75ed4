"""The page on which one chooses the time zone that pages speak in. It leads back to pages of ours and nowhere else."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from eventsapp.domain.cities import City, search_cities
from eventsapp.domain.text import clean_line
from eventsapp.domain.wording import zone_words
from eventsapp.translations import INTERFACE_LANGUAGES
from eventsapp.web.caching import cacheable
from eventsapp.web.headers import SECRET_ADDRESSES, keep_private
from eventsapp.web.language import read_in
from eventsapp.web.pages import Pages, home, now, page

zones = Pages("zones", __name__)

LONGEST_QUERY = 100
MOST_CITIES = 100
MOST_OTHERS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A zone that a search led to; ``words`` have its offset of today."""

    city: City
    words: str
    others: list[str]
    url: str


@zones.page("/time-zone")
def choose() -> Response:
    """Search by city, country or zone; each answer is a link back with ``?tz=``."""
    reading = read_in(INTERFACE_LANGUAGES, INTERFACE_LANGUAGES[0])
    query = clean_line(request.args.get("q", ""), LONGEST_QUERY)
    back = own_path(request.args.get("return", ""))
    response = page(
        "public/time_zone.html",
        query=query,
        back=back,
        found=_found(query, back, reading.tag) if query else [],
        languages=list(INTERFACE_LANGUAGES),
    )
    return keep_private(response, secret=True) if is_secret(back) else cacheable(response)


def is_secret(path: str) -> bool:
    """Whether the address of this page of ours is known to one person alone."""
    try:
        _endpoint, values = current_app.url_map.bind("").match(unquote(urlsplit(path).path), method="GET")
    except (HTTPException, RequestRedirect):
        return False
    return not SECRET_ADDRESSES.isdisjoint(values)


def own_path(given: str) -> str:
    """``given`` where it is the path of a page of ours, with its query; else the front page."""
    parts = urlsplit(given) if given.startswith("/") and given.isascii() and given.isprintable() else None
    if parts is None or parts.scheme or parts.netloc or "\\" in unquote(given) or given.startswith("//"):
        return home()
    path = unquote(parts.path)
    try:
        endpoint, _values = current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return home()
    if endpoint == "static" or path.startswith("//"):
        return home()
    return quote(path) + (f"?{parts.query}" if parts.query else "")


def with_zone(path: str, tzid: str) -> str:
    """The same page in that zone."""
    parts = urlsplit(path)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name != "tz"]
    return f"{parts.path}?{urlencode([*kept, ('tz', tzid)], safe='/')}"


def _found(query: str, back: str, tag: str) -> list[Found]:
    """What the search finds, one answer for each zone: the best city first, the zone's others after it."""
    by_zone: dict[str, list[City]] = {}
    for city in search_cities(query, tag, MOST_CITIES):
        by_zone.setdefault(city.tzid, []).append(city)
    return [
        Found(
            city=first,
            words=zone_words(tzid, now(), tag),
            others=[city.name for city in others[:MOST_OTHERS]],
            url=with_zone(back, tzid),
        )
        for tzid, (first, *others) in by_zone.items()
    ]
