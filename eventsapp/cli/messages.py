"""``messages``: the outbox, looked into."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eventsapp.cli.application import CommandFailed, application, event_of, now, writing
from eventsapp.cli.arguments import Commands, add_format, whole_number
from eventsapp.cli.printing import moment, print_rows
from eventsapp.domain.vocabulary import MessageState
from eventsapp.mail.outcome import reply_words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from eventsapp.models import Message


# Whole states that may be sent again at once: nothing that arrived, as far as anybody knows.
TO_RETRY = (MessageState.FAILED, MessageState.BOUNCED, MessageState.SUPPRESSED, MessageState.QUEUED)


def add_to(commands: Commands) -> None:
    messages = commands.group("messages", "look into the outbox")
    listing = messages.add("list", list_messages, "list letters, newest first")
    _add_wanted(listing, tuple(MessageState))
    listing.add_argument("--limit", type=whole_number, default=100, metavar="N", help="at most so many (100)")
    add_format(listing)
    showing = messages.add("show", show_message, "show all that is known of one letter")
    showing.add_argument("message", metavar="MESSAGE", help="as `messages list` shows it")
    retrying = messages.add("retry", retry_messages, "send letters again")
    retrying.add_argument("messages", nargs="*", metavar="MESSAGE", help="as `messages list` shows it")
    _add_wanted(retrying, TO_RETRY)


def _add_wanted(command: argparse.ArgumentParser, states: Sequence[MessageState]) -> None:
    help_ = ", ".join(state.value for state in states)
    command.add_argument("--state", type=MessageState, choices=states, metavar="STATE", help=help_)
    command.add_argument("--event", metavar="EVENT", help="the slug of an event: only its letters")


def list_messages(arguments: argparse.Namespace) -> None:
    from sqlalchemy import func, select

    from eventsapp.models import Message, Registration, Staff

    wanted = select(Message).order_by(Message.id.desc()).limit(arguments.limit)
    if arguments.state:
        wanted = wanted.where(Message.state == arguments.state)
    heads = ("message", "kind", "state", "to", "tries", "due or sent (UTC)", "what the server said")
    with application() as (_, session):
        if arguments.event:
            event = event_of(session, arguments.event)
            of_event = func.coalesce(Registration.event_id, Staff.event_id) == event.id
            wanted = wanted.outerjoin(Message.registration).outerjoin(Message.staff).where(of_event)
        _say_outage(session)
        rows = [_row(message) for message in session.scalars(wanted)]
    print_rows(arguments.format, heads, rows)


def _say_outage(session: "Session") -> None:
    """Where it is not read as part of a table or a CSV file."""
    from eventsapp.actions.outage import standing

    if outage := standing(session):
        said = reply_words(outage.code, outage.words)
        next_try = f"The next letter is tried at {moment(outage.until)} UTC." if outage.until > now() else ""
        words = f"The mail server has turned us away since {moment(outage.since)} UTC: {said}. {next_try}"
        print(f"{words.strip()}\nRun `eventsapp doctor`.\n", file=sys.stderr)


def _row(message: "Message") -> tuple[str, ...]:
    when = moment(message.sent_at or message.due_at)
    kind, state = message.kind.value, message.state.value
    return (message.public_id, kind, state, message.recipient or "", str(message.attempts), when, _said(message))


def _said(message: "Message") -> str:
    return reply_words(message.last_code, message.last_error)


def show_message(arguments: argparse.Namespace) -> None:
    from sqlalchemy import select

    from eventsapp.models import Message

    with application() as (_, session):
        message = session.scalar(select(Message).where(Message.public_id == arguments.message))
        if message is None:
            raise CommandFailed(f"There is no message {arguments.message}.")
        facts = _facts(message)
    width = max(map(len, facts))
    for name, fact in facts.items():
        print(f"{name:{width}}  {fact}".rstrip())


def _facts(message: "Message") -> dict[str, str]:
    reader = message.registration or message.staff
    reference = message.registration.reference if message.registration else ""
    times = {
        "written": message.created_at,
        "due": message.due_at if message.state in (MessageState.QUEUED, MessageState.SENDING) else None,
        "of no use after": message.expires_at,
        "sent": message.sent_at,
    }
    return {
        "message": message.public_id,
        "Message-ID": message.message_id,
        "kind": message.kind.value,
        "state": message.state.value + (", may have arrived" if message.uncertain else ""),
        "event": reader.event.slug if reader else "",
        "reader": reference or (message.staff.role.value if message.staff else ""),
        "to": message.recipient or "forgotten",
        "language": message.language_tag,
        "priority": str(message.priority),
        "tries": str(message.attempts),
        **{name: f"{moment(at)} UTC" for name, at in times.items() if at is not None},
        "server said": _said(message),
    }


def retry_messages(arguments: argparse.Namespace) -> None:
    from eventsapp.actions.outbox import retry, retry_all

    if bool(arguments.messages) == bool(arguments.state):
        raise CommandFailed("Name the messages to send again, or a state: `eventsapp messages retry --state failed`.")
    with writing() as (settings, session):
        if arguments.state:
            event_id = event_of(session, arguments.event).id if arguments.event else None
            again = retry_all(session, arguments.state, event_id=event_id, now=now(), settings=settings)
        else:
            again = [retry(session, public_id, now=now(), settings=settings) for public_id in arguments.messages]
        for message in again:
            print(f"{message.public_id}  {message.kind} to {message.recipient}: {message.state}")
        if not again:
            print("There is no such letter that could be sent.")
