"""Our own fonts are those that the README names, and what they cover needs no font of the machine."""

import hashlib
import re

import pytest

from eventsapp.drawing.fonts import OWN, Face, faces_for, own_face

README = (OWN / "README.md").read_text()


def test_our_fonts_are_those_that_the_readme_names():
    named = re.findall(r"^\| `(\S+\.ttf)` \| (\d+) \| `([0-9a-f]{64})` \|$", README, re.MULTILINE)
    found = [(path.name, path.read_bytes()) for path in OWN.glob("*.ttf")]
    assert sorted(named) == sorted((name, str(len(data)), hashlib.sha256(data).hexdigest()) for name, data in found)
    assert sum(len(data) for _name, data in found) < 1_000_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (OWN / "OFL.txt").read_text()


@pytest.mark.parametrize("bold", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "Öffentliches Forum – “ñ” ßẞ",
        "Diễn đàn công cộng",
        "Публичный форум",
        "Δημόσιο φόρουμ",
        "منتدى عام، ٢٠٢٦",
        "פורום",
    ],
)
def test_our_fonts_cover_their_scripts(text, bold):
    assert own_face(bold=bold).covers(text)


def test_our_fonts_are_asked_first_and_do_not_claim_what_they_lack():
    assert next(faces_for("a", "ja", bold=True)) == own_face(bold=True)
    assert not own_face(bold=True).covers("東京")
    assert not own_face(bold=True).covers("हिन्दी")


def test_a_file_that_is_no_font_covers_nothing(tmp_path):
    for number, data in enumerate((b"", b"ttcf", b"\x00\x01\x00\x00\xff\xff" + b"cmap" * 100)):
        (tmp_path / f"{number}.ttf").write_bytes(data)
        assert not Face(tmp_path / f"{number}.ttf").covers("a")
    assert not Face(tmp_path / "none.ttf", 3).covers("a")
