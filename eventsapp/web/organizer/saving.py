"""Saving a change of an event: whoever would notice is counted and shown first, and told only if somebody says so."""

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
from eventsapp.web.organizer.door import Access, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import desk_page, say_done
from eventsapp.web.pages import now, settings

TELL = "tell"  # what the page that asks adds to the form: "yes", "no", or "back" to the form
BACK = "back"
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
                version=_seen_version(),
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
    if not edited.report.revised:
        return
    at, answer = now(), request.form.get(TELL)
    if answer == "no":
        return
    outlook = look(session, edited.event, now=at, settings=settings())
    if not outlook.untold:
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


def _seen_version() -> int | None:
    seen = request.form.get(VERSION, "")
    return int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else None  # noqa: PLR2004
