import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain.links import new_public_id, new_reference, opens, public_id_in, token
from eventsapp.domain.vocabulary import Purpose

KEY = "a link key for tests alone, not for the world at all"
ID = "abcdefghijklmn23"
TOKEN = token(KEY, Purpose.JOIN, ID, 1)


def test_a_token_is_the_public_id_and_a_128_bit_code_and_never_changes():
    assert TOKEN == "abcdefghijklmn23.5gchvlpyiunvj3jewejzj7doma"
    assert public_id_in(TOKEN) == ID
    assert opens(KEY, Purpose.JOIN, TOKEN, ID, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "0",
        "test",
        "null",
        ".",
        ID,
        f"{ID}.",
        TOKEN[:-1],
        f"{TOKEN}a",
        f"{TOKEN}\n",
        f" {TOKEN}",
        TOKEN.upper(),
        TOKEN.replace("a", "а"),  # Cyrillic
        TOKEN.replace(".", "．"),
        f"{TOKEN}.{TOKEN}",
        "é" * 43,
        "\ud800",
        "\x00" * 43,
        "a" * 1_000_000,
        token(KEY, Purpose.MANAGE, ID, 1),
        token(KEY, Purpose.RECEIPT, ID, 1),
        token(KEY, Purpose.JOIN, ID, 2),
        token(KEY, Purpose.JOIN, "abcdefghijklmn24", 1),
        token(KEY + "!", Purpose.JOIN, ID, 1),
    ],
    ids=lambda wrong: repr(wrong[:24]),
)
def test_every_wrong_token_fails_in_the_same_way(wrong):
    assert opens(KEY, Purpose.JOIN, wrong, ID, 1) is False


def test_the_last_character_has_spare_bits_that_must_be_right_too():
    last = TOKEN[-1]
    assert [c for c in "abcdefghijklmnopqrstuvwxyz234567" if opens(KEY, Purpose.JOIN, TOKEN[:-1] + c, ID, 1)] == [last]


@pytest.mark.parametrize("shapeless", ["", "test", ID, TOKEN.upper(), TOKEN[:-1], TOKEN + "\n", "x" * 10_000, "é.é"])
def test_no_public_id_is_read_from_what_has_not_the_shape(shapeless):
    assert public_id_in(shapeless) is None


@given(st.text())
def test_no_text_opens_or_raises(text):
    assert not opens(KEY, Purpose.RECEIPT, text, ID)
    assert public_id_in(text) is None or "." in text


def test_new_names_have_their_shape_and_do_not_repeat():
    ids = {new_public_id() for _ in range(1000)}
    references = {new_reference() for _ in range(1000)}
    assert len(ids) == len(references) == 1000
    assert all(re.fullmatch(r"[a-z2-7]{16}", one) for one in ids)
    assert all(re.fullmatch(r"[2-9B-DF-HJ-NP-TV-XZ]{4}-[2-9B-DF-HJ-NP-TV-XZ]{4}", one) for one in references)
