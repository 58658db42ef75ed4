"""Metrics of real servers: whichever process is asked answers for all that started with it; a worker has a port."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from eventsapp import metrics
from eventsapp.db import db
from tests.mail.server import Script, smtp_server
from tests.processes import PATIENCE, free_port, running, wait_for
from tests.test_many_processes import AHEAD

TOKEN = "a-token-for-tests-alone"
PAGES = 30


def values(said):
    families = text_string_to_metric_families(said)
    return {(one.name, *sorted(one.labels.items())): one.value for family in families for one in family.samples}


def of(program):
    status, _, said = program.ask("/metrics", Authorization=f"Bearer {TOKEN}")
    assert status == 200
    return values(said)


def folder_of(program):
    """The one in which it counts, with all that it started; where it can be, in memory."""
    first = psutil.Process(program.process.pid)
    pids = {first.pid, *(child.pid for child in first.children(recursive=True))}
    counted = Path(metrics.in_memory() or tempfile.gettempdir()).glob("eventsapp-metrics-*/*.db")
    [folder] = {path.parent for path in counted if int(path.stem.rpartition("_")[2]) in pids}
    return folder


@pytest.fixture
def ran(app, make, settings):
    """Settings of an instance with one event, and a mail server that takes all."""
    make.event(occurrences=[AHEAD])
    db.session.remove()
    db.engine.dispose()
    with smtp_server(Script()) as mail:
        url = f"smtp://127.0.0.1:{mail.port}"
        yield replace(settings, mail_url=url, base_url="http://127.0.0.1:8000", metrics_token=TOKEN)


def pages_in(said, endpoint="public.event", status="2xx"):
    key = ("eventsapp_http_request_duration_seconds_count", ("endpoint", endpoint), ("status", status))
    return said.get(key, 0)


def sent_in(said, kind="confirmation"):
    return said.get(("eventsapp_messages_total", ("kind", kind), ("outcome", "accepted")), 0)


def test_each_process_answers_for_all(ran):
    """Three web server processes and the worker; one of them is killed on the way."""
    with running(ran, ("serve", "--workers", "3", "--threads", "2")) as [site]:
        assert site.ask("/metrics")[0] == 401
        assert [site.ask("/events/forum")[0] for _ in range(PAGES)] == [200] * PAGES
        form = {"name": "Ana", "email": "ana@example.org", "occurrences": "later"}
        assert site.ask("/events/forum/registrations", form)[0] == 303
        wait_for(lambda: sent_in(of(site)) == 1)
        assert {pages_in(of(site)) for _ in range(12)} == {PAGES}
        said = of(site)
        assert said["eventsapp_registrations_total", ("outcome", "confirmed")] == 1
        assert said["eventsapp_message_send_duration_seconds_count", ("outcome", "accepted")] >= 1
        assert said["eventsapp_workers",] == 1
        assert said["eventsapp_worker_last_seen_age_seconds",] < 60
        assert said["eventsapp_database_connections_limit",] in (20 * 2, 20 * 3, 20 * 4)  # of those that used any yet
        folder = folder_of(site)
        children = psutil.Process(site.process.pid).children(recursive=True)
        victim = next(one for one in children if one.parent().name() == one.name() == "web server")
        victim.kill()
        wait_for(lambda: not victim.is_running())
        wait_for(lambda: site.ask("/healthz")[0] == 200)
        assert pages_in(of(site)) == PAGES  # what it counted stays counted
        assert folder_of(site) == folder
        assert [path for path in folder.iterdir() if re.search(rf"live.*_{victim.pid}\.db", path.name)] == []
        assert site.end() == 0
    assert not folder.exists()


def test_what_killed_processes_counted_in_goes_when_others_begin_and_nothing_else_does(ran):
    command = ("serve", "--no-worker", "--workers", "1")
    with running(ran, command, command) as [killed, other]:
        assert [program.ask("/events/forum")[0] for program in (killed, other)] == [200, 200]
        left, kept = folder_of(killed), folder_of(other)
        family = [psutil.Process(killed.process.pid), *psutil.Process(killed.process.pid).children(recursive=True)]
        for one in family:
            one.kill()
        killed.process.wait()
        psutil.wait_procs(family, timeout=PATIENCE)
        long_ago = time.time() - 3600
        for folder in (left, kept):
            os.utime(folder, (long_ago, long_ago))  # fails where it went with them
        with running(ran, command):
            assert not left.exists()
            assert kept.exists()
            assert of(other)["eventsapp_database_up",] == 1


def test_a_worker_has_a_port_of_its_own(ran):
    port = free_port()
    alone = replace(ran, metrics_bind=f"127.0.0.1:{port}", metrics_token="")
    with running(alone, ("worker",), ("serve", "--no-worker", "--workers", "1")) as [worker, site]:
        url = f"http://127.0.0.1:{port}"

        def told(path="/metrics"):
            with urllib.request.urlopen(url + path, timeout=30) as answer:
                return values(answer.read().decode())

        form = {"name": "Ana", "email": "ana@example.org", "occurrences": "later"}
        assert site.ask("/events/forum/registrations", form)[0] == 303
        worker.port = port
        wait_for(worker.listens)
        wait_for(lambda: sent_in(told()) == 1)
        said = told()
        assert (said["eventsapp_workers",], said["eventsapp_database_up",]) == (1, 1)
        assert said["eventsapp_messages_due", ("priority", "asked_for")] == 0
        with pytest.raises(urllib.error.HTTPError, match="404"):
            told("/")
        assert site.ask("/metrics")[0] == 404
        assert [worker.end(), site.end()] == [0, 0]


def test_the_port_asks_for_the_token_where_there_is_one_and_is_refused_where_it_is_taken(ran):
    port = free_port()
    with running(replace(ran, metrics_bind=f"127.0.0.1:{port}"), ("worker",), ("worker",)) as workers:
        wait_for(lambda: [one.process.poll() for one in workers].count(None) == 1)
        [taken] = [one for one in workers if one.process.poll() is not None]
        [works] = [one for one in workers if one.process.poll() is None]
        assert taken.process.returncode == 2
        assert taken.said().startswith(f"EVENTSAPP_METRICS_BIND: 127.0.0.1:{port} cannot be used (")
        works.port = port
        wait_for(works.listens)
        assert works.ask("/metrics")[0] == 401
        assert works.ask("/metrics", Authorization="Bearer wrong")[0] == 401
        assert of(works)["eventsapp_database_fits",] == 1
        os.kill(works.process.pid, signal.SIGTERM)
        assert works.process.wait(60) == 0


def test_where_nobody_asks_for_metrics_the_library_is_not_loaded(settings):
    program = (
        "import sys\n"
        "from eventsapp.app import create_app\n"
        "import eventsapp.worker, eventsapp.serving\n"
        "create_app()\n"
        "print('prometheus_client' in sys.modules)"
    )
    for token, loaded in (("", "False"), (TOKEN, "True")):
        environ = os.environ | {
            "EVENTSAPP_INSTANCE_PATH": str(settings.instance_path),
            "EVENTSAPP_METRICS_TOKEN": token,
        }
        assert said_by(program, environ) == loaded


def said_by(program, environ):
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip()
