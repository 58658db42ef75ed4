"""Text hygiene: what every typed or imported text goes through once, before it is stored. It never raises."""

import re
import unicodedata
from itertools import pairwise

LINE_LIMIT = 200
REPLY_LIMIT = 500  # of what a mail server said
TEXT_LIMIT = 20_000

_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# C0 but tab and newline, DEL, C1, bidi embeddings, overrides and isolates, the byte order mark, interlinear
# annotation, lone surrogates and noncharacters: each breaks a database, a mail header, a calendar or a reader's eye.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ud800-\udfff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_SPACES = re.compile(r"\s+")
_BLANK_LINES = re.compile(r"\n{3,}")
# Invisible at the ends of a text, and nothing else: zero width space, word joiner, soft hyphen, Hangul fillers.
_EDGES = " \t\n\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\u00ad\u115f\u1160\u3164\uffa0"
_AT_EDGES = re.compile(f"^[{_EDGES}]+|[{_EDGES}]+\\Z")
_INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\uffa0]*"
)
_MOST_MARKS = 30  # in a row; UAX #15 Stream-Safe Text Format. Longer runs make normalization quadratic.
_LOOK_BACK = 40


def clean_line(text: str, limit: int = LINE_LIMIT) -> str:
    """One line of NFC text without control characters, at most ``limit`` characters; runs of spaces become one.

    A text of invisible characters alone comes out empty.
    """
    text = _clean(text, limit)
    return _capped(_SPACES.sub(_one_space, text), limit)


def clean_text(text: str, limit: int = TEXT_LIMIT) -> str:
    r"""The same for several lines: breaks become \n, tabs four spaces, and at most one line stays blank in a row.

    Indentation stays, and so do two spaces before a line break: both mean something in Markdown.
    """
    text = _clean(text, limit).replace("\t", "    ")
    text = "\n".join(_line_end(line, following) for line, following in pairwise([*text.split("\n"), ""]))
    return _capped(_BLANK_LINES.sub("\n\n", text), limit)


def _line_end(line: str, following: str) -> str:
    """Without spaces at its end, but for the two that are a hard break in Markdown."""
    bare = line.rstrip()
    return f"{bare}  " if bare and following.strip() and len(line) - len(bare) > 1 else bare


def _clean(text: str, limit: int) -> str:
    text = text[: limit * 4 + 1000]  # bounds the work; what is dropped below is rarely three quarters
    text = _UNWANTED.sub("", _BREAKS.sub("\n", text))
    return unicodedata.normalize("NFC", text if text.isascii() else _stream_safe(text))


def _stream_safe(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _one_space(run: re.Match[str]) -> str:
    """A lone no-break or ideographic space is meant; anything longer, a tab or a line break becomes one space."""
    return " " if len(run[0]) > 1 or run[0] in "\t\n" else run[0]


def _capped(text: str, limit: int) -> str:
    text = _AT_EDGES.sub("", text)
    if len(text) > limit:
        text = _AT_EDGES.sub("", text[: _cut(text, limit)])
    return "" if _INVISIBLE.fullmatch(text) else text


def _cut(text: str, limit: int) -> int:
    """The cap, or a little before it where it would part what is drawn as one."""
    for cut in range(limit, max(0, limit - _LOOK_BACK), -1):
        if not _joined(text[cut - 1], text[cut]):
            return cut
    return limit


def _joined(before: str, after: str) -> bool:
    """Whether two neighbours are drawn as one: a mark on its letter, an emoji with its modifier or joiner."""
    return (
        unicodedata.category(after)[0] == "M"
        or after == "\u200d"
        or before == "\u200d"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")
    )
