"""One person's registration in the organizer's hands, and registering somebody by hand."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from eventsapp.db import db
from eventsapp.domain.vocabulary import LetterKind, PlaceState, Role
from eventsapp.models import AuditEntry, Message, Registration
from tests.factory import IN_ENGLISH, IN_SPANISH

AT = "/o/example-league/events/forum/registrations"
QUESTIONS = [
    {"key": "diet", "type": "short_text", "label": {"en": "What do you eat?", "es": "¿Qué come?"}},
    {
        "key": "bus",
        "type": "single_choice",
        "label": {"en": "By bus?"},
        "options": [{"id": "yes", "label": {"en": "Yes, by bus"}}, {"id": "no", "label": {"en": "No"}}],
    },
]


@pytest.fixture
def forum(make):
    dates = [{**IN_ENGLISH, "capacity": 1}, {**IN_SPANISH}]
    return make.event(occurrences=dates, questions=QUESTIONS, choose="any")


@pytest.fixture
def owner(desk, make, forum):
    return desk(make.member(forum.organization))


def person(email="ana@example.org"):
    db.session.rollback()
    return db.session.scalars(select(Registration).where(Registration.email == email)).one()


def states(row):
    return {place.occurrence.key: place.state.value for place in row.places}


def kinds():
    db.session.rollback()
    return [message.kind for message in db.session.scalars(select(Message).order_by(Message.id))]


def test_the_page_shows_all_that_is_known(owner, make, forum, desk):
    one = make.registration(forum, answers={"diet": "<b>soup</b>"}, source="radio", note="sits in front")
    page = owner.get(f"{AT}/{one.reference}").text
    for words in ("Zoë Muñoz", one.reference, "&lt;b&gt;soup&lt;/b&gt;", "What do you eat?", "radio", "sits in front"):
        assert words in page
    assert "<b>soup" not in page
    seen = desk(make.member(forum.organization, Role.ASSISTANT)).get(f"{AT}/{one.reference}").text
    assert ("Zoë Muñoz" in seen, "sits in front" in seen, "/do?" in seen) == (True, False, False)
    make.event("talk")
    assert owner.get(f"/o/example-league/events/talk/registrations/{one.reference}").status_code == 404


@pytest.mark.parametrize(
    "case",
    [
        ("pending", {"deed": "approve", "date": "spanish"}, {"spanish": "confirmed"}, LetterKind.APPROVED),
        ("pending", {"deed": "decline", "date": "spanish"}, {"spanish": "declined"}, LetterKind.DECLINED),
        ("confirmed", {"deed": "cancel", "date": "spanish"}, {"spanish": "cancelled"}, LetterKind.CANCELLED),
        (
            "confirmed",
            {"deed": "move", "date": "spanish", "to": "english"},
            {"spanish": "cancelled", "english": "confirmed"},
            LetterKind.CONFIRMATION,
        ),
    ],
)
def test_what_is_done_is_named_first_and_written_about(owner, make, forum, case):
    before, form, after, letter = case
    one = make.registration(forum, email="ana@example.org", places={"spanish": PlaceState(before)})
    asked = owner.get(f"{AT}/{one.reference}/do", **form)
    assert (asked.status_code, "letter" in asked.text or "written to" in asked.text) == (200, True)
    assert kinds() == []
    assert owner.post(f"{AT}/{one.reference}/do", form).status_code == 303
    assert states(person()) == after
    assert letter in kinds()
    entry = db.session.scalars(select(AuditEntry)).one()
    assert entry.changes["places.spanish"] == [before, after["spanish"]]
    assert "ana@example.org" not in str(entry.changes)


def test_a_move_to_a_full_date_is_refused_with_the_reason(owner, make, forum):
    make.registration(forum, places={"english": PlaceState.CONFIRMED})
    one = make.registration(forum, email="ana@example.org")
    form = {"deed": "move", "date": "spanish", "to": "english"}
    answer = owner.post(f"{AT}/{one.reference}/do", form)
    assert (answer.status_code, 'role="alert"' in answer.text) == (409, True)
    assert states(person()) == {"spanish": "confirmed"}
    for wrong in ({"deed": "explode"}, {"deed": "cancel", "date": "none"}, {"deed": "cancel", "date": "english"}):
        assert owner.post(f"{AT}/{one.reference}/do", wrong).status_code == 404


def test_details_note_and_links_are_put_right_without_a_letter(owner, make, forum):
    one = make.registration(forum, email="ana@example.org", answers={"diet": "soup"})
    page = owner.get(f"{AT}/{one.reference}/edit").text
    assert 'value="soup"' in page
    form = {"name": "Ana Núñez", "language": "en", "time_zone": "Madrid", "q-diet": "bread", "q-bus": "yes"}
    assert owner.post(f"{AT}/{one.reference}/edit", form).status_code == 303
    row = person()
    assert (row.name, row.language_tag, row.tzid) == ("Ana Núñez", "en", "Europe/Madrid")
    assert {answer.question.key: answer.value for answer in row.answers} == {"diet": "bread", "bus": "yes"}
    wrong = owner.post(f"{AT}/{one.reference}/edit", form | {"name": "", "q-diet": "kept words"})
    assert (wrong.status_code, "kept words" in wrong.text) == (422, True)
    owner.post(f"{AT}/{one.reference}/note", {"note": "calls on Monday"})
    owner.post(f"{AT}/{one.reference}/links")
    row = person()
    assert (row.note, row.link_generation) == ("calls on Monday", 2)
    trail = db.session.scalars(select(AuditEntry.changes).order_by(AuditEntry.id)).all()
    assert trail == [{"details": [None, True]}, {"note": [None, True]}, {"links": [None, True]}]
    assert kinds() == []


def test_an_address_is_corrected_and_written_to(owner, make, forum):
    make.registration(forum, email="taken@example.org")
    one = make.registration(forum, email="ana@exmaple.org")
    for typed, status in (("nonsense", 422), ("taken@example.org", 409)):
        answer = owner.post(f"{AT}/{one.reference}/address", {"email": typed, "parting": "mistaken"})
        assert (answer.status_code, typed in answer.text) == (status, True)
    form = {"email": "ana@example.org", "parting": "mistaken"}
    assert owner.post(f"{AT}/{one.reference}/address", form).status_code == 303
    assert (person().link_generation, kinds()) == (2, [LetterKind.CONFIRMATION])


def test_somebody_is_registered_by_hand(owner, make, forum):
    make.registration(forum, places={"english": PlaceState.CONFIRMED})
    form = {"name": "Ana", "email": "ana@example.org", "occurrences": "english", "language": "es", "time_zone": "Lima"}
    full = owner.post(f"{AT}/add", form)
    assert (full.status_code, 'value="ana@example.org"' in full.text) == (409, True)
    assert owner.post(f"{AT}/add", form | {"over": "yes", "quietly": "yes"}).status_code == 303
    row = person()
    assert (states(row), row.source, row.tzid, kinds()) == ({"english": "confirmed"}, "organizer", "America/Lima", [])
    twice = owner.post(f"{AT}/add", form | {"occurrences": "spanish"})
    assert (twice.status_code, "is registered already" in twice.text) == (409, True)
    assert owner.post(f"{AT}/add", form | {"email": "bo@example.org", "occurrences": "spanish"}).status_code == 303
    assert kinds() == [LetterKind.CONFIRMATION]


def test_it_is_possible_before_and_after_registration_is_open(owner, make, forum, now):
    with db.session.begin_nested():
        forum.closes_at = now - timedelta(days=1)
    db.session.commit()
    form = {"name": "Ana", "email": "ana@example.org", "occurrences": "spanish"}
    assert owner.post(f"{AT}/add", form).status_code == 303
