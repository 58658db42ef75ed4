"""What is kept of public pages is what would be made anew, at any moment and whoever changed something."""

import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings, strategies
from sqlalchemy import delete, insert, select, text, update

from eventsapp.actions import places
from eventsapp.actions.register import register
from eventsapp.db import db, for_writing, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import DomainError
from eventsapp.domain.vocabulary import Choose, PlaceState, QuestionType
from eventsapp.models import (
    Conference,
    Event,
    EventStamp,
    LanguageVariant,
    Occurrence,
    Organization,
    Place,
    Question,
    Registration,
)
from eventsapp.queries import shown
from eventsapp.web.caching import Shelf
from eventsapp.web.editions import FEW
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

OPTIONS = [{"id": "vegan", "label": {"en": "Vegan"}, "limit": 2}, {"id": "beef", "label": {"en": "Beef"}}]
QUESTIONS = [{"key": "diet", "type": QuestionType.SINGLE_CHOICE, "options": OPTIONS}]
PATHS = [
    "/",
    "/es/",
    "/organizations/example-league",
    "/events/forum",
    "/es/events/forum",
    "/events/forum?tz=Asia/Tokyo",
    "/events/forum?tz=Asia/Tokyo&part=times",
    "/events/forum?via=newsletter&fbclid=1",
    "/events/forum/english.ics",
    "/events/forum/calendar.ics",
    "/es/events/forum/spanish.ics",
]
BROWSERS = ["", "en-US,en;q=0.9", "es-MX", "de-AT,de;q=0.9,en;q=0.5", "ja"]
OF_ITS_OWN = {"X-Request-ID", "Date"}


@pytest.fixture
def forum(make):
    return make.event(
        waitlist=True,
        choose=Choose.ANY,
        questions=QUESTIONS,
        occurrences=[{**IN_ENGLISH, "capacity": 3}, {**IN_SPANISH, "capacity": 40}],
    ).id


def said(client, path, browser):
    answer = client.get(path, headers={"Accept-Language": browser})
    headers = {name: value for name, value in answer.headers.items() if name not in OF_ITS_OWN}
    return answer.status_code, headers, answer.data


def anew(app, client, path, browser):
    """The same of an application that keeps nothing, not even the event."""
    shelf, kept = app.extensions["shelf"], shown._kept
    app.extensions["shelf"], shown._kept = Shelf(0), shown._Kept()
    try:
        return said(client, path, browser)
    finally:
        app.extensions["shelf"], shown._kept = shelf, kept


def test_an_answer_that_is_kept_takes_one_statement(app, client, forum):
    for path in PATHS:
        first = said(client, path, "es")
        with statements() as asked:
            assert said(client, path, "es") == first
        assert len(asked) == 1


def test_browsers_of_one_language_share_an_answer_and_others_do_not(app, client, forum):
    said(client, "/events/forum", "es-MX")
    with statements() as asked:
        said(client, "/events/forum", "es-MX,es;q=0.9,en;q=0.8")
    assert len(asked) == 1
    assert said(client, "/events/forum", "en") == anew(app, client, "/events/forum", "en")


def test_who_has_it_already_is_told_so(app, client, forum):
    for path in PATHS:
        tag = client.get(path).headers["ETag"]
        for _ in range(2):
            assert client.get(path, headers={"If-None-Match": f'"else", W/{tag}'}).status_code == 304
        assert client.get(path, headers={"If-None-Match": '"else"'}).status_code == 200


def test_no_kept_answer_is_one_visitor_s(app, client, forum):
    for _ in range(2):
        answer = client.get("/events/forum", headers={"Cookie": "session=x", "X-Forwarded-For": "192.0.2.1"})
        assert "Set-Cookie" not in answer.headers
    assert client.get("/events/forum").headers["X-Request-ID"] != answer.headers["X-Request-ID"]


def test_room_is_bounded(app, client, forum):
    app.extensions["shelf"] = shelf = Shelf(60_000)
    for number in range(20):
        client.get(f"/events/forum?via=paper{number}")
    assert 30_000 < shelf._bytes <= 60_000
    assert shelf._bytes == sum(answer.size for answer in shelf._answers.values())
    assert len(shelf._languages) <= len(shelf._answers)


WALL_TIME = datetime(2026, 5, 2, tzinfo=UTC).replace(tzinfo=None)
CHANGES = [
    (Event, {"cancelled_at": datetime(2026, 3, 2, tzinfo=UTC)}),
    (Event, {"topics": [{"": "Chess"}]}),
    (Event, {"contact": "else@example.org"}),
    (
        Event,
        {"opens_at": datetime(2026, 5, 2, tzinfo=UTC), "opens_local": WALL_TIME, "opens_tzid": "Etc/UTC"},
    ),
    (Event, {"visibility": "unlisted"}),
    (Event, {"published_at": None}),
    (Organization, {"name": "Another League"}),
    (Organization, {"accent": "#aa0000"}),
    (LanguageVariant, {"summary": "Another name"}),
    (LanguageVariant, {"description": "Other **words**"}),
    (LanguageVariant, None),
    (Occurrence, {"starts_at": datetime(2026, 6, 1, tzinfo=UTC), "ends_at": datetime(2026, 6, 2, tzinfo=UTC)}),
    (Occurrence, {"capacity": 0}),
    (Occurrence, {"location": {"": "Ground floor"}}),
    (Occurrence, None),
    (Conference, {"access": "public", "passcode": "000000"}),
    (Conference, None),
    (Question, {"label": {"en": "Another question"}}),
    (Question, {"retired": True}),
    (Question, None),
]


@pytest.mark.parametrize(("table", "values"), CHANGES)
def test_whatever_changes_is_seen_by_the_next_request(app, client, forum, table, values):
    before = {path: said(client, path, "en") for path in PATHS}
    with for_writing().begin() as another:  # whoever it is: no session of ours, and no action
        if table is LanguageVariant and values is None:
            another.execute(delete(table).where(table.language_tag == "es"))
        elif table is Occurrence and values is None:
            another.execute(delete(Conference))
            another.execute(text("DELETE FROM revision"))
            another.execute(delete(table).where(table.key == "spanish"))
        else:
            another.execute(delete(table) if values is None else update(table).values(**values))
    after = {path: said(client, path, "en") for path in PATHS}
    assert after == {path: anew(app, client, path, "en") for path in PATHS}
    assert after != before


def test_without_another_stamp_it_would_not_be_seen(app, client, forum):
    """The control: the stamp alone tells."""
    before = said(client, "/events/forum", "en")
    with for_writing().begin() as another:
        stamp = another.execute(select(EventStamp.number)).scalar_one()
        another.execute(update(LanguageVariant).values(summary="Another name"))
        another.execute(update(EventStamp).values(number=stamp))
    assert said(client, "/events/forum", "en") == before != anew(app, client, "/events/forum", "en")


def test_far_from_a_limit_a_registration_draws_no_stamp_and_close_to_it_each_does(app, client, make, forum):
    event = db.session.get_one(Event, forum)

    def drawn(key):
        before = stamp()
        make.registration(event, places={key: PlaceState.CONFIRMED})
        return stamp() != before

    assert [drawn("spanish") for _ in range(40)] == [False] * 29 + [True] * 11
    assert [drawn("english") for _ in range(3)] == [True] * 3
    assert FEW <= 10  # NEAR in the version that made the triggers


def stamp():
    db.session.rollback()
    return db.session.scalar(select(EventStamp.number))


STEPS = strategies.lists(
    strategies.one_of(
        strategies.tuples(
            strategies.just("register"), strategies.integers(0, 5), strategies.sampled_from(["english", "spanish"])
        ),
        strategies.tuples(strategies.sampled_from(["cancel", "erase"]), strategies.integers(0, 5)),
        strategies.tuples(strategies.just("wait"), strategies.integers(1, 4000)),  # hours
        strategies.tuples(strategies.just("capacity"), strategies.integers(0, 12)),
        strategies.tuples(strategies.just("crowd"), strategies.integers(1, 12)),
        strategies.tuples(strategies.sampled_from(["hold longer", "hold shorter", "opens", "rename", "new date"])),
    ),
    max_size=8,
)
LOOKS = strategies.lists(
    strategies.tuples(strategies.sampled_from(PATHS), strategies.sampled_from(BROWSERS)), min_size=2, max_size=3
)


class World:
    def __init__(self, app, make, client, **values):
        self.app, self.make, self.client, self.now = app, make, client, make.now
        with transaction() as session:
            session.execute(delete(Registration))
            session.execute(delete(Event))
            organization = session.scalar(select(Organization))
        self.event = make.event(
            organization=organization,
            choose=Choose.ANY,
            questions=QUESTIONS,
            occurrences=[{**IN_ENGLISH, "capacity": 3}, {**IN_SPANISH, "capacity": 8}],
            **values,
        ).id

    def take(self, step):
        if step[0] == "wait":
            self.now += timedelta(hours=step[1])
            return
        with suppress(DomainError), transaction() as session:
            getattr(self, step[0].replace(" ", "_"))(session, *step[1:])

    def look(self, looks):
        with time_machine.travel(self.now, tick=False):
            for path, browser in looks:
                assert said(self.client, path, browser) == anew(self.app, self.client, path, browser)

    def register(self, session, who, key):
        applicant = Applicant(
            name="Zoë",
            address=read_address(f"person{who}.of.{self.event}.{secrets.token_hex(3)}@example.org"),
            language_tag="en",
            tzid="America/Los_Angeles",
            occurrence_keys=(key,),
            answers={"diet": ["vegan"]} if who % 2 else {},
        )
        register(session, self.event, applicant, now=self.now, settings=self.app.extensions["settings"])

    def cancel(self, session, who):
        ids = session.scalars(select(Registration.id).order_by(Registration.id)).all()
        if who < len(ids):
            places.cancel(session, ids[who], now=self.now, settings=self.app.extensions["settings"])

    def erase(self, session, who):
        ids = session.scalars(select(Registration.id).order_by(Registration.id)).all()
        session.execute(delete(Registration).where(Registration.id.in_(ids[who : who + 1])))

    def capacity(self, session, number):
        session.execute(update(Occurrence).values(capacity=number))

    def crowd(self, session, number):
        columns = {"event_id": self.event, "language_tag": "en", "tzid": "Etc/UTC", "source": "", "note": ""}
        columns |= {"created_at": self.now, "changed_at": self.now, "link_generation": 1}
        rows = [columns | {"public_id": secrets.token_hex(8), "reference": secrets.token_hex(8)} for _ in range(number)]
        ids = session.scalars(insert(Registration).returning(Registration.id), rows).all()
        at = session.scalar(select(Occurrence.id).order_by(Occurrence.id))
        held = {"revision": 0, "queued_at": self.now, "changed_at": self.now, "created_at": self.now}
        held |= {"state": PlaceState.CONFIRMED, "occurrence_id": at}
        session.execute(insert(Place), [held | {"registration_id": id_} for id_ in ids])

    def hold_longer(self, session):
        session.execute(update(Registration).values(verify_until=self.now + timedelta(days=9)))

    def hold_shorter(self, session):
        session.execute(update(Registration).values(verify_until=self.now))

    def opens(self, session):
        at = self.now + timedelta(hours=100)
        local = at.replace(tzinfo=None)
        session.execute(update(Event).values(opens_at=at, opens_local=local, opens_tzid="Etc/UTC"))

    def rename(self, session):
        session.execute(update(LanguageVariant).values(summary=secrets.token_hex(4)))

    def new_date(self, session):
        session.execute(
            update(Occurrence).values(starts_at=self.now + timedelta(hours=3), ends_at=self.now + timedelta(hours=5))
        )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS, looks=LOOKS, waitlist=strategies.booleans(), unverified=strategies.booleans())
def test_after_any_changes_what_is_kept_is_what_would_be_made(app, client, make, forum, **drawn):
    world = World(app, make, client, waitlist=drawn["waitlist"], verify_seconds=7200 if drawn["unverified"] else None)
    world.look(drawn["looks"])
    for step in drawn["steps"]:
        world.take(step)
        world.look(drawn["looks"])
