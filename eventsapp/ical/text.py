"""Text as content lines: escaping, quoting and folding that every calendar program reads alike (RFC 5545 §3.1)."""

import re
import unicodedata
from urllib.parse import quote

from icalendar import Parameters, vText

from eventsapp.domain.text import clean_line, clean_text

FOLD_OCTETS = 75
LINE_LIMIT = 500
_LONGEST_CHARACTER = 4  # octets, in UTF-8
_LOOK_BACK = 30  # how many characters a fold may come earlier to stand in a better place
_MARKER = re.compile(r"\b(BEGIN|END):(?=V)", re.IGNORECASE)
_VIRAMA = 9  # the combining class of what ties two consonants together
_GLUE = "\u200d\u200c\ufe0e\ufe0f"  # joiners and variation selectors
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONAL = range(0x1F1E6, 0x1F200)  # two of them are one flag
_URI_SAFE = "%/:?#[]@!$&'()*+,;=~"
_ADDRESS_SAFE = "@!$'*+,:~"  # RFC 6068 §2


class Text(vText):
    """A TEXT value. (``vText`` itself reads the two characters ``\\N`` of "C:\\New" as a line break.)"""

    def to_ical(self) -> bytes:
        escaped = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return escaped.encode()


class QuotedParameters(Parameters):
    """Parameters whose human words always stand in quotes; RFC 6868 carries a quote inside them."""

    always_quoted: tuple[str, ...] = (*Parameters.always_quoted, "CN", "LABEL")  # type: ignore[assignment]


def one_line(text: str) -> str:
    """A title, name or place. A backslash becomes U+29F5, its look-alike: half of all readers unescape it wrongly."""
    return _defused(clean_line(text, LINE_LIMIT).replace("\\", "\u29f5"))


def paragraphs(text: str) -> str:
    """A description of several lines."""
    return _defused(clean_text(text))


def _defused(text: str) -> str:
    """Some readers look for "END:VEVENT" anywhere in a file; in a text it gets a space after its colon."""
    return _MARKER.sub(r"\1: ", text)


def uri(text: str) -> str:
    """A link as an ASCII URI; what may not stand in one is percent-encoded, what is encoded stays."""
    return quote(clean_line(text, 2000), safe=_URI_SAFE)


def mailto(email: str) -> str:
    """The calendar address of a mailbox. ``email`` has an ASCII domain."""
    return "mailto:" + quote(clean_line(email), safe=_ADDRESS_SAFE)


def fold(line: str) -> bytes:
    """One content line with its CRLF, in pieces of at most 75 octets.

    A piece never ends inside a UTF-8 sequence, and where avoidable neither inside an escape or a grapheme nor beside
    a space, because some readers trim lines before they unfold them.
    """
    if len(line) <= FOLD_OCTETS and line.isascii():
        return line.encode() + b"\r\n"
    pieces: list[str] = []
    start = 0
    while start < len(line):
        end = _piece_end(line, start, FOLD_OCTETS - (start > 0))
        pieces.append(line[start:end])
        start = end
    return "\r\n ".join(pieces).encode() + b"\r\n"


def _piece_end(line: str, start: int, room: int) -> int:
    end = min(start + room, len(line))
    while (over := len(line[start:end].encode()) - room) > 0:
        end -= -(-over // _LONGEST_CHARACTER)  # no fewer can be too many
    if end == len(line):
        return end
    earliest = max(start + 1, end - _LOOK_BACK)
    for fits in (_good_place, _possible_place):
        for place in range(end, earliest - 1, -1):
            if fits(line, place):
                return place
    return end


def _good_place(line: str, place: int) -> bool:
    before, after = line[place - 1], line[place]
    return (
        _possible_place(line, place)
        and not before.isspace()
        and not after.isspace()
        and not (ord(before) in _REGIONAL and ord(after) in _REGIONAL)
    )


def _possible_place(line: str, place: int) -> bool:
    before, after = line[place - 1], line[place]
    return not (
        before in "\\^\u200d"
        or unicodedata.combining(before) == _VIRAMA
        or after in _GLUE
        or ord(after) in _SKIN_TONES
        or unicodedata.category(after)[0] == "M"
    )
