"""One line in the log for each request, which is counted too, and the id by which all its lines are found.

No line tells who asked for what: it names the route and never the path, which may be somebody's own link.
"""

import logging
import re
import secrets
import time

from flask import Flask, Response, g, request

from eventsapp import metrics
from eventsapp.config import Settings
from eventsapp.logs import request_id
from eventsapp.web.headers import WATCHED

HEADER = "X-Request-ID"
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
SEEMLY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}")

log = logging.getLogger(__name__)


def keep_journal(app: Flask, settings: Settings) -> None:
    """The first step that sees a request, and so the last one that sees its answer."""

    def begin() -> None:
        given = request.headers.get(HEADER, "") if settings.trusted_proxies else ""
        g.request_id = given if SEEMLY.fullmatch(given) else secrets.token_hex(8)
        g.begun = time.perf_counter()
        request_id.set(g.request_id)

    app.before_request(begin)
    app.after_request(_write)
    app.teardown_request(_end)


def _write(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    method = request.method if request.method in METHODS else "OTHER"
    route = request.url_rule.rule if request.url_rule else None
    seconds = time.perf_counter() - g.begun
    milliseconds = round(seconds * 1000)
    facts = {
        "method": method,
        "endpoint": request.endpoint,
        "route": route,
        "status": response.status_code,
        "ms": milliseconds,
    }
    if request.blueprint != WATCHED:
        metrics.request(request.endpoint, response.status_code, seconds)
    level = logging.DEBUG if request.blueprint == WATCHED and response.status_code < 500 else logging.INFO  # noqa: PLR2004
    log.log(level, "%s %s %s, %s ms", method, route or "-", response.status_code, milliseconds, extra={"facts": facts})
    return response


def _end(_error: BaseException | None) -> None:
    request_id.set("")
