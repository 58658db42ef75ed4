"""A real SMTP server on a socket of this machine, which misbehaves as a test asks."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
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
    once: bool = False  # each trouble happens a single time
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def trouble(self, kind: str, recipient: str) -> str:
        troubles: dict[str, str] = getattr(self, kind)
        return troubles.pop(recipient, "") if self.once else troubles.get(recipient, "")


class Misbehaving(SMTP):
    script: Script

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.script.connections += 1
        super().connection_made(transport)

    async def push(self, status: Any) -> None:
        if self.script.at_greeting and str(status).startswith("220 mx.test"):
            status = self.script.at_greeting
        await super().push(status)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  aiosmtpd names it
        recipient = self.envelope.rcpt_tos[0] if self.envelope and self.envelope.rcpt_tos else ""
        if reply := self.script.trouble("at_data", recipient):
            await self.push(reply)
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

    async def handle_MAIL(self, _server: Any, session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  aiosmtpd names it
        if self.script.password and not session.authenticated:
            return "530 5.7.0 authentication required"
        if self.script.at_mail:
            return self.script.at_mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  aiosmtpd names it
        if reply := self.script.trouble("at_rcpt", address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd names it
        recipient = envelope.rcpt_tos[0]
        reply = self.script.trouble("after_data", recipient)
        if not reply or reply in ("cut", "silence"):
            self.script.taken.append((recipient, envelope.original_content))
        if reply == "cut":
            server.transport.abort()
        if reply == "silence":
            await asyncio.sleep(5)
        return reply or "250 2.0.0 queued"


@contextmanager
def smtp_server(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Script]:
    """Listening at 127.0.0.1 until the block ends."""

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
    control = Control(Handler(script), hostname="127.0.0.1", port=free_port(), server_hostname="mx.test", **wanted)
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
