"""A whole invitation to a Zoom room, as people paste it, or its link alone → number, passcode, link, telephone numbers.

Zoom writes invitations in dozens of languages, so it is read by its shape and by no words.
"""

import re
from dataclasses import dataclass

from eventsapp.domain import rooms
from eventsapp.domain.entry import DialIn
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import country_names
from eventsapp.domain.text import clean_line, clean_text

_LONGEST = 20_000
_MOST_NUMBERS = 100
_LONGEST_PASSCODE = 10
_LINK = re.compile(r"https://[^\s<>\"'()\[\]{}“”«»]+", re.IGNORECASE)
_SPACED = r"\d{3}[\s\u2007-]?\d{3,4}[\s\u2007-]?\d{3,4}"
_LABELLED = re.compile(rf"[^:：\d]+[:：]\s*({_SPACED})\s*")
_PASSCODE = re.compile(rf"[^:：]{{2,40}}[:：]\s*(\S{{1,{_LONGEST_PASSCODE}}})")
_DIALLED = re.compile(r"[•*·\-\s]*(\+?[0-9][0-9 ().,#*-]{4,58}[0-9#])(?:\s+([A-Z]{2})\b)?\s*(?:\(?([^\d()]*)\)?)?")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What was found; what was not is empty."""

    meeting_id: str = ""
    passcode: str = ""
    url: str = ""
    dial_in: tuple[DialIn, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.meeting_id or self.url)


def read_invitation(text: str) -> Invitation:
    """What the text says of a room. Its link is the first that carries a meeting's number, or else the first at all."""
    lines = [line.strip() for line in clean_text(text, _LONGEST).splitlines() if line.strip()]
    links = [found.rstrip(".,;:") for line in lines for found in _LINK.findall(line)]
    url = next((link for link in links if rooms.number_in_link(link)), links[0] if links else "")
    at, number = _number(lines)
    return Invitation(
        meeting_id=number or rooms.number_in_link(url),
        passcode=_passcode(lines[at + 1 :]) if number else "",
        url=url,
        dial_in=_numbers(lines, number),
    )


def read_dial_in(text: str) -> tuple[DialIn, ...]:
    """One number to a line: "+1 669 900 6833 US (San Jose)". Raises Invalid (key "dial_in") for what is none."""
    found = []
    for line in clean_text(text, _LONGEST).splitlines():
        if not line.strip():
            continue
        number = _dial_in(clean_line(line, 120))
        if number is None:
            raise Invalid(
                N_("%(text)s is no telephone number. Write one to a line, like +1 669 900 6833 US (San Jose)."),
                key="dial_in",
                text=clean_line(line, 60),
            )
        found.append(number)
    return tuple(found[:_MOST_NUMBERS])


def dial_in_text(numbers: tuple[DialIn, ...]) -> str:
    """The numbers as ``read_dial_in`` reads them."""
    lines = (" ".join(filter(None, (one.number, one.country, f"({one.city})" if one.city else ""))) for one in numbers)
    return "\n".join(lines)


def _number(lines: list[str]) -> tuple[int, str]:
    """The meeting's number, in a line "Meeting ID: 858 3554 9492" or alone in its line; and which line that is."""
    for at, line in enumerate(lines):
        found = _LABELLED.fullmatch(line)
        typed = found[1] if found else line
        try:
            if found or re.fullmatch(_SPACED, line):
                return at, rooms.meeting_id(typed)
        except Invalid:
            continue
    return -1, ""


def _passcode(lines: list[str]) -> str:
    """The short word behind a label in the line that follows the number."""
    found = _PASSCODE.fullmatch(lines[0]) if lines else None
    return found[1] if found and not found[1].startswith("http") else ""


def _numbers(lines: list[str], meeting_id: str) -> tuple[DialIn, ...]:
    """Telephone numbers; those that dial the meeting's number too stand in the invitation once more without it."""
    found = [number for line in lines if (number := _dial_in(line)) is not None and number.number.startswith("+")]
    plain = [number for number in found if not {",", "#"} & set(number.number)]
    kept = plain or [number for number in found if meeting_id]
    return tuple(dict.fromkeys(kept))[:_MOST_NUMBERS]


def _dial_in(line: str) -> DialIn | None:
    found = _DIALLED.fullmatch(line)
    if found is None:
        return None
    country, city = found[2] or "", (found[3] or "").strip()
    codes = {name: code for code, name in country_names("en")}
    if not country and city in codes:
        country, city = codes[city], ""
    return DialIn(found[1].strip(), country if country in codes.values() else "", city)
