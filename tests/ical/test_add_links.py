"""Links into web calendars: right instants, words that come out again as they went in, and a length that all carry."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain.entry import CalendarEntry
from eventsapp.ical.add_links import URL_LIMIT, add_links
from eventsapp.ical.calendar import description
from tests.ical.samples import FORUM, ROOM, at

SHORT = replace(FORUM, description="Bring <b>a question</b> & a friend.", room=None)


def parts(entry: CalendarEntry) -> dict[str, tuple[str, dict[str, str]]]:
    """For each service the address and its values, decoded."""
    found = {}
    for link in add_links(entry):
        address, _, query = link.url.partition("?")
        values = parse_qs(query, keep_blank_values=True, strict_parsing=True)
        assert all(len(value) == 1 for value in values.values())
        found[link.service] = (address, {name: value[0] for name, value in values.items()})
    return found


def test_google() -> None:
    assert parts(SHORT)["google"] == (
        "https://calendar.google.com/calendar/render",
        {
            "action": "TEMPLATE",
            "text": "Public online forum",
            "dates": "20260613T230000Z/20260614T003000Z",
            "ctz": "America/Los_Angeles",
            "details": description(SHORT),
            "location": ROOM.url,
        },
    )


@pytest.mark.parametrize(("service", "host"), [("outlook", "outlook.live.com"), ("office365", "outlook.office.com")])
def test_outlook_reads_its_body_as_html(service: str, host: str) -> None:
    address, values = parts(SHORT)[service]
    assert address == f"https://{host}/calendar/deeplink/compose"
    assert values.pop("body").endswith(
        f"<br><br>Bring &lt;b&gt;a question&lt;/b&gt; &amp; a friend.<br><br>{FORUM.url}"
    )
    assert values == {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": "Public online forum",
        "startdt": "2026-06-13T23:00:00Z",
        "enddt": "2026-06-14T00:30:00Z",
        "location": ROOM.url,
    }


def test_yahoo() -> None:
    assert parts(SHORT)["yahoo"] == (
        "https://calendar.yahoo.com/",
        {
            "v": "60",
            "title": "Public online forum",
            "st": "20260613T230000Z",
            "et": "20260614T003000Z",
            "desc": description(SHORT),
            "in_loc": ROOM.url,
        },
    )


def test_the_instant_is_utc_on_a_clock_change_day_too() -> None:
    entry = replace(SHORT, **at("2026-10-25T01:30", "Europe/London", fold=1))
    assert parts(entry)["google"][1]["dates"] == "20261025T013000Z/20261025T030000Z"


def test_nothing_is_added_for_a_cancelled_occurrence() -> None:
    assert add_links(replace(FORUM, status="CANCELLED")) == ()


def test_long_words_are_cut_between_words_and_never_inside_an_address() -> None:
    words = "Palabras y más palabras. " * 60
    entry = replace(SHORT, description=f"{words}https://example.org/{'a' * 300} {words}")
    for link in add_links(entry):
        assert URL_LIMIT - 400 < len(link.url) <= URL_LIMIT
    details = parts(entry)["google"][1]["details"]
    assert details.startswith(f"Join: {ROOM.url}\n\nSaturday 13 June 2026")
    assert details.endswith(("Palabras…", "y…", "más…", "palabras.…"))


def test_the_place_and_the_title_give_way_last() -> None:
    entry = replace(FORUM, summary="題" * 190, location="場所" * 200)
    for address, values in parts(entry).values():
        title = values.get("text") or values.get("subject") or values.get("title")
        assert title == "題" * 190, address
        assert not {"details", "body", "desc"} & set(values)


@given(summary=st.text(max_size=400), text=st.text(max_size=4000), place=st.text(max_size=600))
def test_any_words_make_four_links_that_browsers_carry(summary: str, text: str, place: str) -> None:
    links = add_links(replace(FORUM, summary=summary, description=text, location=place))
    assert [link.service for link in links] == ["google", "outlook", "office365", "yahoo"]
    for link in links:
        assert len(link.url) <= URL_LIMIT
        assert link.url.isascii()
        assert urlsplit(link.url).fragment == ""
        parse_qs(urlsplit(link.url).query, strict_parsing=True)
