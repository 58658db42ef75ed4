"""Error pages: in the reader's language, with a way on, without a secret and without a database."""

import errno
import logging
import os

import pytest

from tests.web.html import read


@pytest.mark.parametrize(
    ("path", "accepted", "lang"),
    [("/nothing", "", "en"), ("/nothing", "es", "es"), ("/es/nothing", "en", "es"), ("/ja/nothing", "", "en")],
)
def test_an_error_speaks_the_readers_language(client, path, accepted, lang):
    answer = client.get(path, headers={"Accept-Language": accepted} if accepted else {})
    page = read(answer)
    assert answer.status_code == 404
    assert page.one("html")["lang"] == lang
    assert page.one("main").all("a")[0]["href"] == ("/" + path.split("/")[1] + "/" if path.count("/") > 1 else "/")
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert answer.headers["Cache-Control"] == "no-store"


def test_whoever_sends_a_file_to_a_full_disk_is_asked_to_come_again(settings, caplog):
    from eventsapp.app import create_app  # noqa: PLC0415

    def put_aside():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    app = create_app(settings)
    app.add_url_rule("/full", view_func=put_aside)
    answer = app.test_client().get("/full")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "The disk is full" in caplog.text


def test_what_nobody_foresaw_is_said_kindly_and_noted(settings, caplog):
    from eventsapp.app import create_app  # noqa: PLC0415

    def fail():
        raise RuntimeError("password=hunter2")

    app = create_app(settings)
    app.add_url_rule("/fail", view_func=fail)
    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/fail")
    assert (answer.status_code, read(answer).one("h1").text) == (500, "Something went wrong on our side")
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert "RuntimeError" in caplog.text


def test_a_database_that_is_away_gives_a_page_all_the_same(settings):
    from eventsapp.app import create_app  # noqa: PLC0415

    app = create_app(settings)  # names a database without a single table
    answer = app.test_client().get("/es/events/forum")
    assert (answer.status_code, read(answer).one("html")["lang"]) == (503, "es")
