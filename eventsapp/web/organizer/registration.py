"""One person's registration as organizers see it: places, answers, letters, note, history; and what can be done.

Whatever sends a letter names its effect on a page of its own first.
"""

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from eventsapp.actions import bulk
from eventsapp.actions.bulk import Deed, Wish
from eventsapp.actions.tend_registration import correct_address, correct_person, renew_links, write_note
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import read_address
from eventsapp.domain.errors import DomainError, Invalid, NotFound, Refused
from eventsapp.domain.languages import own_name
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import HELD, Parting, PlaceState
from eventsapp.domain.wording import city_words, moment_words
from eventsapp.mail.outcome import reply_words
from eventsapp.models import Channel, Event, Message, Occurrence, Place, Registration
from eventsapp.queries.check_in import noted_at
from eventsapp.queries.exports import state_words as place_words
from eventsapp.queries.messages import TROUBLED, without_addresses
from eventsapp.queries.people import Filter
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
from eventsapp.web.organizer.people_forms import PersonForm, date_words, reading_of
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
    id_ = _found(access, reference).id
    with transaction() as session:
        write_note(session, id_, request.form.get("note", ""), user=session.merge(access.user), now=now())
    say_done(_("The note is saved."))
    return _back(reference)


@registration.view(f"{ONE}/do", needs=Right.RUN)
def ask(access: Access, reference: str) -> ResponseReturnValue:
    """What it would do, before it is done."""
    deed, place = _wish(access, reference, request.args.get("deed", Deed.RESEND.value), request.args.get("date", ""))
    return _ask(access, reference, deed, place)


@registration.view(f"{ONE}/do", needs=Right.RUN, methods=["POST"])
def do(access: Access, reference: str) -> ResponseReturnValue:
    deed, place = _wish(access, reference, request.form.get("deed", ""), request.form.get("date", ""))
    key = place.occurrence.key if place else ""
    wish = Wish(deed, Filter(only=(reference,)), at=key, to=request.form.get("to", ""))
    id_ = _found(access, reference).id
    try:
        with transaction() as session:
            bulk.check(session.merge(access.event), wish)
            bulk.do(session, id_, wish, user=session.merge(access.user), now=now(), settings=settings())
    except (Invalid, Refused) as error:
        deed, place = _wish(access, reference, deed.value, key)
        return _ask(access, reference, deed, place, problem=error)
    say_done(_done_words(deed))
    return _back(reference)


@registration.view(f"{ONE}/edit", needs=Right.RUN, methods=["GET", "POST"])
def edit(access: Access, reference: str) -> ResponseReturnValue:
    found = _found(access, reference)
    left = options_left(db.session(), access.event, apart_from=found.id)
    form = PersonForm(access.event, registration=found, left=left, typed=request.form or None)
    if request.method == "GET":
        return desk_page("organizer/registration/edit.html", form=form, registration=found)
    details, id_ = form.details(), found.id
    if details is None:
        return desk_page("organizer/registration/edit.html", status=422, form=form, registration=found)
    name, tag, tzid, answers = details
    try:
        with transaction() as session:
            user = session.merge(access.user)
            correct_person(session, id_, name=name, language_tag=tag, tzid=tzid, answers=answers, user=user, now=now())
    except Refused as error:
        form.blame(error)
        again_found = _found(access, reference)
        return desk_page("organizer/registration/edit.html", status=409, form=form, registration=again_found)
    say_done(_("The changes are saved. Nobody was written to."))
    return _back(reference)


@registration.view(f"{ONE}/address", needs=Right.RUN, methods=["GET", "POST"])
def address(access: Access, reference: str) -> ResponseReturnValue:
    found = _found(access, reference)
    form = AddressForm(typed=request.method == "POST")
    if request.method == "GET":
        return desk_page("organizer/registration/address.html", form=form, registration=found)
    id_ = found.id
    try:
        wanted = read_address(form["email"].text)
        with transaction() as session:
            user = session.merge(access.user)
            correct_address(session, id_, wanted, form.parting, user=user, now=now(), settings=settings())
    except (Invalid, Refused) as error:
        form.blame(error)
        page = _found(access, reference)
        status = status_of(error)
        return desk_page("organizer/registration/address.html", status=status, form=form, registration=page)
    say_done(_("The address is changed. We write to the new one."))
    return _back(reference)


@registration.view(f"{ONE}/links", needs=Right.RUN, methods=["GET", "POST"])
def links(access: Access, reference: str) -> ResponseReturnValue:
    """New personal links, where the old ones came into wrong hands."""
    found = _found(access, reference)
    if request.method == "GET":
        return desk_page("organizer/registration/links.html", registration=found)
    id_ = found.id
    with transaction() as session:
        renew_links(session, id_, user=session.merge(access.user), now=now())
    say_done(_("The old links do not work any more. Send a letter again, so that the person has the new ones."))
    return _back(reference)


def _show(access: Access, reference: str) -> Response:
    found, session = _found(access, reference), db.session()
    places = sorted(found.places, key=lambda place: (place.occurrence.starts_at, place.id))
    specs, answers, reading = question_specs(access.event, retired=True), answers_of(found), reading_of(access.event)
    moment = lambda at_: moment_words(at_, access.user.tzid, g.reading.tag)  # noqa: E731
    return desk_page(
        "organizer/registration/show.html",
        registration=found,
        places=[(place, place_words(place.state), _deeds(place)) for place in places],
        came=noted_at(session, places),
        answers=[said(spec, answers[spec.key], reading) for spec in specs if spec.key in answers],
        letters=_letters(found),
        history=lines_of(entries_about(session, found), access.user) if access.may(Right.RUN) else [],
        source=_source(access.event, found.source),
        spoken=own_name(found.language_tag),
        city=city_words(found.tzid, g.reading.tag),
        moment=moment,
        date_words=date_words,
        deed_words=deed_words,
        kind_words=kind_words,
        letter_state=state_words,
        server_words=lambda letter: without_addresses(reply_words(letter.last_code, letter.last_error)),
        sends_again=MAY_BE_SENT_AGAIN,
        troubled=TROUBLED,
        reachable=any(place.state in HELD for place in places),
    )


def _ask(
    access: Access, reference: str, deed: Deed, place: Place | None, *, problem: DomainError | None = None
) -> Response:
    found = _found(access, reference)
    others = [
        one
        for one in access.event.occurrences
        if place is not None and one.id != place.occurrence_id and not one.called_off and one.ends_at > now()
    ]
    return desk_page(
        "organizer/registration/sure.html",
        status=status_of(problem) if problem else 200,
        registration=found,
        place=place,
        deed=deed,
        title=deed_words(deed),
        effect=_effect(deed, own_name(found.language_tag)),
        others=[(one.key, date_words(one)) for one in others] if deed is Deed.MOVE else [],
        problem=say(problem) if problem else "",
        date_words=date_words,
    )


def _wish(access: Access, reference: str, deed: str, date: str) -> tuple[Deed, Place | None]:
    """Raises NotFound for what is no deed, or no place of this person."""
    if deed not in set(Deed):
        raise NotFound("There is no such page.")
    if not date and Deed(deed) is Deed.RESEND:
        return Deed.RESEND, None
    place = next((one for one in _found(access, reference).places if one.occurrence.key == date), None)
    if place is None:
        raise NotFound("There is no such page.")
    return Deed(deed), place


def _deeds(place: Place) -> list[Deed]:
    occurrence: Occurrence = place.occurrence
    if occurrence.called_off or occurrence.ends_at <= now():
        return []
    offered = _OFFERED.get(place.state, ())
    alone = len(occurrence.event.occurrences) == 1
    return [deed for deed in offered if deed is not Deed.MOVE or not alone]


def deed_words(deed: Deed) -> str:
    return {
        Deed.APPROVE: _("Give the place"),
        Deed.DECLINE: _("Decline"),
        Deed.MOVE: _("Move to another date"),
        Deed.CANCEL: _("Cancel the place"),
        Deed.RESEND: _("Send the letter again"),
    }[deed]


def _effect(deed: Deed, language: str) -> str:
    done = {
        Deed.APPROVE: _("The person gets this place, or waits for one if the date is full, and gets a letter."),
        Deed.DECLINE: _("The person gets no place, and a letter that says so."),
        Deed.MOVE: _("The person gets a place at the other date, gives up this one, and is written to about both."),
        Deed.CANCEL: _("The place goes to whoever waits for one. A letter takes the entry out of the calendar."),
        Deed.RESEND: _("The letter that says how the registration stands leaves once more."),
    }[deed]
    return f"{done} {_('Language of the letters: %(language)s.', language=language)}"


def _done_words(deed: Deed) -> str:
    return {
        Deed.APPROVE: _("The place is given, and the person is written to."),
        Deed.DECLINE: _("It is declined, and the person is written to."),
        Deed.MOVE: _("The place is moved, and the person is written to."),
        Deed.CANCEL: _("The place is cancelled, and the person is written to."),
        Deed.RESEND: _("The letter is on its way again."),
    }[deed]


def _letters(found: Registration) -> list[Message]:
    return list(
        db.session.scalars(
            select(Message).where(Message.registration_id == found.id).order_by(Message.id.desc()).limit(_MOST_LETTERS)
        )
    )


def _source(event: Event, source: str) -> str:
    """The name of the short link that somebody followed, or what the address said."""
    name = db.session.scalar(select(Channel.name).where(Channel.event_id == event.id, Channel.code == source))
    return name or source


def _found(access: Access, reference: str) -> Registration:
    found = db.session.scalar(
        select(Registration)
        .where(
            Registration.event_id == access.event.id,
            Registration.reference == reference,
            Registration.erased_at.is_(None),
        )
        .options(selectinload(Registration.places), selectinload(Registration.answers))
    )
    if found is None:
        raise NotFound("There is no such page.")
    return found


def _back(reference: str) -> ResponseReturnValue:
    return again(at("registration.show", reference=reference))
