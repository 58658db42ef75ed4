"""Letters that somebody asks for: bounded, and telling a stranger nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from eventsapp.actions import places, resend
from eventsapp.db import transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.errors import NotFound, Refused, TooMany
from eventsapp.domain.vocabulary import Choose, LetterKind, MessageState, PlaceState
from eventsapp.models import AddressUse, Message, Registration

MINUTE = timedelta(minutes=1)


@pytest.fixture
def kinds(session):
    return lambda: [message.kind for message in session.scalars(select(Message).order_by(Message.id))]


@pytest.fixture
def ask(now, settings):
    """``ask("ana@example.org", event)`` as the public form does, ``at`` some time after now."""

    def ask(email, event, at=timedelta()):
        event_id = event if isinstance(event, int) else event.id
        with transaction() as session:
            resend.send_link(session, event_id, read_address(email), now=now + at, settings=settings)

    return ask


@pytest.fixture
def again(now, settings):
    def again(registration, at=timedelta()):
        registration_id = registration.id
        with transaction() as session:
            return len(resend.send_again(session, registration_id, now=now + at, settings=settings))

    return again


class TestLink:
    def test_a_known_address_gets_one_letter_and_an_unknown_one_none(self, make, ask, kinds, session):
        event = make.event()
        registration = make.registration(event, email="ana@example.org")
        for email in ("nobody@example.org", "Ana@example.org"):
            ask(email, event)
        assert kinds() == [LetterKind.LINK]
        message = session.scalars(select(Message)).one()
        assert (message.recipient, message.place_id) == (registration.email, None)
        assert session.scalar(select(func.count()).select_from(Registration)) == 1
        assert session.scalar(select(func.count()).select_from(AddressUse)) == 2

    @pytest.mark.parametrize("state", [state for state in PlaceState if state is not PlaceState.UNVERIFIED])
    def test_whatever_became_of_the_places(self, make, ask, kinds, state):
        event = make.event()
        make.registration(event, email="ana@example.org", places={"spanish": state})
        ask("ana@example.org", event)
        assert kinds() == [LetterKind.LINK]

    def test_nobody_unproved_gets_one(self, make, ask, kinds, now):
        event = make.event()
        late = {"places": {"spanish": PlaceState.UNVERIFIED}, "verify_until": now - MINUTE}
        make.registration(event, email="ana@example.org", **late)
        lapsed = {"places": {"spanish": PlaceState.CANCELLED}, "verify_until": now - MINUTE}
        make.registration(event, email="zoe@example.org", **lapsed)
        for email in ("ana@example.org", "zoe@example.org"):
            ask(email, event)
        assert kinds() == []

    def test_who_has_still_to_verify_gets_that_letter_again_within_bounds(self, make, ask, kinds, now):
        event = make.event(verify_seconds=7200)
        until = {"verify_until": now + timedelta(hours=2)}
        make.registration(event, email="ana@example.org", places={"spanish": PlaceState.UNVERIFIED}, **until)
        for minutes in (0, 1, 11, 22, 33):
            ask("ana@example.org", event, minutes * MINUTE)
        assert kinds() == [LetterKind.VERIFICATION] * 2

    def test_another_event_is_another_matter(self, make, ask, kinds):
        make.registration(make.event(), email="ana@example.org")
        ask("ana@example.org", make.event("other"))
        assert kinds() == []

    def test_an_erased_person_is_a_stranger(self, make, ask, kinds, now):
        event = make.event()
        registration = make.registration(event, email="ana@example.org")
        with transaction():
            registration.email = registration.address_key = registration.name = None
            registration.erased_at = now
        ask("ana@example.org", event)
        assert kinds() == []

    def test_one_letter_in_ten_minutes(self, make, ask, kinds):
        event = make.event()
        make.registration(event, email="ana@example.org")
        for minutes in (0, 1, 9, 11):
            ask("ana@example.org", event, minutes * MINUTE)
        assert kinds() == [LetterKind.LINK] * 2

    def test_a_letter_that_failed_does_not_count(self, make, ask, kinds, session):
        event = make.event()
        make.registration(event, email="ana@example.org")
        ask("ana@example.org", event)
        with transaction():
            session.scalars(select(Message)).one().state = MessageState.FAILED
        ask("ana@example.org", event)
        assert kinds() == [LetterKind.LINK] * 2

    def test_the_limit_counts_known_and_unknown_alike(self, make, ask, settings):
        event = make.event()
        event_id = event.id
        make.registration(event, email="ana@example.org")
        for email in ("ana@example.org", "nobody@example.org"):
            for _ in range(settings.limit_per_address):
                ask(email, event_id)
            with pytest.raises(TooMany) as caught:
                ask(email, event_id)
            assert (caught.value.key, caught.value.values["minutes"]) == ("email", 60)

    def test_a_draft_has_no_such_form(self, make, ask):
        with pytest.raises(NotFound):
            ask("ana@example.org", make.event(published_at=None))
        with pytest.raises(NotFound):
            ask("ana@example.org", 4711)


class TestAgain:
    def test_one_place_brings_its_calendar_object_again(self, make, again, kinds, session):
        registration = make.registration(make.event())
        assert again(registration) == 1
        assert again(registration, 10 * MINUTE) == 1
        assert kinds() == [LetterKind.CONFIRMATION] * 2
        first, second = session.scalars(select(Message).order_by(Message.id))
        assert first.place_id == second.place_id is not None
        assert first.message_id != second.message_id
        assert first.state is MessageState.SUPERSEDED  # nobody needs both

    def test_several_places_bring_theirs(self, make, again, kinds):
        event = make.event(choose=Choose.ANY)
        states = {"english": PlaceState.CONFIRMED, "spanish": PlaceState.CONFIRMED}
        registration = make.registration(event, places=states)
        for at in (0, 10):
            assert again(registration, at * MINUTE) == 3
        assert kinds() == [LetterKind.CONFIRMATION, LetterKind.INVITE, LetterKind.INVITE] * 2

    def test_beside_a_place_that_is_gone_one_letter_is_enough(self, make, again, kinds, session):
        states = {"english": PlaceState.CANCELLED, "spanish": PlaceState.CONFIRMED}
        registration = make.registration(make.event(), places=states)
        assert again(registration) == 1
        assert kinds() == [LetterKind.CONFIRMATION]
        assert session.scalars(select(Message)).one().place.occurrence.key == "spanish"

    @pytest.mark.parametrize(
        ("state", "kind"),
        [(PlaceState.WAITLISTED, LetterKind.WAITLISTED), (PlaceState.PENDING, LetterKind.PENDING)],
    )
    def test_it_says_how_the_place_stands(self, make, again, kinds, state, kind):
        assert again(make.registration(make.event(), places={"spanish": state})) == 1
        assert kinds() == [kind]

    @pytest.mark.parametrize("state", [PlaceState.CANCELLED, PlaceState.DECLINED, PlaceState.UNVERIFIED])
    def test_without_a_place_there_is_nothing_to_send(self, make, again, kinds, state):
        with pytest.raises(Refused):
            again(make.registration(make.event(), places={"spanish": state}))
        assert kinds() == []

    def test_what_is_over_or_called_off_is_nothing_to_send(self, make, again, now):
        event = make.event()
        registration = make.registration(event)
        with pytest.raises(Refused):
            again(registration, timedelta(days=365))
        with transaction():
            event.occurrences[1].cancelled_at = now
        with pytest.raises(Refused):
            again(registration)

    def test_one_in_ten_minutes(self, make, again, kinds):
        registration = make.registration(make.event())
        again(registration)
        with pytest.raises(TooMany) as caught:
            again(registration, 3 * MINUTE)
        assert caught.value.values == {"seconds": 420, "minutes": 7}
        assert kinds() == [LetterKind.CONFIRMATION]

    def test_a_cancelled_place_is_not_confirmed_by_it(self, make, again, now, settings):
        registration = make.registration(make.event())
        registration_id = registration.id
        with transaction() as session:
            places.cancel(session, registration_id, now=now, settings=settings)
        with pytest.raises(Refused):
            again(registration, 20 * MINUTE)
