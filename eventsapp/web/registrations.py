"""The door for registering: takes the form, shows the receipt, and lets a mistyped address be put right."""

from dataclasses import replace
from typing import TypedDict

from flask import Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from eventsapp import metrics
from eventsapp.actions.register import correct_address, register
from eventsapp.db import db, transaction
from eventsapp.domain import links
from eventsapp.domain.addresses import masked, near_miss, read_address
from eventsapp.domain.applicant import Applicant
from eventsapp.domain.errors import DomainError, Invalid, NotFound, Refused, TooMany
from eventsapp.domain.vocabulary import PlaceState, Purpose
from eventsapp.domain.wording import moment_words
from eventsapp.ical.add_links import SERVICES, add_links
from eventsapp.models import Event, Receipt
from eventsapp.queries.entries import public_entry
from eventsapp.queries.events import event_by_slug
from eventsapp.queries.registrations import held_until, options_left, promised_by, receipt_by_token, receipt_token
from eventsapp.web.caching import asked_about
from eventsapp.web.calendars import calendar_file
from eventsapp.web.editions import languages_of, listed_editions, own_first, whole_editions, words_in, words_of
from eventsapp.web.errors import retry_after, status_of
from eventsapp.web.forms import AddressForm, RegistrationForm
from eventsapp.web.headers import keep_private
from eventsapp.web.language import Reading, read_in
from eventsapp.web.limits import per_network
from eventsapp.web.pages import Pages, asked_part, link, now, page, reader_tzid, settings, source
from eventsapp.web.personal import see_other
from eventsapp.web.public import event_page, plain
from eventsapp.web.tickets import tickets_of

registrations = Pages("registrations", __name__)


class _Asked(TypedDict):
    reading: Reading
    reader_tzid: str | None


@registrations.page("/events/<slug>/registrations", methods=["GET"])
def form_was_here(slug: str) -> AnyResponse:
    """Where a reload or a bookmark of the sent form leads back to the form."""
    return redirect(link("public.event", slug=event_by_slug(db.session(), plain(slug)).slug, part=asked_part()), 303)


@registrations.page("/events/<slug>/registrations", methods=["POST"])
@per_network
def create(slug: str) -> AnyResponse:
    """303 to the receipt, or the event's page again with what is wrong."""
    session = db.session()
    event = event_by_slug(session, plain(slug))
    event_id = event.id
    form = _form(None, event)  # what is full is asked once, under the event's lock
    applicant = form.applicant()
    if form.trapped:
        metrics.registration("trapped")
        return _to_receipt(_nobodys_token())
    if applicant is None:
        metrics.registration("invalid")
        form = _form(session, event)
        form.applicant()
        return keep_private(event_page(event, form=form, status=422))
    applicant = replace(applicant, source=source())
    try:
        with transaction():
            receipt = register(session, event_id, applicant, now=now(), settings=settings())
            session.flush()
            token = receipt_token(receipt, settings())
            outcome = _outcome(receipt)
    except (Invalid, Refused, TooMany) as error:
        metrics.registration({Invalid: "invalid", TooMany: "too_many"}.get(type(error), "refused"))
        return _refused(slug, error)
    metrics.registration(outcome)
    return _to_receipt(token)


@registrations.page("/registrations/<receipt>", methods=["GET"])
def receipt(receipt: str) -> Response:
    return _show(receipt)


@registrations.page("/registrations/<receipt>/invite.ics", methods=["GET"])
def invite(receipt: str) -> AnyResponse:
    """Public facts of the dates that were taken. One date redirects: then iOS adds it instead of subscribing."""
    session = db.session()
    found, event = _receipt(session, receipt)
    reading = read_in(languages_of(event), event.default_language_tag)
    states = {} if held_until(found) else promised_by(found)  # what is only promised belongs into no calendar
    chosen = [occurrence for occurrence in event.occurrences if states.get(occurrence.key) is PlaceState.CONFIRMED]
    if len(chosen) == 1:
        return redirect(link("public.calendar", slug=event.slug, key=chosen[0].key, tag=reading.words, tz=None), 303)
    if not chosen:
        raise NotFound("There is no such page.")
    entries = [public_entry(occurrence, reading.words, settings=settings()) for occurrence in chosen]
    title = words_in(event, reading).summary
    return keep_private(asked_about(calendar_file(entries, name=event.slug, title=title, changed_at=event.changed_at)))


@registrations.page("/registrations/<receipt>/address", methods=["GET"])
def address_was_here(receipt: str) -> AnyResponse:
    return see_other(link("registrations.receipt", receipt=receipt))


@registrations.page("/registrations/<receipt>/address", methods=["POST"])
@per_network
def correct(receipt: str) -> AnyResponse:
    """Everything is written again to the right address."""
    session = db.session()
    found, _event = _receipt(session, receipt)
    form = AddressForm(request.form)
    address = form.address()
    if "suggested" in request.form:
        suggestion = _suggestion(Applicant.from_json(found.applicant))
        address = read_address(suggestion) if suggestion else None
    if address is None:
        return _show(receipt, form, 422)
    try:
        with transaction():
            correct_address(session, found.public_id, address, now=now(), settings=settings())
    except (Refused, TooMany) as error:
        form.blame(error)
        return _show(receipt, form, status_of(error))
    return see_other(link("registrations.receipt", receipt=receipt))


def _outcome(receipt: Receipt) -> str:
    """In one word, to be counted: the state of the places, or that they differ, or that the address comes first."""
    if held_until(receipt):
        return PlaceState.UNVERIFIED.value
    states = {state.value for state in promised_by(receipt).values()}
    return states.pop() if len(states) == 1 else "several"


def _form(session: Session | None, event: Event) -> RegistrationForm:
    """As it was sent. Without a ``session`` it is there to be read alone: in it no date and no option is full."""
    reading = read_in(languages_of(event), event.default_language_tag)
    asked: _Asked = {"reading": reading, "reader_tzid": reader_tzid()}
    if session is None:
        editions, left = listed_editions(None, [event], now=now(), **asked)[event.id], {}
    else:
        editions = whole_editions(session, event, now=now(), settings=settings(), **asked)
        left = options_left(session, event)
    return RegistrationForm(event, own_first(event, editions, reading), typed=request.form, left=left, **asked)


def _refused(slug: str, error: DomainError) -> Response:
    """The page as it stands now: what was full a moment ago is shown as full."""
    session = db.session()
    event = event_by_slug(session, slug)
    form = _form(session, event)
    form.blame(error)
    return retry_after(keep_private(event_page(event, form=form, status=status_of(error))), error)


def _to_receipt(token: str) -> AnyResponse:
    return keep_private(redirect(link("registrations.receipt", receipt=token, tz=None), 303))


def _nobodys_token() -> str:
    """Looks like any other, opens nothing."""
    return links.token(settings().link_key, Purpose.RECEIPT, links.new_public_id())


def _receipt(session: Session, token: str) -> tuple[Receipt, Event]:
    return receipt_by_token(session, token, now=now(), settings=settings())


def _show(token: str, form: AddressForm | None = None, status: int = 200) -> Response:
    """The receipt; depends on nothing but what was posted, so that it cannot tell who was known already."""
    session = db.session()
    try:
        found, event = _receipt(session, token)
    except NotFound:
        return _gone(token)
    applicant = Applicant.from_json(found.applicant)
    reading = read_in(languages_of(event), event.default_language_tag)
    until = held_until(found)
    editions = whole_editions(None, event, reading=reading, reader_tzid=applicant.tzid, now=now(), settings=settings())
    tickets = tickets_of(editions, promised_by(found), promised=until is not None)
    calendar = link("registrations.invite", receipt=token, tz=None)
    confirmed = [ticket.edition.key for ticket in tickets if ticket.confirmed]
    suggestion = _suggestion(applicant)
    response = page(
        "registrations/receipt.html",
        status=status,
        receipt=found,
        token=token,
        event=event,
        organization=event.organization,
        title=words_of(words_in(event, reading).summary, reading.words, reading),
        tickets=tickets,
        states=sorted({state.value for state in promised_by(found).values()}),
        until=moment_words(until, applicant.tzid, reading.tag) if until else "",
        files=dict.fromkeys(confirmed, calendar) if len(confirmed) == 1 else {},
        all_dates=calendar if len(confirmed) > 1 else "",
        address=masked(applicant.address.email),
        suggestion=masked(suggestion) if suggestion else "",
        add_links=add_links,
        SERVICES=SERVICES,
        form=form or AddressForm(),
        languages=languages_of(event),
    )
    return keep_private(response)


def _suggestion(applicant: Applicant) -> str:
    return near_miss(applicant.address.email) or ""


def _gone(token: str) -> Response:
    """A receipt of ours lives for a day; then its page still says where to look. Any other token is no page at all."""
    public_id = links.public_id_in(token)
    if public_id is None or not links.opens(settings().link_key, Purpose.RECEIPT, token, public_id):
        raise NotFound("There is no such page.")
    return keep_private(page("registrations/expired.html", status=410))
