"""Tables as files that spreadsheets open: CSV and XLSX. No cell is a formula, whoever wrote what it says."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import BinaryIO, Protocol, cast

import xlsxwriter

Cell = str | int | float | date | datetime | None

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_CHARACTERS = 32_767  # of one cell in a spreadsheet
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_NUMBER = re.compile(r"[+-]\d+(?:[ .,]\d+)*")  # also a telephone number: digits alone compute nothing
_UNSEEN = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff'\"]*")
_STARTS = tuple("=+-@|%")


class Writer(Protocol):
    """Takes rows one by one; ``close`` ends the file."""

    def row(self, cells: Sequence[Cell]) -> None: ...

    def close(self) -> None: ...


def guarded(text: str) -> str:
    """What a CSV file says for a text: an apostrophe before whatever a spreadsheet might compute (ASVS 1.2.10).

    Numbers stay as they are, "+41785324567" and "-5" too. ``unguarded`` gives the text back.
    """
    return f"'{text}" if _is_dangerous(text) else text


def unguarded(text: str) -> str:
    """The text that ``guarded`` was given."""
    return text[1:] if text.startswith("'") and _is_dangerous(text[1:]) else text


def _is_dangerous(text: str) -> bool:
    if text[:1] in {"\t", "\r", "\n"}:
        return True
    if _NUMBER.fullmatch(text):
        return False
    shown = _UNSEEN.sub("", unicodedata.normalize("NFKC", text[:64]), count=1)
    return shown.startswith(_STARTS)


class CsvWriter:
    """UTF-8 with a BOM, as Excel wants it; RFC 4180, every text in quotes."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._text = io.TextIOWrapper(cast("BinaryIO", file), encoding="utf-8", newline="", write_through=True)
        self._text.write(_BOM)
        self._writer = csv.writer(self._text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")

    def row(self, cells: Sequence[Cell]) -> None:
        self._writer.writerow([_csv_cell(cell) for cell in cells])

    def close(self) -> None:
        self._text.flush()
        self._text.detach()


class XlsxWriter:
    """One sheet whose texts stay texts; a naive datetime is a real date of the spreadsheet."""

    def __init__(self, file: io.BufferedIOBase, *, right_to_left: bool = False) -> None:
        self._book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
                "remove_timezone": False,
            },
        )
        self._sheet = self._book.add_worksheet()
        self._bold = self._book.add_format({"bold": True})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheet.freeze_panes(1, 1)
        if right_to_left:
            self._sheet.right_to_left()
        self._next = 0

    def row(self, cells: Sequence[Cell]) -> None:
        if self._next == 0:
            self._sheet.set_column(0, max(len(cells) - 1, 0), 20)
        for column, cell in enumerate(cells):
            self._write(column, cell)
        self._next += 1

    def close(self) -> None:
        self._book.close()

    def _write(self, column: int, cell: Cell) -> None:
        at = (self._next, column)
        if isinstance(cell, str):
            self._sheet.write_string(*at, cell[:MOST_CHARACTERS], self._bold if self._next == 0 else None)
        elif isinstance(cell, datetime):
            self._sheet.write_datetime(*at, cell, self._moment)
        elif isinstance(cell, date):
            self._sheet.write_datetime(*at, cell, self._day)
        elif cell is not None:
            self._sheet.write_number(*at, cell)


def csv_bytes(rows: Iterable[Sequence[Cell]]) -> bytes:
    """A small table as a CSV file."""
    file = io.BytesIO()
    writer = CsvWriter(file)
    for row in rows:
        writer.row(row)
    writer.close()
    return file.getvalue()


def _csv_cell(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes")
    return cell.isoformat() if isinstance(cell, date) else guarded(cell) if isinstance(cell, str) else cell
