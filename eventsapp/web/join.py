"""The join page: what one registered person needs to get in, and nobody else. GET changes nothing.

A room's number and telephone stand on the page of a confirmed person until the end; its address in no page at all: the
button's POST leads there, from the opening on. In every other state there is not one byte of a room.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from flask import Response, redirect, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Redirect

from eventsapp.actions.attend import attend
from eventsapp.db import db, transaction
from eventsapp.domain.entry import DialIn, Room
from eventsapp.domain.errors import Refused
from eventsapp.domain.joining import Stage, Window, urgency
from eventsapp.domain.languages import country_names, language_name, related, spoken
from eventsapp.domain.rooms import ways_into
from eventsapp.domain.timezones import country_of, local
from eventsapp.domain.vocabulary import PlaceState
from eventsapp.domain.wording import in_language, time_words, until_words
from eventsapp.ical.add_links import add_links
from eventsapp.models import Event, Place, Registration
from eventsapp.queries.entries import (
    open_room,
    personal_entry,
    personal_recording,
    personal_room,
    stage_of,
    window_of,
)
from eventsapp.queries.registrations import registration_by_join_token
from eventsapp.translations import gettext as _
from eventsapp.translations import ngettext, say
from eventsapp.web.editions import Edition, listed_editions, with_entry
from eventsapp.web.headers import keep_private, let_forms_lead_to
from eventsapp.web.language import Reading
from eventsapp.web.pages import Pages, now, settings
from eventsapp.web.personal import personal_page, see_other, speak_to, tzid_of

join = Pages("join", __name__)
log = logging.getLogger(__name__)

MINUTE, HOUR, DAY = 60, 3600, 86400
SOON = timedelta(hours=1)
MOST_OFFERED = 3
WITHOUT_A_PLACE = (Stage.OVER, Stage.CALLED_OFF, Stage.CANCELLED, Stage.DECLINED, Stage.MISSED)
HOPED_FOR = (Stage.OPEN, Stage.WAITING, Stage.WAITLISTED, Stage.PENDING, Stage.UNVERIFIED)


@dataclass(frozen=True, slots=True)
class Recording:
    """``tag`` and ``language`` are empty where it is for all languages, or in the page's own."""

    url: str
    tag: str
    language: str


@dataclass(frozen=True, slots=True)
class Seat:
    """One place as its holder sees it now. ``room`` only where it may be named; ``enters``: the button leads there."""

    edition: Edition
    stage: Stage
    begins_in: str  # empty once it has begun
    opening: str  # empty once it is open
    soon: bool  # online, and so near or so late that one waits on this page
    room: Room | None
    enters: bool
    ways: str  # names where its button may lead: a browser learns that once, when the page is loaded
    near: list[DialIn]  # telephone numbers of the reader's country
    far: list[DialIn]
    recording: Recording | None


@dataclass(frozen=True, slots=True)
class View:
    """Through what the rows are seen: whose eyes, and when."""

    reading: Reading
    tzid: str
    now: datetime


@join.page("/j/<token>", methods=["GET"])
def room(token: str) -> Response:
    return _show(_registration(token), token)


@join.page("/j/<token>/<key>", methods=["GET"])
def date(token: str, key: str) -> Response:
    """One date by itself, whichever is due; and where a reload after a refused POST leads."""
    return _show(_registration(token), token, key)


@join.page("/j/<token>/<key>", methods=["POST"])
def enter(token: str, key: str) -> Redirect:
    """Note that somebody joins and lead on to the room as it is now; 409 and the page where there is nothing to enter.

    Nobody is kept out because a row cannot be written: who may enter is read first, and the row comes second.
    """
    registration = _registration(token)
    at = now()
    place = next((one for one in registration.places if one.occurrence.key == key), None)
    if place is None:
        raise NotFound
    entered, place_id = open_room(place, now=at), place.id
    if entered is not None and request.form.get("ways", _ways(entered)) != _ways(entered):
        return _show(registration, token, key, 409, _("The room has changed just now. Press the button again."))
    try:
        with transaction() as session:
            entered = attend(session, place_id, now=at)
    except Refused as error:
        return _show(_registration(token), token, key, 409, say(error))
    except DBAPIError:
        if entered is None:
            raise
        log.exception("A joining was not recorded")
    return see_other(entered.url)


@join.page("/j/<token>/<key>/<service>", methods=["GET"])
def add_to_calendar(token: str, key: str, service: str) -> Redirect:
    """Lead on to a web calendar with this person's own entry filled in, as it stands now."""
    registration = _registration(token)
    place = next((one for one in registration.places if one.occurrence.key == key), None)
    if place is None or place.state is not PlaceState.CONFIRMED:
        raise NotFound
    entry = replace(personal_entry(place, settings=settings()), description="", lead="")
    url = next((link.url for link in add_links(entry) if link.service == service), None)
    if url is None:
        raise NotFound
    return keep_private(redirect(url, 303))


def _registration(token: str) -> Registration:
    return registration_by_join_token(db.session(), token, settings=settings())


def _show(registration: Registration, token: str, key: str = "", status: int = 200, note: str = "") -> Response:
    event = registration.event
    reading = speak_to(registration)
    view = View(reading, tzid_of(registration), now())
    editions = _editions(event, view)
    places = _in_order(registration, view)
    place = next((one for one in places if key in ("", one.occurrence.key)), None)
    if place is None:
        raise NotFound
    seats = [_seat(one, editions[one.occurrence.key], view) for one in places]
    seat = seats[places.index(place)]
    rest = [one for one in seats if one is not seat]
    response = personal_page(
        "join/room.html",
        registration,
        status=status,
        token=token,
        note=note,
        seat=seat,
        rest=rest,
        running=_running_elsewhere(event, seats, seat, editions, view),
        offered=_offered(seats, seat, list(editions.values()), registration.language_tag),
        registers=all(one.state is PlaceState.CANCELLED for one in places),  # anew, by the event's form
        next_look=_next_look(event, view.now),
        held_in=lambda edition: language_name(spoken(edition.language_tag), reading.interface),
        countries=dict(country_names(reading.tag)),
    )
    sources = {source for one in seats if one.room for source in ways_into(one.room.url)}
    return let_forms_lead_to(response, sorted(sources))


def _editions(event: Event, view: View) -> dict[str, Edition]:
    """All dates of the event by their key; one statement counts the places of all of them."""
    found = listed_editions(db.session(), [event], reading=view.reading, reader_tzid=view.tzid, now=view.now)
    return {edition.key: edition for edition in found[event.id]}


def _in_order(registration: Registration, view: View) -> list[Place]:
    """The one that the link is opened for comes first."""

    def due(place: Place) -> tuple[float, ...]:
        tag = place.occurrence.language_tag
        own_language = tag is None or related(tag, registration.language_tag)
        found = stage_of(place, now=view.now)
        return urgency(found, window_of(place.occurrence), view.now, own_language=own_language)

    return sorted(registration.places, key=due)


def _seat(place: Place, edition: Edition, view: View) -> Seat:
    found = stage_of(place, now=view.now)
    room = personal_room(place, now=view.now)
    country = country_of(view.tzid)
    lines = room.dial_in if room else ()
    near = [line for line in lines if country and line.country == country]
    window, tag = window_of(place.occurrence), view.reading.tag
    edition = with_entry(edition, place.occurrence, view.reading, settings())
    near_enough = found is Stage.WAITING and window.opens_at - view.now <= SOON
    return Seat(
        edition=edition,
        stage=found,
        begins_in=_begins_in(window, view),
        opening=_opening(window, view.tzid, tag) if found is Stage.WAITING else "",
        soon=edition.online and (found is Stage.OPEN or near_enough),
        room=room,
        enters=open_room(place, now=view.now) is not None,
        ways=_ways(room),
        near=near,
        far=[line for line in lines if line not in near],
        recording=_recording(place, view),
    )


def _begins_in(window: Window, view: View) -> str:
    wait = (window.starts_at - view.now).total_seconds()
    if wait <= 0:
        return ""
    return until_words(window.starts_at - view.now, view.reading.tag) if wait >= MINUTE else _("Less than a minute")


def _opening(window: Window, tzid: str, tag: str) -> str:
    """From when on one can join; the date is said where it is not the day of the start."""
    seconds = window.opens_seconds
    opens, starts = local(window.opens_at, tzid), local(window.starts_at, tzid)
    if opens.date() == starts.date():
        time = time_words(window.opens_at, window.ends_at, tzid, tag).start
    else:
        time = str(in_language(opens.replace(tzinfo=None), tag))
    if not seconds:
        return _("Opens at the start (%(time)s)", time=time)
    if seconds % DAY == 0:
        return ngettext(
            "Opens %(num)s day before the start (%(time)s)",
            "Opens %(num)s days before the start (%(time)s)",
            seconds // DAY,
            time=time,
        )
    if seconds % HOUR == 0:
        return ngettext(
            "Opens %(num)s hour before the start (%(time)s)",
            "Opens %(num)s hours before the start (%(time)s)",
            seconds // HOUR,
            time=time,
        )
    return ngettext(
        "Opens %(num)s minute before the start (%(time)s)",
        "Opens %(num)s minutes before the start (%(time)s)",
        ceil(seconds / MINUTE),
        time=time,
    )


def _recording(place: Place, view: View) -> Recording | None:
    url, tag = personal_recording(place, view.reading.words, now=view.now)
    if not url:
        return None
    if not tag or related(tag, view.reading.tag):
        return Recording(url, "", "")
    return Recording(url, tag, language_name(spoken(tag), view.reading.interface))


def _running_elsewhere(
    event: Event, seats: Sequence[Seat], seat: Seat, editions: dict[str, Edition], view: View
) -> Edition | None:
    """A date that runs now, where this person came too early or too late for the own one."""
    if any(one.stage is Stage.OPEN for one in seats) or seat.edition.called_off:
        return None
    running = [
        editions[occurrence.key]
        for occurrence in event.occurrences
        if window_of(occurrence).is_open(view.now) and not editions[occurrence.key].called_off
    ]
    return next((edition for edition in running if edition.key != seat.edition.key), None)


def _offered(seats: Sequence[Seat], seat: Seat, editions: Sequence[Edition], tag: str) -> list[Edition]:
    """Dates that one can still register for, where the one shown came to nothing; the person's language first."""
    taken = {one.edition.key for one in seats if one.stage in HOPED_FOR}
    if seat.stage not in WITHOUT_A_PLACE or taken:
        return []
    admitting = [edition for edition in editions if edition.standing.admits]

    def served(edition: Edition) -> tuple[bool, datetime]:
        return bool(edition.language_tag) and not related(edition.language_tag, tag), edition.starts_at

    return sorted(admitting, key=served)[:MOST_OFFERED]


def _next_look(event: Event, at: datetime) -> int:
    """Seconds until this page reads otherwise; 0: it stays as it is, but for what somebody changes."""
    changes = [window_of(occurrence).next_change(at) for occurrence in event.occurrences]
    return ceil(min(((change - at).total_seconds() for change in changes if change), default=0))


def _ways(room: Room | None) -> str:
    """Names where a page with this room lets its button lead; another room of the same service has the same."""
    return hashlib.sha256(" ".join(ways_into(room.url)[1:] if room else ()).encode()).hexdigest()[:12]
