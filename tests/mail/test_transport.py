from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from eventsapp.mail.headers import POLICY
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.mail.smtp import SmtpTransport
from eventsapp.mail.transport import ConsoleTransport, FileTransport, MemoryTransport, transport_from

ANN = Envelope("events@example.org", "ann@example.com", "messageaaaaaaaaa")


def letter() -> bytes:
    message = EmailMessage(policy=POLICY)
    message["Subject"] = "Hello"
    message["Message-ID"] = "<m.messageaaaaaaaaa@example.org>"
    message.set_content("Good day\nto you\n")
    return message.as_bytes()


def test_files_are_whole_sorted_by_time_and_tell_a_resend(tmp_path: Path) -> None:
    times = iter(datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(seconds=n) for n in range(3))
    transport = FileTransport(tmp_path / "new" / "mail", clock=lambda: next(times))
    for envelope in (ANN, Envelope("events@example.org", "bob@example.com", "messagebbbbbbbbb"), ANN):
        assert transport.send(letter(), envelope) == Outcome(Verdict.ACCEPTED)
    files = sorted((tmp_path / "new" / "mail").iterdir())
    assert [file.name for file in files] == [
        "20260302T120000.000000Z-messageaaaaaaaaa.eml",
        "20260302T120001.000000Z-messagebbbbbbbbb.eml",
        "20260302T120002.000000Z-messageaaaaaaaaa.eml",
    ]
    assert files[0].read_bytes() == letter()


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file, not a folder")
    outcome = FileTransport(tmp_path / "mail").send(letter(), ANN)
    assert (outcome.verdict, outcome.about_us) == (Verdict.UNREACHABLE, True)


def test_console(capsys: pytest.CaptureFixture[str]) -> None:
    assert ConsoleTransport().send(letter(), ANN).verdict is Verdict.ACCEPTED
    shown = capsys.readouterr().out
    assert "To: ann@example.com\n" in shown
    assert "\n\nGood day\nto you\n" in shown


def test_memory() -> None:
    transport = MemoryTransport()
    transport.send(letter(), ANN)
    transport.close()
    ((message, envelope),) = transport.sent
    assert (message.as_bytes(), envelope) == (letter(), ANN)


def test_the_setting_names_the_transport(tmp_path: Path) -> None:
    filed = transport_from((tmp_path / "with space").as_uri())
    assert isinstance(filed, FileTransport)
    assert filed.folder == tmp_path / "with space"
    assert isinstance(transport_from("console:"), ConsoleTransport)
    assert isinstance(transport_from("memory:"), MemoryTransport)


@pytest.mark.parametrize(
    ("url", "address", "sign_in", "implicit_tls", "starttls"),
    [
        ("smtp://mx.example.org", ("mx.example.org", 25), None, False, False),
        ("smtp://a%40b:p%3Aw@mx.example.org", ("mx.example.org", 587), ("a@b", "p:w"), False, False),
        ("smtp://a:b@mx.example.org:2525?starttls=1", ("mx.example.org", 2525), ("a", "b"), False, True),
        ("smtps://a:b@mx.example.org", ("mx.example.org", 465), ("a", "b"), True, False),
    ],
)
def test_mail_servers(
    url: str, address: tuple[str, int], sign_in: tuple[str, str] | None, implicit_tls: bool, starttls: bool
) -> None:
    transport = transport_from(url)
    assert isinstance(transport, SmtpTransport)
    assert (transport._address, transport._sign_in) == (address, sign_in)
    assert (transport._implicit_tls, transport._starttls) == (implicit_tls, starttls)


def test_anything_else_is_no_way_to_send_mail() -> None:
    with pytest.raises(ValueError, match="gopher"):
        transport_from("gopher://mx.example.org")
