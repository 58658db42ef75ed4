"""The team: invited by letter, joining, changed, let go; the last owner stays."""

from sqlalchemy import select

from eventsapp.actions.audit import Action, note
from eventsapp.actions.team import MOST_A_DAY
from eventsapp.db import transaction
from eventsapp.domain.links import token
from eventsapp.domain.vocabulary import Purpose, Role
from eventsapp.models import AuditEntry, Invitation, Membership, Message, User
from eventsapp.queries.letters import letter_of
from eventsapp.web.pages import now
from tests.statements import statements

TEAM = "/o/example-league/team"
PASSWORD = "correct horse battery staple"


def _invite(owner, email="nina@example.org", **form):
    return owner.post(f"{TEAM}/invite", {"email": email, "role": "manager", "limited": "all", "language": "de"} | form)


def _link(session, settings):
    session.rollback()
    invitation = session.scalars(select(Invitation)).one()
    return f"/invitation/{token(settings.link_key, Purpose.INVITATION, invitation.public_id)}"


def _members(session):
    session.rollback()
    rows = session.scalars(select(Membership).order_by(Membership.id))
    return [(row.user.email, row.role.value, [event.slug for event in row.events]) for row in rows]


def test_somebody_new_is_invited_by_letter_and_joins(app, desk, make, session, settings):
    event = make.event()
    owner = desk(make.member(event.organization, email="olga@example.org"))
    assert _invite(owner, limited="some", events="forum").status_code == 303
    letter = letter_of(session, session.scalars(select(Message)).one(), now=now(), settings=settings)
    path = _link(session, settings)
    assert letter.action_url == f"https://events.example.org/organizer{path}"
    assert (letter.language_tag, letter.recipient, letter.asked_by) == ("de", "nina@example.org", "Olga")
    newcomer = type(owner)(app.test_client())
    page = newcomer.get(path)
    assert page.status_code == 200
    assert '<html lang="de"' in page.text
    weak = newcomer.post(path, {"name": "Nina", "password": "short"})
    assert weak.status_code == 422
    assert "short" not in weak.text.partition("<form")[2].replace('for="', "")
    answer = newcomer.post(path, {"name": "Nina", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/organizer/o/example-league/events")
    assert newcomer.get("/o/example-league/events").status_code == 200
    assert _members(session) == [("olga@example.org", "owner", []), ("nina@example.org", "manager", ["forum"])]
    assert newcomer.get(path).status_code == 404
    assert [entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))] == [
        "member_invited",
        "member_joined",
    ]


def test_only_the_invited_address_joins(app, desk, make, session, settings):
    organization = make.organization()
    _invite(desk(make.member(organization)))
    path = _link(session, settings)
    other, nina = desk(make.user("other@example.org")), make.user("nina@example.org")
    stranger = type(other)(app.test_client())
    assert stranger.post(path, {"name": "N", "password": PASSWORD}).location.startswith("/organizer/sign-in?next=")
    assert other.post(path).status_code == 404
    assert "other@example.org" in other.get(path).text
    assert desk(nina).post(path).status_code == 303
    assert len(_members(session)) == 2


def test_a_link_that_is_withdrawn_late_or_wrong_opens_one_page(app, desk, make, session, settings):
    owner = desk(make.member(make.organization()))
    _invite(owner)
    path = _link(session, settings)
    public_id = path.split("/")[-1].split(".")[0]
    wrong = path[:-1] + ("a" if path[-1] != "a" else "b")
    assert owner.post(f"{TEAM}/invitations/{public_id}/withdraw").status_code == 303
    client = type(owner)(app.test_client())
    withdrawn, mistyped = client.get(path), client.get(wrong)
    assert (withdrawn.status_code, mistyped.status_code) == (404, 404)
    assert withdrawn.data == mistyped.data
    assert client.post(path, {"name": "N", "password": PASSWORD}).status_code == 404
    assert session.scalars(select(User).where(User.email == "nina@example.org")).all() == []


def test_inviting_tells_nothing_of_accounts_elsewhere(desk, make):
    owner = desk(make.member(make.organization()))
    make.member(make.organization(slug="other", name="Other"), email="known@example.org")
    known, unknown = _invite(owner, "known@example.org"), _invite(owner, "unknown@example.org")
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)


def test_roles_change_and_the_last_owner_stays(desk, make, session):
    event = make.event()
    olga = make.member(event.organization, email="olga@example.org")
    owner = desk(olga)
    make.member(event.organization, Role.ASSISTANT, email="ann@example.org")
    first, second = session.scalars(select(Membership).order_by(Membership.id)).all()
    mine, hers = f"{TEAM}/{first.id}", f"{TEAM}/{second.id}"
    assert owner.post(mine, {"role": "assistant", "limited": "all"}).status_code == 409
    assert owner.post(f"{mine}/remove").status_code == 409
    assert owner.post("/o/example-league/leave").status_code == 409
    assert owner.post(hers, {"role": "owner", "limited": "some", "events": "forum"}).status_code == 422
    assert owner.post(hers, {"role": "manager", "limited": "some", "events": "forum"}).status_code == 303
    assert _members(session)[1] == ("ann@example.org", "manager", ["forum"])
    assert owner.post(hers, {"role": "owner", "limited": "all"}).status_code == 303
    assert owner.post("/o/example-league/leave").status_code == 303
    assert _members(session) == [("ann@example.org", "owner", [])]
    assert owner.get("/o/example-league/events").status_code == 404


def test_the_team_asks_as_often_for_three_as_for_one(desk, make):
    event = make.event()
    owner = desk(make.member(event.organization))
    make.member(event.organization, Role.ASSISTANT, events=[event])
    asked = []
    for _ in range(2):
        with statements() as seen:
            assert owner.get(TEAM).status_code == 200
        asked.append(len(seen))
        make.member(event.organization, Role.MANAGER, events=[event])
        make.member(event.organization, Role.MANAGER)
    assert asked[0] == asked[1]


def test_an_organization_writes_to_few_strangers_a_day(desk, make, session):
    organization = make.organization()
    olga = make.member(organization)
    with transaction() as writing:
        for _ in range(MOST_A_DAY - 1):
            note(writing, Action.MEMBER_INVITED, now=now(), organization=organization, user=olga)
    owner = desk(olga)
    assert _invite(owner).status_code == 303
    public_id = session.scalars(select(Invitation)).one().public_id
    assert owner.post(f"{TEAM}/invitations/{public_id}/withdraw").status_code == 303
    assert _invite(owner).status_code == 409
