"""The house keeps its shape: pure rooms stay pure, files lie where they belong, nothing of one machine is in them."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FRAMEWORKS = ("flask", "sqlalchemy", "werkzeug", "wtforms", "alembic", "gunicorn", "jinja2")


def tracked() -> list[Path]:
    """The files of the project: what git would take, or where this is no clone, what a clone would hold."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    if shutil.which("git"):
        listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    made = {".git", ".venv", "instance", "node_modules", "dist", "__pycache__"}
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not made & set(path.parts)
        and not re.search(r"(_cache|\.hypothesis)/|\.(mo|pot|pyc)$", str(path))
    ]


def test_make_lists_every_target():
    said = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    assert sorted(re.findall(r"^make (\w+)", said, re.MULTILINE)) == sorted(set(phony) - {"help", "node"})


@pytest.mark.parametrize("room", ["domain", "ical", "reading", "translations"])
def test_a_pure_room_loads_no_framework(room):
    modules = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / "eventsapp" / room).rglob("*.py")
    )
    program = f"import sys, {', '.join(modules)}; print(*(name for name in {FRAMEWORKS} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_help_loads_no_framework():
    program = f"import sys, eventsapp.cli; print(*(name for name in {FRAMEWORKS} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_package_itself_holds_nothing():
    assert (ROOT / "eventsapp/__init__.py").read_text() == ""


def test_there_is_no_junk_drawer():
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "service", "services", "lib"}
    assert [
        path for path in tracked() if drawers & {part.partition(".")[0] for part in path.relative_to(ROOT).parts}
    ] == []


def test_nothing_of_one_machine_is_in_a_file():
    foreign = re.compile(
        rb"/(?:root|work|home/\w+|Users/\w+)/\w|(?:index-url|find-links)[ =]+\w+://|registry\.npmjs|pypi\.org/simple"
    )
    exempt = {Path(__file__)}
    assert [
        (str(path.relative_to(ROOT)), found[0])
        for path in tracked()
        if path not in exempt and path.suffix not in {".png", ".jpg"} and (found := foreign.search(path.read_bytes()))
    ] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_hold_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    blocks = re.findall(r"^\S+==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 30
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_lock_files_agree_and_hold_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime, dev = (versions(ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))
    assert {name: dev.get(name) for name in runtime} == runtime
    assert [one for one in project["project"]["dependencies"] if name_of(one) not in runtime] == []
    groups = project["dependency-groups"]
    assert [one for one in groups["build"] if name_of(one) not in runtime] == []
    assert [one for one in groups["dev"] if isinstance(one, str) and name_of(one) not in dev] == []


def versions(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE))


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=;~! ]", requirement)[0].lower().replace("_", "-")
