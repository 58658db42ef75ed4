import random

import pytest

from eventsapp.domain.colour import INK, PANEL, PAPER, PRODUCT_ACCENT, accent_steps, contrast

SCHEMES = ("light", "dark")
ACCENTS = ["#000000", "#ffffff", "#777777", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#e9c46a", PRODUCT_ACCENT]


def many_accents() -> list[str]:
    dice = random.Random(2026)  # noqa: S311
    return ACCENTS + [f"#{dice.randrange(1 << 24):06x}" for _ in range(120)]


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#abcdef", "#abcdef") == 1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_step_can_be_read_where_it_stands(scheme: str) -> None:
    for accent in many_accents():
        steps = accent_steps(accent)[scheme]
        for ground in (PAPER[scheme], PANEL[scheme], steps["--accent-surface"]):
            assert contrast(steps["--accent-text"], ground) >= 4.5, accent
            assert contrast(INK[scheme], ground) >= 7, accent
            assert contrast(steps["--accent-edge"], ground) >= 3, accent
            assert contrast(steps["--accent-solid"], ground) >= 3, accent
        for solid in ("--accent-solid", "--accent-solid-hover"):
            assert contrast(steps["--accent-on-solid"], steps[solid]) >= 4.5, accent


def test_an_accent_that_can_be_read_is_left_as_it_is() -> None:
    assert accent_steps("#123456")["light"]["--accent-solid"] == "#123456"
    assert accent_steps("0B6B5C") == accent_steps("#0b6b5c")


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "}body{display:none", "#123456\n;"])
def test_what_is_no_colour_gives_the_products_own(text: str) -> None:
    assert accent_steps(text) == accent_steps(PRODUCT_ACCENT)
