import json

import pytest

from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant, read_name
from eventsapp.domain.errors import Invalid

ANA = Applicant(
    name="Ana Ñandú 🦜",
    address=read_address("Ana@münchen.de"),
    language_tag="es-MX",
    tzid="America/Mexico_City",
    occurrence_keys=("english", "spanish"),
    answers={"diet": ["vegan"], "age": 40, "height": 1.7, "news": True, "why": "“so”\nand so"},
    source="flyer",
)


def test_an_applicant_survives_json():
    assert Applicant.from_json(json.loads(json.dumps(ANA.to_json()))) == ANA


def test_an_applicant_at_another_address_is_else_the_same():
    moved = ANA.at(read_address("bea@example.org"))
    assert (moved.address.key, moved.at(ANA.address)) == ("bea@example.org", ANA)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Zoë   Muñoz\n", "Zoë Muñoz"),
        ("Zoe\u0308 Muñoz", "Zoë Muñoz"),
        ("\u202eمحمد\u202c", "محمد"),
        ("O’Brien, Jr.", "O’Brien, Jr."),
        ("{join_url} <b>%(x)s</b>", "{join_url} <b>%(x)s</b>"),
        ("=1+1", "=1+1"),
        ("李", "李"),
        ("x" * 120, "x" * 120),
    ],
)
def test_a_name_may_be_anything(typed, name):
    assert read_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter your name."),
        (" \u200b\u202e\x00 ", "Enter your name."),
        ("x" * 121, "Enter your name in at most 120 characters."),
        ("x" * 100_000, "Enter your name in at most 120 characters."),
        ("Win at https://example.com", "Enter your name alone, without a link or an e-mail address."),
        ("WWW.example.com", "Enter your name alone, without a link or an e-mail address."),
        ("ana@example.org", "Enter your name alone, without a link or an e-mail address."),
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_a_name_is_there_is_short_and_advertises_nothing(typed, sentence):
    with pytest.raises(Invalid) as caught:
        read_name(typed)
    assert (str(caught.value), caught.value.key) == (sentence, "name")
