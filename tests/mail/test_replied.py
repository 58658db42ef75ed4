"""The letter to somebody whose calendar says that they cannot come."""

import pytest
import time_machine

from eventsapp.actions.reports import Taken, take_in
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import Choose, PlaceState
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.mail.letterbox import calendars_of, everything_in, html_of, text_of
from tests.mail.returned import answer
from tests.mail.test_golden import ALL, as_document, scene  # noqa: F401  a fixture

CONFIRMED = PlaceState.CONFIRMED
UID = "forum-spanish@events.example.org"


@pytest.fixture
def database(_sqlite_url):
    return _sqlite_url


@pytest.fixture
def asked(make, settings, now, deliver):
    """The letter that an answer about the Spanish date causes, where a registration has these places."""

    def letter(places, before=lambda _registration: None, **event):
        made = make.event(occurrences=(IN_ENGLISH, IN_SPANISH), **event)
        registration = make.registration(made, email="zoe@example.com", places=places, language_tag="en")
        with transaction() as session:
            assert take_in(session, answer(UID), now=now, settings=settings) is Taken.ASKED
            before(registration)
        return deliver()

    return letter


@pytest.mark.parametrize("language", ["en"])
def test_letter(language, scene, settings, now, golden):  # noqa: F811
    stage = scene(next(case for case in ALL if case.language == language and case.sort == "confirmation.confirmed"))
    with transaction() as session:
        assert take_in(session, answer(UID), now=now, settings=settings) is Taken.ASKED
    stage.name_messages()
    (mail,) = stage.deliver()
    golden(f"mail/replied.{language}.confirmed.txt", as_document(mail))


def test_it_leads_to_the_page_that_asks_once_more_and_nowhere_else(asked, client, now):
    (mail,) = asked({"spanish": CONFIRMED})
    link = next(line.strip() for line in text_of(mail).splitlines() if line.endswith("/cancel"))
    assert link in html_of(mail)
    assert calendars_of(mail) == []
    assert "/j/" not in everything_in(mail)
    with time_machine.travel(now):
        page = client.get(link.removeprefix("https://events.example.org"))
    assert (page.status_code, "Cancel your registration?" in page.text) == (200, True)


@pytest.mark.parametrize(("choose", "end"), [(Choose.ANY, "/cancel?date=spanish"), (Choose.ALL, "/cancel")])
def test_one_of_several_dates(asked, client, now, choose, end):
    (mail,) = asked({"english": CONFIRMED, "spanish": CONFIRMED}, choose=choose)
    link = next(line.strip() for line in text_of(mail).splitlines() if "/cancel" in line)
    assert link.endswith(end)
    with time_machine.travel(now):
        assert client.get(link.removeprefix("https://events.example.org")).status_code == 200


def test_a_place_given_up_meanwhile_is_not_asked_about(asked):
    def give_up(registration):
        registration.places[0].state = PlaceState.CANCELLED

    assert asked({"spanish": CONFIRMED}, give_up) == []
