"""/mailbox: the letters that were written as files where no mail server is named. For one's own machine alone."""

import email
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, abort, request, url_for

from eventsapp.config import is_loopback
from eventsapp.web.headers import keep_private
from eventsapp.web.pages import page, settings

mailbox = Blueprint("mailbox", __name__)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.eml")
MOST = 200
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
LETTER_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"


@dataclass(frozen=True, slots=True)
class Letter:
    name: str
    written_at: datetime
    subject: str
    sender: str
    recipient: str
    text: str
    html: str
    calendars: list[tuple[str, str]]  # (content type with its method, the lines)


@mailbox.before_request
def only_this_machine() -> None:
    """Asks the connection itself, not what a proxy says, and nobody who came through one."""
    environ = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    here = is_loopback(str(environ.get("REMOTE_ADDR", ""))) and is_loopback(str(request.environ["SERVER_NAME"]))
    if not here or settings().trusted_proxies or any(name in request.headers for name in FORWARDED):
        abort(404)


@mailbox.get("/mailbox")
def letters() -> Response:
    folder = _folder()
    files = sorted(folder.glob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)
    found = [_read(file) for file in files[:MOST] if NAME.fullmatch(file.name)]
    return keep_private(page("mailbox/letters.html", letters=found, folder=folder, more=max(0, len(files) - MOST)))


@mailbox.get("/mailbox/<name>")
def letter(name: str) -> Response:
    frame = url_for("mailbox.letter_html", name=name)
    response = keep_private(page("mailbox/letter.html", letter=_read(_file(name)), frame=frame))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return response


@mailbox.get("/mailbox/<name>/html")
def letter_html(name: str) -> Response:
    """The letter's own HTML, which may style itself but do nothing else."""
    response = keep_private(Response(_read(_file(name)).html, mimetype="text/html"))
    response.headers["Content-Security-Policy"] = LETTER_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@mailbox.get("/mailbox/<name>/source")
def source(name: str) -> Response:
    return keep_private(Response(_file(name).read_bytes(), mimetype="text/plain"))


def _folder() -> Path:
    parts = urlsplit(settings().mail_url)
    if parts.scheme != "file":
        abort(404)
    return Path(unquote(parts.path))


def _file(name: str) -> Path:
    file = _folder() / name
    if NAME.fullmatch(name) is None or not file.is_file():
        abort(404)
    return file


def _read(file: Path) -> Letter:
    message = email.message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101  what that policy makes
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Letter(
        name=file.name,
        written_at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        subject=str(message["Subject"] or ""),
        sender=str(message["From"] or ""),
        recipient=str(message["To"] or ""),
        text=str(text.get_content()) if text else "",
        html=_with_pictures(str(html.get_content()), message) if html else "",
        calendars=_calendars(message),
    )


def _with_pictures(html: str, message: EmailMessage) -> str:
    """The pictures that come with a letter, in place of the names it has for them (RFC 2392)."""
    for part in message.walk():
        cid, data = str(part["Content-ID"] or "").strip("<>"), part.get_payload(decode=True)
        if cid and part.get_content_maintype() == "image" and isinstance(data, bytes):
            html = html.replace(f"cid:{cid}", f"data:{part.get_content_type()};base64,{b64encode(data).decode()}")
    return html


def _calendars(message: EmailMessage) -> list[tuple[str, str]]:
    """Each calendar part unfolded, so that its lines can be read."""
    found = []
    for part in message.walk():
        if part.get_content_type() in ("text/calendar", "application/ics"):
            payload = part.get_payload(decode=True)
            lines = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
            kind = str(part["Content-Type"])
            found.append((kind, re.sub(r"\r?\n[ \t]", "", lines)))
    return found
