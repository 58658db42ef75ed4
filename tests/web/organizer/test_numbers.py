"""An event in numbers: what stands on the page, in its files, and where people came from by short links."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import Evidence, PlaceState, Role
from eventsapp.models import Attendance, AuditEntry, Channel, Event, Registration, Visits
from tests.statements import statements

AT = "/o/example-league/events/forum"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"}


@pytest.fixture
def owner(desk, make):
    event = make.event(questions=[QUESTION])
    return desk(make.member(event.organization))


QUESTION = {
    "key": "found",
    "type": "single_choice",
    "label": {"en": "=How?"},
    "options": [{"id": "friend", "label": {"en": "A friend"}}, {"id": "radio", "label": {"en": "Radio"}}],
}


def only_event():
    return db.session.scalars(select(Event).where(Event.slug == "forum")).one()


def table(owner, name):
    answer = owner.get(f"{AT}/numbers/{name}.csv")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_an_event_without_people_says_what_to_do(owner):
    page = owner.get(f"{AT}/numbers").text
    assert "Nobody has registered yet" in page
    assert f"/organizer{AT}/links" in page


def test_people_are_counted_by_day_date_language_zone_source_and_answer(owner, make, session):
    event = only_event()
    day = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)  # in Los Angeles it is still the evening before
    for number, (tag, tzid, source, chosen, at) in enumerate(
        [
            ("en", "America/Los_Angeles", "", "friend", day),
            ("es", "Europe/Madrid", "radio", "radio", day),
            ("es", "America/Mexico_City", "radio", "radio", day.replace(day=4)),
        ]
    ):
        make.registration(
            event,
            email=f"p{number}@example.org",
            language_tag=tag,
            tzid=tzid,
            source=source,
            answers={"found": chosen},
            created_at=at,
        )
    make.registration(event, email="late@example.org", places={"spanish": PlaceState.UNVERIFIED})
    with transaction() as writing:
        first = writing.scalars(select(Registration).where(Registration.language_tag == "en")).one()
        row = Attendance(place_id=first.places[0].id, evidence=Evidence.JOIN_LINK, joined_at=day)
        writing.add(row)
    assert table(owner, "days")[1:] == [
        ["3 March 2026", "1", "3"],
        ["2 March 2026", "0", "2"],
        ["1 March 2026", "2", "2"],
    ]
    assert [row[1:] for row in table(owner, "dates")[1:]] == [["0"] * 5, ["3", "0", "0", "0", "1"]]
    assert table(owner, "languages")[1:] == [["Español", "2"], ["English", "1"]]
    assert sorted(table(owner, "countries")[1:]) == [["Mexico", "1"], ["Spain", "1"], ["United States", "1"]]
    assert table(owner, "sources")[1:] == [["radio", "–", "2", "0"], ["Directly", "–", "1", "1"]]
    assert table(owner, "answers-found")[1:] == [["Radio", "2"], ["A friend", "1"]]
    page = owner.get(f"{AT}/numbers").text
    assert "<title>Registrations by day: 1 March 2026 to 3 March 2026</title>" in page
    assert "3 registrations" in page


def test_the_page_asks_the_database_as_often_for_one_as_for_three(owner, make):
    event = only_event()
    make.registration(event, email="a@example.org", answers={"found": "radio"})
    with statements() as one:
        owner.get(f"{AT}/numbers")
    for name in "bc":
        make.registration(event, email=f"{name}@example.org", answers={"found": "friend"})
    with statements() as three:
        owner.get(f"{AT}/numbers")
    assert len(one) == len(three)


def test_a_short_link_counts_visits_and_leads_to_the_form_that_keeps_it(owner, make, client, session):
    assert owner.post(f"{AT}/links", {"name": "Radio <b>"}).status_code == 303
    channel = session.scalars(select(Channel)).one()
    assert channel.name == "Radio <b>"
    answer = client.get(f"/s/{channel.code}", headers=FIREFOX)
    assert (answer.status_code, answer.location) == (302, f"/events/forum?via={channel.code}")
    for headers in ({"User-Agent": "WhatsApp/2.23"}, FIREFOX | {"Sec-Purpose": "prefetch"}, {"User-Agent": ""}):
        assert client.get(f"/s/{channel.code}", headers=headers).status_code == 302
    assert client.head(f"/s/{channel.code}", headers=FIREFOX).status_code == 302
    client.get(f"/es/s/{channel.code}", headers=FIREFOX)
    session.rollback()
    assert session.scalars(select(Visits.number)).all() == [2]
    assert table(owner, "sources")[1:] == [["Radio <b>", "2", "0", "0"]]
    assert "<b>" not in re.sub(r"<bdi>[^<]*", "", owner.get(f"{AT}/links").text)


def test_links_are_renamed_and_removed_by_whoever_runs_the_event(owner, make, desk, client, session):
    owner.post(f"{AT}/links", {"name": "Poster"})
    code = session.scalars(select(Channel.code)).one()
    twice = owner.post(f"{AT}/links", {"name": " poster "})
    assert (twice.status_code, "There is a short link of this name already." in twice.text) == (422, True)
    assert owner.post(f"{AT}/links", {"name": ""}).status_code == 422
    assert owner.post(f"{AT}/links/{code}", {"name": "Poster in the hall"}).status_code == 303
    assert owner.get(f"{AT}/links/{code}/qr.svg").mimetype == "image/svg+xml"
    assistant = desk(make.member(only_event().organization, Role.ASSISTANT))
    assert assistant.get(f"{AT}/links").status_code == 403
    make.event("talk")
    assert owner.get(f"/o/example-league/events/talk/links/{code}").status_code == 404
    assert owner.post(f"{AT}/links/{code}", {"name": "x", "remove": "yes"}).status_code == 303
    session.rollback()
    assert client.get(f"/s/{code}").status_code == 404
    assert [entry.changes["channel"] for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))] == [
        [None, "Poster"],
        ["Poster", "Poster in the hall"],
        ["Poster in the hall", None],
    ]
