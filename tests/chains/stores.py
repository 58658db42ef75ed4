"""Two calendar stores that people have and that are not ours: Evolution's and Thunderbird's, each in its own process.

Both read what comes by mail as RFC 5546 wants it. Evolution looks a zone up by its name and takes every object that its
mail view lets pass; Thunderbird believes the VTIMEZONE, and ignores what is not newer than what it holds.
"""

import json
import os
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from tests.mail.server import free_port
from tests.missing import missing

HERE = Path(__file__).parent
SYSTEM_PYTHON = "/usr/bin/python3"
PATIENCE = 60  # seconds until a program that starts is given up
BLIND = """
user_pref("marionette.port", {port});
user_pref("calendar.timezone.useSystemTimezone", false);
user_pref("calendar.timezone.local", "Asia/Tokyo");
user_pref("app.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mailnews.start_page.enabled", false);
user_pref("network.dns.disabled", true);
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
"""


@dataclass(frozen=True)
class Held:
    """One entry of a calendar, as its owner would see it."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str
    status: str

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Held":
        instants = {f"{name}_at": datetime.fromtimestamp(told[name], UTC) for name in ("starts", "ends")}
        return cls(**{name: told[name] for name in ("uid", "sequence", "summary", "location", "status")}, **instants)


Store = Callable[[str, Sequence[bytes]], list[list[Held]]]
"""``store("zoe@example.com", objects)`` begins with an empty calendar of that reader, takes the objects in their order,
and says after each what the calendar holds."""


def _read(answer: Mapping[str, Any]) -> list[list[Held]]:
    assert "error" not in answer, answer["error"]
    return [[Held.of(entry) for entry in step["held"]] for step in answer["told"]]


@contextmanager
def _homeless(folder: Path) -> Iterator[dict[str, str]]:
    """An environment whose programs find an empty home, and leave nothing outside it."""
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")
    homes = {name: folder / name.lower() for name in names}
    for home in homes.values():
        home.mkdir(mode=0o700, parents=True)
    yield {"PATH": os.defpath, "LANG": "C.UTF-8", "GSETTINGS_BACKEND": "memory"} | {
        name: str(home) for name, home in homes.items()
    }


@contextmanager
def evolution(folder: Path) -> Iterator[Store]:
    """Evolution's data server behind a message bus of its own, reached through its own library."""
    if not _knows_evolution():
        missing("EVOLUTION'S CALENDAR", "install evolution-data-server, gir1.2-ecal-2.0, python3-gi and dbus")
    with _homeless(folder) as environ, (folder / "evolution.log").open("wb") as log:
        process = subprocess.Popen(
            ["dbus-run-session", "--", SYSTEM_PYTHON, str(HERE / "evolution.py")],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        stdin, stdout = _open(process.stdin), _open(process.stdout)

        def replay(_address: str, objects: Sequence[bytes]) -> list[list[Held]]:
            stdin.write(json.dumps([data.decode() for data in objects]) + "\n")
            stdin.flush()
            ready, _, _ = select.select([stdout], [], [], PATIENCE)
            answer = stdout.readline() if ready else ""
            assert answer, (folder / "evolution.log").read_text()[-2000:]
            return _read(json.loads(answer))

        try:
            yield replay
        finally:
            stdin.close()
            process.wait(timeout=PATIENCE)
            stdout.close()


def _knows_evolution() -> bool:
    ask = [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('ECal', '2.0'); from gi.repository import ECal"]
    there = Path("/usr/libexec/evolution-calendar-factory").exists() and shutil.which("dbus-run-session") is not None
    return there and subprocess.run(ask, check=False, capture_output=True).returncode == 0


def _open(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@contextmanager
def thunderbird(folder: Path) -> Iterator[Store]:
    """Thunderbird without a window or a network, remote-controlled as its makers' own tests do it."""
    program = shutil.which("thunderbird")
    if program is None:
        missing("THUNDERBIRD'S CALENDAR", "install thunderbird")
    with _homeless(folder) as environ, (folder / "thunderbird.log").open("wb") as log:
        profile, port = folder / "profile", free_port()
        profile.mkdir()
        (profile / "user.js").write_text(BLIND.format(port=port))
        unseen = ["--headless", "--no-remote", "--profile", str(profile)]
        process = subprocess.Popen(
            [program, *unseen, "--marionette", "--remote-allow-system-access"], env=environ, stdout=log, stderr=log
        )
        try:
            with Marionette.reach(port) as control:
                code = (HERE / "thunderbird.js").read_text(encoding="utf-8")

                def replay(address: str, objects: Sequence[bytes]) -> list[list[Held]]:
                    return _read(control.run(code, [address, [data.decode() for data in objects]]))

                yield replay
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


class Marionette:
    """As much of Mozilla's remote control as it takes to run a script with all rights."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._number = 0
        self._hear()  # it greets
        self._ask("WebDriver:NewSession", {"capabilities": {}})
        self._ask("Marionette:SetContext", {"value": "chrome"})
        self._ask("WebDriver:SetTimeouts", {"script": PATIENCE * 1000})

    @classmethod
    @contextmanager
    def reach(cls, port: int) -> Iterator["Marionette"]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)) as connection:
                connection.settimeout(PATIENCE)
                control = cls(connection)
                yield control
                control._stream.close()
                return
            time.sleep(0.05)
        raise TimeoutError("Thunderbird does not listen.")

    def run(self, code: str, arguments: Sequence[Any]) -> Any:
        """The script's value; it ends by calling its last argument."""
        return self._ask("WebDriver:ExecuteAsyncScript", {"script": code, "args": list(arguments)})["value"]

    def _ask(self, command: str, values: Mapping[str, Any]) -> Any:
        self._number += 1
        said = json.dumps([0, self._number, command, values]).encode()
        self._connection.sendall(b"%d:%s" % (len(said), said))
        _kind, number, error, value = self._hear()
        assert (number, error) == (self._number, None), error
        return value

    def _hear(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._stream.read(1)
            if not byte:
                raise ConnectionError("Thunderbird has gone.")
            length += byte
        return json.loads(self._stream.read(int(length[:-1])))
