"""An event's registrations written into a file, batch by batch, so that any number of them needs little memory."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from eventsapp.domain.languages import direction
from eventsapp.models import Event
from eventsapp.queries.exports import Sheet, Wanted
from eventsapp.spreadsheets import CSV_TYPE, XLSX_TYPE, CsvWriter, Writer, XlsxWriter


@dataclass(frozen=True, slots=True)
class FileOrder:
    """Which rows, as what kind of file, for a reader of which language."""

    wanted: Wanted
    xlsx: bool
    tag: str

    @classmethod
    def read(cls, asked: Mapping[str, Any]) -> "FileOrder":
        return cls(Wanted.read(asked), asked["xlsx"], asked["tag"])

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return self.wanted.plain() | {"xlsx": self.xlsx, "tag": self.tag}

    @property
    def mimetype(self) -> str:
        return XLSX_TYPE if self.xlsx else CSV_TYPE

    def file_name(self, event: Event) -> str:
        return f"{event.slug}-registrations.{'xlsx' if self.xlsx else 'csv'}"


def write(session: Session, event_id: int, order: FileOrder, file: io.BufferedIOBase) -> Iterator[int]:
    """Write it all, yielding after each batch how many registrations are done; between two the session may commit.

    To be called in the reader's language (``translations.speaking``).
    """
    writer: Writer = XlsxWriter(file, right_to_left=direction(order.tag) == "rtl") if order.xlsx else CsvWriter(file)
    done = after_id = 0
    while True:
        event = session.get_one(Event, event_id)
        sheet = Sheet(event, order.wanted, tag=order.tag)
        if not done:
            writer.row(sheet.heads())
        rows, number, after_id = sheet.batch(session, event, after_id=after_id)
        for row in rows:
            writer.row(row)
        if not number:
            break
        done += number
        yield done
    writer.close()
