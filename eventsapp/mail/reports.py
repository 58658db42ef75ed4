"""What comes back by mail: reports about letters (RFC 3464, RFC 5965, and older customs) and answers of calendars.

Everything here was written by strangers. Reading never raises, its work is bounded, and what it says proves nothing
but this: ``public_id`` stands only where the mail holds the token of that letter's own envelope sender.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from enum import StrEnum

from eventsapp.config import Settings
from eventsapp.domain.text import clean_line
from eventsapp.ical.reply import Reply, read_reply
from eventsapp.mail.verp import letter_named_by

MOST_OCTETS = 1024 * 1024  # of one mail; the rest of it is not read
_MOST_NESTED = 60  # parts within parts: parsers work in the square of it
_MOST_DIVIDED = 1000  # lines that may begin another part
_MOST_PARTS = 40  # that are looked at
_MOST_IN_A_HEADER = 2000

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")  # RFC 3463
_REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[\s#-]|$)")  # RFC 5321 §4.2
_NESTED = re.compile(rb"(?i)boundary\s*=|message/")
_DIVIDED = re.compile(rb"(?m)^--\S")
_OUR_LETTER = re.compile(r"([a-z2-7]{16})")
_OUR_MESSAGE_ID = re.compile(r"<m\.([a-z2-7]{16})@[^@\s<>]+>")
_ADDRESSED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_SENT_BY = ("Return-Path", "Original-Mail-From")
_NO_SUCH_MAILBOX = re.compile(
    r"(?i)user unknown|unknown user|no such (user|recipient|mailbox|address|account|person)|does ?n[o']t exist"
    r"|(user|recipient|mailbox|account|address) (not found|(is )?(unknown|invalid|disabled|inactive|closed|suspended))"
    r"|mailbox unavailable|(invalid|unknown|unrouteable) (recipient|mailbox|address|user|account)|no mailbox here"
    r"|not (a|our) (valid|customer|known)|domain not found|host (or domain name )?not found|nxdomain|name service error"
)
_HARD = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.4", "4.310"})
_OUR_SENDER = frozenset({"1.7", "1.8"})
_VAGUE = frozenset({"", "0.0", "1.0", "1.4", "1.5", "2.0", "3.0", "5.0"})
_REFUSED_ADDRESS = re.compile(r"(?i)recipient address rejected: access denied")  # Exchange Online for nobody there
_ABOUT_US = re.compile(
    r"(?i)\b(spf|dkim|dmarc|spam|blacklist(ed)?|blocklist(ed)?|reputation|reverse dns|ptr record|authenticat\w+|"
    r"sender|spamhaus|poor standing|bulk mail|content rejected|policy)\b"
)


class ReportKind(StrEnum):
    """What a mail says of a letter. REPLY is a calendar's answer; OTHER is none of our business."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    REPLY = "reply"
    OTHER = "other"


class Cause(StrEnum):
    """Why a letter came back. HARD: nobody can be reached there. POLICY: receivers turn *us* away. SOFT: the rest."""

    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Report:
    """``status`` is an enhanced code such as 5.1.1, or empty; ``code`` the reply of an SMTP server.

    ``words`` are the server's, without any address in them. ``claimed`` is the public id of the letter that the mail
    says it gives back, ``recipients`` (in lower case) whom it says that letter was for.
    """

    kind: ReportKind
    cause: Cause = Cause.SOFT
    status: str = ""
    code: int | None = None
    words: str = ""
    public_id: str | None = None
    claimed: str | None = None
    recipients: frozenset[str] = frozenset()
    reply: Reply | None = None


_OTHER = Report(ReportKind.OTHER)


def read_report(raw: bytes, *, settings: Settings) -> Report:
    """What one mail says, as it lies in a mailbox. Never raises."""
    raw = raw[:MOST_OCTETS]
    if len(_NESTED.findall(raw)) > _MOST_NESTED or len(_DIVIDED.findall(raw)) > _MOST_DIVIDED:
        return _OTHER
    try:
        return _read(message_from_bytes(raw), settings)
    except Exception:  # noqa: BLE001  whatever parsers raise for what strangers send
        return _OTHER


def without_addresses(words: str) -> str:
    """One line of at most 300 characters without the reply code before it, each address in it an ellipsis."""
    line = re.sub(r"^[45]\d\d[ -]", "", clean_line(words, 1000))
    return clean_line(" ".join("…" if "@" in word else word for word in line.split()), 300)


def cause_of(status: str, words: str) -> Cause:
    """Why a letter came back for good, by the enhanced code (RFC 3463), and by the words where that says too little."""
    kind, _, detail = status.partition(".")
    if kind == "4":
        return Cause.SOFT
    if detail in _HARD or (detail == "4.1" and _REFUSED_ADDRESS.search(words)):
        return Cause.HARD
    if detail in _OUR_SENDER or detail.startswith("7.") or (detail in _VAGUE and _ABOUT_US.search(words)):
        return Cause.POLICY
    return Cause.HARD if detail == "1.0" or (detail in _VAGUE and _NO_SUCH_MAILBOX.search(words)) else Cause.SOFT


def _read(mail: Message, settings: Settings) -> Report:
    parts = _parts(mail)
    report = _complaint(parts) or _delivery_status(parts) or _calendar_reply(parts) or _by_custom(mail)
    if report.kind in (ReportKind.OTHER, ReportKind.REPLY):
        return report
    returned = _returned(parts)
    named = next(_letters_named(mail, parts, returned, settings), None)
    return replace(report, public_id=named, claimed=next(_letters_claimed(returned), None))


def _parts(mail: Message) -> list[Message]:
    return [part for part, _number in zip(mail.walk(), range(_MOST_PARTS), strict=False)]


def _returned(parts: list[Message]) -> list[Message]:
    """The heads of our own letter, wherever the mail gives them back."""
    heads = [part for part in parts if part.get_content_type() == "text/rfc822-headers"]
    whole = [part for part in parts[1:] if part["Message-ID"]]
    return whole + [message_from_bytes(_content(part).lstrip()) for part in heads]


def _letters_named(mail: Message, parts: list[Message], returned: list[Message], settings: Settings) -> Iterator[str]:
    said = [(mail, name) for name in _ADDRESSED_TO]
    said += [(one, name) for one in (*returned, *parts[1:]) for name in _SENT_BY]
    for one, name in said:
        for value in one.get_all(name, [])[:20]:
            for address in _addresses(str(value)):
                if named := letter_named_by(address, settings):
                    yield named


def _letters_claimed(returned: list[Message]) -> Iterator[str]:
    """By Message-ID, or by the header that stays where a mail server puts a Message-ID of its own."""
    for one in returned:
        if found := _OUR_LETTER.fullmatch(_text(one, "X-Eventsapp-Correlation")) or _OUR_MESSAGE_ID.fullmatch(
            _text(one, "Message-ID")
        ):
            yield found[1]


def _delivery_status(parts: list[Message]) -> Report | None:
    """RFC 3464: the blocks for each recipient; the worst one counts, because our letters have one recipient."""
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return None
    blocks = status.get_payload()
    blocks = [block for block in blocks if isinstance(block, Message)][:_MOST_PARTS] if isinstance(blocks, list) else []
    fates = [fate for block in blocks if (fate := _fate(block)) is not None]
    worst = min(fates, key=lambda fate: _BY_WEIGHT.index(fate.kind), default=_OTHER)
    return replace(worst, recipients=frozenset().union(*(fate.recipients for fate in fates)))


_BY_WEIGHT = (ReportKind.FAILED, ReportKind.DELAYED, ReportKind.DELIVERED, ReportKind.OTHER)
_ACTIONS = {
    "failed": ReportKind.FAILED,
    "delayed": ReportKind.DELAYED,
    "delivered": ReportKind.DELIVERED,
    "relayed": ReportKind.DELIVERED,
    "expanded": ReportKind.DELIVERED,
}


def _fate(block: Message) -> Report | None:
    kind = _ACTIONS.get(_text(block, "Action").split("(")[0].strip().lower())
    if kind is None:
        return None
    diagnosis = _text(block, "Diagnostic-Code")
    said = diagnosis.partition(";")[2].strip() or diagnosis
    status = _status(_text(block, "Status"), said)
    return Report(
        kind=kind,
        cause=cause_of(status, said) if kind is ReportKind.FAILED else Cause.SOFT,
        status=status,
        code=_code(said),
        words=without_addresses(said),
        recipients=_named(f"{_text(block, 'Final-Recipient')} {_text(block, 'Original-Recipient')}"),
    )


def _status(given: str, said: str) -> str:
    """The more telling one: many servers write 5.0.0 in the field and the reason into the words."""
    found = _ENHANCED.search(given)
    field = found[1] if found else ""
    inside = _ENHANCED.search(said)
    if inside and (not field or field.endswith(".0.0")):
        return inside[1]
    return field


def _code(said: str) -> int | None:
    found = _REPLY_CODE.search(said)
    return int(found[1]) if found else None


def _complaint(parts: list[Message]) -> Report | None:
    """RFC 5965: somebody called a letter spam. Other kinds of feedback say nothing about a person's wish."""
    feedback = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    if feedback is None:
        return None
    fields = message_from_bytes(_content(feedback).lstrip())
    if _text(fields, "Feedback-Type").strip().lower() != "abuse":
        return _OTHER
    recipients = [*fields.get_all("Original-Rcpt-To", []), *(one["To"] or "" for one in _returned(parts))]
    return Report(ReportKind.COMPLAINT, recipients=_named(" ".join(str(one) for one in recipients)))


def _calendar_reply(parts: list[Message]) -> Report | None:
    """One answer, however often the mail carries it. A program that answers by itself speaks for nobody (RFC 3834)."""
    if _text(parts[0], "Auto-Submitted").lower().startswith("auto-replied"):
        return None
    for part in parts:
        if part.get_content_type() in ("text/calendar", "application/ics"):
            reply = read_reply(_content(part))
            if reply is not None:
                return Report(ReportKind.REPLY, reply=reply)
    return None


def _by_custom(mail: Message) -> Report:
    """Reports in no standard form, by the customs of the programs that write them."""
    from flufl.bounce import all_failures

    for_now, for_good = all_failures(mail)
    failed = for_good or for_now
    if not failed:
        return _OTHER
    said = _first_words(mail)
    status = _status("", said)
    cause = Cause.SOFT if for_now and not for_good else cause_of(status, said)
    kind = ReportKind.FAILED if for_good else ReportKind.DELAYED
    named = " ".join(one.decode("ascii", "replace") for one in failed)
    return Report(kind, cause, status, _code(said), without_addresses(said), recipients=_named(named))


def _first_words(mail: Message) -> str:
    """The line that says why: the first one with a code in it, else with words for it."""
    text = next((part for part in mail.walk() if part.get_content_maintype() == "text"), None)
    lines = [] if text is None else _content(text)[:20_000].decode("utf-8", "replace").splitlines()[:200]
    for pattern in (_ENHANCED, _REPLY_CODE, _NO_SUCH_MAILBOX):
        if found := next((line for line in lines if pattern.search(line)), None):
            return found.strip()
    return ""


def _content(part: Message) -> bytes:
    """What a part holds, decoded; the first block where the parser took it for a mail of its own."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"".join(one.as_bytes() for one in payload[:1] if isinstance(one, Message))
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _text(part: Message, name: str) -> str:
    return clean_line(str(part[name] or ""), _MOST_IN_A_HEADER)


def _named(text: str) -> frozenset[str]:
    return frozenset(address.lower() for address in _addresses(text))


def _addresses(text: str) -> list[str]:
    words = re.split(r"[\s<>,;\"'()]+", text[:_MOST_IN_A_HEADER])
    return [word for word in words if "@" in word]
