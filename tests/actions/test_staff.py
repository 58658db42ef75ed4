"""The team: from the record into the rows, and out of them as letters that were asked for."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions.expire import expire
from eventsapp.actions.import_record import import_record
from eventsapp.actions.staff import plan_assignments, plan_digests, tell_staff
from eventsapp.db import for_writing, transaction
from eventsapp.domain.vocabulary import DigestEvery, LetterKind, MessageState, PlaceState, StaffRole
from eventsapp.models import Assignment, Event, Message, Organization, Staff
from eventsapp.queries.letters import letter_of
from eventsapp.queries.record import record_of
from eventsapp.queries.staff import untold_staff
from eventsapp.reading.mistakes import RecordRefused
from tests.reading.records import occurrence, read, record

ZOOM = {"meeting_id": "85835549492", "passcode": "191837"}
ONE = occurrence(id="one", start="2026-06-13 16:00", conference=ZOOM)
TWO = occurrence(id="two", start="2026-06-28 17:00", conference=ZOOM)
HOST = {"role": "host", "name": "Ana", "email": "ana@example.org", "language": "es", "tzid": "Europe/Madrid"}
ORGANIZER = {"role": "organizer", "email": "Ana@example.org", "digest": "weekly"}


class Team:
    """An event whose record is imported again and again, a day later each time."""

    def __init__(self, session, settings, now):
        self.session, self.settings, self.now = session, settings, now
        self.delay = timedelta(seconds=settings.change_delay)

    @property
    def event(self) -> Event:
        self.session.expire_all()
        return self.session.scalars(select(Event)).one()

    def take(self, *, tell: bool = False, **changes):
        self.now += timedelta(days=1)
        said = {"occurrences": [ONE, TWO], "team": [HOST]} | changes
        with transaction() as session:
            report = import_record(session, read(record(**said)), now=self.now, settings=self.settings)
            if tell:
                tell_staff(session, self.event, now=self.now, settings=self.settings)
        return report.changes

    def plan(self, *, settle: bool = True) -> int:
        with transaction() as session:
            due = self.now + self.delay if settle else self.now
            return plan_assignments(session, now=due, settings=self.settings)

    def tell(self, **changes) -> list[tuple[str, str, int]]:
        """Import, say "tell them", and send: (date, method, SEQUENCE) of each letter that leaves."""
        self.take(tell=True, **changes)
        self.plan()
        return self.send()

    def send(self) -> list[tuple[str, str, int]]:
        return [
            (letter.about[0].key, letter.invitation.method, letter.invitation.entry.sequence)
            for letter in self.letters()
        ]

    def letters(self):
        with transaction() as session:
            queued = session.scalars(
                select(Message).where(Message.state == MessageState.QUEUED).order_by(Message.id)
            ).all()
            letters = [letter_of(session, one, now=self.now, settings=self.settings) for one in queued]
            for message in queued:
                message.state = MessageState.SENT
        return [letter for letter in letters if letter is not None]


@pytest.fixture
def team(app, session, settings, now) -> Team:
    return Team(session, settings, now)


def assignments(session) -> list[tuple[str, bool, int]]:
    session.expire_all()
    rows = session.scalars(select(Assignment).order_by(Assignment.id)).all()
    return [(one.occurrence.key, one.ended_at is None, one.revision) for one in rows]


def test_a_team_is_what_the_record_says(team, session):
    team.take(team=[HOST, ORGANIZER, HOST | {"role": "interpreter", "occurrences": "two"}])
    event = team.event
    assert [(one.role, one.email, one.digest) for one in event.team] == [
        (StaffRole.HOST, "ana@example.org", DigestEvery.NEVER),
        (StaffRole.ORGANIZER, "Ana@example.org", DigestEvery.WEEK),
        (StaffRole.INTERPRETER, "ana@example.org", DigestEvery.NEVER),
    ]
    assert [(one.language_tag, one.tzid) for one in event.team] == [
        ("es", "Europe/Madrid"),
        ("en", "America/Los_Angeles"),
        ("es", "Europe/Madrid"),
    ]
    assert assignments(session) == [("one", True, 0), ("two", True, 0), ("two", True, 0)]


def test_importing_what_was_exported_changes_nothing(team):
    changed = [HOST | {"occurrences": ["two"]}, ORGANIZER | {"digest": "never"}, HOST | {"role": "interpreter"}]
    for said in ([HOST, ORGANIZER], changed, [ORGANIZER], [HOST]):
        team.take(team=said)
        assert team.take(team=said) == ()
        stored = record_of(team.event)
        with transaction() as session:
            assert import_record(session, stored, now=team.now, settings=team.settings).changes == ()
        assert len(stored.team) == len(said)


def test_changes_are_named(team):
    team.take()
    assert team.take(team=[HOST | {"tzid": "Europe/Paris", "occurrences": ["one"]}, ORGANIZER]) == (
        "team[0].tzid",
        "team[0].occurrences",
        "team[1]",
    )
    assert team.take(team=[]) == ("team",)


def test_nobody_is_told_by_accident(team, session):
    team.take()
    assert untold_staff(session, team.event, now=team.now) == 1
    assert team.plan() == 0
    assert session.scalars(select(Message)).all() == []


def test_letters_wait_for_the_next_change(team):
    team.take(tell=True)
    assert team.plan(settle=False) == 0
    assert team.plan() == 2
    assert team.plan() == 0
    assert team.send() == [("one", "REQUEST", 0), ("two", "REQUEST", 0)]


def test_those_who_work_at_a_date_hear_of_everything_that_becomes_of_it(team, session):
    told = team.tell()
    moved = occurrence(**ONE | {"start": "2026-06-13 18:00"})
    told += team.tell(occurrences=[moved, TWO])
    told += team.tell(occurrences=[moved, TWO], team=[HOST | {"occurrences": ["two"]}])
    told += team.tell(occurrences=[moved, TWO])
    told += team.tell(occurrences=[moved | {"status": "cancelled"}, TWO])
    told += team.tell(occurrences=[moved, TWO])
    told += team.tell(occurrences=[moved, TWO], team=[])
    assert told == [
        ("one", "REQUEST", 0),
        ("two", "REQUEST", 0),
        ("one", "REQUEST", 1),
        ("one", "CANCEL", 2),
        ("one", "REQUEST", 3),
        ("one", "CANCEL", 4),
        ("one", "REQUEST", 5),
        ("one", "CANCEL", 6),
        ("two", "CANCEL", 1),
    ]
    assert untold_staff(session, team.event, now=team.now) == 0


def test_letters_about_one_date_are_one_thread(team, session):
    team.tell()
    team.tell(occurrences=[occurrence(**ONE | {"start": "2026-06-13 18:00"}), TWO])
    first, other, second = session.scalars(select(Message).order_by(Message.id)).all()
    assert (first.thread_of, other.thread_of, second.thread_of) == ("", "", first.message_id)


def test_a_letter_says_what_its_reader_was_told_before(team):
    team.tell()
    later = occurrence(**ONE | {"start": "2026-06-13 18:00"})
    team.take(occurrences=[later, TWO])
    team.take(tell=True, occurrences=[occurrence(**ONE | {"start": "2026-06-13 19:00", "location": "Hall"}), TWO])
    team.plan()
    (letter,) = team.letters()
    was = letter.about[0].was
    assert was.times[0].isoformat() == "2026-06-13T23:00:00+00:00"
    assert (was.location.text, was.summary, was.cancelled) == ("", None, False)
    assert letter.about[0].starts_at.isoformat() == "2026-06-14T02:00:00+00:00"


@pytest.mark.parametrize(
    "changes",
    [
        {"occurrences": [occurrence(**ONE | {"capacity": 30}), TWO]},
        {"languages": {"en": {"summary": "Public forum", "description": "Longer."}}},
        {"organization": {"slug": "example-league", "name": "Another name"}},
        {"occurrences": [occurrence(**ONE | {"start": "2026-06-13 18:00", "duration": None, "end": "19:00"}), TWO]},
    ],
    ids=["capacity", "description", "organization", "moved and back"],
)
def test_what_concerns_no_calendar_is_no_news(team, session, changes):
    team.tell()
    team.take(**changes)
    team.take(**{name: value for name, value in changes.items() if name != "occurrences"})
    assert untold_staff(session, team.event, now=team.now) == 0
    assert team.tell() == []


def test_another_room_is_news_for_those_who_have_it_in_their_calendar(team):
    team.tell()
    other = occurrence(**ONE | {"conference": ZOOM | {"passcode": "428571"}})
    team.take(tell=True, occurrences=[other, TWO])
    team.plan()
    (letter,) = team.letters()
    assert letter.room.passcode == letter.invitation.entry.room.passcode == "428571"
    assert letter.invitation.entry.sequence == 1
    assert (letter.about[0].was.times, letter.about[0].was.location) == (None, None)
    assert team.tell(occurrences=[other, TWO]) == []


def test_a_letter_that_did_not_leave_says_what_became_of_it(team, session):
    team.take(tell=True)
    team.plan()
    team.take(tell=True, occurrences=[occurrence(**ONE | {"start": "2026-06-13 18:00"}), TWO])
    team.plan()
    team.take(tell=True, team=[HOST | {"occurrences": ["one"]}])
    team.plan()
    assert team.send() == [("one", "REQUEST", 2)]
    assert session.scalars(select(Message.context)).first()["from"] is None


def test_a_letter_that_may_have_left_is_followed_by_another(team, session):
    team.take(tell=True, team=[HOST | {"occurrences": ["one"]}])
    team.plan()
    with transaction() as own:
        own.scalars(select(Message)).one().uncertain = True
    team.take(tell=True, team=[HOST | {"occurrences": ["two"]}])
    team.plan()
    kinds = session.scalars(select(Message.context).order_by(Message.id)).all()
    assert [one["from"] for one in kinds] == [None, [0, 0], None]


def test_who_never_heard_of_a_date_is_not_told_that_it_is_off(team, session):
    team.take()
    assert team.tell(occurrences=[ONE | {"status": "cancelled"}, TWO]) == [("two", "REQUEST", 0)]
    assert team.tell(occurrences=[ONE, TWO]) == [("one", "REQUEST", 2)]
    assert team.take(team=[]) == ("team",)
    assert len(assignments(session)) == 2


def test_who_was_never_told_leaves_no_row(team, session):
    team.take(team=[HOST, ORGANIZER])
    team.take(team=[])
    assert session.scalars(select(Staff)).all() == []


def test_another_address_gets_the_date_and_the_old_one_loses_it(team):
    team.tell(occurrences=[ONE])
    team.take(tell=True, occurrences=[ONE], team=[HOST | {"email": "eva@example.org"}])
    team.plan()
    letters = team.letters()
    assert {letter.recipient: letter.invitation.method for letter in letters} == {
        "ana@example.org": "CANCEL",
        "eva@example.org": "REQUEST",
    }


def test_drafts_and_dates_that_are_over_are_nobodys_news(team, session):
    team.take(status="draft")
    assert untold_staff(session, team.event, now=team.now) == 0
    assert team.tell(status="draft") == []
    team.take(status="published")
    assert untold_staff(session, team.event, now=team.event.occurrences[-1].ends_at) == 0


def test_a_date_that_is_in_somebodys_calendar_is_cancelled_and_not_left_out(team):
    team.take()
    team.take(occurrences=[ONE])
    team.tell()
    with pytest.raises(RecordRefused, match="two is left out, but it is in the calendar of 1 of the team"):
        team.take(occurrences=[ONE])


def test_two_workers_at_once_write_each_letter_once(team, session, database, app):
    team.take(tell=True)
    at = team.now + team.delay
    with transaction() as own:
        own.scalars(select(Assignment).where(Assignment.plan_at <= at).limit(1).with_for_update()).one()
        if database.startswith("postgresql"):
            assert _in_another_session(app, at, team.settings) == 1  # the other one is in somebody's hands
    team.plan()
    assert sorted(team.send()) == [("one", "REQUEST", 0), ("two", "REQUEST", 0)]
    assert team.plan() == 0


def _in_another_session(app, at, settings) -> int:
    with Session(for_writing()) as other, other.begin():
        return plan_assignments(other, now=at, settings=settings)


# Digests


@pytest.fixture
def digest(make, session, settings, now):
    """An event with an organizer, and ``digest(days, hours)``: plan so much later, and say when the next one is due."""
    event = make.event()
    make.staff(
        event, StaffRole.ORGANIZER, digest=DigestEvery.DAY, digest_at=now + timedelta(hours=20), tzid="Europe/London"
    )

    def plan(**later):
        with transaction() as own:
            plan_digests(own, now=now + timedelta(**later), settings=settings)
        session.expire_all()
        return session.scalars(select(Staff)).one()

    return plan


def test_where_nothing_happened_there_is_no_digest(digest, session, now):
    staff = digest(hours=20)
    assert session.scalars(select(Message)).all() == []
    assert (staff.digest_at, staff.digested_at) == (now + timedelta(hours=44), now + timedelta(hours=20))


def test_a_digest_is_written_once_and_days_without_a_worker_are_not_made_up_for(digest, session, make, now):
    make.registration(session.scalars(select(Event)).one())
    assert digest(hours=19).digest_at == now + timedelta(hours=20)
    assert digest(days=3).digest_at == now + timedelta(days=3, hours=20)
    digest(days=3)
    (message,) = session.scalars(select(Message)).all()
    assert (message.kind, message.priority, message.expires_at) == (
        LetterKind.DIGEST,
        6,
        now + timedelta(days=3, hours=20),
    )
    digest(days=4)
    assert len(session.scalars(select(Message)).all()) == 1


def test_after_the_last_date_there_are_no_digests(digest, session, make):
    make.registration(session.scalars(select(Event)).one())
    assert digest(days=200).digest_at is None


def test_whoever_wants_no_digest_any_more_gets_none(digest, session, make, settings, now):
    make.registration(session.scalars(select(Event)).one())
    digest(hours=20)
    with transaction() as own:
        own.scalars(select(Staff)).one().digest = DigestEvery.NEVER
    (message,) = session.scalars(select(Message)).all()
    assert letter_of(session, message, now=now, settings=settings) is None


# Forgetting


def test_the_team_of_an_event_is_forgotten_with_its_people(team, session):
    team.tell(team=[HOST, ORGANIZER])
    with transaction() as own:
        own.scalars(select(Organization)).one().retention_days = 30
    end = team.event.occurrences[-1].ends_at
    for later, left in ((timedelta(days=29), 2), (timedelta(days=30), 0)):
        with transaction() as own:
            expire(own, now=end + later)
        assert len(session.scalars(select(Staff)).all()) == left
    assert session.scalars(select(Message)).all() == []


def test_who_left_the_team_is_forgotten_once_the_dates_are_over(team, session):
    team.tell()
    team.tell(team=[HOST | {"email": "eva@example.org"}])
    for at, left in ((team.now, 2), (team.event.occurrences[-1].ends_at, 1)):
        with transaction() as own:
            expire(own, now=at)
        assert len(session.scalars(select(Staff)).all()) == left


def test_a_record_with_a_team_comes_back_from_the_database_as_it_was(team):
    said = read(record(occurrences=[ONE, TWO], team=[HOST | {"occurrences": ["two"]}, ORGANIZER]))
    with transaction() as own:
        import_record(own, said, now=team.now, settings=team.settings)
    assert replace(said, team=()).team == ()
    assert record_of(team.event).team == said.team


def test_places_are_none_of_the_teams_business(team, session, make):
    team.take()
    make.registration(team.event, places={"one": PlaceState.CONFIRMED})
    assert untold_staff(session, team.event, now=team.now) == 1
