"""Requests as nobody's browser sends them: right ones with something wrong in them, drawn for a whole site."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st
from werkzeug.routing import Rule

import eventsapp.web
from tests.fuzz.site import Asked, Form, Site

MARK = "evil"  # an element of that name is on no page, unless somebody's text was taken for markup
HOSTILE = [
    *("", " ", "\0", "\n", "\r\nX-Evil: 1", "\t", "\ud800", "\udfff\ud800", "\ufffd", "\ufeff", "\u202eabc", "\u2028"),
    *("0", "-1", "1e9", "NaN", "9" * 30, "2147483648", "9223372036854775808", "٣", "²", "0x10", "1_000", "+5"),
    *("../../etc/passwd", "..%2f..%2f", "%00", "%", "%zz", "%C0%80", "//evil.example", "https://evil.example/", "."),
    *("{{7*7}}", "{name}", "%(x)s", "%s", "${x}", "</script>"),
    *("a" * 300, "é" * 5000, "a\u0301" * 300, "👩🏽‍🚀" * 60, "x@" + "a" * 300, "@", "a@b", "a@xn--", "zoe@example.com"),
    *(
        "2026-02-30",
        "9999-12-31",
        "0000-00-00",
        "10000-01-01 00:00",
        "2026-03-08 02:30",
        "25:61",
        "P9999999999D",
        "PT1H",
    ),
    *("Asia/Tokyo", "Etc/GMT+99", "America/", "en", "xx-", "i-default", "en-" + "a-" * 50, "zh-Hant", "null", "[]"),
    *(
        "' OR 1=1 --",
        "a'b",
        "%%",
        "_",
        "\\",
        "1;2",
        "yes",
        "on",
        "true",
        "english",
        "forum",
        "calendar",
        "confirmation",
    ),
]
MARKS = [f'"><{MARK} x="', f"'><{MARK}>", f"<{MARK}>", f"</textarea></title><{MARK}>"]
TEXT = st.sampled_from(HOSTILE) | st.sampled_from(MARKS) | st.text(st.characters(codec=None), max_size=40)
DECENT = st.sampled_from([one for one in HOSTILE if one.isprintable()] + MARKS) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufffd"), max_size=40
)
RAW = TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=60)
OCTETS = st.integers(0, 5).flatmap(lambda turn: RAW if turn == 0 else DECENT.map(str.encode))
HEADERS = {
    "Accept-Language": ["", "*", "de-DE,de;q=0.9", "x" * 5000, "en;q=abc", "en;q=" + "9" * 400, "-,;=,,", "a-" * 500],
    "Range": [
        "bytes=0-0",
        "bytes=-",
        "bytes=9-1",
        "bytes=" + ",".join(["0-1"] * 200),
        "lines=1",
        "bytes=99999999999999-",
    ],
    "If-None-Match": ["*", '"', 'W/"x", "', "a" * 5000, '"\xff"'],
    "If-Modified-Since": ["Thu, 01 Jan 1970 00:00:00 GMT", "0", "Sat, 99 Xxx 99999 99:99:99 GMT", "\xff"],
    "If-Range": ['"x"', "yesterday"],
    "Cookie": [
        "eventsapp=x",
        "__Host-eventsapp=e30.x.y",
        "a" * 4000,
        "=;=;,",
        "eventsapp=\xff; eventsapp=",
        "$Version=1",
    ],
    "Host": ["", "evil.example", "[", "[::1", "events.example.org:99999", "events.example.org:x", "a" * 300, "\xff"],
    "Origin": ["null", "https://events.example.org", "http://[", "https://evil.example", "\xff"],
    "Sec-Fetch-Site": ["same-origin", "cross-site", "\xff"],
    "User-Agent": ["", "Mozilla/5.0 (X11) Firefox/140", "\xff" * 50, "a" * 5000],
    "Referer": ["https://events.example.org/", "\xff", "//["],
    "X-Forwarded-For": ["1.2.3.4", "x", "::1%eth0"],
    "X-Forwarded-Host": ["evil.example"],
    "Authorization": ["Bearer x", "Basic =", "Basic \xff", "Digest x=", "Bearer"],
    "HX-Request": ["true"],
    "HX-Current-URL": ["\xff", "//["],
    "Accept": ["*/*", "text/html;q=x", "\xff"],
    "Accept-Encoding": ["gzip", "*;q=0"],
    "X-Request-ID": ["a" * 5000, "\xff", "x y"],
    "Content-Encoding": ["gzip"],
    "Transfer-Encoding": ["chunked"],
    "Purpose": ["prefetch"],
    "X-HTTP-Method-Override": ["DELETE"],
}
HEADER = st.sampled_from(sorted(HEADERS)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.sampled_from(HEADERS[name]) | st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
    )
)
CONTENT_TYPES = ["text/plain", "application/json", "multipart/form-data", "multipart/form-data; boundary=\xff", "x", ""]
_READ = re.compile(r"""(?:form|args|values)(?:\.get|\.getlist)?[\[(]["']([\w-]+)["']""")


def names_read() -> list[str]:
    """Every name by which a view asks a form or a query, as its source says."""
    files = Path(eventsapp.web.__path__[0]).rglob("*.py")
    found = {name for file in files for name in _READ.findall(file.read_text(encoding="utf-8"))}
    return sorted(found | {"tz", "part", "via", "page", "q", "utm_source", "lang", "return", "next"} - {"csrf_token"})


NAMES = names_read()
Pairs = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Drawn:
    """A request and who sends it; ``token``: with the token of the page's form."""

    asked: Asked
    signed_in: bool
    token: bool
    multipart: bool = False


@st.composite
def drawn(draw: st.DrawFn, site: Site, rules: Sequence[Rule], forms: Mapping[str, Form]) -> Drawn:
    """One request to one of these rules, with a form's fields where it posts."""
    rule = draw(st.sampled_from(rules))
    usual = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    method = draw(st.sampled_from([*usual * 8, "HEAD", "OPTIONS", "PUT", "BREW"]))
    wrong = draw(st.sets(st.sampled_from(sorted(rule.arguments)), max_size=1)) if rule.arguments else set()
    parts = {name: quote_from_bytes(draw(OCTETS), safe="").encode() for name in wrong if draw(st.booleans())}
    path = site.path(rule, parts)
    if not rule.rule.startswith("/organizer"):
        path = draw(st.sampled_from([b"", b"", b"/es", b"/ar", b"/xx", b"/en-us", b"/zh_Hant"])) + path
    headers = tuple(draw(st.lists(HEADER, max_size=2, unique_by=lambda pair: pair[0])))
    query = draw(st.one_of(st.just(b""), QUERY.map(encoded), RAW_QUERY))
    body, kind, multipart = b"", "", False
    if method not in ("GET", "HEAD", "OPTIONS"):
        pairs = draw(fields(forms.get(rule.endpoint)))
        multipart = draw(st.integers(0, 3)) == 0
        body, kind = multiparted(pairs) if multipart else (encoded(pairs), "application/x-www-form-urlencoded")
        body, kind = draw(broken(body, kind))
    return Drawn(
        Asked(method, path, query, headers, body, kind),
        signed_in=rule.rule.startswith("/organizer") and draw(st.integers(0, 9)) > 0,
        token=draw(st.integers(0, 9)) > 0,
        multipart=multipart,
    )


PAIR = st.tuples(st.sampled_from(NAMES).map(str.encode) | OCTETS, OCTETS)
QUERY = st.lists(PAIR, max_size=4) | OCTETS.map(lambda value: [(name.encode(), value) for name in NAMES])
RAW_QUERY = st.lists(st.integers(33, 255), max_size=60).map(bytes)  # what a server lets into its first line


def _replaced(pairs: Pairs, at: int, new: Pairs) -> Pairs:
    return [*pairs[:at], *new, *pairs[at + 1 :]]


def _one(pairs: Pairs) -> st.SearchStrategy[int]:
    return st.integers(0, len(pairs) - 1)


MORE = st.builds(lambda pair, times: [pair] * times, PAIR, st.sampled_from([1, 1, 3, 500, 2000]))
Wrong = Callable[[Pairs], st.SearchStrategy[Pairs]]
WRONGS: list[Wrong] = [
    *[lambda pairs: st.builds(lambda at, new: _replaced(pairs, at, [(pairs[at][0], new)]), _one(pairs), OCTETS)] * 3,
    lambda pairs: st.builds(lambda at: _replaced(pairs, at, []), _one(pairs)),
    lambda pairs: st.builds(lambda at, new: [*pairs, (pairs[at][0], new)], _one(pairs), OCTETS),
    lambda pairs: st.builds(lambda at, new: _replaced(pairs, at, [(new, pairs[at][1])]), _one(pairs), OCTETS),
    lambda pairs: OCTETS.map(lambda value: [(name, value) for name, _ in pairs]),
    lambda pairs: MORE.map(lambda more: [*pairs, *more]),
]


@st.composite
def fields(draw: st.DrawFn, form: Form | None) -> Pairs:
    """A form as one could send it, with up to three things wrong."""
    pairs: Pairs = []
    if form is not None:
        for name, values in form.fields.items():
            if name != "csrf_token":
                pairs.append((name.encode(), draw(st.sampled_from(values)).encode("utf-8", "surrogatepass")))
        pairs += [(name.encode(), draw(OCTETS)) for name in sorted(form.files)]
    for _ in range(draw(st.integers(0, 3))):
        pairs = draw(st.sampled_from(WRONGS).flatmap(lambda wrong: wrong(pairs)) if pairs else MORE)  # noqa: B023
    return pairs


def encoded(pairs: Pairs) -> bytes:
    return b"&".join(quote_from_bytes(name).encode() + b"=" + quote_from_bytes(value).encode() for name, value in pairs)


def multiparted(pairs: Pairs) -> tuple[bytes, str]:
    """Every other one as a file."""
    parts = []
    for number, (name, value) in enumerate(pairs):
        shown = name.replace(b"\r", b"").replace(b"\n", b"").replace(b'"', b"%22")
        file = b'; filename="' + shown + b'"' if number % 2 or name in (b"file", b"picture") else b""
        head = b'--B\r\nContent-Disposition: form-data; name="' + shown + b'"' + file
        parts.append(head + b"\r\n\r\n" + value + b"\r\n")
    return b"".join([*parts, b"--B--\r\n"]), "multipart/form-data; boundary=B"


@st.composite
def broken(draw: st.DrawFn, body: bytes, kind: str) -> tuple[bytes, str]:
    """Mostly as it is; cut off, with other bytes in it, or called something else."""
    match draw(st.integers(0, 9)):
        case 0:
            return body[: draw(st.integers(0, len(body)))], kind
        case 1:
            at = draw(st.integers(0, len(body)))
            return body[:at] + draw(st.binary(max_size=20)) + body[at:], kind
        case 2:
            return body, draw(st.sampled_from(CONTENT_TYPES))
        case 3:
            return draw(st.binary(max_size=200)), kind
        case _:
            return body, kind
