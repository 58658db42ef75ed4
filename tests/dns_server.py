"""A DNS server on a socket of this machine that knows what a test tells it."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

Zone = Mapping[tuple[str, str], list[str]]  # ("example.org", "MX"): ["10 mail.example.org."]


class _Answer(socketserver.BaseRequestHandler):
    zone: Zone
    rcode: dns.rcode.Rcode | None

    def handle(self) -> None:
        data, sock = self.request
        asked = dns.message.from_wire(data)
        question = asked.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
        reply = dns.message.make_response(asked)
        reply.flags |= dns.flags.RA
        if self.rcode is not None:
            reply.set_rcode(self.rcode)
        elif (name, kind) in self.zone:
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *self.zone[name, kind]))
        elif name not in {known for known, _kind in self.zone}:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        sock.sendto(reply.to_wire(), self.client_address)


@contextmanager
def dns_server(zone: Zone, rcode: dns.rcode.Rcode | None = None) -> Iterator[dns.resolver.Resolver]:
    """A resolver that asks it. With ``rcode`` every answer is that."""
    handler: Any = type("Answer", (_Answer,), {"zone": zone, "rcode": rcode})
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.server_address[1]
        try:
            yield resolver
        finally:
            server.shutdown()
            thread.join()
