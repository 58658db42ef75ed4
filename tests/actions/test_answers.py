"""Answers as rows, and options with a limit: who may choose one, and that a full one tells nothing of anybody."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from eventsapp.actions import places
from eventsapp.actions.answers import settle_answers
from eventsapp.actions.register import correct_address, register
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import Refused
from eventsapp.domain.questions import OptionFull
from eventsapp.domain.vocabulary import PlaceState, QuestionType
from eventsapp.models import Answer, ChosenOption, Event, Message, Question, Receipt, Registration
from eventsapp.queries.registrations import answers_of, options_left
from tests.statements import statements

DIET = {
    "key": "diet",
    "type": QuestionType.SINGLE_CHOICE,
    "label": {"en": "Diet", "es": "Dieta"},
    "options": [
        {"id": "vegan", "label": {"en": "Vegan", "es": "Vegana"}, "limit": 2},
        {"id": "all", "label": {"en": "Everything", "es": "De todo"}},
        {"id": "else", "label": {"en": "Other", "es": "Otra"}, "limit": 1, "other": True},
    ],
}
DAYS = {
    "key": "days",
    "type": QuestionType.SEVERAL_CHOICES,
    "options": [{"id": day, "label": {"en": day}, "limit": 1} for day in ("mon", "tue", "wed")],
}
NUTS = {"chosen": ["else"], "said": "no nuts"}


def applicant(email: str, answers: dict[str, Any]) -> Applicant:
    return Applicant("Ana", read_address(email), "es", "America/Mexico_City", ("spanish",), answers)


@pytest.fixture
def event_id(make) -> int:
    return make.event(questions=[DIET, DAYS, {"key": "why"}]).id


@pytest.fixture
def post(now, settings):
    def post(event_id: int, email: str, **answers: Any) -> Receipt:
        later = now + timedelta(minutes=1)
        with transaction() as session:
            return register(session, event_id, applicant(email, answers), now=later, settings=settings)

    return post


@pytest.fixture
def settle(now):
    """Answer again, as its owner does later."""

    def settle(email: str, **answers: Any) -> None:
        with transaction() as session:
            found = session.scalars(select(Registration).where(Registration.address_key == email)).one()
            event = places.take_event(session, found.event_id)
            settle_answers(session, event, found, answers, now=now + timedelta(hours=1))

    return settle


def left(event_id: int) -> dict[str, int]:
    db.session.rollback()
    return {option: n for (_key, option), n in options_left(db.session, db.session.get_one(Event, event_id)).items()}


def chosen() -> list[tuple[str, str, str]]:
    """(address, question, option) of every row that counts."""
    db.session.rollback()
    found = db.session.execute(
        select(Registration.address_key, Question.key, ChosenOption.option_id)
        .join(Registration, Registration.id == ChosenOption.registration_id)
        .join(Question, Question.id == ChosenOption.question_id)
    )
    return sorted((*row,) for row in found)


def answers(email: str) -> dict[str, Any]:
    db.session.rollback()
    return answers_of(db.session.scalars(select(Registration).where(Registration.address_key == email)).one())


def give_up(email: str, now, settings) -> None:
    with transaction() as session:
        found = session.scalars(select(Registration.id).where(Registration.address_key == email)).one()
        places.cancel(session, found, now=now + timedelta(minutes=2), settings=settings)


# What is written


def test_answers_and_choices_are_rows(event_id, post):
    post(event_id, "a@example.org", diet=NUTS, days=["mon", "wed"], why="so", nothing="x")
    assert answers("a@example.org") == {"diet": NUTS, "days": ["mon", "wed"], "why": "so"}
    assert chosen() == [
        ("a@example.org", "days", "mon"),
        ("a@example.org", "days", "wed"),
        ("a@example.org", "diet", "else"),
    ]


def test_later_answers_take_the_place_of_earlier_ones(event_id, post, settle):
    post(event_id, "a@example.org", diet=NUTS, why="so")
    post(event_id, "b@example.org", days=["tue"])
    settle("a@example.org", diet="all", days=["wed"])
    assert answers("a@example.org") == {"diet": "all", "days": ["wed"]}
    assert chosen() == [
        ("a@example.org", "days", "wed"),
        ("a@example.org", "diet", "all"),
        ("b@example.org", "days", "tue"),
    ]
    settle("a@example.org")
    assert (answers("a@example.org"), chosen()) == ({}, [("b@example.org", "days", "tue")])


def test_words_that_look_like_an_option_count_for_none(event_id, post):
    post(event_id, "a@example.org", why="vegan")
    assert left(event_id) == {"vegan": 2, "else": 1, "mon": 1, "tue": 1, "wed": 1}


def test_settling_takes_few_statements_however_many_answers(event_id, post, settle, now):
    post(event_id, "a@example.org", diet="all", days=["mon"], why="so")
    with transaction() as session:
        found = session.scalars(select(Registration)).one()
        event = places.take_event(session, found.event_id)
        assert len([*found.places, *found.answers, *event.questions]) == 7
        with statements() as seen:
            settle_answers(session, event, found, {"diet": "vegan", "days": ["mon", "tue", "wed"], "why": "x"}, now=now)
        assert len(seen) <= 6, "\n".join(seen)


def test_what_was_answered_before_a_question_was_retired_stays(event_id, post, settle):
    post(event_id, "a@example.org", diet="vegan", days=["mon"], why="so")
    with transaction() as session:
        session.execute(update(Question).where(Question.key.in_(["diet", "why"])).values(retired=True))
    assert left(event_id) == {"mon": 0, "tue": 1, "wed": 1}
    settle("a@example.org", days=["tue"], diet="all", why="other")
    db.session.expire_all()
    found = db.session.scalars(select(Registration)).one()
    assert answers_of(found) == {"diet": "vegan", "days": ["tue"], "why": "so"}
    assert db.session.scalars(select(ChosenOption.option_id).order_by(ChosenOption.id)).all() == ["vegan", "tue"]


# What is left


def test_what_is_left_is_counted_in_one_statement_or_none(event_id, make):
    event = db.session.get_one(Event, event_id)
    without = make.event("without", questions=[{"key": "why"}, {**DIET, "options": DIET["options"][1:2]}])
    assert len([*event.questions, *without.questions]) == 5
    with statements() as seen:
        options_left(db.session, event)
        assert options_left(db.session, without) == {}
    assert len(seen) == 1


@pytest.mark.parametrize("state", PlaceState)
def test_whoever_holds_a_place_counts(state, event_id, make):
    event = db.session.get_one(Event, event_id)
    make.registration(event, places={"spanish": state}, answers={"diet": "vegan"})
    make.registration(event, places={}, answers={"diet": "vegan"})
    held = state not in (PlaceState.CANCELLED, PlaceState.DECLINED)
    assert left(event_id)["vegan"] == (1 if held else 2)


def test_several_places_count_once(event_id, make):
    event = db.session.get_one(Event, event_id)
    make.registration(event, places=dict.fromkeys(("english", "spanish"), "confirmed"), answers={"diet": "vegan"})
    assert left(event_id)["vegan"] == 1


def test_another_event_with_the_same_options_does_not_count(event_id, make):
    other = make.event("other", questions=[DIET, DAYS])
    make.registration(other, answers={"diet": "vegan", "days": ["mon"]})
    assert left(event_id) == {"vegan": 2, "else": 1, "mon": 1, "tue": 1, "wed": 1}


def test_too_many_are_none_left(event_id, make):
    event = db.session.get_one(Event, event_id)
    for _ in range(3):
        make.registration(event, answers={"diet": "vegan"})
    assert left(event_id)["vegan"] == 0


def test_one_registration_can_be_left_out(event_id, make):
    event = db.session.get_one(Event, event_id)
    mine = make.registration(event, answers={"diet": NUTS})
    assert options_left(db.session, event, apart_from=mine.id)[("diet", "else")] == 1
    assert options_left(db.session, event)[("diet", "else")] == 0
    with transaction() as session:
        options = [option | {"limit": 0} for option in DIET["options"]]
        session.execute(update(Question).where(Question.key == "diet").values(options=options))
    event = db.session.get_one(Event, event_id)
    assert options_left(db.session, event, apart_from=mine.id) == {
        ("diet", "vegan"): 0,
        ("diet", "all"): 0,
        ("diet", "else"): 1,
        ("days", "mon"): 1,
        ("days", "tue"): 1,
        ("days", "wed"): 1,
    }


# Who is refused


def test_the_last_place_of_an_option_is_the_last(event_id, post):
    post(event_id, "a@example.org", diet="vegan")
    post(event_id, "b@example.org", diet="vegan")
    with pytest.raises(OptionFull) as refused:
        post(event_id, "c@example.org", diet="vegan")
    assert (refused.value.key, refused.value.option) == ("diet", "vegan")
    assert str(refused.value) == "No places are left for “Vegana”. Choose another option for “Dieta”."
    db.session.rollback()
    assert db.session.scalars(select(Registration.address_key).order_by(Registration.id)).all() == [
        "a@example.org",
        "b@example.org",
    ]
    post(event_id, "c@example.org", diet="all")


@pytest.mark.parametrize("limit", [0, 1])
def test_any_full_option_among_several_refuses(limit, event_id, post):
    if limit:
        post(event_id, "a@example.org", days=["tue"])
    else:
        with transaction() as session:
            options = [{"id": day, "label": {"en": day}, "limit": 0} for day in ("mon", "tue", "wed")]
            session.execute(update(Question).where(Question.key == "days").values(options=options))
    with pytest.raises(OptionFull, match="tue"):
        post(event_id, "b@example.org", days=["tue"] + (["wed"] if limit else []))


def test_a_place_given_up_is_free_again(event_id, post, now, settings):
    post(event_id, "a@example.org", diet=NUTS)
    with pytest.raises(Refused):
        post(event_id, "b@example.org", diet=NUTS)
    give_up("a@example.org", now, settings)
    assert left(event_id)["else"] == 1
    post(event_id, "b@example.org", diet=NUTS)


def test_whoever_comes_back_needs_a_place_like_anybody(event_id, post, now, settings):
    post(event_id, "a@example.org", diet=NUTS)
    give_up("a@example.org", now, settings)
    post(event_id, "b@example.org", diet=NUTS)
    with pytest.raises(OptionFull):
        post(event_id, "a@example.org", diet=NUTS)
    post(event_id, "a@example.org", diet="vegan")
    assert chosen() == [("a@example.org", "diet", "vegan"), ("b@example.org", "diet", "else")]


def test_whoever_comes_back_takes_their_own_place_again(event_id, post, now, settings):
    post(event_id, "a@example.org", diet=NUTS)
    give_up("a@example.org", now, settings)
    post(event_id, "a@example.org", diet=NUTS)
    assert left(event_id)["else"] == 0


def test_ones_own_choice_stays_open_to_oneself(event_id, post, settle):
    post(event_id, "a@example.org", diet=NUTS, days=["mon"])
    post(event_id, "b@example.org", days=["tue"])
    settle("a@example.org", diet={"chosen": ["else"], "said": "no fish"}, days=["mon", "wed"])
    assert answers("a@example.org") == {"diet": {"chosen": ["else"], "said": "no fish"}, "days": ["mon", "wed"]}
    with pytest.raises(OptionFull, match="tue"):
        settle("a@example.org", days=["mon", "tue"])
    assert answers("a@example.org")["days"] == ["mon", "wed"]


def test_a_choice_survives_a_lowered_limit(event_id, post, settle):
    for name in "ab":
        post(event_id, f"{name}@example.org", diet="vegan")
    with transaction() as session:
        options = [option | {"limit": 0} for option in DIET["options"]]
        session.execute(update(Question).where(Question.key == "diet").values(options=options))
    settle("a@example.org", diet="vegan", why="so")
    settle("b@example.org")
    with pytest.raises(OptionFull):
        settle("b@example.org", diet="vegan")


def test_a_full_option_answers_known_and_unknown_addresses_alike(event_id, post):
    post(event_id, "known@example.org", diet=NUTS)
    before = db.session.scalars(select(Message.id)).all()
    for email in ("known@example.org", "novel@example.org"):
        with pytest.raises(OptionFull) as refused:
            post(event_id, email, diet=NUTS)
        assert refused.value.key == "diet"
    db.session.rollback()
    assert db.session.scalars(select(Message.id)).all() == before


def test_a_corrected_address_keeps_its_option(event_id, post, now, settings):
    post(event_id, "known@example.org")
    receipt = post(event_id, "mistyped@example.org", diet=NUTS).public_id
    later = now + timedelta(minutes=5)
    with transaction() as session:
        correct_address(session, receipt, read_address("right@example.org"), now=later, settings=settings)
    assert chosen() == [("right@example.org", "diet", "else")]
    with transaction() as session:  # a known one: the mistaken registration is withdrawn, and its option free
        correct_address(session, receipt, read_address("known@example.org"), now=later, settings=settings)
    assert left(event_id)["else"] == 1


def test_a_known_address_corrected_to_a_new_one_takes_an_option_or_is_refused(event_id, post, now, settings):
    post(event_id, "known@example.org")
    receipt = post(event_id, "known@example.org", diet=NUTS).public_id
    post(event_id, "quick@example.org", diet=NUTS)
    later = now + timedelta(minutes=5)
    with pytest.raises(OptionFull), transaction() as session:
        correct_address(session, receipt, read_address("novel@example.org"), now=later, settings=settings)
    assert answers("known@example.org") == {}


def test_registering_for_a_limited_event_takes_few_statements(event_id, post):
    who = {"diet": NUTS, "days": ["mon", "tue"], "why": "so"}
    with statements() as seen:
        post(event_id, "a@example.org", **who)
    assert len(seen) <= 19, "\n".join(seen)


def test_answers_to_what_is_no_choice_make_no_choice(make, post):
    questions = [{"key": kind.value, "type": kind} for kind in QuestionType if "choice" not in kind.value]
    event_id = make.event(questions=questions).id
    post(event_id, "a@example.org", short_text="vegan", yes_no=True, number=3, country="MX")
    assert chosen() == []
    assert len(db.session.scalars(select(Answer)).all()) == 4
