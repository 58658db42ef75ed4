"""What the last look refuses."""

import pytest

from eventsapp import ical
from eventsapp.ical.check import BrokenCalendar, check
from tests.ical.samples import FORUM

GOOD = ical.publish([FORUM])


def look(data: bytes, *, method: str = "PUBLISH", events: int = 1) -> None:
    lines = len(GOOD.replace(b"\r\n ", b"").splitlines())
    check(data, method=method, events=events, zones=[FORUM.tzid], lines=lines)


def test_a_good_file_passes() -> None:
    look(GOOD)


@pytest.mark.parametrize(
    ("good", "broken"),
    [
        (b"\r\n", b"\n"),
        (b"STATUS:CONFIRMED\r\n", b"STATUS:CONFIRMED\r\n\r\n"),
        (b"STATUS:CONFIRMED", b"STATUS:CONFIRMED" + b"x" * 70),
        (b"STATUS:CONFIRMED", b"STATUS:CONFIRMED\x00"),
        (b"STATUS:CONFIRMED", b"STATUS:CONFIRMED\x07"),
        (b"STATUS:CONFIRMED", "STATUS:CONFIRMED\u2028".encode()),
        (b"STATUS:CONFIRMED", b"STATUS:CONFIRMED\xff"),
        (b"STATUS:CONFIRMED", "STATUS:é".encode().replace(b"\xa9", b"\r\n \xa9")),
        (b"STATUS:CONFIRMED\r\n", b""),
        (b"STATUS:CONFIRMED", b"UID:second"),
        (b"STATUS:CONFIRMED", b"STATUS:CONFIRMED\r\nX-MORE:1"),
        (b"STATUS:CONFIRMED", b"STATUS CONFIRMED"),
        (b"STATUS:CONFIRMED", b"STATUS:CONFIRMED\r\nATTENDEE:mailto:a@example.org"),
        (b"STATUS:CONFIRMED", b"END:VEVENT\r\nBEGIN:VEVENT"),
        (b"END:VEVENT", b"END:VTODO"),
        (b"END:VCALENDAR\r\n", b""),
        (b"END:VCALENDAR\r\n", b"END:VCALENDAR\r\nSTATUS:CONFIRMED\r\n"),
        (b"METHOD:PUBLISH", b"METHOD:REQUEST"),
        (b"TZID:America/Los_Angeles", b"TZID:America/Tijuana"),
        (b"LABEL=\"Join\"", b"LABEL=\"Jo\"in\""),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused(good: bytes, broken: bytes) -> None:
    assert good in GOOD
    with pytest.raises(BrokenCalendar):
        look(GOOD.replace(good, broken))


def test_another_number_of_events_is_refused() -> None:
    with pytest.raises(BrokenCalendar):
        look(GOOD, events=2)


def test_an_invitation_without_its_guest_is_refused() -> None:
    with pytest.raises(BrokenCalendar):
        look(GOOD.replace(b"METHOD:PUBLISH", b"METHOD:REQUEST"), method="REQUEST")
