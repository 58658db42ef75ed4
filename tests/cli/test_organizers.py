from sqlalchemy import select

from eventsapp.cli import organizers
from eventsapp.db import db
from eventsapp.models import Membership
from tests.test_cli import environ, run  # noqa: F401  fixtures

ANA = ("create-organizer", "ana@example.org", "--organization", "new-league")


def members() -> list[tuple[str, str, str, bool]]:
    db.session.rollback()
    rows = db.session.scalars(select(Membership).order_by(Membership.id))
    return [(one.user.email, one.organization.name, one.role.value, bool(one.user.password)) for one in rows]


def test_somebody_who_signs_in(app, run, tmp_path):  # noqa: F811
    kept = tmp_path / "password"
    kept.write_text("short\n")
    assert run(*ANA, "--password-file", str(kept))[::2] == (2, "Write at least 10 characters.\n")
    kept.write_text("four ducks on a pond\n")
    assert run(*ANA[:3], "New League", "--password-file", str(kept))[0] == 2
    assert members() == []
    status, said, _ = run(*ANA, "--organization-name", "New League", "--password-file", str(kept))
    assert (status, "signs in at https://events.example.org/organizer/" in said) == (0, True)
    assert run(*ANA, "--password-file", str(kept))[0] == 0  # once more changes nothing
    status, said, _ = run("create-organizer", "bo@example.org", *ANA[2:], "--role", "assistant", "--link")
    assert (status, said.splitlines()[0].startswith("https://events.example.org/organizer/new-password/")) == (0, True)
    assert members() == [
        ("ana@example.org", "New League", "owner", True),
        ("bo@example.org", "New League", "assistant", False),
    ]
    assert app.test_client().get(said.splitlines()[0].removeprefix("https://events.example.org")).status_code == 200


def test_the_demo_has_an_owner_only_where_nobody_else_reaches_it(run, make, environ, monkeypatch, settings):  # noqa: F811
    make.event()
    monkeypatch.setenv("EVENTSAPP_BIND", "0.0.0.0:8000")
    organizers.make_demo_owner()
    assert members() == []
    monkeypatch.setenv("EVENTSAPP_BIND", "127.0.0.1:8000")
    organizers.make_demo_owner()
    assert members() == [("olga@example.com", "Example League", "owner", True)]
