"""Letters over SMTP by one kept connection. It knows in which phase a conversation broke off (RFC 5321 §4.2.5)."""

import contextlib
import re
import smtplib
import ssl
import time
from enum import Enum, auto

from eventsapp.mail.outcome import Envelope, Outcome, Verdict

TIMEOUT = 30.0  # seconds for one reply
TIMEOUT_AFTER_DATA = 120.0  # the server may be scanning; giving up early makes a double
IDLE = 20.0  # a connection left alone for longer is opened anew: something between may have dropped it

_CLOSING = 421
_GO_ON = 354
_NOT_SIGNED_IN = frozenset({530, 534, 535, 538})
_TOO_BIG = 552  # said to MAIL, it is about the size we named there (RFC 1870)
_OUR_POLICY = re.compile(r"\b5\.7\.\d+\b")
_DOT_AT_LINE_START = re.compile(rb"(?m)^\.")


class _Phase(Enum):
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    BODY = auto()
    REPLY = auto()


_DATA_FOLLOWS = dict.fromkeys(_Phase, 0) | {_Phase.MAIL: 2, _Phase.RCPT: 1}  # commands that were sent with it


class SmtpTransport:
    """``implicit_tls`` is smtps; ``starttls`` asks for TLS and refuses to go on without it."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str = "",
        password: str = "",
        implicit_tls: bool = False,
        starttls: bool = False,
        helo: str = "localhost",
        timeout: float = TIMEOUT,
        timeout_after_data: float = TIMEOUT_AFTER_DATA,
    ) -> None:
        self._address = (host, port)
        self._sign_in = (user, password) if user else None
        self._implicit_tls = implicit_tls
        self._starttls = starttls
        self._helo = helo
        self._timeout = timeout
        self._timeout_after_data = timeout_after_data
        self._server: smtplib.SMTP | None = None
        self._used_at = 0.0

    def send(self, message: bytes, envelope: Envelope) -> Outcome:
        """Hand over one letter. Never raises for what a server or a network does."""
        if not (envelope.recipient.isascii() and envelope.sender.isascii()):
            return Outcome(Verdict.REFUSED, None, "the address needs SMTPUTF8, which is not offered here")
        if self._server is not None and time.monotonic() - self._used_at > IDLE:
            self.close()
        kept = self._server is not None
        outcome = self._attempt(message, envelope)
        if kept and outcome.verdict is Verdict.UNREACHABLE:  # the server had closed it since the last letter
            outcome = self._attempt(message, envelope)
        self._used_at = time.monotonic()
        return outcome

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def check(self) -> Outcome:
        """Whether the server answers and lets us in; it is told of no letter."""
        server = self._connect()
        return server if isinstance(server, Outcome) else Outcome(Verdict.ACCEPTED)

    def _attempt(self, raw: bytes, envelope: Envelope) -> Outcome:
        server = self._server or self._connect()
        return server if isinstance(server, Outcome) else self._converse(server, raw, envelope)

    def _connect(self) -> smtplib.SMTP | Outcome:
        server: smtplib.SMTP | None = None
        try:
            tls = ssl.create_default_context()
            server = (
                smtplib.SMTP_SSL(*self._address, self._helo, timeout=self._timeout, context=tls)
                if self._implicit_tls
                else smtplib.SMTP(*self._address, self._helo, timeout=self._timeout)
            )
            server.ehlo_or_helo_if_needed()
            if self._starttls or (self._sign_in and server.has_extn("starttls") and not self._implicit_tls):
                server.starttls(context=tls)
                server.ehlo_or_helo_if_needed()
            if self._sign_in:
                server.login(*self._sign_in)
        except smtplib.SMTPResponseException as error:
            _abandon(server)
            verdict = Verdict.FAULT if error.smtp_code >= 500 else Verdict.UNREACHABLE  # noqa: PLR2004
            return Outcome(verdict, error.smtp_code, _text(error.smtp_error), about_us=True)
        except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
            _abandon(server)
            return Outcome(Verdict.FAULT, None, str(error), about_us=True)
        except (smtplib.SMTPException, OSError, ValueError) as error:  # ValueError: a challenge that is no base64
            _abandon(server)
            return Outcome(Verdict.UNREACHABLE, None, str(error) or type(error).__name__, about_us=True)
        self._server = server
        return server

    def _converse(self, server: smtplib.SMTP, raw: bytes, envelope: Envelope) -> Outcome:
        phase = _Phase.MAIL
        try:
            size = f" size={len(raw)}" if server.has_extn("size") else ""
            commands = [f"mail FROM:<{envelope.sender}>{size}\r\n", f"rcpt TO:<{envelope.recipient}>\r\n", "DATA\r\n"]
            at_once = server.has_extn("pipelining")  # RFC 2920: the answers still come one by one
            if at_once:
                server.send("".join(commands))
            code, words = _answer(server, "" if at_once else commands[0])
            if code == 250:  # noqa: PLR2004
                phase = _Phase.RCPT
                code, words = _answer(server, "" if at_once else commands[1])
            if code in (250, 251) and phase is _Phase.RCPT:
                phase = _Phase.DATA
                code, words = _answer(server, "" if at_once else commands[2])
            if code == _GO_ON and phase is _Phase.DATA:
                phase = _Phase.BODY
                server.send(_with_dots_doubled(raw))
                phase = _Phase.REPLY
                _socket(server).settimeout(self._timeout_after_data)
                code, words = server.getreply()
                _socket(server).settimeout(self._timeout)
            if phase is _Phase.REPLY and 200 <= code < 300:  # noqa: PLR2004
                return Outcome(Verdict.ACCEPTED, code, _text(words))
        except (smtplib.SMTPException, OSError) as error:
            return self._break_off(server, phase, str(error) or type(error).__name__)
        if not 400 <= code < 600:  # noqa: PLR2004  it refuses nothing, and what it means nobody knows
            return self._break_off(server, phase, f"no answer to be understood: {code} {_text(words)}")
        self._begin_anew(server, code, unread=_DATA_FOLLOWS[phase] if at_once else 0)
        return _refusal(phase, code, _text(words))

    def _break_off(self, server: smtplib.SMTP, phase: _Phase, words: str) -> Outcome:
        """Harmless until the last dot was sent: an unfinished letter is never delivered."""
        _abandon(server)
        self._server = None
        if phase is _Phase.MAIL:
            return Outcome(Verdict.UNREACHABLE, None, words, about_us=True)
        return Outcome(Verdict.UNCERTAIN if phase is _Phase.REPLY else Verdict.DEFERRED, None, words)

    def _begin_anew(self, server: smtplib.SMTP, code: int, unread: int) -> None:
        """Ready for the next letter. ``unread``: so many answers to what was sent at once are still to come."""
        try:
            answers = [server.getreply()[0] for _ in range(unread)] if code != _CLOSING else []
            if answers[-1:] == [_GO_ON]:
                _abandon(server)  # it waits for a letter that nobody is to get; unfinished, it is never delivered
                self._server = None
            elif code == _CLOSING or server.rset()[0] != 250:  # noqa: PLR2004
                self.close()
        except (smtplib.SMTPException, OSError):
            self.close()


def _refusal(phase: _Phase, code: int, words: str) -> Outcome:
    if phase is _Phase.MAIL and code != _TOO_BIG:
        verdict = (
            Verdict.UNREACHABLE if code == _CLOSING else Verdict.DEFERRED if 400 <= code < 500 else Verdict.FAULT  # noqa: PLR2004
        )
        return Outcome(verdict, code, words, about_us=verdict is not Verdict.DEFERRED)
    if 400 <= code < 500:  # noqa: PLR2004
        return Outcome(Verdict.DEFERRED, code, words)
    if code in _NOT_SIGNED_IN or _OUR_POLICY.match(words):
        return Outcome(Verdict.FAULT, code, words)
    return Outcome(Verdict.REFUSED, code, words)


def _with_dots_doubled(raw: bytes) -> bytes:
    return _DOT_AT_LINE_START.sub(b"..", raw.rstrip(b"\r\n") + b"\r\n") + b".\r\n"


def _answer(server: smtplib.SMTP, command: str) -> tuple[int, bytes]:
    if command:
        server.send(command)
    return server.getreply()


def _socket(server: smtplib.SMTP) -> ssl.SSLSocket:
    sock: ssl.SSLSocket | None = server.sock  # type: ignore[assignment]
    if sock is None:
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
    return sock


def _abandon(server: smtplib.SMTP | None) -> None:
    if server is not None:
        with contextlib.suppress(OSError):
            server.close()


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
