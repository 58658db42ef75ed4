"""What every answer tells the browser, and what is refused before a page sees it."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from eventsapp.app import create_app
from eventsapp.models import Registration
from tests.web.html import read

FORM = "/events/forum/registrations"
FILLED = {"name": "Zoë", "email": "zoe@example.org", "occurrences": "spanish"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
PATHS = [
    "/",
    "/es/",
    "/events/forum",
    "/events/forum/calendar.ics",
    "/organizations/example-league",
    "/time-zone",
    "/nothing",
    "/j/nothing",
    "/registrations/nothing",
    "/robots.txt",
    "/favicon.svg",
    "/accent/c8452b.css",
    "/pattern/c8452b/forum.svg",
    "/events/forum/share.png",
]


def registered(session) -> int:
    return session.scalar(select(func.count()).select_from(Registration))


def test_every_answer_carries_the_headers_and_no_cookie(client, make):
    make.event()
    expected = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Strict-Transport-Security": "max-age=31536000",
    }
    for path in PATHS:
        answer = client.get(path)
        assert {name: answer.headers.get(name) for name in expected} == expected, path
        assert answer.headers.get("Referrer-Policy"), path
        assert answer.headers.get("Cache-Control"), path
        assert not {"Set-Cookie", "Server"} & set(answer.headers.keys()), path


def test_nothing_inline_needs_a_looser_policy(client, make):
    make.event()
    page = read(client.get("/events/forum"))
    for element in page.walk():
        assert "style" not in element.attrs
        assert not any(name.startswith("on") for name in element.attrs), element.attrs
        assert element.tag != "style"
        if element.tag == "script" and element.get("type") != "application/ld+json":
            assert element["src"].startswith("/static/")


def test_nothing_is_asked_of_another_host(client, make):
    make.event()
    page = read(client.get("/events/forum"))
    fetched = [e["src"] for e in page.walk() if e.get("src")]
    fetched += [e["href"] for e in page.all("link") if e["rel"] in ("stylesheet", "icon", "preload")]
    assert all(address.startswith("/") and not address.startswith("//") for address in fetched)


def test_http_promises_nothing_about_https(settings):
    plain = create_app(replace(settings, base_url="http://127.0.0.1:8000"))
    assert "Strict-Transport-Security" not in plain.test_client().get("/robots.txt").headers


FROM_ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://events.example.org"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://events.example.org"},
    {"Origin": "https://events.example.org.evil.example"},
    {"Origin": "https://events.example.org:8443"},
    {"Origin": "null"},
    {"Origin": "http://[::1"},
    {"Origin": "http://localhost:9"},
    {"Origin": ""},
]
FROM_HERE = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Origin": "https://events.example.org"},
    {"Origin": "http://localhost"},
]


def test_a_form_from_elsewhere_is_refused_kindly(client, make, session):
    make.event()
    for headers in FROM_ELSEWHERE:
        answer = client.post(FORM, data=FILLED, headers=headers)
        assert answer.status_code == 403, headers
        assert read(answer).one("h1").text == "This form was sent from another site"
    assert registered(session) == 0


def test_a_form_of_our_own_is_taken(client, make, session):
    make.event()
    for number, headers in enumerate(FROM_HERE):
        answer = client.post(FORM, data=FILLED | {"email": f"zoe{number}@example.org"}, headers=headers)
        assert answer.status_code == 303, headers
    assert registered(session) == len(FROM_HERE)


def test_a_receipt_may_be_corrected_by_a_browser_that_hides_its_origin(client, make):
    make.event()
    address = client.post(FORM, data=FILLED).headers["Location"]
    answer = client.post(f"{address}/address", data={"email": "b@example.org"}, headers={"Origin": "null"})
    assert answer.status_code == 303


def test_a_form_on_a_page_without_a_secret_address_is_sent_with_its_origin(client, make):
    """After a mistake too: older browsers say "null" under no-referrer, and would be taken for another site."""
    make.event()
    for answer in (client.post(FORM, data={}), client.get("/events/forum/link")):
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "private, no-store"
    sent = client.post(FORM, data=FILLED)
    assert (sent.status_code, sent.headers["Cache-Control"]) == (303, "private, no-store")
    assert client.get(sent.headers["Location"]).headers["Referrer-Policy"] == "no-referrer"


def test_a_foreign_host_is_refused(client, make):
    make.event()
    for host in ("evil.example", "events.example.org.evil.example", "evil.example:443", "", "a b", "[::1", "10.0.0.1"):
        answer = client.get("/events/forum", headers={"Host": host})
        assert answer.status_code == 400, host
        assert read(answer).one("h1").text == "We could not read this request"
        assert "evil" not in answer.text


def test_our_own_hosts_are_served(client, make):
    make.event()
    for host in ("events.example.org", "EVENTS.example.org:443", "localhost:8000", "127.0.0.1", "[::1]:8000"):
        assert client.get("/events/forum", headers={"Host": host}).status_code == 200, host


def test_only_named_proxies_are_believed(settings):
    def seen(proxies: int, forwarded: str) -> str:
        from flask import request  # noqa: PLC0415

        app = create_app(replace(settings, trusted_proxies=proxies))
        app.add_url_rule("/seen", view_func=lambda: request.remote_addr or "")
        return app.test_client().get("/seen", headers={"X-Forwarded-For": forwarded}).text

    assert seen(0, "203.0.113.9") == "127.0.0.1"
    assert seen(1, "198.51.100.1, 203.0.113.9") == "203.0.113.9"
    assert seen(2, "198.51.100.1, 203.0.113.9") == "198.51.100.1"


# Hostile input: never a 500


STRANGE_ADDRESSES = [
    "/events/%00",
    "/events/forum%00",
    "/events/%ff%fe",
    "/events/forum?tz=%00",
    "/events/forum?tz=%ff",
    "/?page=%00",
    "/time-zone?q=%00&return=%00",
    "/time-zone?q=%ed%a0%80",
    "/events/" + "x" * 5000,
    "/events/%F0%9F%8E%89",
    "/events/..%2f..%2fetc%2fpasswd",
    "/events/forum.ics",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/pictures/..%2f..%2fsecret_key",
    "/pictures/.hidden.png",
    "/pictures/x.svg",
    "/static/x/../../config.py",
    "/static/0/config.py",
    "/accent/zzzzzz.css",
    "/accent/c8452b%7D.css",
    "/pattern/c8452b/..%2fx.svg",
    "/pattern/x/forum.svg",
    "/j/%00",
    "/registrations/%00",
    "/registrations/%E2%80%AE",
    "/es-\u0661\u0662/",
    "//evil.example/",
    "/es//evil.example",
    "/.well-known/x",
]


def test_a_strange_address_is_answered_calmly(client, make):
    make.event()
    for path in STRANGE_ADDRESSES:
        expected = (400,) if "%00" in path else (200, 400, 404)
        assert client.get(path).status_code in expected, path


def test_raw_bytes_in_the_query_are_answered_calmly(client, make):
    make.event()
    answer = client.get("/events/forum", environ_overrides={"QUERY_STRING": "tz=\xff\xfe&q=\x80"})
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_raw_bytes_in_the_query_do_not_break_the_page_that_refuses_for_another_reason(client, make, headers):
    make.event()
    raw = {"QUERY_STRING": "tz=\xff\xfe"}
    answer = client.post("/events/forum/registrations", headers=headers, environ_overrides=raw)
    assert answer.status_code == 400
    assert "We could not read this request" in answer.text


STRANGE_FORMS = [
    ({"name": "a\x00b"}, 400),
    ({"name\x00": "x"}, 400),
    ({"unknown": "\x00"}, 400),
    ({"name": "x" * 300_000}, 422),
    ({"name": "x" * 100_000}, 422),
    ({f"f{number}": "x" for number in range(3000)}, 422),
    ({"name": "\u202e\u2066evil\u2069"}, 422),
    ({"name": "\ufeff\u200b"}, 422),
    ({"email": "a" * 5000 + "@example.org"}, 422),
    ({"email": "a@b@c@d"}, 422),
    ({"occurrences": ["spanish"] * 300}, 422),
    ({"time_zone": "America"}, 422),
    ({"time_zone": "../../../etc/passwd"}, 422),
    ({"time_zone": "x" * 5000}, 422),
    ({"name": "{{7*7}}{event.__class__}%(x)s"}, 422),
]


def test_a_strange_form_is_answered_calmly(client, make, session):
    make.event()
    for data, status in STRANGE_FORMS:
        answer = client.post(FORM, data={"email": "nobody"} | data)
        assert answer.status_code == status, str(data)[:80]
        assert read(answer).one("h1")
    assert registered(session) == 0


BROKEN_BODIES = [
    (b"name=%ff%fe", "application/x-www-form-urlencoded"),
    (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
    (b"{}", "application/json"),
    (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    (b"x", "multipart/form-data"),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\nnameless\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    (b"name=x", "application/x-www-form-urlencoded; charset=utf-7"),
]


def test_a_broken_body_is_answered_calmly(client, make, session):
    make.event()
    for body, kind in BROKEN_BODIES:
        assert client.post(FORM, data=body, content_type=kind).status_code in (400, 413, 415, 422), (body, kind)
    assert registered(session) == 0


def test_a_huge_body_is_not_read(client, make):
    make.event()
    answer = client.post(FORM, data=b"x" * (1024 * 1024 + 1), content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, read(answer).one("h1").text) == (413, "That was too much at once")


def test_another_method_is_refused(client, make):
    make.event()
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = client.open("/events/forum", method=method)
        assert (answer.status_code, read(answer).one("h1").text) == (405, "This address works in another way")
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
