"""What arrived at the mail server, letter by letter: the links that people follow, and what their calendars show."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import urlsplit

from icalendar import Calendar

from tests.mail.letterbox import calendars_of, text_of
from tests.mail.server import Script

_LINK = re.compile(r"https?://\S+/(manage|verify)/[^\s/]+")


@dataclass(frozen=True, order=True)
class Entry:
    """What a calendar holds of an occurrence; the greatest wins (RFC 5546 §2.1.5). Cancelled: no ``starts_at``."""

    sequence: int
    stamp: datetime
    starts_at: datetime | None = field(compare=False)


def _entry(data: bytes) -> tuple[str, Entry]:
    calendar = Calendar.from_ical(data)
    (event,) = calendar.walk("VEVENT")
    starts_at = event.decoded("DTSTART").astimezone(UTC) if calendar["METHOD"] == "REQUEST" else None
    return str(event["UID"]), Entry(int(event["SEQUENCE"]), event.decoded("DTSTAMP"), starts_at)


@dataclass
class Postbox:
    """Empties ``script.taken`` as letters come, or ten thousand of them would fill the memory.

    ``came``: by recipient, how often each Message-ID came. ``links``: of those in ``wanted``, by kind and recipient,
    the path in the last letter. ``entries``: by recipient and UID.
    """

    script: Script
    wanted: set[str] = field(default_factory=set)
    came: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    links: dict[tuple[str, str], str] = field(default_factory=dict)
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)

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
        for part in calendars_of(letter)[:1]:
            uid, entry = _entry(part.get_payload(decode=True))
            held = self.entries.get((recipient, uid))
            self.entries[recipient, uid] = entry if held is None else max(entry, held)
        if recipient in self.wanted:
            for found in _LINK.finditer(text_of(letter)):
                self.links[found[1], recipient] = urlsplit(found[0]).path
