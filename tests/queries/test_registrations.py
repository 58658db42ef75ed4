from datetime import timedelta
from typing import Any

import pytest

from eventsapp.db import db, transaction
from eventsapp.domain import links
from eventsapp.domain.admission import Standing
from eventsapp.domain.errors import NotFound
from eventsapp.domain.vocabulary import Choose, PlaceState, Purpose, QuestionType, RegistrationNeed
from eventsapp.models import Event, Receipt, Registration
from eventsapp.queries import registrations
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

DAY = timedelta(days=1)


def by_key(event: Event, found: dict[int, Any]) -> dict[str, Any]:
    return {occurrence.key: found[occurrence.id] for occurrence in event.occurrences}


def test_standings_and_places_left_count_confirmed_places_alone(make, session, now):
    event = make.event(waitlist=True, occurrences=[{**IN_ENGLISH, "capacity": 3}, {**IN_SPANISH, "capacity": 1}])
    for state in set(PlaceState) - {PlaceState.UNVERIFIED}:
        make.registration(event, places={"english": state, "spanish": state})
    assert by_key(event, registrations.places_left(session, event, now=now)) == {"english": 2, "spanish": 0}
    tallies = registrations.tallies(session, event.occurrences, now=now)
    assert by_key(event, tallies) == dict.fromkeys(("english", "spanish"), registrations.Tally(1, 1))


@pytest.mark.parametrize(
    ("promised", "minutes_left", "confirmed"),
    [
        (PlaceState.CONFIRMED, 1, 1),
        (PlaceState.CONFIRMED, 0, 0),
        (PlaceState.WAITLISTED, 1, 0),
        (PlaceState.PENDING, 1, 0),
    ],
)
@pytest.mark.usefixtures("app")
def test_what_is_promised_to_an_unverified_address_counts_for_its_time(make, now, promised, minutes_left, confirmed):
    session = db.session()
    event = make.event(occurrences=[IN_SPANISH])
    until = now + timedelta(minutes=minutes_left)
    make.registration(event, places={"spanish": PlaceState.UNVERIFIED}, promised=promised, verify_until=until)
    tallies = registrations.tallies(session, event.occurrences, now=now)
    assert by_key(event, tallies) == {"spanish": registrations.Tally(confirmed, 0)}


def test_each_occurrence_stands_for_itself(make, session, now):
    event = make.event(
        occurrences=[
            {**IN_ENGLISH, "key": "free"},
            {**IN_ENGLISH, "key": "needless", "registration": RegistrationNeed.NONE},
            {**IN_ENGLISH, "key": "off", "cancelled_at": now},
            {**IN_SPANISH, "key": "full", "capacity": 1},
            {**IN_SPANISH, "key": "none", "capacity": 0},
        ]
    )
    make.registration(event, places={"full": PlaceState.CONFIRMED})
    expected = {
        "free": Standing.OPEN,
        "needless": Standing.NO_REGISTRATION,
        "off": Standing.CANCELLED,
        "full": Standing.FULL,
        "none": Standing.FULL,
    }
    assert by_key(event, registrations.standings(session, event, now=now)) == expected
    over = registrations.standings(session, event, now=event.occurrences[-1].ends_at)
    assert by_key(event, over) == expected | dict.fromkeys(("free", "needless", "full", "none"), Standing.PAST)
    assert by_key(event, registrations.places_left(session, event, now=now)) == {
        "free": None,
        "needless": None,
        "off": None,
        "full": 0,
        "none": 0,
    }


def test_overbooked_is_full_and_0_left(make, session, now):
    event = make.event(occurrences=[{**IN_SPANISH, "capacity": 1}])
    for _ in range(3):
        make.registration(event)
    assert by_key(event, registrations.places_left(session, event, now=now)) == {"spanish": 0}
    assert by_key(event, registrations.standings(session, event, now=now)) == {"spanish": Standing.FULL}


def test_standings_of_three_events_take_one_statement(make, session, now):
    events = [make.event(slug) for slug in ("one", "two", "three")]
    make.registration(events[1])
    assert all(event.occurrences for event in events)
    with statements() as seen:
        found = registrations.standings_of(session, events, now=now)
    assert len(seen) == 1
    assert set(found.values()) == {Standing.OPEN}
    assert registrations.standings_of(session, [], now=now) == {}


def test_questions_are_handed_to_the_domain_in_order(make):
    event = make.event(
        questions=[
            {"key": "diet", "type": QuestionType.SINGLE_CHOICE, "options": [{"id": "vegan", "label": {"en": "Vegan"}}]},
            {"key": "why", "required": True, "label": {"es": "¿Por qué?"}},
        ]
    )
    first, second = registrations.question_specs(event)
    assert (first.key, first.type, first.required, first.option_ids()) == (
        "diet",
        QuestionType.SINGLE_CHOICE,
        False,
        ["vegan"],
    )
    assert (second.key, second.required, second.label_in("en"), second.default_tag) == ("why", True, "¿Por qué?", "en")


@pytest.fixture
def receipt(make, now):
    event = make.event()
    with transaction() as session:
        receipt = Receipt(
            event_id=event.id,
            public_id=links.new_public_id(),
            reference="K7PM-2QXD",
            applicant={},
            outcome={},
            created_at=now,
            expires_at=now + DAY,
        )
        session.add(receipt)
    return receipt


def test_a_receipt_opens_by_its_token_for_a_day(receipt, session, settings, now):
    token = registrations.receipt_token(receipt, settings)
    for at in (now, now + DAY - timedelta(seconds=1)):
        found, event = registrations.receipt_by_token(session, token, now=at, settings=settings)
        assert (found, event.slug) == (receipt, "forum")
    with pytest.raises(NotFound):
        registrations.receipt_by_token(session, token, now=now + DAY, settings=settings)


@pytest.mark.parametrize("purpose", [Purpose.JOIN, Purpose.MANAGE])
def test_a_receipt_opens_by_no_other_token(receipt, session, settings, now, purpose):
    right = registrations.receipt_token(receipt, settings)
    wrong = ["", "test", receipt.public_id, right[:-1], right.upper(), right + "a", "x" * 100_000, "é\x00\ud800"]
    wrong.append(links.token(settings.link_key, purpose, receipt.public_id))
    wrong.append(links.token(settings.link_key, Purpose.RECEIPT, links.new_public_id()))
    for token in wrong:
        with pytest.raises(NotFound) as caught:
            registrations.receipt_by_token(session, token, now=now, settings=settings)
        assert str(caught.value) == "There is no such page."


def test_a_join_link_opens_until_it_is_revoked_or_erased(make, session, settings, now):
    registration = make.registration(make.event(), public_id="abcdefghijklmnop")
    token = links.token(settings.link_key, Purpose.JOIN, registration.public_id, 1)
    assert registrations.registration_by_join_token(session, token, settings=settings) is registration
    with transaction():
        registration.link_generation = 2
    with pytest.raises(NotFound):
        registrations.registration_by_join_token(session, token, settings=settings)
    token = links.token(settings.link_key, Purpose.JOIN, registration.public_id, 2)
    assert registrations.registration_by_join_token(session, token, settings=settings) is registration
    with transaction():
        registration.erased_at = now
    with pytest.raises(NotFound):
        registrations.registration_by_join_token(session, token, settings=settings)


def test_a_join_link_brings_all_that_its_page_needs(make, session, settings):
    event = make.event(choose=Choose.ANY)
    places = {"english": PlaceState.CONFIRMED, "spanish": PlaceState.WAITLISTED}
    public_id = make.registration(event, public_id="abcdefghijklmnop", places=places).public_id
    session.rollback()
    session.expunge_all()
    token = links.token(settings.link_key, Purpose.JOIN, public_id, 1)
    found = registrations.registration_by_join_token(session, token, settings=settings)
    with statements() as seen:
        assert found.event.organization.name == "Example League"
        assert [place.occurrence.conference.passcode for place in found.places] == ["191837", "428571"]
    assert seen == []


@pytest.mark.parametrize("wrong", ["", "test", "abcdefghijklmnop", "abcdefghijklmnop." + "a" * 26])
def test_a_wrong_join_link_opens_nothing(make, session, settings, wrong):
    registration = make.registration(make.event(), public_id="abcdefghijklmnop")
    for token in (wrong, links.token(settings.link_key, Purpose.MANAGE, registration.public_id, 1)):
        with pytest.raises(NotFound) as caught:
            registrations.registration_by_join_token(session, token, settings=settings)
        assert str(caught.value) == "There is no such page."


@pytest.mark.parametrize("typed", ["K7PM-2QXD", "k7pm2qxd", " k7pm 2qxd "])
def test_a_reference_is_found_as_people_read_it_out(make, session, typed):
    registration = make.registration(make.event(), reference="K7PM-2QXD")
    assert registrations.registration_by_reference(session, typed) is registration


@pytest.mark.parametrize("typed", ["", "K7PM", "K7PM-2QXX", "%", "K7PM-2QXD-1"])
def test_an_unknown_reference_is_told(make, session, typed):
    make.registration(make.event(), reference="K7PM-2QXD")
    with pytest.raises(NotFound, match="There is no registration with the reference"):
        registrations.registration_by_reference(session, typed)


def test_registrations_are_listed_oldest_first_or_by_state(make, session):
    event = make.event(questions=[{"key": "diet"}], published_at=None)
    make.registration(event, email="a@example.org", answers={"diet": "vegan"})
    make.registration(event, email="b@example.org", places={"spanish": PlaceState.PENDING})
    make.registration(make.event("other"), email="c@example.org")

    def emails(**values: Any) -> list[str | None]:
        return [one.email for one in registrations.registrations_of(session, "forum", **values)]

    assert emails() == ["a@example.org", "b@example.org"]
    assert emails(state=PlaceState.PENDING) == ["b@example.org"]
    assert emails(state=PlaceState.DECLINED) == []
    with pytest.raises(NotFound, match="There is no event never"):
        registrations.registrations_of(session, "never")


def test_listing_three_registrations_takes_no_more_statements_than_one(make, session):
    event = make.event(questions=[{"key": "diet"}])

    def read_through() -> int:
        session.rollback()
        session.expunge_all()
        with statements() as seen:
            for one in registrations.registrations_of(session, "forum"):
                assert [(place.occurrence.key, place.state) for place in one.places]
                assert [(answer.question.key, answer.value) for answer in one.answers]
        return len(seen)

    make.registration(event, answers={"diet": "vegan"})
    one = read_through()
    event = session.get_one(Event, session.query(Registration).first().event_id)
    for _ in range(2):
        make.registration(event, answers={"diet": "beef"})
    assert read_through() == one
