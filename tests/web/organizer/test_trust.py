"""What makes an organization worth of trust: who changed what, whose data are kept how long, and what was deleted."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from eventsapp.actions.audit import Action, note
from eventsapp.actions.erase import erase_outlived
from eventsapp.db import transaction
from eventsapp.models import AuditEntry, Mailing, Organization, Registration
from eventsapp.web.organizer.trail_words import ACTIONS, key_words, value_words
from tests.statements import statements

HOME = "/o/example-league"
FORM = {
    "name": "New League",
    "default_tzid": "Berlin",
    "default_language_tag": "es",
    "accent": "0B6B5C",
    "contact": "us@example.org",
}


def test_an_organization_is_changed_and_the_trail_says_from_what_to_what(desk, make, session):
    event = make.event()
    owner = desk(make.member(event.organization))
    wrong = owner.post(f"{HOME}/organization", FORM | {"accent": "red", "privacy_url": "javascript:alert(1)"})
    assert wrong.status_code == 422
    assert 'value="javascript:alert(1)"' in wrong.text
    assert owner.post(f"{HOME}/organization", FORM).status_code == 303
    session.rollback()
    organization = session.scalars(select(Organization)).one()
    assert (organization.name, organization.default_tzid, organization.accent) == (
        "New League",
        "Europe/Berlin",
        "#0b6b5c",
    )
    page = owner.get(f"{HOME}/history").text
    assert "Example League</del>" in page
    assert "New League</ins>" in page


def test_a_shorter_time_names_first_whose_data_it_deletes(desk, make, session):
    long_ago = datetime(2020, 1, 1, 12, tzinfo=UTC)
    event = make.event(occurrences=[{"key": "past", "dtstart_local": long_ago.replace(tzinfo=None)}])
    owner = desk(make.member(event.organization))
    make.registration(event, created_at=long_ago)
    path = f"{HOME}/organization/retention"
    asked = owner.post(path, {"days": "1"})
    assert asked.status_code == 422
    assert "1 person" in asked.text
    session.rollback()
    assert session.scalars(select(Organization)).one().retention_days is None
    assert owner.post(path, {"days": "1", "sure": "yes"}).status_code == 303
    assert owner.post(path, {"days": "0"}).status_code == 422


def test_what_time_deletes_is_counted_on_the_trail(make, session, now, desk):
    event = make.event(organization=make.organization(retention_days=1))
    people = [make.registration(event, note="tall"), make.registration(event)]
    later = max(occurrence.ends_at for occurrence in event.occurrences) + timedelta(days=2)
    for person in people:
        with transaction() as writing:
            assert erase_outlived(writing, person.id, now=later)
    entries = session.scalars(select(AuditEntry)).all()
    assert [(one.action, one.changes) for one in entries] == [("outlived_erased", {"people": [None, 2]})]
    assert {one.note for one in session.scalars(select(Registration))} == {""}
    assert "Data deleted because" in desk(make.member(event.organization)).get(f"{HOME}/organization").text


def test_one_persons_data_are_handed_out_and_deleted(desk, make, session, now):
    event = make.event()
    person = make.registration(event, note="sits in front")
    reference = person.reference
    with transaction() as writing:
        done = {"event_id": event.id, "words": {}, "created_at": now, "written_at": now}
        writing.add(Mailing(public_id="one", filter={"q": "zoë"}, **done))
    owner = desk(make.member(event.organization))
    path = f"{HOME}/events/forum/registrations/{reference}"
    assert "Zoë Muñoz" in owner.get(f"{path}/data").text
    data = owner.post(f"{path}/data.json")
    assert data.json["registration"]["name"] == "Zoë Muñoz"
    assert data.headers["Content-Disposition"] == f'attachment; filename="registration-{reference}.json"'
    assert owner.post(f"{path}/erase").status_code == 303
    session.rollback()
    row = session.scalars(select(Registration)).one()
    assert (row.name, row.email, row.note) == (None, None, "")
    assert session.scalars(select(Mailing)).one().filter == {}
    assert [one.action for one in session.scalars(select(AuditEntry).order_by(AuditEntry.id))] == [
        "person_exported",
        "person_erased",
    ]
    assert owner.get(f"{path}/data").status_code == 404


def test_the_trail_is_filtered_and_asks_as_often_for_three_as_for_one(desk, make, session):
    event = make.event()
    olga, ann = make.member(event.organization), make.member(event.organization, name="Ann")
    owner = desk(olga)

    def change(user, capacity):
        with transaction() as writing:
            changes = {"occurrences.english.capacity": [None, capacity], "version": [1, 2]}
            note(
                writing,
                Action.EVENT_EDITED,
                now=make.now,
                organization=event.organization,
                user=user,
                event=event,
                changes=changes,
            )

    change(olga, 20)
    change(ann, 30)
    with statements() as few:
        page = owner.get(f"{HOME}/history").text
    assert (page.count("<li>") >= 2, "Date “english” · Places" in page, "version" in page) == (True, True, False)
    change(ann, 40)
    with statements() as more:
        owner.get(f"{HOME}/history")
    assert len(few) == len(more)
    anns = owner.get(f"{HOME}/events/forum/history", by=ann.id).text
    assert (">30</ins>" in anns, ">20</ins>" in anns) == (True, False)
    assert owner.get(f"{HOME}/history", page=2).status_code == 404
    assert "Nothing that fits." in owner.get(f"{HOME}/history", action="exported").text


def test_each_action_has_its_words():
    assert set(ACTIONS) == set(Action)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("occurrences.english.start", "2026-06-13 16:00", "Saturday 13 June 2026, 4:00 pm"),
        ("occurrences.english.duration", "PT1H30M", "1 hour 30 minutes"),
        ("status", "draft", "Draft"),
        ("languages.es.summary", "x" * 200, "x" * 160 + "…"),
        ("registration.waitlist", True, "Yes"),
        ("topics", [], "nothing"),
    ],
)
def test_values_are_said_in_words(key, value, words):
    assert value_words(key, value, "en") == words
    assert "." not in key_words(key)
