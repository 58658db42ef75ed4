import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from eventsapp.mail.headers import POLICY
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.mail.smtp import SmtpTransport
from tests.mail.server import Script, free_port, smtp_server
from tests.missing import missing

ANN = Envelope("events@example.org", "ann@example.com", "messageaaaaaaaaa")


@pytest.fixture(params=[False, True], ids=["one by one", "pipelining"])
def script(request: pytest.FixtureRequest) -> Iterator[Script]:
    with smtp_server(Script(pipelining=request.param)) as script:
        yield script


@pytest.fixture
def transport(script: Script) -> Iterator[SmtpTransport]:
    transport = SmtpTransport("127.0.0.1", script.port, timeout=3, timeout_after_data=0.4)
    yield transport
    transport.close()


def letter(text: str = "Hello\n.\n..two dots\n") -> bytes:
    message = EmailMessage(policy=POLICY)
    message["Subject"] = "Hello"
    message["To"] = "ann@example.com"
    message.set_content(text)
    return message.as_bytes()


def test_a_letter_arrives_byte_for_byte(script: Script, transport: SmtpTransport) -> None:
    message = letter()
    assert transport.send(message, ANN) == Outcome(Verdict.ACCEPTED, 250, "2.0.0 queued")
    assert script.taken == [("ann@example.com", message)]


def test_one_connection_carries_many_letters(script: Script, transport: SmtpTransport) -> None:
    assert [transport.send(letter(), ANN).verdict for _ in range(4)] == [Verdict.ACCEPTED] * 4
    assert script.connections == 1


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("450 4.2.1 try later", Verdict.DEFERRED),
        ("451 4.7.1 greylisted", Verdict.DEFERRED),
        ("452 4.2.2 mailbox full", Verdict.DEFERRED),
        ("421 4.7.0 too many letters", Verdict.DEFERRED),
        ("432 4.3.2 concurrent connections", Verdict.DEFERRED),
        ("550 5.1.1 no such user", Verdict.REFUSED),
        ("552 5.2.2 mailbox full", Verdict.REFUSED),
        ("554 no", Verdict.REFUSED),
        ("550 5.7.1 relaying denied", Verdict.FAULT),
        ("550 5.7.515 not authenticated", Verdict.FAULT),
        ("530 5.7.0 authentication required", Verdict.FAULT),
    ],
)
@pytest.mark.parametrize("phase", ["at_rcpt", "at_data", "after_data"])
def test_a_reply_about_one_letter(
    phase: str, reply: str, verdict: Verdict, script: Script, transport: SmtpTransport
) -> None:
    getattr(script, phase)["ann@example.com"] = reply
    code, _, words = reply.partition(" ")
    assert transport.send(letter(), ANN) == Outcome(verdict, int(code), words)
    bob = Envelope(ANN.sender, "bob@example.com", "messagebbbbbbbbb")
    assert transport.send(letter(), bob).verdict is Verdict.ACCEPTED
    assert [recipient for recipient, _ in script.taken] == ["bob@example.com"]


@pytest.mark.parametrize(
    ("reply", "verdict", "about_us"),
    [
        ("550 5.7.1 sender rejected", Verdict.FAULT, True),
        ("553 sender unknown", Verdict.FAULT, True),
        ("451 4.3.0 try later", Verdict.DEFERRED, False),
        ("421 4.3.2 shutting down", Verdict.UNREACHABLE, True),
    ],
)
def test_a_reply_to_the_sender(
    reply: str, verdict: Verdict, about_us: bool, script: Script, transport: SmtpTransport
) -> None:
    script.at_mail = reply
    code, _, words = reply.partition(" ")
    assert transport.send(letter(), ANN) == Outcome(verdict, int(code), words, about_us=about_us)


@pytest.mark.parametrize(
    ("greeting", "verdict"), [("554 5.7.1 go away", Verdict.FAULT), ("421 too busy", Verdict.UNREACHABLE)]
)
def test_an_unfriendly_greeting(greeting: str, verdict: Verdict, script: Script, transport: SmtpTransport) -> None:
    script.at_greeting = greeting
    outcome = transport.send(letter(), ANN)
    assert (outcome.verdict, outcome.code, outcome.about_us) == (verdict, int(greeting[:3]), True)


def test_a_break_within_the_letter(script: Script, transport: SmtpTransport) -> None:
    """Seen where the system could not even take all of it; a short letter has left the house, who knows how far."""
    script.cut_in_data.add("ann@example.com")
    assert transport.send(letter("x" * 60 + "\n" + "y" * 20_000_000), ANN).verdict is Verdict.DEFERRED
    assert transport.send(letter(), ANN).verdict is Verdict.UNCERTAIN
    assert script.taken == []
    script.cut_in_data.clear()
    assert transport.send(letter(), ANN).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("trouble", ["cut", "silence"])
def test_no_answer_after_the_letter_is_uncertain(trouble: str, script: Script, transport: SmtpTransport) -> None:
    script.after_data["ann@example.com"] = trouble
    assert transport.send(letter(), ANN).verdict is Verdict.UNCERTAIN
    assert len(script.taken) == 1  # and yet it was taken: that is why
    script.after_data.clear()
    assert transport.send(letter(), ANN).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("reply", ["what is this", "250 go on", "\x00 \x01", "9999 too many"])
def test_an_answer_that_means_nothing_refuses_nothing(reply: str, script: Script, transport: SmtpTransport) -> None:
    script.at_mail = reply if reply[0] != "2" else "354 go on"
    assert transport.send(letter(), ANN).verdict is Verdict.UNREACHABLE
    script.at_mail, script.at_data, script.once = "", {ANN.recipient: reply}, True
    assert transport.send(letter(), ANN).verdict is Verdict.DEFERRED
    script.after_data = {ANN.recipient: reply if reply[0] != "2" else "354 go on"}
    assert transport.send(letter(), ANN).verdict is Verdict.UNCERTAIN
    assert transport.send(letter(), ANN).verdict is Verdict.ACCEPTED


def test_nobody_listens() -> None:
    outcome = SmtpTransport("127.0.0.1", free_port(), timeout=1).send(letter(), ANN)
    assert (outcome.verdict, outcome.about_us) == (Verdict.UNREACHABLE, True)


def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        outcome = SmtpTransport("127.0.0.1", mute.getsockname()[1], timeout=0.2).send(letter(), ANN)
    assert (outcome.verdict, outcome.about_us) == (Verdict.UNREACHABLE, True)


def test_a_kept_connection_that_the_server_closed_is_opened_anew(transport: SmtpTransport, script: Script) -> None:
    assert transport.send(letter(), ANN).verdict is Verdict.ACCEPTED
    assert transport._server is not None
    assert transport._server.sock is not None
    transport._server.sock.shutdown(socket.SHUT_RDWR)  # as after a restart of the server
    assert transport.send(letter(), ANN).verdict is Verdict.ACCEPTED
    assert (script.connections, len(script.taken)) == (2, 2)


def test_an_address_that_needs_smtputf8_is_refused_before_any_conversation() -> None:
    envelope = Envelope("events@example.org", "zoë@example.com", "messageaaaaaaaaa")
    outcome = SmtpTransport("127.0.0.1", free_port()).send(letter(), envelope)
    assert (outcome.verdict, outcome.words) == (
        Verdict.REFUSED,
        "the address needs SMTPUTF8, which is not offered here",
    )


def test_signing_in() -> None:
    with smtp_server(Script(password="right")) as script:
        known = SmtpTransport("127.0.0.1", script.port, user="events", password="right", timeout=3)
        assert known.send(letter(), ANN).verdict is Verdict.ACCEPTED
        known.close()
        wrong = SmtpTransport("127.0.0.1", script.port, user="events", password="wrong", timeout=3)
        outcome = wrong.send(letter(), ANN)
        assert (outcome.verdict, outcome.code, outcome.about_us) == (Verdict.FAULT, 535, True)
        nobody = SmtpTransport("127.0.0.1", script.port, timeout=3)
        assert nobody.send(letter(), ANN).verdict is Verdict.FAULT
        nobody.close()


def test_a_password_for_a_server_that_asks_for_none(script: Script) -> None:
    outcome = SmtpTransport("127.0.0.1", script.port, user="events", password="x", timeout=3).send(letter(), ANN)
    assert (outcome.verdict, outcome.about_us) == (Verdict.FAULT, True)


def test_starttls_is_not_left_out_where_it_was_asked_for(script: Script) -> None:
    outcome = SmtpTransport("127.0.0.1", script.port, starttls=True, timeout=3).send(letter(), ANN)
    assert (outcome.verdict, outcome.about_us) == (Verdict.FAULT, True)
    assert script.taken == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        missing("STARTTLS", "openssl, which makes the certificate, is not there; install the package openssl")
    pem = tmp_path / "server.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", pem.with_suffix(".key"), "-out", pem],
        check=True, capture_output=True,
    )  # fmt: skip
    return pem


def test_starttls_with_a_certificate_we_trust_and_with_one_we_do_not(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, certificate.with_suffix(".key"))
    wanted: dict[str, Any] = {"starttls": True, "timeout": 3}
    with smtp_server(Script(), tls) as script:
        stranger = SmtpTransport("127.0.0.1", script.port, **wanted)
        assert stranger.send(letter(), ANN).verdict is Verdict.FAULT
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        trusted = SmtpTransport("127.0.0.1", script.port, **wanted)
        assert trusted.send(letter(), ANN).verdict is Verdict.ACCEPTED
        trusted.close()
        assert len(script.taken) == 1


def test_check_sends_nothing(script: Script, transport: SmtpTransport) -> None:
    assert transport.check() == Outcome(Verdict.ACCEPTED)
    assert script.taken == []
    assert SmtpTransport("127.0.0.1", free_port(), timeout=1).check().verdict is Verdict.UNREACHABLE
