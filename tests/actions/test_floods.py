from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from eventsapp.actions import floods
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.errors import TooMany
from eventsapp.models import AddressUse

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def use(session, settings, now):
    def use(email, *, at=now, per_address=3, per_domain=5, letters=1):
        limits = replace(settings, limit_per_address=per_address, limit_per_domain=per_domain)
        with transaction() as writing:
            floods.count(writing, read_address(email), letters=letters, now=at, settings=limits)

    return use


def test_an_address_is_limited_an_hour(use, now):
    for minutes in (0, 10, 20):
        use("ana@example.org", at=now + minutes * MINUTE)
    with pytest.raises(TooMany) as caught:
        use("ana@example.org", at=now + 30 * MINUTE)
    assert (str(caught.value), caught.value.key) == (
        "There were too many registrations with this e-mail address. Try again in about 30 minutes.",
        "email",
    )
    assert (caught.value.values["seconds"], caught.value.values["minutes"]) == (1800, 30)
    use("bea@example.org", at=now + 30 * MINUTE)
    use("ana@example.org", at=now + HOUR)
    with pytest.raises(TooMany, match="about 10 minutes"):
        use("ana@example.org", at=now + HOUR + 4 * MINUTE)


def test_the_wait_is_at_least_five_minutes_in_words_and_exact_in_seconds(use, now):
    use("ana@example.org", per_address=1)
    with pytest.raises(TooMany, match="about 5 minutes") as caught:
        use("ana@example.org", at=now + 59 * MINUTE + timedelta(seconds=30), per_address=1)
    assert caught.value.values["seconds"] == 30


def test_what_is_refused_is_not_counted(use, now):
    use("ana@example.org", per_address=1)
    for minutes in range(10, 60, 10):
        with pytest.raises(TooMany):
            use("ana@example.org", at=now + minutes * MINUTE, per_address=1)
    use("ana@example.org", at=now + HOUR, per_address=1)


@pytest.mark.parametrize(
    "spellings",
    [
        ["x+1@example.org", "X+2@example.org", " x@EXAMPLE.org "],
        ["a.b@gmail.com", "ab+x@gmail.com", "A.B@googlemail.com"],
        ["a@münchen.de", "a@xn--mnchen-3ya.de", "A+1@MÜNCHEN.de"],
    ],
)
def test_spellings_of_one_mailbox_count_together(use, spellings):
    for spelling in spellings:
        use(spelling)
    with pytest.raises(TooMany, match="this e-mail address"):
        use(spellings[0])


def test_a_mail_domain_is_limited(use, now):
    for number in range(5):
        use(f"person{number}@example.org", at=now + number * MINUTE)
    with pytest.raises(TooMany) as caught:
        use("person5@Example.org", at=now + 10 * MINUTE)
    assert str(caught.value) == (
        "There were too many registrations with e-mail addresses of this provider. Try again in about 50 minutes."
    )
    use("person5@example.com")


def test_a_public_provider_has_twenty_times_the_limit(use):
    for number in range(20):
        use(f"person{number}@gmail.com", per_domain=1)
    with pytest.raises(TooMany, match="this provider"):
        use("person20@gmail.com", per_domain=1)


@pytest.mark.parametrize(("letters", "fit"), [(1, 10), (4, 10), (5, 5), (12, 4), (13, 3), (1000, 2)])
def test_what_causes_many_letters_counts_as_several_forms_and_two_always_fit(use, letters, fit):
    for _ in range(fit):
        use("ana@example.org", per_address=10, per_domain=0, letters=letters)
    with pytest.raises(TooMany):
        use("ana@example.org", per_address=10, per_domain=0, letters=letters)


def test_zero_is_no_limit(use):
    for _ in range(12):
        use("ana@example.org", per_address=0, per_domain=0)


def test_what_is_kept_names_nobody_and_goes_after_an_hour(use, now):
    use("ana@example.org")
    use("bea@example.org", at=now + 30 * MINUTE)
    kept = db.session.scalars(select(AddressUse)).all()
    assert not any("ana" in row.address_hash or "example" in row.domain_hash for row in kept)
    assert kept[0].domain_hash == kept[1].domain_hash != kept[0].address_hash != kept[1].address_hash
    with transaction() as session:
        floods.forget(session, now=now + HOUR)
    assert db.session.scalar(select(func.count()).select_from(AddressUse)) == 1


def test_the_hashes_hang_on_the_link_key(use, settings, session, now):
    use("ana@example.org")
    other = replace(settings, link_key="another link key for tests, not for the world at all", limit_per_address=1)
    with transaction() as writing:
        floods.count(writing, read_address("ana@example.org"), now=now, settings=other)
