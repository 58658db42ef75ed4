"""An organizer's own words for a letter, looked at before anybody gets them: what is probably a mistake."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from eventsapp.domain.errors import N_
from eventsapp.domain.markdown import PLACEHOLDER
from eventsapp.domain.vocabulary import Placeholder

GMAIL_CUTS_AT = 100_000  # bytes of HTML; Gmail hides what comes after 102 kB
LONGEST_SUBJECT = 78  # RFC 5322 §2.1.1, and what a telephone shows
_INSECURE = re.compile(r"\bhttp://[^\s)\]>\"]+", re.IGNORECASE)
_LINK_WITHOUT_SCHEME = re.compile(r"\]\((?!https?:|mailto:|\{)([^\s)]+)\)", re.IGNORECASE)
_IMAGE = re.compile(r"!\[([^\]]*)\]\(")
_BRACED = re.compile(r"\{[^\s{}]{1,60}\}")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A sentence as translations know it, and what fills it."""

    message: str
    values: dict[str, object] = field(default_factory=dict)


def doubts(subject: str, body: str) -> Iterator[Doubt]:
    """What a careful reader would ask about. Nothing of it keeps the words from being saved."""
    for name in sorted({found[0] for text in (subject, body) for found in _BRACED.finditer(text)}):
        if not (PLACEHOLDER.fullmatch(name) and name[1:-1] in set(Placeholder)):
            yield Doubt(N_("%(name)s is no placeholder, so it stays as you wrote it."), {"name": name})
    if body.strip() and not subject.strip():
        yield Doubt(N_("The subject is empty, so the standard one is used."))
    if len(subject) > LONGEST_SUBJECT:
        yield Doubt(N_("The subject is long; phones show only its beginning."))
    for url in sorted(set(_INSECURE.findall(body))):
        yield Doubt(N_("%(link)s begins with http and not https, so it becomes no link."), {"link": url})
    for url in sorted(set(_LINK_WITHOUT_SCHEME.findall(body))):
        yield Doubt(N_("%(link)s is no whole address, so it becomes no link; begin it with https://."), {"link": url})
    for alt in _IMAGE.findall(body):
        yield Doubt(
            N_("Letters show no images, only their words: %(words)s")
            if alt.strip()
            else N_("Letters show no images, and one of yours has no words that could stand there."),
            {"words": alt.strip()} if alt.strip() else {},
        )


def too_long(html: str) -> Iterator[Doubt]:
    """Of the whole letter as it would leave."""
    if len(html.encode()) > GMAIL_CUTS_AT:
        yield Doubt(N_("The letter is longer than 100 kB, so Gmail would hide its end."))
