"""One person's registration as organizers see it: places, answers, letters, note, history; and putting right what is
about the person. What is done with the places is ``placing``'s.
"""

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from eventsapp.actions.bulk import Deed
from eventsapp.actions.places import is_to_come
from eventsapp.actions.tend_registration import LONGEST_NOTE, correct_address, correct_person, renew_links, write_note
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.errors import DomainError, Invalid, NotFound, Refused
from eventsapp.domain.languages import own_name
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import HELD, Choose, Parting, PlaceState
from eventsapp.domain.wording import city_words
from eventsapp.mail.outcome import reply_words
from eventsapp.models import Channel, Event, Message, Occurrence, Place, Registration
from eventsapp.queries.check_in import noted_at
from eventsapp.queries.exports import state_words as place_words
from eventsapp.queries.imports.people import SOURCE as IMPORTED
from eventsapp.queries.messages import TROUBLED, without_addresses
from eventsapp.queries.people import those_in_trouble
from eventsapp.queries.registrations import answers_of, options_left, question_specs
from eventsapp.queries.trail import entries_about
from eventsapp.translations import gettext as _
from eventsapp.translations import say
from eventsapp.web.editions import Words
from eventsapp.web.errors import status_of
from eventsapp.web.fields import Entry, Option
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.letter_names import kind_words, state_words
from eventsapp.web.organizer.messages import MAY_BE_SENT_AGAIN
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.organizer.people_forms import SOURCE as BY_HAND
from eventsapp.web.organizer.people_forms import PersonForm, date_words, dates_to_come, reading_of
from eventsapp.web.organizer.trail import lines_of
from eventsapp.web.pages import now, settings
from eventsapp.web.questions import said

registration = Desk("registration", __name__)

ONE = "/events/<event>/registrations/<reference>"
_MOST_LETTERS = 100
_OFFERED = {  # what can be done with a place, by its state
    PlaceState.PENDING: (Deed.APPROVE, Deed.DECLINE, Deed.MOVE, Deed.CANCEL),
    PlaceState.WAITLISTED: (Deed.MOVE, Deed.DECLINE, Deed.CANCEL),
    PlaceState.CONFIRMED: (Deed.MOVE, Deed.CANCEL),
    PlaceState.UNVERIFIED: (Deed.CANCEL,),
    PlaceState.DECLINED: (Deed.APPROVE,),
}


class AddressForm(DeskForm):
    """Another address, and what becomes of the old one."""

    def __init__(self, *, typed: bool = False) -> None:
        ways = [
            Option(Parting.MISTAKEN.value, Words(_("It was mistyped: whoever reads it is a stranger."))),
            Option(Parting.MOVED.value, Words(_("The person has another address now."))),
        ]
        super().__init__(
            {
                "email": Entry(Words(_("The right e-mail address")), "email", check=read_address),
                "parting": Entry(Words(_("What is wrong with the present address?")), "radio", options=ways),
            }
        )
        self.process(request.form if typed else None, data={"parting": Parting.MISTAKEN.value})

    @property
    def parting(self) -> Parting:
        return Parting.MOVED if self["parting"].text == Parting.MOVED.value else Parting.MISTAKEN


@registration.view(ONE, needs=Right.SEE)
def show(access: Access, reference: str) -> ResponseReturnValue:
    return _show(access, reference)


@registration.view(f"{ONE}/note", needs=Right.RUN, methods=["POST"])
def note(access: Access, reference: str) -> ResponseReturnValue:
    id_, text, was = person_of(access, reference).id, request.form.get("note", ""), request.form.get("was")
    try:
        with transaction() as session:
            write_note(session, id_, text, was=was, user=session.merge(access.user), now=now())
    except Refused as error:
        return _show(access, reference, typed_note=text, problem=error)
    say_done(_("The note is saved."))
    return _back(reference)


@registration.view(f"{ONE}/edit", needs=Right.RUN, methods=["GET", "POST"])
def edit(access: Access, reference: str) -> ResponseReturnValue:
    found = person_of(access, reference)
    left = options_left(db.session(), access.event, apart_from=found.id)
    form = PersonForm(access.event, registration=found, left=left, typed=request.form or None)
    if request.method == "GET":
        return desk_page("organizer/registration/edit.html", form=form, registration=found)
    details, id_ = form.details(), found.id
    if details is None:
        return desk_page("organizer/registration/edit.html", status=422, form=form, registration=found)
    if request.form.get("seen", seen := found.changed_at.isoformat()) != seen:
        form.refusal = _("This registration was changed meanwhile. Save again if what you typed is right.")
        return desk_page("organizer/registration/edit.html", status=409, form=form, registration=found)
    name, tag, tzid, answers = details
    try:
        with transaction() as session:
            user = session.merge(access.user)
            correct_person(session, id_, name=name, language_tag=tag, tzid=tzid, answers=answers, user=user, now=now())
    except Refused as error:
        form.blame(error)
        found = person_of(access, reference)
        return desk_page("organizer/registration/edit.html", status=409, form=form, registration=found)
    say_done(_("The changes are saved. Nobody was written to."))
    return _back(reference)


@registration.view(f"{ONE}/address", needs=Right.RUN, methods=["GET", "POST"])
def address(access: Access, reference: str) -> ResponseReturnValue:
    found = person_of(access, reference)
    form = AddressForm(typed=request.method == "POST")
    if request.method == "GET":
        return desk_page("organizer/registration/address.html", form=form, registration=found)
    id_ = found.id
    try:
        wanted = read_address(form["email"].text)
        with transaction() as session:
            user = session.merge(access.user)
            moved = correct_address(session, id_, wanted, form.parting, user=user, now=now(), settings=settings())
    except (Invalid, Refused) as error:
        form.blame(error)
        page = person_of(access, reference)
        status = status_of(error)
        return desk_page("organizer/registration/address.html", status=status, form=form, registration=page)
    say_done(
        _("The address is changed. We write to the new one.")
        if moved
        else _("The changes are saved. Nobody was written to.")
    )
    return _back(reference)


@registration.view(f"{ONE}/links", needs=Right.RUN, methods=["GET", "POST"])
def links(access: Access, reference: str) -> ResponseReturnValue:
    """New personal links, where the old ones came into wrong hands."""
    found = person_of(access, reference)
    if request.method == "GET":
        return desk_page("organizer/registration/links.html", registration=found)
    id_ = found.id
    with transaction() as session:
        renew_links(session, id_, user=session.merge(access.user), now=now())
    say_done(_("The old links do not work any more. Send a letter again, so that the person has the new ones."))
    return _back(reference)


def _show(
    access: Access, reference: str, *, typed_note: str | None = None, problem: DomainError | None = None
) -> Response:
    found, session = person_of(access, reference), db.session()
    places = sorted(found.places, key=lambda place: (place.occurrence.starts_at, place.id))
    specs, answers, reading = question_specs(access.event, retired=True), answers_of(found), reading_of(access.event)
    whole, can_be_given = as_a_whole(found), _can_be_given(found)
    return desk_page(
        "organizer/registration/show.html",
        status=status_of(problem) if problem else 200,
        problem=say(problem) if problem else "",
        registration=found,
        note=found.note if typed_note is None else typed_note,
        places=[(place, place_words(place.state), [] if whole else _deeds(place)) for place in places],
        together=[deed for deed in Deed if whole and any(deed in _deeds(place) for place in places)],
        can_be_given=can_be_given,
        can_come_back=[place for place in places if can_be_given and not whole and _can_come_back(place)],
        came=noted_at(session, places),
        answers=[said(spec, answers[spec.key], reading) for spec in specs if spec.key in answers],
        letters=_letters(found),
        arrives_not=_arrives_not(found),
        history=lines_of(entries_about(session, found), access.user) if access.may(Right.RUN) else [],
        source=_source(access.event, found.source),
        spoken=own_name(found.language_tag),
        city=city_words(found.tzid, g.reading.tag),
        date_words=date_words,
        deed_words=deed_words,
        kind_words=kind_words,
        letter_state=state_words,
        server_words=lambda letter: without_addresses(reply_words(letter.last_code, letter.last_error)),
        sends_again=MAY_BE_SENT_AGAIN,
        troubled=TROUBLED,
        reachable=any(place.state in HELD and is_to_come(place, now()) for place in places),
        longest_note=LONGEST_NOTE,
    )


def _deeds(place: Place) -> list[Deed]:
    if not is_to_come(place, now()):
        return []
    offered = _OFFERED.get(place.state, ())
    alone = len(place.occurrence.event.occurrences) == 1
    return [deed for deed in offered if deed is not Deed.MOVE or not (alone or as_a_whole(place.registration))]


def as_a_whole(person: Registration) -> bool:
    """Whether places are decided together: the event is booked as a whole, and this person has several."""
    return person.event.choose is Choose.ALL and len(person.places) > 1


def dates_to_give(person: Registration) -> list[Occurrence]:
    """The dates to come at which this person has no confirmed place yet, though they may wait for one.

    Where people have one date, whoever holds another one moves instead.
    """
    held = {place.occurrence_id: place for place in person.places if place.state in HELD and is_to_come(place, now())}
    sure = {id_ for id_, place in held.items() if place.state is PlaceState.CONFIRMED}
    free = [one for one in dates_to_come(person.event) if one.id not in sure]
    return [one for one in free if one.id in held] if held and person.event.choose is Choose.ONE else free


def _can_come_back(place: Place) -> bool:
    waits = place.state in {PlaceState.CANCELLED, PlaceState.WAITLISTED} and is_to_come(place, now())
    return waits and place.occurrence in dates_to_give(place.registration)


def _can_be_given(person: Registration) -> bool:
    unverified = any(place.state is PlaceState.UNVERIFIED for place in person.places)
    return bool(dates_to_give(person)) and not unverified


def deed_words(deed: Deed, *, together: bool = False) -> str:
    return {
        Deed.APPROVE: _("Give the place"),
        Deed.DECLINE: _("Decline"),
        Deed.MOVE: _("Move to another date"),
        Deed.CANCEL: _("Cancel all places") if together else _("Cancel the place"),
        Deed.RESEND: _("Send the letter again"),
    }[deed]


def _letters(found: Registration) -> list[Message]:
    return list(
        db.session.scalars(
            select(Message).where(Message.registration_id == found.id).order_by(Message.id.desc()).limit(_MOST_LETTERS)
        )
    )


def _arrives_not(found: Registration) -> bool:
    troubled = those_in_trouble([found.id])
    return db.session.scalar(troubled) is not None


def _source(event: Event, source: str) -> str:
    """The name of the short link that somebody followed, or what the address said."""
    name = db.session.scalar(select(Channel.name).where(Channel.event_id == event.id, Channel.code == source))
    return name or {BY_HAND: _("Registered by hand"), IMPORTED: _("Imported")}.get(source, source)


def person_of(access: Access, reference: str) -> Registration:
    """Raises NotFound: not of this event, or forgotten."""
    found = db.session.scalar(
        select(Registration)
        .where(
            Registration.event_id == access.event.id,
            Registration.reference == reference,
            Registration.erased_at.is_(None),
        )
        .options(selectinload(Registration.places).joinedload(Place.occurrence), selectinload(Registration.answers))
    )
    if found is None:
        raise NotFound("There is no such page.")
    return found


def _back(reference: str) -> ResponseReturnValue:
    return again(at("registration.show", reference=reference))
