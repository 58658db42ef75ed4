from dataclasses import replace

import pytest

from eventsapp.config import BadSetting, Settings
from eventsapp.domain.links import new_public_id, token
from eventsapp.domain.vocabulary import Purpose
from eventsapp.mail.verp import envelope_sender, letter_named_by


@pytest.fixture
def verp(settings):
    return replace(settings, bounce_address="bounce@mail.example.org")


def test_the_sender_names_the_letter(verp):
    public_id = new_public_id()
    sender = envelope_sender(public_id, verp)
    assert sender.startswith(f"bounce+{public_id}.")
    assert sender.endswith("@mail.example.org")
    assert letter_named_by(sender, verp) == public_id
    assert letter_named_by(sender.upper(), verp) == public_id


def test_without_a_bounce_address_it_is_the_sender_of_all_letters(settings):
    sender = envelope_sender(new_public_id(), settings)
    assert sender == settings.mail_from
    assert letter_named_by(sender, settings) is None


def test_nobody_else_can_write_one(verp):
    one, other = new_public_id(), new_public_id()
    sender = envelope_sender(one, verp)
    forged = [
        sender.replace(one, other),
        sender[: sender.index("@") - 1] + "@mail.example.org",
        sender.replace("mail.example.org", "example.org"),
        sender.replace("bounce+", "bounce-"),
        f"bounce+{token(verp.link_key, Purpose.MANAGE, one)}@mail.example.org",
        f"bounce+{token(verp.link_key, Purpose.BOUNCE, one, 2)}@mail.example.org",
        "bounce+@mail.example.org",
        "bounce@mail.example.org",
        "",
        "\udce9@mail.example.org",
    ]
    assert [letter_named_by(address, verp) for address in forged] == [None] * len(forged)


def test_it_never_grows_too_long_for_a_mail_server(tmp_path):
    environ = {"EVENTSAPP_INSTANCE_PATH": str(tmp_path)}
    longest = Settings.from_environment(environ | {"EVENTSAPP_BOUNCE_ADDRESS": f"{'b' * 20}@example.org"})
    assert envelope_sender(new_public_id(), longest).index("@") == 64
    with pytest.raises(BadSetting, match="at most 20 characters before the @"):
        Settings.from_environment(environ | {"EVENTSAPP_BOUNCE_ADDRESS": f"{'b' * 21}@example.org"})
