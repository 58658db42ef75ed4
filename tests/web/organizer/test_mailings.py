"""Letters to many: drafted, looked at, ordered, written in batches, called back."""

from dataclasses import replace
from datetime import timedelta
from threading import Event as Stop

import pytest
from sqlalchemy import select

from eventsapp.actions import suppress
from eventsapp.actions.mailing import plan_mailings
from eventsapp.db import db, transaction
from eventsapp.domain.errors import TooMany
from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState, Suppression
from eventsapp.mail.transport import MemoryTransport
from eventsapp.models import Mailing, Message
from eventsapp.web.pages import now as clock
from eventsapp.worker import run

LETTERS = "/o/example-league/events/forum/letters"
HOSTILE = "Hello {name}, {event.__class__} {0} <b>bold</b> [x](http://evil.example) {reference}"
WORDS = {
    "state": "confirmed",
    "needed": "no",
    "subject-en": "News, {name}",
    "body-en": HOSTILE,
    "subject-es": "Noticias",
    "body-es": "¡Hola!",
}


@pytest.fixture
def database(_sqlite_url: str) -> str:
    return _sqlite_url


@pytest.fixture
def people(make):
    event = make.event(languages={"en": "Public forum", "es": "Foro público", "fr": "Forum public"})
    named = {"en": "{join_url} <i>Ann</i>", "es": "Zoë", "fr": "Chloé"}
    return [make.registration(event, language_tag=tag, name=name) for tag, name in named.items()]


@pytest.fixture
def olga(desk, make, people):
    return desk(make.member(people[0].event.organization, email="olga@example.org"))


def written(olga, **words):
    """The path of a new draft's page, below ``/organizer``."""
    answer = olga.post(f"{LETTERS}/write", WORDS | words)
    assert answer.status_code == 303
    return answer.location.removeprefix("/organizer")


def sent(app):
    carrier = MemoryTransport()
    run(app, stop=Stop(), once=True, transport=carrier)
    return {envelope.recipient: mail for mail, envelope in carrier.sent}


def test_each_gets_the_best_of_its_languages(*, app, olga, make, people, session, settings):
    gone = make.registration(people[0].event, places={"english": PlaceState.CANCELLED})
    dead = make.registration(people[0].event, language_tag="en")
    with transaction() as writing:
        suppress.suppress(
            writing,
            dead.event.organization_id,
            dead.address_key,
            Suppression.UNSUBSCRIBED,
            now=clock(),
            settings=settings,
        )
    path = written(olga)
    page = olga.get(path).text
    for words in ("3 people get it", "2 get it in English", "1 gets it in Español", "1 is not written to", "Français"):
        assert words in page
    assert "is no placeholder" in page
    assert session.scalars(select(Message)).all() == []
    assert olga.post(f"{path}/order", {"when": "now"}).status_code == 303
    assert olga.post(f"{path}/order", {"when": "now"}).status_code == 422
    mails = sent(app)
    assert sorted(mails) == sorted(person.email for person in people)
    assert gone.email not in mails
    english, spanish, french = (mails[person.email] for person in people)
    assert (spanish["Subject"], french["Subject"]) == ("Noticias", "News, Chloé")
    text = english.get_body(("plain",)).get_content()
    assert "{event.__class__} {0} <b>bold</b> [x](http://evil.example)" in " ".join(text.split())
    assert "Hello {join_url} <i>Ann<" in english.get_body(("plain",)).get_content()
    html = english.get_body(("html",)).get_content()
    assert "<b>bold</b>" not in html
    assert "<i>Ann</i>" not in html
    assert "/unsubscribe/follow-ups/" in english["List-Unsubscribe"]
    assert "3 of 4 sent" in olga.get(path).text


def test_who_needs_it_gets_it_though_they_want_no_more_letters(app, olga, people, settings):
    with transaction() as writing:
        for person in people:
            suppress.suppress(
                writing,
                person.event.organization_id,
                person.address_key,
                Suppression.UNSUBSCRIBED,
                now=clock(),
                settings=settings,
            )
    for needed, number in (("no", 0), ("yes", 3)):
        olga.post(f"{written(olga, needed=needed)}/order", {"when": "now"})
        mails = sent(app)
        assert len(mails) == number
        assert not any("List-Unsubscribe" in mail for mail in mails.values())


def test_a_worker_that_dies_between_batches_leaves_nobody_out_and_doubles_nobody(olga, people, session, settings):
    olga.post(f"{written(olga)}/order", {"when": "now"})

    def killed_before_it_commits():
        with transaction() as writing:
            plan_mailings(writing, now=clock(), settings=settings, limit=1)
            raise KeyboardInterrupt

    with transaction() as writing:
        assert plan_mailings(writing, now=clock(), settings=settings, limit=1) == 2
    with pytest.raises(KeyboardInterrupt):
        killed_before_it_commits()
    assert len(session.scalars(select(Message.id)).all()) == 1  # the control: that batch was lost
    for _ in range(4):
        with transaction() as writing:
            plan_mailings(writing, now=clock(), settings=settings, limit=1)
    db.session.expire_all()
    assert sorted(session.scalars(select(Message.registration_id))) == sorted(person.id for person in people)
    with transaction() as writing:
        assert plan_mailings(writing, now=clock(), settings=settings, limit=1) == 0


def test_what_has_not_left_is_called_back(app, olga, session, settings):
    path = written(olga)
    olga.post(f"{path}/order", {"when": "now"})
    with transaction() as writing:
        plan_mailings(writing, now=clock(), settings=settings, limit=2)
    assert olga.post(f"{path}/cancel").status_code == 303
    assert sent(app) == {}
    assert {one.state for one in session.scalars(select(Message))} == {MessageState.SUPERSEDED}


def test_it_waits_for_its_time_and_finds_who_comes_meanwhile(app, olga, make, people, session):
    path = written(olga)
    tomorrow = clock() + timedelta(days=1)
    past = olga.post(f"{path}/order", {"when": "later", "date": "2020-01-01", "time": "10:00"})
    assert "This time is past." in past.text
    olga.post(f"{path}/order", {"when": "later", "date": tomorrow.strftime("%Y-%m-%d"), "time": "10:00"})
    assert sent(app) == {}
    make.registration(people[0].event, language_tag="en")
    with transaction() as writing:
        writing.scalars(select(Mailing)).one().due_at = clock()
    assert len(sent(app)) == 4


@pytest.mark.parametrize(("day", "hour", "said"), [("2030-03-10", "2:30", "clocks"), ("2030-11-03", "1:30", "twice")])
def test_a_time_that_is_not_or_comes_twice_is_asked_about(*, desk, make, people, day, hour, said):
    ann = desk(make.member(people[0].event.organization, tzid="America/Los_Angeles"))
    path = written(ann)
    answer = ann.post(f"{path}/order", {"when": "later", "date": day, "time": hour})
    assert (answer.status_code, said in answer.text) == (422, True)
    if said == "twice":
        chosen = {"when": "later", "date": day, "time": hour, "fold": "1"}
        assert ann.post(f"{path}/order", chosen).status_code == 303
        assert db.session.scalars(select(Mailing.due_at)).one().hour == 9


def test_what_is_missing_is_said_and_what_was_typed_kept(olga):
    page = olga.post(f"{LETTERS}/write", {"body-en": "Typed before", "subject-es": "Solo"})
    assert page.status_code == 422
    for words in ("Choose at least one.", "Choose yes or no.", "Enter a subject.", "Write the letter.", "Typed before"):
        assert words in page.text


def test_a_days_limit_holds(olga, people, settings):
    from eventsapp.actions.mailing import order  # noqa: PLC0415

    paths = [written(olga), written(olga)]
    strict = replace(settings, limit_mailings=1)
    event, user = people[0].event, None
    for number, path in enumerate(paths):
        public_id = path.rpartition("/")[2]
        with transaction() as writing:
            given = {"due_at": clock(), "now": clock(), "settings": strict}
            if number:
                with pytest.raises(TooMany):
                    order(writing, event, public_id, user, **given)
            else:
                order(writing, event, public_id, user, **given)


def test_another_events_letter_is_not_there(olga, make, people):
    path = written(olga)
    make.event("talk")
    foreign = path.replace("/events/forum/", "/events/talk/")
    assert olga.get(foreign).status_code == 404
    for verb in ("order", "cancel", "discard", "test"):
        assert olga.post(f"{foreign}/{verb}", {"when": "now"}).status_code == 404
    assert olga.post(f"{path}/test").status_code == 303
    assert len(db.session.scalars(select(Message).where(Message.kind == LetterKind.MAILING)).all()) == 2
    assert olga.post(f"{path}/discard").status_code == 303
    assert olga.get(path).status_code == 404
