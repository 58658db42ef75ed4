"""Lines fit, break where their script allows, and say all of the text or end in an ellipsis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.drawing.typesetting import Room, Style, fitted, is_rtl, legible, set_line
from tests.missing import missing

ROOM = Room(660, 300, lines=3)
SIZES = (92, 76, 61, 48, 38)
CJK = Style("ja", bold=True)


def lines(text: str, style: Style = Style("en", bold=True), room: Room = ROOM) -> list[str]:  # noqa: B008  frozen
    block = fitted(text, style, room, SIZES)
    assert block is not None
    assert block.width <= room.width
    assert block.height <= room.height
    return ["".join(run.text for run in line.runs) for line in block.lines]


def in_han(text: str, tag: str) -> list[str]:
    if set_line("東京", CJK) is None:
        missing("TYPESETTING OF CHINESE AND JAPANESE", "there is no font for it (apt install fonts-noto-cjk)")
    return lines(text, Style(tag, bold=True))


def test_lines_are_even():
    assert lines("Public forum") == ["Public forum"]
    assert lines("Foro público sobre la vivienda y el transporte en el barrio") == [
        "Foro público sobre",
        "la vivienda y el",
        "transporte en el barrio",
    ]


def test_a_short_title_is_larger_than_a_long_one():
    sizes = [fitted(text, Style("en", bold=True), ROOM, SIZES).size for text in ("Forum", "Forum on " * 8)]
    assert sizes[0] == 92
    assert sizes[1] < 92


def test_what_is_too_long_ends_in_an_ellipsis():
    said = lines("A forum on housing, transport and everything else. " * 6)
    assert len(said) == 3
    assert said[-1].endswith("…")
    assert "A forum on housing, transport and everything else. ".startswith(said[0][:20])


def test_a_word_wider_than_a_line_is_parted():
    said = lines("Donaudampfschifffahrtsgesellschaftskapitänsversammlung")
    assert "".join(line.removesuffix("-") for line in said) == "Donaudampfschifffahrtsgesellschaftskapitänsversammlung"
    assert [line[-1] for line in said[:-1]] == ["-"] * (len(said) - 1)
    assert lines("Wohnungs\u00adpolitik" * 3)[0].endswith("-")
    assert lines("W" * 200)[-1].endswith("…")


def test_chinese_and_japanese_break_between_letters_and_rather_between_phrases():
    assert in_han("社区公共论坛：住房、交通与“我们的未来”（2026年）", "zh-Hans") == [
        "社区公共论坛：住房、",
        "交通与“我们的未来”",
        "（2026年）",
    ]
    assert in_han("「星空を見上げる夜」プラネタリウム解説員といっしょに楽しむ夏の観望会", "ja") == [
        "「星空を見上げる夜」",
        "プラネタリウム解説員といっしょに",
        "楽しむ夏の観望会",
    ]


@pytest.mark.parametrize("tag", ["ja", "zh-Hant"])
def test_no_line_begins_with_what_must_not_stand_there(tag):
    said = in_han("あ。、」っい「う" * 12, tag)
    assert not any(line[0] in "。、」っ" for line in said)
    assert not any(line[-1] == "「" for line in said)


def test_no_line_ends_at_a_space_that_does_not_break():
    said = lines("Une question\u00a0? « Le\u00a0logement\u00a0» et\u00a0nous " * 3)
    assert not any(line.endswith(("question", "Le", "et")) or line.startswith(("?", "»")) for line in said)


def test_emoji_and_marks_of_direction_are_left_out():
    assert legible("🎉 Party 👩‍👩‍👧 time ❤️ 1️⃣ 🇩🇪") == "Party time 1"
    assert legible("a\u202eb\u2066c\u200fd\u0000e\u2028f") == "abcde f"
    assert legible("🎉🎉") == ""
    assert legible("می\u200cخواهم न\u200dक") == "می\u200cخواهم न\u200dक"
    assert len(legible("Z" + "\u0301" * 200)) == 5


def test_nothing_to_draw_is_nothing():
    for text in ("", " ", "🎉", "\u202e", "\u200b\u2060"):
        assert fitted(text, Style("en"), ROOM, SIZES) is None


def test_the_first_letter_tells_a_names_direction():
    assert [is_rtl(text) for text in ("منتدى Zoom", "12 מפגש", "Zoom منتدى", "2026", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_arabic_is_joined_and_stands_from_the_right():
    arabic = Style("ar", rtl=True, bold=True)
    joined, apart = (set_line(text, arabic).width(60) for text in ("منتدى", "م ن ت د ى"))
    assert joined < apart * 0.8
    (line,) = fitted("منتدى Zoom", arabic, ROOM, SIZES).lines
    assert [run.text for run in line.runs] == ["منتدى Zoom"]


def test_letters_of_two_fonts_follow_the_direction_of_the_line():
    if set_line("東京", CJK) is None:
        missing("LINES OF TWO FONTS", "there is no second font (apt install fonts-noto-cjk)")
    from_left = set_line("لقاء 東京 غدا", Style("ar", rtl=True))._from_left()
    assert [run.text.strip() for run in from_left] == ["غدا", "東京", "لقاء"]
    assert [run.text for run in set_line("In 東京 now", Style("en"))._from_left()] == ["In ", "東京 ", "now"]


def test_without_a_font_there_are_no_boxes(no_fonts):
    assert fitted("公共論壇", Style("zh-Hant"), ROOM, SIZES) is None
    assert fitted("हिन्दी", Style("hi"), ROOM, SIZES) is None
    assert lines("Forum ☃ 2026") == ["Forum 2026"]


def test_without_fribidi_there_is_no_torn_arabic(no_fribidi):
    for text, tag in (("منتدى", "ar"), ("פורום", "he"), ("हिन्दी", "hi"), ("Forum منتدى", "en")):
        assert fitted(text, Style(tag), ROOM, SIZES) is None, text
    assert lines("Öffentliches Форум Ω") == ["Öffentliches", "Форум Ω"]


@given(st.text(st.characters(codec="utf-8", max_codepoint=0x2FFFF), max_size=60), st.booleans())
def test_any_text_fits_or_is_left_out(text, rtl):
    block = fitted(text, Style("en", rtl=rtl), ROOM, SIZES)
    if block is not None:
        assert block.width <= ROOM.width
        assert 1 <= len(block.lines) <= 3
