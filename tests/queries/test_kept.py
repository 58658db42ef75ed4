"""What the database counts by itself equals what is there, whoever changed it and by whatever statement."""

import secrets
from datetime import timedelta

from hypothesis import HealthCheck, given, settings, strategies
from sqlalchemy import delete, func, insert, select, text, update

from eventsapp.actions import places
from eventsapp.actions.answers import settle_answers
from eventsapp.actions.register import register
from eventsapp.actions.verify import give_up_late, verify
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import DomainError
from eventsapp.domain.vocabulary import HELD, Choose, PlaceState, QuestionType
from eventsapp.models import ChosenOption, Event, Place, Question, Registration
from eventsapp.queries import registrations
from eventsapp.queries.kept import wrong_counts
from tests.factory import IN_ENGLISH, IN_SPANISH

OPTIONS = [{"id": "vegan", "label": {"en": "Vegan"}, "limit": 3}, {"id": "beef", "label": {"en": "Beef"}}]
QUESTIONS = [{"key": "diet", "type": QuestionType.SEVERAL_CHOICES, "options": OPTIONS}]
MANY = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

KEYS = strategies.sets(strategies.sampled_from(["english", "spanish"]), min_size=1)
CHOSEN = strategies.lists(strategies.sampled_from(["vegan", "beef"]), unique=True, max_size=2)
WHO = strategies.integers(0, 5)
STEPS = strategies.lists(
    strategies.one_of(
        strategies.tuples(strategies.just("register"), WHO, KEYS, CHOSEN),
        strategies.tuples(strategies.sampled_from(["cancel", "verify", "delete", "approve", "decline"]), WHO),
        strategies.tuples(strategies.just("answer"), WHO, CHOSEN),
        strategies.tuples(strategies.just("later"), strategies.integers(1, 90)),
        strategies.tuples(
            strategies.just("bulk state"),
            strategies.sampled_from([state for state in PlaceState if state is not PlaceState.UNVERIFIED]),
        ),
        strategies.tuples(
            strategies.sampled_from(["bulk insert", "bulk delete", "bulk options", "roll back", "drop the question"])
        ),
    ),
    max_size=14,
)


def wrong():
    return wrong_counts(db.session())


class World:
    """One event, and what may happen to it; each step in a transaction of its own."""

    def __init__(self, make, now, config, **values):
        self.now, self.config, self.make = now, config, make
        self.event = make.event(
            f"forum-{secrets.token_hex(4)}",
            choose=Choose.ANY,
            waitlist=True,
            questions=QUESTIONS,
            occurrences=[{**IN_ENGLISH, "capacity": 2}, IN_SPANISH],
            organization=values.pop("organization"),
            **values,
        ).id
        self.stem = secrets.token_hex(4)

    def take(self, step):
        self.now += timedelta(seconds=1)
        try:
            with transaction() as session:
                getattr(self, step[0].replace(" ", "_"))(session, *step[1:])
        except (DomainError, Deliberate):
            pass

    def found(self, session, who):
        return session.scalar(
            select(Registration).where(
                Registration.event_id == self.event, Registration.address_key == self.address(who)
            )
        )

    def address(self, who):
        return f"{self.stem}.{who}@example.org"

    def register(self, session, who, keys, chosen):
        applicant = Applicant(
            name="Zoë",
            address=read_address(self.address(who)),
            language_tag="en",
            tzid="America/Los_Angeles",
            occurrence_keys=tuple(sorted(keys)),
            answers={"diet": chosen} if chosen else {},
        )
        register(session, self.event, applicant, now=self.now, settings=self.config)

    def cancel(self, session, who):
        if found := self.found(session, who):
            places.cancel(session, found.id, now=self.now, settings=self.config)

    def approve(self, session, who):
        if found := self.found(session, who):
            places.approve(session, found.id, now=self.now, settings=self.config)

    def decline(self, session, who):
        if found := self.found(session, who):
            places.decline(session, found.id, now=self.now, settings=self.config)

    def verify(self, session, who):
        if found := self.found(session, who):
            verify(session, found.id, now=self.now, settings=self.config)

    def delete(self, session, who):
        session.execute(delete(Registration).where(Registration.address_key == self.address(who)))

    def answer(self, session, who, chosen):
        if found := self.found(session, who):
            event = places.take_event(session, self.event)
            settle_answers(session, event, found, {"diet": chosen}, now=self.now)

    def later(self, session, minutes):
        self.now += timedelta(minutes=minutes)
        give_up_late(session, self.event, now=self.now, settings=self.config)

    def ours(self):
        return Place.registration_id.in_(select(Registration.id).where(Registration.event_id == self.event))

    def bulk_state(self, session, state):
        session.execute(update(Place).where(self.ours()).values(state=state, promised=None))

    def bulk_delete(self, session):
        session.execute(delete(Place).where(self.ours(), Place.id % 2 == 0))

    def bulk_insert(self, session):
        event = session.get_one(Event, self.event)
        columns = {"event_id": self.event, "language_tag": "en", "tzid": "Etc/UTC", "source": "", "note": ""}
        rows = [
            columns
            | {"public_id": secrets.token_hex(8), "reference": secrets.token_hex(8), "link_generation": 1}
            | {"created_at": self.now, "changed_at": self.now}
            for _ in range(3)
        ]
        ids = session.scalars(insert(Registration).returning(Registration.id), rows).all()
        held = {"revision": 0, "queued_at": self.now, "changed_at": self.now, "created_at": self.now}
        session.execute(
            insert(Place),
            [
                held | {"registration_id": id_, "occurrence_id": occurrence.id, "state": PlaceState.CONFIRMED}
                for id_ in ids
                for occurrence in event.occurrences
            ],
        )
        question = event.questions[0].id if event.questions else None
        if question is not None:
            session.execute(
                insert(ChosenOption),
                [{"registration_id": id_, "question_id": question, "option_id": "beef"} for id_ in ids],
            )

    def bulk_options(self, session):
        session.execute(
            update(ChosenOption).where(ChosenOption.option_id == "beef").values(option_id=ChosenOption.option_id + "f")
        )

    def drop_the_question(self, session):
        session.execute(delete(Question).where(Question.event_id == self.event))

    def roll_back(self, session):
        self.bulk_state(session, PlaceState.CONFIRMED)
        raise Deliberate


class Deliberate(Exception):
    pass


@MANY
@given(steps=STEPS, manual=strategies.booleans(), unverified=strategies.booleans())
def test_whatever_happens_the_counts_are_right(make, app, steps, manual, unverified):
    world = World(
        make,
        make.now,
        app.extensions["settings"],
        organization=make._organization(),
        approval="manual" if manual else "automatic",
        verify_seconds=3600 if unverified else None,
    )
    for step in steps:
        world.take(step)
        assert wrong() == []
    session = db.session()
    event = session.get_one(Event, world.event, populate_existing=True)
    tallies = registrations.tallies(session, event.occurrences, now=world.now)
    assert {id_: (one.confirmed, one.waiting) for id_, one in tallies.items()} == {
        occurrence.id: (
            in_state(occurrence.id, PlaceState.CONFIRMED) + promised(occurrence.id, world.now),
            in_state(occurrence.id, PlaceState.WAITLISTED),
        )
        for occurrence in event.occurrences
    }


def in_state(occurrence_id, state):
    return db.session.scalar(select(func.count()).where(Place.occurrence_id == occurrence_id, Place.state == state))


def promised(occurrence_id, now):
    return db.session.scalar(
        select(func.count())
        .select_from(Place)
        .join(Place.registration)
        .where(
            Place.occurrence_id == occurrence_id,
            Place.promised == PlaceState.CONFIRMED,
            Registration.verify_until > now,
        )
    )


def test_a_whole_event_goes_with_its_counts(make, session):
    event = make.event(questions=QUESTIONS)
    make.registration(event, answers={"diet": ["vegan"]})
    with transaction():
        session.execute(delete(Registration).where(Registration.event_id == event.id))
        session.execute(delete(Event).where(Event.id == event.id))
    for table in ("place_count", "option_count", "event_stamp"):
        assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608


def test_a_wrong_count_would_be_found(make, session):
    """The control: without the triggers the same comparison disagrees."""
    event = make.event(questions=QUESTIONS)
    make.registration(event, answers={"diet": ["vegan"]})
    assert wrong() == []
    for table in ("place_count", "option_count"):
        with transaction():
            session.execute(text(f"UPDATE {table} SET number = number + 1"))  # noqa: S608
        assert len(wrong()) == 1
        with transaction():
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608
        assert len(wrong()) == 1
        with transaction():
            session.execute(delete(Registration))
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608
        make.registration(event, answers={"diet": ["vegan"]})


def test_held_is_what_the_triggers_take_for_held(make, session):
    event = make.event(questions=QUESTIONS)
    for state in PlaceState:
        make.registration(event, places={"english": state}, answers={"diet": ["beef"]})
    assert session.scalar(text("SELECT number FROM option_count")) == len(HELD)
