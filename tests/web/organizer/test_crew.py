"""The people who work at an event."""

import re

import pytest

from eventsapp.db import db
from eventsapp.domain.vocabulary import DigestEvery, StaffRole
from eventsapp.models import Assignment, AuditEntry, Event, Staff
from eventsapp.queries.record import record_of
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

HERE = "/o/example-league/events/forum/people-at-work"
ANN = {
    "role": "host",
    "name": "Ann Lee",
    "email": "ann@example.org",
    "language": "es",
    "zone": "Madrid",
    "dates": ["spanish"],
    "digest": "day",
}


@pytest.fixture
def event(make):
    return make.event(occurrences=[IN_ENGLISH, IN_SPANISH])


@pytest.fixture
def olga(desk, event, make):
    return desk(make.member(event.organization))


def team(event):
    db.session.expire_all()
    kept = db.session.get(Event, event.id)
    return [(one.role, one.email, one.language, one.tzid, one.occurrences, one.digest) for one in record_of(kept).team]


def public_id(role):
    db.session.expire_all()
    return db.session.query(Staff).filter_by(role=role).one().public_id


def planned():
    db.session.expire_all()
    return db.session.query(Assignment).filter(Assignment.plan_at.isnot(None)).count()


def test_somebody_is_added_changed_and_removed_and_told_if_one_says_so(olga, event):
    asked = olga.post(f"{HERE}/add", ANN)
    assert (asked.status_code, "1 of the team" in asked.text, team(event)) == (200, True, [])
    assert olga.post(f"{HERE}/add", ANN | {"tell": "yes"}).status_code == 303
    host = (StaffRole.HOST, "ann@example.org", "es", "Europe/Madrid", ("spanish",), DigestEvery.NEVER)
    assert (team(event), planned()) == ([host], 1)
    page = olga.get(HERE).text
    assert [word in page for word in ("Ann Lee", "Host", "Español", "Madrid", "28 June 2026")] == [True] * 5
    one = f"{HERE}/{public_id(StaffRole.HOST)}"
    assert 'value="spanish" checked' in re.sub(r"\s+", " ", olga.get(one).text)
    assert olga.post(one, ANN | {"dates": [], "tell": "no"}).status_code == 303
    assert team(event) == [(*host[:4], None, DigestEvery.NEVER)]
    assert olga.post(f"{one}/remove", {"tell": "no"}).status_code == 303
    assert team(event) == []
    assert olga.get(one).status_code == 404


def test_an_organizer_reads_a_summary_and_nobody_is_asked_about(olga, event):
    answer = olga.post(f"{HERE}/add", ANN | {"role": "organizer", "digest": "week"})
    assert answer.status_code == 303
    assert team(event) == [(StaffRole.ORGANIZER, "ann@example.org", "es", "Europe/Madrid", None, DigestEvery.WEEK)]
    assert "Every week" in olga.get(HERE).text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"role": "guest"}, "Choose one of these."),
        ({"email": "nobody"}, "e-mail address"),
        ({"email": "HOST@example.org"}, "This address has this role already."),
        ({"zone": "Nowhereville"}, "Nowhereville"),
        ({"language": "xx-nothing"}, "Choose one of these."),
        ({"name": "a" * 201}, "Enter a name of at most 200 characters."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(olga, event, make, typed, sentence):
    make.staff(event)
    before = team(event)
    answer = olga.post(f"{HERE}/add", ANN | typed)
    assert (answer.status_code, sentence in answer.text, team(event)) == (422, True, before)


def test_the_history_holds_no_name_and_no_address(olga, event):
    olga.post(f"{HERE}/add", ANN | {"tell": "no"})
    one = f"{HERE}/{public_id(StaffRole.HOST)}"
    olga.post(one, ANN | {"name": "Berta Kim", "zone": "Berlin", "tell": "no"})
    entries = repr([entry.changes for entry in db.session.query(AuditEntry)])
    assert [word in entries for word in ("Ann", "Berta", "ann@", "Europe/Berlin")] == [False, False, False, True]
    said = olga.get("/o/example-league/events/forum/history").text
    assert [word in said for word in ("Host", "Europe/Berlin", "Time zone")] == [True] * 3


def test_two_who_change_the_same_person_are_told_of_each_other(olga, event, make):
    make.staff(event)
    one = f"{HERE}/{public_id(StaffRole.HOST)}"
    version = re.search(r'name="version" value="(\d+)"', olga.get(one).text)[1]
    typed = ANN | {"email": "host@example.org", "version": version, "tell": "no"}
    assert olga.post(one, typed).status_code == 303
    answer = olga.post(one, typed | {"zone": "Berlin"})
    assert (answer.status_code, "Europe/Madrid" in answer.text) == (422, True)
    assert olga.post(one, typed | {"zone": "Berlin", "version": "2"}).status_code == 303


def test_the_list_costs_the_same_for_one_and_for_many(olga, event, make):
    make.staff(event)
    with statements() as few:
        assert olga.get(HERE).status_code == 200
    for number in range(3):
        make.staff(event, StaffRole.INTERPRETER, email=f"i{number}@example.org")
    with statements() as many:
        assert olga.get(HERE).status_code == 200
    assert len(few) == len(many)
