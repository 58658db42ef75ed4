"""Ask a site whatever hypothesis draws, and look at each answer."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from hypothesis import HealthCheck, given, note, seed
from hypothesis import settings as examples
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.fuzz.requests import MARK, Drawn, drawn, encoded
from tests.fuzz.site import Asked, Site
from tests.web.html import read

PATIENCE = 60  # seconds until an answer is taken for one that never comes


def sweep(site: Site, rules: Sequence[Rule], how: examples, begin: int | None = None) -> None:
    """No answer is a fault of ours, hangs, makes markup of a text, or gives a stranger a cookie. Raises what is."""
    forms = site.forms(rules)
    how = examples(how, suppress_health_check=list(HealthCheck), deadline=None)

    @how
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        site.ready()
        one = data.draw(drawn(site, rules, forms), label="request")
        with within(PATIENCE):
            answer = site.ask(with_token(site, one), signed_in=one.signed_in)
        note(f"{answer.status} {dict(answer.headers)}")
        judge(one, answer)

    (ask if begin is None else seed(begin)(ask))()


def judge(one: Drawn, answer: TestResponse) -> None:
    assert answer.status_code < 500, answer.get_data(as_text=True)[:500]
    if answer.mimetype == "text/html" and not 300 <= answer.status_code < 400 and answer.get_data():
        page = read(answer)
        assert not page.all(MARK), "a text became markup"
    if not one.asked.path.startswith(b"/organizer"):
        assert "Set-Cookie" not in answer.headers


def with_token(site: Site, one: Drawn) -> Asked:
    asked = one.asked
    if not (one.token and one.signed_in and site.owner and asked.method not in ("GET", "HEAD", "OPTIONS")):
        return asked
    token = site.owner.token().encode()
    if one.multipart:
        head = b'--B\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
        return replace(asked, body=head + token + b"\r\n" + asked.body)
    return replace(asked, body=encoded([(b"csrf_token", token)]) + b"&" + asked.body)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Ends what takes longer, with a traceback that says where it was."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"no answer within {seconds} seconds")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
