import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain.errors import Invalid
from eventsapp.domain.rooms import (
    check_room,
    dialled,
    grouped,
    host_name,
    join_url,
    meeting_id,
    number_in_link,
    ways_into,
)
from eventsapp.domain.vocabulary import ConferenceProvider

ZOOM, OTHER = ConferenceProvider.ZOOM, ConferenceProvider.OTHER
NUMBER = "85835549492"


@pytest.mark.parametrize(
    ("typed", "digits", "shown"),
    [
        ("858 3554 9492", NUMBER, "858 3554 9492"),
        ("858-3554-9492", NUMBER, "858 3554 9492"),
        ("858\u00a03554\u202f9492", NUMBER, "858 3554 9492"),
        ("８５８３５５４９４９２", NUMBER, "858 3554 9492"),
        ("٨٥٨ ٣٥٥٤ ٩٤٩٢", NUMBER, "858 3554 9492"),
        ("4155551234", "4155551234", "415 555 1234"),
        ("123.456.789", "123456789", "123 456 789"),
    ],
)
def test_meeting_ids_are_read_in_any_spacing_and_shown_grouped(typed, digits, shown):
    assert meeting_id(typed) == digits
    assert grouped(digits) == shown
    assert meeting_id(shown) == digits


@pytest.mark.parametrize(
    "typed", ["", "12345678", "123456789012", "858x35549492", "858 3554 949O", "+85835549492", "½" * 9]
)
def test_other_numbers_are_no_meeting_ids(typed):
    with pytest.raises(Invalid, match="9 to 11 digits") as refused:
        meeting_id(typed)
    assert refused.value.key == "meeting_id"


@given(st.text(max_size=30))
def test_a_meeting_id_is_ascii_digits_or_refused(text):
    try:
        digits = meeting_id(text)
    except Invalid:
        return
    assert digits.isascii()
    assert 9 <= len(digits) <= 11
    assert digits.isdigit()


@pytest.mark.parametrize(
    ("url", "number"),
    [
        (f"https://zoom.us/j/{NUMBER}", NUMBER),
        (f"https://us02web.zoom.us/j/{NUMBER}?pwd=abc.1", NUMBER),
        (f"https://zoom.us/w/{NUMBER}?tk=x", NUMBER),
        (f"https://zoom.us/wc/join/{NUMBER}", NUMBER),
        (f"https://app.zoom.us/wc/{NUMBER}/join", NUMBER),
        (f"https://zoom.us/join?confno={NUMBER}", NUMBER),
        ("https://zoom.us/my/ana", ""),
        ("https://zoom.us/webinar/register/WN_abc", ""),
        ("https://[", ""),
    ],
)
def test_the_number_in_a_link(url, number):
    assert number_in_link(url) == number


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"https://zoom.us/j/{NUMBER}",
        f"https://ZOOM.US/j/{NUMBER}",
        f"https://us06web.zoom.us/j/{NUMBER}?pwd=Abc#success",
        f"https://example.zoomgov.com/j/{NUMBER}",
        f"https://zoom.us:443/j/{NUMBER}",
        "https://example.zoom.us/my/ana.lopez",
        join_url(NUMBER),
    ],
)
def test_real_rooms_are_accepted(url):
    check_room(ZOOM, url, NUMBER, [])


@pytest.mark.parametrize(
    "url",
    [
        f"https://zoom.us.evil.example/j/{NUMBER}",
        f"https://evilzoom.us/j/{NUMBER}",
        f"https://zoom.us@evil.example/j/{NUMBER}",
        f"https://user:pass@zoom.us/j/{NUMBER}",
        f"https://evil.example/zoom.us/j/{NUMBER}",
        "https://evil.example#@zoom.us/",
        "https://evil.example?zoom.us",
        f"https://evil.example\\.zoom.us/j/{NUMBER}",
        f"https://zoom.us%2eevil.example/j/{NUMBER}",
        f"https://zооm.us/j/{NUMBER}",
        f"https://xn--zm-fmca.us/j/{NUMBER}",
        f"https://zoom.us。evil.example/j/{NUMBER}",
        f"https://zoom.us./j/{NUMBER}",
        f"http://zoom.us/j/{NUMBER}",
        f"//zoom.us/j/{NUMBER}",
        f"zoom.us/j/{NUMBER}",
        f"https:zoom.us/j/{NUMBER}",
        f"zoommtg://zoom.us/join?confno={NUMBER}",
        "javascript:alert(1)//https://zoom.us/",
        f"https://zoom.us/j/{NUMBER} ",
        f"https://zoom.us/j/{NUMBER}\nhttps://evil.example",
        "https://127.0.0.1/j/1",
        "https://[::1]/j/1",
        "https://zoom.us:99999/",
        "https://zoom.us/" + "x" * 3000,
        f"https://zoom.us/s/{NUMBER}?zak=secret",
        f"https://zoom.us/%73/{NUMBER}",
        f"https://zoom.us//s/{NUMBER}",
        f"https://zoom.us/j/{NUMBER}?zak=secret",
        "https://zoom.us/j/12345",
        "https://zoom.us/j/123456789012",
    ],
    ids=lambda url: ascii(url)[:50],
)
def test_links_that_would_lead_people_astray_are_refused(url):
    with pytest.raises(Invalid) as refused:
        check_room(ZOOM, url, "", [])
    assert refused.value.key == "url"


def test_another_number_in_the_link_is_refused_with_both():
    with pytest.raises(Invalid) as refused:
        check_room(ZOOM, f"https://zoom.us/j/{NUMBER}", "85835549493", [])
    assert refused.value.key == "meeting_id"
    assert str(refused.value) == (
        "The meeting ID is 858 3554 9493 but the link leads to 858 3554 9492; correct the one that is wrong."
    )


def test_an_organization_may_allow_hosts_with_their_subdomains():
    check_room(OTHER, "https://meet.example.org/forum", "", ["example.org"])
    check_room(OTHER, "https://example.org:8443/s/1", "", ["example.org"])
    with pytest.raises(Invalid, match="conference_hosts"):
        check_room(OTHER, "https://evilexample.org/forum", "", ["example.org"])
    with pytest.raises(Invalid, match="start link"):
        check_room(OTHER, f"https://zoom.us/s/{NUMBER}", "", ["example.org"])


@pytest.mark.parametrize("text", ["example", "https://example.org", "example.org/x", "exa mple.org", "10.0.0.1", ""])
def test_an_allowed_host_is_a_plain_host_name(text):
    with pytest.raises(Invalid):
        host_name(text)


def test_an_allowed_host_may_be_written_as_a_pattern():
    assert host_name(" *.Example.ORG ") == "example.org"


ZOOMS = [f"https://{star}{host}" for host in ("zoom.us", "zoom.com", "zoomgov.com") for star in ("*.", "")]


@pytest.mark.parametrize(
    ("url", "sources"),
    [
        ("https://us06web.zoom.us/j/85835549492?pwd=x", ["https://us06web.zoom.us", *ZOOMS]),
        ("https://ZOOM.us:8443/j/85835549492", ["https://zoom.us:8443", "https:"]),
        ("https://meet.example.org/one", ["https://meet.example.org", "https:"]),
        ("https://meet.example.org:8443/one", ["https://meet.example.org:8443", "https:"]),
        ("https://zoom.us.evil.example/j/1", ["https://zoom.us.evil.example", "https:"]),
        ("", []),
        ("http://zoom.us/j/85835549492", []),
        ("https://x;y/", []),
        ("https://zoom.us@evil.example/", []),
        ("https://a.example\n; script-src *", []),
        ("javascript:alert(1)", []),
    ],
)
def test_a_form_may_lead_where_a_room_leads(url, sources):
    assert ways_into(url) == sources


@given(st.text(max_size=60) | st.text(max_size=60).map("https://".__add__))
def test_no_link_writes_a_policy_of_its_own(url):
    assert all(not set(source) & set("; ,'\"\r\n") for source in ways_into(url))


@pytest.mark.parametrize(
    ("number", "link"),
    [
        ("+1 669 900 6833", "+16699006833"),
        ("(+52) 55-1234.5678", "+525512345678"),
        ("+1 669\u00a0900\u202f6833", "+16699006833"),
        ("0800 123", "0800123"),
        ("none", ""),
        ("+1;ext=<b>", "+1"),
    ],
)
def test_a_telephone_number_is_dialled_by_its_digits(number, link):
    assert dialled(number) == link
