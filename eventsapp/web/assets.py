"""Files that make a page look right: style sheet, script, icon, accents, patterns and pictures. No rows are read."""

import hashlib
import mimetypes
import re
from functools import cache

from flask import Blueprint, Response, abort, current_app

from eventsapp.config import PACKAGE, Settings
from eventsapp.domain.colour import PRODUCT_ACCENT, accent_steps
from eventsapp.drawing.pattern import pattern_svg
from eventsapp.web.caching import cacheable

assets = Blueprint("assets", __name__)

STATIC = PACKAGE / "static"
MIMETYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
VENDOR = "vendor/"  # others' files, byte by byte as they came
PICTURES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}\.(?:avif|gif|jpe?g|png|webp)", re.IGNORECASE)
FOR_EVER = "public, max-age=31536000, immutable"
A_DAY = 86400
FOR_A_DAY = f"public, max-age={A_DAY}"


@cache
def _file(name: str) -> tuple[bytes, str]:
    """A file of ours as it is sent, and the hash that names this version of it."""
    body = (STATIC / name).read_bytes()
    if name.endswith((".css", ".js")) and not name.startswith(VENDOR):
        body = _without_air(body.decode(), name).encode()
    return body, hashlib.sha256(body).hexdigest()[:12]


@cache
def _names() -> frozenset[str]:
    """The files that are sent, those of others in ``vendor/`` included."""
    found = (path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.suffix[1:] in MIMETYPES)
    return frozenset(found)


def asset(name: str) -> str:
    """The address of a file in ``eventsapp/static``; it changes with the file, so that it can be kept for ever."""
    return f"/static/{_file(name)[1]}/{name}"


def accent_url(accent: str) -> str:
    """The address of an organization's colours; an empty text where they are the product's own."""
    colour = accent.strip().lstrip("#").lower()
    own = f"#{colour}" != PRODUCT_ACCENT and re.fullmatch("[0-9a-f]{6}", colour)
    return f"/accent/{colour}.css" if own else ""


@assets.get("/static/<digest>/<path:name>")
def static_file(digest: str, name: str) -> Response:
    if name not in _names():
        abort(404)
    body, current = _file(name)
    response = Response(body, mimetype=MIMETYPES[name.rpartition(".")[2]])
    # A page kept somewhere since an older release still finds its file, but nobody keeps that answer.
    response.headers["Cache-Control"] = FOR_EVER if digest == current else "no-cache"
    return response


@assets.get("/favicon.ico")
@assets.get("/favicon.svg")
def favicon() -> Response:
    response = Response(_file("icon.svg")[0], mimetype=MIMETYPES["svg"])
    response.headers["Cache-Control"] = FOR_A_DAY
    return response


@assets.get("/accent/<colour>.css")
def accent(colour: str) -> Response:
    if re.fullmatch("[0-9a-f]{6}", colour) is None:
        abort(404)
    steps = accent_steps(colour)
    pairs = (f"{name}:light-dark({steps['light'][name]},{steps['dark'][name]})" for name in steps["light"])
    response = Response(f":root{{{';'.join(pairs)}}}\n", mimetype=MIMETYPES["css"])
    response.headers["Cache-Control"] = FOR_A_DAY
    return response


@assets.get("/pattern/<colour>/<seed>.svg")
def pattern(colour: str, seed: str) -> Response:
    """The picture of an event that has none; it follows from the slug alone, so it tells nothing of what exists."""
    if re.fullmatch("[0-9a-f]{6}", colour) is None or re.fullmatch("[a-z0-9-]{1,120}", seed) is None:
        abort(404)
    return shared_by_all(Response(pattern_svg(seed, colour), mimetype=MIMETYPES["svg"]))


@assets.get("/pictures/<name>")
def picture(name: str) -> Response:
    settings: Settings = current_app.extensions["settings"]
    file = settings.pictures_path / name
    if PICTURES.fullmatch(name) is None or not file.is_file():
        abort(404)
    kind = mimetypes.guess_type(name)[0] or f"image/{name.rpartition('.')[2].lower()}"
    return shared_by_all(Response(file.read_bytes(), mimetype=kind))


@assets.get("/robots.txt")
def robots() -> Response:
    own = ("registrations", "j", "manage", "verify", "address")
    closed = ("/mailbox", *(f"{before}{name}/" for before in ("/", "/*/") for name in own))
    text = "".join(["User-agent: *\n", *(f"Disallow: {path}\n" for path in closed)])
    response = Response(text, mimetype="text/plain")
    response.headers["Cache-Control"] = FOR_A_DAY
    return response


def shared_by_all(response: Response) -> Response:
    """Letters and other people's previews may show it too."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return cacheable(response, seconds=A_DAY)


def _without_air(text: str, name: str) -> str:
    """The file without its comments and indentation; no declaration and no statement is touched."""
    if name.endswith(".js"):
        lines = (line.strip() for line in text.splitlines())
        return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"
    text = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
    text = re.sub(r" ?([{};>]) ?", r"\1", text)
    return re.sub(r"([:,]) ", r"\1", text).replace(";}", "}").strip() + "\n"
