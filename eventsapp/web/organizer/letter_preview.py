"""A letter as its reader would see it, on an organizer's page: text, HTML in a frame of its own, the calendar entry."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Response, g

from eventsapp.domain.letter_words import Doubt, too_long
from eventsapp.domain.vocabulary import Placeholder
from eventsapp.domain.wording import ReaderWords, reader_words
from eventsapp.ical.calendar import description
from eventsapp.mail.letters import Letter
from eventsapp.mail.rendering import placeholder_values, render
from eventsapp.translations import gettext
from eventsapp.web.headers import POLICY, keep_private
from eventsapp.web.mailbox import LETTER_POLICY


@dataclass(frozen=True, slots=True)
class Shown:
    """How a calendar shows the entry. ``when`` is by the clock of the letter's reader, in the organizer's language."""

    method: str
    summary: str
    when: ReaderWords
    location: str
    notes: str
    sequence: int
    tag: str


@dataclass(frozen=True, slots=True)
class Preview:
    tag: str
    subject: str
    text: str
    sender: str
    calendar: Shown | None
    doubts: list[str]


def preview_of(letter: Letter, found: Iterable[Doubt]) -> Preview:
    """``found`` is what the words alone were doubted for."""
    words = render(letter)
    doubts = [*found, *too_long(words.html)]
    return Preview(
        words.tag,
        words.subject,
        words.text,
        f"{letter.sender.name} <{letter.sender.email}>",
        _calendar(letter),
        [said(doubt) for doubt in doubts],
    )


def said(doubt: Doubt) -> str:
    return gettext(doubt.message, **doubt.values)


def examples(letter: Letter) -> dict[Placeholder, str]:
    """What each placeholder would say to this reader."""
    values = placeholder_values(letter)
    return {name: values[name] for name in Placeholder}


def html_frame(letter: Letter) -> Response:
    """The letter's own HTML for a frame on a page of ours: it may style itself and do nothing else."""
    response = keep_private(Response(render(letter).html, mimetype="text/html"))
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def with_frames(response: Response) -> Response:
    """For the pages that hold such a frame."""
    policy = {**POLICY, "frame-src": "'self'"}
    response.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    return response


def _calendar(letter: Letter) -> Shown | None:
    if letter.invitation is None:
        return None
    entry = letter.invitation.entry
    return Shown(
        letter.invitation.method,
        entry.summary,
        reader_words(entry.starts_at, entry.ends_at, letter.tzid, entry.tzid, g.reading.tag),
        entry.location,
        description(entry),
        entry.sequence,
        entry.language_tag,
    )
