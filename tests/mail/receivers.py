"""What mail servers and mail programs ask of a letter, read from its raw bytes. Knows nothing of how it was written."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Any

from tests.mail.letterbox import Page

LARGEST = 80_000  # octets of HTML as it travels: Gmail cuts off what is beyond 102 kB
LONGEST = 998  # octets a line, RFC 5322 §2.1.1
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Language")


def faults(raw: bytes, *, may_be_ended: bool) -> list[str]:
    """What is wrong with a letter, in words; ``may_be_ended`` where it has to carry List-Unsubscribe (RFC 8058)."""
    mail = message_from_bytes(raw, policy=compat32)  # the newer policy mends what it reads
    return [*_size(raw), *_heads(raw, mail), *_ending(mail, may_be_ended), *_words(mail), *_calendar(mail)]


def _size(raw: bytes) -> Iterator[str]:
    lines = raw.split(b"\r\n")
    if max(map(len, lines)) > LONGEST:
        yield "a line is too long"
    if any(b"\n" in line or b"\r" in line for line in lines):
        yield "a line ends by half"


def _heads(raw: bytes, mail: Message) -> Iterator[str]:
    head = raw.partition(b"\r\n\r\n")[0]
    if not head.isascii() or b"\0" in raw:
        yield "the head is not ASCII"
    yield from (f"{name} stands {len(found)} times" for name in ONCE if len(found := mail.get_all(name, [])) != 1)
    if not re.fullmatch(r"<[\w.+-]+@[\w.-]+>", mail["Message-ID"] or ""):
        yield f"Message-ID {mail['Message-ID']}"
    if not re.search(r" [+-]\d{4}$", mail["Date"] or ""):
        yield f"Date {mail['Date']}"
    if not re.fullmatch(r"[^<>@,\s]+@[^<>@,\s]+", mail["To"] or ""):
        yield f"To {mail['To']}"
    for name in ("Message-ID", "In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post"):
        if "=?" in (mail[name] or ""):
            yield f"{name} is an encoded word"
    if mail["Auto-Submitted"] != "auto-generated" or mail["Precedence"]:
        yield "it does not say what kind of mail it is"
    if len(raw.partition(b"\r\n\r\n")[0].split(b"\r\nSubject:")[1].strip()) == 0:
        yield "no subject"


def _ending(mail: Message, may_be_ended: bool) -> Iterator[str]:
    there = (mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"])
    if not may_be_ended:
        yield from ("it can be ended" for value in there if value is not None)
    elif not re.fullmatch(r"<https://\S+>", there[0] or "") or there[1] != "List-Unsubscribe=One-Click":
        yield f"it cannot be ended: {there}"


def _words(mail: Message) -> Iterator[str]:
    top = mail.get_payload(0) if mail.get_content_type() == "multipart/mixed" else mail
    assert isinstance(top, Message)
    kinds = [part.get_content_type() for part in _parts(top)]
    if top.get_content_type() != "multipart/alternative" or kinds[:2] != ["text/plain", "text/html"]:
        yield f"it reads {kinds}"
        return
    plain, html = (part.get_payload(decode=True).decode() for part in _parts(top)[:2])  # type: ignore[union-attr]
    size = len(str(_parts(top)[1].get_payload()))
    if not plain.strip() or not re.search(r"<body.*?>.*\w.*</body>", html, re.DOTALL):
        yield "nothing is said"
    if size > LARGEST:
        yield f"{size} octets of HTML"
    tag = mail["Content-Language"]
    direction = "rtl" if tag.startswith(("ar", "fa", "he", "ur")) else "ltr"
    if [tag, direction] not in [list(said[1:]) for said in Page(html).languages[:1]]:
        yield f"it is not said to be in {tag}, {direction}"
    if re.search(r"\{\{|\{%|\}\}|\bNone\b|\bundefined\b|%\(", plain):
        yield "what is for programs stands among the words"


def _calendar(mail: Message) -> Iterator[str]:
    objects = [part for part in mail.walk() if part.get_content_type() in ("text/calendar", "application/ics")]
    if not objects:
        return
    if [part.get_content_type() for part in objects] != ["text/calendar", "application/ics"]:
        yield "more than one calendar object"
        return
    inner, file = objects
    first: Any = mail.get_payload(0)
    if mail.get_content_type() != "multipart/mixed" or inner not in _parts(first):
        yield "Outlook does not look where the object is"
    data, copy = (bytes(part.get_payload(decode=True)) for part in objects)  # type: ignore[arg-type]
    if data != copy or (file.get_content_disposition(), file.get_filename()) != ("attachment", "invite.ics"):
        yield "the file is not the object"
    if inner["Content-Disposition"] or inner["Content-Transfer-Encoding"] != "base64":
        yield "the object is an attachment"
    if b"\n" in data.replace(b"\r\n", b"") or max(map(len, data.split(b"\r\n"))) > 75:
        yield "the object's lines are wrong"
    text = re.sub(r"\r\n[ \t]", "", data.decode())
    methods = re.findall(r"^METHOD:(\w+)\r$", text, re.MULTILINE)
    if methods != [inner.get_param("method")] or methods[0] not in ("REQUEST", "CANCEL"):
        yield f"METHOD {methods}, and {inner.get_param('method')} outside"
    yield from (
        f"{what} stands {text.count(what)} times"
        for what in ("BEGIN:VEVENT\r", "\nATTENDEE;", "\nORGANIZER;", "\nUID:", "\nSEQUENCE:", "\nDTSTAMP:")
        if text.count(what) != 1
    )
    if f":mailto:{mail['To']}\r" not in text:
        yield "the attendee is somebody else"
    if f"<{text.partition('ORGANIZER;')[2].partition('mailto:')[2].partition(chr(13))[0]}>" not in mail["From"]:
        yield "the organizer is not the sender"


def _parts(of: Message) -> list[Message]:
    return [part for part in of.walk() if not part.is_multipart()]
