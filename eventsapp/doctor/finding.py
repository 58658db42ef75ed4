"""What the doctor found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``words`` say how it is, ``remedy`` what to do where it is not ok."""

    name: str
    ok: bool
    words: str
    remedy: str = ""
