"""The web server: gunicorn over the application, and the plain statement of what runs where."""

import errno
import resource
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.glogging import Logger

from eventsapp import metrics
from eventsapp.config import Settings, bind_host, is_loopback
from eventsapp.supervisor import GRACE, orphaned, say_ready

MOST_CONNECTIONS = 1000


class CannotServe(Exception):
    """The server cannot start here. Says why and what to do."""


class _Arbiter(Arbiter):  # type: ignore[misc]  # gunicorn is untyped
    def manage_workers(self) -> None:
        if orphaned():
            raise StopIteration  # gunicorn's own way to end in order
        super().manage_workers()


class _Log(Logger):  # type: ignore[misc]
    """gunicorn's lines among ours, without what it quotes of a request: an address, somebody's own link."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def warning(self, msg: str, *args: object, **kwargs: Any) -> None:
        if msg.startswith("Invalid request"):
            msg, args = "A request that cannot be read was refused", ()
        super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: object, **kwargs: Any) -> None:
        if msg.startswith("Error handling request"):
            msg, args = "A request could not be answered", ()
        super().exception(msg, *args, **kwargs)


class _Site(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, options: Mapping[str, Any]) -> None:
        self.flask, self.options = app, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.flask

    def run(self) -> None:
        _Arbiter(self).run()


def serve_web(app: Flask, *, bind: str, workers: int, threads: int) -> None:
    """Answer requests at ``bind`` until SIGTERM or SIGINT; leaves by SystemExit. May raise CannotServe."""
    check_bind(bind)
    options = {
        "bind": bind,
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "worker_connections": _most_connections(),
        "preload_app": True,  # loaded once; it holds no connection yet when the workers are forked
        "timeout": 60,
        "graceful_timeout": int(GRACE) - 5,
        "loglevel": "warning",
        "logger_class": _Log,
        "accesslog": None,  # web.journal writes it
        "secure_scheme_headers": {},  # the application alone decides which proxy is believed
        "control_socket_disable": True,
        "worker_tmp_dir": metrics.in_memory(),
        "proc_name": "eventsapp",
        "post_worker_init": lambda _worker: say_ready(),
    }
    _Site(app, options).run()


def _most_connections() -> int:
    """Of one process, with room beside them for whatever else it opens: one that can open no more files ends, with all
    that it has in hand. Whoever comes beyond that waits.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, files // 2)


def check_bind(bind: str) -> None:
    """Raise CannotServe where nothing can listen at ``bind``."""
    if bind.startswith("unix:"):
        return
    host, port = bind_host(bind).strip("[]"), int(bind.rpartition(":")[2])
    elsewhere = f"{host} is no address of this machine; write 127.0.0.1, or 0.0.0.0 for all of them."
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(address)
    except socket.gaierror as error:
        raise CannotServe(elsewhere) from error
    except OSError as error:
        remedies = {
            errno.EADDRINUSE: f"Another program listens at {bind}. Stop it, or take another: PORT={port + 1} make run.",
            errno.EACCES: f"This user may not listen at port {port}; choose one above 1023.",
            errno.EADDRNOTAVAIL: elsewhere,
        }
        raise CannotServe(remedies.get(error.errno or 0, f"Nothing can listen at {bind}: {error.strerror}.")) from error


def statement(settings: Settings, *, workers: int, threads: int) -> str:
    """What runs where, for the person who started it. Names no password."""
    facts = what_runs(settings, workers=workers, threads=threads)
    table = "\n".join(f"  {name:<9} {words}" for name, words in facts.items())
    return f"\neventsapp is running; Ctrl-C stops all of it.\n\n{table}\n"


def what_runs(settings: Settings, *, workers: int, threads: int) -> dict[str, str]:
    """The same, name by name."""
    facts = {
        "Pages": settings.base_url,
        "Letters": _letters(settings),
        "Database": _database(settings),
        "Limits": "shared through Redis" if settings.redis_url else "each web server process counts for itself",
        "Runs": f"web server at {settings.bind} ({workers} processes, {threads} threads each), worker",
        "Settings": f"EVENTSAPP_… variables and {settings.instance_path / 'eventsapp.toml'}",
    }
    if is_loopback(settings.host) and not is_loopback(bind_host(settings.bind)):
        facts["Note"] = "set EVENTSAPP_BASE_URL to the address that people open: links begin with it"
    return facts


def _letters(settings: Settings) -> str:
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "console":
        return "printed here"
    if parts.scheme != "file":
        return f"sent through {parts.hostname}"
    read = f"; read them at {settings.base_url}/mailbox" if settings.mailbox else ""
    return f"not sent, but written to {unquote(parts.path)}{read}"


def _database(settings: Settings) -> str:
    parts = urlsplit(settings.database_url)
    if parts.scheme == "sqlite":
        return f"SQLite in {parts.path[1:]}"
    return f"PostgreSQL, {parts.path.lstrip('/')} at {parts.hostname or 'the local socket'}"
