"""A release beside the one before it, as processes over one database: what expands the schema, then what contracts.

The releases to come are copies of this one with a migration more each.
"""

import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import func, make_url, select

from eventsapp.app import create_app
from eventsapp.config import resource
from eventsapp.db import db
from eventsapp.migration import standing, upgrade
from eventsapp.models import Registration
from tests.factory import Make
from tests.mail.server import Script, smtp_server
from tests.processes import environment, running, wait_for
from tests.test_many_processes import AHEAD, WEB

ROOT = Path(__file__).parents[1]
VERSION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{down_revision}"
branch_labels = depends_on = None
runs_beside = {runs_beside}


def upgrade():
    {step}
"""
EXPANDS = (
    'op.add_column("registration", sa.Column("shirt", sa.String(), nullable=False, server_default=""))\n'
    '    op.create_index("ix_registration_shirt", "registration", ["shirt"])'
)
CONTRACTS = (
    'op.drop_index("ix_registration_shirt", "registration")\n'
    '    with op.batch_alter_table("registration") as registration:\n'
    '        registration.drop_column("shirt")'
)


@contextmanager
def site_over(url, settings):
    """Settings of an instance with one event, and a mail server that takes all."""
    with smtp_server(Script()) as mail:
        mail_url = f"smtp://127.0.0.1:{mail.port}"
        ran = replace(settings, database_url=url, mail_url=mail_url, base_url="http://127.0.0.1:8000")
        with create_app(ran).app_context():
            upgrade()
            Make(datetime.now(UTC)).event(occurrences=[AHEAD])
            db.session.remove()
            db.engine.dispose()
        yield ran, mail


@pytest.fixture
def site(settings, postgresql_server):
    with site_over(postgresql_server(), settings) as site:
        yield site


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """The checkouts of the next release, which expands, and of the one after, which contracts."""
    folder, head, made = tmp_path_factory.mktemp("releases"), newest(), []
    for revision, step in (("99990101_0000", EXPANDS), ("99990102_0000", CONTRACTS)):
        checkout = folder / revision
        for name in ("eventsapp", "migrations", "templates"):
            source = made[-1] / name if made else ROOT / name
            shutil.copytree(source, checkout / name)
        said = VERSION.format(revision=revision, down_revision=head, runs_beside=step is EXPANDS, step=step)
        (checkout / "migrations/versions" / f"{revision}_next.py").write_text(said)
        made.append(checkout)
        head = revision
    return made


def newest():
    return ScriptDirectory(str(resource("migrations"))).get_current_head()


@pytest.fixture
def of(monkeypatch):
    """``of(checkout)``: programs started from now on are that release's; ``of(ROOT)`` for this one."""
    monkeypatch.setenv("PYTHONSAFEPATH", "1")

    def choose(checkout):
        monkeypatch.setenv("PYTHONPATH", str(checkout))

    return choose


def command(settings, *arguments):
    program = [sys.executable, "-m", "eventsapp.cli", *arguments]
    done = subprocess.run(program, env=environment(settings), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def form(number):
    return {"name": "Ana", "email": f"ana{number}@example.org", "occurrences": "later"}


def registers(program, number):
    return program.ask("/events/forum/registrations", form(number))[0] == 303


def test_a_release_goes_on_beside_the_next_until_the_schema_is_contracted(site, releases, of):
    settings, mail = site
    expands, contracts = releases
    of(ROOT)
    with running(settings, WEB, ("worker",)) as [old, worker]:
        for number in range(8):  # more often than it takes the driver to prepare its statements
            assert registers(old, number)
        wait_for(lambda: len(mail.taken) == 8)

        of(expands)
        assert command(settings, "db", "upgrade") == (0, "The database is at version 99990101_0000.\n")
        assert old.ask("/readyz")[0] == 200
        assert registers(old, 8)
        with running(settings, WEB, ("worker",)) as [new, new_worker]:
            assert (new.ask("/readyz")[0], registers(new, 9)) == (200, True)
            assert registers(old, 10)
            wait_for(lambda: len(mail.taken) == 11)
            of(ROOT)
            with running(settings, WEB) as [again]:  # an old one that crashed is started anew
                assert (again.ask("/readyz")[0], registers(again, 11)) == (200, True)
                assert again.end() == 0
            status, said = command(settings, "db", "current")
            goes_on = f"The database is at version 99990101_0000, which is newer than this program ({newest()})"
            assert (status, said) == (0, f"{goes_on} and lets it go on.\n")
            assert command(settings, "db", "upgrade")[0] == 2  # it knows no way from there
            assert [new.end(), new_worker.end()] == [0, 0]

        of(contracts)
        assert command(settings, "db", "upgrade") == (0, "The database is at version 99990102_0000.\n")
        assert old.ask("/readyz")[0] == 503
        assert [old.end(), worker.end()] == [0, 0]
    of(ROOT)
    for program in ("serve --no-worker", "worker --once"):
        status, said = command(settings, *program.split())
        assert (status, "newer than this program" in said, "Install the eventsapp" in said) == (2, True, True)
    of(contracts)
    with running(settings, WEB) as [newer]:
        assert (newer.ask("/readyz")[0], registers(newer, 12)) == (200, True)
        assert newer.end() == 0
    assert not standing(settings.database_url).fits
    with create_app(settings).app_context():
        assert db.session.scalar(select(func.count()).select_from(Registration)) == 13
        db.session.remove()
        db.engine.dispose()


def test_a_migration_does_not_stop_everybody_while_it_waits(settings, releases, of, postgresql_server):
    """Somebody reads a table for long: a step that needs the table for itself gives up soon, and nothing is changed."""
    ran = replace(settings, database_url=postgresql_server())
    of(ROOT)
    assert command(ran, "db", "upgrade")[0] == 0
    plain = make_url(ran.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    of(releases[0])
    with psycopg.connect(plain) as reader:
        reader.execute("SELECT count(*) FROM registration")
        status, said = command(ran, "db", "upgrade")
    assert (status, said.startswith("Somebody else uses a table that has to change")) == (2, True)
    assert standing(ran.database_url).at_head
    assert command(ran, "db", "upgrade")[0] == 0
