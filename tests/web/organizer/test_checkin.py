"""The door: tickets, names, two door-keepers at once, and what a stranger with a ticket is shown."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from PIL import Image
from sqlalchemy import delete, select

from eventsapp.actions.check_in import check_in
from eventsapp.db import db, transaction
from eventsapp.domain import links
from eventsapp.domain.vocabulary import Evidence, LetterKind, PlaceState, Purpose, Role
from eventsapp.mail.composing import compose
from eventsapp.models import Attendance, AuditEntry, Message, Registration, User
from eventsapp.queries.check_in import ticket_token
from eventsapp.queries.letters import letter_of

AT = "/o/example-league/events/forum/check-in"
HALL = {"en": "City Hall, Room 4", "es": "Ayuntamiento, sala 4"}


@pytest.fixture
def forum(make):
    from tests.factory import IN_ENGLISH, IN_SPANISH  # noqa: PLC0415

    return make.event(occurrences=[{**IN_ENGLISH}, {**IN_SPANISH, "location": HALL}])


@pytest.fixture
def keeper(desk, make, forum):
    return desk(make.member(forum.organization, Role.ASSISTANT, name="Ana"))


def attendances(session):
    session.rollback()
    return session.scalars(select(Attendance.evidence)).all()


def test_a_ticket_leads_the_door_keeper_to_the_person_and_a_stranger_nowhere(keeper, make, forum, settings, desk):
    client = keeper.client.application.test_client()
    registration = make.registration(forum)
    path = f"/organizer/c/{ticket_token(registration, settings)}"
    stranger = client.get(path)
    assert (stranger.status_code, "Zoë" in stranger.text, registration.reference in stranger.text) == (
        200,
        False,
        False,
    )
    assert "Show this code at the entrance" in stranger.text
    assert stranger.headers["Cache-Control"] == "private, no-store"
    other = desk(make.member(make.organization(slug="other", name="Other")))
    assert "not for an event at which you may" in other.client.get(path).text
    led = keeper.client.get(path)
    assert (led.status_code, led.location) == (303, f"/organizer{AT}/{registration.reference}")
    assert "Zoë Muñoz" in keeper.client.get(led.location).text
    for wrong in ("", "x", path[-43:-1], links.token(settings.link_key, Purpose.MANAGE, registration.public_id)):
        assert keeper.client.get(f"/organizer/c/{wrong}").status_code == 404
    with transaction() as writing:
        writing.merge(registration).link_generation = 2
    assert keeper.client.get(path).status_code == 404


def test_somebody_comes_in_once_and_goes_out_again(keeper, make, forum, session):
    registration = make.registration(forum)
    form = {"date": "spanish"}
    assert keeper.post(f"{AT}/{registration.reference}", form).status_code == 303
    assert keeper.post(f"{AT}/{registration.reference}", form).status_code == 303
    assert attendances(session) == [Evidence.CHECK_IN]
    page = keeper.get(AT, date="spanish").text
    assert "1 of 1 person is in" in page
    assert "noted by Ana" in page
    back = keeper.post(f"{AT}/{registration.reference}", form | {"undo": "yes", "back": "list", "q": "zoë"})
    assert back.location == f"/organizer{AT}?date=spanish&q=zo%C3%AB"
    assert attendances(session) == []
    trail = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert trail == ["checked_in", "check_in_undone"]
    assert keeper.post(f"{AT}/{registration.reference}", form | {"undo": "yes"}).status_code == 303


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (PlaceState.WAITLISTED, "on the waiting list"),
        (PlaceState.CANCELLED, "This place is cancelled"),
        (PlaceState.UNVERIFIED, "has not confirmed the e-mail address"),
    ],
)
def test_whoever_has_no_place_is_not_let_in(keeper, make, forum, state, sentence):
    registration = make.registration(forum, places={"spanish": state})
    answer = keeper.post(f"{AT}/{registration.reference}", {"date": "spanish"})
    assert (answer.status_code, sentence in answer.text) == (409, True)
    assert attendances(db.session) == []
    assert keeper.post(f"{AT}/{registration.reference}", {"date": "english"}).status_code == 404


def test_people_are_found_by_name_and_reference(keeper, make, forum):
    make.registration(forum, name="Íñigo Peña")
    make.registration(forum, name="Ruth Baker", email="ruth@example.org")
    make.registration(forum, name="Gone", places={"spanish": PlaceState.CANCELLED})
    names = lambda page: re.findall(r"<a [^>]*><bdi>([^<]+)</bdi></a>", page.text.partition('id="guests"')[2])  # noqa: E731
    assert names(keeper.get(AT, date="spanish")) == ["Ruth Baker", "Íñigo Peña"]
    assert names(keeper.get(AT, date="spanish", q="íñigo")) == ["Íñigo Peña"]
    assert names(keeper.get(AT, date="spanish", q="gone")) == ["Gone"]
    assert "Nobody was found" in keeper.get(AT, date="spanish", q="%").text
    assert "camera=(self)" in keeper.get(AT).headers["Permissions-Policy"]


def at_once(app, work):
    """Four threads, each with an application context of its own, that begin together."""
    begin = Barrier(4)

    def one(_: int) -> None:
        with app.app_context():
            work(begin)

    with ThreadPoolExecutor(4) as keepers:
        list(keepers.map(one, range(4)))


def test_door_keepers_at_once_note_one_person_once(app, make, forum, session, now):
    registration, keeper = make.registration(forum), make.user()
    event_id, user_id, reference = forum.id, keeper.id, registration.reference
    place_id = registration.places[0].id
    session.rollback()

    def guarded(begin):
        begin.wait()
        with transaction() as writing:
            check_in(writing, event_id, reference, "spanish", user=writing.get(User, user_id), now=now)

    def unguarded(begin):  # the control: who looks before it is their turn notes the same person again
        there = db.session.scalar(select(Attendance.id).where(Attendance.place_id == place_id))
        begin.wait()
        with transaction() as writing:
            if there is None:
                writing.add(Attendance(place_id=place_id, evidence=Evidence.ZOOM, joined_at=now))

    at_once(app, guarded)
    assert attendances(session) == [Evidence.CHECK_IN]
    with transaction() as writing:
        writing.execute(delete(Attendance))
    at_once(app, unguarded)
    assert attendances(session) == [Evidence.ZOOM] * 4


def test_letters_carry_the_ticket_where_there_is_a_door(make, forum, session, settings, now):
    """The page shows the picture; the text leads to the page of the registration, where it stands too."""
    from eventsapp.actions.outbox import enqueue  # noqa: PLC0415

    registration = make.registration(forum)
    online = make.registration(forum, places={"english": PlaceState.CONFIRMED})
    with transaction() as writing:
        for one in (registration, online):
            enqueue(writing, writing.merge(one), LetterKind.CONFIRMATION, now=now, settings=settings)
    messages = {message.registration_id: message for message in db.session.scalars(select(Message))}
    letter = letter_of(db.session(), messages[registration.id], now=now, settings=settings)
    mail = compose(letter)
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert len(pictures) == 1
    assert f"cid:{pictures[0]['Content-ID'].strip('<>')}" in mail.get_body(("html",)).get_content()
    assert f"{letter.manage_url}#ticket" in mail.get_body(("plain",)).get_content()
    picture = Image.open(io.BytesIO(pictures[0].get_content()))
    assert picture.width == picture.height >= 120
    plain = letter_of(db.session(), messages[online.id], now=now, settings=settings)
    assert plain.ticket_url == ""
    assert not [part for part in compose(plain).walk() if part.get_content_maintype() == "image"]
    assert session.scalars(select(Registration.id)).all()
