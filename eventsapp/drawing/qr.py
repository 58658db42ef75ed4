"""A link as a QR code: PNG for letters, SVG for pages and paper. Pure."""

import io
from functools import lru_cache

import segno

_QUIET = 4  # modules left free around it, as ISO/IEC 18004 wants
_SCALE = 4  # pixels a module, in a letter: sharp on a telephone's screen


@lru_cache(maxsize=256)
def qr_png(url: str) -> bytes:
    """Black on white, also in the dark: scanners want it so. The same link is the same bytes."""
    drawn = io.BytesIO()
    segno.make(url, error="m", micro=False).save(drawn, kind="png", scale=_SCALE, border=_QUIET)
    return drawn.getvalue()


def qr_svg(url: str) -> bytes:
    """To print: sharp at any size."""
    drawn = io.BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(drawn, kind="svg", scale=_SCALE * 2, border=_QUIET, light="#fff")
    return drawn.getvalue()


def qr_data(url: str) -> str:
    """As the address of an image that needs no second request."""
    data: str = segno.make(url, error="m", micro=False).svg_data_uri(scale=_SCALE, border=_QUIET, light="#fff")
    return data
