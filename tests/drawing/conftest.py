"""Machines that lack what this one has; nothing that one of them looked up is kept for another test."""

from collections.abc import Iterator

import pytest
from PIL import features

from eventsapp.drawing import fonts, typesetting


def forget() -> None:
    for kept in (fonts._machine_files, fonts._faces_of, fonts._loaded, typesetting.set_line, typesetting._width):
        kept.cache_clear()


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without a font of its own."""
    monkeypatch.setattr(fonts, "_FOLDERS", ())
    forget()
    yield
    forget()


@pytest.fixture
def no_fribidi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without libfribidi, where Pillow has no Raqm."""
    monkeypatch.setattr(features, "check", lambda name: name not in ("raqm", "fribidi", "harfbuzz"))
    forget()
    yield
    forget()
