"""The pages of the audit trail: of the whole organization, and of one event."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, request
from flask.typing import ResponseReturnValue

from eventsapp.actions.audit import Action
from eventsapp.db import db
from eventsapp.domain.errors import N_, NotFound
from eventsapp.domain.rights import Right
from eventsapp.domain.timezones import local
from eventsapp.domain.wording import in_language
from eventsapp.models import AuditEntry, Event, User
from eventsapp.queries.trail import names_of, people_on, trail
from eventsapp.translations import pgettext
from eventsapp.web.organizer.door import Access, Desk
from eventsapp.web.organizer.pages import desk_page, event_title
from eventsapp.web.organizer.trail_words import ACTIONS, HIDDEN, UNSAID, action_words, key_words, value_words

trails = Desk("trail", __name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words; ``changes`` are (what, from, to). ``person``: the reference of whom it is about."""

    at: str
    by: str
    done: str
    event: Event | None
    title: str
    person: str
    changes: list[tuple[str, str, str]]


@trails.view("/history", needs=Right.OWN)
def index(access: Access) -> ResponseReturnValue:
    return _page(access, None)


@trails.view("/events/<event>/history", needs=Right.RUN)
def event(access: Access) -> ResponseReturnValue:
    return _page(access, access.event)


def lines_of(entries: Sequence[AuditEntry], reader: User) -> list[Line]:
    """Entries as ``reader`` reads them: in the language in force, at their own time of day."""
    tag = g.reading.tag
    named = {id_ for entry in entries for id_ in entry.changes.get("member", []) if isinstance(id_, int)}
    names = names_of(db.session(), named)
    return [
        Line(
            at=str(in_language(local(entry.at, reader.tzid).replace(tzinfo=None), tag)),
            by=entry.user.shown_name if entry.user else pgettext("history", "Nobody who was signed in"),
            done=action_words(entry.action),
            event=entry.event,
            title=event_title(entry.event) if entry.event else "",
            person=_reference(entry),
            changes=_changes(entry, names, tag),
        )
        for entry in entries
    ]


def _changes(entry: AuditEntry, names: dict[int, str], tag: str) -> list[tuple[str, str, str]]:
    found = []
    for key, both in entry.changes.items():
        if key in HIDDEN or not isinstance(both, list) or len(both) != 2 or both[0] == both[1]:  # noqa: PLR2004
            continue
        if key in UNSAID:
            found.append((key_words(key), "", ""))
            continue
        values = [names.get(value, "–") if key == "member" and value is not None else value for value in both]
        before, after = (value_words(key, value, tag) for value in values)
        found.append((key_words(key), before, after))
    return found


def _reference(entry: AuditEntry) -> str:
    """Empty where it is about nobody, or about somebody whose data are gone."""
    person = entry.registration
    return person.reference if person is not None and person.erased_at is None else ""


def _page(access: Access, about: Event | None) -> ResponseReturnValue:
    session, query = db.session(), request.args
    event_id = None if about is None else about.id
    people = people_on(session, access.organization.id, event_id)
    by = next((user for user in people if str(user.id) == query.get("by")), None)
    action = Action(query["action"]) if query.get("action") in set(Action) else None
    listing = trail(
        session,
        access.organization.id,
        event_id=event_id,
        user_id=None if by is None else by.id,
        actions=() if action is None else (action,),
        page=_page_number(query.get("page", "1")),
    )
    return desk_page(
        "organizer/trail/index.html",
        listing=listing,
        lines=lines_of(listing.entries, access.user),
        people=people,
        by=by,
        action=action,
        actions=[(one, action_words(one)) for one in ACTIONS],
    )


def _page_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 8):  # noqa: PLR2004
        raise NotFound(N_("There is no such page."))
    return int(text)
