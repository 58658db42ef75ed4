"""Small charts as SVG, drawn from plain numbers; colours and type come from the page's style sheet. Pure.

The same numbers always stand in a table beside it, so a chart is a picture and says what it shows in its title.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 160
_GAP = 0.2  # of a column's room, left free beside it
_STEPS = (1, 2, 2.5, 5, 10)


def columns(values: Sequence[int], *, title: str, first: str, last: str) -> str:
    """One column for each value, oldest first, on a scale from 0; ``first`` and ``last`` name the ends of the axis."""
    top = nice_top(max(values, default=0))
    room = WIDTH / max(len(values), 1)
    bars = "".join(
        f'<rect x="{_short(at * room + room * _GAP / 2)}" y="{_short(HEIGHT - tall)}"'
        f' width="{_short(max(room * (1 - _GAP), 0.5))}" height="{_short(tall)}"/>'
        for at, value in enumerate(values)
        if (tall := HEIGHT * value / top)
    )
    lines = "".join(f'<path d="M0 {_short(HEIGHT * part)}H{WIDTH}"/>' for part in (0, 0.5, 1))
    return (
        f'<svg class="chart" viewBox="0 -14 {WIDTH} {HEIGHT + 34}" role="img" direction="ltr">'
        f"<title>{escape(title)}</title>"
        f'<g class="grid">{lines}</g><g class="bars">{bars}</g>'
        f'<text x="0" y="-4">{top}</text>'
        f'<text x="0" y="{HEIGHT + 16}">{escape(first)}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + 16}" text-anchor="end">{escape(last)}</text>'
        "</svg>"
    )


def bar(value: int, most: int) -> str:
    """One bar of a table's row, as long as its share of the largest value. It says nothing that the row does not."""
    share = 100 * value / most if most else 0
    return (
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect width="{_short(share)}" height="8"/></svg>'
    )


def nice_top(most: int) -> int:
    """The end of a scale: 1, 2, 2.5 or 5 times a power of ten, and even, so that its half is whole. At least 2."""
    size = 1
    while True:
        for step in _STEPS:
            top = step * size
            if top >= most and top == int(top) and int(top) % 2 == 0:
                return int(top)
        size *= 10


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
