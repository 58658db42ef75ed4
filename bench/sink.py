"""A mail server that takes every letter and keeps none: ``python -m bench.sink PORT LOG [SECONDS A REPLY]``.

For each letter it writes a line into LOG: when (the system's monotonic clock), how many octets, for whom.
"""

import asyncio
import os
import sys
import time


class Sink(asyncio.Protocol):
    """Enough of RFC 5321 for a client that does not pipeline; each reply waits ``delay`` seconds."""

    def __init__(self, log: int, delay: float) -> None:
        self.log, self.delay = log, delay
        self.waiting = bytearray()
        self.in_letter = False
        self.recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.say(b"220 sink")

    def say(self, words: bytes) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.transport.write, words + b"\r\n")
        else:
            self.transport.write(words + b"\r\n")

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while self.waiting:
            end = self.waiting.find(b"\r\n.\r\n" if self.in_letter else b"\r\n")
            if end < 0:
                return
            if self.in_letter:
                os.write(self.log, b"%.6f %d %s\n" % (time.monotonic(), end, self.recipient))
                del self.waiting[: end + 5]
                self.in_letter = False
                self.say(b"250 taken")
            else:
                line = bytes(self.waiting[:end])
                del self.waiting[: end + 2]
                self.answer(line)

    def answer(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.say(b"250-sink\r\n250-SIZE 50000000\r\n250 8BITMIME")
        elif verb == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0]
            self.say(b"250 ok")
        elif verb == b"DATA":
            self.in_letter = True
            self.say(b"354 go on")
        elif verb == b"QUIT":
            self.say(b"221 bye")
            asyncio.get_running_loop().call_later(self.delay, self.transport.close)
        else:
            self.say(b"250 ok")


async def serve(port: int, log: int, delay: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(log, delay), "127.0.0.1", port, backlog=256)
    await server.serve_forever()


if __name__ == "__main__":
    where = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    asyncio.run(serve(int(sys.argv[1]), where, float(sys.argv[3]) if len(sys.argv) > 3 else 0.0))
