"""What a person reads: the words of a page, and of the letters that came."""

import re
from datetime import UTC, datetime
from email.message import EmailMessage

import icalendar
from playwright.sync_api import Page

from tests.mail.letterbox import calendars_of, text_of

BUTTON = "main form button[type=submit]"


def plain(text: str) -> str:
    """The text with ordinary blanks and each run of them as one."""
    return " ".join(text.split())


def said(page: Page) -> str:
    """All that stands between head and foot of a page."""
    return plain(page.inner_text("main"))


def fill_in(page: Page, name: str, email: str) -> None:
    page.locator("[name=name]").fill(name)
    page.locator("[name=email]").fill(email)


def letters_to(letters: list[EmailMessage], address: str) -> list[EmailMessage]:
    return [letter for letter in letters if letter["To"].addresses[0].addr_spec == address]


def words_of(letter: EmailMessage) -> str:
    return plain(text_of(letter))


def link_in(letter: EmailMessage, kind: str) -> str:
    """The address in a letter that leads to a personal page: ``j``, ``manage``, ``verify`` or ``address``."""
    found = set(re.findall(rf"http://\S+/{kind}/[a-z2-7]{{16}}\.[a-z2-7]{{26}}", text_of(letter)))
    assert len(found) == 1, f"{len(found)} links to /{kind}/"
    return found.pop()


def calendars_in(letters: list[EmailMessage]) -> dict[datetime, str]:
    """What the letters' invitations say, ``METHOD STATUS`` by the instant of the date; each is there once."""
    found: dict[datetime, str] = {}
    for letter in letters:
        for part in calendars_of(letter)[:1]:
            calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
            (event,) = calendar.events
            starts_at = event["DTSTART"].dt.astimezone(UTC)
            assert starts_at not in found
            found[starts_at] = f"{calendar['METHOD']} {event['STATUS']}"
    return found
