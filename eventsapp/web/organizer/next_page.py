"""Where people go on to after they have signed in: only to an organizer's page of ours."""

import re
from urllib.parse import urlsplit

from flask import request, url_for

_OWN = re.compile(r"/organizer(?:/[!-\[\]-~]*)?(?:\?[!-\[\]-~]*)?", re.ASCII)  # no space, no control, no backslash


def next_page() -> str:
    """What ``next`` names, or else the front page."""
    return own_page(request.values.get("next", "")) or url_for("organizer.front.home")


def own_page(path: str) -> str:
    """The path where it is an organizer's page; an empty text for everything else."""
    if not _OWN.fullmatch(path) or "//" in path.partition("?")[0]:
        return ""
    parts = urlsplit(path)
    return "" if parts.scheme or parts.netloc else path
