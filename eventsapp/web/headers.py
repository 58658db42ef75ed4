"""What every answer says to the browser, and which requests are refused before a page sees them. Sets no cookie."""

from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.wrappers import Response as AnyResponse

from eventsapp.config import Settings, is_loopback

Kept = TypeVar("Kept", bound=AnyResponse)

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}


def _policy(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())


HEADERS = {
    "Content-Security-Policy": _policy(POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FOREIGN = "foreign"  # the description by which the error page knows a post from another site
SECRET_ADDRESSES = frozenset({"receipt", "token"})  # views whose address only its owner knows
WATCHED = "health"  # the blueprint that no person opens
ONE_CLICK = "unsubscribe.end"  # the view that mail programs post to
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REPLACEMENT = "\ufffd"  # what bytes that are no UTF-8 are decoded to


class Cookies(SecureCookieSessionInterface):
    """As Flask reads its cookie, but that a request without one needs no key made ready to check it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def guard(app: Flask, _settings: Settings) -> None:
    """Refuse foreign hosts, foreign posts and broken encodings; put the headers on every answer."""
    app.session_interface = Cookies()
    app.before_request(refuse_broken_query)  # before anything else refuses: every error page reads the query
    app.before_request(refuse_foreign_hosts)
    app.before_request(refuse_foreign_posts)
    app.before_request(let_large_files_in)
    app.before_request(refuse_broken_text)
    app.after_request(add_headers)


def keep_private(response: Kept, *, secret: bool = False) -> Kept:
    """For what only one person may see: kept by no cache, found by no search engine, named to no other site.

    Where the address itself is secret, no page of ours is told it either. Where it is not, browsers that know no
    Sec-Fetch-Site have to say in Origin that the form on it is ours, and that they do not under "no-referrer".
    ``secret``: the address is, though no part of its path says so.
    """
    secret = secret or not SECRET_ADDRESSES.isdisjoint(request.view_args or ())
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer" if secret else "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def let_forms_lead_to(response: Kept, sources: Iterable[str]) -> Kept:
    """Let the forms of this one page be answered by a redirect to these sources, which browsers forbid otherwise."""
    form_action = " ".join([POLICY["form-action"], *sources])
    response.headers["Content-Security-Policy"] = _policy(POLICY | {"form-action": form_action})
    return response


def let_use_camera(response: Kept) -> Kept:
    """Let this one page, which scans tickets, ask its reader for the camera."""
    allowed = HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")
    response.headers["Permissions-Policy"] = allowed
    return response


def add_headers(response: Response) -> Response:
    settings: Settings = current_app.extensions["settings"]
    headers = response.headers
    given = {name.lower() for name in headers.keys()}  # noqa: SIM118  these are pairs
    if "cache-control" not in given:
        headers.add("Cache-Control", "no-store" if response.status_code >= 400 else "no-cache")  # noqa: PLR2004
    if settings.secure:
        headers.add("Strict-Transport-Security", "max-age=31536000")
    for name, value in HEADERS.items():
        if name.lower() not in given:
            headers.add(name, value)
    return response


def refuse_foreign_hosts() -> None:
    """Ours are the public address and this machine itself. (Flask's TRUSTED_HOSTS cannot hold an IPv6 address.)

    A machine that watches asks a process by whatever address it has.
    """
    if request.blueprint == WATCHED:
        return
    settings: Settings = current_app.extensions["settings"]
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        host = ""
    if host != settings.host and not is_loopback(host):
        abort(400)


def let_large_files_in() -> None:
    """Before anything reads the form: a view that takes files says by ``takes_files`` how many bytes it takes."""
    view = current_app.view_functions.get(request.endpoint or "")
    if most := getattr(view, "takes_files", None):
        request.max_content_length = most


def refuse_broken_query() -> None:
    """Bytes that are no UTF-8 come from no browser, and cannot be read."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        request.args = ImmutableMultiDict()
        abort(400)


def refuse_broken_text() -> None:
    """NUL, bytes that are no UTF-8 and fields without a name come from no browser; databases and calendars choke."""
    texts = [request.path, *_pairs(request.args)]
    if request.method not in SAFE_METHODS:
        texts += _pairs(request.form)
    if None in texts:
        abort(400)
    together = "".join(texts)
    if "\x00" in together or REPLACEMENT in together:
        abort(400)


def refuse_foreign_posts() -> None:
    """A form counts only when it was sent from a page of ours: Sec-Fetch-Site, or Origin in older browsers.

    Without either header no browser is at work, so there is nobody whose rights could be abused. One-click
    unsubscribing comes from mail programs, some of which are pages (RFC 8058): whoever knows its address may do it.
    """
    if request.method in SAFE_METHODS or request.endpoint == ONE_CLICK:
        return
    site = request.headers.get("Sec-Fetch-Site")
    own = site in {"same-origin", "none"} if site is not None else _own_origin(request.headers.get("Origin"))
    if not own:
        abort(403, FOREIGN)


def _own_origin(origin: str | None) -> bool:
    if origin is None:
        return True
    if origin == "null":  # a browser posting from a page with Referrer-Policy: no-referrer; its address is secret
        return not SECRET_ADDRESSES.isdisjoint(request.view_args or ())
    settings: Settings = current_app.extensions["settings"]
    ours = urlsplit(settings.base_url)
    if origin == f"{ours.scheme}://{ours.netloc}":
        return True
    try:
        theirs = urlsplit(origin)
        return is_loopback(theirs.hostname or "") and theirs.netloc == request.host
    except ValueError:
        return False


def _pairs(values: MultiDict[str, str]) -> list[str]:
    return [text for pair in values.items(multi=True) for text in pair]
