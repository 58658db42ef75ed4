"""The table of registrations: found, sorted, paged; and one decision about many, named before it is made."""

import re
import threading
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from eventsapp import worker
from eventsapp.db import db
from eventsapp.domain.vocabulary import JobState, LetterKind, PlaceState, Role
from eventsapp.models import Job, Message, Place, Registration
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

AT = "/o/example-league/events/forum/registrations"
QUESTION = {
    "key": "bus",
    "type": "single_choice",
    "label": {"en": "By bus?"},
    "options": [{"id": "yes", "label": {"en": "Yes, by bus"}}, {"id": "no", "label": {"en": "No"}}],
}


@pytest.fixture
def forum(make):
    return make.event(occurrences=[{**IN_ENGLISH, "capacity": 2}, {**IN_SPANISH}], questions=[QUESTION], choose="any")


@pytest.fixture
def owner(desk, make, forum):
    return desk(make.member(forum.organization))


def names(page):
    return re.findall(r'<th scope="row">.*?<bdi>([^<]*)</bdi>', page.text)


def states():
    db.session.rollback()
    return sorted(state.value for state in db.session.scalars(select(Place.state)))


def test_people_are_found_by_what_stands_in_the_address(owner, make, forum):
    make.registration(forum, name="Ana", places={"spanish": PlaceState.PENDING}, source="radio")
    make.registration(forum, name="Bo <b>", language_tag="en", answers={"bus": "yes"})
    make.registration(forum, name="Céline", email="celine@example.org", places={"english": PlaceState.CANCELLED})
    assert names(owner.get(AT)) == ["Céline", "Bo &lt;b&gt;", "Ana"]
    for query, found in (
        ({"q": "céline@"}, []),
        ({"q": "celine@example"}, ["Céline"]),
        ({"state": "pending"}, ["Ana"]),
        ({"occurrence": "english"}, ["Céline"]),
        ({"language": "en"}, ["Bo &lt;b&gt;"]),
        ({"source": "radio"}, ["Ana"]),
        ({"answer": "bus:yes"}, ["Bo &lt;b&gt;"]),
        ({"state": "nonsense", "page": "9" * 30}, ["Céline", "Bo &lt;b&gt;", "Ana"]),
    ):
        assert (query, names(owner.get(AT, **query))) == (query, found)
    page = owner.get(AT, state="pending").text
    assert "1 of 3" in page
    assert "export?state=pending" in page
    assert "Yes, by bus" in owner.get(AT, column=["name", "answer:bus"]).text
    offered = '<option value="bus:yes"{}>Yes, by bus</option>'
    assert (offered.format("") in page, offered.format(" selected") in page) == (True, False)
    page = owner.get(AT, answer="bus:yes", column="name", sort="name").text
    assert offered.format(" selected") in page
    assert 'href="/organizer/o/example-league/events/forum/registrations?column=name&amp;sort=name">Clear' in page


def test_heads_sort_and_pages_go_on(owner, make, forum):
    for number in range(52):
        make.registration(forum, name=f"P{number:02}")
    first = owner.get(AT, sort="name")
    assert (names(first)[0], len(names(first))) == ("P00", 50)
    assert 'aria-sort="ascending"' in first.text
    after = unquote(re.search(r'rel="next" href="([^"]+)"', first.text)[1]).replace("&amp;", "&")
    second = owner.client.get(after)
    assert (names(second), 'rel="prev"' in second.text) == (["P50", "P51"], True)
    back = re.search(r'rel="prev" href="([^"]+)"', second.text)[1].replace("&amp;", "&")
    assert names(owner.client.get(back)) == names(first)
    assert names(owner.get(AT, sort="-name"))[0] == "P51"


def test_the_table_asks_the_database_as_often_for_one_as_for_three(owner, make, forum):
    columns = ["name", "places", "came", "letters", "source", "answer:bus"]
    make.registration(forum, answers={"bus": "yes"})
    with statements() as one:
        owner.get(AT, column=columns)
    make.registration(forum, answers={"bus": "no"})
    make.registration(forum, places={"english": PlaceState.CONFIRMED, "spanish": PlaceState.PENDING})
    with statements() as three:
        owner.get(AT, column=columns)
    assert len(one) == len(three)


def test_a_decision_about_many_names_count_and_effect_first(owner, make, forum, desk):
    chosen = [make.registration(forum, places={"english": PlaceState.PENDING}).reference for _ in range(3)]
    make.registration(forum, places={"english": PlaceState.PENDING})
    asked = owner.get(f"{AT}/bulk", deed="approve", only=chosen)
    assert "This concerns 3 registrations." in asked.text
    assert "a letter" in asked.text
    assert states() == ["pending"] * 4
    answer = owner.client.post(
        f"/organizer{AT}/bulk", data={"deed": "approve", "only": chosen, "csrf_token": owner.token()}
    )
    assert states() == ["confirmed", "confirmed", "pending", "pending"]
    assert (answer.status_code, "For 1 it was not possible:" in answer.text) == (200, True)
    kinds = db.session.scalars(select(Message.kind)).all()
    assert kinds == [LetterKind.APPROVED] * 2
    assert owner.get(f"{AT}/bulk", deed="approve").status_code == 303
    assert owner.get(f"{AT}/bulk", deed="explode", all="yes").status_code == 303
    assistant = desk(make.member(forum.organization, Role.ASSISTANT))
    assert (assistant.get(AT).status_code, assistant.get(f"{AT}/bulk", deed="approve", all="yes").status_code) == (
        200,
        403,
    )


def test_a_filter_by_date_means_the_places_at_that_date(owner, make, forum):
    make.registration(forum, places={"english": PlaceState.CONFIRMED, "spanish": PlaceState.CONFIRMED})
    asked = owner.get(f"{AT}/bulk", deed="cancel", all="yes", occurrence="spanish").text
    assert re.findall(r'<option value="(\w*)" selected', asked) == ["spanish"]
    owner.post(f"{AT}/bulk", {"deed": "cancel", "all": "yes", "occurrence": "spanish", "at": "spanish"})
    assert states() == ["cancelled", "confirmed"]


def test_what_is_booked_as_a_whole_is_decided_as_a_whole(desk, make):
    whole = make.event(choose="all")
    owner = desk(make.member(whole.organization))
    make.registration(whole, places={"english": PlaceState.CONFIRMED, "spanish": PlaceState.CONFIRMED})
    assert 'value="move"' not in owner.get(AT).text
    assert 'name="at"' not in owner.get(f"{AT}/bulk", deed="cancel", all="yes", occurrence="spanish").text
    owner.post(f"{AT}/bulk", {"deed": "cancel", "all": "yes", "occurrence": "spanish"})
    assert states() == ["cancelled", "cancelled"]


def test_foreign_references_concern_nobody(owner, make, forum):
    other = make.event("talk")
    foreign = make.registration(other, places={"spanish": PlaceState.PENDING})
    form = {"deed": "approve", "only": foreign.reference}
    assert "This concerns 0 registrations." in owner.get(f"{AT}/bulk", **form).text
    owner.post(f"{AT}/bulk", form)
    assert states() == ["pending"]


def test_many_are_left_to_the_worker_and_its_page_shows_how_far_it_is(owner, make, forum, settings, now):
    for number in range(52):
        make.registration(forum, email=f"p{number}@example.org", places={"spanish": PlaceState.PENDING})
    answer = owner.post(f"{AT}/bulk", {"deed": "decline", "all": "yes", "state": "pending"})
    assert (answer.status_code, "/jobs/" in answer.location) == (303, True)
    waiting = owner.client.get(answer.location)
    assert ("<progress" in waiting.text, "0" in waiting.text) == (True, True)
    worker.run(owner.client.application, stop=threading.Event(), once=True, clock=lambda: now)
    db.session.rollback()
    job = db.session.scalars(select(Job)).one()
    assert (job.state, job.done, job.failed) == (JobState.DONE, 52, 0)
    assert states() == ["declined"] * 52
    assert "<progress" not in owner.client.get(answer.location).text
    assert db.session.scalars(select(Registration.id)).all()
