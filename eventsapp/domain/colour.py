"""One accent colour made into the steps that pages and letters need, each with its contrast computed. Pure.

Steps are found in OKLCH (Björn Ottosson, 2020; CSS Color 4 §9): hue and chroma stay, lightness moves until the
WCAG 2.2 contrast holds against every ground that the step may stand on.
"""

import math
import re
from functools import cache

PRODUCT_ACCENT = "#0b6b5c"

# The neutral grounds of pages and letters. eventsapp/static/site.css names the same values.
PAPER = {"light": "#fdfcf9", "dark": "#14161a"}
PANEL = {"light": "#ffffff", "dark": "#1b1e24"}
INK = {"light": "#1a1c20", "dark": "#eceae4"}

TEXT_CONTRAST = 4.6  # a little above WCAG's 4.5, so that no rounding undercuts it
EDGE_CONTRAST = 3.1  # likewise above 3
ROUNDING = 0.0005  # how far outside a screen's range a channel may lie
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")

Triple = tuple[float, float, float]


def accent_steps(accent: str) -> dict[str, dict[str, str]]:
    """CSS custom properties for an accent: ``{"light": {"--accent-…": "#rrggbb"}, "dark": {…}}``.

    ``surface`` a tint to stand text on, ``border`` a hairline on it, ``edge`` a line or focus ring that must be seen
    (≥ 3), ``solid`` a filled button, ``solid-hover`` the same under a pointer, ``on-solid`` text on both (≥ 4.5),
    ``text`` the accent as text on paper, panel and surface (≥ 4.5). What is no #rrggbb gives the product's own.
    """
    match = _HEX.fullmatch(accent.strip())
    return _steps(f"#{match[1].lower()}" if match else PRODUCT_ACCENT)


@cache
def tints(accent: str) -> list[str]:
    """Five colours for pictures, lightest first: three tints of the accent, its neighbour on the wheel, its shade."""
    match = _HEX.fullmatch(accent.strip())
    _lightness, chroma, hue = _to_oklch(f"#{match[1].lower()}" if match else PRODUCT_ACCENT)
    chroma = min(chroma, 0.14)
    neighbour = hue + math.radians(50)
    return [
        _to_hex(step)
        for step in (
            (0.94, chroma * 0.25, hue),
            (0.85, chroma * 0.6, hue),
            (0.72, chroma * 0.9, neighbour),
            (0.56, chroma, hue),
            (0.36, chroma * 0.8, hue),
        )
    ]


def contrast(first: str, second: str) -> float:
    """The WCAG 2.2 contrast ratio of two ``#rrggbb`` colours, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@cache
def _steps(accent: str) -> dict[str, dict[str, str]]:
    return {"light": _for_scheme(accent, "light"), "dark": _for_scheme(accent, "dark")}


def _for_scheme(accent: str, scheme: str) -> dict[str, str]:
    lightness, chroma, hue = _to_oklch(accent)
    light = scheme == "light"
    surface = _to_hex((0.965 if light else 0.255, min(chroma, 0.02 if light else 0.04), hue))
    border = _to_hex((0.87 if light else 0.38, min(chroma, 0.06), hue))
    grounds = (PAPER[scheme], PANEL[scheme], surface)
    away = -1 if light else 1  # from paper towards ink
    vivid = (lightness if light else max(lightness, 0.72), chroma if light else min(chroma, 0.15), hue)
    text = _until(vivid, away, TEXT_CONTRAST, grounds)
    edge = _until(vivid, away, EDGE_CONTRAST, grounds)
    solid = _solid((lightness, chroma, hue), grounds)
    on_solid = _on(solid)
    stronger = -1 if on_solid == "#ffffff" else 1
    solid_lightness, solid_chroma, solid_hue = _to_oklch(solid)
    hover = _to_hex((_clamp(solid_lightness + stronger * 0.06), solid_chroma, solid_hue))
    return {
        "--accent-surface": surface,
        "--accent-border": border,
        "--accent-edge": edge,
        "--accent-solid": solid,
        "--accent-solid-hover": hover,
        "--accent-on-solid": on_solid,
        "--accent-text": text,
    }


def _solid(accent: Triple, grounds: tuple[str, ...]) -> str:
    """The accent itself where a button of it can be seen and read, else the nearest lightness where it can.

    A little darker with white words is tried first: it stays truer to most accents than lighter with black ones.
    """
    lightness, chroma, hue = accent
    darker = [-step / 100 for step in range(13)]
    either = [sign * step / 100 for step in range(101) for sign in (-1, 1)]
    for words, shifts in (("#ffffff", darker), ("", either)):
        for shift in shifts:
            colour = _to_hex((_clamp(lightness + shift), chroma, hue))
            seen = all(contrast(colour, ground) >= EDGE_CONTRAST for ground in grounds)
            if seen and contrast(colour, words or _on(colour)) >= TEXT_CONTRAST:
                return colour
    raise AssertionError(accent)  # mid greys satisfy both in either scheme


def _on(colour: str) -> str:
    return max(("#ffffff", "#14161a"), key=lambda text: (contrast(text, colour) >= TEXT_CONTRAST, text == "#ffffff"))


def _until(colour: Triple, away: int, least: float, grounds: tuple[str, ...]) -> str:
    lightness, chroma, hue = colour
    for step in range(101):
        candidate = _to_hex((_clamp(lightness + away * step / 100), chroma, hue))
        if all(contrast(candidate, ground) >= least for ground in grounds):
            return candidate
    return "#000000" if away < 0 else "#ffffff"


def _clamp(number: float) -> float:
    return min(max(number, 0.0), 1.0)


def _channels(colour: str) -> Triple:
    """Linear sRGB, 0 to 1."""
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 (sRGB's own curve)


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055  # noqa: PLR2004 (the same curve back)


def _luminance(colour: str) -> float:
    red, green, blue = _channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklch(colour: str) -> Triple:
    red, green, blue = _channels(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _to_hex(colour: Triple) -> str:
    """The nearest colour of that lightness and hue that a screen can show: chroma gives way."""
    lightness, chroma, hue = colour
    for step in range(51):
        channels = _from_oklch((lightness, chroma * (1 - step / 50), hue))
        if all(-ROUNDING <= channel <= 1 + ROUNDING for channel in channels):
            break
    return "#" + "".join(f"{round(_gamma(_clamp(channel)) * 255):02x}" for channel in channels)


def _from_oklch(colour: Triple) -> Triple:
    lightness, chroma, hue = colour
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
