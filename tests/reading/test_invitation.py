"""An invitation as it was pasted, in whatever language Zoom wrote it."""

import pytest

from eventsapp.domain.entry import DialIn
from eventsapp.domain.errors import Invalid
from eventsapp.reading.invitation import dial_in_text, read_dial_in, read_invitation

ENGLISH = """Example League is inviting you to a scheduled Zoom meeting.

Topic: Public forum
Time: Jun 28, 2026 05:00 PM Pacific Time (US and Canada)

Join Zoom Meeting
https://us06web.zoom.us/j/99999999999?pwd=abc.1

Meeting ID: 999 9999 9999
Passcode: 4711

---
One tap mobile
+16699006833,,99999999999#,,,,*4711# US (San Jose)

---
Dial by your location
• +1 669 900 6833 US (San Jose)
• +52 55 4161 4288 Mexico

Find your local number: https://us06web.zoom.us/u/kexample
"""
LINK = "https://us06web.zoom.us/j/99999999999"


def test_a_whole_invitation():
    found = read_invitation(ENGLISH)
    assert (found.meeting_id, found.passcode, found.url) == ("99999999999", "4711", f"{LINK}?pwd=abc.1")
    assert found.dial_in == (DialIn("+1 669 900 6833", "US", "San Jose"), DialIn("+52 55 4161 4288", "MX"))


@pytest.mark.parametrize(
    "text",
    [
        f"Entrar en la reunión Zoom\n{LINK}\n\nID de reunión: 999 9999 9999\nCódigo de acceso: 4711",
        f"加入 Zoom 会议\n{LINK}\n会议号：999 9999 9999\n密码：4711",
        f"Zoom-Meeting beitreten ({LINK}).\r\nMeeting-ID: 999-9999-9999\r\nKenncode: 4711",
        f"{LINK}\nمعرّف الاجتماع: 999 9999 9999\nرمز المرور: 4711",
    ],
)
def test_any_language(text):
    found = read_invitation(text)
    assert (found.meeting_id, found.passcode, found.url) == ("99999999999", "4711", LINK)


def test_a_link_alone_and_no_room():
    assert read_invitation(LINK).meeting_id == "99999999999"
    assert read_invitation("Room: https://meet.example.org/forum").url == "https://meet.example.org/forum"
    for text in ("", "Call +1 669 900 6833", "999: " * 9000):
        assert not read_invitation(text)


def test_telephone_numbers_are_written_as_they_are_read():
    numbers = (DialIn("+1 669 900 6833", "US", "San Jose"), DialIn("+52 55 4161 4288", "MX"), DialIn("4711 0815"))
    assert read_dial_in(dial_in_text(numbers)) == numbers
    with pytest.raises(Invalid):
        read_dial_in("+1 669 900 6833\ncall me")
