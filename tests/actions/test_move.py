"""Choosing other dates: the new is decided before the old is given up, and it is all or nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from eventsapp.actions.move import MOST_LETTERS, Doubtful, choose_dates
from eventsapp.db import transaction
from eventsapp.domain.errors import Invalid, NotFound, Refused, TooMany
from eventsapp.domain.vocabulary import Approval, Choose, LetterKind, PlaceState
from eventsapp.models import Event, Message, Place
from tests.factory import IN_ENGLISH, IN_SPANISH

CONFIRMED, WAITLISTED, PENDING = PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING
CANCELLED, UNVERIFIED = PlaceState.CANCELLED, PlaceState.UNVERIFIED
ONE_CHAIR = [{**IN_ENGLISH, "capacity": 1}, {**IN_SPANISH, "capacity": 1}]


@pytest.fixture
def choose(now, settings):
    def choose(registration, *keys, sure=False, at=now):
        registration_id = registration.id
        with transaction() as session:
            return choose_dates(session, registration_id, keys, sure=sure, now=at, settings=settings)

    return choose


@pytest.fixture
def states(session):
    def states(registration):
        session.rollback()
        return {place.occurrence.key: place.state for place in registration.places}

    return states


@pytest.fixture
def letters(session):
    """Each letter as kind and the dates it is about, with an @ where it carries that date's calendar object."""

    def letters(registration):
        session.rollback()
        key_of = {place.id: place.occurrence.key for place in session.scalars(select(Place))}
        mine = select(Message).where(Message.registration_id == registration.id).order_by(Message.id)
        return [
            (
                message.kind,
                "@" * (message.place_id is not None) + "+".join(key_of[id_] for id_ in message.context["places"]),
            )
            for message in session.scalars(mine)
        ]

    return letters


def test_a_swap_takes_the_old_entry_back_and_brings_the_new_one(make, choose, states, letters):
    registration = make.registration(make.event())
    change = choose(registration, "english")
    assert (change.kept, change.given_up, change.taken) == ((), ("spanish",), {"english": CONFIRMED})
    assert states(registration) == {"english": CONFIRMED, "spanish": CANCELLED}
    assert letters(registration) == [(LetterKind.CANCELLED, "@spanish"), (LetterKind.CONFIRMATION, "@english")]


def test_there_and_back_again_only_rises(make, choose, session, letters):
    registration = make.registration(make.event())
    for key in ("english", "spanish", "english"):
        choose(registration, key)
    session.rollback()
    revisions = {place.occurrence.key: place.revision for place in registration.places}
    assert revisions == {"spanish": 3, "english": 2}
    assert len(letters(registration)) == 6


def test_ones_own_place_is_never_in_ones_way(make, choose, states):
    """Both dates are full with oneself."""
    registration = make.registration(
        make.event(choose=Choose.ANY, occurrences=ONE_CHAIR), places={"english": CONFIRMED, "spanish": CONFIRMED}
    )
    assert choose(registration, "english", "spanish").taken == {}
    choose(registration, "spanish")
    assert states(registration) == {"english": CANCELLED, "spanish": CONFIRMED}
    choose(registration, "english", "spanish")
    assert states(registration) == {"english": CONFIRMED, "spanish": CONFIRMED}


def test_who_waits_gets_the_place_given_up(make, choose, states, letters):
    event = make.event(waitlist=True, occurrences=ONE_CHAIR)
    mine, other = make.registration(event), make.registration(event, places={"spanish": WAITLISTED})
    choose(mine, "english")
    assert states(other) == {"spanish": CONFIRMED}
    assert letters(other) == [(LetterKind.PROMOTED, "@spanish")]


def test_who_waits_already_comes_first(make, choose, states):
    """A place has become free; it goes to the one who waits, and not to the one who moves."""
    event = make.event(waitlist=True, occurrences=ONE_CHAIR)
    waiting = make.registration(event, places={"english": WAITLISTED})
    mine = make.registration(event)
    with pytest.raises(Doubtful):
        choose(mine, "english")
    assert states(mine) == {"spanish": CONFIRMED}
    assert states(waiting) == {"english": WAITLISTED}  # all of it was taken back
    choose(mine, "english", sure=True)
    assert states(mine) == {"english": WAITLISTED, "spanish": CANCELLED}
    assert states(waiting) == {"english": CONFIRMED}


@pytest.mark.parametrize("state", [PENDING, WAITLISTED])
def test_what_is_sure_is_given_up_only_by_a_yes(make, choose, states, letters, state):
    if state is PENDING:
        event = make.event(approval=Approval.MANUAL)
    else:
        event = make.event(waitlist=True, occurrences=ONE_CHAIR)
        make.registration(event, places={"english": CONFIRMED})
    mine = make.registration(event)
    with pytest.raises(Doubtful) as caught:
        choose(mine, "english")
    assert (caught.value.change.given_up, caught.value.change.taken) == (("spanish",), {"english": state})
    assert (states(mine), letters(mine)) == ({"spanish": CONFIRMED}, [])
    choose(mine, "english", sure=True)
    assert states(mine) == {"english": state, "spanish": CANCELLED}


def test_to_wait_elsewhere_or_in_addition_needs_no_yes(make, choose, states):
    event = make.event(choose=Choose.ANY, waitlist=True, occurrences=ONE_CHAIR)
    make.registration(event, places={"english": CONFIRMED})
    mine = make.registration(event)
    choose(mine, "english", "spanish")
    assert states(mine) == {"english": WAITLISTED, "spanish": CONFIRMED}
    choose(mine, "spanish")
    assert states(mine) == {"english": CANCELLED, "spanish": CONFIRMED}


def test_a_refusal_leaves_everything(make, choose, states, letters):
    event = make.event(choose=Choose.ANY, occurrences=[*ONE_CHAIR, {**IN_ENGLISH, "key": "free"}])
    make.registration(event, places={"english": CONFIRMED})
    mine = make.registration(event)
    for keys, error in (
        (("english", "free"), Refused),
        (("elsewhere",), Invalid),
        (("free", "elsewhere"), Invalid),
        ((), Invalid),
    ):
        with pytest.raises(error):
            choose(mine, *keys, sure=True)
    assert (states(mine), letters(mine)) == ({"spanish": CONFIRMED}, [])


def test_one_means_one(make, choose, states):
    registration = make.registration(make.event(choose=Choose.ONE))
    with pytest.raises(Invalid):
        choose(registration, "english", "spanish")
    assert states(registration) == {"spanish": CONFIRMED}


def test_who_missed_a_date_takes_another(make, choose, states, letters):
    registration = make.registration(make.event(), places={"english": CONFIRMED})
    choose(registration, "spanish", at=registration.places[0].occurrence.ends_at)
    assert states(registration) == {"english": CONFIRMED, "spanish": CONFIRMED}
    assert LetterKind.CANCELLED not in [kind for kind, _about in letters(registration)]


def test_a_date_called_off_makes_way_without_a_second_letter(make, choose, states, letters, now):
    event = make.event()
    registration = make.registration(event)
    with transaction():
        event.occurrences[1].cancelled_at = now
    choose(registration, "english")
    assert states(registration) == {"english": CONFIRMED, "spanish": CANCELLED}
    assert letters(registration) == [(LetterKind.CONFIRMATION, "@english")]


def test_all_means_all_that_are_missing(make, choose, states, letters):
    event = make.event(choose=Choose.ALL, waitlist=True, occurrences=ONE_CHAIR)
    registration = make.registration(event)  # the other date was added later
    choose(registration)
    assert states(registration) == {"english": CONFIRMED, "spanish": CONFIRMED}
    late = make.registration(event, places={})
    choose(late)
    assert states(late) == {"english": WAITLISTED, "spanish": WAITLISTED}


def test_coming_back_proves_the_address(make, choose, session, now):
    """The manage link came by letter: nobody who has it need verify anything."""
    lapsed = {"places": {"spanish": CANCELLED}, "verify_until": now - timedelta(days=1)}
    registration = make.registration(make.event(verify_seconds=7200), **lapsed)
    choose(registration, "spanish")
    session.rollback()
    assert registration.verified_at == now
    assert registration.places[0].state is CONFIRMED


def test_unverified_or_over_or_gone_nothing_is_chosen(make, choose, now, session):
    until = {"verify_until": now + timedelta(hours=1)}
    event = make.event(verify_seconds=7200)
    with pytest.raises(Refused):
        choose(make.registration(event, places={"spanish": UNVERIFIED}, **until), "english")
    registration = make.registration(event)
    with pytest.raises(Refused):
        choose(registration, "english", at=now + timedelta(days=365))
    with transaction():
        session.get_one(Event, event.id).cancelled_at = now
    with pytest.raises(Refused):
        choose(registration, "english")
    with transaction():
        registration.erased_at = now
    with pytest.raises(NotFound):
        choose(registration, "english")


def test_whoever_goes_to_and_fro_gets_no_more_than_so_many_letters_an_hour(make, choose, states, letters, now):
    """A link that was passed on, or leads to a mailing list, must not become a letter machine."""
    registration = make.registration(make.event(), places={"english": CONFIRMED})
    for number in range(MOST_LETTERS // 2):
        choose(registration, ("spanish", "english")[number % 2], at=now + number * timedelta(seconds=1))
    with pytest.raises(TooMany, match="This form was sent too often") as caught:
        choose(registration, *(key for key, state in states(registration).items() if state is not CONFIRMED))
    assert caught.value.values["seconds"] > 3500
    assert len(letters(registration)) == MOST_LETTERS
    before = states(registration)
    choose(registration, *(key for key, state in before.items() if state is CONFIRMED), at=now + timedelta(minutes=2))
    assert states(registration) == before  # what changes nothing writes nothing, and is not refused
    other = next(key for key, state in before.items() if state is not CONFIRMED)
    choose(registration, other, at=now + timedelta(hours=1))
    assert states(registration)[other] is CONFIRMED
