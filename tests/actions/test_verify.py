"""Addresses verified before a place is theirs: what is held meanwhile, given, lost, and who learns nothing from it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from eventsapp.actions import places, verify
from eventsapp.actions.register import correct_address, register
from eventsapp.actions.revise import revise
from eventsapp.actions.tell import plan_changes, tell
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import NotFound, Refused
from eventsapp.domain.vocabulary import Approval, Choose, MessageState, PlaceState, QuestionType
from eventsapp.models import Event, Message, Place, Receipt, Registration
from eventsapp.queries import registrations
from tests.factory import IN_ENGLISH, IN_SPANISH

UNVERIFIED, CONFIRMED, WAITLISTED = PlaceState.UNVERIFIED, PlaceState.CONFIRMED, PlaceState.WAITLISTED
PENDING, CANCELLED = PlaceState.PENDING, PlaceState.CANCELLED
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HELD_FOR = 2 * HOUR
ONE_PLACE = [{**IN_SPANISH, "capacity": 1}]
ONE_OF_EACH = [{**IN_ENGLISH, "capacity": 1}, {**IN_SPANISH, "capacity": 1}]
DIET = {
    "key": "diet",
    "type": QuestionType.SINGLE_CHOICE,
    "options": [{"id": "vegan", "label": {"en": "Vegan"}, "limit": 1}, {"id": "any", "label": {"en": "Any"}}],
}


@pytest.fixture
def event(make) -> Callable[..., int]:
    """Makes an event whose addresses are verified within two hours; returns its id."""

    def event(**values: Any) -> int:
        return make.event(**{"verify_seconds": int(HELD_FOR.total_seconds())} | values).id

    return event


@pytest.fixture
def post(now, settings):
    """Sends the form in a transaction of its own."""

    def post(event_id: int, email: str = "ana@example.org", *keys: str, at: datetime = now, **values: Any) -> Receipt:
        given: dict[str, Any] = {
            "name": "Ana",
            "address": read_address(email),
            "language_tag": "es",
            "tzid": "America/Mexico_City",
            "occurrence_keys": keys or ("spanish",),
            "answers": {},
        }
        with transaction() as session:
            return register(session, event_id, Applicant(**given | values), now=at, settings=settings)

    return post


@pytest.fixture
def act(now, settings):
    """``act(verify.verify, email)`` or any other action on somebody's registration, in a transaction of its own."""

    def act(
        verb: Callable[..., Any], email: str = "ana@example.org", *, at: datetime = now + HOUR, **values: Any
    ) -> Any:
        registration_id = of(email).id
        with transaction() as session:
            return verb(session, registration_id, now=at, settings=settings, **values)

    return act


@pytest.fixture
def correct(now, settings):
    def correct(receipt: Receipt, email: str, *, at: datetime = now + MINUTE) -> Receipt:
        public_id = receipt.public_id
        with transaction() as session:
            return correct_address(session, public_id, read_address(email), now=at, settings=settings)

    return correct


def of(email: str = "ana@example.org") -> Registration:
    db.session.rollback()
    return db.session.scalars(select(Registration).where(Registration.address_key == email)).one()


def states(email: str = "ana@example.org") -> dict[str, PlaceState]:
    return {place.occurrence.key: place.state for place in of(email).places}


def promises(email: str = "ana@example.org") -> dict[str, PlaceState | None]:
    return {place.occurrence.key: place.promised for place in of(email).places}


def letters() -> list[tuple[str | None, str]]:
    """What will leave, in the order written."""
    db.session.rollback()
    rows = db.session.scalars(select(Message).where(Message.state != MessageState.SUPERSEDED).order_by(Message.id))
    return [(row.recipient, row.kind.value) for row in rows]


def change(event_id: int, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(Event).where(Event.id == event_id).values(**values))


def limit(event_id: int, capacity: int | None) -> None:
    with transaction() as session:
        for occurrence in session.get_one(Event, event_id).occurrences:
            occurrence.capacity = capacity


class TestHolding:
    @pytest.mark.parametrize(
        ("values", "promised"),
        [
            ({}, CONFIRMED),
            ({"occurrences": [{**IN_SPANISH, "capacity": 0}], "waitlist": True}, WAITLISTED),
            ({"approval": Approval.MANUAL}, PENDING),
        ],
    )
    def test_what_is_decided_is_only_promised(self, event, post, now, values, promised):
        receipt = post(event(**values))
        registration = of()
        (place,) = registration.places
        assert (place.state, place.promised, place.invited_at) == (UNVERIFIED, promised, None)
        assert (registration.verified_at, registration.verify_until) == (None, now + HELD_FOR)
        assert letters() == [("ana@example.org", "verification")]
        assert registrations.promised_by(receipt) == {"spanish": promised}
        assert registrations.held_until(receipt) == now + HELD_FOR

    def test_an_event_that_asks_for_nothing_confirms_at_once(self, event, post):
        receipt = post(event(verify_seconds=None))
        assert (states(), of().verify_until) == ({"spanish": CONFIRMED}, None)
        assert letters() == [("ana@example.org", "confirmation")]
        assert (receipt.outcome, registrations.held_until(receipt)) == ({"spanish": "confirmed"}, None)

    @pytest.mark.parametrize(
        ("waitlist", "after", "gets"),
        [
            (False, HELD_FOR - MINUTE, None),
            (True, HELD_FOR - MINUTE, WAITLISTED),
            (False, HELD_FOR, CONFIRMED),
            (True, HELD_FOR, CONFIRMED),
        ],
    )
    def test_a_place_is_held_for_its_time_and_no_longer(self, event, post, *, now, waitlist, after, gets):
        event_id = event(occurrences=ONE_PLACE, waitlist=waitlist)
        post(event_id)
        if gets is None:
            with pytest.raises(Refused):
                post(event_id, "bob@example.org", at=now + after)
            return
        post(event_id, "bob@example.org", at=now + after)
        assert promises("bob@example.org") == {"spanish": gets}
        assert states() == {"spanish": UNVERIFIED if gets is WAITLISTED else CANCELLED}

    def test_a_page_sees_the_time_run_out_before_anybody_acts(self, event, post, session, now):
        event_id = event(occurrences=ONE_PLACE)
        post(event_id)

        def found(at: datetime) -> list[str]:
            return [
                one.value for one in registrations.standings(session, session.get(Event, event_id), now=at).values()
            ]

        assert (found(now + HELD_FOR - MINUTE), found(now + HELD_FOR)) == (["full"], ["open"])

    def test_who_would_only_wait_keeps_nobody_waiting(self, event, post, act, now):
        event_id = event(occurrences=ONE_PLACE, waitlist=True)
        post(event_id, "bob@example.org")
        act(verify.verify, "bob@example.org", at=now + MINUTE)
        post(event_id)
        assert promises() == {"spanish": WAITLISTED}
        act(places.cancel, "bob@example.org")
        post(event_id, "eve@example.org", at=now + HOUR)
        assert promises("eve@example.org") == {"spanish": CONFIRMED}


class TestVerifying:
    @pytest.mark.parametrize(
        ("values", "state", "letter"),
        [
            ({}, CONFIRMED, "confirmation"),
            ({"occurrences": [{**IN_SPANISH, "capacity": 0}], "waitlist": True}, WAITLISTED, "waitlisted"),
            ({"approval": Approval.MANUAL}, PENDING, "pending"),
        ],
    )
    def test_what_was_promised_comes_true_once(self, event, post, act, *, now, values, state, letter):
        post(event(**values))
        act(verify.verify)
        (place,) = of().places
        assert (place.state, place.promised) == (state, None)
        assert place.invited_at == (now + HOUR if state is CONFIRMED else None)
        assert of().verified_at == now + HOUR
        told = [("ana@example.org", letter)]
        assert letters() == told  # the letter with the link had not left yet, so it need not
        act(verify.verify, at=now + HOUR + MINUTE)
        assert (letters(), states(), of().verified_at) == (told, {"spanish": state}, now + HOUR)

    def test_several_dates_get_a_list_and_their_invites(self, event, post, act):
        post(event(choose=Choose.ANY), "ana@example.org", "english", "spanish")
        assert [kind for _, kind in letters()] == ["verification"]
        act(verify.verify)
        assert states() == {"english": CONFIRMED, "spanish": CONFIRMED}
        assert [kind for _, kind in letters()] == ["verification", "confirmation", "invite", "invite"]

    def test_who_waits_does_so_from_the_moment_of_the_form(self, event, post, act, now):
        event_id = event(occurrences=ONE_PLACE, waitlist=True)
        for minutes, name in enumerate(("first", "ana", "bob")):
            post(event_id, f"{name}@example.org", at=now + minutes * MINUTE)
        for minutes, name in enumerate(("first", "bob", "ana")):
            act(verify.verify, f"{name}@example.org", at=now + (10 + minutes) * MINUTE)
        act(places.cancel, "first@example.org")
        assert (states(), states("bob@example.org")) == ({"spanish": CONFIRMED}, {"spanish": WAITLISTED})

    def test_who_was_to_wait_for_what_is_free_by_now_gets_it(self, event, post, act):
        event_id = event(occurrences=[{**IN_SPANISH, "capacity": 0}], waitlist=True)
        post(event_id)
        limit(event_id, 1)
        act(verify.verify)
        assert states() == {"spanish": CONFIRMED}
        assert letters()[-1] == ("ana@example.org", "promoted")

    def test_a_promise_is_kept_where_places_were_taken_away(self, event, post, act):
        event_id = event(occurrences=ONE_PLACE)
        post(event_id)
        limit(event_id, 0)
        act(verify.verify)
        assert states() == {"spanish": CONFIRMED}

    def test_a_date_that_is_over_meanwhile_is_not_given(self, event, post, act, session):
        event_id = event(choose=Choose.ANY, verify_seconds=int((300 * DAY).total_seconds()))
        post(event_id, "ana@example.org", "english", "spanish")
        between = session.get(Event, event_id).occurrences[0].ends_at
        act(verify.verify, at=between)
        assert states() == {"english": CANCELLED, "spanish": CONFIRMED}

    def test_after_the_last_date_it_is_refused(self, event, post, act, session):
        event_id = event(verify_seconds=int((300 * DAY).total_seconds()))
        post(event_id)
        with pytest.raises(Refused, match="over"):
            act(verify.verify, at=session.get(Event, event_id).occurrences[-1].ends_at)
        assert of().verified_at is None

    def test_what_was_never_asked_is_not_answered(self, event, post, act):
        post(event(verify_seconds=None))
        before = letters()
        act(verify.verify)
        assert (of().verified_at, letters()) == (None, before)

    def test_an_erased_person_is_not_found(self, event, post, settings, now):
        post(event())
        registration_id = of().id
        with transaction() as session:
            session.execute(update(Registration).values(erased_at=now, email=None, address_key=None))
        with pytest.raises(NotFound), transaction() as session:
            verify.verify(session, registration_id, now=now, settings=settings)


class TestLapsing:
    @pytest.fixture
    def give_up(self, now, settings):
        def give_up(event_id: int, at: datetime = now + HELD_FOR) -> int:
            with transaction() as session:
                return verify.give_up_late(session, event_id, now=at, settings=settings)

        return give_up

    def test_the_queue_moves_up_and_nobody_is_told_of_the_rest(self, event, post, act, give_up, now):
        event_id = event(occurrences=ONE_PLACE, waitlist=True)
        post(event_id)
        post(event_id, "bob@example.org", at=now + MINUTE)
        act(verify.verify, "bob@example.org")
        told = letters()
        assert give_up(event_id, now + HELD_FOR - MINUTE) == 0
        assert give_up(event_id) == 1
        assert (states(), states("bob@example.org")) == ({"spanish": CANCELLED}, {"spanish": CONFIRMED})
        assert promises() == {"spanish": None}
        assert letters()[len(told) - 1 :] == [("bob@example.org", "promoted")]
        assert give_up(event_id) == 0

    def test_events_with_something_to_give_up_are_found_whatever_they_say_now(self, event, post, session, now):
        lapsing, other = event(), event(slug="other", occurrences=[{**IN_SPANISH, "uid": "other"}])
        post(lapsing)
        post(other, at=now + MINUTE)
        change(lapsing, verify_seconds=None)
        assert registrations.events_with_late(session, now=now + HELD_FOR - MINUTE) == []
        assert registrations.events_with_late(session, now=now + HELD_FOR) == [lapsing]

    def test_the_verified_lose_nothing(self, event, post, act, give_up, now):
        event_id = event()
        post(event_id)
        act(verify.verify)
        assert (give_up(event_id, now + DAY), states()) == (0, {"spanish": CONFIRMED})


class TestComingLate:
    def test_a_place_that_is_left_is_theirs_all_the_same(self, event, post, act, now):
        post(event(occurrences=ONE_PLACE))
        act(verify.verify, at=now + DAY)
        (place,) = of().places
        assert (place.state, place.queued_at, of().verified_at) == (CONFIRMED, now + DAY, now + DAY)
        assert letters()[-1] == ("ana@example.org", "confirmation")

    def test_else_one_waits_behind_the_others(self, event, post, act, now):
        event_id = event(occurrences=ONE_PLACE, waitlist=True)
        post(event_id)
        for name in ("bob", "eve"):
            post(event_id, f"{name}@example.org", at=now + DAY)
            act(verify.verify, f"{name}@example.org", at=now + DAY)
        act(verify.verify, at=now + DAY + HOUR)
        assert states() == {"spanish": WAITLISTED}
        act(places.cancel, "bob@example.org", at=now + 2 * DAY)
        assert (states("eve@example.org"), states()) == ({"spanish": CONFIRMED}, {"spanish": WAITLISTED})

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"cancelled_at": "now"}, "cancelled"),
            ({"closes_at": "now"}, "closed"),
        ],
    )
    def test_what_takes_nobody_any_more_refuses_and_changes_nothing(self, event, post, act, *, now, values, reason):
        event_id = event()
        post(event_id)
        change(event_id, **dict.fromkeys(values, now + HOUR))
        if "closes_at" in values:
            change(event_id, closes_local=now.replace(tzinfo=None), closes_tzid="Etc/UTC")
        before = letters()
        with pytest.raises(Refused, match=reason):
            act(verify.verify, at=now + DAY)
        assert (states(), of().verified_at, letters()) == ({"spanish": UNVERIFIED}, None, before)

    def test_full(self, event, post, act, now):
        event_id = event(occurrences=ONE_PLACE)
        post(event_id)
        post(event_id, "bob@example.org", at=now + DAY)
        with pytest.raises(Refused, match="full"):
            act(verify.verify, at=now + DAY + MINUTE)
        assert (states(), of().verified_at) == ({"spanish": CANCELLED}, None)

    def test_of_several_dates_those_that_have_room(self, event, post, act, now):
        event_id = event(choose=Choose.ANY, occurrences=ONE_OF_EACH)
        post(event_id, "ana@example.org", "english", "spanish")
        post(event_id, "bob@example.org", "english", at=now + DAY)
        act(verify.verify, at=now + DAY + MINUTE)
        assert states() == {"english": CANCELLED, "spanish": CONFIRMED}
        assert letters()[-1] == ("ana@example.org", "confirmation")

    @pytest.mark.parametrize("left", [1, 0])
    def test_all_dates_together_or_none(self, event, post, act, now, left):
        event_id = event(choose=Choose.ALL, occurrences=ONE_OF_EACH)
        post(event_id, "ana@example.org", "english", "spanish")
        with transaction() as session:
            session.get_one(Event, event_id).occurrences[0].capacity = left
        if not left:
            with pytest.raises(Refused, match="full"):
                act(verify.verify, at=now + DAY)
            return
        act(verify.verify, at=now + DAY)
        assert states() == {"english": CONFIRMED, "spanish": CONFIRMED}

    def test_a_limited_option_may_be_gone(self, event, post, act, now):
        event_id = event(questions=[DIET])
        post(event_id, answers={"diet": "vegan"})
        post(event_id, "bob@example.org", at=now + DAY, answers={"diet": "vegan"})
        with pytest.raises(Refused) as refused:
            act(verify.verify, at=now + DAY + MINUTE)
        assert refused.value.key == "diet"
        assert of().verified_at is None

    def test_the_answers_come_back_with_the_person(self, event, post, act, now):
        post(event(questions=[DIET]), answers={"diet": "vegan"})
        act(verify.verify, at=now + DAY)
        assert registrations.answers_of(of()) == {"diet": "vegan"}

    def test_what_the_organizer_cancelled_does_not_come_back(self, event, post, act, now):
        post(event())
        act(places.cancel)
        for at in (now + HOUR, now + DAY):
            with pytest.raises(Refused, match="cancelled"):
                act(verify.verify, at=at)
        assert states() == {"spanish": CANCELLED}


class TestPostedAgain:
    """Nobody has proved anything, so the last form counts; what was held is neither lost nor carried off by it."""

    def test_the_owners_form_wins_over_a_strangers(self, event, post, act):
        event_id = event(questions=[DIET])
        post(event_id, name="Somebody else", answers={"diet": "any"}, language_tag="en")
        post(event_id, "ana@example.org", "english", name="Ana", answers={"diet": "vegan"})
        assert (of().name, of().language_tag, registrations.answers_of(of())) == ("Ana", "es", {"diet": "vegan"})
        assert states() == {"spanish": CANCELLED, "english": UNVERIFIED}
        act(verify.verify)
        assert states() == {"spanish": CANCELLED, "english": CONFIRMED}

    def test_after_verifying_nothing_is_overwritten(self, event, post, act, now):
        event_id = event()
        post(event_id)
        act(verify.verify)
        post(event_id, "ana@example.org", "english", at=now + DAY, name="Somebody else")
        assert (of().name, states()) == ("Ana", {"spanish": CONFIRMED})
        assert letters()[-1] == ("ana@example.org", "already_registered")

    @pytest.mark.parametrize(
        ("minutes", "written"), [((0, 1, 9), 1), ((0, 10, 15), 2), ((0, 10, 20, 59), 2), ((0, 10, 60, 69), 3)]
    )
    def test_letters_are_bounded(self, event, post, now, minutes, written):
        event_id = event(verify_seconds=int(DAY.total_seconds()))
        for minute in minutes:
            post(event_id, at=now + minute * MINUTE)
        db.session.rollback()
        kinds = [row.kind.value for row in db.session.scalars(select(Message))]
        assert kinds == ["verification"] * written

    def test_a_new_form_starts_the_time_anew_where_a_newcomer_gets_the_same(self, event, post, now):
        event_id = event()
        post(event_id)
        post(event_id, at=now + HOUR)
        assert of().verify_until == now + HOUR + HELD_FOR

    def test_a_better_promise_stays_but_not_for_longer(self, event, post, now):
        event_id = event(occurrences=ONE_PLACE, waitlist=True)
        post(event_id)
        receipt = post(event_id, at=now + HOUR)
        assert registrations.promised_by(receipt) == {"spanish": WAITLISTED}  # as for anybody who comes now
        assert (promises(), of().verify_until) == ({"spanish": CONFIRMED}, now + HELD_FOR)

    def test_the_place_in_the_queue_stays(self, event, post, now):
        event_id = event(occurrences=[{**IN_SPANISH, "capacity": 0}], waitlist=True)
        post(event_id)
        post(event_id, at=now + HOUR)
        assert [place.queued_at for place in of().places] == [now]

    def test_what_is_let_go_goes_to_the_next(self, event, post, act, now):
        event_id = event(occurrences=ONE_OF_EACH, waitlist=True)
        post(event_id)
        post(event_id, "bob@example.org")
        act(verify.verify, "bob@example.org", at=now + MINUTE)
        assert states("bob@example.org") == {"spanish": WAITLISTED}
        post(event_id, "ana@example.org", "english", at=now + HOUR)
        assert states("bob@example.org") == {"spanish": CONFIRMED}

    def test_after_its_time_it_comes_back_as_new(self, event, post, now):
        event_id = event()
        post(event_id)
        receipt = post(event_id, at=now + DAY)
        assert (states(), of().verify_until) == ({"spanish": UNVERIFIED}, now + DAY + HELD_FOR)
        assert receipt.registration_id == of().id
        assert [kind for _, kind in letters()] == ["verification"]

    def test_who_cancelled_proves_the_address_again(self, event, post, act, now):
        event_id = event()
        post(event_id)
        act(verify.verify)
        act(places.cancel)
        post(event_id, at=now + DAY)
        assert (states(), of().verified_at) == ({"spanish": UNVERIFIED}, None)
        assert not registrations.is_proved(of())
        act(verify.verify, at=now + DAY + MINUTE)
        assert states() == {"spanish": CONFIRMED}

    def test_once_the_event_asks_for_nothing_a_new_form_confirms(self, event, post):
        event_id = event()
        post(event_id)
        change(event_id, verify_seconds=None)
        post(event_id)
        assert (states(), of().verify_until) == ({"spanish": CONFIRMED}, None)
        assert letters() == [("ana@example.org", "confirmation")]

    def test_nor_does_what_had_run_out_by_then_oversell(self, event, post, now):
        event_id = event(occurrences=ONE_PLACE, waitlist=True)
        post(event_id)
        change(event_id, verify_seconds=None)
        post(event_id, "bob@example.org", at=now + DAY)
        post(event_id, at=now + DAY)
        assert (states("bob@example.org"), states()) == ({"spanish": CONFIRMED}, {"spanish": WAITLISTED})


class TestCorrecting:
    def test_the_letter_goes_to_the_right_address_and_the_time_starts_anew(self, event, post, correct, now):
        receipt = post(event(), "anna@example.org")
        generation = of("anna@example.org").link_generation
        corrected = correct(receipt, "ana@example.org", at=now + HOUR)
        assert (states(), of().verify_until) == ({"spanish": UNVERIFIED}, now + HOUR + HELD_FOR)
        assert of().link_generation == generation + 1
        assert letters() == [("ana@example.org", "verification")]
        assert registrations.held_until(corrected) == now + HOUR + HELD_FOR
        assert registrations.promised_by(corrected) == {"spanish": CONFIRMED}

    def test_too_late_it_is_decided_anew(self, event, post, correct, now):
        event_id = event(occurrences=ONE_PLACE, waitlist=True)
        receipt = post(event_id, "anna@example.org")
        post(event_id, "bob@example.org", at=now + 3 * HOUR)
        corrected = correct(receipt, "ana@example.org", at=now + 3 * HOUR)
        assert (promises(), states("anna@example.org")) == ({"spanish": WAITLISTED}, {"spanish": CANCELLED})
        assert registrations.promised_by(corrected) == {"spanish": WAITLISTED}
        assert letters()[-1] == ("ana@example.org", "verification")

    def test_too_late_but_before_anybody_noticed(self, event, post, correct, now):
        receipt = post(event(), "anna@example.org")
        correct(receipt, "ana@example.org", at=now + HELD_FOR)
        assert (states(), states("anna@example.org")) == ({"spanish": UNVERIFIED}, {"spanish": CANCELLED})

    def test_what_was_verified_is_not_carried_off(self, event, post, act, correct):
        """The owner of the mistyped address made it theirs; who mistyped it registers beside."""
        receipt = post(event(), "anna@example.org")
        act(verify.verify, "anna@example.org", at=of("anna@example.org").created_at)
        correct(receipt, "ana@example.org")
        assert (states("anna@example.org"), states()) == ({"spanish": CONFIRMED}, {"spanish": UNVERIFIED})

    def test_no_receipt_carries_off_what_another_form_took(self, event, post, correct, now):
        """A stranger who sends somebody's address can take neither the place nor what was typed to an own address."""
        event_id = event(occurrences=ONE_PLACE, waitlist=True)
        mine = post(event_id, name="Ana", answers={})
        strangers = post(event_id, at=now + MINUTE, name="Mallory")
        correct(strangers, "mallory@example.org", at=now + 2 * MINUTE)
        assert (promises(), promises("mallory@example.org")) == ({"spanish": CONFIRMED}, {"spanish": WAITLISTED})
        correct(mine, "anna@example.org", at=now + 3 * MINUTE)
        assert (states(), of("anna@example.org").name) == ({"spanish": UNVERIFIED}, "Ana")

    def test_the_first_form_does_not_lead_to_what_was_typed_later(self, event, post, correct, now):
        event_id = event(questions=[DIET])
        strangers = post(event_id, name="Mallory")
        post(event_id, at=now + MINUTE, name="Ana", answers={"diet": "vegan"})
        correct(strangers, "mallory@example.org", at=now + 2 * MINUTE)
        mallory = of("mallory@example.org")
        assert (mallory.name, registrations.answers_of(mallory)) == ("Mallory", {})
        assert (of().name, states()) == ("Ana", {"spanish": UNVERIFIED})

    def test_to_a_known_address_that_is_not_verified(self, event, post, correct, now):
        event_id = event()
        post(event_id, name="Old")
        receipt = post(event_id, "anna@example.org", at=now + MINUTE, name="New")
        correct(receipt, "ana@example.org", at=now + 20 * MINUTE)
        assert (of().name, states()) == ("New", {"spanish": UNVERIFIED})
        assert states("anna@example.org") == {"spanish": CANCELLED}


class TestNobodyLearns:
    def test_a_receipt_says_the_same_whoever_is_known(self, event, post, act, now):
        event_id = event()
        for name in ("verified", "unverified", "lapsed", "cancelled"):
            post(event_id, f"{name}@example.org", at=now - DAY if name == "lapsed" else now)
        act(verify.verify, "verified@example.org", at=now)
        act(verify.verify, "cancelled@example.org", at=now)
        act(places.cancel, "cancelled@example.org", at=now)
        seen = []
        for name in ("verified", "unverified", "lapsed", "cancelled", "unknown"):
            receipt = post(event_id, f"{name}@example.org", at=now + HOUR)
            seen.append(
                (
                    receipt.outcome,
                    replace(Applicant.from_json(receipt.applicant), address=read_address("x@example.org")),
                    receipt.corrections,
                    receipt.expires_at,
                    len(receipt.reference),
                )
            )
        assert seen == [seen[0]] * 5


class TestTheOrganizer:
    def test_nothing_is_approved_or_declined_before(self, event, post, act):
        post(event(approval=Approval.MANUAL))
        for verb in (places.approve, places.decline):
            with pytest.raises(Refused, match="not verified"):
                act(verb)
        act(verify.verify)
        act(places.approve)
        assert states() == {"spanish": CONFIRMED}

    def test_cancelling_tells_nobody_and_frees_the_place(self, event, post, act, now):
        event_id = event(occurrences=ONE_PLACE, waitlist=True)
        post(event_id)
        post(event_id, "bob@example.org")
        act(verify.verify, "bob@example.org", at=now + MINUTE)
        act(places.cancel)
        assert (states(), states("bob@example.org")) == ({"spanish": CANCELLED}, {"spanish": CONFIRMED})
        assert ("ana@example.org", "cancelled") not in letters()

    def test_calling_off_tells_the_verified_alone(self, event, post, act, settings, now):
        event_id = event()
        post(event_id)
        post(event_id, "bob@example.org")
        act(verify.verify, "bob@example.org", at=now + MINUTE)
        later = now + 2 * MINUTE
        with transaction() as session:
            cancelled = session.get_one(Event, event_id)
            cancelled.cancelled_at = later
            for occurrence in cancelled.occurrences:
                revise(session, occurrence, now=later)
            tell(session, cancelled, now=later, settings=settings)
        with transaction() as session:
            plan_changes(session, now=later + MINUTE, settings=settings)
        assert letters()[-1] == ("bob@example.org", "cancelled")

    def test_they_are_listed_by_their_state(self, event, post, session):
        event_id = event()
        post(event_id)
        slug = session.get(Event, event_id).slug
        listed = {
            state: [one.email for one in registrations.registrations_of(session, slug, state=state)]
            for state in (UNVERIFIED, CONFIRMED)
        }
        assert listed == {UNVERIFIED: ["ana@example.org"], CONFIRMED: []}


def test_the_database_refuses_a_promise_that_is_none(event, post, session: Session):
    post(event())
    with pytest.raises(Exception, match="promised_while_unverified"), transaction():
        session.execute(update(Place).values(state=CONFIRMED))
