"""The door that a verification letter leads to: a page with one button, and a page of thanks. GET changes nothing.

Programs that check letters open every link in them; only the button says that the address is its reader's own.
"""

from dataclasses import dataclass
from typing import Any

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from eventsapp.actions import verify as actions
from eventsapp.db import db, transaction
from eventsapp.domain import admission
from eventsapp.domain.addresses import masked
from eventsapp.domain.admission import Standing
from eventsapp.domain.errors import Refused
from eventsapp.domain.vocabulary import HELD, Choose, PlaceState, Purpose
from eventsapp.domain.wording import moment_words
from eventsapp.ical.add_links import SERVICES, add_links
from eventsapp.models import Registration
from eventsapp.queries.registrations import lapsed_places
from eventsapp.translations import say
from eventsapp.web.editions import Edition, whole_editions
from eventsapp.web.language import Reading
from eventsapp.web.pages import Pages, link, now, settings
from eventsapp.web.personal import opened, personal_page, see_other, speak_to, tzid_of
from eventsapp.web.tickets import Ticket, tickets_of

verify = Pages("verify", __name__)

OVER = frozenset({Standing.PAST, Standing.CANCELLED})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the button would confirm. ``late``: the time is over; ``refusal``: why there is no button."""

    tickets: list[Ticket]
    late: bool
    refusal: str


@verify.page("/verify/<token>", methods=["GET"])
def ask(token: str) -> AnyResponse:
    registration = _registration(token)
    return _ask(registration, token) if _waits(registration) else _thanks(token)


@verify.page("/verify/<token>", methods=["POST"])
def confirm(token: str) -> AnyResponse:
    """303 to the thanks, the second time too; 409 and why where no date takes anybody any more."""
    registration_id = _registration(token).id
    try:
        with transaction() as session:
            actions.verify(session, registration_id, now=now(), settings=settings())
    except Refused as error:
        return _ask(_registration(token), token, say(error), 409)
    return _thanks(token)


@verify.page("/verify/<token>/done", methods=["GET"])
def done(token: str) -> AnyResponse:
    """How the places stand now, whenever one comes back to it."""
    registration = _registration(token)
    if _waits(registration):
        return see_other(link("verify.ask", token=token))
    event, reading = registration.event, speak_to(registration)
    states = {place.occurrence.key: place.state for place in registration.places}
    tickets = tickets_of(_editions(registration, reading), states)
    return personal_page(
        "verify/done.html",
        registration,
        **_shared(tickets),
        states=sorted({one.state.value for one in tickets if one.state in HELD and not one.edition.called_off}),
        called_off=all(one.edition.called_off for one in tickets),
        files={key: link("public.calendar", slug=event.slug, key=key, tag=reading.words, tz=None) for key in states},
        address=masked(registration.email or ""),
        reference=registration.reference,
    )


def _registration(token: str) -> Registration:
    registration = opened(token, Purpose.VERIFY)
    speak_to(registration)
    return registration


def _waits(registration: Registration) -> bool:
    return registration.verified_at is None and registration.verify_until is not None


def _thanks(token: str) -> AnyResponse:
    return see_other(link("verify.done", token=token))


def _ask(registration: Registration, token: str, refusal: str = "", status: int = 200) -> Response:
    reading = speak_to(registration)
    asked = _asked(registration, _editions(registration, reading))
    until = registration.verify_until
    return personal_page(
        "verify/ask.html",
        registration,
        status=status,
        **_shared(asked.tickets),
        token=token,
        late=asked.late,
        refusal=refusal or asked.refusal,
        until=moment_words(until, tzid_of(registration), reading.tag) if until else "",
        files={},
        name=registration.name or "",
    )


def _asked(registration: Registration, editions: list[Edition]) -> Asked:
    held = [place for place in registration.places if place.state is PlaceState.UNVERIFIED]
    late = not held or (registration.verify_until is not None and now() >= registration.verify_until)
    if late:
        states = {place.occurrence.key: PlaceState.UNVERIFIED for place in held or lapsed_places(registration)}
        tickets = tickets_of(editions, states)
        return Asked(tickets, late, _refusal_of_newcomer(registration.event.choose, tickets))
    promised = {place.occurrence.key: place.promised for place in held if place.promised is not None}
    tickets = tickets_of(editions, promised, promised=True)
    return Asked(tickets, late, _refusal([ticket.edition.standing for ticket in tickets], OVER))


def _refusal_of_newcomer(choose: Choose, tickets: list[Ticket]) -> str:
    """Who comes too late is decided anew; the pages of ``actions.verify`` and this one must not disagree."""
    standings = [ticket.edition.standing for ticket in tickets]
    if choose is Choose.ALL:  # what is over is left out, what does not admit refuses the whole
        standings = [standing for standing in standings if standing not in OVER] or standings
        standings.sort(key=lambda standing: standing.admits)
        standings = standings[:1]
    return _refusal(standings, frozenset(standing for standing in Standing if not standing.admits))


def _refusal(standings: list[Standing], refused: frozenset[Standing]) -> str:
    """Why none of these dates takes anybody; an empty text where one does."""
    if not standings:
        return say(Refused(actions.WAS_CANCELLED))
    return say(admission.refusal(standings[0])) if refused.issuperset(standings) else ""


def _editions(registration: Registration, reading: Reading) -> list[Edition]:
    tzid = tzid_of(registration)
    return whole_editions(
        db.session(), registration.event, reading=reading, reader_tzid=tzid, now=now(), settings=settings()
    )


def _shared(tickets: list[Ticket]) -> dict[str, Any]:
    """What both pages show."""
    return {"tickets": tickets, "add_links": add_links, "SERVICES": SERVICES}
