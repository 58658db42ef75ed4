"""The generated picture of an event that has none: tiles drawn from its slug in its organization's accent. Pure."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from eventsapp.domain.colour import tints

COLUMNS, ROWS = 8, 4
_FINER = 2  # drawn larger and scaled down, for smooth edges
_CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))


@dataclass(frozen=True, slots=True)
class Tile:
    """One square: its ground, and a ``shape`` turned by ``turn`` quarters upon it; colours are indexes of tints."""

    column: int
    row: int
    ground: int
    shape: str
    turn: int
    colour: int


def tiles(seed: str) -> Iterator[Tile]:
    """The same picture for the same seed, for ever."""
    dice = _dice(seed)
    shapes = ("quarter", "leaf", "half", "disc", "quarter", "leaf", "none", "corner")
    for row in range(ROWS):
        for column in range(COLUMNS):
            ground = (0, 0, 1, 1, 2, 3)[next(dice) % 6]
            colour = (ground + 1 + next(dice) % 4) % 5
            yield Tile(column, row, ground, shapes[next(dice) % len(shapes)], next(dice) % 4, colour)


@lru_cache(maxsize=256)
def pattern_svg(seed: str, accent: str) -> str:
    """Under 2 kB; ``accent`` is six hex digits."""
    colours = tints(accent)
    paths: list[str] = [""] * len(colours)
    for tile in tiles(seed):
        if tile.ground:
            paths[tile.ground] += f"M{tile.column} {tile.row}h1v1h-1z"
    grounds = _filled(paths, colours)
    paths = [""] * len(colours)
    for tile in tiles(seed):
        paths[tile.colour] += _path(tile)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {COLUMNS} {ROWS}" width="800" height="400"'
        f' preserveAspectRatio="xMidYMid slice" stroke-width=".01">'
        f'<path fill="{colours[0]}" d="M0 0h{COLUMNS}v{ROWS}H0z"/>'
        f"{grounds}{_filled(paths, colours)}</svg>\n"
    )


def pattern_image(seed: str, accent: str, *, columns: int, rows: int, side: int) -> Image.Image:
    """The first ``columns`` and ``rows`` of the same picture as a bitmap, each tile ``side`` pixels wide."""
    colours = tints(accent)
    fine = side * _FINER
    image = Image.new("RGB", (columns * fine, rows * fine), colours[0])
    for tile in tiles(seed):
        if tile.column < columns and tile.row < rows:
            image.paste(_drawn(tile, fine, colours), (tile.column * fine, tile.row * fine))
    return image.resize((columns * side, rows * side), Image.Resampling.BOX)


def _dice(seed: str) -> Iterator[int]:
    counter = 0
    while True:
        yield from hashlib.sha256(f"{seed}/{counter}".encode()).digest()
        counter += 1


def _filled(paths: list[str], colours: list[str]) -> str:
    """One path a colour, with a hair of stroke so that no seam shows between two neighbours of one colour."""
    return "".join(
        f'<path fill="{colour}" stroke="{colour}" d="{path}"/>'
        for path, colour in zip(paths, colours, strict=True)
        if path
    )


def _path(tile: Tile) -> str:
    """SVG path data. A quarter disc stands in one corner; a leaf is two of them facing each other."""
    x, y = tile.column, tile.row
    (ax, ay), (bx, by) = _CORNERS[tile.turn], _CORNERS[(tile.turn + 1) % 4]
    (cx, cy), (dx, dy) = _CORNERS[(tile.turn + 2) % 4], _CORNERS[(tile.turn + 3) % 4]
    match tile.shape:
        case "quarter":
            return f"M{x + ax} {y + ay}L{x + bx} {y + by}A1 1 0 0 1 {x + dx} {y + dy}z"
        case "leaf":
            return f"M{x + ax} {y + ay}A1 1 0 0 1 {x + cx} {y + cy}A1 1 0 0 1 {x + ax} {y + ay}z"
        case "half":
            return f"M{x + ax} {y + ay}A.5 .5 0 0 0 {x + bx} {y + by}z"
        case "disc":
            return f"M{x}.2 {y}.5a.3 .3 0 0 1 .6 0a.3 .3 0 0 1-.6 0z"
        case "corner":
            return f"M{x + ax} {y + ay}L{x + bx} {y + by}L{x + dx} {y + dy}z"
        case _:
            return ""


def _drawn(tile: Tile, side: int, colours: list[str]) -> Image.Image:
    """The tile unturned, then turned as a whole."""
    image = Image.new("RGB", (side, side), colours[tile.ground])
    draw, fill = ImageDraw.Draw(image), colours[tile.colour]
    match tile.shape:
        case "quarter":
            draw.ellipse((-side, -side, side, side), fill)
        case "leaf":
            mask, other = (Image.new("1", (side, side)) for _ in range(2))
            ImageDraw.Draw(mask).ellipse((0, -side, 2 * side, side), 1)
            ImageDraw.Draw(other).ellipse((-side, 0, side, 2 * side), 1)
            both = Image.new("1", (side, side))
            both.paste(mask, mask=other)
            image.paste(fill, mask=both)
        case "half":
            draw.ellipse((0, -side // 2, side, side // 2), fill)
        case "disc":
            draw.ellipse((0.2 * side, 0.2 * side, 0.8 * side, 0.8 * side), fill)
        case "corner":
            draw.polygon(((0, 0), (side, 0), (0, side)), fill)
        case _:
            pass
    return image.rotate(-90 * tile.turn)
