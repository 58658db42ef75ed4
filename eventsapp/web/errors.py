"""Error pages: what happened and what one can do now, in the reader's language, without touching the database."""

import errno
import logging

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from eventsapp.config import Settings
from eventsapp.db import AWAY
from eventsapp.domain.errors import DomainError, NotFound, Refused, TooMany
from eventsapp.translations import INTERFACE_LANGUAGES, say
from eventsapp.translations import gettext as _
from eventsapp.web.headers import FOREIGN
from eventsapp.web.language import read_in
from eventsapp.web.pages import page

log = logging.getLogger(__name__)
HOUR = 3600
MINUTE = 60
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def explain(app: Flask, _settings: Settings) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(NotFound, lambda _error: error_page(404))
    app.register_error_handler(TooMany, _too_many)
    for away in AWAY:
        app.register_error_handler(away, _database_away)
    app.register_error_handler(OSError, _disk_full)
    app.register_error_handler(Exception, _unforeseen)


def error_page(status: int, *, heading: str = "", text: str = "") -> Response:
    """Kept by nobody. Whatever the page was about to speak, this one speaks the interface's languages alone."""
    if hasattr(g, "speech"):
        read_in(INTERFACE_LANGUAGES, INTERFACE_LANGUAGES[0])
    known_heading, known_text = _words(status)
    return page(
        "errors/error.html",
        status=status,
        heading=heading or known_heading,
        text=text or known_text,
        languages=list(INTERFACE_LANGUAGES),
    )


def _words(status: int) -> tuple[str, str]:
    sentences = {
        400: (
            _("We could not read this request"),
            _("The address or the form arrived damaged. Go back, reload the page and try again."),
        ),
        403: (
            _("You cannot open this page"),
            _("It is not meant for everybody. If you followed a link, ask who sent it."),
        ),
        404: (
            _("Page not found"),
            _("Check the address for typing mistakes. The event may also have been taken down."),
        ),
        405: (_("This address works in another way"), _("Go back to the page that you came from and use its buttons.")),
        413: (_("That was too much at once"), _("Shorten your answers and send the form again.")),
        429: (
            _("Too many tries from your network"),
            _("Wait an hour and try again. Nothing that you sent the last time was saved."),
        ),
        500: (
            _("Something went wrong on our side"),
            _("It is not your fault, and nothing was saved. Try again in a few minutes."),
        ),
        503: (
            _("This site is busy or being worked on"),
            _("It is not your fault. In a minute, reload this page, or go back and send the form again."),
        ),
    }
    return sentences.get(status, sentences[500] if status >= 500 else sentences[400])  # noqa: PLR2004


def _http(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400:  # noqa: PLR2004  a redirect that routing makes
        return error.get_response(request.environ)
    if error.code == 403 and error.description == FOREIGN:  # noqa: PLR2004
        response = error_page(
            403,
            heading=_("This form was sent from another site"),
            text=_(
                "For your safety we take forms from our own pages only. Open the event’s page here and register there."
            ),
        )
    else:
        response = error_page(error.code)
    for name in ("Allow", "Retry-After"):
        if value := dict(error.get_headers()).get(name):
            response.headers[name] = value
    if error.code == 429:  # noqa: PLR2004
        response.headers.setdefault("Retry-After", str(HOUR))
    return response


def _too_many(error: TooMany) -> Response:
    return retry_after(error_page(429, text=say(error)), error)


def status_of(error: DomainError) -> int:
    """The status of a page that says why a form was not taken."""
    if isinstance(error, TooMany):
        return 429
    return 409 if isinstance(error, Refused) else 422


def retry_after(response: Response, error: DomainError) -> Response:
    """That answer; where somebody tried too often, it also says when to try again."""
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.values.get("seconds", HOUR))
    return response


def _database_away(error: Exception) -> Response:
    """It is away, starting, or has too much to do: whoever tries again finds it as before."""
    log.error("The database did not answer at %s", request.endpoint, exc_info=error)
    return _in_a_minute()


def _disk_full(error: OSError) -> Response:
    """A file that somebody sends is put aside while it comes in."""
    if error.errno not in FULL:
        return _unforeseen(error)
    log.error("The disk is full at %s", request.endpoint, exc_info=error)
    return _in_a_minute()


def _in_a_minute() -> Response:
    response = error_page(503)
    response.headers["Retry-After"] = str(MINUTE)
    return response


def _unforeseen(error: Exception) -> Response:
    log.error("Unforeseen error at %s", request.endpoint, exc_info=error)
    return error_page(InternalServerError.code)
