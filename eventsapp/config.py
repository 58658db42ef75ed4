"""Settings: one frozen dataclass from EVENTSAPP_* and instance/eventsapp.toml. A bad value stops the start."""

import ipaddress
import os
import re
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "EVENTSAPP_"
PACKAGE = Path(__file__).resolve().parent
LEAST_KEY_LENGTH = 32


class BadSetting(Exception):
    """A setting cannot be used. The text names it and says what to write instead."""


def resource(name: str) -> Path:
    """The folder ``templates`` or ``migrations``: inside the package in a wheel, beside it in a checkout."""
    packaged = PACKAGE / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its checked value. ``from_environment`` is how a process gets one.

    ``base_url`` has no trailing slash; all absolute links come from it, never from a request's Host header.
    ``link_key`` signs the links that were mailed: losing it breaks them, so it belongs in every backup.
    """

    instance_path: Path
    database_url: str
    secret_key: str
    link_key: str
    base_url: str = "http://127.0.0.1:8000"
    mail_url: str = ""  # smtp://, smtps://, file:///, console: or memory: (tests)
    mail_from: str = "events@localhost.localdomain"
    trusted_proxies: int = 0
    mailbox: bool = False  # /mailbox, for `make run` on loopback alone
    limit_per_network: int = 60  # registration forms sent from one network (IPv4 address, IPv6 /64) an hour
    limit_per_address: int = 10  # registrations of one e-mail address, over all events, an hour
    limit_per_domain: int = 500  # registrations of one mail domain, over all events, an hour

    @property
    def secure(self) -> bool:
        """True where the public address is https: then cookies are ``__Host-`` and HSTS is sent."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        """The public host name without its port."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def mail_domain(self) -> str:
        return self.mail_from.rpartition("@")[2]

    @property
    def pictures_path(self) -> Path:
        return self.instance_path / "pictures"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment over ``instance/eventsapp.toml`` over the defaults.

        Makes the instance folder and its two keys at first start. Raises BadSetting.
        """
        environ = os.environ if environ is None else environ
        instance = _instance_path(environ)
        given = _from_toml(instance / "eventsapp.toml")
        for field in fields(cls):
            text = environ.get(PREFIX + field.name.upper())
            if text is not None and text.strip():
                given[field.name] = text.strip()
        for name in ("secret_key", "link_key"):
            given.setdefault(name, _stored_key(instance / name))
        given.setdefault("database_url", f"sqlite:///{instance / 'eventsapp.sqlite3'}")
        given.setdefault("mail_url", (instance / "mail").as_uri())
        given["instance_path"] = str(instance)
        return cls(**{name: _CHECKS[name](name, value) for name, value in given.items()})


def _instance_path(environ: Mapping[str, str]) -> Path:
    named = environ.get(PREFIX + "INSTANCE_PATH", "").strip()
    checkout = PACKAGE.parent / "instance"
    path = Path(named) if named else checkout if (PACKAGE.parent / "pyproject.toml").exists() else Path("instance")
    path = path.expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(
            f"EVENTSAPP_INSTANCE_PATH: the folder {path} cannot be made ({error.strerror}); name one that can be written."
        ) from error
    return path


def _from_toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadSetting(f"{path}: cannot be read as TOML ({error}); correct that line.") from error
    known = {field.name for field in fields(Settings)} - {"instance_path"}
    for name in table:
        if name not in known:
            raise BadSetting(f"{path}: {name} is no setting; known are {', '.join(sorted(known))}.")
    return table


def _stored_key(path: Path) -> str:
    """A key made once and kept beside the database, readable by its owner alone; safe when two processes start."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(draft, path)  # fails where another process was first: then its key holds
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def _bad(name: str, remedy: str) -> BadSetting:
    return BadSetting(f"{PREFIX}{name.upper()}: {remedy}")


def _path(name: str, value: Any) -> Path:
    return Path(value)


def _key(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) < LEAST_KEY_LENGTH or len(set(value)) < 8:  # noqa: PLR2004
        raise _bad(name, f"needs at least {LEAST_KEY_LENGTH} random characters; make one with `openssl rand -hex 32`.")
    return value


def _database_url(name: str, value: Any) -> str:
    value = str(value)
    if value.startswith(("postgres://", "postgresql://")):
        value = "postgresql+psycopg://" + value.partition("://")[2]
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise _bad(name, "write sqlite:////absolute/path.sqlite3 or postgresql://user:password@host/database.")
    return value


def _base_url(name: str, value: Any) -> str:
    parts = _split(name, value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise _bad(name, "write the public address people open, for example https://events.example.org.")
    return str(value).rstrip("/")


def _mail_url(name: str, value: Any) -> str:
    parts = _split(name, value)
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        return str(value)
    if (parts.scheme == "file" and parts.path.startswith("/")) or value in ("console:", "memory:"):
        return str(value)
    raise _bad(
        name, "write smtp://user:password@host:587?starttls=1, smtps://user:password@host, file:///folder or console:."
    )


def _split(name: str, value: Any) -> Any:
    try:
        parts = urlsplit(str(value))
        _ = parts.port
    except ValueError as error:
        raise _bad(name, f"{error}; write a whole URL with a port between 1 and 65535.") from error
    return parts


def _mail_from(name: str, value: Any) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", str(value)):
        raise _bad(name, "write a bare ASCII address on your own domain, for example events@example.org.")
    return str(value).lower()


def _count(name: str, value: Any) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = -1
    if number < 0 or isinstance(value, bool):
        raise _bad(name, "write a whole number, 0 or more.")
    return number


def _switch(name: str, value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    word = str(value).lower()
    if word not in words:
        raise _bad(name, "write 1 or 0.")
    return words[word]


def is_loopback(host: str) -> bool:
    """Whether a bind address or peer is this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "instance_path": _path,
    "database_url": _database_url,
    "secret_key": _key,
    "link_key": _key,
    "base_url": _base_url,
    "mail_url": _mail_url,
    "mail_from": _mail_from,
    "trusted_proxies": _count,
    "mailbox": _switch,
    "limit_per_network": _count,
    "limit_per_address": _count,
    "limit_per_domain": _count,
}
