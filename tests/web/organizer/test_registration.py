"""One person's registration in the organizer's hands, and registering somebody by hand."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import LetterKind, PlaceState, Role
from eventsapp.models import AuditEntry, Message, Registration
from tests.factory import IN_ENGLISH, IN_SPANISH
from tests.statements import statements

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
    assert owner.get(f"{AT}/{one.reference}").text.count("/retry") == 1
    other_way = {"email": "Ana@Example.org", "parting": "mistaken"}
    assert owner.post(f"{AT}/{one.reference}/address", other_way).status_code == 303
    assert kinds() == [LetterKind.CONFIRMATION]
    form = {"email": "ana@example.net", "parting": "moved"}
    assert owner.post(f"{AT}/{one.reference}/address", form).status_code == 303
    page = owner.get(f"{AT}/{one.reference}").text
    assert (page.count("ana@example.org"), page.count("/retry")) == (1, 1)


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
    with transaction():
        forum.closes_at = now - timedelta(days=1)
    form = {"name": "Ana", "email": "ana@example.org", "occurrences": "spanish"}
    assert owner.post(f"{AT}/add", form).status_code == 303


def give(owner, one, to="english", **more):
    return owner.post(f"{AT}/{one.reference}/give", {"to": to} | more)


def test_a_cancelled_place_comes_back_and_a_full_date_needs_the_tick(owner, make, forum):
    make.registration(forum, places={"english": PlaceState.CONFIRMED})
    one = make.registration(forum, email="ana@example.org", places={"english": PlaceState.CANCELLED})
    assert f"{one.reference}/give" in owner.get(f"{AT}/{one.reference}").text
    assert (give(owner, one).status_code, states(person())) == (409, {"english": "cancelled"})
    assert give(owner, one, over="yes").status_code == 303
    assert (states(person()), kinds()) == ({"english": "confirmed"}, [LetterKind.CONFIRMATION])
    assert give(owner, one, "spanish").status_code == 303
    assert states(person()) == {"english": "confirmed", "spanish": "confirmed"}
    assert [give(owner, one, to).status_code for to in ("spanish", "none")] == [409, 409]
    trail = db.session.scalars(select(AuditEntry.changes).order_by(AuditEntry.id)).all()
    assert trail == [{"places.english": ["cancelled", "confirmed"]}, {"places.spanish": [None, "confirmed"]}]


def test_who_waits_is_put_first_only_by_the_tick(owner, make, forum):
    with transaction():
        forum.waitlist = True
    make.registration(forum, places={"english": PlaceState.CONFIRMED})
    make.registration(forum, places={"english": PlaceState.WAITLISTED})
    one = make.registration(forum, email="ana@example.org", places={"english": PlaceState.WAITLISTED})
    queued_at = person().places[0].queued_at
    assert give(owner, one).status_code == 409
    assert (states(person()), person().places[0].queued_at) == ({"english": "waitlisted"}, queued_at)
    assert give(owner, one, over="yes").status_code == 303
    assert states(person()) == {"english": "confirmed"}
    form = {"name": "Bo", "email": "bo@example.org", "occurrences": "english", "over": "yes"}
    assert owner.post(f"{AT}/add", form).status_code == 303
    assert states(person("bo@example.org")) == {"english": "confirmed"}


def test_one_date_is_moved_and_what_is_booked_as_a_whole_is_decided_as_one(owner, make):
    event = make.event("talk", choose="one")
    one = make.registration(event, email="ana@example.org")
    at = f"/o/example-league/events/talk/registrations/{one.reference}"
    assert f"{one.reference}/give" not in owner.get(at).text
    assert owner.post(f"{at}/give", {"to": "english"}).status_code == 409
    course = make.event("course", choose="all")
    both = make.registration(course, email="bo@example.org", places=dict.fromkeys(("english", "spanish"), "pending"))
    at = f"/o/example-league/events/course/registrations/{both.reference}"
    assert "date=english" not in owner.get(at).text
    for deed, after in (("approve", "confirmed"), ("cancel", "cancelled")):
        assert owner.get(f"{at}/do", deed=deed).status_code == 200
        assert owner.post(f"{at}/do", {"deed": deed}).status_code == 303
        assert states(person("bo@example.org")) == {"english": after, "spanish": after}
    assert owner.post(f"{at}/give").status_code == 303
    assert states(person("bo@example.org")) == {"english": "confirmed", "spanish": "confirmed"}


def test_who_has_not_confirmed_the_address_is_asked_again_and_cancelled_in_silence(owner, make):
    event = make.event("talk", verify_seconds=7200)
    one = make.registration(event, email="ana@example.org", places={"spanish": PlaceState.UNVERIFIED})
    at = f"/o/example-league/events/talk/registrations/{one.reference}"
    for status in (303, 409):
        assert owner.post(f"{at}/do", {"deed": "resend"}).status_code == status
    assert kinds() == [LetterKind.VERIFICATION]
    assert "No letter is written" in owner.get(f"{at}/do", deed="cancel", date="spanish").text
    assert owner.post(f"{at}/do", {"deed": "cancel", "date": "spanish"}).status_code == 303
    assert (states(person()), kinds()) == ({"spanish": "cancelled"}, [LetterKind.VERIFICATION])


def test_questions_may_stay_open_and_retired_answers_stay(owner, make):
    questions = [
        {"key": "diet", "required": True},
        {"key": "terms", "type": "consent", "required": True},
        {"key": "old", "retired": True, "label": {"en": "How old?"}},
    ]
    event = make.event("talk", questions=questions)
    one = make.registration(event, email="ana@example.org", answers={"old": "forty"})
    at = f"/o/example-league/events/talk/registrations/{one.reference}"
    assert owner.post(f"{at}/edit", {"name": "Ana", "time_zone": "Lima"}).status_code == 303
    page = owner.get(at).text
    assert ("How old?" in page, "forty" in page, person().name) == (True, True, "Ana")


def test_nobody_writes_over_what_somebody_else_did_meanwhile(owner, make, forum):
    one = make.registration(forum, email="ana@example.org", note="was there")
    seen = one.changed_at.isoformat()
    assert f'name="seen" value="{seen}"' in owner.get(f"{AT}/{one.reference}/edit").text
    form = {"name": "Ana", "time_zone": "Lima", "seen": seen}
    answers = [owner.post(f"{AT}/{one.reference}/edit", form | {"name": name}) for name in ("Ana", "Bo")]
    assert ([answer.status_code for answer in answers], person().name) == ([303, 409], "Ana")
    assert 'value="Bo"' in answers[1].text
    notes = [owner.post(f"{AT}/{one.reference}/note", {"note": n, "was": "was there"}) for n in ("first", "second")]
    assert ([answer.status_code for answer in notes], person().note) == ([303, 409], "first")
    assert ("Theirs: first" in notes[1].text, "second</textarea>" in notes[1].text) == (True, True)


def test_history_says_what_was_done_with_whom(owner, make, forum):
    one = make.registration(forum, email="ana@example.org")
    owner.post(f"{AT}/{one.reference}/note", {"note": "calls on Monday"})
    owner.post(f"{AT}/{one.reference}/do", {"deed": "cancel", "date": "spanish"})
    page = owner.get(f"{AT}/{one.reference}").text
    assert ("Date “spanish”" in page, "<bdi>Confirmed</bdi> → <bdi>Cancelled</bdi>" in page) == (True, True)
    for at in ("/o/example-league/history", "/o/example-league/events/forum/history"):
        assert owner.get(at).text.count(f'{AT}/{one.reference}">') == 2
    assert "calls on Monday" not in owner.get("/o/example-league/history").text


def test_a_fuller_page_takes_no_more_statements(owner, make, forum):
    few, many, counted = ("english",), ("english", "spanish"), []
    small = make.registration(forum, places=dict.fromkeys(few, "pending"), answers={"diet": "soup"}).reference
    answers = {"diet": "soup", "bus": "yes"}
    large = make.registration(forum, places=dict.fromkeys(many, "pending"), answers=answers).reference
    for reference, keys in ((small, few), (large, many)):
        for key in keys:
            assert owner.post(f"{AT}/{reference}/do", {"deed": "decline", "date": key}).status_code == 303
        db.session.remove()
        with statements() as said:
            page = owner.get(f"{AT}/{reference}").text
        assert page.count("Not accepted</th>") == len(keys)
        counted.append(len(said))
    assert counted[0] == counted[1]
