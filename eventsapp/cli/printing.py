"""Rows and bytes as a terminal, a spreadsheet or the next program takes them."""

import csv
import io
import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

DAY_AND_TIME = "%Y-%m-%d %H:%M"


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime(DAY_AND_TIME)


def print_rows(form: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if form == "table":
        print_table(heads, rows)
        return
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([heads, *([_inert(cell) for cell in row] for row in rows)])
    print_bytes(text.getvalue().encode())


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP ASVS 1.2.10)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) else cell


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(map(_width, column)) for column in columns]
    for row in (heads, *rows):
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _width(text: str) -> int:
    """The columns that a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def print_bytes(data: bytes, output: str | None = None) -> None:
    """To a file, or to standard output as it is, whatever the terminal's encoding."""
    if output is not None:
        Path(output).write_bytes(data)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
