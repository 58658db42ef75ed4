"""What a page tells machines: schema.org events as JSON-LD. Public facts only; never a room's link."""

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from eventsapp.models import Event, LanguageVariant
from eventsapp.web.editions import Edition
from eventsapp.web.pages import absolute, link

SCHEMA = "https://schema.org"
ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def structured_data(
    event: Event,
    words: LanguageVariant,
    editions: Sequence[Edition],
    *,
    url: str,
    pictures: Sequence[str],
    organization_url: str,
) -> Markup:
    """One schema.org Event for each edition, as the text of a ``<script type="application/ld+json">``.

    Where the event has several languages there is a WebPage too: this one, with those that are its translations.
    """
    several = len(event.variants) > 1
    shared = {
        "@type": "Event",
        "name": words.summary,
        "description": words.excerpt or words.summary,
        "image": pictures[0] if len(pictures) == 1 else pictures,
        "url": url,
        "organizer": {"@type": "Organization", "name": event.organization.name, "url": organization_url},
    }
    if several:
        shared["subjectOf"] = {"@id": url}
    tags = [variant.language_tag for variant in event.variants]
    data = [
        shared | _edition(edition, edition.language_tag or (tags if several else tags[0]), url) for edition in editions
    ]
    if several:
        data.append(_page(event, words))
    whole = {"@context": SCHEMA} | (data[0] if len(data) == 1 else {"@graph": data})
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(ESCAPES))  # noqa: S704  JSON with everything that HTML could read as markup escaped


def _page(event: Event, words: LanguageVariant) -> dict[str, Any]:
    """The announcement itself, which exists once in each language; the event's default language has the original."""
    pages = {
        variant.language_tag: {
            "@type": "WebPage",
            "@id": absolute(link("public.event", slug=event.slug, tag=variant.language_tag, tz=None)),
            "name": variant.summary,
            "inLanguage": variant.language_tag,
        }
        for variant in event.variants
    }
    original = pages.pop(event.default_language_tag)
    whole = original | {"workTranslation": list(pages.values())}
    own = pages.get(words.language_tag)
    return whole if own is None else own | {"translationOfWork": original}


def _edition(edition: Edition, held: str | list[str], url: str) -> dict[str, Any]:
    status = "EventCancelled" if edition.called_off else "EventScheduled"
    places: list[dict[str, Any]] = []
    if edition.online:
        places.append({"@type": "VirtualLocation", "url": url})
    if edition.location:
        places.append({"@type": "Place", "name": edition.location.text, "address": edition.location.text})
    mode = {(True, False): "Online", (False, True): "Offline"}.get((edition.online, bool(edition.location)), "Mixed")
    return {
        "@id": f"{url}#date:{edition.key}",
        "startDate": edition.words.iso_start,
        "endDate": edition.words.iso_end,
        "eventStatus": f"{SCHEMA}/{status}",
        "eventAttendanceMode": f"{SCHEMA}/{mode}EventAttendanceMode",
        "location": places[0] if len(places) == 1 else places,
        "inLanguage": held,
    }
