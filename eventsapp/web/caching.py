"""Public answers that caches may keep, the conditional requests by which they ask whether they still may, and our own
cache of them.

What is kept here is as right as what would be made anew, at any moment: an answer is given again only while the stamp
is the same that was read before it was made (``models.EventStamp``), and before the next moment at which the clock
alone would change it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from flask import Flask, Response, current_app, g, request

from eventsapp.config import Settings
from eventsapp.web.language import read_in

MOST_BYTES = 16 * 1024 * 1024
_OWN_BYTES = 1_000  # about what an answer takes besides its body
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")
# The words of an address that change what a public page says; whatever else follows the "?" is nothing to us.
_READ = ("tz", "part", "via", "utm_source", "utm_medium", "utm_campaign", "page", "q", "return", "city")


def cacheable(response: Response, *, last_modified: datetime | None = None, seconds: int = 0) -> Response:
    """A public answer that carries no byte of one visitor: kept by caches, and asked about by its hash.

    Answers If-None-Match (lists, weak tags) with 304; If-Modified-Since only where there is no If-None-Match.
    """
    return asked_about(public(response, last_modified=last_modified, seconds=seconds))


def public(response: Response, *, last_modified: datetime | None = None, seconds: int = 0) -> Response:
    """The same answer whatever the browser has already; ``asked_about`` is still to come."""
    response.headers["Cache-Control"] = f"public, max-age={seconds}" if seconds else "public, no-cache"
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    if last_modified is not None:
        response.last_modified = last_modified
    return response


def asked_about(response: Response) -> Response:
    """304 where the browser has it already."""
    environ = request.environ
    if any(name in environ for name in _CONDITIONS):
        asked = dict(environ)
        if "HTTP_IF_NONE_MATCH" in asked:
            asked.pop("HTTP_IF_MODIFIED_SINCE", None)
        response.make_conditional(asked)
    return response


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of status 200, good from ``since`` on and before ``until`` (None: for ever) under its stamp."""

    stamp: Hashable
    since: datetime
    until: datetime | None
    body: bytes
    headers: list[tuple[str, str]]

    @property
    def size(self) -> int:
        return len(self.body) + _OWN_BYTES

    def holds(self, stamp: Hashable, at: datetime) -> bool:
        return self.stamp == stamp and self.since <= at and (self.until is None or at < self.until)


class Shelf:
    """The answers of this process that were asked for last, so many bytes of them."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most, self._bytes = most, 0
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._languages: OrderedDict[Hashable, tuple[Hashable, tuple[list[str], str]]] = OrderedDict()
        self._lock = Lock()

    def languages(self, place: Hashable, stamp: Hashable) -> tuple[list[str], str] | None:
        """What ``read_in`` was asked when the answers of this address were made, under the same stamp."""
        known, languages = self._languages.get(place, (None, None))
        return languages if known == stamp else None

    def find(self, key: Hashable, stamp: Hashable, at: datetime) -> Answer | None:
        with self._lock:
            answer = self._answers.get(key)
            if answer is None or not answer.holds(stamp, at):
                return None
            self._answers.move_to_end(key)
            return answer

    def keep(self, place: Hashable, key: Hashable, languages: tuple[list[str], str], answer: Answer) -> None:
        """Nothing that would take more than half of the room."""
        if answer.size > self._most // 2:
            return
        with self._lock:
            if known := self._answers.pop(key, None):
                self._bytes -= known.size
            self._answers[key] = answer
            self._bytes += answer.size
            while self._bytes > self._most:
                self._bytes -= self._answers.popitem(last=False)[1].size
            self._languages[place] = answer.stamp, languages
            self._languages.move_to_end(place)
            while len(self._languages) > len(self._answers):
                self._languages.popitem(last=False)


def shelve(app: Flask, _settings: Settings) -> None:
    """Give the application a shelf."""
    app.extensions["shelf"] = Shelf()


def answer(
    stamp: Hashable, at: datetime, make: Callable[[], Response], until: Callable[[], datetime | None]
) -> Response:
    """What ``make`` makes, or has made under the same stamp for the same address, language and zone.

    ``make`` gives a ``public`` answer, and speaks by ``read_in``. ``stamp`` was read before anything that it shows.
    ``until`` says the next moment after ``at`` at which it would say something else.
    """
    shelf: Shelf = current_app.extensions["shelf"]
    asked = request.args
    place = request.path, tuple((name, *asked.getlist(name)) for name in _READ if name in asked)
    if languages := shelf.languages(place, stamp):
        read_in(*languages)
        if found := shelf.find((place, g.reading), stamp, at):
            return asked_about(Response(found.body, headers=found.headers))
    made = make()
    if made.status_code == 200:  # noqa: PLR2004
        kept = Answer(stamp, at, until(), made.get_data(), list(made.headers))
        shelf.keep(place, (place, g.reading), g.read_among, kept)
    return asked_about(made)
