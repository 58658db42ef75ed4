"""The migrations: one line of history that makes what the models say, up and down, on both databases."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, sql, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from eventsapp import migration
from eventsapp.app import create_app
from eventsapp.config import resource
from eventsapp.db import db, for_writing, transaction
from eventsapp.models import Base, Event, Occurrence, Place
from eventsapp.models.base import Json
from eventsapp.queries.kept import wrong_counts
from tests.factory import Make


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, settings):
    """Settings over a database in which no migration ever ran."""
    url = f"sqlite:///{settings.instance_path / 'empty.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_server")()
    return replace(settings, database_url=url)


@pytest.fixture
def context(empty):
    app = create_app(empty)
    with app.app_context():
        yield empty.database_url
        db.session.remove()
        db.engine.dispose()


def tables():
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_they_make_what_the_models_say(context):
    assert migration.upgrade().at_head
    with db.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "target_metadata": Base.metadata}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    assert differences == []
    assert tables() == set(Base.metadata.tables)


def test_they_make_the_same_constraints_and_indexes(context):
    migration.upgrade()
    migrated = shape()
    migration.downgrade("base")
    assert tables() == set()
    Base.metadata.create_all(for_writing())
    assert shape() == migrated


def shape():
    """Everything that the database holds about each table, constraints by name and definition."""
    found = inspect(db.engine)
    return {
        name: {
            "columns": {
                one["name"]: {key: str(value) for key, value in one.items()} for one in found.get_columns(name)
            },
            "checks": sorted((one["name"], one["sqltext"]) for one in found.get_check_constraints(name)),
            "uniques": sorted((one["name"], *one["column_names"]) for one in found.get_unique_constraints(name)),
            "keys": sorted(
                (one["name"], *one["constrained_columns"], one["referred_table"], str(one["options"]))
                for one in found.get_foreign_keys(name)
            ),
            "indexes": sorted((one["name"], one["unique"], *one["column_names"]) for one in found.get_indexes(name)),
        }
        for name in tables()
    }


def test_up_and_down_and_up_again(context):
    assert migration.standing(context).current is None
    assert migration.upgrade().at_head
    assert migration.downgrade("base").current is None
    assert migration.upgrade().at_head


def test_rows_survive_what_a_version_does_to_other_tables(context):
    """Every version, one step at a time, with foreign keys checked at the end of each; none loses a trigger."""
    versions = [script.revision for script in scripts().walk_revisions()][::-1]
    kept = set()
    for version in versions:
        assert migration.upgrade(version).current == version
        assert kept <= (kept := triggers())
    assert len(kept) > 10
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


MAKES_ANEW = """
import contextlib

import sqlalchemy as sa
from alembic import op

from eventsapp.migration import triggers_kept

revision = "99990101_0000"
down_revision = {head!r}


def upgrade():
    with {keeping}:
        for table in {tables}:
            with op.batch_alter_table(table, recreate="always") as batch:
                batch.add_column(sa.Column("later", sa.Integer()))
"""


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_tables_that_a_version_makes_anew_keep_their_triggers(context, now, tmp_path, monkeypatch):
    """As SQLite has to for most changes; with the control: what does it without care ends in the middle."""
    migration.upgrade()
    before = triggers()
    values = {"head": scripts().get_current_head(), "tables": sorted({table for table, _ in before})}
    shutil.copytree(resource("migrations"), tmp_path / "migrations")
    monkeypatch.setattr(migration, "resource", lambda name: tmp_path / name)
    version = tmp_path / "migrations/versions/99990101_0000_later.py"

    version.write_text(MAKES_ANEW.format(keeping="contextlib.nullcontext()", **values))
    with pytest.raises(OperationalError, match="no such table"):
        migration.upgrade()
    version.write_text(MAKES_ANEW.format(keeping="triggers_kept(op.get_bind())", **values))
    migration.upgrade()
    assert triggers() == before
    make = Make(now)
    event = make.event()
    make.registration(event)
    assert wrong_counts(db.session()) == []


def triggers():
    """Those that stand in the database, each as (table, name)."""
    found = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
    if db.engine.dialect.name == "postgresql":
        found = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal"
    with db.engine.connect() as connection:
        return {(table, name) for table, name in connection.execute(text(found))}


def test_topics_survive_on_their_way_down_and_up(context, now):
    migration.upgrade()
    make = Make(now)
    said = [
        {"": "Esperanto"},
        {"en": "peace", "es": "paz"},
        {"es": "debate", "es-MX": "foro"},
        {"es": "paz"},
        {"ja": "法"},
    ]
    make.event("forum", languages={"es-MX": "Foro", "en": "Forum"}, topics=said)
    make.event("nothing", topics=[])
    db.session.remove()
    migration.downgrade(scripts().get_revision("20261122_1730").down_revision)
    assert topics() == {"forum": ["Esperanto", "paz", "foro", "法"], "nothing": []}
    migration.upgrade()
    assert topics() == {"forum": [{"": "Esperanto"}, {"": "paz"}, {"": "foro"}, {"": "法"}], "nothing": []}
    migration.downgrade(scripts().get_revision("20261122_1730").down_revision)
    assert topics() == {"forum": ["Esperanto", "paz", "foro", "法"], "nothing": []}


def topics():
    """As they are stored, by the event's slug."""
    with db.engine.connect() as connection:
        return dict(
            connection.execute(select(sql.table("event", sql.column("slug"), sql.column("topics", Json)))).all()
        )


def test_dates_begin_above_whatever_was_told_of_them(context, now):
    migration.upgrade()
    make = Make(now)
    forum, other = make.event("forum"), make.event("other")
    for event, revision in ((forum, 0), (forum, 3), (forum, 1), (other, 0)):
        place = make.registration(event).places[0].id
        with transaction() as session:
            session.get_one(Place, place).revision = revision
    db.session.remove()
    migration.downgrade(scripts().get_revision("20261123_1950").down_revision)
    migration.upgrade()
    with db.engine.connect() as connection:
        begin = connection.execute(select(Event.slug, Occurrence.first_revision).join(Occurrence.event)).all()
    assert dict(begin) == {"forum": 4, "other": 0}


def test_two_processes_that_upgrade_at_once_both_succeed(empty):
    environ = os.environ | {
        "EVENTSAPP_INSTANCE_PATH": str(empty.instance_path),
        "EVENTSAPP_DATABASE_URL": empty.database_url,
    }
    command = [sys.executable, "-m", "eventsapp.cli", "db", "upgrade"]
    running = [subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[1] for process in running] == ["", ""]
    assert [process.returncode for process in running] == [0, 0]
    assert migration.standing(empty.database_url).at_head


def scripts():
    return ScriptDirectory(str(resource("migrations")))


def test_history_is_one_line_and_files_are_named_by_their_date():
    found = list(scripts().walk_revisions())
    assert len(scripts().get_heads()) == 1
    assert [len(script.nextrev) for script in found] == [0] + [1] * (len(found) - 1)
    names = sorted(path.name for path in (resource("migrations") / "versions").glob("*.py"))
    assert names == sorted(f"{script.revision}_{script.doc.rstrip('.').replace(' ', '_')}.py" for script in found)
    assert [name for name in names if not re.fullmatch(r"\d{8}_\d{4}_[a-z0-9_]+\.py", name)] == []


def test_a_newer_program_s_database_is_not_touched(context):
    migration.upgrade()
    with for_writing().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '99990101_0000'"))
    found = migration.standing(context)
    assert not found.at_head
    assert "newer than this program" in found.words
    with pytest.raises(migration.BadVersion, match="left as it is"):
        migration.upgrade()


def test_a_version_that_fails_leaves_nothing_behind(context):
    with for_writing().begin() as connection:
        connection.execute(text("CREATE TABLE message (id INTEGER)"))  # in the way of the last tables
    with pytest.raises((OperationalError, ProgrammingError)):
        migration.upgrade()
    assert tables() == {"message"}
    assert migration.standing(context).current is None
