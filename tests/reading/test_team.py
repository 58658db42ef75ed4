"""Who works at an event, as the record says it."""

import pytest

from eventsapp.domain.vocabulary import DigestEvery, StaffRole
from eventsapp.reading.values import MemberRecord
from tests.reading.records import mistakes, occurrence, read, record

HOST = {"role": "host", "email": "ana@example.org"}
DATES = [occurrence(id=name, start=f"2027-06-{day} 16:00") for name, day in (("one", 12), ("two", 13))]


def team(*members, **changes):
    return record(occurrences=DATES, team=list(members), **changes)


def test_what_is_left_out_is_the_events_own():
    (member,) = read(team(HOST)).team
    assert member == MemberRecord(StaffRole.HOST, "ana@example.org", "en", "America/Los_Angeles")


def test_all_that_can_be_said():
    said = {"role": "Interpreter", "name": "Li Na", "language": "zh-hans", "tzid": "Asia/Shanghai"}
    (member,) = read(team(HOST | said | {"email": "Li <li@example.org>", "occurrences": ["two"]})).team
    assert member == MemberRecord(
        StaffRole.INTERPRETER, "li@example.org", "zh-Hans", "Asia/Shanghai", "Li Na", ("two",)
    )


@pytest.mark.parametrize("named", [["two", "one"], ["one", "two", "two"]])
def test_all_dates_named_are_the_same_as_none(named):
    assert read(team(HOST | {"occurrences": named})).team[0].occurrences is None


def test_dates_stand_in_the_order_of_the_record():
    three = [*DATES, occurrence(id="three", start="2027-06-14 16:00")]
    said = record(occurrences=three, team=[HOST | {"occurrences": ["three", "one"]}])
    assert read(said).team[0].occurrences == ("one", "three")


@pytest.mark.parametrize(
    ("digest", "meant"),
    [(None, DigestEvery.DAY), ("weekly", DigestEvery.WEEK), ("no", DigestEvery.NEVER), ("day", DigestEvery.DAY)],
)
def test_an_organizer_reads_a_digest(digest, meant):
    said = {"role": "organizer", "email": "ana@example.org"} | ({"digest": digest} if digest else {})
    assert read(team(said)).team[0].digest is meant


def test_dates_in_several_zones_leave_the_organizations():
    dates = [DATES[0], DATES[1] | {"tzid": "Europe/Madrid"}]
    said = {"occurrences": dates, "team": [HOST]}
    named = {"slug": "example-league", "default_tzid": "Asia/Tokyo"}
    assert read(record(**said, organization=named)).team[0].tzid == "Asia/Tokyo"
    assert mistakes(record(**said)) == [
        ("team[0].tzid", "This key is missing; write for example `tzid: Europe/Madrid`.")
    ]


CASES = [
    (team({"email": "ana@example.org"}), "team[0].role", "write for example `role: host`"),
    (team({"role": "host"}), "team[0].email", "write for example `email: ana@example.org`"),
    (team(HOST | {"email": ""}), "team[0].email", "This is empty"),
    (team(HOST | {"email": "ana"}), "team[0].email", "@"),
    (team(HOST | {"role": "hots"}), "team[0].role", "Did you mean host?"),
    (team(HOST | {"occurrences": ["one", "tow"]}), "team[0].occurrences[1]", "no occurrence tow; there are one, two."),
    (team(HOST | {"occurrences": []}), "team[0].occurrences", "At least one must stand here."),
    (team(HOST | {"digest": "day"}), "team[0].digest", "add them once more with role: organizer"),
    (team(HOST | {"role": "organizer", "occurrences": ["one"]}), "team[0].occurrences", "reads about all dates"),
    (team(HOST, HOST | {"email": "ANA@example.org"}), "team[1].email", "is host here twice (also in [0])"),
    (team(HOST | {"tzid": "PST"}), "team[0].tzid", "PST may mean several time zones"),
    (team(HOST | {"locale": "es"}), "team[0].locale", "Did you mean language?"),
    (team(*[HOST | {"email": f"a{at}@example.org"} for at in range(201)]), "team", "At most 200 can stand here."),
    (record(hosts=[]), "hosts", "Did you mean team?"),
    (record(digest="day"), "digest", "it belongs to a member of the team"),
]


@pytest.mark.parametrize(("values", "key", "words"), CASES, ids=[f"{key}: {words[:30]}" for _, key, words in CASES])
def test_a_mistake_is_named_at_its_key_and_alone(values, key, words):
    ((said_key, message),) = mistakes(values)
    assert said_key == key
    assert words in message
