import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain.text import clean_line, clean_text

ANY = st.text(st.characters(exclude_categories=()), max_size=60)
SPACES = (
    "ab \t\n\r\v\f\x00\x1f\x7f\x85\xa0\u2028\u2029\u200b\u200d\u2060\ufeff\u202a\u202e\u2066\u2069\u3000\ud800\udfff"
)
MARKS = ["e\u0301", "\u0301", "👩🏽‍🚀", "🇲🇽", "\u200f", "\u0644", "\ufffe", "\U0001fffe", "\u3164"]
ODD = st.lists(st.sampled_from([*SPACES, *MARKS]), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Foro   público ", "Foro público"),
        ("a\tb\nc\r\nd", "a b c d"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("a\x00b\x07c\x1bd\x9fe", "abcde"),
        ("\ufeffBOM\u200b", "BOM"),
        ("in\u200bside", "in\u200bside"),
        ("evil\u202etxt.exe\u202c", "eviltxt.exe"),
        ("lone \ud83d half", "lone half"),
        ("e\u0301", "é"),
        ("Sujet\u00a0: 東京\u3000大阪", "Sujet\u00a0: 東京\u3000大阪"),
        ("\u200e\u200f\u2060", ""),
        ("\u3164", ""),
        ("👩🏽‍🚀 🇲🇽", "👩🏽‍🚀 🇲🇽"),
        ("العربية \u200fRTL", "العربية \u200fRTL"),
    ],
    ids=ascii,
)
def test_a_line_is_clean(typed, kept):
    assert clean_line(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("\n\n  first\n\n\n\n\nlast  \n\n", "first\n\nlast"),
        ("- a\n  - nested\n\tcode", "- a\n  - nested\n    code"),
        ("hard break  \nnext", "hard break  \nnext"),
        ("hard break     \nnext \nlast", "hard break  \nnext\nlast"),
        ("paragraph  \n\nnext", "paragraph\n\nnext"),
        ("a\x00\u202eb", "ab"),
    ],
    ids=ascii,
)
def test_a_text_keeps_its_lines(typed, kept):
    assert clean_text(typed) == kept


@pytest.mark.parametrize("clean", [clean_line, clean_text])
@given(text=ANY | ODD, limit=st.integers(1, 50))
def test_whatever_comes_in_what_goes_out_can_be_stored_and_stays_as_it_is(clean, text, limit):
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    cleaned.encode("utf-8")  # no surrogate
    assert cleaned == cleaned.strip()
    categories = {unicodedata.category(character) for character in cleaned.replace("\n", "")}
    assert not categories & {"Cc", "Cs", "Zl", "Zp"}
    assert unicodedata.is_normalized("NFC", cleaned)
    assert clean(cleaned, limit) == cleaned
    if clean is clean_line:
        assert "\n" not in cleaned


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("abcdef", 4, "abcd"),
        ("abc def", 4, "abc"),
        ("xxg\u0308\u0323", 3, "xx"),
        ("ab👩🏽‍🚀", 4, "ab"),
        ("a🇲🇽🇨🇱", 4, "a"),
    ],
    ids=ascii,
)
def test_the_cap_falls_between_what_is_drawn_as_one(text, limit, kept):
    assert clean_line(text, limit) == kept


def test_marks_without_end_cost_no_time():
    began = time.perf_counter()
    assert clean_text("a" + "\u0315\u0300" * 500_000).startswith("à")
    assert time.perf_counter() - began < 2
