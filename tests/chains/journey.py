"""One event and the people who come to it, by the doors that are there: record files, pages, and letters over SMTP."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Event as Stop
from typing import Any
from urllib.parse import urlsplit

import time_machine
from flask import Flask

from eventsapp import cli, worker
from tests.mail.letterbox import calendars_of, text_of
from tests.mail.server import Script
from tests.reading.records import occurrence, record
from tests.reading.records import text_of as yaml_of

LATER = timedelta(hours=1)
DATE = {"id": "one", "location": "Calle Mayor 1, Madrid"}


@dataclass
class Journey:
    """Each deed takes place an hour after the one before; ``post`` then carries what letters it caused.

    ``boxes``: by address, the calendar objects of its letters, in the order in which they came.
    """

    app: Flask
    sink: Script
    folder: Path
    now: datetime
    links: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def publish(self, *dates: Mapping[str, Any], **changes: Any) -> None:
        """Import the record as it is from now on, and tell whom it concerns."""
        path = self.folder / "forum.yaml"
        whole = record(occurrences=[occurrence(**DATE | dict(date)) for date in dates or ({},)], **changes)
        path.write_text(yaml_of(whole), encoding="utf-8")
        with self._an_hour_later():
            assert Context().run(cli.main, ["import", str(path), "--notify", "--yes"]) == 0

    def press(self, path: str, **typed: Any) -> None:
        """Send a form."""
        with self._an_hour_later():
            answer = self.app.test_client().post(path, data=typed)
        assert answer.status_code == 303, (path, answer.status_code, answer.text)

    def register(self, email: str, name: str = "Zoë Muñoz", **typed: Any) -> None:
        self.press("/en/events/forum/registrations", name=name, email=email, **typed)

    def post(self) -> list[tuple[str, EmailMessage]]:
        """Let the worker send what is due: (address, letter) as the mail server took them."""
        before = len(self.sink.taken)
        worker.run(self.app, stop=Stop(), once=True, clock=lambda: self.now)
        came = [(to, _read(data)) for to, data in self.sink.taken[before:]]
        for address, letter in came:
            self.boxes[address] += [bytes(part.get_payload(decode=True)) for part in calendars_of(letter)[:1]]  # type: ignore[arg-type]
            for kind, path in re.findall(r"https?://\S+?(?=/(manage|address)/)(\S+)", text_of(letter)):
                self.links[f"{kind} {address}"] = urlsplit(path).path
        return came

    def manage(self, address: str, page: str) -> str:
        """The path of a page behind the link in the last letter to that address."""
        return f"{self.links[f'manage {address}']}/{page}"

    @contextmanager
    def _an_hour_later(self) -> Iterator[None]:
        self.now += LATER
        with time_machine.travel(self.now, tick=False):
            yield


def _read(data: bytes) -> EmailMessage:
    letter = message_from_bytes(data, policy=default)
    assert isinstance(letter, EmailMessage)
    return letter
