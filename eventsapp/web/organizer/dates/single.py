"""One date: new, changed, like another one, called off and put back, removed; and what is typed said back in words."""

from dataclasses import dataclass, replace

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from eventsapp.db import db
from eventsapp.domain.cities import search_cities
from eventsapp.domain.errors import N_, Invalid, NotFound
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line
from eventsapp.models import Assignment, Occurrence
from eventsapp.queries.record import record_of
from eventsapp.reading.values import OccurrenceRecord
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.forms import zone_text
from eventsapp.web.organizer.dates.changes import (
    Change,
    one_of,
    with_added,
    with_changed,
    without,
    works_here_alone,
)
from eventsapp.web.organizer.dates.desk import dates
from eventsapp.web.organizer.dates.form import DateForm, without_recording
from eventsapp.web.organizer.dates.listing import Row, rows
from eventsapp.web.organizer.dates.when import WhenForm, usual_when, week_later
from eventsapp.web.organizer.door import Access
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import at, desk_page
from eventsapp.web.organizer.saving import save
from eventsapp.web.pages import now

ZONE, LIKE = "zone", "like"
MOST_CITIES = 8
LONGEST_QUERY = 100


@dataclass(frozen=True, slots=True)
class Offered:
    """A city for the field to choose from: ``text`` leads to its zone, ``label`` says more about it."""

    text: str
    label: str


@dates.view("/events/<event>/dates/new", needs=Right.RUN, methods=("GET", "POST"))
def new(access: Access) -> ResponseReturnValue:
    form = _new_form(access)
    if request.method == "POST" and not form.pasted and (wanted := form.occurrence("")):
        answer = save(
            access, with_added([wanted]), form=form, back=at("dates.index"), done=_("The date has been added.")
        )
        if answer is not None:
            return answer
    return _page(access, form, None)


@dates.view("/events/<event>/dates/<key>", needs=Right.RUN, methods=("GET", "POST"))
def edit(access: Access, key: str) -> ResponseReturnValue:
    given = one_of(record_of(access.event), key)
    form = DateForm(access.event, g.reading.tag, given=given, typed=_typed())
    if request.method == "POST" and not form.pasted and (wanted := form.occurrence(key)):
        # Whether it is called off is another page's matter, and perhaps was decided meanwhile.
        change = with_changed(key, lambda kept: replace(wanted, cancelled=kept.cancelled))
        answer = save(access, change, form=form, back=at("dates.index"), done=_("The date is saved."))
        if answer is not None:
            return answer
    return _page(access, form, given)


@dates.view("/events/<event>/dates/<key>/cancel", needs=Right.RUN, methods=("GET", "POST"))
def cancel(access: Access, key: str) -> ResponseReturnValue:
    """Call a date off, or put it back: whichever is left to do."""
    row = _row(access, key)
    form = DeskForm({}, version=access.event.version)
    if request.method == "POST":
        wanted = request.form.get("cancelled") == "yes"
        done = _("The date is cancelled.") if wanted else _("The date takes place after all.")
        change = with_changed(key, lambda kept: replace(kept, cancelled=wanted))
        answer = save(access, change, form=form, back=at("dates.index"), done=done)
        if answer is not None:
            return answer
    return desk_page("organizer/dates/cancel.html", status=_status(form), form=form, row=row)


@dates.view("/events/<event>/dates/<key>/remove", needs=Right.RUN, methods=("GET", "POST"))
def remove(access: Access, key: str) -> ResponseReturnValue:
    row, obstacle = _row(access, key), _obstacle(access, key)
    form = DeskForm({}, version=access.event.version)
    if request.method == "POST" and obstacle is None:
        change: Change = without(key)
        answer = save(access, change, form=form, back=at("dates.index"), done=_("The date is removed."))
        if answer is not None:
            return answer
    if obstacle is not None:
        form.blame(obstacle)
    return desk_page("organizer/dates/remove.html", status=_status(form), form=form, row=row, obstacle=obstacle)


@dates.view("/events/<event>/dates/said", needs=Right.RUN)
def said(access: Access) -> Response:
    """What is typed so far, in words: a part of the form that its script asks for."""
    form = WhenForm(g.reading.tag)
    form.fill(MultiDict(request.args.items(multi=True)), {})
    if form["date"].text and form["time"].text and form["zone"].text:
        form.read_when()
    if form["fold"].errors:  # nobody can have chosen yet, so it is no mistake
        form["fold"].hint, form["fold"].errors = Words(str(form["fold"].errors[0])), []
    return desk_page("organizer/dates/said.html", form=form, said=form.said(access.user, now()), live=True)


@dates.view("/events/<event>/dates/cities", needs=Right.RUN)
def cities(access: Access) -> Response:  # noqa: ARG001  the door asks for it
    """Cities for what is typed so far, each once for its zone."""
    tag, query = g.reading.tag, clean_line(request.args.get(ZONE, ""), LONGEST_QUERY)
    found = search_cities(query, tag, MOST_CITIES)
    offered = [Offered(_city_text(city.name, city.tzid, tag), f"{city.name}, {city.country}") for city in found]
    return desk_page("organizer/dates/cities.html", offered=list(dict.fromkeys(offered)))


def _city_text(name: str, tzid: str, tag: str) -> str:
    """The city's own name where it alone leads to its zone."""
    form = WhenForm(tag)
    form["zone"].process_data(name)
    form["zone"].read()
    return name if form["zone"].value == tzid else zone_text(tzid, tag)


def _page(access: Access, form: DateForm, given: OccurrenceRecord | None) -> Response:
    if form.pasted or (request.method == "GET" and form["date"].text):
        form.read_when()
    said_back = form.said(access.user, now())
    return desk_page("organizer/dates/edit.html", status=_status(form), form=form, said=said_back, given=given)


def _new_form(access: Access) -> DateForm:
    """Like the date that ``?like=`` names, a week later; else as the last one was, without its day and room."""
    typed, record = _typed(), record_of(access.event)
    like = request.args.get(LIKE)
    if like is None:
        last = without_recording(replace(record.occurrences[-1], conference=None))
        return DateForm(access.event, g.reading.tag, given=last, typed=typed, dated=False)
    given = without_recording(one_of(record, like))
    form = DateForm(access.event, g.reading.tag, given=given, typed=typed)
    if typed is None:
        for name, value in usual_when(week_later(given), given.duration_seconds, "", g.reading.tag).items():
            form[name].process_data(value)
    return form


def _row(access: Access, key: str) -> Row:
    found = next((row for row in rows(access) if row.key == key), None)
    if found is None:
        raise NotFound("There is no such date.")
    return found


def _obstacle(access: Access, key: str) -> Invalid | None:
    """Why a date cannot be removed."""
    row, found = _row(access, key), record_of(access.event)
    here = select(Occurrence.id).where(Occurrence.event_id == access.event.id, Occurrence.key == key)
    told = select(Assignment.id).where(Assignment.occurrence_id.in_(here), Assignment.told_sequence.is_not(None))
    if len(found.occurrences) == 1:
        return Invalid(N_("An event needs at least one date. Add another one first, or cancel this one."))
    if not row.blank:
        return Invalid(N_("People have or had a place at this date, so it stays. Cancel it instead."))
    if db.session.scalar(told.limit(1)) is not None:
        return Invalid(N_("This date is in the calendar of the team, so it stays. Cancel it instead."))
    if works_here_alone(found, key):
        return Invalid(N_("Somebody of the team works at this date alone. Give them another date first."))
    return None


def _typed() -> MultiDict[str, str] | None:
    return request.form if request.method == "POST" else None


def _status(form: DeskForm) -> int:
    return 422 if form.mistakes or form.refused else 200
