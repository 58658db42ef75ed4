"""Content lines: folding, links, addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.ical.text import FOLD_OCTETS, Text, fold, mailto, one_line, paragraphs, uri

FAMILY = "👩‍👩‍👧‍👦"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), min_size=1))
def test_folding_can_be_undone_and_no_piece_is_too_long_or_broken(text: str) -> None:
    folded = fold("SUMMARY:" + text * 5)
    assert folded.endswith(b"\r\n")
    pieces = folded.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(piece) <= FOLD_OCTETS for piece in pieces)
    assert [piece[:1] for piece in pieces[1:]] == [b" "] * (len(pieces) - 1)
    whole = pieces[0].decode() + "".join(piece.decode()[1:] for piece in pieces[1:])
    assert whole == "SUMMARY:" + text * 5


@pytest.mark.parametrize("whole", [FAMILY, "e\u0301\u0323", "🇲🇽", "👍🏽", "\\n", "^'", "❤️", "क्ष"])
@pytest.mark.parametrize("before", range(60, 76))
def test_a_fold_does_not_stand_inside_what_belongs_together(whole: str, before: int) -> None:
    folded = fold("x" * before + whole + "y" * 80).decode()
    assert whole in folded


@pytest.mark.parametrize("before", range(60, 76))
def test_a_fold_does_not_stand_beside_a_space(before: int) -> None:
    pieces = fold("x" * before + " two words " + "y" * 90).decode().removesuffix("\r\n").split("\r\n ")
    assert [piece for piece in pieces if piece != piece.strip()] == []


def test_where_every_place_is_bad_the_line_is_folded_all_the_same() -> None:
    line = "DESCRIPTION:" + "\\" * 400
    assert fold(line).replace(b"\r\n ", b"").decode() == line + "\r\n"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("  Forum \r\n public\t ", "Forum public"),
        ("C:\\new", "C:⧵new"),
        ("a\x00b\x1bc\u2028d\u202ee\ud800f", "abc def"),
        ("BEGIN:VEVENT end:valarm", "BEGIN: VEVENT end: valarm"),
        ("From the beginning: Vera", "From the beginning: Vera"),
    ],
)
def test_a_title_is_one_clean_line(typed: str, written: str) -> None:
    assert one_line(typed) == written


def test_a_description_keeps_its_lines() -> None:
    assert paragraphs("one\r\ntwo\x07\n\n\n\nthree\\") == "one\ntwo\n\nthree\\"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a,b;c:d", r"a\,b\;c:d"),
        ("C:\\New", r"C:\\New"),
        ("one\ntwo", r"one\ntwo"),
        ('"', '"'),
    ],
)
def test_text_is_escaped_once(text: str, escaped: str) -> None:
    assert Text(text).to_ical() == escaped.encode()


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("https://zoom.us/j/1?pwd=a%20b", "https://zoom.us/j/1?pwd=a%20b"),
        ("https://example.org/año nuevo", "https://example.org/a%C3%B1o%20nuevo"),
        ('https://example.org/"<x>\r\nATTENDEE:x', "https://example.org/%22%3Cx%3E%20ATTENDEE:x"),
    ],
)
def test_a_link_becomes_an_ascii_uri(typed: str, written: str) -> None:
    assert uri(typed) == written


@pytest.mark.parametrize(
    ("email", "address"),
    [
        ("zoe+forum@example.org", "mailto:zoe+forum@example.org"),
        ("o'neil@example.org", "mailto:o'neil@example.org"),
        ("a/b?c=d&e%f@example.org", "mailto:a%2Fb%3Fc%3Dd%26e%25f@example.org"),
    ],
)
def test_an_address_becomes_a_mailto_uri(email: str, address: str) -> None:
    assert mailto(email) == address
