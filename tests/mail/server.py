"""A real SMTP server on a socket of this machine, which misbehaves as a test asks."""

import asyncio
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


@dataclass
class Script:
    """What the server answers to whom, by recipient; ``taken`` is what it took, ``connections`` how often we came."""

    at_greeting: str = ""
    at_mail: str = ""
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    after_data: dict[str, str] = field(default_factory=dict)  # a reply, or "cut", or "silence"
    cut_in_data: set[str] = field(default_factory=set)
    password: str = ""
    pipelining: bool = False  # offered: commands may come at once
    once: bool = False  # each trouble happens a single time
    story: dict[str, list[str]] = field(
        default_factory=dict
    )  # by recipient: what meets it at each try, see ``PLAGUES``
    greylist: float = 0.0  # seconds that a recipient seen for the first time is sent away for
    at_most: int = 0  # connections at once; one more is greeted with 421
    thinks: float = 0.0  # seconds until it is
    a_second: int = 0  # letters; one more is sent away with 450
    delay: float = 0.0  # seconds before each reply
    on_taken: Callable[[], None] = lambda: None  # right after a letter was taken, before the server says so
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    together: int = 0  # connections now, and the most there were
    most_together: int = 0
    mails: int = 0  # how often we began a letter
    port: int = 0
    seen: dict[str, float] = field(default_factory=dict)
    moments: deque[float] = field(default_factory=deque)

    def trouble(self, kind: str, recipient: str) -> str:
        troubles: dict[str, str] = getattr(self, kind)
        return troubles.pop(recipient, "") if self.once else troubles.get(recipient, "")

    def plague(self, phase: str, recipient: str) -> str:
        """The reply, "cut" or nothing: what the recipient's story holds for this phase of this try."""
        story = self.story.get(recipient)
        if not story or not story[0].startswith(f"{phase} "):
            return ""
        return story.pop(0).removeprefix(f"{phase} ")

    def turned_away(self, recipient: str) -> str:
        """By greylisting or by the limit a second."""
        now = time.monotonic()
        if self.greylist and now - self.seen.setdefault(recipient, now) < self.greylist:
            return "450 4.2.0 greylisted, come again"
        while self.moments and now - self.moments[0] > 1:
            self.moments.popleft()
        if self.a_second and len(self.moments) >= self.a_second:
            return "450 4.7.1 too many letters a second"
        self.moments.append(now)
        return ""


PLAGUES = (  # phase, then a reply or "cut"
    "rcpt 421 4.7.0 closing", "rcpt 450 4.2.1 busy", "rcpt 451 4.3.0 error here", "rcpt cut",
    "data 421 4.7.0 closing", "data 451 4.3.0 error here", "data cut", "body cut",
    "end 421 4.7.0 closing", "end 450 4.2.1 busy", "end 451 4.3.0 error here", "end 452 4.3.1 full",
)  # fmt: skip
TAKEN_AND_CUT = "end cut"  # the server keeps the letter and never says so


class Misbehaving(SMTP):
    script: Script

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        script = self.script
        script.connections += 1
        script.together += 1
        self.too_many = 0 < script.at_most < script.together
        if not self.too_many:
            script.most_together = max(script.most_together, script.together)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.script.together -= 1
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        if self.script.at_greeting and str(status).startswith("220 mx.test"):
            status = self.script.at_greeting
        elif self.too_many:
            await asyncio.sleep(self.script.thinks)
            status = "421 4.7.0 too many connections"
        if self.script.delay:
            await asyncio.sleep(self.script.delay)
        await super().push(status)
        if self.too_many or str(status).startswith("421"):
            self.transport.close()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  aiosmtpd names it
        recipient = self.envelope.rcpt_tos[0] if self.envelope and self.envelope.rcpt_tos else ""
        reply = self.script.trouble("at_data", recipient) or self.script.plague("data", recipient)
        if reply == "cut":
            self.transport.abort()
        elif reply:
            await self.push(reply)
        elif self.script.plague("body", recipient):
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.abort()
        elif recipient in self.script.cut_in_data:
            if self.script.once:
                self.script.cut_in_data.discard(recipient)
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.abort()
        else:
            await super().smtp_DATA(arg)


class Handler:
    def __init__(self, script: Script) -> None:
        self.script = script

    async def handle_EHLO(  # noqa: N802  aiosmtpd names it
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return ["250-PIPELINING", *responses] if self.script.pipelining else responses

    async def handle_MAIL(self, _server: Any, session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  aiosmtpd names it
        if self.script.password and not session.authenticated:
            return "530 5.7.0 authentication required"
        if self.script.at_mail:
            return self.script.at_mail
        self.script.mails += 1
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  aiosmtpd names it
        reply = self.script.trouble("at_rcpt", address) or self.script.plague("rcpt", address)
        if reply == "cut":
            server.transport.abort()
        if reply := reply or self.script.turned_away(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd names it
        recipient = envelope.rcpt_tos[0]
        reply = self.script.trouble("after_data", recipient) or self.script.plague("end", recipient)
        if not reply or reply in ("cut", "silence"):
            self.script.taken.append((recipient, envelope.original_content))
            self.script.on_taken()
        if reply == "cut":
            server.transport.abort()
        if reply == "silence":
            await asyncio.sleep(5)
        return reply or "250 2.0.0 queued"


@contextmanager
def smtp_server(script: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Script]:
    """Listening at ``host`` until the block ends."""

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = data.password == script.password.encode()
        return AuthResult(success=right, handled=right)

    class Server(Misbehaving):
        pass

    Server.script = script

    class Control(Controller):
        def factory(self) -> SMTP:
            return Server(self.handler, **self.SMTP_kwargs)

    wanted: dict[str, Any] = {"tls_context": tls, "require_starttls": True} if tls else {}
    if script.password:
        wanted |= {"authenticator": authenticate, "auth_require_tls": False}
    control = Control(Handler(script), hostname=host, port=free_port(), server_hostname="mx.test", **wanted)
    control.start()
    script.port = control.port
    script.connections = 0  # the controller itself came once, to see whether it listens
    try:
        yield script
    finally:
        control.stop()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
