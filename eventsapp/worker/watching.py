"""A port of the worker's own, on which it tells what Prometheus asks for, where EVENTSAPP_METRICS_BIND names one."""

import contextlib
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flask import Flask

from eventsapp import metrics, migration
from eventsapp.config import BadSetting, Settings, bind_host
from eventsapp.db import db
from eventsapp.queries.operation import facts

PATIENCE = 10  # seconds that whoever asks gets to do so

log = logging.getLogger(__name__)


@contextlib.contextmanager
def watched(app: Flask) -> Iterator[None]:
    """Answer ``/metrics`` there within the block. Raises BadSetting where nothing can listen."""
    settings: Settings = app.extensions["settings"]
    if not settings.metrics_bind:
        yield
        return
    try:
        server = _Server(app, settings)
    except OSError as error:
        remedy = "name an address of this machine and a free port, or leave it out."
        said = f"{settings.metrics_bind} cannot be used ({error.strerror}); {remedy}"
        raise BadSetting(f"EVENTSAPP_METRICS_BIND: {said}") from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.app, self.token = app, settings.metrics_token
        host, port = bind_host(settings.metrics_bind).strip("[]"), int(settings.metrics_bind.rpartition(":")[2])
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Handler)

    def tell(self) -> bytes:
        with self.app.app_context():
            now, rates = datetime.now(UTC), self.app.extensions["rates"]
            return metrics.exposition(facts(db.session(), fits=migration.fits, rates=rates, now=now))

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        log.warning("A question for metrics could not be answered", exc_info=sys.exception())


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE
    server_version, sys_version = "eventsapp", ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self._answer(404, b"There is /metrics alone.\n")
        elif self.server.token and not metrics.may_read(self.headers.get("Authorization", ""), self.server.token):
            self._answer(401, b"")
        else:
            self._answer(200, self.server.tell(), metrics.CONTENT_TYPE)

    def _answer(self, status: int, body: bytes, content_type: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if status == 401:  # noqa: PLR2004
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: whoever watches asks four times a minute."""
