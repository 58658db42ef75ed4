from datetime import timedelta

from eventsapp.actions.outbox import enqueue_for_staff
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import DigestEvery, LetterKind, MessageState, StaffRole
from tests.test_cli import environ, run, table  # noqa: F401  fixtures


def test_the_team_and_what_it_knows(make, run, now):  # noqa: F811
    event = make.event()
    host = make.staff(event, name="Ana")
    make.staff(event, StaffRole.INTERPRETER, keys=["spanish"], name="Li", tzid="Asia/Shanghai")
    make.staff(event, StaffRole.ORGANIZER, name="Eva", digest=DigestEvery.WEEK, digest_at=now)
    with transaction():
        first, second = host.assignments
        first.told_sequence, first.told_revision, first.told_at = 0, 0, now
        second.told_sequence, second.told_revision, second.told_at = 0, 0, now
        second.revision, second.ended_at = 1, now
    status, said, wrong = run("team", "forum")
    assert (status, wrong) == (0, "")
    assert table(said) == [
        ["host", "host@example.org", "Ana", "en", "Europe/London", "english", "told", "2026-03-02 12:00"],
        ["host", "host@example.org", "Ana", "en", "Europe/London", "spanish", "relieved, not told", "2026-03-02 12:00"],
        ["interpreter", "interpreter@example.org", "Li", "en", "Asia/Shanghai", "spanish", "not told"],
        ["organizer", "organizer@example.org", "Eva", "en", "Europe/London", "digest: week", "next 2026-03-02 12:00"],
    ]
    with transaction():
        first.plan_at = now + timedelta(seconds=20)
        second.ended_at = None
    assert [row[6] for row in table(run("team", "forum")[1])[:2]] == ["to be told", "told of an earlier state"]


def test_whose_last_letter_did_not_arrive(make, run, settings, now):  # noqa: F811
    host = make.staff(make.event(), keys=["spanish"])
    for dedupe, state, said in (
        ("1:0.0", MessageState.BOUNCED, "host@example.org (last letter bounced)"),
        ("1:1.0", MessageState.SENT, "host@example.org"),
    ):
        with transaction() as session:
            message = enqueue_for_staff(
                session, host, LetterKind.ASSIGNED, now=now, settings=settings, context={}, dedupe=dedupe, priority=2
            )
            message.state = state
        assert [row[1] for row in table(run("team", "forum")[1])] == [said]


def test_an_event_that_is_not_there(app, run):  # noqa: F811
    assert run("team", "forum") == (2, "", "There is no event forum.\n")
