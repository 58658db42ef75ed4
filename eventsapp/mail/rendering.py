"""A letter in words: subject, text and HTML from the templates under ``templates/mail``. Knows nothing of MIME.

What a person typed reaches a template only as plain text made inert; links come from the letter's own values.
"""

import json
import re
import textwrap
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_eval_context, select_autoescape
from jinja2.nodes import EvalContext
from markupsafe import Markup

from eventsapp.config import resource
from eventsapp.domain.colour import INK, PANEL, PAPER, accent_steps
from eventsapp.domain.languages import direction, language_name, listed, own_name, related, spoken
from eventsapp.domain.markdown import fill_html, fill_line, fill_plain, to_html, to_plain
from eventsapp.domain.timezones import local
from eventsapp.domain.vocabulary import FOLLOW_UPS, SCHEDULED_LETTERS, LetterKind, Placeholder, PlaceState
from eventsapp.domain.wording import (
    ReaderWords,
    TimeWords,
    duration_words,
    in_language,
    moment_words,
    reader_words,
    soon_words,
    time_words,
)
from eventsapp.ical.add_links import SERVICES
from eventsapp.mail.changes import Change, changes_of, news_of
from eventsapp.mail.inert import inert
from eventsapp.mail.letters import Letter, Passage, Slot
from eventsapp.mail.staff_words import staff_values
from eventsapp.translations import gettext, interface_language, ngettext, pgettext, speaking
from eventsapp.translations import gettext as _

TEXT_WIDTH = 72
_MOST_ADD_LINKS = 2  # places; with more, each place's own invite carries them
_MANY_DATES = 4  # from then on each is a short row, so that twenty stay below the 102 kB where Gmail cuts
_MOST_FOR_PROGRAMS = 3  # dates as structured data; each place's own invite carries its own

_NEARLY = timedelta(minutes=1)
_SOON = timedelta(minutes=62)  # an hour, and the time that a letter waits

_RESERVATION = {
    PlaceState.CONFIRMED: "ReservationConfirmed",
    PlaceState.WAITLISTED: "ReservationHold",
    PlaceState.PENDING: "ReservationPending",
    PlaceState.UNVERIFIED: "ReservationPending",
    PlaceState.CANCELLED: "ReservationCancelled",
    PlaceState.DECLINED: "ReservationCancelled",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """``tag`` is the language that subject, text and HTML are written in."""

    tag: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A slot with its words. ``yours`` are the reader's times, ``theirs`` those of the event's own zone."""

    slot: Slot
    state: str
    yours: ReaderWords
    theirs: TimeWords
    held_in: str
    opens: str
    location: Passage
    add_links: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]

    @property
    def confirmed(self) -> bool:
        return self.slot.state is PlaceState.CONFIRMED

    @property
    def joins(self) -> bool:
        """Confirmed, and held online: an address alone is not joined by a link."""
        return self.slot.joins


def letter_tag(asked: str) -> str:
    """The language a letter is written in: the one asked for where the interface speaks it, else the interface's."""
    spoken = interface_language(asked)
    return asked if related(asked, spoken) else spoken


def render(letter: Letter) -> Rendered:
    """All three forms say the same facts. Raises where a template asks for something that is not there."""
    tag = letter_tag(letter.language_tag)
    with speaking(tag):
        values = _values(letter, tag)
        subject = _own_subject(letter) or _template(letter.kind, "subject.txt").render(values)
        values["subject"] = " ".join(subject.split())
        if letter.trial:
            values["subject"] = _("Test: %(subject)s", subject=values["subject"])
        text = _template(letter.kind, "body.txt").render(values)
        html = _template(letter.kind, "body.html").render(values)
    return Rendered(tag, values["subject"], _tidy(text), _inliner().inline(html))


def _values(letter: Letter, tag: str) -> dict[str, Any]:
    """All that a template may name."""
    about = tuple(_shown(slot, letter, tag) for slot in letter.about)
    others = tuple(_shown(slot, letter, tag) for slot in letter.others)
    return {
        "letter": letter,
        "tag": tag,
        "dir": direction(tag),
        "start": "right" if direction(tag) == "rtl" else "left",
        "end": "left" if direction(tag) == "rtl" else "right",
        "name": inert(letter.name),
        "about": about,
        "others": others,
        "many": len(about) >= _MANY_DATES,
        "first": about[0] if about else None,
        "news": news_of(letter),
        "own": _own_words(letter),
        "manage": _manage_words(letter) if letter.manage_url else "",
        "ahead": _ahead(letter, about[0], tag) if letter.until_start is not None else "",
        "starts": _start_words(about[0], letter, tag) if about else "",
        "begins": _begin_words(about[0], letter, tag) if about else "",
        "ticket": f"cid:{ticket_cid(letter)}" if letter.ticket_url else "",
        "unsubscribe": _unsubscribe_words(letter) if letter.unsubscribe_url else "",
        "bring_html": Markup(to_html(letter.what_to_bring.text)),  # noqa: S704  safe HTML by domain.markdown
        "bring_text": to_plain(letter.what_to_bring.text, width=TEXT_WIDTH - 2),
        "until": moment_words(letter.action_until, letter.tzid, tag) if letter.action_until else "",
        "data": _structured_data(letter, about + others) if (about or others) and letter.role is None else "",
        "colours": _colours(letter.accent),
        **(staff_values(letter, tag) if letter.role is not None else {}),
    }


def _shown(slot: Slot, letter: Letter, tag: str) -> Shown:
    yours = reader_words(slot.starts_at, slot.ends_at, letter.tzid, slot.tzid, tag)
    return Shown(
        slot=slot,
        state=_state_words(slot),
        yours=yours,
        theirs=time_words(slot.starts_at, slot.ends_at, slot.tzid, tag),
        held_in=_held_in(slot.held_tag, tag),
        opens=_("The room is open.") if _is_open(slot, letter) else _opening_words(slot, letter.tzid, tag),
        location=slot.location,
        add_links=_add_links(slot, letter),
        changes=changes_of(slot, letter, tag),
    )


def _state_words(slot: Slot) -> str:
    return {
        PlaceState.CONFIRMED: pgettext("place", "Confirmed"),
        PlaceState.WAITLISTED: _("On the waiting list"),
        PlaceState.PENDING: _("Waiting for approval"),
        PlaceState.UNVERIFIED: _("E-mail address not confirmed"),
        PlaceState.CANCELLED: pgettext("place", "Cancelled"),
        PlaceState.DECLINED: _("Not accepted"),
    }[slot.state]


def _held_in(held_tag: str, tag: str) -> str:
    if not held_tag:
        return ""
    named, own = language_name(spoken(held_tag), tag), own_name(spoken(held_tag))
    named = named[:1].upper() + named[1:]
    return named if named.casefold() == own.casefold() else f"{named} ({own})"


def _is_open(slot: Slot, letter: Letter) -> bool:
    """Whether a reminder leaves when one can join already."""
    if not slot.joins or letter.until_start is None:
        return False
    return letter.until_start <= timedelta(seconds=slot.join_opens_seconds)


def _opening_words(slot: Slot, tzid: str, tag: str) -> str:
    if not slot.joins:
        return ""
    if not slot.join_opens_seconds:
        return _("The room opens at the start.")
    opens_at = slot.starts_at - timedelta(seconds=slot.join_opens_seconds)
    return _(
        "The room opens %(duration)s before the start, at %(time)s your time.",
        duration=duration_words(slot.join_opens_seconds, tag),
        time=time_words(opens_at, slot.ends_at, tzid, tag).start,
    )


def _add_links(slot: Slot, letter: Letter) -> tuple[tuple[str, str], ...]:
    """Names of calendar services, and addresses of ours that lead on to them: short enough for a plain text letter."""
    if letter.role is not None:
        return ()  # staff have no join link that they could hang on
    confirmed = sum(one.held for one in letter.about + letter.others)
    too_many = confirmed > _MOST_ADD_LINKS and letter.kind is not LetterKind.INVITE
    if not slot.held or too_many or letter.kind in SCHEDULED_LETTERS:
        return ()
    return tuple((name, f"{letter.join_url}/{slot.key}/{service}") for service, name in SERVICES.items())


def _manage_words(letter: Letter) -> str:
    """What the link to one's registration is good for."""
    if letter.event_called_off or letter.kind in FOLLOW_UPS:
        return _("See your registration and your data")
    if letter.kind is not LetterKind.CANCELLED:
        return _("Change or cancel your registration")
    if letter.about[0].called_off:
        return _("Choose another date or cancel your registration")
    return _("Changed your mind? Come back or choose another date")


def _ahead(letter: Letter, first: Shown, tag: str) -> str:
    """How far ahead a date is as its reminder leaves. A day is named, too, so that nobody goes by it on another one."""
    left = letter.until_start or timedelta(0)
    if left < _NEARLY:
        return _("It starts now") if left > -_NEARLY else _("It has begun")
    if left < _SOON:
        soon = soon_words(left, tag)
        return _("%(soon)s, at %(time)s", soon=soon[:1].upper() + soon[1:], time=first.yours.start)
    starts_at = first.slot.starts_at
    days = (local(starts_at, letter.tzid).date() - local(starts_at - left, letter.tzid).date()).days
    values = {"weekday": first.yours.weekday, "time": first.yours.start}
    if days == 0:
        return _("Today, %(weekday)s, at %(time)s", **values)
    return _("Tomorrow, %(weekday)s, at %(time)s", **values) if days == 1 else _start_words(first, letter, tag)


def _start_words(shown: Shown, letter: Letter, tag: str) -> str:
    """Day and time of the start on the reader's clock, as a heading."""
    words = _begin_words(shown, letter, tag)
    return words[:1].upper() + words[1:]


def _begin_words(shown: Shown, letter: Letter, tag: str) -> str:
    """The same within a sentence."""
    return str(in_language(local(shown.slot.starts_at, letter.tzid).replace(tzinfo=None), tag))


def _unsubscribe_words(letter: Letter) -> str:
    """What the link that ends letters like this one is good for."""
    if letter.kind in FOLLOW_UPS:
        return _("No more letters after events of %(organization)s", organization=letter.organization)
    if letter.kind is LetterKind.MAILING:
        return _("No more such letters of %(organization)s", organization=letter.organization)
    return _("No more reminders of this event")


def _own_words(letter: Letter) -> dict[str, Any] | None:
    if letter.own_body is None or not letter.own_body.text.strip():
        return None
    text = letter.own_body.text
    values, links = _placeholders(letter, letter.own_body.tag)
    return {
        "passage": letter.own_body,
        "html": Markup(fill_html(text, values, links)),  # noqa: S704  safe HTML by domain.markdown
        "text": fill_plain(text, values, links, width=TEXT_WIDTH),
    }


def _own_subject(letter: Letter) -> str:
    if letter.own_subject is None or not letter.own_subject.text.strip():
        return ""
    values, _links = _placeholders(letter, letter.own_subject.tag)
    return fill_line(letter.own_subject.text, values)


def ticket_cid(letter: Letter) -> str:
    """By what the HTML names the picture of the ticket that comes with it (RFC 2392)."""
    return f"ticket.{letter.public_id}@eventsapp"


def placeholder_values(letter: Letter) -> dict[str, str]:
    """What each placeholder stands for in this letter, as text: for those who write letters."""
    tag = letter_tag(letter.language_tag)
    with speaking(tag):
        values, links = _placeholders(letter, tag)
    return values | links


def _placeholders(letter: Letter, tag: str) -> tuple[dict[str, str], dict[str, str]]:
    """The plain values, in the language ``tag``, and the trusted links that the organizer's own words may name."""
    meant = [slot for slot in letter.about if slot.state is PlaceState.CONFIRMED] or letter.about
    times = [(slot.starts_at, slot.ends_at, slot.tzid) for slot in meant]
    values: dict[str, str] = {
        Placeholder.NAME: inert(letter.name),
        Placeholder.SUMMARY: letter.summary.text,
        Placeholder.ORGANIZATION: letter.organization,
        Placeholder.WHEN: listed((time_words(start, end, tzid, tag).whole for start, end, tzid in times), tag),
        Placeholder.WHEN_YOURS: listed(
            (time_words(start, end, letter.tzid, tag).whole for start, end, _tzid in times), tag
        ),
        Placeholder.REFERENCE: letter.reference,
    }
    links: dict[str, str] = {Placeholder.EVENT_URL: letter.event_url}
    if letter.join_url:
        links[Placeholder.JOIN_URL] = letter.join_url
    else:
        values[Placeholder.JOIN_URL] = _("(your own link comes with the confirmation)")
    if letter.manage_url:
        links[Placeholder.MANAGE_URL] = letter.manage_url
    else:
        values[Placeholder.MANAGE_URL] = _("(your own link comes with the confirmation)")
    if letter.reply_to:
        links[Placeholder.CONTACT] = f"mailto:{letter.reply_to}"
    else:
        values[Placeholder.CONTACT] = letter.contact
    return values, links


def _structured_data(letter: Letter, shown: tuple[Shown, ...]) -> Markup:
    """schema.org EventReservation as JSON-LD; no sign in it can end the script element."""
    reservations = [
        {
            "@context": "https://schema.org",
            "@type": "EventReservation",
            "reservationNumber": letter.reference,
            "reservationStatus": f"https://schema.org/{_RESERVATION[one.slot.state]}",
            "underName": {"@type": "Person", "name": inert(letter.name)},
            "reservationFor": {
                "@type": "Event",
                "name": letter.summary.text,
                "startDate": one.theirs.iso_start,
                "endDate": one.theirs.iso_end,
                "location": _structured_place(letter, one),
                "organizer": {"@type": "Organization", "name": letter.organization},
                "url": letter.event_url,
            },
        }
        for one in shown[:_MOST_FOR_PROGRAMS]
    ]
    text = json.dumps(reservations if len(reservations) > 1 else reservations[0], ensure_ascii=True)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  ASCII without < > &


def _structured_place(letter: Letter, one: Shown) -> dict[str, Any]:
    if one.location.text:
        return {"@type": "Place", "name": one.location.text, "address": one.location.text}
    return {"@type": "VirtualLocation", "url": (one.confirmed and letter.join_url) or letter.event_url}


@cache
def _colours(accent: str) -> dict[str, dict[str, str]]:
    """Per scheme: the accent's steps without their prefix, and the neutral grounds."""
    return {
        scheme: {name.removeprefix("--accent-").replace("-", "_"): colour for name, colour in steps.items()}
        | {"paper": PAPER[scheme], "panel": PANEL[scheme], "ink": INK[scheme], **_QUIET[scheme]}
        for scheme, steps in accent_steps(accent).items()
    }


_QUIET = {
    "light": {"muted": "#5c6068", "line": "#e4e2dc"},
    "dark": {"muted": "#a8aab0", "line": "#33373f"},
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(resource("templates") / "mail"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(_=_gettext, gettext=_gettext, ngettext=ngettext, pgettext=pgettext, direction=direction)
    environment.filters.update(wrap=_wrap)
    return environment


def _template(kind: LetterKind, name: str) -> Any:
    return _environment().get_template(f"{kind}/{name}")


@pass_eval_context
def _gettext(context: EvalContext, message: str, **values: Any) -> str:
    """In HTML the sentence is markup already, so that values are escaped one by one and may be markup themselves."""
    if context.autoescape:
        text = Markup(gettext(message))  # noqa: S704  our own catalogs
        return text % values if values else text
    return gettext(message, **values)


def _wrap(text: str, indent: int = 0) -> str:
    """Lines of at most 72 characters; an address is never broken."""
    space = " " * indent
    lines = [
        textwrap.wrap(line, TEXT_WIDTH - indent, break_long_words=False, break_on_hyphens=False) or [""]
        for line in str(text).split("\n")
    ]
    return "\n".join(space + line for wrapped in lines for line in wrapped)


def _tidy(text: str) -> str:
    """No spaces at line ends, at most one empty line in a row, one line break at the end."""
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False)
