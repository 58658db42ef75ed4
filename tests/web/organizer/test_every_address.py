"""Every address of the organizer's side, asked for by everybody who should not get it. New ones are found by the walk.

An address that names something by an argument not known here fails ``test_each_argument_is_known``: ``things_of`` says
then what it names, and ``WORDS`` whether that is no row.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Blueprint, Flask, current_app
from sqlalchemy import text
from werkzeug.routing import Rule

from eventsapp.db import db, transaction
from eventsapp.domain.rights import Right, allows
from eventsapp.domain.vocabulary import JobKind, JobState, LetterKind, MessageState, Role
from eventsapp.models import Base, Channel, Event, Invitation, Job, Mailing, Membership, Message, Passkey, SignIn
from eventsapp.web.pages import now

OPEN = {"organizer.invitation.read", "organizer.invitation.accept"}  # their link proves who may
WORDS = {"organization", "event", "kind", "language", "variant", "table"}  # they name no row of their own
HOSTILE = ("none", "0", "99999999999999999999", "-1", "\u202eé", "a" * 300)
CHANGE_BY_BEING_SEEN = {"sign_in", "flood"}


@dataclass(frozen=True)
class Address:
    """One rule by one method. ``needs`` None: about the signed-in person alone."""

    endpoint: str
    method: str
    rule: Rule
    needs: Right | None
    fresh: bool

    def path(self, values: dict[str, Any], app: Flask) -> str:
        given = {name: values.get(self.named(name), self.missing(name)) for name in self.rule.arguments}
        with app.test_request_context():
            return str(app.url_for(self.endpoint, **given))

    def named(self, argument: str) -> str:
        """What an argument is called in ``World``; a bare ``key`` or ``public_id`` is of what its room is about."""
        return f"{self.endpoint.split('.')[1]}.{argument}" if argument in {"key", "public_id"} else argument

    def missing(self, argument: str) -> Any:
        """What there is none of."""
        return 10**9 if self.is_number(argument) else "none"

    def is_number(self, argument: str) -> bool:
        return type(self.rule._converters[argument]).__name__ == "IntegerConverter"

    @property
    def of_event(self) -> bool:
        return "event" in self.rule.arguments

    @property
    def of_organization(self) -> bool:
        return "organization" in self.rule.arguments


def addresses(app: Flask) -> list[Address]:
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("organizer.") or rule.endpoint in OPEN:
            continue
        view = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            needs, fresh = getattr(view, "needs", None), getattr(view, "fresh", False)
            found.append(Address(rule.endpoint, method, rule, needs, fresh))
    return found


def unguarded(app: Flask) -> list[str]:
    """What a stranger is let into. It answers anything but "sign in first"."""
    client, values = app.test_client(), {"organization": "example-league", "event": "forum"}
    return [
        address.endpoint
        for address in addresses(app)
        if client.open(address.path(values, app), method=address.method).status_code
        != (303 if address.method == "GET" else 401)
    ]


@dataclass
class World:
    """Two organizations, and by argument what addresses name in each."""

    event: Event
    mine: dict[str, Any]
    theirs: dict[str, Any]


@pytest.fixture
def world(make) -> World:
    event = make.event(questions=[{"key": "topic"}], letters=[])
    other = make.organization(slug="other", name="Other")
    foreign = make.event(
        "talk",
        organization=other,
        occurrences=[{"key": "theirs", "dtstart_local": event.occurrences[0].dtstart_local}],
        questions=[{"key": "secret"}],
    )
    return World(event, things_of(make, event, "mine"), things_of(make, foreign, "their"))


def things_of(make, event: Event, word: str) -> dict[str, Any]:
    """Rows of one organization, by the name that addresses give them."""
    registration = make.registration(event, email=f"{word}@example.com")
    member = make.member(event.organization, Role.MANAGER)
    person = make.staff(event, email=f"{word}.host@example.org")
    at = now()
    with transaction() as session:
        organization_id = event.organization_id
        invitation = Invitation(
            organization_id=organization_id,
            public_id=f"{word}invitation".ljust(16, "a")[:16],
            email=f"{word}.guest@example.org",
            address_key=f"{word}.guest@example.org",
            role=Role.ASSISTANT,
            language_tag="en",
            created_at=at,
            expires_at=at + timedelta(days=7),
        )
        job = Job(
            public_id=f"{word}job",
            organization_id=organization_id,
            event_id=event.id,
            kind=JobKind.EXPORT,
            created_at=at,
            expires_at=at + timedelta(days=2),
        )
        prepared = Job(
            public_id=f"{word}import",
            organization_id=organization_id,
            event_id=event.id,
            kind=JobKind.IMPORT,
            state=JobState.PREPARED,
            asked={
                "heads": ["E-mail"],
                "examples": [[]],
                "columns": ["email"],
                "usual": {"language_tag": "en", "tzid": "Etc/UTC", "dates": []},
                "tag": "en",
            },
            total=0,
            created_at=at,
            expires_at=at + timedelta(days=2),
        )
        words = {"en": {"subject": word, "body": word}}
        mailing = Mailing(event_id=event.id, public_id=f"{word}mailing", words=words, created_at=at)
        channel = Channel(event_id=event.id, code=f"{word}code", name=word, created_at=at)
        message = Message(
            registration_id=registration.id,
            public_id=f"{word}message",
            message_id=f"<{word}@example.org>",
            kind=LetterKind.CONFIRMATION,
            language_tag="en",
            recipient=registration.email,
            address_key=registration.address_key,
            dedupe_key=word,
            state=MessageState.FAILED,
            due_at=at,
            created_at=at,
        )
        sign_in = SignIn(user_id=member.id, public_id=f"{word}signin", created_at=at, seen_at=at)
        passkey = Passkey(
            user_id=member.id,
            name=word,
            credential_id=word.encode(),
            public_key=b"",
            backup_state=False,
            device_type="single_device",
            create_datetime=at,
            lastuse_datetime=at,
            usage="first",
        )
        session.add_all([invitation, job, prepared, mailing, channel, message, sign_in, passkey])
        session.flush()
        membership = session.query(Membership).filter_by(user_id=member.id).one()
        return {
            "organization": event.organization.slug,
            "event": event.slug,
            "kind": "confirmation",
            "language": "en",
            "variant": "es",
            "member": membership.id,
            "invitation": invitation.public_id,
            "reference": registration.reference,
            "registration": registration.reference,
            "jobs.public_id": job.public_id,
            "imports.public_id": prepared.public_id,
            "mailings.public_id": mailing.public_id,
            "code": channel.code,
            "messages.public_id": message.public_id,
            "sign_in": sign_in.public_id,
            "passkey": passkey.id,
            "dates.key": event.occurrences[0].key,
            "person": person.public_id,
            "form.key": event.questions[0].key,
            "table": "days",
        }


def _rows() -> dict[str, list[Any]]:
    """All that the database holds, but for what changes when somebody is seen."""
    db.session.rollback()
    tables = [table.name for table in Base.metadata.sorted_tables if table.name not in CHANGE_BY_BEING_SEEN]
    return {name: sorted(map(repr, db.session.execute(text(f"SELECT * FROM {name}")))) for name in tables}  # noqa: S608


def test_whoever_is_not_signed_in_is_let_in_nowhere(app, world):
    before = _rows()
    assert unguarded(app) == []
    assert _rows() == before


def test_a_door_that_somebody_left_open_is_found():
    house, leaky = Blueprint("organizer", "organizer"), Blueprint("leaky", "leaky")
    leaky.add_url_rule("/o/<organization>/leak", "show", lambda organization: organization)
    leaky.add_url_rule("/o/<organization>/leak", "post", lambda organization: organization, methods=["POST"])
    house.register_blueprint(leaky)
    app = Flask("control")
    app.register_blueprint(house)
    assert unguarded(app) == ["organizer.leaky.show", "organizer.leaky.post"]


def test_every_page_says_which_right_it_needs(app):
    silent = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("organizer.") and not hasattr(app.view_functions[rule.endpoint], "needs")
    }
    assert silent <= OPEN
    assert {one.endpoint for one in addresses(app) if one.needs is None and one.of_organization} == set()


def test_another_organizations_owner_finds_nothing(app, desk, make, world):
    owner = desk(make.member(make.organization(slug="third", name="Third")))
    token, before = owner.token(), _rows()
    answers = {
        (one.endpoint, one.method): _ask(owner, one, world.mine, app, token).status_code
        for one in addresses(app)
        if one.of_organization
    }
    assert {key: status for key, status in answers.items() if status != 404} == {}
    assert _rows() == before


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.MANAGER])
def test_a_lesser_role_is_refused_what_it_may_not(desk, make, world, role, limited):
    app = current_app
    elsewhere = make.event("elsewhere") if limited else None
    member = desk(make.member(world.event.organization, role, events=[world.event] if limited else None))
    token, before = member.token(), _rows()
    for one in addresses(app):
        if not one.of_organization:
            continue
        if not allows(role, one.needs, limited=limited):
            assert (_ask(member, one, world.mine, app, token).status_code, one) == (403, one)
        if elsewhere is not None and one.of_event:
            assert (_ask(member, one, world.mine | {"event": elsewhere.slug}, app, token).status_code, one) == (
                404,
                one,
            )
    assert _rows() == before
    reads = [one for one in addresses(app) if one.method == "GET" and one.of_organization]
    for one in reads:
        if allows(role, one.needs, limited=limited):
            assert (_ask(member, one, world.mine, app, token).status_code < 400, one) == (True, one)


def test_what_is_not_there_and_what_is_others_is_the_same_404(app, desk, make, world):
    owner = desk(make.member(world.event.organization))
    token, before = owner.token(), _rows()
    for one in addresses(app):
        for name in one.rule.arguments - WORDS:
            foreign = _ask(owner, one, world.mine | {one.named(name): world.theirs[one.named(name)]}, app, token)
            missing = _ask(owner, one, world.mine | {one.named(name): one.missing(name)}, app, token)
            assert (foreign.status_code, missing.status_code, one) == (404, 404, one)
            assert foreign.data == missing.data
    assert _rows() == before


def test_hostile_ids_break_nothing(app, desk, make, world):
    owner, guarded = desk(make.member(world.event.organization)), set()
    for one in addresses(app):
        if one.method != "GET":
            continue
        names = [name for name in one.rule.arguments if name not in guarded and not one.is_number(name)]
        guarded |= {"organization", "event"} & set(names)  # one guard reads them for all
        for name, hostile in product(names, HOSTILE):
            answer = _ask(owner, one, world.mine | {one.named(name): hostile}, app, "")
            assert (answer.status_code, one, hostile) == (404, one, hostile)


def test_an_owner_sees_every_page_and_sees_change_nothing(app, desk, make, world):
    owner = desk(make.member(world.event.organization))
    before = _rows()
    answers = {
        one.endpoint: _ask(owner, one, world.mine, app, "").status_code for one in addresses(app) if one.method == "GET"
    }
    assert {endpoint: status for endpoint, status in answers.items() if status >= 400} == {}
    assert _rows() == before


def test_what_is_posted_without_its_token_changes_nothing(app, desk, make, world):
    owner = desk(make.member(world.event.organization))
    before = _rows()
    posts = [one for one in addresses(app) if one.method != "GET"]
    answers = {one.endpoint: _ask(owner, one, world.mine, app, "").status_code for one in posts}
    assert {endpoint: status for endpoint, status in answers.items() if status != 400} == {}
    assert _rows() == before


def test_whoever_signed_in_long_ago_proves_again_who_they_are(app, desk, make, world):
    owner = desk(make.member(world.event.organization), fresh=False)
    token, before = owner.token(), _rows()
    fresh = [one for one in addresses(app) if one.fresh]
    for one in fresh:
        answer = _ask(owner, one, world.mine, app, token)
        assert (answer.status_code, answer.headers.get("Location", "").split("?")[0], one) == (
            303,
            "/organizer/verify",
            one,
        )
    assert fresh
    assert _rows() == before


def test_an_empty_form_breaks_nothing(app, desk, make, world):
    owner = desk(make.member(world.event.organization))
    token = owner.token()
    for one in addresses(app):
        if one.method != "GET":
            answer = _ask(owner, one, world.mine, app, token)
            assert (answer.status_code < 500, one) == (True, one)


def test_each_argument_is_known(app, world):
    named = {one.named(name) for one in addresses(app) for name in one.rule.arguments}
    assert named - set(world.mine) == set()


def _ask(desk, address: Address, values: dict[str, Any], app: Flask, token: str) -> Any:
    path = address.path(values, app)
    data = {"csrf_token": token} if address.method != "GET" else None
    return desk.client.open(path, method=address.method, data=data)
