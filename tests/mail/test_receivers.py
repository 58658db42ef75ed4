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
from eventsapp.mail.composing import compose
from eventsapp.mail.headers import POLICY
from eventsapp.mail.letters import Digest, DigestLine, Invitation, Letter, Passage, Slot, Was
from eventsapp.models import Message
from eventsapp.queries.letters import letter_of
from tests.factory import IN_SPANISH, Make
from tests.mail.receivers import faults
from tests.mail.test_form import announce
from tests.mail.test_golden import NAMES, OWN, WORDS, ZONES

MANY = 10  # dates in the longest letters


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
        "about": (replace(slot, state=PlaceState.WAITLISTED, entry=None),),
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
            "about": (replace(slot, state=PlaceState.CANCELLED, entry=None),),
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
    return compose(letter).as_bytes(policy=POLICY)


@pytest.mark.parametrize("tag", WORDS)
def test_every_kind_passes(tag: str, confirmation: Callable[[str], Letter]) -> None:
    letter = confirmation(tag)
    found = {
        kind: wrong
        for kind in LetterKind
        if (wrong := faults(raw(as_kind(letter, kind)), may_be_ended=kind in SCHEDULED_LETTERS))
    }
    assert found == {}


@pytest.mark.parametrize("kind", [LetterKind.CONFIRMATION, LetterKind.CHANGED, LetterKind.CANCELLED])
def test_letters_about_many_dates_in_many_words_pass(kind: LetterKind, confirmation: Callable[[str], Letter]) -> None:
    letter = as_kind(confirmation("ar"), kind)
    long = replace(letter, about=letter.about * MANY, summary=Passage("منتدى " * 33, "ar"), invitation=None)
    assert faults(raw(long), may_be_ended=False) == []


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
