"""The bytes of a CSV or XLSX file → its first sheet as texts. What a hostile file can cost is bounded.

Nothing in it is computed, followed or run: of a formula the value that was stored is read, of a macro nothing.
"""

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.text import clean_text

MOST_BYTES = 8 * 1024 * 1024
MOST_UNPACKED = 96 * 1024 * 1024  # of all parts of an XLSX file together
MOST_PARTS = 200
MOST_ROWS = 20_000
MOST_COLUMNS = 200
MOST_CHARACTERS = 20_000  # of a cell
_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"
_DELIMITERS = ",;\t|"
_SAID = re.compile(r'"?sep=([,;\t|])"?')  # Excel's own way to say it, in a first line
_SAMPLE = 20  # lines by which the delimiter is found out


@dataclass(frozen=True, slots=True)
class Sheet:
    """``rows`` are (number of the row in the file, counted from 1, cells as texts), each as long as ``heads``.

    Empty rows are left out. Columns without a head are left out where nothing stands in them either.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheet(data: bytes) -> Sheet:
    """The first sheet of an XLSX file, or a CSV file in any usual encoding and with any usual delimiter.

    Raises Invalid, which says what to do.
    """
    if len(data) > MOST_BYTES:
        raise Invalid(N_("The file is larger than %(limit)s MB. Split it into several."), limit=MOST_BYTES >> 20)
    if not data.strip():
        raise Invalid(N_("The file is empty."))
    if data.startswith(_ZIP):
        return _sheet(_rows_of_xlsx(data))
    if data.startswith((_OLE, _PDF)) or (b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff"))):
        raise Invalid(N_("This is neither a CSV nor an XLSX file. Save it as one of them."))
    return _sheet(_rows_of_csv(_decoded(data)))


def _decoded(data: bytes) -> str:
    """Excel writes UTF-16 with a mark as "Unicode text", and on older machines the Western code page."""
    encodings = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Invalid(N_("The letters of this file cannot be read. Save it as CSV in UTF-8."))


def _rows_of_csv(text: str) -> Iterable[Sequence[Any]]:
    said = _SAID.match(text)
    if said:
        text = text[said.end() :].lstrip("\r\n")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=said[1] if said else _delimiter(text), strict=False)
    try:
        if said:
            yield ()  # its line is counted
        yield from reader
    except csv.Error as error:
        raise Invalid(N_("The file cannot be read from row %(row)s on."), row=reader.line_num) from error


def _delimiter(text: str) -> str:
    """The one by which most of the first lines have the same number of cells, and the most of them."""

    def evenness(delimiter: str) -> tuple[int, int]:
        lines = io.StringIO("\n".join(text.splitlines()[:_SAMPLE]), newline="")
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        except csv.Error:
            return 0, 0
        many = {width: count for width, count in widths.items() if width > 1}
        width = max(many, key=lambda one: (many[one], one), default=0)
        return many.get(width, 0), width

    return max(_DELIMITERS, key=evenness)


def _rows_of_xlsx(data: bytes) -> Iterable[Sequence[Any]]:
    from python_calamine import CalamineError, load_workbook  # noqa: PLC0415  only whoever imports waits for it

    _refuse_bombs(data)
    try:
        with load_workbook(io.BytesIO(data)) as book:
            sheet = book.get_sheet_by_index(0)
            if sheet.total_height > MOST_ROWS + 1 or sheet.total_width > MOST_COLUMNS:
                raise _too_large()
            return sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise Invalid(N_("This spreadsheet cannot be read. Save it again as XLSX or CSV.")) from error


def _refuse_bombs(data: bytes) -> None:
    """What it says of itself, and then what it really unpacks to."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise _too_large()
            left = MOST_UNPACKED
            for part in parts:
                with packed.open(part) as unpacked:
                    while block := unpacked.read(1 << 20):
                        left -= len(block)
                        if left < 0:
                            raise _too_large()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Invalid(N_("This spreadsheet cannot be read. Save it again as XLSX or CSV.")) from error


def _sheet(rows: Iterable[Sequence[Any]]) -> Sheet:
    found = [(number, cells) for number, row in _bounded(rows) if any(cells := [_text(cell) for cell in row])]
    if not found:
        raise Invalid(N_("The file is empty."))
    heads = [head.replace("\n", " ") for head in found[0][1]]
    width = max(len(cells) for _number, cells in found)
    if width > MOST_COLUMNS:
        raise _too_large()
    heads += [""] * (width - len(heads))
    body = [(number, [*cells, *[""] * (width - len(cells))]) for number, cells in found[1:]]
    kept = [at for at, head in enumerate(heads) if head or any(cells[at] for _number, cells in body)]
    return Sheet(
        tuple(heads[at] for at in kept),
        tuple((number, tuple(cells[at] for at in kept)) for number, cells in body),
    )


def _bounded(rows: Iterable[Sequence[Any]]) -> Iterable[tuple[int, Sequence[Any]]]:
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS + 1 or len(row) > 4 * MOST_COLUMNS:
            raise _too_large()
        yield number, row


def _too_large() -> Invalid:
    return Invalid(
        N_("The file has more than %(rows)s rows or %(columns)s columns. Split it into several."),
        rows=MOST_ROWS,
        columns=MOST_COLUMNS,
    )


def _text(cell: Any) -> str:
    """As a person reads the cell: a whole number without a point, a moment as 2026-06-13 16:00."""
    if isinstance(cell, str):
        return clean_text(cell, MOST_CHARACTERS)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else repr(cell)  # noqa: PLR2004  exact so far
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, int | timedelta) else ""
