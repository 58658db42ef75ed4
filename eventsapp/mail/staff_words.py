"""What letters to staff say beside the facts that all letters share: the room itself, a digest's counts.

Speaks the language in force; no markup.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eventsapp.domain.vocabulary import PlaceState
from eventsapp.domain.wording import moment_words, time_words
from eventsapp.ical.calendar import room_lines
from eventsapp.mail.letters import Digest, DigestLine, Letter, Slot
from eventsapp.translations import gettext as _
from eventsapp.translations import ngettext, npgettext, pgettext

_BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class Counted:
    """One date of a digest: its words, and what is counted there in one line."""

    line: DigestLine
    when: str
    counts: str


def staff_values(letter: Letter, tag: str) -> dict[str, Any]:
    """What templates of letters to staff may name besides."""
    slot = letter.about[0] if letter.about else None
    return {
        "turn": _turn(slot) if slot else "",
        "room": tuple(room_lines(letter.room, tag)),
        "counted": tuple(_counted(line, letter.tzid, tag) for line in letter.digest.lines) if letter.digest else (),
        "happened": _happened(letter.digest) if letter.digest else "",
        "since": moment_words(letter.digest.since, letter.tzid, tag) if letter.digest else "",
    }


def _turn(slot: Slot) -> str:
    """What becomes of a date for its host or interpreter: ``new``, ``changed``, ``ended`` or ``called_off``."""
    if slot.state is PlaceState.CANCELLED:
        return "called_off" if slot.called_off else "ended"
    return "new" if slot.was is None else "changed"


def _counted(line: DigestLine, tzid: str, tag: str) -> Counted:
    when = time_words(line.starts_at, line.ends_at, tzid, tag).whole
    return Counted(line, when, _joined([*_flow(line.new, line.cancelled), *_standing(line)]))


def _happened(digest: Digest) -> str:
    """The digest in a few words, for its subject."""
    full = bool(digest.lines) and not digest.more and all(line.full for line in digest.lines)
    words = _flow(digest.new, digest.cancelled)
    if not digest.new and not digest.cancelled and digest.bounced:
        words.append(ngettext("%(num)s person cannot be reached", "%(num)s people cannot be reached", digest.bounced))
    said = _joined([*words, pgettext("digest", "full") if full else ""])
    return said[:1].upper() + said[1:]


def _flow(new: int, cancelled: int) -> list[str]:
    return [
        npgettext("digest", "%(num)s new registration", "%(num)s new registrations", new) if new else "",
        npgettext("digest", "%(num)s cancelled", "%(num)s cancelled", cancelled) if cancelled else "",
    ]


def _standing(line: DigestLine) -> list[str]:
    if line.capacity is None:
        taken = ngettext("%(num)s place taken", "%(num)s places taken", line.confirmed)
    else:
        taken = _("%(taken)s of %(capacity)s places taken", taken=line.confirmed, capacity=line.capacity)
    return [
        taken,
        pgettext("digest", "full") if line.full else "",
        ngettext("%(num)s person waiting", "%(num)s people waiting", line.waiting) if line.waiting else "",
        ngettext("%(num)s person to decide about", "%(num)s people to decide about", line.pending)
        if line.pending
        else "",
    ]


def _joined(words: Iterable[str]) -> str:
    return _BETWEEN.join(word for word in words if word)
