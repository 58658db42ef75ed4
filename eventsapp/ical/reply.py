"""What somebody's calendar answers to an invitation (RFC 5546 §3.2.3). Pure; the answer may be anybody's text."""

import re
from dataclasses import dataclass

from icalendar import Calendar

from eventsapp.domain.addresses import read_address
from eventsapp.domain.errors import Invalid
from eventsapp.domain.text import clean_line

MOST_OCTETS = 64 * 1024  # answers are small; what is longer is none


@dataclass(frozen=True, slots=True)
class Reply:
    """``attendee_key`` is the address to compare by; ``partstat`` in upper case, empty where there is none."""

    uid: str
    attendee_key: str
    partstat: str


def read_reply(data: bytes) -> Reply | None:
    """The one event and attendee that a METHOD:REPLY names; None where it is no such thing. Never raises."""
    if len(data) > MOST_OCTETS or not re.search(rb"(?i)^METHOD:REPLY\s*$", data, re.MULTILINE):
        return None
    try:
        calendar = Calendar.from_ical(data)
        (event,) = calendar.walk("VEVENT")
        attendee, uid = event["ATTENDEE"], str(event["UID"])
        key = read_address(str(attendee).strip()).key
        return Reply(clean_line(uid, 255), key, clean_line(str(attendee.params.get("PARTSTAT", "")), 30).upper())
    except Invalid:
        return None
    except Exception:  # noqa: BLE001  whatever a parser raises for what strangers send
        return None
