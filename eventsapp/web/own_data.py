"""The door to what is one's own: another address, all that we keep about a person, and having it deleted.

Every page here hangs on a link that came by letter, and is kept by no cache. GET changes nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, g, request
from sqlalchemy.orm import Session

from eventsapp.actions import change_address
from eventsapp.actions import erase as erasing
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import Address, hinted, near_miss, read_address
from eventsapp.domain.errors import Invalid, Refused, TooMany
from eventsapp.domain.languages import language_name
from eventsapp.domain.timezones import local
from eventsapp.domain.vocabulary import HELD, LetterKind, MessageState, PlaceState, Purpose, Suppression
from eventsapp.domain.wording import city_words, in_language, moment_words, reader_words
from eventsapp.models import AddressChange, Place, Registration
from eventsapp.queries import own_data as kept
from eventsapp.queries.entries import personal_token
from eventsapp.queries.registrations import takes_changes
from eventsapp.queries.suppressed import suppressed_rows
from eventsapp.translations import gettext as _
from eventsapp.translations import pgettext, say
from eventsapp.web.editions import NOWHERE, Words, words_of
from eventsapp.web.errors import retry_after, status_of
from eventsapp.web.forms import AddressForm
from eventsapp.web.headers import keep_private
from eventsapp.web.language import Reading
from eventsapp.web.limits import per_network
from eventsapp.web.pages import Pages, link, now, page, settings
from eventsapp.web.personal import acting, opened, personal_page, see_other, speak_to, tzid_of
from eventsapp.web.questions import said

own_data = Pages("own_data", __name__)


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under a heading, as (what, words)."""

    heading: str
    facts: list[tuple[Words, Words]]


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter as the page lists it."""

    kind: str
    at: Words
    to: str
    state: str


@own_data.page("/manage/<token>/address", methods=["GET"])
def address(token: str) -> Response:
    return _show_address(token)


@own_data.page("/manage/<token>/address", methods=["POST"])
@per_network
def ask(token: str) -> Response:
    """Write to the new address, or let the wish go; nothing moves yet. The same for any address."""
    session = db.session()
    registration = opened(token)
    speak_to(registration)
    if "keep" in request.form:
        with acting(token) as (writing, registration_id):
            change_address.keep_address(writing, registration_id)
        return see_other(link("own_data.address", token=token))
    form = _address_form()
    wanted = _suggested(session, registration) if "suggested" in request.form else form.address()
    if wanted is None:
        return _show_address(token, form, 422)
    try:
        with acting(token) as (writing, registration_id):
            change_address.wish(writing, registration_id, wanted, now=now(), settings=settings())
    except (Invalid, Refused, TooMany) as error:
        form.blame(error)
        return retry_after(_show_address(token, form, status_of(error)), error)
    return see_other(link("own_data.address", token=token))


@own_data.page("/address/<token>", methods=["GET"])
def confirm(token: str) -> Response:
    return _show_confirm(token)


@own_data.page("/address/<token>", methods=["POST"])
@per_network
def move(token: str) -> Response:
    """The reader of the new address agrees. A second press leads to the same page."""
    public_id = _change(token).public_id
    try:
        with transaction() as session:
            registration = change_address.grant(session, public_id, now=now(), settings=settings())
            manage_token = personal_token(registration, Purpose.MANAGE, settings=settings())
            speak_to(registration)
    except Refused as error:
        return _show_confirm(token, say(error), status_of(error))
    return see_other(link("manage.hub", token=manage_token, done="address"))


@own_data.page("/manage/<token>/data", methods=["GET"])
def data(token: str) -> Response:
    session = db.session()
    registration = opened(token)
    return personal_page(
        "own_data/data.html",
        registration,
        token=token,
        sections=_sections(session, registration),
        letters=_letters(session, registration),
        city=city_words(tzid_of(registration), g.reading.tag),
        days=registration.event.organization.retention_days,
    )


@own_data.page("/manage/<token>/data.json", methods=["GET"])
def download(token: str) -> Response:
    session = db.session()
    registration = opened(token)
    speak_to(registration)
    everything = kept.everything_about(session, registration, now=now(), settings=settings())
    text = json.dumps(everything, ensure_ascii=False, indent=2) + "\n"
    response = Response(text, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="registration-{registration.reference}.json"'
    return keep_private(response)


@own_data.page("/manage/<token>/erase", methods=["GET"])
def erase(token: str) -> Response:
    registration = opened(token)
    speak_to(registration)
    at = now()
    held = [place for place in registration.places if place.state in HELD and at < place.occurrence.ends_at]
    return personal_page("own_data/erase.html", registration, token=token, given_up=_dates(registration, held))


@own_data.page("/manage/<token>/erase", methods=["POST"])
@per_network
def forget(token: str) -> Response:
    speak_to(opened(token))
    with acting(token) as (session, registration_id):
        erasing.erase(session, registration_id, now=now(), settings=settings())
    return see_other(link("own_data.erased"))


@own_data.page("/erased", methods=["GET"])
def erased() -> Response:
    return keep_private(page("own_data/erased.html"))


def _change(token: str) -> AddressChange:
    return kept.address_change_by_token(db.session(), token, now=now(), settings=settings())


def _show_address(token: str, form: AddressForm | None = None, status: int = 200) -> Response:
    session = db.session()
    registration = opened(token)
    speak_to(registration)
    wished = kept.address_change_of(session, registration, now=now())
    suggestion = near_miss(wished.email) if wished else ""
    return personal_page(
        "own_data/address.html",
        registration,
        status=status,
        token=token,
        form=form or _address_form(),
        wished=wished,
        until=_moment(wished.expires_at, registration) if wished else "",
        suggestion=suggestion,
        open=takes_changes(registration.event, now=now()),
    )


def _show_confirm(token: str, refusal: str = "", status: int = 200) -> Response:
    change = _change(token)
    registration = change.registration
    speak_to(registration)
    event = registration.event
    moved = change.address_key == registration.address_key
    taken = not moved and kept.is_taken(db.session(), event, change.address_key, now=now())
    return personal_page(
        "own_data/confirm.html",
        registration,
        status=status,
        token=token,
        change=change,
        moved=moved,
        refusal=refusal,
        taken=taken,
        open=takes_changes(event, now=now()),
        before=hinted(registration.email or ""),
        until=_moment(change.expires_at, registration),
        manage_token=personal_token(registration, Purpose.MANAGE, settings=settings()) if moved else "",
    )


def _address_form() -> AddressForm:
    return AddressForm(
        request.form,
        label=_("Your new e-mail address"),
        hint=_("We write to it first, and you confirm it by the link in that letter."),
    )


def _suggested(session: Session, registration: Registration) -> Address | None:
    wished = kept.address_change_of(session, registration, now=now())
    meant = near_miss(wished.email) if wished else None
    return read_address(meant) if meant else None


def _moment(at: datetime, registration: Registration) -> str:
    return moment_words(at, tzid_of(registration), g.reading.tag)


def _dates(registration: Registration, places: Sequence[Place]) -> list[tuple[Place, str]]:
    """These places with their times in the reader's zone, by time."""
    tag, tzid = g.reading.tag, tzid_of(registration)
    in_order = sorted(places, key=lambda place: (place.occurrence.starts_at, place.id))
    return [
        (place, reader_words(one.starts_at, one.ends_at, tzid, one.tzid, tag).whole)
        for place in in_order
        for one in [place.occurrence]
    ]


def _sections(session: Session, registration: Registration) -> list[Section]:
    """What is kept, in words; the download has the last detail of it, too."""
    reading = speak_to(registration)
    dates = {place.id: _time(words, reading) for place, words in _dates(registration, registration.places)}
    sections = [
        Section(_("Your registration"), _about(session, registration, reading)),
        Section(
            _("Your answers"),
            [said(spec, value, reading) for spec, value in kept.answers_of(session, registration)],
        ),
        Section(
            _("Your dates"),
            [(dates[place.id], Words(_PLACES[place.state]())) for place in registration.places],
        ),
        Section(
            _("When you joined"),
            [
                (dates[row.place_id], _when(row.joined_at, registration, reading))
                for row in kept.joinings_of(session, registration)
            ],
        ),
    ]
    return [section for section in sections if section.facts]


def _about(session: Session, registration: Registration, reading: Reading) -> list[tuple[Words, Words]]:
    tag = reading.tag
    spoken = language_name(registration.language_tag, tag)
    facts = [
        (_("Name"), Words(registration.name or "")),
        (_("E-mail address"), Words(registration.email or "")),
        (_("Reference"), Words(registration.reference)),
        (_("Language of our letters to you"), _time(spoken[:1].upper() + spoken[1:], reading)),
        (_("Time zone of our letters to you"), _time(city_words(registration.tzid, tag), reading)),
        (_("Registered on"), _when(registration.created_at, registration, reading)),
        (_("E-mail address confirmed on"), _when(registration.verified_at, registration, reading)),
        (_("How you came to the form"), Words(registration.source)),
        (_("Reminders ended on"), _when(registration.reminders_off_at, registration, reading)),
    ]
    facts += [
        (_SUPPRESSIONS[row.reason](), _when(row.created_at, registration, reading))
        for row in suppressed_rows(session, registration, settings())
    ]
    return [(Words(what), words) for what, words in facts if words]


def _letters(session: Session, registration: Registration) -> list[Sent]:
    reading = speak_to(registration)
    return [
        Sent(
            _KINDS[row.kind](),
            _when(row.sent_at or row.created_at, registration, reading),
            row.recipient or "",
            _STATES[row.state](),
        )
        for row in kept.letters_to(session, registration)
    ]


def _when(at: datetime | None, registration: Registration, reading: Reading) -> Words:
    """Day and time in the reader's zone, which the page names once."""
    if at is None:
        return NOWHERE
    there = local(at, tzid_of(registration)).replace(tzinfo=None, second=0, microsecond=0)
    return _time(str(in_language(there, reading.tag)), reading)


def _time(text: str, reading: Reading) -> Words:
    """Words of the page's language, marked where what stands around them is in another."""
    return words_of(text, reading.tag, reading)


Word = Callable[[], str]
_PLACES: Mapping[PlaceState, Word] = {
    PlaceState.UNVERIFIED: lambda: _("Not confirmed yet"),
    PlaceState.CONFIRMED: lambda: pgettext("place", "Confirmed"),
    PlaceState.WAITLISTED: lambda: _("On the waiting list"),
    PlaceState.PENDING: lambda: _("Waiting for approval"),
    PlaceState.CANCELLED: lambda: pgettext("place", "Cancelled"),
    PlaceState.DECLINED: lambda: _("Not accepted"),
}
_KINDS: Mapping[LetterKind, Word] = {
    LetterKind.CONFIRMATION: lambda: _("Your registration is confirmed"),
    LetterKind.INVITE: lambda: _("Invitation for your calendar"),
    LetterKind.WAITLISTED: lambda: _("You are on the waiting list"),
    LetterKind.PENDING: lambda: _("We have received your registration"),
    LetterKind.APPROVED: lambda: _("Your registration is accepted"),
    LetterKind.DECLINED: lambda: _("Your registration is not accepted"),
    LetterKind.PROMOTED: lambda: _("You have moved up from the waiting list"),
    LetterKind.CANCELLED: lambda: _("Your place is cancelled"),
    LetterKind.ALREADY_REGISTERED: lambda: _("You are already registered"),
    LetterKind.LINK: lambda: _("Your personal links"),
    LetterKind.VERIFICATION: lambda: _("Confirm your e-mail address"),
    LetterKind.ADDRESS_CHANGE: lambda: _("Confirm your new e-mail address"),
    LetterKind.CHANGED: lambda: _("Something has changed"),
    LetterKind.REMINDER: lambda: _("Reminder"),
    LetterKind.FOLLOW_UP: lambda: _("Letter after the event"),
    LetterKind.MISSED: lambda: _("Letter after the event"),
    LetterKind.REPLIED: lambda: _("Question about your calendar’s answer"),
    LetterKind.MAILING: lambda: _("Letter of the organizer"),
}
_SUPPRESSIONS: Mapping[Suppression, Word] = {
    Suppression.BOUNCED: lambda: _("Our letters to you have come back since"),
    Suppression.COMPLAINED: lambda: _("Our letters were reported as spam on"),
    Suppression.UNSUBSCRIBED: lambda: _("Letters after events ended on"),
}
_STATES: Mapping[MessageState, Word] = {
    MessageState.QUEUED: lambda: _("Waiting to be sent"),
    MessageState.SENDING: lambda: _("Waiting to be sent"),
    MessageState.SENT: lambda: _("Sent"),
    MessageState.FAILED: lambda: _("Could not be delivered"),
    MessageState.SUPERSEDED: lambda: _("Not sent, because something had changed"),
    MessageState.BOUNCED: lambda: _("Came back"),
    MessageState.SUPPRESSED: lambda: _("Not sent, because letters to this address are ended or come back"),
}
