"""A mail server that refuses a recipient at once says as much as a report that comes later."""

from dataclasses import replace
from threading import Event as Stop

import pytest

from eventsapp import worker
from eventsapp.actions.letters import announce
from eventsapp.db import transaction
from eventsapp.domain.vocabulary import LetterKind, MessageState, Suppression
from eventsapp.models import Message
from eventsapp.queries.suppressed import suppression_of
from tests.mail.server import Script, smtp_server


@pytest.fixture
def refused(app, make, session, settings, now):
    """``refused(reply)``: what is kept of the address of a letter that the mail server answers so."""

    def kept(reply: str) -> set[Suppression]:
        registration = make.registration(make.event(), email="zoe@example.com")
        with transaction() as writing:
            announce(writing, registration, LetterKind.CONFIRMATION, registration.places, now=now, settings=settings)
        with smtp_server(Script(at_rcpt={"zoe@example.com": reply})) as server:
            app.extensions["settings"] = replace(settings, mail_url=f"smtp://127.0.0.1:{server.port}")
            worker.run(app, stop=Stop(), once=True, clock=lambda: now)
        session.rollback()
        assert session.query(Message).one().state is MessageState.FAILED
        return suppression_of(session, registration.event.organization_id, "zoe@example.com", settings)

    return kept


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("550 5.1.1 <zoe@example.com>: no such user", {Suppression.BOUNCED}),
        ("552 5.2.2 mailbox full", set()),
        ("554 5.6.0 what is that", set()),
    ],
)
def test_the_address_is_kept_where_nobody_reads_it(refused, reply, kept):
    assert refused(reply) == kept
