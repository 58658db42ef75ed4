"""``messages``: the outbox, looked into."""

import argparse
from typing import TYPE_CHECKING

from eventsapp.cli.application import application, now, writing
from eventsapp.cli.arguments import Commands, add_format, one_of, whole_number
from eventsapp.cli.printing import moment, print_rows
from eventsapp.domain.vocabulary import MessageState

if TYPE_CHECKING:
    from eventsapp.models import Message


def add_to(commands: Commands) -> None:
    messages = commands.group("messages", "look into the outbox")
    listing = messages.add("list", list_messages, "list letters, newest first")
    listing.add_argument(
        "--state", type=MessageState, choices=list(MessageState), metavar="STATE", help=one_of(MessageState)
    )
    listing.add_argument("--limit", type=whole_number, default=100, metavar="N", help="at most so many (100)")
    add_format(listing)
    retrying = messages.add("retry", retry_messages, "send letters again")
    retrying.add_argument("messages", nargs="+", metavar="MESSAGE", help="as `messages list` shows it")


def list_messages(arguments: argparse.Namespace) -> None:
    from sqlalchemy import select

    from eventsapp.models import Message

    wanted = select(Message).order_by(Message.id.desc()).limit(arguments.limit)
    if arguments.state:
        wanted = wanted.where(Message.state == arguments.state)
    heads = ("message", "kind", "state", "to", "tries", "due or sent (UTC)", "what the server said")
    with application() as (_, session):
        rows = [_row(message) for message in session.scalars(wanted)]
    print_rows(arguments.format, heads, rows)


def _row(message: "Message") -> tuple[str, ...]:
    said = " ".join(filter(None, [str(message.last_code or ""), message.last_error]))
    when = moment(message.sent_at or message.due_at)
    kind, state = message.kind.value, message.state.value
    return (message.public_id, kind, state, message.recipient or "", str(message.attempts), when, said)


def retry_messages(arguments: argparse.Namespace) -> None:
    from eventsapp.actions.outbox import retry

    with writing() as (settings, session):
        for public_id in arguments.messages:
            message = retry(session, public_id, now=now(), settings=settings)
            print(f"{message.public_id}  {message.kind} to {message.recipient}: {message.state}")
