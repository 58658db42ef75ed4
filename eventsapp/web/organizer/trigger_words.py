"""When a letter goes out by itself, in words of the organizer's language."""

from eventsapp.domain.triggers import START, Trigger
from eventsapp.domain.wording import amount_words, in_language
from eventsapp.translations import gettext as _


def trigger_words(trigger: Trigger, tag: str) -> str:
    """``1 day before the start, at 9:00 am``."""
    words = _counted(trigger, tag)
    if trigger.at is None:
        return words
    return _("%(when)s, at %(clock)s", when=words, clock=in_language(trigger.at, tag))


def _counted(trigger: Trigger, tag: str) -> str:
    starts = trigger.relation == START
    if not trigger.days and not trigger.seconds:
        if trigger.at is not None:
            return _("On the day of the start")
        return _("At the start") if starts else _("At the end")
    amount = amount_words(abs(trigger.days), abs(trigger.seconds), tag)
    if trigger.before:
        if starts:
            return _("%(amount)s before the start", amount=amount)
        return _("%(amount)s before the end", amount=amount)
    if starts:
        return _("%(amount)s after the start", amount=amount)
    return _("%(amount)s after the end", amount=amount)
