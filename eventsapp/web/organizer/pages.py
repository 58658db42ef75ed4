"""How an organizer's page is made: in the organizer's own language, kept by no cache, with the rail beside it."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, flash, g, request, url_for
from flask_wtf.csrf import generate_csrf

from eventsapp.config import Settings
from eventsapp.domain import languages
from eventsapp.domain.timezones import local
from eventsapp.domain.wording import in_language
from eventsapp.models import Event, User
from eventsapp.translations import INTERFACE_LANGUAGES
from eventsapp.web.headers import keep_private
from eventsapp.web.language import read_in
from eventsapp.web.organizer.trail_words import key_words, value_words
from eventsapp.web.pages import page


def furnish(app: Flask, _settings: Settings) -> None:
    """What organizers' templates use beside everything that the public ones do."""
    app.jinja_env.globals.update(
        {"at": at, "csrf_token": generate_csrf, "event_title": event_title, "with_query": with_query}
        | {"key_words": key_words, "value_words": value_words, "moment_of": moment_of}
    )
    app.context_processor(lambda: {"access": g.get("access")})


def speak_to(user: User) -> None:
    """The account's language, unless ``?lang=`` asks for another of the interface's."""
    g.asked_tag = asked_language() or languages.lookup(user.language_tag, INTERFACE_LANGUAGES, "en")
    read_in(INTERFACE_LANGUAGES, INTERFACE_LANGUAGES[0])


def asked_language() -> str | None:
    """What ``?lang=`` says, if it is a language of the interface."""
    asked = request.args.get("lang")
    return asked if asked in INTERFACE_LANGUAGES else None


def at(endpoint: str, **values: Any) -> str:
    """An organizer's page, of the organization and event that this one is about: ``at("events.index")``."""
    access = g.get("access")
    here: dict[str, Any] = {}
    if access is not None:
        here["organization"] = access.organization.slug
        if access.has_event:
            here["event"] = access.event.slug
    wanted = _arguments(f"organizer.{endpoint}")
    return url_for(f"organizer.{endpoint}", **({name: here[name] for name in here if name in wanted} | values))


def desk_page(template: str, *, status: int = 200, **context: Any) -> Response:
    """An organizer's page. In its context ``access`` is who has been let in where, or None."""
    return keep_private(page(template, status=status, **context))


def event_title(event: Event) -> str:
    """An event's title in the organizer's language where it has one, else in its own default language."""
    words = {variant.language_tag: variant.summary for variant in event.variants}
    return words.get(languages.lookup(g.reading.tag, list(words), event.default_language_tag), event.slug)


def with_query(**changed: Any) -> str:
    """This very page with other values in its query; None leaves one out."""
    query = {name: request.args.getlist(name) for name in request.args} | changed
    kept = {name: value for name, value in query.items() if value is not None}
    here = url_for(request.endpoint or "", **(request.view_args or {}))
    return f"{here}?{urlencode(kept, doseq=True)}" if kept else here  # url_for would take some names for its own


def moment_of(at: datetime) -> str:
    """An instant on the clock of whoever is signed in, who chose that clock: date and time of day."""
    return str(in_language(local(at, g.access.user.tzid).replace(tzinfo=None), g.reading.tag))


def say_done(sentence: str) -> None:
    """What the next page says at its top: the thing was done."""
    flash(sentence)


def _arguments(endpoint: str) -> set[str]:
    return {name for rule in current_app.url_map.iter_rules(endpoint) for name in rule.arguments}
