"""Settings from the environment and the file: defaults, precedence, and a sentence for every value that is wrong."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from eventsapp.config import BadSetting, Settings, address_of, bind_host, is_loopback, resource

KEY = "0123456789abcdef0123456789abcdef"


def settings(instance: Path, **named: str) -> Settings:
    return Settings.from_environment(
        {"EVENTSAPP_INSTANCE_PATH": str(instance)}
        | {f"EVENTSAPP_{name.upper()}": value for name, value in named.items()}
    )


def test_first_start_makes_the_instance_with_private_keys(tmp_path):
    instance = tmp_path / "deep" / "instance"
    made = settings(instance)
    assert sorted(path.name for path in instance.iterdir()) == ["link_key", "secret_key"]
    assert {path.stat().st_mode & 0o777 for path in instance.iterdir()} == {0o600}
    assert made.secret_key != made.link_key
    assert (len(made.secret_key), len(made.link_key)) == (64, 64)
    assert made.database_url == f"sqlite:///{instance}/eventsapp.sqlite3"
    assert made.mail_url == (instance / "mail").as_uri()
    assert made.base_url == "http://127.0.0.1:8000"
    assert settings(instance) == made


def test_keys_that_are_set_are_not_made(tmp_path):
    given = settings(tmp_path, secret_key=KEY, link_key=KEY[::-1])
    assert (given.secret_key, given.link_key) == (KEY, KEY[::-1])
    assert list(tmp_path.iterdir()) == []


def test_environment_wins_over_the_file_and_the_file_over_defaults(tmp_path):
    (tmp_path / "eventsapp.toml").write_text(
        'base_url = "https://file.example.org"\nmail_from = "file@example.org"\ntrusted_proxies = 2\n'
    )
    read = settings(tmp_path, base_url="https://events.example.org/", mail_from=" ")
    assert read.base_url == "https://events.example.org"
    assert read.mail_from == "file@example.org"
    assert read.trusted_proxies == 2
    assert read.limit_per_network == 60


def test_nothing_secret_is_shown(tmp_path):
    shown = repr(
        settings(
            tmp_path,
            secret_key=KEY,
            link_key=KEY[::-1],
            database_url="postgresql://me:hidden@db/events",
            mail_url="smtp://me:hidden@mail.example.org:587",
        )
    )
    assert [word for word in (KEY, KEY[::-1], "hidden") if word in shown] == []


@pytest.mark.parametrize(
    ("bind", "base_url"),
    [
        ("127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("0.0.0.0:80", "http://127.0.0.1"),
        ("[::]:9000", "http://[::1]:9000"),
        ("192.0.2.7:9000", "http://192.0.2.7:9000"),
        ("unix:/run/eventsapp.socket", "http://localhost"),
    ],
)
def test_base_url_follows_the_address_that_is_listened_at(tmp_path, bind, base_url):
    assert settings(tmp_path, bind=bind).base_url == base_url
    assert settings(tmp_path, bind=bind, base_url="https://events.example.org").base_url == "https://events.example.org"
    assert address_of(bind) == base_url


@pytest.mark.parametrize(
    ("bind", "mailbox"),
    [
        ("127.0.0.1:8000", True),
        ("localhost:8000", True),
        ("[::1]:8000", True),
        ("0.0.0.0:8000", False),
        ("[::]:8000", False),
        ("192.0.2.7:8000", False),
        ("unix:/run/eventsapp.socket", False),
    ],
)
def test_the_mailbox_is_for_this_machine_alone(tmp_path, bind, mailbox):
    assert settings(tmp_path, bind=bind, mailbox="1").mailbox is mailbox
    assert settings(tmp_path, bind=bind).mailbox is False
    assert is_loopback(bind_host(bind)) is mailbox


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgres://me@db/events", "postgresql+psycopg://me@db/events"),
        ("postgresql://me@db/events", "postgresql+psycopg://me@db/events"),
        ("postgresql:///events?host=/run/postgresql", "postgresql+psycopg:///events?host=/run/postgresql"),
        ("sqlite:////srv/events.sqlite3", "sqlite:////srv/events.sqlite3"),
    ],
)
def test_database_url(tmp_path, given, understood):
    assert settings(tmp_path, database_url=given).database_url == understood


def test_a_relative_database_lies_in_the_instance(tmp_path):
    assert settings(tmp_path, database_url="sqlite:///mine.db").database_url == f"sqlite:///{tmp_path}/mine.db"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", "short"),
        ("link_key", "a" * 64),
        ("database_url", "mysql://localhost/events"),
        ("database_url", "sqlite://"),
        ("database_url", "sqlite:///:memory:"),
        ("database_url", "postgresql://db:port/events"),
        ("base_url", "events.example.org"),
        ("base_url", "ftp://events.example.org"),
        ("base_url", "https://"),
        ("base_url", "https://events.example.org/below"),
        ("base_url", "https://me@events.example.org"),
        ("base_url", "https://events.example.org?x=1"),
        ("base_url", "https://éxample.org"),
        ("base_url", "https://events.example.org:99999"),
        ("base_url", "https://[::1"),
        ("bind", "8000"),
        ("bind", "127.0.0.1"),
        ("bind", "127.0.0.1:0"),
        ("bind", "127.0.0.1:70000"),
        ("bind", "::1:8000"),
        ("mail_url", "mail.example.org"),
        ("mail_url", "smtp://"),
        ("mail_url", "file://relative"),
        ("mail_url", "smtp://mail.example.org:notaport"),
        ("mail_from", "events"),
        ("mail_from", "Events <events@example.org>"),
        ("mail_from", "events@localhost"),
        ("trusted_proxies", "-1"),
        ("trusted_proxies", "one"),
        ("mailbox", "perhaps"),
        ("limit_per_network", "1.5"),
    ],
)
def test_a_bad_value_stops_the_start_and_is_named(tmp_path, name, value):
    with pytest.raises(BadSetting) as refused:
        settings(tmp_path, **{name: value})
    said = str(refused.value)
    assert said.startswith(f"EVENTSAPP_{name.upper()}: ")
    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize("text", ["base_url = https://events.example.org", 'base_uri = "https://events.example.org"'])
def test_a_bad_file_is_named(tmp_path, text):
    (tmp_path / "eventsapp.toml").write_text(text)
    with pytest.raises(BadSetting, match=r"eventsapp\.toml"):
        settings(tmp_path)


def test_an_instance_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSetting, match="EVENTSAPP_INSTANCE_PATH"):
        settings(tmp_path / "file" / "instance")


def test_a_key_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "link_key").mkdir()
    with pytest.raises(BadSetting, match="EVENTSAPP_LINK_KEY: the key in"):
        settings(tmp_path)


def test_every_setting_is_documented():
    text = (Path(__file__).parents[1] / "docs/operations.md").read_text(encoding="utf-8")
    names = {f"EVENTSAPP_{field.name.upper()}" for field in fields(Settings)}
    assert set(re.findall(r"^\| `(EVENTSAPP_\w+)`", text, re.MULTILINE)) == names


def test_resources_are_found_beside_the_package():
    assert (resource("templates") / "mail").is_dir()
    assert (resource("migrations") / "env.py").is_file()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metrics_token", "short"),
        ("metrics_token", "sixteen and more, with a space"),
        ("metrics_bind", "9101"),
        ("metrics_bind", "unix:/run/eventsapp/metrics"),
    ],
)
def test_metrics_settings_that_cannot_be_used(tmp_path, name, value):
    with pytest.raises(BadSetting, match=f"EVENTSAPP_{name.upper()}: "):
        settings(tmp_path, **{name: value})
