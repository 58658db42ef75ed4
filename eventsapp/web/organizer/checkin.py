"""The door: scanning a ticket, finding somebody by name, noting that they have come, and taking it back.

A ticket's address shows a stranger nothing but that it is one.
"""

from flask import Blueprint, Response, g, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response as AnyResponse

from eventsapp.actions.check_in import check_in, undo_check_in
from eventsapp.db import db, transaction
from eventsapp.domain.errors import NotFound, Refused
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line
from eventsapp.domain.wording import moment_words, time_words
from eventsapp.models import Occurrence, Registration
from eventsapp.queries.check_in import Guest, date_at_the_door, door_of, noted_at, registration_by_ticket
from eventsapp.translations import INTERFACE_LANGUAGES, say
from eventsapp.translations import gettext as _
from eventsapp.web.headers import keep_private, let_use_camera
from eventsapp.web.language import read_in
from eventsapp.web.organizer.door import Access, Desk, access_to, again
from eventsapp.web.organizer.pages import desk_page, say_done
from eventsapp.web.organizer.signing_in import signed_in
from eventsapp.web.pages import now, page, settings

checkin = Desk("checkin", __name__)
ticket = Blueprint("ticket", __name__)  # beside the desks: its page is for anybody who holds the ticket

_LONGEST_SEARCH = 100


@ticket.get("/organizer/c/<token>")
def show(token: str) -> AnyResponse:
    """To the desk for whoever may check people in; a page that says nothing about anybody for all others."""
    registration = registration_by_ticket(db.session(), token, settings())
    if registration is None:
        raise NotFound("There is no such page.")
    user, event = signed_in(), registration.event
    if user is not None:
        try:
            access = access_to(user, event.organization.slug, event.slug)
        except NotFound:
            access = None
        if access is not None and access.may(Right.CHECK_IN):
            return again(_url("organizer.checkin.guest", access, reference=registration.reference))
    read_in(INTERFACE_LANGUAGES, INTERFACE_LANGUAGES[0])
    return keep_private(page("organizer/checkin/ticket.html", signed_in=user is not None))


@checkin.view("/events/<event>/check-in", needs=Right.CHECK_IN)
def index(access: Access) -> ResponseReturnValue:
    q = clean_line(request.args.get("q", ""), _LONGEST_SEARCH)
    date = date_at_the_door(access.event, request.args.get("date", ""), now=now())
    door = door_of(db.session(), access.event, date, q=q) if date is not None else None
    return let_use_camera(
        desk_page("organizer/checkin/index.html", door=door, q=q, dates=_dates(access), since=_since, words=_words)
    )


@checkin.view("/events/<event>/check-in/<reference>", needs=Right.CHECK_IN)
def guest(access: Access, reference: str) -> ResponseReturnValue:
    return _guest(access, reference)


@checkin.view("/events/<event>/check-in/<reference>", needs=Right.CHECK_IN, methods=["POST"])
def note(access: Access, reference: str) -> ResponseReturnValue:
    """Somebody has come; or, by ``undo``, has not. Back to where the button stood."""
    key, undo = request.form.get("date", ""), "undo" in request.form
    action = undo_check_in if undo else check_in
    try:
        with transaction() as session:
            user = session.merge(access.user, load=False)
            action(session, access.event.id, reference, key, user=user, now=now())
    except Refused as error:
        return _guest(access, reference, problem=say(error))
    name = _registration(access, reference).name or reference
    say_done(_("%(name)s: no longer noted as come", name=name) if undo else _("%(name)s is in", name=name))
    if request.form.get("back") == "list":
        return again(_url("organizer.checkin.index", access, date=key, q=request.form.get("q") or None))
    return again(_url("organizer.checkin.guest", access, reference=reference))


def _guest(access: Access, reference: str, *, problem: str = "") -> Response:
    """One person at the door; the date that is on comes first."""
    registration = _registration(access, reference)
    here = date_at_the_door(access.event, "", now=now())
    places = sorted(registration.places, key=lambda place: (place.occurrence is not here, place.occurrence.starts_at))
    noted = noted_at(db.session(), places)
    guests = [Guest(place, *noted.get(place.id, (None, ""))) for place in places]
    return desk_page(
        "organizer/checkin/guest.html",
        status=409 if problem else 200,
        registration=registration,
        guests=guests,
        problem=problem,
        since=_since,
        words=_words,
    )


def _registration(access: Access, reference: str) -> Registration:
    registration = db.session.scalar(
        select(Registration)
        .where(
            Registration.event_id == access.event.id,
            Registration.reference == reference,
            Registration.erased_at.is_(None),
        )
        .options(selectinload(Registration.places))
    )
    if registration is None:
        raise NotFound("There is no such page.")
    return registration


def _url(endpoint: str, access: Access, **values: str | None) -> str:
    here = {"organization": access.organization.slug, "event": access.event.slug}
    return url_for(endpoint, _external=False, **here | values)


def _dates(access: Access) -> list[tuple[str, str]]:
    return [(one.key, _words(one)) for one in access.event.occurrences]


def _words(occurrence: Occurrence) -> str:
    """At the door the clock on the wall counts."""
    return time_words(occurrence.starts_at, occurrence.ends_at, occurrence.tzid, g.reading.tag).whole


def _since(one: Guest) -> str:
    assert one.came_at is not None  # noqa: S101  asked only of those who are in
    when = moment_words(one.came_at, one.place.occurrence.tzid, g.reading.tag)
    return _("In since %(when)s, noted by %(name)s", when=when, name=one.by) if one.by else when
