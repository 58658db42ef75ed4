"""Text into lines that fit: cleaned of what cannot be drawn, given its fonts, broken where its script allows, balanced.

Order and shapes of letters within a line are Raqm's. Nothing here knows what the text is about.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from math import ceil

from PIL import Image, ImageDraw

from eventsapp.drawing.fonts import Face, can_shape, faces_for, is_cjk, is_unseen

LONGEST = 400  # characters; what follows would be cut off anyhow
_MEASURE = 100  # the size at which widths are taken once; they grow evenly with it
_LEADING = 1.14  # of the size
_GAP = 0.1  # of the size, at least, between the ink of two lines
_ROUNDING = 0.5  # of a pixel
_ELLIPSIS = "…"
_SOFT_HYPHEN = "\u00ad"
_VIRAMA = 9  # the combining class of what ties two Indic letters into one

_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_EMOJI = re.compile(
    "[\U0001f000-\U0001fbff\U000e0020-\U000e007f\u20e3]"
    "|[\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\u3030\u303d\u3297\u3299]\ufe0f"
    "|[\ufe0e\ufe0f]"
)
_LOOSE_JOINERS = re.compile(r"(?<!\S)\u200d+|\u200d+(?!\S)|(?<=\u200d)\u200d+")
_UNDRAWN = frozenset({"Cc", "Cn", "Co", "Cs", "Me"})
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")
_ACCENTS = "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f"
_TOWERS = re.compile(f"([{_ACCENTS}]{{4}})[{_ACCENTS}]+")
_BETWEEN = re.compile(rf"(?<=\s)(?=\S)|(?<=\w[-‐–—/])(?=[^\W\d])|(?<=[{_SOFT_HYPHEN}\u200b])")
_PHRASE = 0.7  # of the size: so much smaller may Chinese and Japanese be for lines that end where a phrase does
_UNBROKEN = frozenset("\u00a0\u202f\u2060")
# What no line of Chinese or Japanese begins with, and what none ends with.
_CLOSING = frozenset("、。，．・：；？！」』）】〉》〕｝］〗〙’”…‥!?,.:;)]}")
_NO_START = _CLOSING | frozenset("％℃%々〻ゝゞヽヾ゛゜ーぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ")
_NO_END = frozenset("「『（【〈《〔｛［〖〘‘“￥＄([{")


@dataclass(frozen=True, slots=True)
class Style:
    """``rtl`` is the direction of a line as a whole, not of each letter."""

    tag: str
    rtl: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """What a text may fill; ``lines`` is how many it may have."""

    width: int
    height: int
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one line in one font."""

    text: str
    face: Face


@dataclass(frozen=True, slots=True)
class Line:
    """One line, in logical order."""

    runs: tuple[Run, ...]
    style: Style

    def width(self, size: int) -> float:
        return sum((self._length(run, size) for run in self.runs), 0.0)

    def ink(self, size: int) -> tuple[float, float]:
        """How far it reaches above and below its base line."""
        boxes = [
            run.face.at(size).getbbox(run.text, direction=self._direction, language=self._language, anchor="ls")
            for run in self.runs
        ]
        return max(-box[1] for box in boxes), max(box[3] for box in boxes)

    def draw(self, image: Image.Image, left: float, base: float, size: int, fill: str) -> None:
        at, draw = left, ImageDraw.Draw(image)
        for run in self._from_left():
            font = run.face.at(size)
            draw.text((at, base), run.text, fill, font, "ls", direction=self._direction, language=self._language)
            at += self._length(run, size)

    def _from_left(self) -> list[Run]:
        """In a line from right to left what is first stands last, and so it does within a stretch of that direction."""
        stretches = [(rtl, list(runs)) for rtl, runs in groupby(self.runs, lambda run: _has_rtl(run.text))]
        ordered = [runs[::-1] if rtl else runs for rtl, runs in stretches]
        return [run for runs in (ordered[::-1] if self.style.rtl else ordered) for run in runs]

    def _length(self, run: Run, size: int) -> float:
        return run.face.at(size).getlength(run.text, direction=self._direction, language=self._language)

    @property
    def _direction(self) -> str | None:
        return ("rtl" if self.style.rtl else "ltr") if can_shape() else None

    @property
    def _language(self) -> str | None:
        return self.style.tag if can_shape() else None


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one size, their base lines ``leading`` apart; ``above`` and ``below`` are the reach of their ink."""

    lines: tuple[Line, ...]
    size: int
    leading: int
    above: int
    below: int

    @property
    def height(self) -> int:
        return self.above + self.leading * (len(self.lines) - 1) + self.below

    @property
    def width(self) -> int:
        return max(ceil(line.width(self.size)) for line in self.lines)

    def draw(self, image: Image.Image, start: float, top: float, fill: str, *, from_right: bool = False) -> None:
        """``start`` is the edge that all lines begin at, the right one ``from_right``."""
        for number, line in enumerate(self.lines):
            left = start - line.width(self.size) if from_right else start
            line.draw(image, left, top + self.above + number * self.leading, self.size, fill)


def legible(text: str) -> str:
    """Without emoji, marks that turn the direction, and towers of accents; one line with single spaces."""
    text = _EMOJI.sub("", _BIDI_CONTROLS.sub("", text[:LONGEST]))
    text = "".join(letter for letter in text if not _is_undrawn(letter))
    text = _TOWERS.sub(r"\1", _LOOSE_JOINERS.sub("", text))
    return _SPACES.sub(" ", text).strip()


def is_rtl(text: str) -> bool:
    """Whether a text on its own runs from right to left: its first letter decides."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), False)


@lru_cache(maxsize=2048)
def set_line(text: str, style: Style) -> Line | None:
    """The text with its fonts; signs that no font has are left out.

    None where a letter cannot be drawn here, or where there is nothing to draw.
    """
    runs: list[Run] = []
    for cluster in _clusters(text):
        face = _face_of(cluster, style, runs[-1].face if runs else None)
        if face is None:
            if unicodedata.category(cluster[0])[0] in "LMN":
                return None
        elif runs and runs[-1].face == face:
            runs[-1] = Run(runs[-1].text + cluster, face)
        else:
            runs.append(Run(cluster, face))
    seen = any(not letter.isspace() and not is_unseen(letter) for run in runs for letter in run.text)
    return Line(tuple(runs), style) if seen else None


def fitted(text: str, style: Style, room: Room, sizes: Sequence[int]) -> Block | None:
    """The text in balanced lines at the largest of ``sizes`` that fits into the room; cut off at the smallest.

    None where it cannot be drawn, or where there is nothing to draw.
    """
    whole = set_line(legible(text), style)
    if whole is None:
        return None
    pieces = _pieces(legible("".join(run.text for run in whole.runs)))
    if found := _largest(pieces, style, room, sizes):
        worthwhile = [size for size in sizes if size >= found.size * _PHRASE]
        for larger in (_words(pieces), _phrases(pieces)):
            if len(larger) < len(pieces):
                found = _largest(larger, style, room, worthwhile) or found
        return found
    size = sizes[-1]
    parts = [part for piece in pieces for part in _parts(piece, style, room.width, size)]
    lines = _balanced(parts, style, room, size) or _cut(parts, style, room, size)
    return _block(lines, size)


def _largest(pieces: Sequence[str], style: Style, room: Room, sizes: Sequence[int]) -> Block | None:
    for size in sizes:
        if lines := _balanced(pieces, style, room, size):
            block = _block(lines, size)
            if block.height <= room.height:
                return block
    return None


def _block(lines: Sequence[Line], size: int) -> Block:
    inks = [line.ink(size) for line in lines]
    above, below = ceil(max(ink[0] for ink in inks)), ceil(max(ink[1] for ink in inks))
    leading = ceil(max(size * _LEADING, above + below + size * _GAP))
    return Block(tuple(lines), size, leading, above, below)


def _balanced(pieces: Sequence[str], style: Style, room: Room, size: int) -> list[Line]:
    """As few lines as can be, as even as can be; none where they would be too many or too wide."""
    full = [_measured(piece, style, size) for piece in pieces]
    bare = [_measured(piece.rstrip(), style, size) for piece in pieces]
    fewest = len(_broken(full, bare, room.width))
    if max(bare) > room.width or fewest > room.lines:
        return []
    lines = [_line(pieces[first:last], style) for first, last in _evenly(full, bare, room.width, fewest)]
    return lines if all(line.width(size) <= room.width for line in lines) else []


def _evenly(full: Sequence[float], bare: Sequence[float], width: float, number: int) -> list[tuple[int, int]]:
    """Of all ways to make ``number`` lines the one whose ends lie nearest to each other: the least sum of squares."""
    start = [0.0, *accumulate(full)]
    best: dict[int, tuple[float, list[tuple[int, int]]]] = {0: (0.0, [])}
    for _line_number in range(number):
        found: dict[int, tuple[float, list[tuple[int, int]]]] = {}
        for first, (so_far, lines) in best.items():
            for last in range(first + 1, len(full) + 1):
                room = width - (start[last - 1] - start[first] + bare[last - 1])
                if room < -_ROUNDING:
                    break
                if last not in found or so_far + room**2 < found[last][0]:
                    found[last] = so_far + room**2, [*lines, (first, last)]
        best = found
    return best[len(full)][1]


def _broken(full: Sequence[float], bare: Sequence[float], width: float) -> list[tuple[int, int]]:
    """Each line filled as far as it goes: the numbers of its first piece and of the first that is not in it."""
    lines, first, so_far = [], 0, 0.0
    for number in range(len(full)):
        if number > first and so_far + bare[number] > width:
            lines.append((first, number))
            first, so_far = number, 0.0
        so_far += full[number]
    return [*lines, (first, len(full))]


def _cut(parts: Sequence[str], style: Style, room: Room, size: int) -> list[Line]:
    """The beginning, and an ellipsis at the end of the last line."""
    full = [_measured(part, style, size) for part in parts]
    bare = [_measured(part.rstrip(), style, size) for part in parts]
    spans = _broken(full, bare, room.width)
    last_line = min(room.lines, len(spans)) - 1
    lines = [_line(parts[first:last], style) for first, last in spans[:last_line]]
    rest = list(_clusters("".join(parts[spans[last_line][0] :]).replace(_SOFT_HYPHEN, "")))
    fits, too_many = 0, len(rest)
    while too_many - fits > 1:
        between = (fits + too_many) // 2
        if _line(["".join(rest[:between]).rstrip(), _ELLIPSIS], style).width(size) <= room.width:
            fits = between
        else:
            too_many = between
    return [*lines, _line(["".join(rest[:fits]).rstrip(" ,;:.–—-"), _ELLIPSIS], style)]


def _line(pieces: Sequence[str], style: Style) -> Line:
    text = "".join(pieces).rstrip()
    shown = text[:-1] + "-" if text.endswith(_SOFT_HYPHEN) else text
    line = set_line(shown, style)
    assert line is not None  # noqa: S101  the whole text could be drawn
    return line


def _measured(piece: str, style: Style, size: int) -> float:
    return _width(piece, style) * size / _MEASURE


@lru_cache(maxsize=2048)
def _width(piece: str, style: Style) -> float:
    line = set_line(piece, style)
    return line.width(_MEASURE) if line else 0.0


def _parts(piece: str, style: Style, width: int, size: int) -> Iterator[str]:
    """A piece that is wider than a line in parts that are not, with a hyphen where its script has hyphens."""
    if _measured(piece.rstrip(), style, size) <= width:
        yield piece
        return
    part, room = "", width - _measured("-", style, size)
    for cluster in _clusters(piece):
        if part and _measured(part + cluster, style, size) > room:
            yield part + (_SOFT_HYPHEN if part[-1].lower() != part[-1].upper() and cluster.isalpha() else "")
            part = ""
        part += cluster
    yield part


def _pieces(text: str) -> list[str]:
    """What no line may part, each with the space behind it."""
    pieces = []
    for word in _BETWEEN.split(text):
        start = 0
        for number, (before, after) in enumerate(pairwise(word), 1):
            if _parted(before, after):
                pieces.append(word[start:number])
                start = number
        pieces.append(word[start:])
    return _rejoined([piece for piece in pieces if piece])


def _rejoined(pieces: Sequence[str]) -> list[str]:
    joined: list[str] = []
    for piece in pieces:
        if joined and joined[-1][-1] in _UNBROKEN:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _phrases(pieces: Sequence[str]) -> list[str]:
    """Pieces put together where a line of Chinese or Japanese would rather not end.

    It ends gladly at a space, behind a comma or a closing bracket, before an opening one, and where hiragana is
    followed by something else: there, mostly, a phrase of Japanese ends.
    """
    joined: list[str] = []
    for piece in pieces:
        last = joined[-1][-1] if joined else " "
        ended = not _is_ideographic(last) or last in _CLOSING
        begins = piece[0] in _NO_END or (_is_hiragana(last) and not _is_hiragana(piece[0]))
        if ended or begins:
            joined.append(piece)
        else:
            joined[-1] += piece
    return joined


def _words(pieces: Sequence[str]) -> list[str]:
    """Pieces put together where both sides are hiragana: there a line would end within a word of Japanese."""
    joined: list[str] = []
    for piece in pieces:
        if joined and _is_hiragana(joined[-1][-1]) and _is_hiragana(piece[0]):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _is_hiragana(letter: str) -> bool:
    return "\u3040" < letter < "\u30a0"


def _is_katakana(letter: str) -> bool:
    return "\u30a0" < letter < "\u30ff" or letter == "ー"


def _parted(before: str, after: str) -> bool:
    """Whether a line may end between two neighbours without a space, as between two Han letters. Korean has spaces."""
    if after in _NO_START or before in _NO_END or unicodedata.category(after)[0] == "M" or after.isspace():
        return False
    if is_unseen(after) or is_unseen(before) or (_is_katakana(before) and _is_katakana(after)):
        return False
    return _is_ideographic(before) or (_is_ideographic(after) and not before.isdigit())


def _is_ideographic(letter: str) -> bool:
    return is_cjk(letter) and not unicodedata.name(letter, "").startswith("HANGUL")


def _clusters(text: str) -> Iterator[str]:
    """What is drawn as one: a letter with its marks, and letters that a joiner or a virama ties together."""
    cluster = ""
    for letter in text:
        tied = cluster and (cluster[-1] == "\u200d" or unicodedata.combining(cluster[-1]) == _VIRAMA)
        if cluster and not (tied or unicodedata.category(letter)[0] == "M" or is_unseen(letter)):
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


def _face_of(cluster: str, style: Style, before: Face | None) -> Face | None:
    """Letters are drawn with the best font for them, signs and spaces with that of the letter before them."""
    if before and not cluster[0].isalnum() and before.covers(cluster):
        return before
    found = faces_for(cluster[0], style.tag, bold=style.bold)
    return next((face for face in found if face.covers(cluster)), None)


def _has_rtl(text: str) -> bool:
    return any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text)


def _is_undrawn(letter: str) -> bool:
    return unicodedata.category(letter) in _UNDRAWN and not letter.isspace()
