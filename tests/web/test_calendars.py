"""Calendar files: the right type, name and validators; what stands in them is tested in tests/ical."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factory import IN_SPANISH

FILE = "/events/forum/spanish.ics"


def unfolded(answer) -> list[str]:
    return answer.get_data(as_text=True).replace("\r\n ", "").split("\r\n")


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (FILE, "public, max-age=300, s-maxage=0"),  # for whoever ignores Vary: in another language it is another file
        ("/events/forum/calendar.ics", "public, max-age=300, s-maxage=0"),
        (f"/es{FILE}", "public, max-age=300"),
    ],
)
def test_a_calendar_file_says_what_it_is(client, make, path, kept):
    make.event()
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["Cache-Control"] == kept
    assert "Set-Cookie" not in answer.headers
    assert "METHOD:PUBLISH" in unfolded(answer)


@pytest.mark.parametrize(
    ("path", "plain", "told"),
    [
        (FILE, "forum-spanish", "Public%20forum"),
        (f"/es{FILE}", "forum-spanish", "Foro%20p%C3%BAblico"),
        ("/es/events/forum/calendar.ics", "forum", "Foro%20p%C3%BAblico"),
    ],
)
def test_its_name_is_plain_for_old_programs_and_whole_for_the_rest(client, make, path, plain, told):
    make.event()
    said = client.get(path).headers["Content-Disposition"]
    assert said == f"attachment; filename=\"{plain}.ics\"; filename*=UTF-8''{told}.ics"


TITLES = [
    ('"; filename="evil.exe', "filename%3D%20evil.exe"),
    ("../../etc/passwd", "etc%20passwd"),
    ("...", "forum-spanish"),
    ("ندوة", "%D9%86%D8%AF%D9%88%D8%A9"),
    ("x" * 300, "x" * 80),
]


def test_no_title_breaks_out_of_the_name(client, make):
    for number, (title, told) in enumerate(TITLES):
        make.event(f"e{number}", languages={"en": title})
        said = client.get(f"/events/e{number}/spanish.ics").headers["Content-Disposition"]
        assert said.startswith(f'attachment; filename="e{number}-spanish.ics"; ')
        assert said.endswith(f"{told.replace('forum', f'e{number}')}.ics")
        assert said.isascii()
        assert said.count('"') == 2


def test_one_date_or_all_of_them(client, make):
    make.event()
    assert unfolded(client.get(FILE)).count("BEGIN:VEVENT") == 1
    assert unfolded(client.get("/events/forum/calendar.ics")).count("BEGIN:VEVENT") == 2
    for path in (
        "/events/forum/nothing.ics",
        "/events/nothing/calendar.ics",
        "/events/forum/.ics",
        "/events/forum/x%00.ics",
    ):
        assert client.get(path).status_code in (400, 404), path


def test_the_language_is_that_of_the_address(client, make):
    make.event()
    assert "SUMMARY:Foro público" in unfolded(client.get(f"/es{FILE}"))
    negotiated = client.get(FILE, headers={"Accept-Language": "es"})
    assert "SUMMARY:Foro público" in unfolded(negotiated)
    assert negotiated.vary.to_header() == "Accept-Language"


def test_the_same_rows_give_the_same_bytes_and_tag(client, make):
    make.event()
    one, other = client.get(FILE), client.get(FILE)
    assert (one.data, one.headers["ETag"]) == (other.data, other.headers["ETag"])
    assert not one.headers["ETag"].startswith("W/")


def test_a_known_tag_is_enough(client, make):
    make.event()
    tag = client.get(FILE).headers["ETag"]
    for known in (tag, f"W/{tag}", f'"a", {tag}, "b"', f'W/"a",W/{tag}', "*"):
        answer = client.get(FILE, headers={"If-None-Match": known})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag), known
    assert client.get(FILE, headers={"If-None-Match": '"a", W/"b"'}).status_code == 200


def test_a_date_counts_only_without_a_tag(client, make, now):
    make.event()
    answer = client.get(FILE)
    assert answer.last_modified == now.astimezone(UTC)
    since = answer.headers["Last-Modified"]
    before = (now - timedelta(days=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert client.get(FILE, headers={"If-Modified-Since": since}).status_code == 304
    assert client.get(FILE, headers={"If-Modified-Since": before}).status_code == 200
    assert client.get(FILE, headers={"If-Modified-Since": since, "If-None-Match": '"other"'}).status_code == 200
    assert client.get(FILE, headers={"If-Modified-Since": since, "If-None-Match": "rubbish"}).status_code == 200
    assert client.get(FILE, headers={"If-Modified-Since": "rubbish"}).status_code == 200


def test_the_date_is_that_of_the_last_change(client, make, now):
    later = now - timedelta(hours=1)
    make.event(occurrences=[{**IN_SPANISH, "revised_at": now - timedelta(days=3)}], changed_at=later)
    assert client.get(FILE).last_modified == later
    make.event("other", occurrences=[{**IN_SPANISH, "revised_at": now}], changed_at=later)
    assert client.get("/events/other/spanish.ics").last_modified == now


def test_head_tells_everything_but_the_body(client, make):
    make.event()
    head, get = client.head(FILE), client.get(FILE)
    assert head.data == b""
    names = ("Content-Type", "Content-Length", "Content-Disposition", "ETag", "Last-Modified", "Cache-Control")
    assert {name: head.headers[name] for name in names} == {name: get.headers[name] for name in names}


def test_a_calendar_that_is_subscribed_to_names_its_own_address(client, make):
    make.event()
    lines = unfolded(client.get("/es/events/forum/calendar.ics"))
    assert "SOURCE;VALUE=URI:https://events.example.org/es/events/forum/calendar.ics" in lines
    assert "X-WR-CALNAME:Foro público" in lines
    assert not any(line.startswith(("SOURCE", "X-WR-CALNAME", "NAME")) for line in unfolded(client.get(FILE)))


def test_a_cancelled_date_is_cancelled_in_the_file(client, make):
    make.event(occurrences=[{**IN_SPANISH, "cancelled_at": datetime(2026, 3, 1, tzinfo=UTC), "sequence": 1}])
    lines = unfolded(client.get(FILE))
    assert {"STATUS:CANCELLED", "SEQUENCE:1"} <= set(lines)
