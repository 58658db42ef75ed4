"""What comes back by mail, taken in: letters that nobody got, complaints, and calendars that say somebody cannot come.

Everybody can send mail to us, so a report is believed only where it proves to know the letter, and an answer of a
calendar causes one question to the person it is about and nothing else. Nothing here frees a place.
"""

import re
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions import outbox
from eventsapp.actions.suppress import suppress
from eventsapp.config import Settings
from eventsapp.domain.addresses import read_address
from eventsapp.domain.errors import Invalid
from eventsapp.domain.text import REPLY_LIMIT, clean_line
from eventsapp.domain.vocabulary import LetterKind, MessageState, OfTries, PlaceState, Suppression
from eventsapp.ical.reply import Reply
from eventsapp.mail.reports import Cause, Report, ReportKind, cause_of, read_report, without_addresses
from eventsapp.models import Event, Message, Occurrence, Place, Registration

_OUT = (MessageState.SENT, MessageState.SENDING)


class Taken(StrEnum):
    """What a mail led to. BOUNCED: nobody reads that address. RETURNED: a letter came back for another reason.
    TURNED_AWAY: it came back because the receiver does not trust our mail server. NOTED: it is late.
    """

    BOUNCED = "bounced"
    RETURNED = "returned"
    TURNED_AWAY = "turned_away"
    NOTED = "noted"
    COMPLAINT = "complaint"
    ASKED = "asked"
    IGNORED = "ignored"


_TAKEN = {Cause.HARD: Taken.BOUNCED, Cause.SOFT: Taken.RETURNED, Cause.POLICY: Taken.TURNED_AWAY}


def take_in(session: Session, raw: bytes, *, now: datetime, settings: Settings) -> Taken:
    """Take in one mail as it arrived. The same mail may be taken in again; what cannot be used is ignored."""
    report = read_report(raw, settings=settings)
    if report.reply is not None:
        return _answered(session, report.reply, now=now, settings=settings)
    if report.kind not in (ReportKind.FAILED, ReportKind.DELAYED, ReportKind.COMPLAINT):
        return Taken.IGNORED
    message = _letter_it_knows(session, report, settings)
    if message is None:
        return Taken.IGNORED
    if report.kind is ReportKind.COMPLAINT:
        _suppress(session, message, Suppression.COMPLAINED, "", now=now, settings=settings)
        return Taken.COMPLAINT
    words = _words(report.status, report.words, message)
    if report.kind is ReportKind.DELAYED:
        return _late(message, report.code, words)
    return _came_back(session, message, report, words, now=now, settings=settings)


def note_refusal(session: Session, message: Message, *, words: str, now: datetime, settings: Settings) -> None:
    """The mail server itself refused the letter's recipient for good: where nobody reads that address, keep that."""
    found = re.search(r"\b5\.\d{1,3}\.\d{1,3}\b", words)
    status = found[0] if found else ""
    if cause_of(status, words) is Cause.HARD:
        said = _words(status, without_addresses(words), message)
        _suppress(session, message, Suppression.BOUNCED, said, now=now, settings=settings)


def _letter_it_knows(session: Session, report: Report, settings: Settings) -> Message | None:
    """By the token of its envelope sender. Where there are none, or a provider keeps it to itself as with complaints:
    by the letter's own number together with the address it went to."""
    public_id = report.public_id
    by_number = report.kind is ReportKind.COMPLAINT or not settings.bounce_address
    if public_id is None and by_number:
        public_id = report.claimed
    if public_id is None:
        return None
    message = session.scalar(select(Message).where(Message.public_id == public_id).with_for_update())
    if message is None or report.public_id is not None:
        return message
    return message if _ascii(message.recipient) in report.recipients else None


def _late(message: Message, code: int | None, words: str) -> Taken:
    if message.state is not MessageState.SENT:
        return Taken.IGNORED
    message.last_code, message.last_error = code, words
    return Taken.NOTED


def _came_back(
    session: Session, message: Message, report: Report, words: str, *, now: datetime, settings: Settings
) -> Taken:
    """A letter that a worker has in hand, or may have sent, came back too: whoever holds the lease has lost it then."""
    if message.state not in _OUT and not (message.state is MessageState.QUEUED and message.uncertain):
        return Taken.IGNORED
    message.state = MessageState.BOUNCED
    message.lease = message.lease_until = None
    message.sent_at = message.sent_at or now
    message.last_code, message.last_error = report.code, words
    message.context = message.context | {OfTries.CAME_BACK: report.cause.value}
    if report.cause is Cause.HARD:
        _suppress(session, message, Suppression.BOUNCED, words, now=now, settings=settings)
    return _TAKEN[report.cause]


def _suppress(
    session: Session, message: Message, reason: Suppression, words: str, *, now: datetime, settings: Settings
) -> None:
    reader = message.registration or message.staff
    if message.address_key is not None and reader is not None:
        organization_id = reader.event.organization_id
        suppress(session, organization_id, message.address_key, reason, words=words, now=now, settings=settings)


def _words(status: str, said: str, message: Message) -> str:
    """The server's words with the code, and without the name before the @, which many servers repeat."""
    words = clean_line(said if status in said else f"{status} {said}", REPLY_LIMIT)
    local = _ascii(message.recipient).rpartition("@")[0]
    return re.sub(rf"(?i)(?<!\w){re.escape(local)}(?!\w)", "…", words) if local else words


def _ascii(recipient: str | None) -> str:
    try:
        return read_address(recipient or "").ascii_email.lower()
    except Invalid:
        return ""


def _answered(session: Session, reply: Reply, *, now: datetime, settings: Settings) -> Taken:
    """Somebody's calendar says no: ask whether to free the place, once for each invitation. Other answers say nothing
    that we need to know."""
    if reply.partstat != "DECLINED":
        return Taken.IGNORED
    place = session.scalar(
        select(Place)
        .join(Place.occurrence)
        .join(Occurrence.event)
        .join(Place.registration)
        .where(
            Occurrence.uid == reply.uid,
            Occurrence.starts_at > now,
            Occurrence.cancelled_at.is_(None),
            Event.cancelled_at.is_(None),
            Registration.address_key == reply.attendee_key,
            Registration.erased_at.is_(None),
            Place.state == PlaceState.CONFIRMED,
        )
        .with_for_update(of=Place)
    )
    if place is None:
        return Taken.IGNORED
    written = outbox.enqueue(
        session,
        place.registration,
        LetterKind.REPLIED,
        now=now,
        settings=settings,
        context={"places": [place.id]},
        nonce=f"{place.occurrence.sequence}.{place.revision}",
    )
    return Taken.IGNORED if written is None else Taken.ASKED
