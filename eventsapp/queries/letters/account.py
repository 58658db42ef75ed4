"""Letters to somebody who signs in: the link to a new password, and what has changed about signing in."""

from datetime import datetime

from eventsapp.config import Settings
from eventsapp.domain.addresses import read_address
from eventsapp.domain.entry import Party
from eventsapp.domain.vocabulary import LetterKind, Notice
from eventsapp.mail.letters import Letter, Passage
from eventsapp.models import Message, User
from eventsapp.queries.accounts import new_password_url


def account_letter(message: Message, user: User, settings: Settings) -> Letter:
    """It comes from the place itself, not from an organization: one account may work for several."""
    reset = message.kind is LetterKind.PASSWORD_RESET
    return Letter(
        kind=message.kind,
        public_id=message.public_id,
        message_id=message.message_id,
        thread_of=message.thread_of,
        written_at=message.created_at,
        language_tag=message.language_tag,
        tzid=user.tzid,
        recipient=read_address(message.recipient or "").ascii_email,
        name=user.name,
        reference="",
        sender=Party(settings.mail_from, settings.host),
        reply_to="",
        organization=settings.host,
        contact="",
        event_slug="",
        event_url="",
        summary=Passage(settings.host, ""),
        what_to_bring=Passage("", ""),
        about=(),
        action_url=new_password_url(message, settings=settings) if reset else f"{settings.base_url}/organizer/account",
        action_until=datetime.fromisoformat(message.context["until"]) if reset else None,
        notice=None if reset else Notice(message.context["notice"]),
    )
