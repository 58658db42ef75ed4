"""How a page is made: rendered, linked to its neighbours in the reader's language and zone, and kept by caches."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import jinja2
from flask import Blueprint, Flask, Response, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from eventsapp.config import Settings
from eventsapp.domain import languages, rooms
from eventsapp.domain.colour import PRODUCT_ACCENT
from eventsapp.domain.errors import Invalid
from eventsapp.domain.text import clean_line
from eventsapp.domain.timezones import canonical_tzid
from eventsapp.domain.wording import city_words
from eventsapp.models import Event, Organization
from eventsapp.translations import gettext, ngettext, npgettext, pgettext
from eventsapp.web.assets import accent_url, asset

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

TIMES = "times"
FORM_PAGE = "public.event"
LONGEST_SOURCE = 60
_CAMPAIGN = ("source", "medium", "campaign")
_WHOLE = re.compile(r"\b[^\W\d_]-\w+|\w…@")
_HALF_OF_DAY = re.compile(r"(?<=[:.]\d\d) (?=[^\W\d])")


class Pages(Blueprint):
    """A blueprint whose pages stand below ``/`` and below ``/<language_tag>/`` too; views never see the tag."""

    def page(self, rule: str, **options: Any) -> Callable[[View], View]:
        def add(view: View) -> View:
            self.add_url_rule(rule, view_func=view, **options)
            self.add_url_rule(f"/<tag:tag>{rule}", view_func=view, **options)
            return view

        return add


def dress(app: Flask, _settings: Settings) -> None:
    """What templates may use, and the two things that every request knows: the language tag and ``?tz=``."""
    app.jinja_env.undefined = jinja2.StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        {"_": gettext, "ngettext": ngettext, "pgettext": pgettext, "npgettext": npgettext}
        | {"home": home, "link": link, "elsewhere": elsewhere, "page_url": page_url, "zone_url": zone_url}
        | {"asset": asset, "accent_url": accent_url, "pattern_url": pattern_url, "absolute": absolute}
        | {"own_name": languages.own_name, "direction": languages.direction, "contact_url": contact_url}
        | {"grouped": rooms.grouped, "dialled": rooms.dialled, "city_words": city_words, "gap": gap}
        | {"source": source}
    )
    app.jinja_env.filters["zoned"] = zoned
    app.jinja_env.filters["whole_words"] = whole_words
    app.jinja_env.filters["whole_times"] = whole_times
    app.context_processor(lambda: {"reading": g.reading, "reader_tzid": reader_tzid()})
    app.url_value_preprocessor(_drop_tag)


def _arguments(endpoint: str) -> set[str]:
    return {name for rule in current_app.url_map.iter_rules(endpoint) for name in rule.arguments}


def _drop_tag(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None:
        values.pop("tag", None)  # ``g.asked_tag`` has it in its canonical form


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def now() -> datetime:
    """The present instant: the one place where the pages look at a clock."""
    return datetime.now(UTC)


def gap() -> str:
    """What stands between a label or a sentence and what follows it: Chinese and Japanese have full-width signs."""
    return "" if g.reading.body.split("-")[0] in {"zh", "ja"} else " "


def home() -> str:
    """The list of events in this page's language; known even where the request has no page."""
    return f"/{g.asked_tag}/" if g.asked_tag else "/"


def link(endpoint: str, **values: Any) -> str:
    """A page of ours in the language and zone of this one; ``tag=None`` or ``tz=None`` lets go of either.

    Whoever followed a link to an event keeps its ``source`` on the way to the form; what is not one reader's, and so
    names no zone, names no source either.
    """
    kept = {"tag": g.asked_tag, "tz": reader_tzid()}
    if endpoint == FORM_PAGE and "tz" not in values:
        kept["via"] = source() or None
    return url_for(endpoint, **(kept | values))


def elsewhere(tag: str | None, **values: Any) -> str:
    """This very page in another language, by GET; ``tag=None`` leaves the language to the browser."""
    if request.endpoint is None or "tag" not in _arguments(request.endpoint):
        return f"/{tag}/" if tag else "/"
    kept = {name: request.args[name] for name in ("page", "q", "return") if name in request.args}
    cities = {"city": request.args.getlist("city")} if "city" in request.args else {}
    return link(request.endpoint, **((request.view_args or {}) | kept | cities | {"tag": tag} | values))


def page_url(number: int) -> str:
    """Another page of this list."""
    assert request.endpoint is not None  # noqa: S101  a list is a page
    return link(request.endpoint, **((request.view_args or {}) | {"page": number if number > 1 else None}))


def zone_url() -> str:
    """Where one chooses the zone, and comes back from to this page."""
    kept = {"page": request.args.get("page"), "via": source() if request.endpoint == FORM_PAGE else None}
    query = urlencode({name: value for name, value in kept.items() if value})
    return link("zones.choose", tz=None, **{"return": request.path + (f"?{query}" if query else "")})


def source() -> str:
    """Where the reader came from, as the followed link says: ``?via=``, or what marketing tools call it (utm_…)."""
    said = request.form if request.method == "POST" else request.args
    marks = [said.get("via", "")] if said.get("via") else [said.get(f"utm_{name}", "") for name in _CAMPAIGN]
    return clean_line(" / ".join(mark for mark in map(clean_line, marks) if mark), LONGEST_SOURCE)


def contact_url(event: Event | None, organization: Organization) -> str:
    """Where people can write to; an empty text where neither the event nor its organization names anything."""
    contact = (event.contact if event else "") or organization.contact
    if contact.startswith(("https://", "mailto:")):
        return contact
    return f"mailto:{quote(contact, safe='@+')}" if "@" in contact else ""


def pattern_url(event: Event) -> str:
    """The generated picture of an event that has none of its own."""
    return f"/pattern/{accent_of(event.organization)}/{event.slug}.svg"


def accent_of(organization: Organization) -> str:
    """Six hex digits."""
    return (organization.accent or PRODUCT_ACCENT).lstrip("#").lower()


def absolute(path: str) -> str:
    """A path of ours with the public address before it, whatever host the request named."""
    return settings().base_url + path


def reader_tzid() -> str | None:
    """The zone that the address names by ``?tz=``, or None; what is no offered zone is ignored."""
    try:
        return canonical_tzid(request.args.get("tz", "")) if request.args.get("tz") else None
    except Invalid:
        return None


def asked_part() -> str | None:
    """What the address asks for by ``?part=``, or None for the whole page; there is no other part than the times."""
    return TIMES if request.args.get("part") == TIMES else None


def whole_words(text: str) -> Markup:
    """No line ends behind the one letter of a word like "e-mail" or of a masked address."""
    return Markup(_WHOLE.sub(r'<span class="whole">\g<0></span>', str(escape(text))))  # noqa: S704  escaped


def whole_times(text: str) -> str:
    """No line ends within "5:00 pm"."""
    return _HALF_OF_DAY.sub("\u00a0", text)


def zoned(markup: str) -> str:
    """The template filter around what hangs on the reader's zone: it stays where it is, and ``times_of`` knows it."""
    g.zoned.append(markup)
    return markup


def times_of(whole: Response) -> Response:
    """The page itself; where ``?part=times`` asks for no more, only what of it hangs on the reader's zone.

    The script puts that into the page it stands in, so that nobody loads a whole page twice.
    """
    if asked_part() is None:
        return whole
    response = page("public/times.html", times=g.zoned)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def page(template: str, *, status: int = 200, **context: Any) -> Response:
    """An HTML page that no cache keeps unless ``cacheable`` or ``keep_private`` says more."""
    g.zoned = []  # of this page alone
    return Response(render_template(template, **context), status, mimetype="text/html")
