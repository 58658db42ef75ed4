"""The calendars of all who are written to: what stands in each after every letter that the worker sent."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from eventsapp.domain.vocabulary import PlaceState
from eventsapp.mail.outcome import Envelope, Outcome, Verdict
from tests.life.picture import Picture
from tests.mail.letterbox import calendar_of, text_of


@dataclass(frozen=True)
class Entry:
    """The last object that came for a UID."""

    method: str
    sequence: int

    @property
    def stands(self) -> bool:
        return self.method == "REQUEST"


class Died(BaseException):
    """The program ended in the midst of it."""


@dataclass
class Calendars:
    """A transport that takes every letter and does with it what its reader's calendar would do.

    ``links`` are the personal addresses in the letters, by the address that each letter went to; ``wrong`` is what no
    calendar should have been sent. ``left``: so many letters until the program dies, and whether the last arrives.
    """

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    left: tuple[int, bool] | None = None
    last: str = ""  # whom the last letter went to

    def send(self, message: bytes, envelope: Envelope) -> Outcome:
        number, arrives = self.left or (0, True)
        self.last = envelope.recipient
        if number != 1 or arrives:
            self._deliver(message, envelope)
        if number == 1:
            raise Died
        self.left = self.left and (number - 1, arrives)
        return Outcome(Verdict.ACCEPTED, 250, "ok")

    def _deliver(self, message: bytes, envelope: Envelope) -> None:
        letter = message_from_bytes(message, policy=default)
        assert isinstance(letter, EmailMessage)
        self.links[envelope.recipient] += re.findall(r"/manage/([a-z2-7]{16}\.[a-z2-7]{26})", text_of(letter))
        if said := calendar_of(letter):
            self._take(envelope.recipient, said)

    def close(self) -> None:
        pass

    def _take(self, address: str, said: str) -> None:
        method, uid, sequence = (
            re.findall(rf"^{name}:(.+)$", said, re.MULTILINE) for name in ("METHOD", "UID", "SEQUENCE")
        )
        if [len(method), len(uid), len(sequence)] != [1, 1, 1]:
            self.wrong.append(f"not one object to {address}")
            return
        entry, last = Entry(method[0], int(sequence[0])), self.entries.get((address, uid[0]))
        same = last is not None and last.method == entry.method  # once more, or what is gone already
        if last is not None and not (
            last.sequence < entry.sequence or (same and (last.sequence == entry.sequence or not entry.stands))
        ):
            self.wrong.append(f"{address} was sent {entry} after {last}")
        self.entries[address, uid[0]] = entry

    def faults(self, picture: Picture) -> Iterator[str]:
        """Once all is sent: an entry stands where its owner has a place for sure, and nowhere else."""
        yield from self.wrong
        dates = {date.uid: date for date in picture.dates.values()}
        sure = {
            (picture.addresses[seat.person], picture.dates[seat.date].uid)
            for seat in picture.seats.values()
            if seat.state is PlaceState.CONFIRMED and not picture.dates[seat.date].called_off
        }
        stand = {key for key, entry in self.entries.items() if entry.stands}
        for address, uid in sure ^ stand:
            if picture.at < dates[uid].starts_at:
                yield f"{address} {'lacks' if (address, uid) in sure else 'keeps'} the entry of {dates[uid].key}"
