"""When a record's reminders and follow-ups are sent: what each list may hold, and what is wrong where it does not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eventsapp.domain.triggers import DEFAULT_REMINDERS, END, Trigger, read_trigger
from eventsapp.domain.vocabulary import FollowUpFor
from eventsapp.reading.mistakes import Path
from eventsapp.reading.values import FollowUpRecord

Report = Callable[[Path, str], None]


def reminders(given: Sequence[str | None] | None, report: Report) -> tuple[str, ...]:
    """The default where the key is left out; an empty list is none."""
    if given is None:
        return DEFAULT_REMINDERS
    for at, text in enumerate(given):
        if text and _is_afterwards(read_trigger(text)):
            report(("reminders", at), "A reminder comes before the end; write what comes afterwards under follow_ups.")
        if text and text in given[:at]:
            report(("reminders", at), "This stands here twice; leave one out.")
    return tuple(text for text in given if text)


def follow_ups(given: Sequence[Mapping[str, Any] | None], report: Report) -> tuple[FollowUpRecord, ...]:
    found: list[FollowUpRecord] = []
    for at, values in enumerate(given):
        if not values or "send" not in values:
            continue
        follow_up = FollowUpRecord(
            values["send"], values.get("to", FollowUpFor.ALL), values.get("wait_for_recording", False)
        )
        if not _is_afterwards(read_trigger(follow_up.trigger)):
            report(
                ("follow_ups", at, "send"), "A follow-up comes after the end; write for example `2 hours after end`."
            )
        if any(_one_reader_gets_both(follow_up, other) for other in found):
            report(("follow_ups", at), "Somebody would get two letters at the same time; leave one out.")
        found.append(follow_up)
    return tuple(found)


def _is_afterwards(trigger: Trigger) -> bool:
    return trigger.relation == END and not trigger.before


def _one_reader_gets_both(one: FollowUpRecord, other: FollowUpRecord) -> bool:
    return one.trigger == other.trigger and (one.to is other.to or FollowUpFor.ALL in (one.to, other.to))
