"""A letter made once for all whom it tells the same, and filled in for each: the octets that leave.

``compose`` is a function of its ``Letter`` alone. So letters that are equal but for what is one reader's own (name,
address, links, reference, ids) are one letter with other words in the same places: it is composed with blanks there,
kept, and each reader's words are put in, escaped as their place asks. A mould is found by all that it says, so it can
never be out of date.

What is filled in says the same as ``compose`` says; only lines of the plain text that hold a name may break elsewhere,
and a mailing's preview be cut elsewhere.
"""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import MIMEPart
from email.utils import format_datetime
from functools import lru_cache

from markupsafe import escape

from eventsapp import ical
from eventsapp.drawing.qr import qr_png
from eventsapp.ical.stencil import blank as blank_entry
from eventsapp.mail.composing import compose
from eventsapp.mail.headers import POLICY, subject_line
from eventsapp.mail.inert import inert
from eventsapp.mail.letters import Invitation, Letter

_KEPT = 128  # moulds, about 60 kB each
_NONCE, _IN_DATA = secrets.token_hex(5), secrets.token_hex(5)  # nobody can write a blank into words of theirs
_LINKS = ("join_url", "manage_url", "action_url", "unsubscribe_url", "ticket_url")
_BLANKS = {name: f"{_NONCE}{name}" for name in ("public_id", "reference", *_LINKS)} | {
    "name": f"{_NONCE}n",  # about as long as a name, so that lines are about as long as they should be
    **{name: f"{_NONCE}{name}@blank.invalid" for name in ("message_id", "thread_of", "recipient")},
}
_ANY_BLANK = re.compile(
    f"((?:{_NONCE}|{_IN_DATA})(?:{'|'.join(re.escape(blank.removeprefix(_NONCE)) for blank in _BLANKS.values())}))"
)
_WORDS = frozenset(_BLANKS.values())
_DATA_BLANKS = {blank: blank.replace(_NONCE, _IN_DATA) for blank in _WORDS}
_DATA = re.compile(r'<script type="application/ld\+json">.*?</script>', re.DOTALL)
_SOME_DAY = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(seconds=10)  # as exactly as a reminder says what is left until the start
_CRLF = b"\r\n"


def cast(letter: Letter) -> bytes:
    """The message as it leaves, lines ended by CR LF. Raises as ``compose`` does."""
    blank, words = _blank(letter)
    return _mould(blank).filled(_Filling(letter, words))


@dataclass(slots=True)
class _Filling:
    """What is put into the blanks for one reader: ``words`` by blank, not escaped yet."""

    letter: Letter
    words: dict[str, str]
    calendar: bytes | None = None
    escaped: dict[str, str] | None = None

    def html(self) -> dict[str, str]:
        if self.escaped is None:
            self.escaped = {blank: str(escape(value)) for blank, value in self.words.items()}
            self.escaped |= {_DATA_BLANKS[blank]: _in_data(value) for blank, value in self.words.items()}
        return self.escaped


def _blank(letter: Letter) -> tuple[Letter, dict[str, str]]:
    """The letter without what is one reader's own; and that, by the blanks it leaves."""
    words: dict[str, str] = {}

    def cut(name: str, value: str) -> str:
        if value:
            words[_BLANKS[name]] = value
        return _BLANKS[name] if value else ""

    def cut_link(name: str) -> str:
        scheme, mark, rest = getattr(letter, name).partition("://")
        return f"{scheme}{mark}{cut(name, rest)}"

    message_id = cut("message_id", letter.message_id.strip("<>"))
    answers_itself = letter.thread_of == letter.message_id
    thread_of = message_id if answers_itself else cut("thread_of", letter.thread_of.strip("<>"))
    join_url, sent = cut_link("join_url"), letter.invitation
    blank = replace(
        letter,
        public_id=cut("public_id", letter.public_id),
        message_id=f"<{message_id}>",
        thread_of=f"<{thread_of}>" if thread_of else "",
        written_at=_SOME_DAY,
        recipient=cut("recipient", letter.recipient),
        name=cut("name", inert(letter.name)),
        reference=cut("reference", letter.reference),
        join_url=join_url,
        manage_url=cut_link("manage_url"),
        action_url=cut_link("action_url"),
        unsubscribe_url=cut_link("unsubscribe_url"),
        ticket_url=cut_link("ticket_url"),
        recording_url=letter.recording_url.replace(letter.join_url or "\0", join_url),
        until_start=None if letter.until_start is None else _STEP * round(letter.until_start / _STEP),
        invitation=None if sent is None else Invitation(sent.method, blank_entry(sent.entry)),
    )
    return blank, words


class _Mould:
    def __init__(self, blank: Letter) -> None:
        self._pieces = tuple(_joined(_pieces_of(compose(blank))))

    def filled(self, filling: _Filling) -> bytes:
        return b"".join(piece if isinstance(piece, bytes) else piece(filling) for piece in self._pieces)


@lru_cache(maxsize=_KEPT)
def _mould(blank: Letter) -> _Mould:
    return _Mould(blank)


_Piece = bytes | Callable[[_Filling], bytes]


def _pieces_of(part: MIMEPart) -> Iterator[_Piece]:
    """A message, or one part of it: its head, an empty line, and what stands below."""
    kind = part.get_content_type()
    words = kind in ("text/plain", "text/html")
    for name, value in part.raw_items():
        if name == "Date":
            yield _date
        elif name == "Subject" and _ANY_BLANK.search(str(value)):
            yield _subject(str(value))
        elif not (words and name == "Content-Transfer-Encoding"):  # chosen below
            yield from _ascii(POLICY.fold(name, value))
    if words:
        yield from _text(part.get_content().replace("\r\n", "\n"), in_html=kind == "text/html")
    elif part.is_multipart():
        for inner in part.iter_parts():
            yield from _ascii(f"\r\n--{part.get_boundary()}\r\n")
            yield from _pieces_of(inner)
        yield from _ascii(f"\r\n--{part.get_boundary()}--\r\n")
    else:
        yield _CRLF
        yield _calendar if kind in ("text/calendar", "application/ics") else _ticket


def _ascii(text: str) -> Iterator[_Piece]:
    """Machine words, where a reader's own stand as they are."""
    for part in _ANY_BLANK.split(text):
        yield _word(part) if part in _WORDS else part.encode("ascii")


def _word(blank: str) -> Callable[[_Filling], bytes]:
    return lambda filling: filling.words[blank].encode("ascii")


def _text(text: str, *, in_html: bool) -> Iterator[_Piece]:
    """The head's last line, the empty one and the body: in the shorter of both encodings."""
    if in_html:
        text = _DATA.sub(lambda data: data[0].replace(_NONCE, _IN_DATA), text)
    if len(_base64(text)) < len(_quoted_printable(text)):
        yield b"Content-Transfer-Encoding: base64\r\n\r\n"
        yield _filled(text, _base64, in_html=in_html)
        return
    yield b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    for line in text.splitlines(keepends=True):  # each by itself, so that most are encoded once for all
        yield _filled(line, _quoted_printable, in_html=in_html) if _ANY_BLANK.search(line) else _quoted_printable(line)


def _filled(text: str, encode: Callable[[str], bytes], *, in_html: bool) -> Callable[[_Filling], bytes]:
    parts = _ANY_BLANK.split(text)

    def octets(filling: _Filling) -> bytes:
        words = filling.html() if in_html else filling.words
        return encode("".join([words.get(part, part) for part in parts]))

    return octets


def _quoted_printable(text: str) -> bytes:
    return binascii.b2a_qp(text.encode(), istext=True).replace(b"\n", _CRLF)


def _base64(text: str) -> bytes:
    return _lines(text.replace("\n", "\r\n").encode())


def _subject(subject: str) -> Callable[[_Filling], bytes]:
    parts = _ANY_BLANK.split(subject)

    def line(filling: _Filling) -> bytes:
        words = subject_line("".join([filling.words.get(part, part) for part in parts]))
        return str(POLICY.fold("Subject", POLICY.header_factory("Subject", words))).encode("ascii")

    return line


def _date(filling: _Filling) -> bytes:
    return f"Date: {format_datetime(filling.letter.written_at)}\r\n".encode("ascii")


def _calendar(filling: _Filling) -> bytes:
    """Twice in a letter, with the same bytes."""
    if filling.calendar is None:
        sent = filling.letter.invitation
        assert sent is not None  # noqa: S101  or there would be no such part
        filling.calendar = _lines(ical.invitation(sent.method, sent.entry))
    return filling.calendar


def _ticket(filling: _Filling) -> bytes:
    return _lines(qr_png(filling.letter.ticket_url))


def _lines(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", _CRLF)


def _in_data(value: str) -> str:
    """Within a string of JSON that stands in a script."""
    text = json.dumps(value)[1:-1]
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _joined(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Neighbouring octets as one."""
    fixed = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            fixed += piece
        else:
            yield from (fixed, piece)
            fixed = b""
    yield fixed
