"""A backup of an instance over SQLite in one file, made while it runs, and the way back. Moves no schema.

The file holds the database as it was at one instant, both keys, the pictures and eventsapp.toml: everything that a new
machine needs, and so everybody's data. Letters in instance/mail are no part of it.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from sqlalchemy import make_url

from eventsapp import migration
from eventsapp.config import Settings, instance_path
from eventsapp.instance import alone

FORM = 1  # of the file; one with a higher number was made by a newer program
MANIFEST = "manifest.json"
DATABASE = "eventsapp.sqlite3"
KEYS = ("secret_key", "link_key")
TOML = "eventsapp.toml"
PICTURES = "pictures"
MOST_MANIFEST = 16 * 1024 * 1024
BLOCK = 1024 * 1024
_NAME = re.compile(rf"{DATABASE}|{'|'.join(KEYS)}|{TOML}|{PICTURES}/[A-Za-z0-9][A-Za-z0-9._-]*")


class NoBackup(Exception):
    """It cannot be made, or cannot be taken back. Nothing was changed; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Made:
    """``size`` in bytes."""

    path: Path
    size: int
    pictures: int


@dataclass(frozen=True, slots=True)
class Restored:
    """``replaced`` is the folder that what was there before was moved to; None where nothing was."""

    instance: Path
    made_at: datetime
    standing: migration.Standing
    replaced: Path | None


# --- making one -------------------------------------------------------------------------------------------------------


def make(settings: Settings, target: Path, *, now: datetime) -> Made:
    """Write the backup to ``target``, for its owner's eyes alone; it is there whole or not at all. Raises NoBackup."""
    source = _database_of(settings)
    if target.exists():
        raise NoBackup(f"{target} is there already; name another file.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        staged = Path(folder)
        _copy_database(source, staged / DATABASE)
        for name in KEYS:
            (staged / name).write_text(getattr(settings, name), encoding="utf-8")
        files = {name: staged / name for name in (DATABASE, *KEYS)} | _others(settings.instance_path)
        manifest = {
            "backup": FORM,
            "eventsapp": version("eventsapp"),
            "made_at": now.isoformat(timespec="seconds"),
            "files": {name: {"bytes": path.stat().st_size, "sha256": _digest(path)} for name, path in files.items()},
        }
        packed = staged / "packed"
        _pack(packed, manifest, files)
        size = packed.stat().st_size
        packed.rename(target)
    return Made(target, size, sum(name.startswith(PICTURES) for name in files))


def _database_of(settings: Settings) -> Path:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        plain = url.difference_update_query(["password"])._replace(drivername="postgresql", password=None)
        raise NoBackup(
            "The database is PostgreSQL, which has a tool of its own: "
            f"pg_dump --format=custom --file=eventsapp.dump '{plain.render_as_string()}'. "
            f"Copy {', '.join(KEYS)}, {TOML} and {PICTURES}/ from {settings.instance_path} as well."
        )
    path = Path(url.database or "")
    if not path.is_file():
        raise NoBackup(f"There is no database at {path} yet.")
    return path


def _copy_database(source: Path, target: Path) -> None:
    """As it is at this instant, whoever writes to it meanwhile (https://sqlite.org/backup.html)."""
    reading = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
    writing = sqlite3.connect(target)
    with contextlib.closing(reading), contextlib.closing(writing):
        reading.backup(writing)  # all pages in one read transaction
        writing.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        _refuse_damage(writing, "The database is damaged: {}. No backup was made; keep the older ones.")


def _refuse_damage(connection: sqlite3.Connection, words: str) -> None:
    found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise NoBackup(words.format(found[0]))


def _others(instance: Path) -> dict[str, Path]:
    """Settings and pictures, by their names in the backup. A picture still being written has no name of ours."""
    pictures = instance / PICTURES
    found = [instance / TOML, *(sorted(pictures.iterdir()) if pictures.is_dir() else ())]
    named = {path.relative_to(instance).as_posix(): path for path in found}
    return {name: path for name, path in named.items() if _NAME.fullmatch(name) and path.is_file()}


def _pack(target: Path, manifest: Mapping[str, Any], files: Mapping[str, Path]) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
            text = json.dumps(manifest, indent=1).encode()
            archive.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
            for name, path in files.items():
                with path.open("rb") as data:
                    archive.addfile(_member(name, manifest["files"][name]["bytes"]), data)
        file.flush()
        os.fsync(file.fileno())


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- the way back -----------------------------------------------------------------------------------------------------


def restore(source: Path, environ: Mapping[str, str], *, replace: bool, now: datetime) -> Restored:
    """Put the backup in the place that the environment names; nobody may be at work there.

    An existing database is left alone unless ``replace``. What is in the way is moved aside and not deleted. Raises
    NoBackup, InUse, and BadSetting where the settings do not go together with it.
    """
    instance = instance_path(environ)
    with alone(instance), tempfile.TemporaryDirectory(dir=instance, prefix=".restore-") as folder:
        staged = Path(folder)
        made_at = _unpack(source, staged)
        database = _place_of_database(staged, instance, environ)
        if database.exists() and not replace:
            raise NoBackup(f"There is a database at {database}. Say --replace to put it aside and the backup there.")
        replaced = _put_aside(instance, database, now)
        names = [*KEYS, TOML, PICTURES]  # the database comes last: once it is there, all is
        moves = [(staged / name, instance / name) for name in names] + [(staged / DATABASE, database)]
        for ours, place in moves:
            if ours.exists():
                _move(ours, place, owner=instance)
    standing = migration.standing(f"sqlite:///{database}")
    return Restored(instance, made_at, standing, replaced)


def _unpack(source: Path, staged: Path) -> datetime:
    """Its files, each with the bytes that the manifest vouches for; returns when it was made."""
    try:
        with tarfile.open(source, mode="r:gz") as archive:
            members = iter(archive)
            manifest = _manifest(archive, next(members, None))
            expected = dict(manifest["files"])
            for member in members:
                _take(archive, member, expected.pop(member.name, None), staged)
        if expected or not {DATABASE, *KEYS} <= manifest["files"].keys():
            raise NoBackup(f"{source} is not whole; take an older backup.")
        made_at = datetime.fromisoformat(manifest["made_at"]).astimezone(UTC)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, KeyError, TypeError) as error:
        raise NoBackup(f"{source} is no backup of eventsapp, or it is damaged ({error}).") from error
    with contextlib.closing(sqlite3.connect(staged / DATABASE)) as connection:
        _refuse_damage(connection, f"The database in {source} is damaged: {{}}. Take an older backup.")
    return made_at


def _manifest(archive: tarfile.TarFile, first: tarfile.TarInfo | None) -> dict[str, Any]:
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > MOST_MANIFEST:
        raise ValueError("it has no manifest")
    manifest: dict[str, Any] = json.loads(_opened(archive, first).read())
    if manifest["backup"] != FORM:
        raise NoBackup(f"It was made by a newer eventsapp ({manifest['eventsapp']}); restore it with that one.")
    return manifest


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, expected: Mapping[str, Any] | None, staged: Path) -> None:
    if expected is None or not member.isreg() or not _NAME.fullmatch(member.name) or member.size != expected["bytes"]:
        raise ValueError(f"{member.name} is not as its manifest says")
    target = staged / member.name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for block in _blocks(_opened(archive, member)):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != expected["sha256"]:
        raise ValueError(f"{member.name} is not as its manifest says")


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{member.name} is no file")
    return file


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _place_of_database(staged: Path, instance: Path, environ: Mapping[str, str]) -> Path:
    """Where the settings will look for it: those of the backup, and over them those of the environment."""
    settings = Settings.from_environment({**environ, "EVENTSAPP_INSTANCE_PATH": str(staged)})
    for name in KEYS:
        if getattr(settings, name) != (staged / name).read_text(encoding="utf-8").strip():
            raise NoBackup(f"EVENTSAPP_{name.upper()} is set to another key than the backup's; take it out first.")
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        raise NoBackup("EVENTSAPP_DATABASE_URL names PostgreSQL, and the backup is of SQLite; take it out first.")
    path = Path(url.database or "")
    return instance / path.relative_to(staged.resolve()) if path.is_relative_to(staged.resolve()) else path


def _put_aside(instance: Path, database: Path, now: datetime) -> Path | None:
    """Move away all that the backup would overwrite; the database goes with the files that SQLite keeps beside it."""
    beside = [database.with_name(database.name + ending) for ending in ("", "-wal", "-shm", "-journal")]
    there = [path for path in (*beside, *(instance / name for name in (*KEYS, TOML, PICTURES))) if path.exists()]
    if not there:
        return None
    aside = instance / f"replaced-{now:%Y%m%d-%H%M%S}"
    aside.mkdir(mode=0o700)
    for path in there:
        shutil.move(path, aside / path.name)
    return aside


def _move(ours: Path, place: Path, *, owner: Path) -> None:
    """At once, even from another file system; whoever owns the instance owns it, whoever restores."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.restored")
    shutil.move(ours, draft)
    if os.geteuid() == 0:
        for path in (draft, *draft.rglob("*")):
            os.chown(path, owner.stat().st_uid, owner.stat().st_gid)
    draft.rename(place)
