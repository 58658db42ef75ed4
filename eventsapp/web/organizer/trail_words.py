"""The audit trail in words: what somebody did, which key of the record it was about, from what to what."""

import re
from datetime import datetime
from typing import Any

from eventsapp.actions.audit import Action
from eventsapp.domain.errors import N_
from eventsapp.domain.languages import listed, own_name
from eventsapp.domain.triggers import read_trigger
from eventsapp.domain.vocabulary import LetterKind, PlaceState
from eventsapp.domain.wording import duration_words, in_language
from eventsapp.queries.exports import state_words
from eventsapp.translations import gettext as _
from eventsapp.translations import pgettext
from eventsapp.web.organizer.letter_names import kind_words
from eventsapp.web.organizer.trigger_words import trigger_words

LONGEST = 160
_WALL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")

ACTIONS: dict[Action, str] = {
    Action.EVENT_CREATED: N_("Event created"),
    Action.EVENT_EDITED: N_("Event changed"),
    Action.EVENT_ARCHIVED: N_("Event archived"),
    Action.EVENT_RESTORED: N_("Event taken out of the archive"),
    Action.EVENT_DELETED: N_("Event deleted"),
    Action.PEOPLE_TOLD: N_("People told of a change"),
    Action.REGISTRATION_ADDED: N_("Registration added by hand"),
    Action.REGISTRATION_EDITED: N_("Registration corrected"),
    Action.PLACES_CHANGED: N_("Places changed"),
    Action.LETTER_RESENT: N_("Letter sent again"),
    Action.CHECKED_IN: N_("Checked in"),
    Action.CHECK_IN_UNDONE: N_("Check-in undone"),
    Action.MAILING_ORDERED: N_("Letter to registrants ordered"),
    Action.MAILING_CANCELLED: N_("Letter to registrants cancelled"),
    Action.EXPORTED: N_("Registrations exported"),
    Action.IMPORTED: N_("Registrations imported"),
    Action.PERSON_EXPORTED: N_("One person’s data exported"),
    Action.PERSON_ERASED: N_("One person’s data deleted"),
    Action.OUTLIVED_ERASED: N_("Data deleted because the time to keep them was over"),
    Action.ORGANIZATION_EDITED: N_("Organization changed"),
    Action.MEMBER_INVITED: N_("Somebody invited to the team"),
    Action.INVITATION_WITHDRAWN: N_("Invitation withdrawn"),
    Action.MEMBER_JOINED: N_("Joined the team"),
    Action.MEMBER_CHANGED: N_("Role in the team changed"),
    Action.MEMBER_LEFT: N_("Left the team"),
    Action.CHANNEL_CHANGED: N_("Short link changed"),
}

FIELDS: dict[str, str] = {
    "accent": N_("Colour"),
    "access": N_("Who is shown the room"),
    "address": N_("E-mail address"),
    "approval": N_("Approval"),
    "body": N_("Text"),
    "capacity": N_("Places"),
    "choose": N_("How many dates one can choose"),
    "cities": N_("Cities"),
    "closes": N_("Registration closes"),
    "conference": N_("Room"),
    "contact": N_("Contact"),
    "default_language": N_("Main language"),
    "default_language_tag": N_("Main language"),
    "default_tzid": N_("Time zone"),
    "description": N_("Description"),
    "details": N_("Name, language or answers"),
    "dial_in": N_("Numbers to dial"),
    "digest": N_("Summary by e-mail"),
    "duration": N_("Length"),
    "events": N_("Events"),
    "excerpt": N_("In short"),
    "fold": N_("Before or after the clocks change"),
    "follow_ups": N_("Letters afterwards"),
    "help": N_("Hint"),
    "imprint_url": N_("Imprint"),
    "join_opens": N_("The room opens"),
    "kind": N_("Kind"),
    "label": N_("Question"),
    "language": N_("Language"),
    "letter": N_("Letter"),
    "letters": N_("Letters"),
    "links": N_("Personal links"),
    "location": N_("Where"),
    "meeting_id": N_("Meeting number"),
    "member": N_("Member"),
    "name": N_("Name"),
    "note": N_("Note"),
    "occurrence": N_("Date"),
    "only_if": N_("Asked only if"),
    "occurrences": N_("Dates"),
    "opens": N_("Registration opens"),
    "options": N_("Choices"),
    "passcode": N_("Passcode"),
    "people": N_("People"),
    "picture": N_("Picture"),
    "picture_alt": N_("What the picture shows"),
    "privacy_url": N_("Privacy"),
    "recording": N_("Recording"),
    "registration": N_("Registration"),
    "reminders": N_("Reminders"),
    "required": N_("Must be answered"),
    "retention_days": N_("Days that people’s data are kept"),
    "role": N_("Role"),
    "sender_name": N_("Sender of letters"),
    "slug": N_("Address of the page"),
    "start": N_("Start"),
    "status": N_("State"),
    "subject": N_("Subject"),
    "summary": N_("Title"),
    "team": N_("Hosts and interpreters"),
    "topics": N_("Topics"),
    "type": N_("Kind"),
    "tzid": N_("Time zone"),
    "url": N_("Link"),
    "verify": N_("Confirm the address"),
    "visibility": N_("Who finds it"),
    "waitlist": N_("Waiting list"),
    "what_to_bring": N_("What to bring"),
}

HIDDEN = {"version"}  # what only software asks for
UNSAID = {"details", "address", "note", "links"}  # of people: that it changed, never from what to what


def action_words(action: str) -> str:
    return _(ACTIONS[Action(action)]) if action in set(Action) else action


def key_words(key: str) -> str:
    """A key of the record as a reader says it: ``occurrences.english.start`` is "Date “english” · Start"."""
    match key.split("."):
        case ["occurrences", "order"]:
            return _("Order of the dates")
        case ["registration", "questions", "order"]:
            return _("Order of the questions")
        case ["occurrences" | "places", name, *rest]:
            parts = [_("Date “%(name)s”", name=name), *rest]
        case ["registration", "questions", name, *rest]:
            parts = [_("Question “%(name)s”", name=name), *rest]
        case ["languages", tag, *rest]:
            parts = [own_name(tag), *rest]
        case ["team", role, _who, *rest]:
            parts = [_(WORDS.get(role, role)), *rest]
        case ["letters", kind, tag, *rest]:
            parts = [_("Letter “%(kind)s”", kind=kind), own_name(tag), *rest]
        case ["registration" | "organization", *rest] if rest:
            parts = ["", *rest]
        case other:
            parts = ["", *other]
    where, *named = parts
    return " · ".join(filter(None, [where, *(_field(part) for part in named)]))


def value_words(key: str, value: Any, tag: str) -> str:
    """What stood there, in the language ``tag``: times and numbers as its readers write them, long texts cut."""
    if key == "reminders" and isinstance(value, list):
        value = [trigger_words(read_trigger(one), tag) for one in value]
    elif key.startswith("team.") and isinstance(value, str) and (known := TEAM.get(key.rpartition(".")[2])) is not None:
        value = _(known[value]) if value in known else "•••"
    match value:
        case None | "" | []:
            return pgettext("value", "nothing")
        case bool():
            return _("Yes") if value else _("No")
        case int():
            return str(in_language(value, tag))
        case list():
            return listed([value_words(key, one, tag) for one in value], tag)
        case str():
            return _text_words(key, value, tag)
        case _:
            return str(value)


def _text_words(key: str, value: str, tag: str) -> str:
    last = key.rpartition(".")[2]
    if key.startswith("places.") and value in set(PlaceState):
        return state_words(PlaceState(value))
    if key == "letter" and value in set(LetterKind):
        return kind_words(LetterKind(value))
    if _WALL.fullmatch(value):
        return str(in_language(datetime.fromisoformat(value), tag))
    if last in {"duration", "join_opens", "within"} and (found := _DURATION.fullmatch(value)):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return duration_words(days * 86400 + hours * 3600 + minutes * 60 + seconds, tag)
    if last in {"status", "visibility", "role", "choose", "approval", "registration", "access"} and value in WORDS:
        return _(WORDS[value])
    return value if len(value) <= LONGEST else f"{value[:LONGEST].rstrip()}…"


def _field(part: str) -> str:
    return _(FIELDS[part]) if part in FIELDS else own_name(part) if _is_tag(part) else part.replace("_", " ")


def _is_tag(part: str) -> bool:
    return part in {"en", "ar", "de", "es", "fr", "it", "pt-BR", "zh-Hans"}


WORDS: dict[str, str] = {
    "draft": N_("Draft"),
    "published": N_("Published"),
    "cancelled": N_("Cancelled"),
    "public": N_("Everybody"),
    "registered": N_("Registered people"),
    "unlisted": N_("Only who knows the address"),
    "one": N_("One"),
    "any": N_("As many as one likes"),
    "all": N_("All together"),
    "automatic": N_("At once"),
    "manual": N_("By an organizer"),
    "none": N_("Not needed"),
    "required": N_("Needed"),
    "owner": N_("Owner"),
    "manager": N_("Manager"),
    "assistant": N_("Assistant"),
    "host": N_("Host"),
    "interpreter": N_("Interpreter"),
    "organizer": N_("Organizer"),
}

# Of the people at work; a name is never said, only that it is another one.
TEAM: dict[str, dict[str, str]] = {
    "name": {},
    "occurrences": {"all": N_("All dates")},
    "digest": {"day": N_("Every day"), "week": N_("Every week"), "never": N_("Never")},
}
