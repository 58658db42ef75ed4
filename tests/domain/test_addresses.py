import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain.addresses import (
    Address,
    flood_key,
    is_public_provider,
    masked,
    near_miss,
    read_address,
)
from eventsapp.domain.errors import Invalid

FORMAT = "Enter an e-mail address in the correct format, like name@example.com."


@pytest.mark.parametrize(
    "typed",
    [
        "ana@example.org",
        "  ana@example.org\n",
        "\ufeffana@example.org\u200b",
        "a\u200bn\u00ada@exa\u2060mple.org",
        "\u202aana@example.org\u202c",
        "\u00a0ana@example.org\u3000",
        "ana @ example.org",
        "ana@EXAMPLE.ORG",
        "mailto:ana@example.org",
        "<ana@example.org>",
        '"ana@example.org"',
        "ana@example.org.",
        "ana@example.org,",
        "ａｎａ＠ｅｘａｍｐｌｅ．ｏｒｇ",
        "ana@example。org",
    ],
    ids=ascii,
)
def test_stray_spaces_and_invisible_characters_do_not_matter(typed):
    assert read_address(typed) == Address("ana@example.org", "ana@example.org", "ana@example.org", "example.org")


def test_the_key_is_casefolded_and_the_address_stays_as_typed():
    assert read_address("Ana.Pérez".replace("é", "e") + "+Forum@Example.org") == Address(
        "Ana.Perez+Forum@example.org", "Ana.Perez+Forum@example.org", "ana.perez+forum@example.org", "example.org"
    )


@pytest.mark.parametrize(
    "typed", ["ana@münchen.de", "ana@MÜNCHEN.de", "ana@xn--mnchen-3ya.de", "ana@XN--MNCHEN-3YA.DE"]
)
def test_an_international_domain_is_the_same_in_both_forms(typed):
    assert read_address(typed) == Address(
        "ana@münchen.de", "ana@xn--mnchen-3ya.de", "ana@xn--mnchen-3ya.de", "xn--mnchen-3ya.de"
    )


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter your e-mail address."),
        (" \u200b\n", "Enter your e-mail address."),
        ("ana", FORMAT),
        ("@example.org", FORMAT),
        ("ana@", FORMAT),
        ("ana@example", FORMAT),
        ("ana@localhost", FORMAT),
        ("ana@test", FORMAT),
        ("ana@-example.org", FORMAT),
        ("ana@example..org", FORMAT),
        ("ana..b@example.org", FORMAT),
        ("ana@bea@example.org", FORMAT),
        ("ana@[127.0.0.1]", FORMAT),
        ("ana@127.0.0.1", FORMAT),
        ("ana@xn--a.de", FORMAT),
        ("ana@" + "ü" * 63 + ".de", FORMAT),
        ("ana maria@example.org", "Enter one e-mail address without spaces in it, like name@example.com."),
        ("ana@example.org bea@example.org", "Enter one e-mail address without spaces in it, like name@example.com."),
        (
            "ana@example.org\r\nBcc: bea@example.org",
            "Enter one e-mail address without spaces in it, like name@example.com.",
        ),
        ("an\x00a@example.org", "Enter one e-mail address without spaces in it, like name@example.com."),
        ("zoë@example.org", "Enter an e-mail address with only unaccented letters, digits and signs before the @."),
        ("用户@example.org", "Enter an e-mail address with only unaccented letters, digits and signs before the @."),
        ("a" * 65 + "@example.org", "Enter an e-mail address with at most 64 characters before the @."),
        ("a@" + "b." * 126 + "org", "Enter an e-mail address of at most 254 characters."),
        ("a" * 100_000, "Enter an e-mail address of at most 254 characters."),
    ],
    ids=lambda value: ascii(value[:30]),
)
def test_what_cannot_be_written_to_is_refused_with_a_remedy(typed, sentence):
    with pytest.raises(Invalid) as caught:
        read_address(typed)
    assert (str(caught.value), caught.value.key) == (sentence, "email")


def test_the_longest_address_passes():
    longest = "a" * 64 + "@" + ".".join(["b" * 61, "c" * 61, "d" * 61]) + ".de"
    assert (len(longest), read_address(longest).email) == (253, longest)


@given(st.text() | st.emails())
def test_any_text_is_read_or_refused(text):
    try:
        address = read_address(text)
    except Invalid:
        return
    assert address.ascii_email.isascii()
    assert len(address.ascii_email) <= 254
    assert read_address(address.email) == address
    assert read_address(address.ascii_email) == address


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("zoe@example.org", "z…@example.org"),
        ("zoe@sub.example.test", "z…@sub.example.test"),
        ("a@example.org", "a…@example.org"),
        ("nothing", "…@nothing"),
    ],
)
def test_masking_leaves_the_first_letter_and_the_domain(email, shown):
    assert masked(email) == shown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ana@homtail.com", "ana@hotmail.com"),
        ("ana@gmial.com", "ana@gmail.com"),
        ("ana@gmai.com", "ana@gmail.com"),
        ("ana@gmaill.com", "ana@gmail.com"),
        ("ana@gnail.com", "ana@gmail.com"),
        ("ana@GMAIL.con", "ana@gmail.com"),
        ("ana@hotmail.co", "ana@hotmail.com"),
        ("ana@yahoo.comm", "ana@yahoo.com"),
        ("ana@outlok.com", "ana@outlook.com"),
        ("ana@icoud.com", "ana@icloud.com"),
    ],
)
def test_a_mistyped_provider_is_asked_about(typed, meant):
    assert near_miss(typed) == meant


@pytest.mark.parametrize(
    "email",
    [
        "a@gmail.com",
        "a@mail.com",
        "a@ymail.com",
        "a@email.com",
        "a@gmx.com",
        "a@hotmail.fr",
        "a@yahoo.com.mx",
        "a@example.org",
        "nobody",
    ],
)
def test_a_domain_that_exists_is_not_asked_about(email):
    assert near_miss(email) is None


@pytest.mark.parametrize(
    "spelling",
    ["ana@example.org", "ANA@example.org", "ana+1@example.org", "ana+99+x@EXAMPLE.org", "a\u200bna@example.org"],
)
def test_tags_are_one_mailbox_for_the_limits(spelling):
    assert flood_key(read_address(spelling)) == "ana@example.org"


@pytest.mark.parametrize("spelling", ["ana.lopez@gmail.com", "a.n.a.lopez+forum@googlemail.com", "analopez@gmail.com"])
def test_dots_are_one_mailbox_at_gmail_alone(spelling):
    assert flood_key(read_address(spelling)) == "analopez@gmail.com"
    assert flood_key(read_address("ana.lopez@example.org")) == "ana.lopez@example.org"


def test_a_tag_alone_is_a_mailbox_of_its_own():
    assert flood_key(read_address("+tag@example.org")) == "+tag@example.org"


@pytest.mark.parametrize(
    "domain", ["gmail.com", "qq.com", "163.com", "yahoo.co.jp", "hotmail.fr", "proton.me", "live.nl"]
)
def test_public_providers(domain):
    assert is_public_provider(domain)


@pytest.mark.parametrize("domain", ["example.org", "notgmail.com", "mail.example.org", "yahoo-inc.example.org"])
def test_other_domains_are_no_public_providers(domain):
    assert not is_public_provider(domain)
