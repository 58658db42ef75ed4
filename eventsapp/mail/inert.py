"""What a stranger typed, made fit to stand in a letter to somebody else's address.

A mail program makes links of anything that looks like an address. A zero width space (U+200B) after each dot, colon,
slash and at sign inside a word keeps the look and takes the address away: ``evil.example`` is then two words. It goes
into HTML and text alike, since a program links both. Long names are cut: a letter is no place for an advertisement.
"""

import re

from eventsapp.domain.text import clean_line

LONGEST_NAME = 80
ZERO_WIDTH_SPACE = "\u200b"

_JOINTS = re.compile(r"([.:/\\@\u3002\uff0e\uff1a\uff0f\uff20\uff61])(?=[^\s\u200b])")


def inert(typed: str) -> str:
    """One short line that no mail program takes for a link."""
    line = clean_line(typed, LONGEST_NAME + 1)
    if len(line) > LONGEST_NAME:
        line = clean_line(typed, LONGEST_NAME - 1) + "…"
    return _JOINTS.sub(rf"\1{ZERO_WIDTH_SPACE}", line)
