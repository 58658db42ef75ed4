"""The outbox, read: one queued row as the letter it has become by now. A module for each sort of letter."""

from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import LetterKind
from eventsapp.mail.letters import Letter
from eventsapp.models import Message, Registration
from eventsapp.queries.letters.account import account_letter
from eventsapp.queries.letters.changed import changed_letter
from eventsapp.queries.letters.frame import messages_of
from eventsapp.queries.letters.mailing import mailing_letter
from eventsapp.queries.letters.personal import personal_letter
from eventsapp.queries.letters.replied import replied_letter
from eventsapp.queries.letters.scheduled import scheduled_letter
from eventsapp.queries.letters.staff import staff_letter
from eventsapp.queries.letters.strangers import verification, wish, withdrawal
from eventsapp.queries.letters.team import invitation_letter
from eventsapp.queries.letters.trial import is_trial, trial_letter

__all__ = ["letter_of", "messages_of"]


def letter_of(session: Session, message: Message, *, now: datetime, settings: Settings) -> Letter | None:
    """What a queued message says ``now``; None where that is no longer so, or the person's data were erased.

    Only a confirmed place brings the join link with it; no registered person is ever sent the room's own address or
    passcode. Raises Invalid where the stored address cannot be written to.
    """
    registration = message.registration
    if registration is None:
        return _to_no_attendee(session, message, now=now, settings=settings)
    if "parting" in message.context and message.recipient is not None:
        return withdrawal(session, message, registration, settings)
    if message.recipient is None or registration.erased_at is not None:
        return None
    if message.kind is LetterKind.ADDRESS_CHANGE:
        return wish(session, message, registration, settings)
    if message.address_key != registration.address_key:
        return None  # it would bring somebody else's link
    return _to_its_owner(session, message, registration, now=now, settings=settings)


def _to_no_attendee(session: Session, message: Message, *, now: datetime, settings: Settings) -> Letter | None:
    if is_trial(message):
        return trial_letter(session, message, now=now, settings=settings)
    if message.account is not None:
        return account_letter(message, message.account, settings)
    if message.invitation is not None:
        return invitation_letter(message, message.invitation, settings)
    return staff_letter(session, message, now=now, settings=settings)


def _to_its_owner(
    session: Session, message: Message, registration: Registration, *, now: datetime, settings: Settings
) -> Letter | None:
    match message.kind:
        case LetterKind.VERIFICATION:
            return verification(message, registration, settings)
        case LetterKind.CHANGED:
            return changed_letter(session, message, registration, settings)
        case LetterKind.REMINDER | LetterKind.FOLLOW_UP | LetterKind.MISSED:
            return scheduled_letter(session, message, registration, now=now, settings=settings)
        case LetterKind.REPLIED:
            return replied_letter(message, registration, now=now, settings=settings)
        case LetterKind.MAILING:
            return mailing_letter(message, registration, settings)
        case _:
            return personal_letter(session, message, registration, settings)
