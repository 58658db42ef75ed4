"""Backup and restore as an operator does them: while others write, onto a new machine, and where it must not go."""

import contextlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import threading
from contextvars import Context
from datetime import datetime
from pathlib import Path

import pytest

from eventsapp import cli, migration
from eventsapp.app import create_app
from eventsapp.config import Settings
from eventsapp.db import db
from eventsapp.domain.links import token
from eventsapp.domain.vocabulary import Purpose
from eventsapp.instance import alone, at_work
from tests.factory import Make

AHEAD = {"key": "later", "dtstart_local": datetime(2040, 6, 13, 16, 0)}  # noqa: DTZ001  a wall time beside its tzid
PICTURE = f"{'a' * 32}.png"
HELD = {"eventsapp.sqlite3", "secret_key", "link_key", "eventsapp.toml", "pictures"}


@pytest.fixture(scope="module")
def first_home(tmp_path_factory):
    """An instance with its own keys, settings, a picture and one registration; nobody is at work there."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "eventsapp.toml").write_text('base_url = "https://events.example.org"\n')
    (folder / "pictures").mkdir()
    (folder / "pictures" / PICTURE).write_bytes(b"a picture")
    (folder / "pictures" / f".{'b' * 32}.png.77").write_bytes(b"half a pict")
    (folder / "mail").mkdir()
    (folder / "mail" / "one.eml").write_text("a letter")
    with create_app(Settings.from_environment({"EVENTSAPP_INSTANCE_PATH": str(folder)})).app_context():
        migration.upgrade()
        make = Make(datetime(2026, 3, 2, 12, 0).astimezone())
        make.registration(make.event(occurrences=[AHEAD]), public_id="abcdefghijklmnop")
        db.session.remove()
        db.engine.dispose()
    return folder


@pytest.fixture
def home(first_home, tmp_path):
    return Path(shutil.copytree(first_home, tmp_path / "home"))


@pytest.fixture
def run(monkeypatch, capfd, as_logged_before):
    """``run(instance, "backup", file)`` is the exit status, and what the command said where."""

    def run(instance: Path, *arguments: object, **settings: str) -> tuple[int, str, str]:
        for name in [name for name in os.environ if name.startswith("EVENTSAPP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("EVENTSAPP_INSTANCE_PATH", str(instance))
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        capfd.readouterr()
        status = Context().run(cli.main, [str(one) for one in arguments])
        return (status, *capfd.readouterr())

    return run


@pytest.fixture
def kept(home, run, tmp_path):
    """A backup of ``home``."""
    path = tmp_path / "kept.tar.gz"
    assert run(home, "backup", path)[0] == 0
    return path


def opens(instance: Path) -> int:
    """The status of the manage page behind the link that was mailed before the backup."""
    app = create_app(Settings.from_environment({"EVENTSAPP_INSTANCE_PATH": str(instance)}))
    link = token(app.extensions["settings"].link_key, Purpose.MANAGE, "abcdefghijklmnop")
    status = app.test_client().get(f"/manage/{link}").status_code
    with app.app_context():
        db.engine.dispose()
    return status


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_all_of_it_comes_back_on_a_new_machine(home, kept, run, tmp_path):
    before = (home / "link_key").read_text()
    status, said, wrong = run(tmp_path / "new", "restore", kept)
    assert (status, wrong) == (0, "")
    new = tmp_path / "new"
    assert re.fullmatch(
        rf"Restored into {new}, as it was on [0-9: -]+ UTC\.\n"
        r"The database is at version \w+\.\n"
        r"Run `eventsapp doctor` next\. The worker sends letters again that left after the backup was made\.\n",
        said,
    )
    assert names(new) == HELD
    assert (new / "link_key").read_text() == before
    assert names(new / "pictures") == {PICTURE}
    assert (new / "pictures" / PICTURE).read_bytes() == b"a picture"
    assert {path.stat().st_mode & 0o077 for path in new.rglob("*")} == {0}
    assert opens(new) == 200
    assert opens(home) == 200


def test_the_file_is_for_its_owner_alone_and_says_what_it_is(home, run, tmp_path):
    path = tmp_path / "kept.tar.gz"
    status, said, _ = run(home, "backup", path)
    assert status == 0
    assert re.fullmatch(
        rf"{path}: [0-9.]+ MB, with 1 pictures\.\nIt holds the keys and everybody's data: keep it .*\n", said
    )
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == {"home", "kept.tar.gz"}
    assert run(home, "backup", path) == (2, "", f"{path} is there already; name another file.\n")


def test_keys_of_the_environment_go_along(home, run, tmp_path):
    key = "a link key of the environment, and long enough"
    run(home, "backup", tmp_path / "kept.tar.gz", EVENTSAPP_LINK_KEY=key)
    run(tmp_path / "new", "restore", tmp_path / "kept.tar.gz", EVENTSAPP_LINK_KEY="")
    assert (tmp_path / "new" / "link_key").read_text() == key


# While others write


def write_pairs(database: Path, stop: threading.Event, written: list[int]) -> None:
    """Rows that only make sense together, one transaction after another, each of several pages."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")  # as a busy server: what is new lies beside the file
        connection.execute("CREATE TABLE one (number INTEGER, filling BLOB)")
        connection.execute("CREATE TABLE other (number INTEGER, filling BLOB)")
        while not stop.is_set():
            connection.execute("BEGIN IMMEDIATE")
            for table in ("one", "other"):
                connection.execute(f"INSERT INTO {table} VALUES (?, zeroblob(9000))", [len(written)])  # noqa: S608
            connection.execute("COMMIT")
            written.append(len(written))


def pairs(database: Path) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("one", "other")]  # noqa: S608
    return counts[0], counts[1]


def test_a_backup_while_others_write_is_one_instant_and_a_plain_copy_is_not(home, run, tmp_path):
    stop, written = threading.Event(), []
    writer = threading.Thread(target=write_pairs, args=(home / "eventsapp.sqlite3", stop, written))
    writer.start()
    try:
        while len(written) < 100:
            stop.wait(0.01)
        before = len(written)
        assert run(home, "backup", tmp_path / "kept.tar.gz")[0] == 0
        after = len(written) + 1
        shutil.copy(home / "eventsapp.sqlite3", tmp_path / "plain.sqlite3")
    finally:
        stop.set()
        writer.join()
    assert after > before + 1  # nobody waited for the backup
    assert run(tmp_path / "new", "restore", tmp_path / "kept.tar.gz")[0] == 0
    one, other = pairs(tmp_path / "new" / "eventsapp.sqlite3")
    assert one == other
    assert before <= one <= after
    with pytest.raises(sqlite3.Error):
        pairs(tmp_path / "plain.sqlite3")  # the control: it has lost everything that was new


# Where it must not go


def test_an_existing_database_is_left_alone(home, kept, run):
    with contextlib.closing(sqlite3.connect(home / "eventsapp.sqlite3")) as connection:
        connection.execute("CREATE TABLE newer (number INTEGER)")
    bytes_before = (home / "eventsapp.sqlite3").read_bytes()
    database = home / "eventsapp.sqlite3"
    assert run(home, "restore", kept) == (
        2,
        "",
        f"There is a database at {database}. Say --replace to put it aside and the backup there.\n",
    )
    assert database.read_bytes() == bytes_before
    assert names(home) == HELD | {"mail"}


def test_replace_puts_aside_and_deletes_nothing(home, kept, run):
    with contextlib.closing(sqlite3.connect(home / "eventsapp.sqlite3")) as connection:
        connection.execute("CREATE TABLE newer (number INTEGER)")
    (home / "link_key").write_text("an unlucky key, which opens no link of before")
    status, said, _ = run(home, "restore", kept, "--replace")
    aside = next(home.glob("replaced-*"))
    assert status == 0
    assert f"What was there before lies in {aside}; delete it when all is well.\n" in said
    assert names(home) == HELD | {"mail", aside.name}
    assert names(aside) == HELD
    assert (aside / "link_key").read_text().startswith("an unlucky")
    with contextlib.closing(sqlite3.connect(aside / "eventsapp.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM newer").fetchone() == (0,)
    assert opens(home) == 200


def test_nobody_is_robbed_of_a_database_at_work(home, kept, run):
    busy = f"eventsapp is at work in {home}. Stop its servers and workers, then try again.\n"
    with at_work(home):
        assert run(home, "restore", kept, "--replace") == (2, "", busy)
        assert run(home, "messages", "list")[0] == 0  # many may be at work
    with alone(home):
        for command in (["serve"], ["worker", "--once"], ["messages", "list"], ["backup", home.parent / "b.tar.gz"]):
            status, said, wrong = run(home, *command, EVENTSAPP_BIND="127.0.0.1:8406")
            assert (status, said) == (2, "")
            assert wrong == f"A restore is under way in {home}. Wait for its end, then try again.\n"


def test_a_key_of_the_environment_that_would_shut_all_links_is_noticed(kept, run, tmp_path):
    new = tmp_path / "new"
    assert run(new, "restore", kept, EVENTSAPP_LINK_KEY="another key that is long enough for all, 1234") == (
        2,
        "",
        "EVENTSAPP_LINK_KEY is set to another key than the backup's; take it out first.\n",
    )
    assert names(new) == set()


def test_another_database_is_where_the_settings_say(home, kept, run, tmp_path):
    place = tmp_path / "elsewhere" / "events.sqlite3"
    assert run(tmp_path / "new", "restore", kept, EVENTSAPP_DATABASE_URL=f"sqlite:///{place}")[0] == 0
    assert names(tmp_path / "new") == HELD - {"eventsapp.sqlite3"}
    assert names(place.parent) == {place.name}
    assert run(tmp_path / "new", "restore", kept, EVENTSAPP_DATABASE_URL=f"sqlite:///{place}")[0] == 2


def test_postgresql_has_tools_of_its_own(home, kept, run, tmp_path):
    url = {"EVENTSAPP_DATABASE_URL": "postgresql://me:hidden@db.example.org/events"}
    status, _, wrong = run(home, "backup", tmp_path / "other.tar.gz", **url)
    assert status == 2
    assert "pg_dump --format=custom --file=eventsapp.dump 'postgresql://me@db.example.org/events'" in wrong
    assert "hidden" not in wrong
    assert run(tmp_path / "new", "restore", kept, **url)[2].startswith("EVENTSAPP_DATABASE_URL names PostgreSQL")


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("20261122_1437", "needs version"),
        ("20991231_0000", "which is newer than this program"),
    ],
)
def test_another_version_is_restored_as_it_is_and_told(home, run, tmp_path, version, words):
    with contextlib.closing(sqlite3.connect(home / "eventsapp.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [version])
    run(home, "backup", tmp_path / "kept.tar.gz")
    status, said, _ = run(tmp_path / "new", "restore", tmp_path / "kept.tar.gz")
    assert status == 0
    assert f"The database is at version {version}" in said
    assert words in said
    assert ("`eventsapp db upgrade`" in said) is (words == "needs version")


# What is no backup


def repacked(kept: Path, target: Path, change) -> Path:
    """The same members, after ``change(name, bytes)``: other bytes, another member, or None for none."""
    with tarfile.open(kept) as archive, tarfile.open(target, "w:gz") as changed:
        for member in archive:
            data = change(member, archive.extractfile(member).read())
            if data is not None:
                member.size = len(data)
                changed.addfile(member, io.BytesIO(data))
    return target


def without_key(member: tarfile.TarInfo, data: bytes) -> bytes | None:
    return None if member.name == "link_key" else data


def other_key(member: tarfile.TarInfo, data: bytes) -> bytes:
    return b"x" * len(data) if member.name == "link_key" else data


def climbing(member: tarfile.TarInfo, data: bytes) -> bytes:
    if member.name == "manifest.json":
        manifest = json.loads(data)
        manifest["files"]["../climbed"] = manifest["files"].pop("eventsapp.toml")
        return json.dumps(manifest).encode()
    if member.name == "eventsapp.toml":
        member.name = "../climbed"
    return data


def linking(member: tarfile.TarInfo, data: bytes) -> bytes:
    if member.name == "eventsapp.toml":
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return data


def of_the_future(member: tarfile.TarInfo, data: bytes) -> bytes:
    return data.replace(b'"backup": 1', b'"backup": 2') if member.name == "manifest.json" else data


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_key, "is not whole; take an older backup"),
        (other_key, "link_key is not as its manifest says"),
        (climbing, "../climbed is not as its manifest says"),
        (linking, "eventsapp.toml is not as its manifest says"),
        (of_the_future, "It was made by a newer eventsapp"),
    ],
)
def test_a_file_that_was_tampered_with_changes_nothing(kept, run, tmp_path, change, words):
    bad = repacked(kept, tmp_path / "bad.tar.gz", change)
    status, said, wrong = run(tmp_path / "new", "restore", bad)
    assert (status, said) == (2, "")
    assert words in wrong
    assert names(tmp_path / "new") == set()
    assert not (tmp_path / "climbed").exists()


@pytest.mark.parametrize("cut", [0, 20, 4000])
def test_half_a_file_changes_nothing(kept, run, tmp_path, cut):
    (tmp_path / "bad.tar.gz").write_bytes(kept.read_bytes()[:cut])
    status, _, wrong = run(tmp_path / "new", "restore", tmp_path / "bad.tar.gz")
    assert status == 2
    assert "is no backup of eventsapp, or it is damaged" in wrong
    assert names(tmp_path / "new") == set()


def test_a_damaged_database_makes_no_backup(home, run, tmp_path):
    path = home / "eventsapp.sqlite3"
    data = bytearray(path.read_bytes())
    data[8192:12288] = b"\xff" * 4096
    path.write_bytes(data)
    status, _, wrong = run(home, "backup", tmp_path / "kept.tar.gz")
    assert status == 2
    assert "damaged" in wrong or "malformed" in wrong
    assert names(tmp_path) == {"home"}


def test_no_database_makes_no_backup(run, tmp_path):
    new = tmp_path / "new"
    assert run(new, "backup", tmp_path / "kept.tar.gz")[2] == f"There is no database at {new}/eventsapp.sqlite3 yet.\n"
