"""What arrived at the mail server, letter by letter, with the links that people follow."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import urlsplit

from tests.mail.letterbox import text_of
from tests.mail.server import Script

_LINK = re.compile(r"https?://\S+/(manage|verify)/[^\s/]+")


@dataclass
class Postbox:
    """Empties ``script.taken`` as letters come, or ten thousand of them would fill the memory.

    ``came``: by recipient, how often each Message-ID came. ``links``: of those in ``wanted``, by kind and recipient,
    the path in the last letter.
    """

    script: Script
    wanted: set[str] = field(default_factory=set)
    came: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    links: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.script.on_taken = self._take

    @property
    def letters(self) -> int:
        return sum(box.total() for box in list(self.came.values()))

    @property
    def doubles(self) -> int:
        return self.letters - sum(len(box) for box in self.came.values())

    def _take(self) -> None:
        recipient, raw = self.script.taken.pop()
        letter = message_from_bytes(raw, policy=default)
        assert isinstance(letter, EmailMessage)
        self.came[recipient][letter["Message-ID"]] += 1
        if recipient in self.wanted:
            for found in _LINK.finditer(text_of(letter)):
                self.links[found[1], recipient] = urlsplit(found[0]).path
