"""The language of a request: named by the path, or else negotiated. A path that names one is never second-guessed."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from flask import Flask, Response, g, redirect, request
from werkzeug.routing import BaseConverter, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from eventsapp.config import Settings
from eventsapp.domain import languages
from eventsapp.domain.errors import Invalid
from eventsapp.translations import INTERFACE_LANGUAGES, interface_language, speaking

TAG = r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*"
_FIRST_SEGMENT = re.compile(rf"/({TAG})(?:/|$)")


@dataclass(frozen=True, slots=True)
class Reading:
    """Which languages a page speaks.

    ``tag`` is the page's own (``<html lang>``, dates and zone names), ``words`` the one of what the organizer wrote,
    ``interface`` the one of our own words. Where our words do not exist in the page's language the ``body`` is in
    theirs, and every passage that differs from the body carries its own ``lang``.
    """

    tag: str
    words: str
    interface: str

    @property
    def body(self) -> str:
        return self.tag if languages.related(self.interface, self.tag) else self.interface

    @property
    def direction(self) -> str:
        return languages.direction(self.tag)


class LanguageTag(BaseConverter):
    """A first path segment that is a BCP 47 tag we know; any spelling matches."""

    regex = TAG

    def to_python(self, value: str) -> str:
        try:
            return languages.canonical_tag(value)
        except Invalid as error:
            raise ValidationError from error


def speak(app: Flask, _settings: Settings) -> None:
    """Let every request speak a language from its start to its end; a page may refine it by ``read_in``."""
    app.url_map.converters["tag"] = LanguageTag
    app.before_request(_begin)
    app.before_request(_tidy_tag)
    app.teardown_request(_end)
    app.after_request(_vary)


def asked_tag() -> str | None:
    """The canonical tag that the path names, or None."""
    found = _FIRST_SEGMENT.match(request.path)
    try:
        return languages.canonical_tag(found[1]) if found else None
    except Invalid:
        return None


def read_in(available: Sequence[str], default: str) -> Reading:
    """Settle the page's languages among those that its words exist in, and speak accordingly from here on.

    Where neither the words nor the interface exist in the asked language, the page is in the language of its words. A
    browser that is asked names its region too, and so dates and clocks are those of its country.
    """
    g.read_among = available, default
    return _speak(_settled(g.asked_tag, request.headers.get("Accept-Language"), tuple(available), default))


@lru_cache(maxsize=1024)
def _settled(path: str | None, header: str | None, available: tuple[str, ...], default: str) -> Reading:
    """``path`` names the tag that the address does, ``header`` is what the browser accepts."""
    asked = path or _wished(header, available) or default
    words = languages.lookup(asked, available, default if path else languages.negotiate(header, available, default))
    tag = asked if _speaks(asked) or languages.alike(words, asked) else words
    return Reading(tag=tag, words=words, interface=interface_language(tag))


def letter_languages(words: Sequence[str]) -> list[str]:
    """What letters about an event can be had in: the languages of its own ``words``, then those of the interface."""
    return [*words, *(tag for tag in INTERFACE_LANGUAGES if not any(languages.alike(tag, own) for own in words))]


def _begin() -> None:
    g.speech = ExitStack()
    g.asked_tag = asked_tag()
    read_in(INTERFACE_LANGUAGES, INTERFACE_LANGUAGES[0])


def _speak(reading: Reading) -> Reading:
    g.reading = reading
    g.speech.enter_context(speaking(reading.body))
    return reading


def _wished(header: str | None, available: Sequence[str]) -> str:
    """The tag that the browser wishes most among those which our words, or these, are read by."""
    for tag in languages.wishes(header):
        if tag == "*":
            break
        if _speaks(tag) or languages.lookup(tag, available, ""):
            return tag
    return ""


def _speaks(tag: str) -> bool:
    return languages.alike(interface_language(tag), tag)


def _tidy_tag() -> AnyResponse | None:
    """``/ES/events/forum`` is ``/es/events/forum``: one page, one address."""
    found = _FIRST_SEGMENT.match(request.path)
    if g.asked_tag is None or found is None or found[1] == g.asked_tag or request.endpoint is None:
        return None
    if request.method not in {"GET", "HEAD"}:
        return None
    path = f"/{g.asked_tag}{quote(request.path[1 + len(found[1]) :])}"
    query = request.query_string.decode("latin-1")
    return redirect(f"{path}?{query}" if query else path, 308)


def _vary(response: Response) -> Response:
    """What was negotiated says so. Shared caches ask about it each time all the same: many of them know no Vary."""
    if response.mimetype in {"text/html", "text/calendar"} and g.get("asked_tag") is None:
        response.vary.add("Accept-Language")
        if "max-age=" in response.headers.get("Cache-Control", ""):
            response.headers["Cache-Control"] += ", s-maxage=0"
    return response


def _end(_error: BaseException | None) -> None:
    speech: ExitStack | None = g.pop("speech", None)
    if speech is not None:
        speech.close()
