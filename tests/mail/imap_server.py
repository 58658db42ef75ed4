"""A small IMAP server (RFC 9051) on a socket of this machine: one account, one folder, and troubles on request."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """``mails`` by UID; ``cut_at`` names a command at which the connection is dropped, once."""

    mails: dict[int, bytes]
    password: str = "right"
    seen: set[int] = field(default_factory=set)
    cut_at: str = ""
    port: int = 0
    selected: list[str] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    mailbox: Mailbox

    def handle(self) -> None:
        self._say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, _, rest = line.partition(" ")
            words = rest.removeprefix("UID ").split(" ")
            command = words[0].upper()
            if command == self.mailbox.cut_at:
                self.mailbox.cut_at = ""
                return
            if not getattr(self, f"_{command.lower()}", self._nothing)(*words[1:]):
                self._say(f"{tag} NO [AUTHENTICATIONFAILED] not with that")
            else:
                self._say(f"{tag} OK done")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _nothing(self, *_: str) -> bool:
        return True

    def _capability(self) -> bool:
        self._say("* CAPABILITY IMAP4rev1")
        return True

    def _login(self, _user: str, password: str) -> bool:
        return password.strip('"') == self.mailbox.password

    def _select(self, *folder: str) -> bool:
        self.mailbox.selected.append(" ".join(folder).strip('"'))
        self._say(f"* {len(self.mailbox.mails)} EXISTS")
        return True

    def _search(self, *_: str) -> bool:
        unseen = " ".join(str(uid) for uid in self.mailbox.mails if uid not in self.mailbox.seen)
        self._say(f"* SEARCH {unseen}".rstrip())
        return True

    def _fetch(self, uid: str, what: str) -> bool:
        partial = re.fullmatch(r"\(BODY\.PEEK\[\]<0\.(\d+)>\)", what)
        assert partial, what
        raw = self.mailbox.mails[int(uid)][: int(partial[1])]
        self.wfile.write(b"* 1 FETCH (UID %s BODY[]<0> {%d}\r\n" % (uid.encode(), len(raw)) + raw + b")\r\n")
        return True

    def _store(self, uid: str, *_: str) -> bool:
        self.mailbox.seen.add(int(uid))
        return True


@contextmanager
def imap_server(mailbox: Mailbox) -> Iterator[Mailbox]:
    """Listening at 127.0.0.1 until the block ends."""
    handler = type("Session", (_Session,), {"mailbox": mailbox})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        mailbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
