"""Settings: one frozen dataclass from EVENTSAPP_* and instance/eventsapp.toml. A bad value stops the start."""

import ipaddress
import os
import re
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

PREFIX = "EVENTSAPP_"
PACKAGE = Path(__file__).resolve().parent
LEAST_KEY_LENGTH = 32
LEAST_TOKEN_LENGTH = 16
LAST_PORT = 65535
MOST_CONNECTIONS = 100
LONGEST_BOUNCE_LOCAL = 20  # a "+" and a token of 43 characters follow, and mail servers take 64
_ADDRESS = re.compile(r"([^\s/:@?#\[\]]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")


class BadSetting(Exception):
    """A setting cannot be used. The text names it and says what to write instead."""


def resource(name: str) -> Path:
    """The folder ``templates`` or ``migrations``: inside the package in a wheel, beside it in a checkout."""
    packaged = PACKAGE / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its checked value. ``from_environment`` is how a process gets one.

    ``base_url`` is scheme, host and port alone; all absolute links come from it, never from a request's Host header.
    ``link_key`` signs the links that were mailed: losing it breaks them, so it belongs in every backup.
    """

    instance_path: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    link_key: str = field(repr=False)
    bind: str = "127.0.0.1:8000"  # where `eventsapp serve` listens
    base_url: str = "http://127.0.0.1:8000"
    mail_url: str = field(default="", repr=False)  # smtp://, smtps://, file:///, console: or memory: (tests)
    mail_from: str = "events@localhost.localdomain"
    trusted_proxies: int = 0
    mailbox: bool = False  # /mailbox, for `make run`; never true where ``bind`` is open to other machines
    limit_per_network: int = 60  # registration forms sent from one network (IPv4 address, IPv6 /64) an hour
    limit_per_address: int = 10  # registrations of one e-mail address, over all events, an hour
    limit_mailings: int = 20  # letters to many that one organization may order within a day
    limit_per_domain: int = 500  # registrations of one mail domain, over all events, an hour
    follow_up_from: str = ""  # whom follow-ups come from; empty: mail_from
    bounce_address: str = ""  # reports about letters go to bounce+<token>@…; empty: to mail_from
    bounces_url: str = field(default="", repr=False)  # where those arrive: maildir:///folder or imaps://user:pass@host
    dkim_selector: str = ""  # for `eventsapp doctor`
    mail_connections: int = 4  # kept open to the mail server by one worker
    mail_per_second: int = 0  # letters, by all workers that share a Redis; 0: no limit
    mail_per_domain: int = 0  # letters a second to one mail domain; 0: no limit
    change_delay: int = 20  # seconds until letters about a change leave, so that several changes make one letter
    redis_url: str = field(default="", repr=False)  # limits are shared there; empty: each process counts for itself
    log_format: str = "text"  # or json
    metrics_token: str = field(default="", repr=False)  # for /metrics; empty: the web server has no such page
    metrics_bind: str = ""  # where the worker tells the same; empty: nowhere

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
        instance = instance_path(environ)
        given = _from_toml(instance / "eventsapp.toml")
        for known in (known for known in fields(cls) if known.name != "instance_path"):
            text = environ.get(PREFIX + known.name.upper())
            if text is not None and text.strip():
                given[known.name] = text.strip()
        for name in ("secret_key", "link_key"):
            if name not in given:
                given[name] = _stored_key(instance / name)
        given.setdefault("database_url", f"sqlite:///{instance / 'eventsapp.sqlite3'}")
        given.setdefault("mail_url", (instance / "mail").as_uri())
        given.setdefault("bind", "127.0.0.1:8000")
        values = {name: _CHECKS[name](name, value) for name, value in given.items()}
        values["database_url"] = _within(instance, values["database_url"])
        values.setdefault("base_url", address_of(values["bind"]))
        values["mailbox"] = values.get("mailbox", False) and is_loopback(bind_host(values["bind"]))
        return cls(instance_path=instance, **values)


def instance_path(environ: Mapping[str, str]) -> Path:
    """The instance folder that the environment names, made if need be; nothing in it is. Raises BadSetting."""
    named = environ.get(PREFIX + "INSTANCE_PATH", "").strip()
    checkout = PACKAGE.parent / "instance"
    path = Path(named) if named else checkout if (PACKAGE.parent / "pyproject.toml").exists() else Path("instance")
    path = path.expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = f"the folder {path} cannot be made ({error.strerror}); name one that can be written."
        raise _bad("instance_path", remedy) from error
    return path


def _within(instance: Path, database_url: str) -> str:
    """``sqlite:///name`` lies in the instance folder, whoever opens it."""
    prefix = "sqlite:///"
    return (
        f"{prefix}{instance / database_url.removeprefix(prefix)}" if database_url.startswith(prefix) else database_url
    )


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
    try:
        if not path.exists():
            _make_key(path)
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        remedy = (
            f"the key in {path} cannot be made or read ({error}); give this user the right to, or set the key here."
        )
        raise _bad(path.name, remedy) from error


def _make_key(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        os.link(draft, path)  # fails where another process was first: then its key holds
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def _bad(name: str, remedy: str) -> BadSetting:
    return BadSetting(f"{PREFIX}{name.upper()}: {remedy}")


def _key(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) < LEAST_KEY_LENGTH or len(set(value)) < 8:  # noqa: PLR2004
        raise _bad(name, f"needs at least {LEAST_KEY_LENGTH} random characters; make one with `openssl rand -hex 32`.")
    return value


def _database_url(name: str, value: Any) -> str:
    text = str(value)
    scheme, _, rest = text.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        _split(name, value)
        return f"postgresql+psycopg://{rest}"
    if scheme != "sqlite" or not rest.startswith("/") or rest.strip("/") in ("", ":memory:"):
        raise _bad(name, "write sqlite:////absolute/path.sqlite3 or postgresql://user:password@host/database.")
    return text


def _bind(name: str, value: Any) -> str:
    text = str(value)
    if text.startswith("unix:/"):
        return text
    if not _ADDRESS.fullmatch(text) or not 0 < int(text.rpartition(":")[2]) <= LAST_PORT:
        remedy = "write address and port, for example 127.0.0.1:8000, [::1]:8000 or unix:/run/eventsapp.socket."
        raise _bad(name, remedy)
    return text


def _metrics_token(name: str, value: Any) -> str:
    text = str(value)
    if len(text) < LEAST_TOKEN_LENGTH or not re.fullmatch(r"[\x21-\x7e]+", text):
        remedy = f"needs {LEAST_TOKEN_LENGTH} ASCII characters or more; make one with `openssl rand -hex 32`."
        raise _bad(name, remedy)
    return text


def _metrics_bind(name: str, value: Any) -> str:
    text = _bind(name, value)
    if text.startswith("unix:"):
        raise _bad(name, "write address and port, for example 127.0.0.1:9101.")
    return text


def _base_url(name: str, value: Any) -> str:
    parts = _split(name, value)
    bare = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in ("http", "https") or not bare or not _HOST.fullmatch(parts.hostname or ""):
        remedy = "write scheme and host of the public address, in ASCII, for example https://events.example.org."
        raise _bad(name, remedy)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _mail_url(name: str, value: Any) -> str:
    parts = _split(name, value)
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        return str(value)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return str(value)
    if value in ("console:", "memory:"):
        return str(value)
    raise _bad(
        name, "write smtp://user:password@host:587?starttls=1, smtps://user:password@host, file:///folder or console:."
    )


def _split(name: str, value: Any) -> SplitResult:
    try:
        parts = urlsplit(str(value))
        _ = parts.port  # raises where it is none
    except ValueError as error:
        raise _bad(name, f"{error}; write a whole URL with a port between 1 and 65535.") from error
    return parts


def _mail_from(name: str, value: Any) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", str(value)):
        raise _bad(name, "write a bare ASCII address on your own domain, for example events@example.org.")
    return str(value).lower()


def _bounce_address(name: str, value: Any) -> str:
    address = _mail_from(name, value)
    if address.index("@") > LONGEST_BOUNCE_LOCAL:
        raise _bad(name, f"write at most {LONGEST_BOUNCE_LOCAL} characters before the @, for example bounce@….")
    return address


def _count(name: str, value: Any) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = -1
    if number < 0 or isinstance(value, bool):
        raise _bad(name, "write a whole number, 0 or more.")
    return number


def _connections(name: str, value: Any) -> int:
    number = _count(name, value)
    if not 1 <= number <= MOST_CONNECTIONS:
        raise _bad(name, f"write a whole number from 1 to {MOST_CONNECTIONS}.")
    return number


def _bounces_url(name: str, value: Any) -> str:
    parts = _split(name, value)
    if parts.scheme == "maildir" and not parts.netloc and parts.path.startswith("/"):
        return str(value)
    if parts.scheme in ("imap", "imaps") and parts.hostname and parts.username:
        return str(value)
    raise _bad(name, "write maildir:///folder, imaps://user:password@host/INBOX or imap://… for one on this machine.")


def _redis_url(name: str, value: Any) -> str:
    parts = _split(name, value)
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path):
        raise _bad(name, "write redis://host:6379/0, rediss://user:password@host/0 or unix:///run/redis.sock.")
    return str(value)


def _dkim_selector(name: str, value: Any) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", str(value), re.IGNORECASE):
        raise _bad(name, "write the name that stands before ._domainkey in your DNS, for example mail2026.")
    return str(value).lower()


def _log_format(name: str, value: Any) -> str:
    if value not in ("text", "json"):
        raise _bad(name, "write text or json.")
    return str(value)


def _switch(name: str, value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    word = str(value).lower()
    if word not in words:
        raise _bad(name, "write 1 or 0.")
    return words[word]


def bind_host(bind: str) -> str:
    """The address in ``bind``; a Unix socket is nobody's address, so it is an empty text."""
    return "" if bind.startswith("unix:") else bind.rpartition(":")[0]


def address_of(bind: str) -> str:
    """The URL under which this machine itself reaches what listens at ``bind``."""
    host, _, port = bind.rpartition(":")
    if bind.startswith("unix:"):
        return "http://localhost"
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104  compared with, not bound
    return f"http://{host}" if port == "80" else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether a bind address or peer is this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "database_url": _database_url,
    "secret_key": _key,
    "link_key": _key,
    "bind": _bind,
    "base_url": _base_url,
    "mail_url": _mail_url,
    "mail_from": _mail_from,
    "trusted_proxies": _count,
    "mailbox": _switch,
    "limit_per_network": _count,
    "limit_per_address": _count,
    "limit_per_domain": _count,
    "limit_mailings": _count,
    "follow_up_from": _mail_from,
    "bounce_address": _bounce_address,
    "bounces_url": _bounces_url,
    "dkim_selector": _dkim_selector,
    "mail_connections": _connections,
    "mail_per_second": _count,
    "mail_per_domain": _count,
    "change_delay": _count,
    "redis_url": _redis_url,
    "log_format": _log_format,
    "metrics_token": _metrics_token,
    "metrics_bind": _metrics_bind,
}
