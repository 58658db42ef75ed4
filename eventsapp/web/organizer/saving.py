"""Saving a change of an event: whoever would notice is counted and shown first, and told only if somebody says so."""

import re
from collections.abc import Callable

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from eventsapp.actions.audit import Action, note
from eventsapp.actions.edit import Edited, Overtaken, edit
from eventsapp.actions.outlook import Outlook, look
from eventsapp.actions.tell import tell
from eventsapp.db import transaction
from eventsapp.reading.mistakes import RecordRefused
from eventsapp.reading.values import EventRecord
from eventsapp.web.fields import Typed
from eventsapp.web.organizer.door import Access, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import desk_page, say_done
from eventsapp.web.pages import now, settings

TELL = "tell"  # what the page that asks adds to the form: "yes", "no", or "back" to the form
BACK = "back"
_CREW = re.compile(r"team(\[\d+\](\.occurrences)?)?")  # changes by which somebody works at a date, or no longer
VERSION = "version"


class _Ask(Exception):
    def __init__(self, outlook: Outlook) -> None:
        self.outlook = outlook


def save(
    access: Access,
    change: Callable[[EventRecord], EventRecord],
    *,
    form: DeskForm,
    back: str,
    done: str,
    action: Action = Action.EVENT_EDITED,
) -> Response | None:
    """The answer to a form that changes ``access.event``; None where the form has to be shown again.

    That is so where somebody goes back from the page that asks, with everything that was typed. Else
    ``form.refusal`` or its fields' errors say why, and ``form.meanwhile`` what somebody else did. ``back`` is the
    address to go on to, ``done`` the sentence that is said there. The form carries ``version``.
    """
    if request.form.get(TELL) == BACK:
        return None
    at = now()
    try:
        with transaction() as session:
            edited = edit(
                session,
                access.event.id,
                change,
                version=seen_version(request.form),
                user=access.user,
                now=at,
                settings=settings(),
                action=action,
            )
            _tell_or_ask(session, access, edited)
    except _Ask as question:
        return ask(question.outlook)
    except Overtaken as error:
        form.overtake(error)
        return None
    except RecordRefused as error:
        form.refuse(error)
        return None
    say_done(done)
    return again(back)


def ask(outlook: Outlook) -> Response:
    """The page "tell 132 registrants?": it holds the whole form, and its buttons send it again with the answer."""
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in {TELL, "csrf_token"}]
    return desk_page("organizer/tell.html", outlook=outlook, kept=kept)


def _tell_or_ask(session: Session, access: Access, edited: Edited) -> None:
    crew = any(_CREW.fullmatch(key) for key in edited.report.changes)
    if not edited.report.revised and not crew:
        return
    at, answer = now(), request.form.get(TELL)
    if answer == "no":
        return
    outlook = look(session, edited.event, now=at, settings=settings())
    if not (outlook.untold if edited.report.revised else outlook.untold.staff):
        return
    if answer != "yes":
        raise _Ask(outlook)
    tell(session, edited.event, now=at, settings=settings())
    number = outlook.untold.people + outlook.untold.staff
    note(
        session,
        Action.PEOPLE_TOLD,
        now=at,
        organization=edited.event.organization,
        user=access.user,
        event=edited.event,
        changes={"people": [None, number]},
    )


def seen_version(typed: Typed) -> int | None:
    """Of the event, when the form was opened."""
    seen = typed.get(VERSION, "")
    return int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else None  # noqa: PLR2004
