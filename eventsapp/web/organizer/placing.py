"""What is done with one person's places. Each names its effect on a page of its own, and acts by the button there."""

from flask import Response, request
from flask.typing import ResponseReturnValue

from eventsapp.actions import bulk
from eventsapp.actions.bulk import Deed, Wish
from eventsapp.actions.give_place import give_place
from eventsapp.db import transaction
from eventsapp.domain.errors import DomainError, Invalid, NotFound, Refused
from eventsapp.domain.languages import own_name
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import HELD, Choose, PlaceState
from eventsapp.models import Occurrence, Place
from eventsapp.queries.people import Filter
from eventsapp.translations import gettext as _
from eventsapp.translations import say
from eventsapp.web.errors import status_of
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.organizer.people_forms import date_words
from eventsapp.web.organizer.registration import ONE, as_a_whole, dates_to_give, deed_words, person_of
from eventsapp.web.pages import now, settings

placing = Desk("placing", __name__)

_TOLD = HELD - {PlaceState.UNVERIFIED}


@placing.view(f"{ONE}/do", needs=Right.RUN)
def ask(access: Access, reference: str) -> ResponseReturnValue:
    """What it would do, before it is done."""
    deed, place = _wish(access, reference, request.args.get("deed", Deed.RESEND.value), request.args.get("date", ""))
    return _ask(access, reference, deed, place)


@placing.view(f"{ONE}/do", needs=Right.RUN, methods=["POST"])
def do(access: Access, reference: str) -> ResponseReturnValue:
    deed, place = _wish(access, reference, request.form.get("deed", ""), request.form.get("date", ""))
    key = place.occurrence.key if place else ""
    wish = Wish(deed, Filter(only=(reference,)), at=key, to=request.form.get("to", ""))
    id_ = person_of(access, reference).id
    try:
        with transaction() as session:
            bulk.check(session.merge(access.event), wish)
            bulk.do(session, id_, wish, user=session.merge(access.user), now=now(), settings=settings())
    except (Invalid, Refused) as error:
        deed, place = _wish(access, reference, deed.value, key)
        return _ask(access, reference, deed, place, problem=error)
    say_done(_done_words(deed))
    return again(at("registration.show", reference=reference))


@placing.view(f"{ONE}/give", needs=Right.RUN)
def offer(access: Access, reference: str) -> ResponseReturnValue:
    """One more date, or a place back that was cancelled or declined."""
    return _offer(access, reference)


@placing.view(f"{ONE}/give", needs=Right.RUN, methods=["POST"])
def give(access: Access, reference: str) -> ResponseReturnValue:
    id_, to, over = person_of(access, reference).id, request.form.get("to", ""), "over" in request.form
    try:
        with transaction() as session:
            user = session.merge(access.user)
            given = give_place(session, id_, to, over=over, user=user, now=now(), settings=settings())
            waits = any(place.state is PlaceState.WAITLISTED for place in given)
    except (Invalid, Refused) as error:
        return _offer(access, reference, problem=error)
    say_done(
        _("The date is full: the person is on the waiting list now, and is written to.")
        if waits
        else _("The place is given, and the person is written to.")
    )
    return again(at("registration.show", reference=reference))


def _ask(
    access: Access, reference: str, deed: Deed, place: Place | None, *, problem: DomainError | None = None
) -> Response:
    person = person_of(access, reference)
    places = [place] if place else person.places
    others = [one for one in access.event.occurrences if place is not None and _may_move_to(one, place)]
    return desk_page(
        "organizer/registration/sure.html",
        status=status_of(problem) if problem else 200,
        registration=person,
        place=place,
        deed=deed,
        title=deed_words(deed, together=place is None),
        effect=_effect(deed, places),
        writes=deed is not Deed.CANCEL or any(one.state in _TOLD for one in places),
        spoken=own_name(person.language_tag),
        others=[(one.key, date_words(one)) for one in others] if deed is Deed.MOVE else [],
        problem=say(problem) if problem else "",
        date_words=date_words,
    )


def _offer(access: Access, reference: str, *, problem: DomainError | None = None) -> Response:
    person = person_of(access, reference)
    return desk_page(
        "organizer/registration/give.html",
        status=status_of(problem) if problem else 200,
        registration=person,
        spoken=own_name(person.language_tag),
        dates=[(one.key, date_words(one)) for one in dates_to_give(person)],
        whole=access.event.choose is Choose.ALL,
        chosen=request.values.get("to", ""),
        over="over" in request.form,
        problem=say(problem) if problem else "",
    )


def _wish(access: Access, reference: str, deed: str, date: str) -> tuple[Deed, Place | None]:
    """Raises NotFound for what is no deed, or no place of this person."""
    if deed not in set(Deed):
        raise NotFound("There is no such page.")
    person = person_of(access, reference)
    if not date and (Deed(deed) is Deed.RESEND or as_a_whole(person)):
        return Deed(deed), None
    place = next((one for one in person.places if one.occurrence.key == date), None)
    if place is None:
        raise NotFound("There is no such page.")
    return Deed(deed), place


def _may_move_to(occurrence: Occurrence, place: Place) -> bool:
    return occurrence.id != place.occurrence_id and not occurrence.called_off and occurrence.ends_at > now()


def _effect(deed: Deed, places: list[Place]) -> str:
    states = {place.state for place in places if place.state in HELD}
    if deed is Deed.CANCEL and states == {PlaceState.UNVERIFIED}:
        return _("The place is held no longer. No letter is written: nobody has confirmed this address.")
    if deed is Deed.CANCEL and PlaceState.CONFIRMED not in states:
        return _("The person does not wait for this place any more, and gets a letter that says so.")
    return {
        Deed.APPROVE: _("The person gets this place, or waits for one if the date is full, and gets a letter."),
        Deed.DECLINE: _("The person gets no place, and a letter that says so."),
        Deed.MOVE: _("The person gets a place at the other date, gives up this one, and is written to about both."),
        Deed.CANCEL: _("The place goes to whoever waits for one. A letter takes the entry out of the calendar."),
        Deed.RESEND: _("The letter that says how the registration stands leaves once more."),
    }[deed]


def _done_words(deed: Deed) -> str:
    return {
        Deed.APPROVE: _("It is approved, and the person is written to."),
        Deed.DECLINE: _("It is declined, and the person is written to."),
        Deed.MOVE: _("The place is moved, and the person is written to."),
        Deed.CANCEL: _("The place is cancelled."),
        Deed.RESEND: _("The letter is on its way again."),
    }[deed]
