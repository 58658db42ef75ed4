"""What was sent: an event's letters with their state and the mail server's words, and sending what failed again."""

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from eventsapp.actions import outbox
from eventsapp.actions.audit import Action, note
from eventsapp.db import db, transaction
from eventsapp.domain.errors import DomainError
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line
from eventsapp.domain.vocabulary import LetterKind, MessageState
from eventsapp.mail.outcome import reply_words
from eventsapp.queries.messages import TROUBLED, Wanted, letter_in, log_of, states_of, without_addresses
from eventsapp.translations import gettext as _
from eventsapp.translations import ngettext, say
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.letter_names import LETTERS, kind_words, state_words
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.pages import now, settings

messages = Desk("messages", __name__)

MAY_BE_SENT_AGAIN = frozenset(MessageState) - {MessageState.SUPERSEDED, MessageState.SENDING}


@messages.view("/events/<event>/letters/log", needs=Right.SEE)
def log(access: Access) -> Response:
    wanted = _wanted()
    found = log_of(db.session(), access.event, wanted)
    return desk_page(
        "organizer/messages/log.html",
        log=found,
        wanted=wanted,
        numbers=states_of(db.session(), access.event),
        states=[(state, state_words(state)) for state in MessageState],
        kinds=[(kind, kind_words(kind)) for kind in LETTERS],
        kind_words=kind_words,
        state_words=state_words,
        said=lambda message: without_addresses(reply_words(message.last_code, message.last_error)),
        again=MAY_BE_SENT_AGAIN,
        troubled=TROUBLED,
    )


@messages.view("/events/<event>/letters/log/<public_id>/retry", needs=Right.RUN, methods=["POST"])
def retry(access: Access, public_id: str) -> ResponseReturnValue:
    if letter_in(db.session(), access.event, public_id) is None:
        abort(404)
    try:
        with transaction() as session:
            message = outbox.retry(session, public_id, now=now(), settings=settings())
            note(
                session,
                Action.LETTER_RESENT,
                now=now(),
                organization=access.organization,
                user=access.user,
                event=access.event,
                registration=message.registration,
                changes={"letter": [None, message.kind.value]},
            )
    except DomainError as error:
        say_done(say(error))
    else:
        say_done(_("The letter is on its way again."))
    return again(at("messages.log", **request.args))


@messages.view("/events/<event>/letters/log/retry", needs=Right.RUN, methods=["POST"])
def retry_failed(access: Access) -> ResponseReturnValue:
    """All that failed; what came back is left to the organizer's eye, one by one."""
    with transaction() as session:
        event_id = access.event.id
        sent = outbox.retry_all(session, MessageState.FAILED, event_id=event_id, now=now(), settings=settings())
        note(
            session,
            Action.LETTER_RESENT,
            now=now(),
            organization=access.organization,
            user=access.user,
            event=access.event,
            changes={"letters": [None, len(sent)]},
        )
        number = len(sent)
    say_done(ngettext("%(num)s letter is on its way again.", "%(num)s letters are on their way again.", number))
    return again(at("messages.log"))


def _wanted() -> Wanted:
    state, kind, before = (request.args.get(name, "") for name in ("state", "kind", "before"))
    return Wanted(
        MessageState(state) if state in set(MessageState) else None,
        LetterKind(kind) if kind in set(LetterKind) else None,
        clean_line(request.args.get("person", ""), 40),
        int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else None,  # noqa: PLR2004
    )
