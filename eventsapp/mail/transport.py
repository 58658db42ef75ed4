"""The ways a letter can leave: to a mail server, to a folder, to the screen, or into a list for tests."""

import contextlib
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from eventsapp.mail.headers import POLICY
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from eventsapp.mail.smtp import SmtpTransport


class Transport(Protocol):
    """``send`` answers for one letter at a time and raises for nothing that a server, a network or a disk does.

    ``message`` is the letter as it leaves, lines ended by CR LF.
    """

    def send(self, message: bytes, envelope: Envelope) -> Outcome: ...

    def close(self) -> None: ...


def transport_from(mail_url: str, *, helo: str = "localhost") -> Transport:
    """The transport that a checked ``Settings.mail_url`` names; ``helo`` is the name we greet a mail server with."""
    parts = urlsplit(mail_url)
    if parts.scheme in ("smtp", "smtps"):
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return SmtpTransport(
            parts.hostname or "localhost",
            parts.port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            implicit_tls=parts.scheme == "smtps",
            starttls=options.get("starttls", "0").lower() in ("1", "true", "yes", "on"),
            helo=helo,
        )
    if parts.scheme == "file":
        return FileTransport(Path(unquote(parts.path)))
    if parts.scheme == "console":
        return ConsoleTransport()
    if parts.scheme == "memory":
        return MemoryTransport()
    raise ValueError(f"{parts.scheme or 'an empty setting'} is no way to send mail")


def read(message: bytes) -> EmailMessage:
    """The octets of a letter as a message that can be asked."""
    return message_from_bytes(message, policy=POLICY)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FileTransport:
    """Each letter becomes one ``.eml`` file, whole or not at all; the names sort by the time of sending.

    A letter that is sent again keeps its public id and Message-ID and becomes another file beside the first.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = _utc_now) -> None:
        self.folder = folder
        self._clock = clock

    def send(self, message: bytes, envelope: Envelope) -> Outcome:
        name = f"{self._clock():%Y%m%dT%H%M%S.%fZ}-{envelope.public_id}.eml"
        draft = self.folder / f".{name}.{os.getpid()}.tmp"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(message)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            return Outcome(Verdict.UNREACHABLE, None, f"{self.folder}: {error.strerror}", about_us=True)
        return Outcome(Verdict.ACCEPTED)

    def close(self) -> None:
        pass


class ConsoleTransport:
    """Prints the headers a person looks at and the text part."""

    def send(self, message: bytes, envelope: Envelope) -> Outcome:
        letter = read(message)
        text = letter.get_body(("plain",))
        heads = "\n".join(f"{name}: {letter[name]}" for name in ("Date", "From", "Subject", "Message-ID"))
        words = text.get_content() if text is not None else ""
        line = "-" * 72
        sys.stdout.write(f"{line}\nTo: {envelope.recipient}\n{heads}\n\n{words.replace(chr(13), '')}\n{line}\n")
        sys.stdout.flush()
        return Outcome(Verdict.ACCEPTED)

    def close(self) -> None:
        pass


class MemoryTransport:
    """Keeps letters in ``sent``, in order. For tests."""

    def __init__(self) -> None:
        self.sent: list[tuple[EmailMessage, Envelope]] = []

    def send(self, message: bytes, envelope: Envelope) -> Outcome:
        self.sent.append((read(message), envelope))
        return Outcome(Verdict.ACCEPTED)

    def close(self) -> None:
        pass
