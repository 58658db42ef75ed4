"""The poster of an event: what is shown of it where somebody shares its link. The same facts give the same bytes."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageOps

from eventsapp.domain.colour import INK, accent_steps
from eventsapp.drawing.fonts import fingerprint
from eventsapp.drawing.pattern import pattern_image
from eventsapp.drawing.typesetting import Block, Room, Style, fitted, is_rtl, legible, set_line

WIDTH, HEIGHT = 1200, 630  # what previews of links ask for
MOST_BYTES = 195_000  # some previews load nothing larger than 200 kB
_BAND = 420
_MARGIN = 60
_COLUMN = WIDTH - _BAND - 2 * _MARGIN
_TITLE_SIZES = (92, 84, 76, 68, 61, 54, 48, 43, 38)
_DAY_SIZES = (38, 35, 32, 29, 26)
_FACT_SIZES = (27, 25, 23, 21)
_NAME_SIZES = (30, 27, 24, 21)
_BADGE_SIZE = 24
_BADGE_HEIGHT, _BADGE_PADDING, _BADGE_GAP = 44, 18, 12
_HALF_CAPITAL = 0.357  # of the size: a capital letter's height above the base line, halved
_ABOVE, _BELOW = 0.78, 0.22  # of the size: how far most letters reach, so that lines stand evenly whatever they say
_GAP = 32
_FINER = 4
_SHADES = 24
_INK = INK["light"]
_VERSION = 1  # rises when the drawing changes, so that no cache keeps the old one


@dataclass(frozen=True, slots=True)
class Poster:
    """``digits`` stand in where no font here can draw the title or the day. Any text may be empty.

    ``languages`` are by their own names. ``picture`` is a file kept by its content; None: the pattern of ``seed``.
    """

    tag: str
    rtl: bool
    title: str
    day: str  # "Saturday 13 June 2026"
    clock: str  # "4:00 pm – 5:00 pm · Pacific Time (Los Angeles, UTC−7)"
    digits: str  # "2026-06-13"
    notes: tuple[str, ...]  # "and 2 more dates"
    organization: str
    languages: tuple[str, ...]
    accent: str  # six hex digits
    seed: str
    picture: Path | None = None

    @property
    def name(self) -> str:
        """Names these facts, whatever machine draws them."""
        facts = (*astuple(self)[:-1], self.picture.name if self.picture else "", _VERSION)
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    @property
    def alt(self) -> str:
        """What it says, for those who do not see it."""
        return " · ".join(text for text in (self.title, self.day, self.organization) if text)


def can_draw(text: str, tag: str) -> bool:
    """Whether there is something to draw in ``text``, and a font here for every letter of it."""
    return set_line(legible(text), Style(tag, bold=True)) is not None


def edition(poster: Poster) -> str:
    """Names the bytes that ``draw`` gives on this machine."""
    return hashlib.sha256(f"{poster.name}/{fingerprint()}".encode()).hexdigest()[:32]


def draw(poster: Poster) -> bytes:
    """A PNG of ``WIDTH`` × ``HEIGHT`` in less than ``MOST_BYTES``."""
    steps = accent_steps(poster.accent)["light"]
    ground, accent, edge = (steps[name] for name in ("--accent-surface", "--accent-text", "--accent-edge"))
    image = Image.new("RGB", (WIDTH, HEIGHT), ground)
    photo = _photo(poster.picture)
    band = photo or pattern_image(poster.seed, poster.accent, columns=2, rows=3, side=_BAND // 2)
    image.paste(band, (0 if poster.rtl else WIDTH - _BAND, 0))
    _Page(image, poster, accent, edge).write()
    return _png(image) if photo is None else _small_png(image, photo, ground, (_INK, accent, edge))


@dataclass(frozen=True, slots=True)
class _Page:
    """The column of text: who above, the title under it; when, and in which languages, at the foot."""

    image: Image.Image
    poster: Poster
    accent: str
    edge: str

    def write(self) -> None:
        top, foot = _MARGIN, HEIGHT - _MARGIN
        if name := self.line(self.poster.organization, _NAME_SIZES, rtl=is_rtl(self.poster.organization)):
            self.put(name, top, self.accent)
            top += name.height + _GAP
        has_title = can_draw(self.poster.title, self.poster.tag)
        foot = self.badges(foot)
        for block, fill in self.facts(has_title=has_title):
            base = foot - max(block.below, round(block.size * _BELOW))
            self.put(block, base - block.above, fill)
            foot = base - max(block.above, round(block.size * _ABOVE)) - _GAP // 2
        text = self.poster.title if has_title else self.poster.digits
        style, room = Style(self.poster.tag, self.poster.rtl, bold=True), Room(_COLUMN, foot - top - _GAP, lines=3)
        if title := fitted(text, style, room, _TITLE_SIZES):
            self.put(title, top, _INK)

    def facts(self, *, has_title: bool) -> Iterator[tuple[Block, str]]:
        """From the foot upwards."""
        day = self.line(self.poster.day, _DAY_SIZES)
        for note in self.poster.notes[::-1]:
            if fact := self.line(note, _FACT_SIZES, bold=False, rtl=is_rtl(note)):
                yield fact, _INK
        if day and (clock := self.line(self.poster.clock, _FACT_SIZES, bold=False)):
            yield clock, _INK
        if has_title and not day:
            day = self.line(self.poster.digits, _DAY_SIZES)
        if day:
            yield day, self.accent

    def badges(self, foot: int) -> int:
        """One row of outlined words above ``foot``, as many as fit; gives the foot of what stands above it."""
        at = 0
        for name in self.poster.languages:
            badge = self.line(name, (_BADGE_SIZE,), bold=False, rtl=is_rtl(name))
            if badge is None:
                continue
            width = badge.width + 2 * _BADGE_PADDING
            if at + width > _COLUMN:
                break
            left = self.left(at, width)
            _outline(self.image, (left, foot - _BADGE_HEIGHT, left + width, foot), self.edge)
            base = foot - _BADGE_HEIGHT // 2 + round(_BADGE_SIZE * _HALF_CAPITAL)
            badge.lines[0].draw(self.image, left + _BADGE_PADDING, base, badge.size, _INK)
            at += width + _BADGE_GAP
        return foot - _BADGE_HEIGHT - _GAP if at else foot

    def line(self, text: str, sizes: tuple[int, ...], *, bold: bool = True, rtl: bool | None = None) -> Block | None:
        """``rtl`` for a name of whatever language; other words run as the poster does."""
        style = Style(self.poster.tag, self.poster.rtl if rtl is None else rtl, bold)
        return fitted(text, style, Room(_COLUMN, HEIGHT), sizes)

    def put(self, block: Block, top: int, fill: str) -> None:
        block.draw(self.image, WIDTH - _MARGIN if self.poster.rtl else _MARGIN, top, fill, from_right=self.poster.rtl)

    def left(self, at: int, width: int) -> int:
        """Where something stands that begins ``at`` from the edge at which lines begin."""
        return WIDTH - _MARGIN - at - width if self.poster.rtl else _MARGIN + at


def _outline(image: Image.Image, box: tuple[int, int, int, int], colour: str) -> None:
    """A hairline with round ends, drawn larger and scaled down for smooth edges."""
    width, height = box[2] - box[0], box[3] - box[1]
    mask = Image.new("L", (width * _FINER, height * _FINER))
    frame = (0, 0, width * _FINER - 1, height * _FINER - 1)
    ImageDraw.Draw(mask).rounded_rectangle(frame, height * _FINER // 2, outline=255, width=2 * _FINER)
    image.paste(colour, box, mask.resize((width, height), Image.Resampling.BOX))


def _photo(path: Path | None) -> Image.Image | None:
    """The event's picture, filling the band; None where there is none, or none that can be read."""
    if path is None:
        return None
    try:
        with Image.open(path, formats=["PNG", "JPEG", "WEBP"]) as file:
            file.draft("RGB", (_BAND * 2, HEIGHT * 2))  # a large JPEG need not be read in full
            whole = file.convert("RGBA") if file.has_transparency_data else file.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    fitting = ImageOps.fit(whole, (_BAND, HEIGHT), Image.Resampling.BICUBIC)
    if fitting.mode == "RGB":
        return fitting
    ground = Image.new("RGB", fitting.size, "white")
    ground.paste(fitting, mask=fitting)
    return ground


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _small_png(image: Image.Image, photo: Image.Image, ground: str, inks: tuple[str, ...]) -> bytes:
    """In as many of the photograph's colours as the size allows; words keep theirs."""
    sample = photo.resize((_BAND // 3, HEIGHT // 3), Image.Resampling.BOX)
    words = [
        channel for ink in inks for step in range(_SHADES) for channel in _mixed(ground, ink, step / (_SHADES - 1))
    ]
    data = b""
    for colours in (184, 96, 40, 16, 8):
        palette = Image.new("P", (1, 1))
        palette.putpalette([*(sample.quantize(colours).getpalette() or [])[: 3 * colours], *words])
        data = _png(image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
        if len(data) < MOST_BYTES:
            break
    return data


def _mixed(ground: str, ink: str, part: float) -> list[int]:
    """The shades at the edges of letters."""
    pairs = zip(ImageColor.getrgb(ground), ImageColor.getrgb(ink), strict=True)
    return [round(below + (above - below) * part) for below, above in pairs]
