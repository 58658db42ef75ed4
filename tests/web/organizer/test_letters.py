"""Words of letters: the grid, editing, the preview of what was typed, a test to oneself, what was sent."""

from threading import Event as Stop

import pytest
from sqlalchemy import select

from eventsapp.db import db, transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState, Role
from eventsapp.mail.transport import MemoryTransport
from eventsapp.models import AuditEntry, LetterText, Message
from eventsapp.web.pages import now as clock
from eventsapp.worker import run
from tests.statements import statements

LETTERS = "/o/example-league/events/forum/letters"
CONFIRMATION = f"{LETTERS}/confirmation/en"
HOSTILE = "{event.__class__} {0} {name!r:>9} {{7*7}} <script>alert(1)</script> {name}"


@pytest.fixture
def database(_sqlite_url: str) -> str:
    return _sqlite_url


def version(page):
    return page.text.split('name="version" value="')[1].split('"')[0]


def test_the_grid_says_what_is_own_missing_or_standard(desk, make):
    own = [{"kind": LetterKind.CONFIRMATION, "language_tag": "en", "subject": "", "body": "Welcome!"}]
    event = make.event(letters=own)
    page = desk(make.member(event.organization)).get(LETTERS).text
    assert page.count("Own words</span>") == 1
    assert page.count("Missing</span>") == 1
    assert page.count("As the confirmation</a>") == 6
    assistant = desk(make.member(event.organization, Role.ASSISTANT))
    assert (assistant.get(LETTERS).status_code, assistant.get(CONFIRMATION).status_code) == (200, 403)


def test_words_are_saved_put_on_the_trail_and_taken_back(desk, make, session):
    olga = desk(make.member(make.event().organization))
    typed = {"subject": "See you, {name}", "body": "Bring a *pen*.", "version": version(olga.get(CONFIRMATION))}
    assert olga.post(CONFIRMATION, typed).location.endswith(CONFIRMATION)
    assert session.execute(select(LetterText.subject, LetterText.body)).all() == [("See you, {name}", "Bring a *pen*.")]
    assert "letters.confirmation.en.body" in session.scalars(select(AuditEntry)).one().changes
    page = olga.get(CONFIRMATION)
    assert "See you, {name}" in page.text
    overtaken = olga.post(CONFIRMATION, typed | {"body": "Another"})
    assert (overtaken.status_code, "Another" in overtaken.text) == (422, True)
    assert olga.post(CONFIRMATION, {"subject": "", "body": "", "version": version(page)}).status_code == 303
    assert session.scalars(select(LetterText)).all() == []


def test_the_preview_shows_what_was_typed_for_whoever_is_chosen_and_saves_nothing(desk, make, session):
    event = make.event()
    person = make.registration(event, name="{join_url} <b>Zoë</b>", tzid="Asia/Tokyo")
    olga = desk(make.member(event.organization, tzid="Europe/Berlin"))
    typed = {"subject": HOSTILE, "body": f"{HOSTILE} http://example.org/x ![ ](a)", "as": person.reference}
    page = olga.post(CONFIRMATION, typed | {"do": "preview"})
    assert page.status_code == 200
    assert "{event.__class__} {0} {name!r:&gt;9} {{7*7}} &lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert "events.example.org/j/registration" not in page.text
    for sentence in (
        "{event.__class__} is no placeholder, so it stays as you wrote it.",
        "http://example.org/x begins with http and not https, so it becomes no link.",
        "METHOD:REQUEST SEQUENCE:0",
        "Tokyo",
    ):
        assert sentence in page.text
    frame = olga.post(f"{CONFIRMATION}/html", typed)
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "{0}" in frame.text
    assert "<script>alert" not in frame.text
    assert session.scalars(select(LetterText)).all() == []
    assert "Nobody is registered with this reference." in olga.post(CONFIRMATION, {"do": "preview", "as": "X"}).text


@pytest.mark.parametrize("kind", ["reminder", "changed", "cancelled", "follow_up", "missed", "waitlisted", "declined"])
def test_every_kind_has_a_preview(desk, make, kind):
    olga = desk(make.member(make.event().organization))
    assert olga.get(f"{LETTERS}/{kind}/es").status_code == 200
    assert olga.get(f"{LETTERS}/{kind}/es/html").status_code == 200


def test_there_is_no_letter_of_another_kind_or_language(desk, make):
    olga = desk(make.member(make.event().organization))
    for path in ("link/en", "mailing/en", "digest/en", "confirmation/fr", "none/en"):
        assert olga.get(f"{LETTERS}/{path}").status_code == 404


def test_a_test_goes_to_oneself_and_is_marked(app, desk, make):
    event = make.event()
    person = make.registration(event)
    olga = desk(make.member(event.organization, email="olga@example.org"))
    page = olga.post(CONFIRMATION, {"subject": "Hi {name}", "body": "x", "as": person.reference, "do": "send"})
    assert "A test is on its way to olga@example.org." in page.text
    carrier = MemoryTransport()
    run(app, stop=Stop(), once=True, transport=carrier)
    ((mail, envelope),) = carrier.sent
    assert (mail["Subject"], envelope.recipient) == ("Test: Hi Zoë Muñoz", "olga@example.org")
    assert "UID:sample-" in mail.as_bytes().decode() or "invite.ics" in str(mail)


def test_what_was_sent_is_listed_and_sent_again(desk, make, session):
    event, other = make.event(), make.event("talk")
    people = [make.registration(event) for _ in range(3)]
    foreign = make.registration(other)
    for number, person in enumerate([*people, foreign]):
        with transaction() as writing:
            writing.add(
                Message(
                    registration_id=person.id,
                    kind=LetterKind.CONFIRMATION,
                    state=MessageState.FAILED if number else MessageState.SUPERSEDED,
                    language_tag="en",
                    recipient="p@example.com",
                    last_code=550,
                    last_error="<p@example.com> no such user",
                    public_id=f"m{number}",
                    message_id=f"<m{number}>",
                    dedupe_key=str(number),
                    due_at=clock(),
                    created_at=clock(),
                )
            )
    olga, reference = desk(make.member(event.organization)), people[0].reference
    with statements() as said:
        page = olga.get(f"{LETTERS}/log")
    several = len(said)
    assert page.text.count("550 &lt;…&gt; no such user") == 3
    assert "p@example.com" not in page.text
    with statements() as said:
        assert olga.get(f"{LETTERS}/log", person=reference, state="superseded").text.count("<tr>") == 2
    assert len(said) == several
    assert olga.post(f"{LETTERS}/log/m3/retry").status_code == 404
    assert olga.post(f"{LETTERS}/log/m1/retry").status_code == 303
    assert olga.post(f"{LETTERS}/log/retry").status_code == 303
    db.session.expire_all()
    assert [one.state.value for one in session.scalars(select(Message).order_by(Message.id))] == [
        "superseded",
        "queued",
        "queued",
        "failed",
    ]
