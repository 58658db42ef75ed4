"""What becomes of an event: listed or not, cancelled and put back, archived, deleted; and telling what was not told."""

from collections.abc import Callable
from dataclasses import replace

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from eventsapp.actions.archive import archive, delete_draft, restore
from eventsapp.actions.audit import Action, note
from eventsapp.actions.outlook import look
from eventsapp.actions.places import take_event
from eventsapp.actions.tell import tell
from eventsapp.db import db, transaction
from eventsapp.domain.errors import Refused
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import EventStatus, Visibility
from eventsapp.queries.counts import counts_of
from eventsapp.reading.values import EventRecord
from eventsapp.translations import gettext as _
from eventsapp.translations import ngettext, say
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.events import overview_page
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.organizer.saving import save
from eventsapp.web.pages import now, settings

states = Desk("states", __name__)


def _list(record: EventRecord) -> EventRecord:
    return replace(record, visibility=Visibility.PUBLIC)


def _unlist(record: EventRecord) -> EventRecord:
    return replace(record, visibility=Visibility.UNLISTED)


def _withdraw(record: EventRecord) -> EventRecord:
    return replace(record, status=EventStatus.DRAFT)


def _put_back(record: EventRecord) -> EventRecord:
    return replace(record, status=EventStatus.PUBLISHED)


def _cancel(record: EventRecord) -> EventRecord:
    return replace(record, status=EventStatus.CANCELLED)


@states.view("/events/<event>/list", needs=Right.RUN, methods=["POST"])
def list_(access: Access) -> ResponseReturnValue:
    return _change(access, _list, _("The event is in the list of events now."))


@states.view("/events/<event>/unlist", needs=Right.RUN, methods=["POST"])
def unlist(access: Access) -> ResponseReturnValue:
    return _change(access, _unlist, _("The event is unlisted now: only who has its address finds it."))


@states.view("/events/<event>/withdraw", needs=Right.RUN, methods=["POST"])
def withdraw(access: Access) -> ResponseReturnValue:
    """Back to a draft, as long as nobody holds a place."""
    if counts_of(db.session(), access.event, now=now())[-1].people:
        return overview_page(access, status=422, problem=_("People hold places, so the event cannot be a draft again."))
    return _change(access, _withdraw, _("The event is a draft again. Nobody else sees it."))


@states.view("/events/<event>/cancel", needs=Right.RUN, methods=["GET", "POST"])
def cancel(access: Access) -> ResponseReturnValue:
    """GET says whom it concerns; what people would read is shown by the page that asks."""
    if request.method == "POST":
        return _change(access, _cancel, _("The event is cancelled."))
    people = counts_of(db.session(), access.event, now=now())[-1].people
    return desk_page("organizer/events/cancel.html", people=people)


@states.view("/events/<event>/put-back", needs=Right.RUN, methods=["POST"])
def put_back(access: Access) -> ResponseReturnValue:
    return _change(access, _put_back, _("The event takes place after all."))


@states.view("/events/<event>/tell", needs=Right.RUN, methods=["GET", "POST"])
def tell_now(access: Access) -> ResponseReturnValue:
    """Those who were not told of a change when it was made."""
    event_id = access.event.id
    if request.method == "POST":
        number = _tell(access, event_id)
        say_done(ngettext("%(num)s person is written to.", "%(num)s people are written to.", number))
        return again(_home())
    with transaction() as session:  # the letters are written to be shown, and dropped
        outlook = look(session, take_event(session, event_id), now=now(), settings=settings())
        session.rollback()
    return desk_page("organizer/events/tell.html", outlook=outlook)


@states.view("/events/<event>/archive", needs=Right.RUN, methods=["POST"])
def put_away(access: Access) -> ResponseReturnValue:
    with transaction() as session:
        archive(session, access.event.id, user=access.user, now=now())
    say_done(_("The event is archived. Its public pages stay as they are."))
    return again(_home())


@states.view("/events/<event>/restore", needs=Right.RUN, methods=["POST"])
def bring_back(access: Access) -> ResponseReturnValue:
    with transaction() as session:
        restore(session, access.event.id, user=access.user, now=now())
    say_done(_("The event is back in the list."))
    return again(_home())


@states.view("/events/<event>/delete", needs=Right.RUN, methods=["GET", "POST"])
def delete(access: Access) -> ResponseReturnValue:
    if request.method == "GET":
        return desk_page("organizer/events/delete.html")
    home = url_for("organizer.events.index", organization=access.organization.slug)
    try:
        with transaction() as session:
            delete_draft(session, access.event.id, user=access.user, now=now())
    except Refused as error:
        return overview_page(access, status=422, problem=say(error))
    say_done(_("The draft is deleted."))
    return again(home)


def _change(access: Access, change: Callable[[EventRecord], EventRecord], done: str) -> ResponseReturnValue:
    form = DeskForm({})
    answer: Response | None = save(access, change, form=form, back=_home(), done=done)
    if answer is None:
        return overview_page(access, status=422, problem=form.refusal or " ".join(form.refused))
    return answer


def _tell(access: Access, event_id: int) -> int:
    """Returns how many will be written to."""
    with transaction() as session:
        event, at_ = take_event(session, event_id), now()
        behind = look(session, event, now=at_, settings=settings()).untold
        number = behind.people + behind.staff
        if number:
            tell(session, event, now=at_, settings=settings())
            _note_told(session, access, number)
    return number


def _note_told(session: Session, access: Access, number: int) -> None:
    note(
        session,
        Action.PEOPLE_TOLD,
        now=now(),
        organization=access.organization,
        user=access.user,
        event=access.event,
        changes={"people": [None, number]},
    )


def _home() -> str:
    return at("events.overview")
