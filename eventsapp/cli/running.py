"""``serve``, ``worker``, ``demo`` and ``doctor``."""

import argparse
import contextlib
import gc
import logging
import os
from functools import partial
from typing import TYPE_CHECKING

from eventsapp import logs, metrics
from eventsapp.cli import organizers
from eventsapp.cli.application import application, now, writing
from eventsapp.cli.arguments import Commands, whole_number
from eventsapp.cli.failures import status_of
from eventsapp.config import Settings
from eventsapp.instance import at_work

if TYPE_CHECKING:
    from flask import Flask

SELDOM = 20_000  # objects more than before, until garbage is collected

log = logging.getLogger(__name__)


def add_to(commands: Commands) -> None:
    serving = commands.add("serve", serve, "run the web server and the worker until Ctrl-C or SIGTERM")
    serving.add_argument("--bind", metavar="ADDRESS:PORT", help="where to listen (EVENTSAPP_BIND; 127.0.0.1:8000)")
    serving.add_argument("--workers", type=whole_number, default=2, metavar="N", help="web server processes (2)")
    serving.add_argument("--threads", type=whole_number, default=4, metavar="N", help="threads in each of them (4)")
    serving.add_argument("--no-worker", action="store_true", help="the web server alone; letters wait for a worker")
    serving.add_argument(
        "--prepare", action="store_true", help="first upgrade the database, and load the demo events into a new one"
    )
    working = commands.add("worker", worker, "send what is due until Ctrl-C or SIGTERM")
    working.add_argument("--once", action="store_true", help="do what is due now, then end")
    commands.add("demo", demo, "load the demo events, dated in the near future")
    commands.add("doctor", doctor, "check database, mail server, keys and more; exit status 1 where something is wrong")


def serve(arguments: argparse.Namespace) -> int | None:
    if arguments.bind:
        os.environ["EVENTSAPP_BIND"] = arguments.bind
    settings = Settings.from_environment()
    logs.begin(settings.log_format, debug=arguments.debug)
    counts = bool(settings.metrics_token or settings.metrics_bind)
    with at_work(settings.instance_path), metrics.together(wanted=counts) as counting:
        return _serve(settings, arguments, counting)


def _serve(settings: Settings, arguments: argparse.Namespace, counting: dict[str, str]) -> int:
    from eventsapp import serving, supervisor

    serving.check_bind(settings.bind)
    _make_ready(settings, prepare=arguments.prepare)
    os.environ.update(counting)
    app = _loaded(settings)
    size = {"workers": arguments.workers, "threads": arguments.threads}
    web = partial(serving.serve_web, app, bind=settings.bind, **size)
    if arguments.no_worker:
        web()
    children = [
        supervisor.Child("web server", partial(status_of, web, debug=arguments.debug), vital=True),
        supervisor.Child(
            "worker", partial(status_of, partial(_work, app), debug=arguments.debug), grace=supervisor.LETTERS_GRACE
        ),
    ]
    ended = supervisor.Supervisor(children, lambda: _say_running(settings, **size)).run()
    if settings.log_format == "text":
        print("Stopped." if ended == 0 else "Stopped, because of the error above.", flush=True)
    return ended


def worker(arguments: argparse.Namespace) -> None:
    settings = Settings.from_environment()
    logs.begin(settings.log_format, debug=arguments.debug)
    with at_work(settings.instance_path):
        _make_ready(settings)
        _work(_loaded(settings), once=arguments.once)


def _work(app: "Flask", *, once: bool = False) -> None:
    from eventsapp import supervisor
    from eventsapp.worker import run
    from eventsapp.worker.watching import watched

    stop = supervisor.stop_event()
    with contextlib.nullcontext() if once else watched(app):
        run(app, stop=stop, once=once)


def _loaded(settings: Settings) -> "Flask":
    """The application with all that web server and worker need of the program, for the processes forked from here.

    The collector of garbage writes beside each object that it looks at, which would give every process pages of its
    own; so it does not look at these any more, and seldom at others: few of those that a request leaves behind refer to
    each other, and looking for them cost a twelfth of its time.
    """
    gc.disable()
    from eventsapp import serving, worker  # noqa: F401  loaded here, so that they lie in memory once
    from eventsapp.app import create_app
    from eventsapp.domain.languages import own_name
    from eventsapp.translations import INTERFACE_LANGUAGES

    app = create_app(settings)
    for tag in INTERFACE_LANGUAGES:
        own_name(tag)  # Babel reads what it knows of a language when it is first asked
    gc.freeze()
    gc.set_threshold(SELDOM)
    gc.enable()
    return app


def _say_running(settings: Settings, **size: int) -> None:
    """To a person; or where lines are for machines, as one of them."""
    from eventsapp import serving

    if settings.log_format == "text":
        print(serving.statement(settings, **size), flush=True)
        if demo := organizers.demo_words(settings):
            print(f"  Organizer: {demo}\n", flush=True)
    else:
        facts = {name.lower(): words for name, words in serving.what_runs(settings, **size).items()}
        log.info("eventsapp is running", extra={"facts": facts})


def _make_ready(settings: Settings, *, prepare: bool = False) -> None:
    """Refuse a database that is not at this program's version; with ``prepare`` bring it there and fill a new one."""
    from eventsapp import migration

    standing = migration.standing(settings.database_url)
    if standing.fits:
        return
    if not prepare or not standing.known:
        raise migration.BadVersion(f"The database is {standing.words}. {standing.remedy}")
    with application():
        migration.upgrade()
    if standing.current is None:
        demo(argparse.Namespace())
        organizers.make_demo_owner()


def demo(_arguments: argparse.Namespace) -> None:
    from eventsapp.actions.demo import load_demo

    with writing() as (settings, session):
        loaded = load_demo(session, now=now(), settings=settings)
    print(f"Loaded {len(loaded.created)} demo events, to be seen at {settings.base_url}.")
    if loaded.kept:
        print(f"Already there, and left as they are: {', '.join(loaded.kept)}.")


def doctor(_arguments: argparse.Namespace) -> int:
    from eventsapp.doctor import examine

    findings = examine()
    for finding in findings:
        print(f"{'ok    ' if finding.ok else 'not ok'}  {finding.name}: {finding.words}")
        if not finding.ok:
            print(f"        {finding.remedy}")
    return 0 if all(finding.ok for finding in findings) else 1
