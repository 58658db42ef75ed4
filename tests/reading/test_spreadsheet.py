"""Spreadsheets as people send them, and as somebody sends them who means harm."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from eventsapp.domain.errors import Invalid
from eventsapp.reading.spreadsheet import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, Sheet, read_sheet
from eventsapp.spreadsheets import csv_bytes

ROWS = (("Name", "Phone"), ("Zoë", "+41785324567"), ("", ""), ("-5", "0048785326691"))
READ = Sheet(("Name", "Phone"), ((2, ("Zoë", "+41785324567")), (4, ("-5", "0048785326691"))))


def xlsx(rows, change=lambda _sheet: None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def packed(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return file.getvalue()


def lines(delimiter, first=""):
    return first + "\r\n".join(delimiter.join(row) for row in ROWS)


@pytest.mark.parametrize(
    "data",
    [
        csv_bytes(ROWS),
        lines(",").encode(),
        lines(";").encode("utf-8-sig"),
        lines("\t").encode("utf-16"),
        lines("|").encode("cp1252"),
        lines(";").replace("\r\n", "\r").encode(),
        xlsx(ROWS),
    ],
)
def test_what_programs_write_is_read_as_the_same(data):
    assert read_sheet(data) == READ


def test_excel_may_say_its_delimiter_in_a_line_of_its_own():
    assert read_sheet(lines(";", "sep=;\r\n").encode()).rows[0] == (3, ("Zoë", "+41785324567"))


def test_cells_are_read_as_people_read_them():
    row = (41785324567, 1.5, True, datetime(2026, 6, 13, 16, 0), date(2026, 6, 13), "a\nb")  # noqa: DTZ001
    assert read_sheet(xlsx([list("abcdef"), row])).rows == (
        (2, ("41785324567", "1.5", "true", "2026-06-13 16:00", "2026-06-13", "a\nb")),
    )


def test_a_formula_is_never_computed():
    data = xlsx([["Name", "x"], ["=1+1", "=cmd|' /C calc'!A0"], ["Ana", ""]])
    assert read_sheet(data).rows == ((3, ("Ana", "")),)  # nobody has computed it, so it has no value


def test_merged_cells_and_columns_without_a_head():
    data = xlsx([["Name", None, None], ["Ana", "x", None]], lambda sheet: sheet.merge_cells("A1:B1"))
    assert read_sheet(data) == Sheet(("Name", ""), ((2, ("Ana", "x")),))


BOMB = b"0" * (100 * 1024 * 1024)
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
<!ENTITY c SYSTEM "file:///etc/passwd">]><worksheet>&b;&c;</worksheet>"""


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \r\n,,\r\n", "The file is empty."),
        (b"\x00\x01\x02\x03", "neither a CSV nor an XLSX"),
        (b"%PDF-1.7", "neither a CSV nor an XLSX"),
        (b"\xd0\xcf\x11\xe0 an old .xls", "neither a CSV nor an XLSX"),
        (b"PK\x03\x04 nothing", "cannot be read"),
        (packed({"hello.txt": b"hello"}), "cannot be read"),
        (packed({"xl/worksheets/sheet1.xml": BOMB}), "more than"),
        (packed({f"part{number}": b"" for number in range(300)}), "more than"),
        (packed({"[Content_Types].xml": LAUGHS, "xl/workbook.xml": LAUGHS}), "cannot be read"),
        (b"a" * (MOST_BYTES + 1), "larger than 8 MB"),
        (b"a,b\n" + b"1,2\n" * (MOST_ROWS + 5), "more than"),
        (b"," * (MOST_COLUMNS * 5) + b"\nx", "more than"),
        (b'a,b\n"' + b"x" * 200_000, "cannot be read from row"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else len(value),
)
def test_what_cannot_be_read_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(Invalid, match=sentence):
        read_sheet(data)


def test_more_than_the_first_sheet_says_is_left_alone():
    data = xlsx(ROWS)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()} | {"xl/vbaProject.bin": b"macro"}
    assert read_sheet(packed(parts)) == READ
