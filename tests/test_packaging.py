"""The wheel, built without a network and used outside the checkout: everything that runs is in it."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PROGRAM = """
import html
import eventsapp
from eventsapp.app import create_app
from eventsapp.config import resource
from eventsapp.translations import catalog

print(eventsapp.__file__)
print(resource("templates"), resource("migrations"))
client = create_app().test_client()
for path in ("/en/events/public-forum", "/es/events/public-forum", "/events/public-forum/calendar.ics"):
    answer = client.get(path)
    print(answer.status_code, path, len(answer.data) > 1000)
page = html.unescape(client.get("/es/events/public-forum").text)
print(any(said in page for source, said in catalog("es")._catalog.items() if said != source and len(said) > 10))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built as pip would build it: by hatchling, from what git has of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    program = f"import hatchling.build; print(hatchling.build.build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return folder / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A fresh virtual environment with the wheel in it; the packages it depends on are borrowed from this one."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    variables = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", vars=variables))
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "install", "--quiet"]
    offline = ["--no-index", "--no-deps", "--disable-pip-version-check", str(wheel)]
    subprocess.run([*pip, *offline], check=True, capture_output=True, cwd=folder)
    borrowed = folder.parent / "borrowed"
    borrowed.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "eventsapp" not in path.name:
            (borrowed / path.name).symlink_to(path)
    (site / "borrowed.pth").write_text(f"{borrowed}\n")
    return folder


def test_the_wheel_carries_what_runs(wheel):
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("eventsapp/")}

    def below(folder: str, to: str) -> set[str]:
        found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {to + str(path.relative_to(ROOT / folder)) for path in found}

    wanted = below("eventsapp", "eventsapp/") | below("templates", "eventsapp/templates/")
    wanted |= below("migrations", "eventsapp/migrations/")
    wanted = {name for name in wanted if not name.endswith(".pot")}
    assert sorted(wanted ^ packed) == []
    assert [name for name in packed if name.endswith(".mo")] != []


def test_it_runs_outside_the_checkout(installed, tmp_path):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("EVENTSAPP_", "PYTHON"))}
    environ = clean | {"EVENTSAPP_INSTANCE_PATH": str(tmp_path / "instance")}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    program = str(installed / "bin/eventsapp")
    assert run(program, "--help").startswith("usage: eventsapp")
    assert run(program, "--version").startswith("eventsapp 0.")
    assert run(program, "db", "upgrade").startswith("The database is at version ")
    assert run(program, "demo").startswith("Loaded 10 demo events")
    assert [line for line in run(program, "doctor").splitlines() if not line.startswith("ok ")] == []
    said = run(str(installed / "bin/python"), "-c", PROGRAM).splitlines()
    assert str(ROOT) not in "".join(said)
    assert said[2:] == [
        "200 /en/events/public-forum True",
        "200 /es/events/public-forum True",
        "200 /events/public-forum/calendar.ics True",
        "True",
    ]


def test_an_editable_install_finds_its_files_in_the_checkout():
    program = "from eventsapp.config import resource; print(resource('templates'), resource('migrations'))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.split() == [str(ROOT / "templates"), str(ROOT / "migrations")]
