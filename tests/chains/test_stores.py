"""What the stores make of objects that no chain of ours may hold: so the chains can fail."""

from datetime import UTC, datetime

from tests.chains.stores import Held, Store

LINES = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Test//EN
METHOD:{method}
BEGIN:VEVENT
UID:one@events.example.org
SEQUENCE:{sequence}
DTSTAMP:20260302T12000{sequence}Z
DTSTART:202606{day}T160000Z
DTEND:202606{day}T170000Z
SUMMARY:Public forum
STATUS:{status}
ORGANIZER;CN="Example League":mailto:events@example.org
ATTENDEE;CN="Zoe";PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:zoe@example.com
END:VEVENT
END:VCALENDAR
"""


def made(sequence: int, day: int, method: str = "REQUEST") -> bytes:
    status = "CANCELLED" if method == "CANCEL" else "CONFIRMED"
    return LINES.format(method=method, sequence=sequence, day=day, status=status).replace("\n", "\r\n").encode()


def days(calendar: list[list[Held]]) -> list[list[int]]:
    return [[held.starts_at.day for held in step] for step in calendar]


def test_both_follow_what_rises(stores: dict[str, Store]) -> None:
    chain = [made(0, 13), made(1, 14), made(2, 14, "CANCEL"), made(3, 15)]
    for name, store in stores.items():
        calendar = store("zoe@example.com", chain)
        assert (name, days(calendar)) == (name, [[13], [14], [], [15]])
        assert calendar[0] == [
            Held(
                uid="one@events.example.org",
                sequence=0,
                starts_at=datetime(2026, 6, 13, 16, tzinfo=UTC),
                ends_at=datetime(2026, 6, 13, 17, tzinfo=UTC),
                summary="Public forum",
                location="",
                status="CONFIRMED",
            )
        ]


def test_thunderbird_ignores_what_does_not_rise(stores: dict[str, Store]) -> None:
    assert days(stores["thunderbird"]("zoe@example.com", [made(1, 13), made(1, 14), made(0, 15)])) == [[13], [13], [13]]


def test_a_cancellation_that_is_a_request_leaves_the_entry(stores: dict[str, Store]) -> None:
    wrong = made(1, 13, "CANCEL").replace(b"METHOD:CANCEL", b"METHOD:REQUEST")
    for name, store in stores.items():
        assert (name, len(store("zoe@example.com", [made(0, 13), wrong])[-1])) == (name, 1)
