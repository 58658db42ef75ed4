"""Where mail comes back to: a Maildir, or a mailbox by IMAP. It reads mails and ticks them off; it changes no row."""

import contextlib
import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from eventsapp.config import is_loopback
from eventsapp.mail.reports import MOST_OCTETS

MOST_AT_ONCE = 200  # mails; the rest is read the next time
TIMEOUT = 20.0  # seconds for one reply


class InboxAway(Exception):
    """The mails cannot be read. The text says why, without a password."""


class Opened(Protocol):
    """An inbox while it is read. A mail that is not ``done`` is there again the next time."""

    def mails(self) -> Iterator[tuple[str, bytes]]: ...

    def done(self, name: str) -> None: ...


@contextmanager
def opened(bounces_url: str) -> Iterator[Opened]:
    """The inbox that a checked ``Settings.bounces_url`` names. Raises InboxAway, here and while it is read."""
    parts = urlsplit(bounces_url)
    try:
        if parts.scheme == "maildir":
            yield _Maildir(Path(unquote(parts.path)))
            return
        with _imap(bounces_url) as connection:
            yield _Imap(connection)
    except (OSError, imaplib.IMAP4.error) as error:  # abort, which a lost connection raises, is one of its kinds
        raise InboxAway(_words(error)) from error


class _Maildir:
    """Mails lie in ``new`` until they are done, and in ``cur`` from then on. Two may read at once."""

    def __init__(self, folder: Path) -> None:
        self._new, self._cur = folder / "new", folder / "cur"

    def mails(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted(self._new.iterdir())[:MOST_AT_ONCE]:
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:  # another worker may be quicker
                yield path.name, file.read(MOST_OCTETS)

    def done(self, name: str) -> None:
        self._cur.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (self._new / name).rename(self._cur / f"{name.partition(':')[0]}:2,S")


class _Imap:
    """Mails are unseen until they are done (RFC 9051 §6.4.4). Reading them does not make them seen."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection

    def mails(self) -> Iterator[tuple[str, bytes]]:
        for number in _said(self._connection.uid("SEARCH", "UNSEEN"))[0].split()[:MOST_AT_ONCE]:
            name = number.decode("ascii")
            answer = _said(self._connection.uid("FETCH", name, f"(BODY.PEEK[]<0.{MOST_OCTETS}>)"))
            if found := next((part[1] for part in answer if isinstance(part, tuple)), None):
                yield name, found

    def done(self, name: str) -> None:
        _said(self._connection.uid("STORE", name, "+FLAGS.SILENT", r"(\Seen)"))


@contextmanager
def _imap(url: str) -> Iterator[imaplib.IMAP4]:
    """Signed in, with the folder selected. The password travels over TLS, or not beyond this machine."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "localhost", parts.scheme == "imaps"
    port = parts.port or (993 if secure else 143)
    connection = (
        imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
        if secure
        else imaplib.IMAP4(host, port, timeout=TIMEOUT)
    )
    try:
        if not secure and not is_loopback(host):
            connection.starttls(ssl.create_default_context())
        connection.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.strip("/")) or "INBOX"
        _said(connection.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'))
        yield connection
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            connection.logout()
        with contextlib.suppress(OSError):  # logout() leaves a connection open that broke off
            connection.shutdown()


def _said(answer: tuple[str, list[Any]]) -> list[Any]:
    status, said = answer
    if status != "OK":
        raise imaplib.IMAP4.error(said[0].decode("utf-8", "replace") if said and said[0] else status)
    return said if said and said[0] is not None else [b""]


def _words(error: Exception) -> str:
    """imaplib gives a server's words as bytes, in the notation of Python."""
    said = error.args[0] if error.args else ""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said) or type(error).__name__
