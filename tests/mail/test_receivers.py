"""Every kind of letter in every language passes what its receivers check; and the checks find what is wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from eventsapp.config import Settings
from eventsapp.db import db
from eventsapp.domain.entry import Room
from eventsapp.domain.vocabulary import (
    SCHEDULED_LETTERS,
    ConferenceKind,
    ConferenceProvider,
    LetterKind,
    PlaceState,
    StaffRole,
)
from eventsapp.domain.wording import reader_words, time_words
from eventsapp.mail.letters import Digest, DigestLine, Invitation, Letter, Passage, Slot, Was
from eventsapp.mail.mould import cast
from eventsapp.mail.rendering import render
from eventsapp.models import Message
from eventsapp.queries.letters import letter_of
from eventsapp.translations import gettext, pgettext, speaking
from tests.factory import IN_SPANISH, Make
from tests.mail.letterbox import Page
from tests.mail.receivers import faults
from tests.mail.test_form import announce
from tests.mail.test_golden import NAMES, OWN, WORDS, ZONES

DAYS = [timedelta(days=days) for days in range(4)]
MANY = 20  # dates in the longest letters


@pytest.fixture
def database(_sqlite_url: str) -> str:
    return _sqlite_url


@pytest.fixture
def confirmation(make: Make, settings: Settings, now: datetime) -> Callable[[str], Letter]:
    """The letter of somebody who reads that language."""

    def written(tag: str) -> Letter:
        make.organization(accent="#7a2e8d")
        event = make.event(languages=WORDS, occurrences=(dict(IN_SPANISH) | {"location": {}},), letters=OWN)
        person = make.registration(event, language_tag=tag, tzid=ZONES[tag], name=NAMES[tag])
        announce(person, LetterKind.CONFIRMATION, now, settings)
        message = db.session.scalars(select(Message)).one()
        letter = letter_of(db.session(), message, now=now, settings=settings)
        assert letter is not None
        return letter

    return written


def changed(slot: Slot) -> Slot:
    before = (slot.starts_at - timedelta(days=1), slot.ends_at - timedelta(days=1), slot.tzid)
    return replace(slot, was=Was(before, Passage("Calle Mayor 1", "es"), True, Passage("Foro", "es")))


def as_kind(letter: Letter, kind: LetterKind) -> Letter:
    """The letter as one of another kind, with all that such a letter can hold."""
    (slot,), invited = letter.about, letter.invitation
    assert invited is not None
    waiting = {
        "about": (replace(slot, state=PlaceState.WAITLISTED, held=False, joins=False),),
        "join_url": "",
        "invitation": None,
    }
    neutral = waiting | {"action_url": "https://events.example.org/x/abc", "action_until": slot.starts_at}
    scheduled = {"invitation": None, "unsubscribe_url": "https://events.example.org/unsubscribe/" + "a" * 43}
    recorded = scheduled | {"recording_url": "https://events.example.org/r", "came": True}
    lines = tuple(
        DigestLine(slot.starts_at, slot.ends_at, slot.tzid, "es", 12, 3, 40, 2, 1, 50, full=False) for _ in range(MANY)
    )
    given: dict[LetterKind, dict[str, Any]] = {
        LetterKind.WAITLISTED: waiting,
        LetterKind.PENDING: waiting,
        LetterKind.DECLINED: waiting,
        LetterKind.LINK: neutral,
        LetterKind.VERIFICATION: neutral,
        LetterKind.ADDRESS_CHANGE: neutral | {"asked_by": "z…@example.com"},
        LetterKind.CANCELLED: {
            "about": (replace(slot, state=PlaceState.CANCELLED, held=False, joins=False),),
            "join_url": "",
            "invitation": Invitation("CANCEL", invited.entry),
        },
        LetterKind.CHANGED: {"about": (changed(slot),)},
        LetterKind.REMINDER: scheduled | {"until_start": timedelta(hours=1)},
        LetterKind.FOLLOW_UP: recorded,
        LetterKind.MISSED: recorded | {"came": False},
        LetterKind.REPLIED: {"invitation": None},
        LetterKind.ASSIGNED: {
            "role": StaffRole.HOST,
            "room": Room(
                ConferenceProvider.ZOOM,
                ConferenceKind.WEBINAR,
                "https://us06web.zoom.us/j/82314567890",
                "82314567890",
                "428571",
            ),
        },
        LetterKind.DIGEST: {
            "invitation": None,
            "role": StaffRole.ORGANIZER,
            "digest": Digest(slot.starts_at - timedelta(days=200), lines, new=12, cancelled=3, bounced=1, more=4),
        },
    }
    return replace(letter, kind=kind, **given.get(kind, {}))


def raw(letter: Letter) -> bytes:
    return cast(letter)


@pytest.mark.parametrize("tag", WORDS)
def test_every_kind_passes(tag: str, confirmation: Callable[[str], Letter]) -> None:
    letter = confirmation(tag)
    found = {
        kind: wrong
        for kind in LetterKind
        if (wrong := faults(raw(as_kind(letter, kind)), may_be_ended=kind in SCHEDULED_LETTERS))
    }
    assert found == {}


def weekly(slot: Slot, number: int) -> Slot:
    """The dates of a series: every other one elsewhere, every third on the waiting list; clocks change in between."""
    step = timedelta(weeks=number)
    date = replace(slot, starts_at=slot.starts_at + step, ends_at=slot.ends_at + step)
    if number % 2:
        date = replace(date, location=Passage(f"Calle Mayor {number}", "es"))
    if slot.state is PlaceState.CONFIRMED and number % 3 == 0:
        date = replace(date, state=PlaceState.WAITLISTED, held=False, joins=False)
    return date if slot.was is None else changed(date)


def about_many(letter: Letter) -> Letter:
    dates = tuple(weekly(letter.about[0], number) for number in range(MANY))
    return replace(letter, about=dates, summary=Passage("منتدى " * 33, "ar"), invitation=None)


ABOUT_MANY = [LetterKind.CONFIRMATION, LetterKind.CHANGED, LetterKind.CANCELLED, LetterKind.VERIFICATION]


@pytest.mark.parametrize("kind", ABOUT_MANY)
def test_letters_about_many_dates_in_many_words_pass(kind: LetterKind, confirmation: Callable[[str], Letter]) -> None:
    letter = as_kind(confirmation("ar"), kind)
    assert faults(raw(about_many(letter)), may_be_ended=False) == []
    others = replace(letter, others=about_many(letter).about)
    assert faults(raw(others), may_be_ended=False) == []


@pytest.mark.parametrize("kind", ABOUT_MANY)
@pytest.mark.parametrize("tag", ["en", "ar"])
def test_short_rows_say_what_the_text_says(tag: str, kind: LetterKind, confirmation: Callable[[str], Letter]) -> None:
    letter = about_many(as_kind(confirmation(tag), kind))
    words = render(letter)
    text, html = (" ".join(form.split()) for form in (words.text, " ".join(Page(words.html).lines)))
    for slot in letter.about:
        yours = reader_words(slot.starts_at, slot.ends_at, letter.tzid, slot.tzid, tag)
        theirs = time_words(slot.starts_at, slot.ends_at, slot.tzid, tag)
        said = [theirs.whole, yours.zone, slot.location.text]
        if slot.was is not None and slot.was.times is not None:
            said.append(reader_words(*slot.was.times[:2], letter.tzid, slot.was.times[2], tag).when)
        assert [word for word in [*said, yours.when] if word not in html] == []
        assert [word for word in [*said, yours.whole] if word not in text] == []
    assert all(html.count(shown) >= text.count(shown) for shown in state_words(tag))


def state_words(tag: str) -> list[str]:
    with speaking(tag):
        return [pgettext("place", "Confirmed"), gettext("On the waiting list"), pgettext("place", "Cancelled")]


def test_dates_of_one_zone_and_place_say_them_once(confirmation: Callable[[str], Letter]) -> None:
    letter = confirmation("en")
    slot = replace(letter.about[0], location=Passage("Calle Mayor 1", "es"))
    dates = [replace(slot, starts_at=slot.starts_at + step, ends_at=slot.ends_at + step) for step in DAYS]
    lines = Page(render(replace(letter, about=tuple(dates), invitation=None)).html).lines
    once = ("Calle Mayor 1", "United Kingdom Time (London, UTC+1)")
    assert [sum(word in line for line in lines) for word in once] == [1, 1]


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        (b'method="REQUEST"', b'method="PUBLISH"', "METHOD ['REQUEST'], and PUBLISH outside"),
        (b"Message-ID: <", b"Message-ID: ", "Message-ID "),
        (b"MIME-Version: 1.0\r\n", b"", "MIME-Version stands 0 times"),
        (b"Auto-Submitted: auto-generated\r\n", b"", "it does not say what kind of mail it is"),
        (b"Feedback-ID", b"List-Unsubscribe: <https://x>\r\nFeedback-ID", "it can be ended"),
        (b"Feedback-ID", b"X-Long: " + b"a" * 1000 + b"\r\nFeedback-ID", "a line is too long"),
        (b"Feedback-ID", "X-Name: Zoë\r\nFeedback-ID".encode(), "the head is not ASCII"),
        (b"filename=\"invite.ics\"", b"filename=\"x.ics\"", "the file is not the object"),
        (b"Content-Language: es", b"Content-Language: de", "it is not said to be in de, ltr"),
        (b"\r\nFeedback-ID", b"\nFeedback-ID", "a line ends by half"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(right: bytes, wrong: bytes, fault: str, confirmation: Callable[[str], Letter]) -> None:
    data = raw(confirmation("es"))
    assert right in data
    assert [said for said in faults(data.replace(right, wrong, 1), may_be_ended=False) if said.startswith(fault)] != []
