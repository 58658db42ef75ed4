"""Whole files: what each kind holds, its golden bytes, and what can never be in it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from eventsapp import ical
from eventsapp.domain.entry import CalendarEntry, Party
from eventsapp.domain.vocabulary import ConferenceKind
from eventsapp.domain.wording import time_words
from eventsapp.ical.calendar import description
from tests.ical.readers import IcalJs
from tests.ical.samples import FORUM, INVITED, LOS_ANGELES, ROOM, at, entry

FEED_URL = "https://events.example.org/events/forum/calendar.ics"
HOSTILE = 'Forum "A", B; C: \\new\r\nBEGIN:VEVENT\x00\x07\u2028\u202e\ud800👩‍👩‍👧‍👦 مرحبا ^'


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").splitlines()


def named(data: bytes, name: str) -> list[str]:
    """Every content line of one property, with its name."""
    return [line for line in unfolded(data) if line.startswith((f"{name}:", f"{name};"))]


def test_a_public_file_of_one_occurrence(golden: Callable[[str, bytes], None]) -> None:
    golden("ical/publish.ics", ical.publish([FORUM]))


def test_a_feed_of_several_occurrences(golden: Callable[[str, bytes], None]) -> None:
    spanish = replace(INVITED, attendee=None, join_url="", lead="", transparent=True, url=FORUM.url)
    golden("ical/feed.ics", ical.publish([FORUM, spanish], name="Forum, and more; 2026", url=FEED_URL))


def test_an_invitation(golden: Callable[[str, bytes], None]) -> None:
    golden("ical/request.ics", ical.request(INVITED))


def test_a_cancellation(golden: Callable[[str, bytes], None]) -> None:
    golden("ical/cancel.ics", ical.cancel(replace(INVITED, sequence=4, status="CANCELLED", join_url="", lead="")))


def test_an_occurrence_under_a_law_of_this_year_in_utc(golden: Callable[[str, bytes], None]) -> None:
    golden("ical/publish-utc.ics", ical.publish([entry(**at("2026-12-05T16:00", "America/Vancouver"))]))


def test_arabic_with_an_address_and_no_room(golden: Callable[[str, bytes], None]) -> None:
    arabic = entry(
        language_tag="ar",
        summary="منتدى عام، «أهلاً وسهلاً»",
        description="مرحبا بكم جميعاً في المنتدى العام، أحضروا أسئلتكم وأصدقاءكم.\nالمدخل من الباب الخلفي.",
        location="شارع طلعت حرب ١٢\nالقاهرة",
        room=None,
        join_url="",
        lead="",
        **at("2026-07-03T19:00", "Asia/Riyadh"),
    )
    golden("ical/publish-arabic.ics", ical.publish([arabic]))


def test_hostile_words_stay_words(golden: Callable[[str, bytes], None], ical_js: IcalJs) -> None:
    hostile = replace(
        INVITED,
        summary=HOSTILE,
        description=HOSTILE,
        location=HOSTILE,
        categories=(HOSTILE, "", " "),
        organizer=Party("events@example.org", HOSTILE),
        attendee=Party("a=b/c@example.com", HOSTILE),
    )
    data = ical.request(hostile)
    golden("ical/request-hostile.ics", data)
    seen = ical_js.read(data)["events"]
    name = 'Forum "A", B; C: ⧵new BEGIN: VEVENT 👩‍👩‍👧‍👦 مرحبا ^'
    place = name.replace("new ", "new, ").replace("VEVENT ", "VEVENT, ")
    assert [(event["summary"], event["location"], event["categories"]) for event in seen] == [(name, place, [name])]
    assert seen[0]["organizer"] == ["mailto:events@example.org", name]
    assert seen[0]["attendee"] == ["mailto:a%3Db%2Fc@example.com", name]
    assert seen[0]["description"].endswith('Forum "A", B; C: \\new\nBEGIN: VEVENT\n👩‍👩‍👧‍👦 مرحبا ^')


@pytest.mark.parametrize(
    ("write", "method", "guests"),
    [(lambda entry: ical.publish([entry]), "PUBLISH", 0), (ical.request, "REQUEST", 1), (ical.cancel, "CANCEL", 1)],
)
def test_each_kind_names_its_method_and_its_people(
    write: Callable[[CalendarEntry], bytes], method: str, guests: int
) -> None:
    data = write(INVITED)
    assert named(data, "METHOD") == [f"METHOD:{method}"]
    assert named(data, "ORGANIZER") == ['ORGANIZER;CN="Example League (International)":mailto:events@example.org']
    guest = 'ATTENDEE;CN="Zoë Muñoz";ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:zoe.munoz@example.com'
    assert named(data, "ATTENDEE") == [guest] * guests
    assert named(data, "UID") == [f"UID:{INVITED.uid}"]
    assert named(data, "SEQUENCE") == ["SEQUENCE:3"]
    assert named(data, "STATUS") == ["STATUS:CANCELLED" if method == "CANCEL" else "STATUS:CONFIRMED"]


@pytest.mark.parametrize("write", [ical.request, ical.cancel])
def test_mail_to_nobody_is_refused(write: Callable[[CalendarEntry], bytes]) -> None:
    with pytest.raises(ValueError, match="goes to one person"):
        write(FORUM)


def test_the_same_uid_twice_in_a_file_is_refused() -> None:
    with pytest.raises(ValueError, match="same uid"):
        ical.publish([FORUM, replace(FORUM, summary="again")])


def test_the_same_entry_gives_the_same_bytes() -> None:
    assert ical.publish([FORUM], name="a", url=FEED_URL) == ical.publish([replace(FORUM)], name="a", url=FEED_URL)


def test_every_line_ends_in_cr_lf_and_is_at_most_75_octets_long() -> None:
    data = ical.publish([replace(FORUM, description="ñ" * 3000)])
    assert max(map(len, data.split(b"\r\n"))) <= 75
    assert data.count(b"\n") == data.count(b"\r\n")
    assert data.endswith(b"END:VCALENDAR\r\n")


def test_an_event_names_its_zone_and_the_block_stands_before_it() -> None:
    lines = unfolded(ical.publish([FORUM]))
    assert named("\r\n".join(lines).encode(), "DTSTART") == [
        "DTSTART:20070311T020000",
        "DTSTART:20071104T020000",
        "DTSTART;TZID=America/Los_Angeles:20260613T160000",
    ]
    assert lines.index("END:VTIMEZONE") < lines.index("BEGIN:VEVENT")


def test_events_of_one_zone_share_its_block() -> None:
    other = replace(FORUM, uid="other", **at("2027-02-13T16:00", LOS_ANGELES))
    data = ical.publish([FORUM, other])
    assert unfolded(data).count("BEGIN:VTIMEZONE") == 1
    assert named(data, "DTEND") == [
        "DTEND;TZID=America/Los_Angeles:20260613T173000",
        "DTEND;TZID=America/Los_Angeles:20270213T173000",
    ]


def test_an_event_that_would_need_another_block_of_the_same_zone_goes_out_in_utc() -> None:
    """The rule of 2005 was another than that since 2007, and a file holds one block for a TZID."""
    early = replace(FORUM, uid="early", **at("2005-06-13T16:00", LOS_ANGELES))
    data = ical.publish([FORUM, early])
    assert named(data, "DTEND") == ["DTEND;TZID=America/Los_Angeles:20260613T173000", "DTEND:20050614T003000Z"]


def test_names_and_hints_stand_only_in_a_feed() -> None:
    calendar_level = ("NAME", "X-WR-CALNAME", "SOURCE", "REFRESH-INTERVAL", "X-PUBLISHED-TTL")
    once, feed = ical.publish([FORUM]), ical.publish([FORUM], name="A, b; c", url=FEED_URL)
    assert [line for name in calendar_level for line in named(once, name)] == []
    assert [line for name in calendar_level for line in named(feed, name)] == [
        "NAME:A\\, b\\; c",
        "X-WR-CALNAME:A\\, b\\; c",
        f"SOURCE;VALUE=URI:{FEED_URL}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]


def test_a_feed_may_be_empty() -> None:
    assert unfolded(ical.publish([]))[-2:] == ["METHOD:PUBLISH", "END:VCALENDAR"]


def test_how_to_join_stands_first_and_in_each_place_that_programs_look_at() -> None:
    data = ical.publish([FORUM])
    assert named(data, "LOCATION") == [f"LOCATION:{ROOM.url}"]
    assert named(data, "URL") == [f"URL:{FORUM.url}"]
    assert named(data, "CONFERENCE") == [f'CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL="Join":{ROOM.url}']
    assert description(FORUM).split("\n") == [
        f"Join: {ROOM.url}",
        "Meeting ID: 858 3554 9492",
        "Passcode: 191837",
        "By phone: +52 55 1234 5678 (Mexico City, MX)",
        "By phone: +1 669 900 6833",
        "",
        time_words(FORUM.starts_at, FORUM.ends_at, FORUM.tzid, "en").whole,
        "",
        "Everybody is welcome.",
        "",
        "• Bring a question",
        "• Bring a friend",
        "",
        FORUM.url,
    ]


def test_a_webinar_is_called_one() -> None:
    webinar = replace(FORUM, room=replace(ROOM, kind=ConferenceKind.WEBINAR, dial_in=(), passcode=""))
    assert description(webinar).split("\n")[:3] == [f"Join: {ROOM.url}", "Webinar ID: 858 3554 9492", ""]


def test_an_address_is_the_location_even_where_one_can_join_online_too() -> None:
    hybrid = replace(FORUM, location="12 Main St.,\nSpringfield\n")
    assert named(ical.publish([hybrid]), "LOCATION") == ["LOCATION:12 Main St.\\, Springfield"]


def test_without_address_and_room_there_is_no_location_and_no_conference() -> None:
    data = ical.publish([replace(FORUM, room=None, join_url="", lead="", categories=(), url="")])
    assert [line for name in ("LOCATION", "CONFERENCE", "CATEGORIES", "URL") for line in named(data, name)] == []


def test_a_cancelled_occurrence_says_so_in_words_too() -> None:
    cancelled = replace(FORUM, status="CANCELLED", room=None, join_url="", lead="")
    assert named(ical.publish([cancelled]), "STATUS") == ["STATUS:CANCELLED"]
    assert description(cancelled).startswith("Cancelled\n\nSaturday 13 June 2026")


def test_a_cancelled_place_is_told_from_a_cancelled_occurrence() -> None:
    cancelled = replace(FORUM, status="CANCELLED", room=None, join_url="", lead="", language_tag="de")
    assert description(cancelled).partition("\n")[0] == "Abgesagt"
    assert description(replace(cancelled, place_alone=True)).partition("\n")[0] == "Storniert"


def test_free_in_a_public_file_and_busy_in_an_invitation() -> None:
    assert named(ical.publish([FORUM]), "TRANSP") == ["TRANSP:TRANSPARENT"]
    assert named(ical.request(INVITED), "TRANSP") == ["TRANSP:OPAQUE"]


def test_stored_instants_lose_their_microseconds() -> None:
    odd = timedelta(microseconds=123456)
    data = ical.publish([replace(FORUM, dtstamp=FORUM.dtstamp + odd, created=FORUM.created + odd)])
    assert named(data, "DTSTAMP") == ["DTSTAMP:20260302T120000Z"]
    assert named(data, "CREATED") == ["CREATED:20260301T093000Z"]


def test_a_person_without_a_name_has_no_cn() -> None:
    data = ical.request(replace(INVITED, attendee=Party("a@example.com", " \u202e")))
    assert named(data, "ATTENDEE")[0].startswith("ATTENDEE;ROLE=REQ-PARTICIPANT;")
