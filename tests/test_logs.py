"""What is logged: one line for each thing, found by its request, and nothing that names a person or opens a door."""

import json
import logging
import re
import socket
import threading
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy

import pytest
from sqlalchemy.exc import IntegrityError

from eventsapp import logs
from eventsapp.app import create_app
from eventsapp.db import db
from tests.processes import running, wait_for

AHEAD = {
    "key": "later",
    "dtstart_local": datetime(2040, 6, 13, 16, 0),  # noqa: DTZ001  a wall time beside its tzid
    "conference": {"kind": "meeting", "meeting_id": "85835549492", "passcode": "191837", "access": "registered"},
}


def record(message: str, *values: object, error: BaseException | None = None, **more: object) -> logging.LogRecord:
    raised = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("eventsapp.somewhere", logging.INFO, "", 1, message, values, raised)
    made.__dict__.update(more)
    return made


def refused() -> BaseException:
    """An error as a driver raises it, which quotes what somebody typed."""
    try:
        try:
            int("Zoë Muñoz")
        except ValueError as error:
            raise IntegrityError("INSERT", {"name": "Zoë Muñoz"}, error) from error
    except IntegrityError as error:
        return error


def test_a_line_of_text():
    said = logs.Text().format(record("%s letters\nERROR of no kind\x1b[0m", 3))
    assert re.fullmatch(r"[0-9-]{10} [0-9:,]{12} INFO eventsapp\.somewhere: 3 letters ERROR of no kind \[0m", said)


def test_a_line_of_json():
    token = logs.request_id.set("abc")
    try:
        said = json.loads(logs.Json().format(record("%s letters\n", 3, facts={"status": 200})))
    finally:
        logs.request_id.reset(token)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", said.pop("time"))
    assert isinstance(said.pop("process"), int)
    assert said == {
        "level": "info",
        "logger": "eventsapp.somewhere",
        "message": "3 letters\n",
        "request": "abc",
        "status": 200,
    }


def test_an_error_says_what_and_where_and_quotes_nobody():
    error = refused()
    text, made = (form().format(record("It failed", error=error)) for form in (logs.Text, logs.Json))
    assert "Zoë" not in text + made
    assert text.endswith(" refused")
    assert " | IntegrityError < ValueError at test_logs.py:" in re.sub(r"at \S*test_logs", "at test_logs", text)
    assert "\n" not in text
    assert json.loads(made)["error"]["kinds"] == ["IntegrityError", "ValueError"]


def test_who_asks_for_all_of_it_gets_all_of_it():
    error = refused()
    for form in (logs.Text, logs.Json):
        assert "Zoë" in form(in_full=True).format(record("It failed", error=error))


def test_codes_of_the_system_are_kept():
    assert logs.kinds(ConnectionRefusedError(111, "refused")) == ["ConnectionRefusedError 111"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_is_a_line(capfd, as_logged_before):
    logs.begin("json")
    thread = threading.Thread(target=int, args=("Zoë Muñoz",), name="one")
    thread.start()
    thread.join()
    said = json.loads(capfd.readouterr().err)
    assert (said["message"], said["error"]["kinds"]) == ("Thread one ended by an error", ["ValueError"])


def test_the_id_of_a_request_is_ours_or_a_trusted_proxys(settings):
    def answered(trusted: int, given: str) -> str:
        app = create_app(replace(settings, trusted_proxies=trusted))
        return app.test_client().get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]

    assert answered(1, "edge-7/4f") == "edge-7/4f"
    assert re.fullmatch("[0-9a-f]{16}", answered(0, "edge-7/4f"))
    assert re.fullmatch("[0-9a-f]{16}", answered(1, "zoe@example.org"))
    assert re.fullmatch("[0-9a-f]{16}", answered(1, "x" * 129))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_whole_journey_leaves_no_trace_of_who_made_it(app, make, settings):
    """Registers, opens every link of the letter, cancels, errs; then nothing of it is in any line of the log."""
    make.event(occurrences=[AHEAD])
    mail = settings.instance_path / "mail"
    db.session.remove()
    ran = replace(settings, mail_url=mail.as_uri(), log_format="json", trusted_proxies=1)
    proxied = {"X_Forwarded_For": "203.0.113.77", "X_Forwarded_Proto": "https", "Host": "events.example.org"}
    form = {"name": "Zoë Muñoz", "email": "zoe.munoz@example.org", "occurrences": "later"}
    with running(ran, ("serve", "--workers", "1")) as [server]:
        status, receipt, _ = server.ask("/events/forum/registrations", form, **proxied, X_Request_ID="journey-1")
        assert status == 303
        assert server.ask(receipt, **proxied)[0] == 200
        wait_for(lambda: list(mail.glob("*.eml")))
        letter = next(mail.glob("*.eml"))
        links = set(re.findall(r"https://events\.example\.org(/[a-z]+/[\w.-]{20,})", text_of(letter.read_bytes())))
        assert {link.split("/")[1] for link in links} >= {"j", "manage"}
        for link in links:
            assert server.ask(link, **proxied)[0] == 200
            assert server.ask(f"{link}x?email=zoe.munoz@example.org", **proxied)[0] == 404
        manage = next(link for link in links if link.startswith("/manage/"))
        assert "191837" in server.ask(next(link for link in links if link.startswith("/j/")), **proxied)[2]
        assert server.ask(f"{manage}/cancel", {}, **proxied)[0] == 303
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(
                f"GET {manage} HTTP/1.1\r\nHost: events.example.org\r\nzoe.munoz@example.org\r\n\r\n".encode()
            )
            assert b" 400 " in connection.recv(100)
        wait_for(lambda: len(list(mail.glob("*.eml"))) == 2)
        assert server.end() == 0
        said = server.said()
    lines = [json.loads(line) for line in said.splitlines()]
    secrets = {part for link in [receipt, *links] for part in link.split("/") if len(part) >= 20}
    assert len(secrets) >= 3
    for secret in {*secrets, "Zoë", "Mu\\u00f1oz", "munoz", "191837", "203.0.113.77", "85835549492"}:
        assert secret not in said, secret
    asked = [line for line in lines if line["logger"] == "eventsapp.web.journal"]
    assert [line["status"] for line in asked].count(404) == len(links)
    first = next(line for line in asked if line["request"] == "journey-1")
    assert {name: first[name] for name in ("method", "endpoint", "route", "status")} == {
        "method": "POST",
        "endpoint": "registrations.create",
        "route": "/events/<slug>/registrations",
        "status": 303,
    }
    assert {line["message"] for line in lines if line["logger"].startswith("gunicorn")} == {
        "A request that cannot be read was refused"
    }
    assert [line["level"] for line in lines if line["logger"].startswith("eventsapp.worker")] == ["info", "info"]


def text_of(letter: bytes) -> str:
    return message_from_bytes(letter, policy=policy.default).get_body(("plain",)).get_content()
