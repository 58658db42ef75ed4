"""What organizers call the kinds of letters, their states, and the placeholders in them."""

from collections.abc import Callable

from eventsapp.domain.vocabulary import LetterKind, MessageState, Placeholder
from eventsapp.translations import gettext as _
from eventsapp.translations import pgettext

_KINDS: dict[LetterKind, Callable[[], str]] = {
    LetterKind.CONFIRMATION: lambda: pgettext("letter", "Confirmation"),
    LetterKind.INVITE: lambda: _("Invitation for your calendar"),
    LetterKind.WAITLISTED: lambda: _("On the waiting list"),
    LetterKind.PROMOTED: lambda: pgettext("letter", "Moved up from the waiting list"),
    LetterKind.PENDING: lambda: _("Waiting for approval"),
    LetterKind.APPROVED: lambda: pgettext("letter", "Accepted"),
    LetterKind.DECLINED: lambda: _("Not accepted"),
    LetterKind.CANCELLED: lambda: pgettext("letter", "Cancellation"),
    LetterKind.ALREADY_REGISTERED: lambda: pgettext("letter", "Already registered"),
    LetterKind.CHANGED: lambda: _("Something has changed"),
    LetterKind.REMINDER: lambda: _("Reminder"),
    LetterKind.FOLLOW_UP: lambda: _("Letter after the event"),
    LetterKind.MISSED: lambda: _("Letter after the event, to who did not come"),
    LetterKind.REPLIED: lambda: _("Question about your calendar’s answer"),
    LetterKind.LINK: lambda: _("Your personal links"),
    LetterKind.VERIFICATION: lambda: _("Confirm your e-mail address"),
    LetterKind.ADDRESS_CHANGE: lambda: _("Confirm your new e-mail address"),
    LetterKind.MAILING: lambda: _("Letter to registered people"),
    LetterKind.ASSIGNED: lambda: _("To hosts and interpreters"),
    LetterKind.DIGEST: lambda: _("Summary for organizers"),
}
_STATES: dict[MessageState, Callable[[], str]] = {
    MessageState.QUEUED: lambda: pgettext("letter", "Waiting"),
    MessageState.SENDING: lambda: pgettext("letter", "On its way"),
    MessageState.SENT: lambda: pgettext("letter", "Sent"),
    MessageState.FAILED: lambda: pgettext("letter", "Failed"),
    MessageState.SUPERSEDED: lambda: pgettext("letter", "Overtaken"),
    MessageState.BOUNCED: lambda: pgettext("letter", "Came back"),
    MessageState.SUPPRESSED: lambda: pgettext("letter", "Not sent"),
}
_PLACEHOLDERS: dict[Placeholder, Callable[[], str]] = {
    Placeholder.NAME: lambda: _("The reader’s name"),
    Placeholder.SUMMARY: lambda: _("Title of the event"),
    Placeholder.ORGANIZATION: lambda: _("Organization"),
    Placeholder.WHEN: lambda: _("When, by the event’s clock"),
    Placeholder.WHEN_YOURS: lambda: _("When, by the reader’s clock"),
    Placeholder.REFERENCE: lambda: _("Your reference"),
    Placeholder.EVENT_URL: lambda: _("Page of the event"),
    Placeholder.JOIN_URL: lambda: _("The reader’s own link to join"),
    Placeholder.MANAGE_URL: lambda: _("The reader’s own link to their registration"),
    Placeholder.CONTACT: lambda: _("Whom to ask"),
}
# In the order in which people get them.
LETTERS = tuple(_KINDS)


def kind_words(kind: LetterKind) -> str:
    return _KINDS[kind]() if kind in _KINDS else kind.value


def state_words(state: MessageState) -> str:
    return _STATES[state]()


def placeholder_words(name: Placeholder) -> str:
    return _PLACEHOLDERS[name]()
