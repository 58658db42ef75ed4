"""Registering, and correcting a mistyped address: rows, letters, and that a known address looks like a new one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from eventsapp.actions import places
from eventsapp.actions.attend import attend
from eventsapp.actions.correct import correct_details, correct_language
from eventsapp.actions.register import correct_address, register
from eventsapp.actions.resend import send_again, send_link
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import Invalid, NotFound, Refused, TooMany
from eventsapp.domain.vocabulary import Approval, Choose, LetterKind, MessageState, PlaceState, QuestionType
from eventsapp.models import AddressUse, Answer, Event, Message, Place, Receipt, Registration
from tests.factory import IN_SPANISH
from tests.statements import statements

CONFIRMED, WAITLISTED, PENDING = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING
CANCELLED, DECLINED = PlaceState.CANCELLED, PlaceState.DECLINED
DURING = datetime(2026, 6, 29, 0, 30, tzinfo=UTC)  # the Spanish date
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def applicant(email: str = "ana@example.org", *keys: str, **values: Any) -> Applicant:
    given: dict[str, Any] = {
        "name": "Ana",
        "address": read_address(email),
        "language_tag": "es",
        "tzid": "America/Mexico_City",
        "occurrence_keys": keys or ("spanish",),
        "answers": {},
    }
    return Applicant(**given | values)


@pytest.fixture
def post(now, settings):
    def post(event: Event | int, who: Applicant | str, *keys: str, at: datetime = now, **limits: int) -> Receipt:
        who = applicant(who, *keys) if isinstance(who, str) else who
        event_id = event if isinstance(event, int) else event.id
        with transaction() as session:
            return register(session, event_id, who, now=at, settings=replace(settings, **limits))

    return post


@pytest.fixture
def correct(now, settings):
    def correct(receipt: Receipt | str, email: str, *, at: datetime = now + MINUTE, **limits: int) -> Receipt:
        public_id = receipt if isinstance(receipt, str) else receipt.public_id
        with transaction() as session:
            return correct_address(
                session, public_id, read_address(email), now=at, settings=replace(settings, **limits)
            )

    return correct


def people() -> dict[str | None, dict[str, PlaceState]]:
    """Everybody's places by address key, oldest registration first."""
    db.session.rollback()
    found = db.session.scalars(select(Registration).order_by(Registration.id))
    return {one.address_key: {place.occurrence.key: place.state for place in one.places} for one in found}


def letters() -> list[tuple[str | None, str]]:
    """What will leave, in the order written."""
    db.session.rollback()
    rows = db.session.scalars(select(Message).where(Message.state != MessageState.SUPERSEDED).order_by(Message.id))
    return [(row.recipient, row.kind.value) for row in rows]


def one_registration() -> Registration:
    db.session.expire_all()
    return db.session.scalars(select(Registration)).one()


def everything_sent() -> None:
    """As if the worker had been there."""
    with transaction() as session:
        session.execute(
            update(Message)
            .where(Message.state == MessageState.QUEUED)
            .values(state=MessageState.SENT, sent_at=Message.created_at)
        )


def outside(receipt: Receipt) -> dict[str, Any]:
    """All that a page can tell from a receipt, but the random names."""
    return {
        "outcome": receipt.outcome,
        "applicant": receipt.applicant,
        "corrections": receipt.corrections,
        "expires_at": receipt.expires_at,
        "reference": len(receipt.reference),
        "public_id": len(receipt.public_id),
    }


def limit(event: Event, **capacities: int | None) -> None:
    with transaction():
        for occurrence in db.session.get_one(Event, event.id).occurrences:
            occurrence.capacity = capacities.get(occurrence.key, occurrence.capacity)


# A new registration


def test_a_registration_writes_its_rows_its_letter_and_a_receipt(make, post, now):
    questions = [{"key": "diet", "type": QuestionType.SHORT_TEXT}, {"key": "age", "type": QuestionType.NUMBER}]
    event = make.event(questions=questions)
    who = applicant("Ana@Example.org", answers={"diet": "vegan", "age": 40, "unknown": "x"}, source="flyer")
    receipt = post(event, who)

    registration = one_registration()
    assert (registration.email, registration.address_key, registration.name) == (
        "Ana@example.org",
        "ana@example.org",
        "Ana",
    )
    assert (registration.language_tag, registration.tzid, registration.source) == (
        "es",
        "America/Mexico_City",
        "flyer",
    )
    assert (registration.created_at, registration.changed_at, registration.link_generation) == (now, now, 1)
    assert {answer.question.key: answer.value for answer in registration.answers} == {"diet": "vegan", "age": 40}
    [place] = registration.places
    assert (place.occurrence.key, place.state, place.revision) == ("spanish", CONFIRMED, 0)
    assert (place.queued_at, place.invited_at, place.changed_at, place.created_at) == (now, now, now, now)
    assert letters() == [("Ana@example.org", "confirmation")]
    assert receipt.registration_id == registration.id
    assert receipt.reference == registration.reference
    assert receipt.outcome == {"spanish": "confirmed"}
    assert (receipt.created_at, receipt.expires_at) == (now, now + DAY)
    assert Applicant.from_json(receipt.applicant) == who


def test_a_draft_or_no_event_at_all_is_not_found(make, post):
    event = make.event(published_at=None)
    for event_id in (event.id, event.id + 99):
        with pytest.raises(NotFound, match="There is no such page"):
            post(event_id, "ana@example.org")
    assert people() == {}


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"cancelled_at": "now"}, ("spanish",)),
        ({"closes_at": "now", "closes_local": "naive", "closes_tzid": "Etc/UTC"}, ("spanish",)),
        ({"opens_at": "later", "opens_local": "naive", "opens_tzid": "Etc/UTC"}, ("spanish",)),
        ({}, ()),
        ({}, ("spanish", "english")),
        ({}, ("french",)),
    ],
    ids=str,
)
def test_what_is_refused_leaves_nothing_behind(make, post, now, values, keys):
    words = {"now": now, "later": now + DAY, "naive": now.replace(tzinfo=None)}
    event = make.event(**{key: words.get(value, value) for key, value in values.items()})
    with pytest.raises((Refused, Invalid)):
        post(event, replace(applicant(), occurrence_keys=keys))
    for table in (Registration, Receipt, Message, AddressUse):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_a_date_is_open_until_its_end(make, post):
    event = make.event()
    ends_at = event.occurrences[1].ends_at
    post(event, "ana@example.org", at=ends_at - MINUTE)
    with pytest.raises(Refused, match="is over"):
        post(event, "bea@example.org", at=ends_at)
    assert people() == {"ana@example.org": {"spanish": CONFIRMED}}


def test_full_is_refused_and_capacity_0_never_opens(make, post):
    event = make.event()
    limit(event, spanish=1, english=0)
    post(event, "ana@example.org")
    for key in ("spanish", "english"):
        with pytest.raises(Refused, match="is full"):
            post(event, "bea@example.org", key)
    limit(event, spanish=0)
    with pytest.raises(Refused, match="is full"):
        post(event, "bea@example.org")
    assert people() == {"ana@example.org": {"spanish": CONFIRMED}}


def test_the_waitlist_keeps_its_order(make, post, now):
    event = make.event(waitlist=True)
    limit(event, spanish=1)
    for number, name in enumerate("abc"):
        post(event, f"{name}@example.org", at=now + number * MINUTE)
    assert people() == {
        "a@example.org": {"spanish": CONFIRMED},
        "b@example.org": {"spanish": WAITLISTED},
        "c@example.org": {"spanish": WAITLISTED},
    }
    assert letters() == [
        ("a@example.org", "confirmation"),
        ("b@example.org", "waitlisted"),
        ("c@example.org", "waitlisted"),
    ]
    waiting = db.session.scalars(select(Place).where(Place.state == WAITLISTED).order_by(Place.queued_at)).all()
    assert [place.registration.email for place in waiting] == ["b@example.org", "c@example.org"]
    assert [place.invited_at for place in waiting] == [None, None]


def test_a_newcomer_does_not_jump_the_queue(make, post, now):
    event = make.event(waitlist=True)
    limit(event, spanish=1)
    for name in "abc":
        post(event, f"{name}@example.org")
    limit(event, spanish=2)  # room that nobody has given away yet
    receipt = post(event, "d@example.org", at=now + HOUR)
    assert receipt.outcome == {"spanish": "waitlisted"}
    assert [places["spanish"] for places in people().values()] == [CONFIRMED, CONFIRMED, WAITLISTED, WAITLISTED]
    assert letters()[-2:] == [("b@example.org", "promoted"), ("d@example.org", "waitlisted")]


def test_by_hand_one_is_pending_and_holds_no_place(make, post):
    event = make.event(approval=Approval.MANUAL)
    limit(event, spanish=1)
    assert post(event, "a@example.org").outcome == {"spanish": "pending"}
    assert post(event, "b@example.org").outcome == {"spanish": "pending"}
    assert letters() == [("a@example.org", "pending"), ("b@example.org", "pending")]


def test_any_takes_several_and_each_for_itself(make, post):
    event = make.event(choose=Choose.ANY, waitlist=True)
    limit(event, english=0)
    receipt = post(event, "ana@example.org", "spanish", "english")
    assert receipt.outcome == {"english": "waitlisted", "spanish": "confirmed"}
    assert people() == {"ana@example.org": {"english": WAITLISTED, "spanish": CONFIRMED}}
    assert letters() == [("ana@example.org", "confirmation"), ("ana@example.org", "invite")]


def test_all_is_all_or_nothing(make, post):
    event = make.event(choose=Choose.ALL)
    limit(event, english=0)
    with pytest.raises(Refused, match="is full"):
        post(event, replace(applicant(), occurrence_keys=()))
    limit(event, english=None)
    post(event, replace(applicant(), occurrence_keys=()))
    assert people() == {"ana@example.org": {"english": CONFIRMED, "spanish": CONFIRMED}}
    assert letters() == [("ana@example.org", kind) for kind in ("confirmation", "invite", "invite")]


def test_all_waits_for_all(make, post):
    event = make.event(choose=Choose.ALL, waitlist=True)
    limit(event, english=0)
    post(event, replace(applicant(), occurrence_keys=()))
    assert people() == {"ana@example.org": {"english": WAITLISTED, "spanish": WAITLISTED}}


def test_one_address_may_register_for_two_events(make, post):
    post(make.event("one"), "ana@example.org")
    post(make.event("two"), "ana@example.org")
    assert [kind for _, kind in letters()] == ["confirmation", "confirmation"]


# A known address


def test_a_known_address_gets_the_same_receipt_and_its_owner_a_letter(make, post, now):
    event = make.event(questions=[{"key": "diet"}])
    first = post(event, applicant(answers={"diet": "vegan"}))
    before = outside(first), first.reference
    again = applicant("ANA@example.org", name="Mallory", language_tag="en", tzid="Etc/UTC", answers={"diet": "beef"})
    second = post(event, again, at=now + HOUR)
    fresh = post(event, replace(again, address=read_address("new@example.org")), at=now + HOUR)

    assert second.registration_id is None
    assert outside(second) | {"applicant": None} == outside(fresh) | {"applicant": None}
    assert second.reference not in (before[1], fresh.reference)
    [registration, _] = db.session.scalars(select(Registration).order_by(Registration.id)).all()
    assert (registration.name, registration.language_tag, registration.tzid) == ("Ana", "es", "America/Mexico_City")
    assert (registration.email, registration.changed_at) == ("ana@example.org", now)
    assert [answer.value for answer in registration.answers] == ["vegan"]
    assert letters() == [
        ("ana@example.org", "confirmation"),
        ("ana@example.org", "already_registered"),
        ("new@example.org", "confirmation"),
    ]


def test_a_known_address_is_answered_as_if_it_were_new(make, post):
    event = make.event(waitlist=True)
    limit(event, spanish=1)
    post(event, "ana@example.org")
    assert post(event, "ana@example.org").outcome == {"spanish": "waitlisted"}
    assert people() == {"ana@example.org": {"spanish": CONFIRMED}}
    with transaction():
        db.session.get_one(Event, event.id).waitlist = False
    with pytest.raises(Refused, match="is full"):
        post(event, "ana@example.org")


def test_a_double_click_gives_one_registration_and_one_letter(make, post, now):
    event = make.event()
    for seconds in (0, 1, 2):
        post(event, "ana@example.org", at=now + timedelta(seconds=seconds))
    assert people() == {"ana@example.org": {"spanish": CONFIRMED}}
    assert letters() == [("ana@example.org", "confirmation")]


def test_the_owner_of_a_known_address_is_written_to_at_most_once_an_hour(make, post, now):
    event = make.event()
    post(event, "ana@example.org")
    for minutes in (15, 20, 50, 70, 76, 130):
        post(event, "ana@example.org", at=now + minutes * MINUTE)
    assert letters() == [
        ("ana@example.org", "confirmation"),
        ("ana@example.org", "already_registered"),
        ("ana@example.org", "already_registered"),
    ]
    written = db.session.scalars(select(Message.created_at).order_by(Message.id)).all()
    assert written == [now, now + 15 * MINUTE, now + 76 * MINUTE]


@pytest.mark.parametrize("state", [WAITLISTED, PENDING, DECLINED])
def test_other_states_stay_as_they_are_too(make, post, now, state):
    event = make.event(waitlist=True)
    limit(event, spanish=0)
    make.registration(event, email="ana@example.org", places={"spanish": state})
    assert post(event, "ana@example.org", at=now + HOUR).outcome == {"spanish": "waitlisted"}
    assert people() == {"ana@example.org": {"spanish": state}}
    assert letters() == [("ana@example.org", "already_registered")]


def test_a_cancelled_registration_returns_as_what_was_posted_now(make, post, now, settings):
    questions = [{"key": "diet"}, {"key": "age", "type": QuestionType.NUMBER}]
    event = make.event(questions=questions)
    first = post(event, applicant(answers={"diet": "vegan", "age": 40}))
    everything_sent()
    with transaction() as session:
        places.cancel(session, first.registration_id, now=now + MINUTE, settings=settings)
    everything_sent()
    before = one_registration()
    kept = (before.id, before.public_id, before.link_generation, before.created_at)
    again = applicant("Ana@example.org", "english", name="Ana María", language_tag="en", tzid="Europe/Madrid")
    receipt = post(event, replace(again, occurrence_keys=("spanish",), answers={"diet": "beef"}), at=now + HOUR)

    registration = one_registration()
    assert (registration.id, registration.public_id, registration.link_generation, registration.created_at) == kept
    assert (registration.name, registration.email, registration.language_tag, registration.tzid) == (
        "Ana María",
        "Ana@example.org",
        "en",
        "Europe/Madrid",
    )
    assert registration.reference == receipt.reference != first.reference
    assert {answer.question.key: answer.value for answer in registration.answers} == {"diet": "beef"}
    [place] = registration.places
    assert (place.state, place.revision, place.queued_at) == (CONFIRMED, 2, now + HOUR)
    assert (place.invited_at, place.changed_at) == (now, now + HOUR)
    assert letters() == [
        ("ana@example.org", "confirmation"),
        ("ana@example.org", "cancelled"),
        ("Ana@example.org", "confirmation"),
    ]


def test_a_returning_registration_may_choose_another_date(make, post, now):
    event = make.event()
    make.registration(event, email="ana@example.org", places={"english": CANCELLED})
    post(event, "ana@example.org", at=now + HOUR)
    assert people() == {"ana@example.org": {"english": CANCELLED, "spanish": CONFIRMED}}


def test_cancelled_in_part_is_known(make, post, now):
    event = make.event(choose=Choose.ANY)
    make.registration(event, email="ana@example.org", places={"english": CANCELLED, "spanish": CONFIRMED})
    post(event, "ana@example.org", "english", at=now + HOUR)
    assert people() == {"ana@example.org": {"english": CANCELLED, "spanish": CONFIRMED}}
    assert letters() == [("ana@example.org", "already_registered")]


def test_an_erased_registration_is_not_found_again(make, post):
    event = make.event()
    registration = make.registration(event, email="ana@example.org")
    with transaction() as session:
        erased = session.get_one(Registration, registration.id)
        erased.email = erased.address_key = erased.name = None
    post(event, "ana@example.org")
    assert people() == {None: {"spanish": CONFIRMED}, "ana@example.org": {"spanish": CONFIRMED}}


# A mistyped address


def test_a_correction_moves_what_the_receipt_made(make, post, correct, now):
    event = make.event(questions=[{"key": "diet"}])
    receipt = post(event, applicant("ana@exmaple.org", answers={"diet": "vegan"}))
    before = one_registration()
    kept = (before.id, before.public_id, before.reference)
    corrected = correct(receipt, "ana@example.org")

    registration = one_registration()
    assert (registration.id, registration.public_id, registration.reference) == kept
    assert (registration.email, registration.address_key, registration.link_generation) == (
        "ana@example.org",
        "ana@example.org",
        2,
    )
    assert [answer.value for answer in registration.answers] == ["vegan"]
    assert [(place.state, place.revision) for place in registration.places] == [(CONFIRMED, 0)]
    assert letters() == [("ana@example.org", "confirmation")]  # the one to the old address never left
    assert (corrected.public_id, corrected.reference, corrected.corrections) == (
        receipt.public_id,
        registration.reference,
        1,
    )
    assert Applicant.from_json(corrected.applicant).address.email == "ana@example.org"


def test_an_invite_that_left_is_cancelled_at_the_old_address(make, post, correct):
    event = make.event()
    receipt = post(event, "ana@exmaple.org")
    everything_sent()
    correct(receipt, "ana@example.org")
    assert letters() == [
        ("ana@exmaple.org", "confirmation"),
        ("ana@exmaple.org", "cancelled"),
        ("ana@example.org", "confirmation"),
    ]
    [place] = one_registration().places
    assert (place.state, place.revision) == (CONFIRMED, 1)


def test_each_invite_of_several_is_cancelled_at_the_old_address(make, post, correct):
    event = make.event(choose=Choose.ALL)
    receipt = post(event, replace(applicant("ana@exmaple.org"), occurrence_keys=()))
    everything_sent()
    correct(receipt, "ana@example.org")
    assert letters()[3:] == [
        ("ana@exmaple.org", "cancelled"),
        ("ana@exmaple.org", "cancelled"),
        ("ana@example.org", "confirmation"),
        ("ana@example.org", "invite"),
        ("ana@example.org", "invite"),
    ]


def test_a_correction_to_a_known_address_withdraws_the_mistaken_one(make, post, correct, now):
    event = make.event(waitlist=True)
    limit(event, spanish=2)
    make.registration(event, email="ana@example.org")
    receipt = post(event, "ana@exmaple.org")
    post(event, "next@example.org")
    everything_sent()
    corrected = correct(receipt, "ana@example.org", at=now + HOUR)
    assert people() == {
        "ana@example.org": {"spanish": CONFIRMED},
        "ana@exmaple.org": {"spanish": CANCELLED},
        "next@example.org": {"spanish": CONFIRMED},
    }
    assert letters()[2:] == [
        ("ana@exmaple.org", "cancelled"),
        ("ana@example.org", "already_registered"),
        ("next@example.org", "promoted"),
    ]
    assert (corrected.outcome, corrected.registration_id) == ({"spanish": "confirmed"}, None)


def test_nothing_is_written_to_a_mistaken_address_that_got_nothing(make, post, correct, now):
    event = make.event()
    make.registration(event, email="ana@example.org")
    correct(post(event, "ana@exmaple.org"), "ana@example.org", at=now + HOUR)
    assert letters() == [("ana@example.org", "already_registered")]


def test_a_correction_where_the_receipt_made_nothing_registers(make, post, correct, now):
    event = make.event()
    make.registration(event, email="ana@example.org")
    receipt = post(event, "ana@example.org")
    corrected = correct(receipt, "bea@example.org")
    assert people() == {"ana@example.org": {"spanish": CONFIRMED}, "bea@example.org": {"spanish": CONFIRMED}}
    bea = db.session.scalars(select(Registration).order_by(Registration.id.desc()).limit(1)).one()
    assert (bea.reference, corrected.registration_id) == (receipt.reference, bea.id)
    correct(receipt, "cia@example.org")  # and from here on it moves
    assert list(people()) == ["ana@example.org", "cia@example.org"]


def test_a_correction_looks_the_same_from_outside_whatever_happens_inside(make, post, correct, now):
    seen = []
    for slug, known in (("none", []), ("first", ["x@example.org"]), ("second", ["y@example.org"]), ("both", "xy")):
        event = make.event(slug)
        for name in known:
            make.registration(event, email=f"{name[0]}@example.org", reference=f"{slug}-{name}")
        receipt = post(event, "x@example.org")
        first, reference = outside(receipt), receipt.reference
        corrected = correct(receipt, "y@example.org")
        assert corrected.reference == reference
        seen.append((first, outside(corrected)))
    assert seen.count(seen[0]) == 4


def test_the_same_address_again_is_no_correction(make, post, correct):
    event = make.event()
    receipt = post(event, "ana@example.org")
    assert correct(receipt, "ANA@example.org").corrections == 0
    assert letters() == [("ana@example.org", "confirmation")]


def test_at_most_three_corrections(make, post, correct):
    event = make.event()
    receipt = post(event, "a@example.org")
    for name in "bcd":
        correct(receipt, f"{name}@example.org")
    with pytest.raises(Refused, match="three times already"):
        correct(receipt, "e@example.org")
    assert people() == {"d@example.org": {"spanish": CONFIRMED}}
    assert letters() == [("d@example.org", "confirmation")]
    assert one_registration().link_generation == 4


def test_a_receipt_ends_after_a_day_and_unknown_ones_never_were(make, post, correct, now):
    event = make.event()
    receipt = post(event, "a@example.org")
    public_id = receipt.public_id
    correct(public_id, "b@example.org", at=now + DAY - MINUTE)
    for which, at in ((public_id, now + DAY), ("abcdefghijklmnop", now)):
        with pytest.raises(NotFound):
            correct(which, "c@example.org", at=at)


@pytest.mark.parametrize("known", [False, True])
def test_a_correction_is_possible_after_closing_but_not_once_cancelled_or_over(make, post, correct, now, known):
    closes = {"closes_local": now.replace(tzinfo=None), "closes_tzid": "Etc/UTC", "closes_at": now + MINUTE}
    event = make.event(**closes)
    ends_at = event.occurrences[1].ends_at
    if known:
        make.registration(event, email="a@example.org")
    receipt = post(event, "a@example.org")
    correct(receipt, "b@example.org", at=now + HOUR)
    assert people()["b@example.org"] == {"spanish": CONFIRMED}
    with transaction():
        db.session.get_one(Event, event.id).cancelled_at = now
    with pytest.raises(Refused, match="cancelled"):
        correct(receipt, "c@example.org")
    with transaction():
        db.session.get_one(Event, event.id).cancelled_at = None
        db.session.get_one(Receipt, receipt.id).expires_at = ends_at + DAY
    with pytest.raises(Refused, match="over"):
        correct(receipt, "c@example.org", at=ends_at)


def test_a_receipt_that_brought_back_a_registration_cannot_carry_it_off(make, post, correct, now):
    event = make.event()
    limit(event, spanish=1)
    victim = make.registration(event, email="victim@example.org", places={"spanish": CANCELLED})
    victim_id = victim.id
    receipt = post(event, "victim@example.org", at=now + HOUR)
    everything_sent()
    correct(receipt, "mallory@example.org", at=now + HOUR + MINUTE)
    assert people() == {
        "victim@example.org": {"spanish": CANCELLED},
        "mallory@example.org": {"spanish": CONFIRMED},
    }
    kept = db.session.get_one(Registration, victim_id)
    assert (kept.email, kept.link_generation) == ("victim@example.org", 1)
    assert kept.reference != receipt.reference
    assert letters() == [
        ("victim@example.org", "confirmation"),
        ("victim@example.org", "cancelled"),
        ("mallory@example.org", "confirmation"),
    ]


def test_a_correction_to_a_cancelled_registration_brings_that_back_with_the_place(make, post, correct, now):
    event = make.event(waitlist=True)
    limit(event, spanish=1)
    make.registration(event, email="ana@example.org", places={"spanish": CANCELLED})
    receipt = post(event, "ana@exmaple.org")
    post(event, "next@example.org")
    correct(receipt, "ana@example.org")
    assert people() == {
        "ana@example.org": {"spanish": CONFIRMED},
        "ana@exmaple.org": {"spanish": CANCELLED},
        "next@example.org": {"spanish": WAITLISTED},
    }


def test_a_correction_keeps_the_place_in_the_queue(make, post, correct, now):
    event = make.event(waitlist=True)
    limit(event, spanish=0)
    receipt = post(event, "a@exmaple.org")
    post(event, "b@example.org", at=now + MINUTE)
    correct(receipt, "a@example.org", at=now + HOUR)
    limit(event, spanish=1)
    post(event, "c@example.org", at=now + HOUR)
    assert people() == {
        "a@example.org": {"spanish": CONFIRMED},
        "b@example.org": {"spanish": WAITLISTED},
        "c@example.org": {"spanish": WAITLISTED},
    }


def test_an_older_receipt_has_no_hold_on_what_a_later_one_brought_back(make, post, correct, now, settings):
    event = make.event()
    older = post(event, applicant("ana@example.org", name="Mallory"))
    with transaction() as session:
        places.cancel(session, older.registration_id, now=now, settings=settings)
    post(event, applicant("ana@example.org", name="Ana"), at=now + HOUR)
    correct(older, "mallory@example.org", at=now + HOUR)
    assert people() == {"ana@example.org": {"spanish": CONFIRMED}, "mallory@example.org": {"spanish": CONFIRMED}}
    names = db.session.scalars(select(Registration.name).order_by(Registration.id)).all()
    assert names == ["Ana", "Mallory"]


def test_what_its_owner_or_an_erasure_changed_is_out_of_the_receipts_reach(make, post, correct):
    event = make.event()
    receipt = post(event, "a@example.org")
    with transaction():
        registration = one_registration()
        registration.email = registration.address_key = "moved@example.org"
    correct(receipt, "b@example.org")
    assert people() == {"moved@example.org": {"spanish": CONFIRMED}, "b@example.org": {"spanish": CONFIRMED}}


@pytest.fixture
def owner(now, settings):
    """What somebody does who reads the letters, by the name that it has in the test below."""

    def details(session, id_):
        correct_details(session, id_, "Ana Real", {}, now=now)

    def language(session, id_):
        correct_language(session, id_, "en", "Europe/Madrid", now=now)

    def cancel(session, id_):
        places.cancel(session, id_, occurrence_key="english", by_owner=True, now=now, settings=settings)

    def letters_again(session, id_):
        send_again(session, id_, now=now + HOUR, settings=settings)

    def join(session, id_):
        place = next(one for one in session.get_one(Registration, id_).places if one.occurrence.key == "spanish")
        attend(session, place.id, now=DURING)

    return {function.__name__: function for function in (details, language, cancel, letters_again, join)}


@pytest.mark.parametrize("what", ["details", "language", "cancel", "letters_again", "join"])
def test_whoever_has_used_a_link_of_ours_keeps_the_registration(make, post, correct, owner, what):
    """A stranger who sent somebody's address must not carry off what its owner made of it."""
    receipt = post(make.event(choose=Choose.ANY), "ana@example.org", "english", "spanish")
    registration_id = receipt.registration_id
    with transaction() as session:
        owner[what](session, registration_id)
    correct(receipt, "mallory@example.org")
    assert set(people()) == {"ana@example.org", "mallory@example.org"}
    assert db.session.get_one(Registration, registration_id).email == "ana@example.org"
    assert people()["ana@example.org"]["spanish"] is CONFIRMED


def test_what_the_organizer_accepted_stays_at_the_address_that_was_accepted(make, post, correct, now, settings):
    event = make.event(approval=Approval.MANUAL)
    receipt = post(event, "known@example.org")
    with transaction() as session:
        places.approve(session, receipt.registration_id, now=now, settings=settings)
    correct(receipt, "mallory@example.org")
    assert people() == {"known@example.org": {"spanish": CONFIRMED}, "mallory@example.org": {"spanish": PENDING}}


def test_a_correction_after_the_organizer_declined_stays_declined(make, post, correct, now, settings):
    event = make.event(approval=Approval.MANUAL)
    receipt = post(event, "a@example.org")
    with transaction() as session:
        places.decline(session, receipt.registration_id, now=now, settings=settings)
    correct(receipt, "b@example.org")
    assert people() == {"b@example.org": {"spanish": DECLINED}}
    assert letters()[-1] == ("b@example.org", "already_registered")


def test_corrections_count_against_the_limits_of_the_new_address(make, post, correct):
    event = make.event()
    for number in range(3):
        receipt = post(event, f"junk{number}@example.com")
        if number < 2:
            correct(receipt, "victim@example.org", limit_per_address=2)
            correct(receipt, f"other{number}@example.com")
    with pytest.raises(TooMany):
        correct(receipt, "victim@example.org", limit_per_address=2)


# The cost


def test_one_registration_takes_at_most_16_statements(make, post):
    questions = [{"key": "diet"}, {"key": "age", "type": QuestionType.NUMBER}]
    event = make.event(questions=questions)
    who = applicant(answers={"diet": "vegan", "age": 40})
    event_id = event.id
    with statements() as seen:
        post(event_id, who)
    assert len(seen) <= 16, "\n".join(seen)


def test_letter_kinds_are_those_of_the_vocabulary(make, post):
    post(make.event(), "ana@example.org")
    assert {LetterKind(kind) for _, kind in letters()} == {LetterKind.CONFIRMATION}
    assert db.session.scalar(select(func.count()).select_from(Answer)) == 0


def test_all_that_a_stranger_can_do_brings_a_foreign_address_few_letters(make, post, correct, settings, now):
    """Events with many dates, corrections there and away again, the link: together a few dozen an hour at most."""
    dates = [{**IN_SPANISH, "key": f"evening{number}"} for number in range(12)]
    keys = [date["key"] for date in dates]
    events = [make.event(f"series{number}", occurrences=dates, choose=Choose.ANY).id for number in range(4)]
    refused = 0
    for number in range(12):
        for event_id in events:
            try:
                receipt = post(event_id, "victim@example.org", *keys, at=now + number * MINUTE)
                everything_sent()
                correct(receipt, f"junk{number}.{event_id}@example.com", at=now + number * MINUTE)
                with transaction() as session:
                    send_link(
                        session,
                        event_id,
                        read_address("victim+x@example.org"),
                        now=now + number * MINUTE,
                        settings=settings,
                    )
            except TooMany:
                refused += 1
    assert refused > 40
    assert 0 < sum(recipient == "victim@example.org" for recipient, _ in letters()) <= 60
