"""Which font draws what: our own for Latin, Greek, Cyrillic, Arabic and Hebrew, the machine's for all other scripts.

What no font here can draw, or could only draw wrongly, is not drawn: nobody is shown boxes or torn letters.
"""

import os
import struct
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont, features

from eventsapp.domain.languages import parents

OWN = Path(__file__).resolve().parents[1] / "fonts"
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/run/current-system/sw/share/X11/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)
_ENDINGS = (".ttf", ".otf", ".ttc", ".otc")
_MOST_FILES = 20_000

# Han letters have national shapes. The four as font files name them, with their place in Noto's collection file.
_JAPANESE, _KOREAN, _SIMPLIFIED, _TRADITIONAL = ("jp", 0), ("kr", 1), ("sc", 2), ("tc", 3)
_CJK_BLOCKS = (
    (0x1100, 0x11FF),
    (0x2E80, 0xA4CF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_CJK_FAMILIES = {
    "jp": ("hiraginosans", "yugoth", "meiryo", "ipaexg", "takaopgothic", "vlgothic"),
    "kr": ("applesdgothicneo", "malgun", "nanumgothic"),
    "sc": ("pingfang", "hiraginosansgb", "msyh", "wqymicrohei", "wqyzenhei", "droidsansfallbackfull"),
    "tc": ("pingfang", "msjh", "wqymicrohei", "wqyzenhei", "droidsansfallbackfull"),
}
_ANY_SCRIPT = ("dejavusans", "freesans", "arialunicode", "notosanssymbols2", "notosanssymbols", "notosansmath")
_WEIGHTS = {
    True: ("bold", "bd", "b", "semibold", "medium", "w6", "regular", ""),
    False: ("regular", "", "w3", "medium"),
}
# Scripts whose letters stand side by side as they are, with no help of HarfBuzz and FriBidi.
_SIMPLE_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_KINDS_OF_LETTERS = frozenset({"L", "M"})


@dataclass(frozen=True, slots=True)
class Face:
    """One font of one file; ``index`` where the file holds several."""

    path: Path
    index: int = 0

    def covers(self, text: str) -> bool:
        starts, ends = _characters(self)
        return all(_within(ord(character), starts, ends) for character in text if not is_unseen(character))

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        return _loaded(self, size)


def can_shape() -> bool:
    """Whether Pillow joins letters and orders both directions here: with Raqm, HarfBuzz and FriBidi."""
    return bool(features.check("raqm"))


def own_face(*, bold: bool) -> Face:
    return Face(OWN / ("NotoSans-Bold.ttf" if bold else "NotoSans-Regular.ttf"))


def faces_for(character: str, tag: str, *, bold: bool) -> Iterator[Face]:
    """What may draw a character in a text of the language ``tag``, best first. Without ``can_shape``: rightly."""
    if not can_shape() and not _is_simple(character):
        return
    yield own_face(bold=bold)
    for family, index in _families(character, tag):
        yield from _faces_of(family, index, bold=bold)


def is_unseen(character: str) -> bool:
    """Joiners, variation selectors and marks of direction: they change how others are drawn, and need no glyph."""
    return unicodedata.category(character) in ("Cf", "Cc") or "\ufe00" <= character <= "\ufe0f"


def is_cjk(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _CJK_BLOCKS)


def fingerprint() -> str:
    """Changes with what pictures are drawn by, so that no cache keeps one from before a font was installed."""
    versions = (features.version(name) for name in ("pil", "freetype2", "raqm", "fribidi", "harfbuzz"))
    return f"{'/'.join(str(version) for version in versions)}/{len(_machine_files())}"


def _is_simple(character: str) -> bool:
    if unicodedata.bidirectional(character) in _RIGHT_TO_LEFT:
        return False
    if unicodedata.category(character)[0] not in _KINDS_OF_LETTERS:
        return True
    return unicodedata.name(character, "").startswith((*_SIMPLE_SCRIPTS, "COMBINING"))


def _families(character: str, tag: str) -> Iterator[tuple[str, int]]:
    """Names of font families as files spell them, without their weight, each with the index within a collection."""
    region, index = _national(character, tag)
    cjk = [
        ("notosanscjk", index),
        *((f"{family}{region}", 0) for family in ("notosanscjk", "notosans", "sourcehansans")),
        *((family, 0) for family in _CJK_FAMILIES[region]),
    ]
    if is_cjk(character):
        yield from cjk
    words = unicodedata.name(character, "").lower().split()
    for count in (2, 1):
        yield "notosans" + "".join(words[:count]), 0
    for family in _ANY_SCRIPT:
        yield family, 0
    if not is_cjk(character):
        yield from cjk  # they have many symbols


def _national(character: str, tag: str) -> tuple[str, int]:
    chain = parents(tag)
    if "zh-Hant" in chain or "yue" in chain:
        return _TRADITIONAL
    name = unicodedata.name(character, "")
    if chain[-1] == "ja" or name.startswith(("HIRAGANA", "KATAKANA")):
        return _JAPANESE
    return _KOREAN if chain[-1] == "ko" or name.startswith("HANGUL") else _SIMPLIFIED


@lru_cache(maxsize=1024)
def _faces_of(family: str, index: int, *, bold: bool) -> tuple[Face, ...]:
    files = _machine_files()
    found = (files.get(family + weight) for weight in _WEIGHTS[bold])
    return tuple(Face(path, index if path.suffix.lower() in (".ttc", ".otc") else 0) for path in found if path)[:1]


@cache
def _machine_files() -> dict[str, Path]:
    """Every font file of the machine by its bare name ("notosanscjkbold"); looked for once in a process."""
    found: dict[str, Path] = {}
    for folder in _FOLDERS:
        for where, folders, names in os.walk(Path(folder).expanduser()):
            folders.sort()
            for name in sorted(names):
                stem, ending = os.path.splitext(name)  # noqa: PTH122  thousands of them
                if ending.lower() in _ENDINGS and len(found) < _MOST_FILES:
                    bare = "".join(letter for letter in stem.lower() if letter.isalnum())
                    found.setdefault(bare, Path(where, name))
    return found


@lru_cache(maxsize=64)
def _loaded(face: Face, size: int) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.RAQM if can_shape() else ImageFont.Layout.BASIC
    return ImageFont.truetype(face.path, size, index=face.index, layout_engine=engine)


def _within(code: int, starts: list[int], ends: list[int]) -> bool:
    at = bisect_right(starts, code) - 1
    return at >= 0 and code <= ends[at]


@lru_cache(maxsize=64)
def _characters(face: Face) -> tuple[list[int], list[int]]:
    """Which characters a font has glyphs for, as the first and the last of each range; none where it cannot be read."""
    try:
        ranges = sorted(_ranges(_cmap(face)))
    except (OSError, struct.error, IndexError):
        return [], []
    return [first for first, _last in ranges], [last for _first, last in ranges]


def _cmap(face: Face) -> bytes:
    """The table of characters, as OpenType lays it out."""
    with face.path.open("rb") as file:
        start = 0
        if file.read(4) == b"ttcf":
            file.seek(12 + 4 * face.index)
            (start,) = struct.unpack(">L", file.read(4))
        file.seek(start + 4)
        (count,) = struct.unpack(">H", file.read(2))
        file.seek(start + 12)
        for _number in range(count):
            name, _checksum, offset, length = struct.unpack(">4s3L", file.read(16))
            if name == b"cmap":
                file.seek(offset)
                return file.read(length)
    return b""


def _ranges(cmap: bytes) -> Iterator[tuple[int, int]]:
    (count,) = struct.unpack_from(">H", cmap, 2)
    offsets = {struct.unpack_from(">2HL", cmap, 4 + 8 * number) for number in range(count)}
    tables = {struct.unpack_from(">H", cmap, offset)[0]: offset for platform, _kind, offset in offsets if platform != 1}
    if 12 in tables:  # noqa: PLR2004  formats 12 and 4 of a subtable are the two that Unicode fonts have
        at = tables[12]
        (groups,) = struct.unpack_from(">L", cmap, at + 12)
        for first, last, _glyph in struct.iter_unpack(">3L", cmap[at + 16 : at + 16 + 12 * groups]):
            yield first, last
    elif 4 in tables:  # noqa: PLR2004
        yield from _segments(cmap[tables[4] :])


def _segments(table: bytes) -> Iterator[tuple[int, int]]:
    (twice,) = struct.unpack_from(">H", table, 6)
    count = twice // 2
    ends = struct.unpack_from(f">{count}H", table, 14)
    starts = struct.unpack_from(f">{count}H", table, 16 + twice)
    skips = struct.unpack_from(f">{count}H", table, 16 + 3 * twice)
    for number, (first, last, skip) in enumerate(zip(starts, ends, skips, strict=True)):
        if not skip:
            yield first, last
            continue
        glyphs = 16 + 3 * twice + 2 * number + skip
        for code in range(first, last + 1):
            if struct.unpack_from(">H", table, glyphs + 2 * (code - first))[0]:
                yield code, code
