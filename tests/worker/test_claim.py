"""Claiming takes the same short way in the index, however many letters were ever sent."""

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from eventsapp.actions import outbox
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import LetterKind, Priority
from tests.worker.bulk import multiply
from tests.worker.office import Office

SENT = "UPDATE message SET state = 'sent' WHERE state = 'queued'"
WAITING = "UPDATE message SET state = 'queued' WHERE public_id LIKE '%.1'"


def plan_of(session: Session, office: Office) -> str:
    wanted = outbox.sending._due(Priority.ASKED_FOR, office.now, ()).limit(8)
    name = session.get_bind().dialect.name
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[name].dialect()
    statement = wanted.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[name]
    return "\n".join(str(row[-1]) for row in session.execute(text(f"{explain} {statement}".replace(":", "\\:"))))


@pytest.mark.parametrize("known", [True, False])
def test_claiming_looks_at_no_letter_that_was_sent(office: Office, known: bool) -> None:
    """Also where the database does not know yet that very much has come to wait."""
    office.write("ann@example.com")
    multiply(office.session, office.message_to("ann@example.com"), people=2000, sent_each=9)
    if not known:
        for statement in (SENT, "ANALYZE", WAITING):
            office.session.execute(text(statement))
            office.session.commit()
    plan = plan_of(office.session, office)
    assert plan.count("ix_message_waiting") == 1, plan
    assert "Seq Scan on message" not in plan
    assert "SCAN message" not in plan
    office.session.rollback()
    with transaction() as session:
        assert len(outbox.claim(session, worker="me", limit=8, now=office.now)) == 8


def test_a_letter_waits_for_an_earlier_one_unless_that_is_less_urgent(office: Office) -> None:
    registration = office.write("ann@example.com")
    with transaction() as session:
        bulk = outbox.enqueue(session, registration, LetterKind.REMINDER, now=office.now, settings=office.settings)
        asked = outbox.enqueue(session, registration, LetterKind.LINK, now=office.now, settings=office.settings)
        assert bulk is not None
        assert asked is not None
    with transaction() as session:
        (first,) = outbox.claim(session, worker="me", limit=8, now=office.now)
        assert first < bulk.id
        outbox.record_sent(session, [first], worker="me", now=office.now)
        assert outbox.claim(session, worker="me", limit=8, now=office.now) == [asked.id, bulk.id]
