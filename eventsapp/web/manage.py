"""One's own registration: see it, correct it, choose other dates, cancel, come back, and ask for its link again.

Only who has the manage link gets here, and that link comes by letter alone. GET changes nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import Response, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from eventsapp.actions import places
from eventsapp.actions.correct import correct_details, correct_language
from eventsapp.actions.move import Doubtful, choose_dates
from eventsapp.actions.resend import send_again, send_link
from eventsapp.db import db, transaction
from eventsapp.domain.addresses import Address, masked, read_address
from eventsapp.domain.admission import Change, Standing
from eventsapp.domain.applicant import read_name
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import DomainError, Invalid, Refused, TooMany
from eventsapp.domain.languages import direction, lookup, own_name
from eventsapp.domain.questions import AnswerValue, OptionFull, QuestionSpec, answer_words
from eventsapp.domain.vocabulary import HELD, Choose, PlaceState, Purpose
from eventsapp.domain.wording import city_words
from eventsapp.ical.add_links import SERVICES
from eventsapp.models import Event, Place, Registration
from eventsapp.queries.entries import personal_token
from eventsapp.queries.events import event_by_slug
from eventsapp.queries.registrations import (
    answers_of,
    is_proved,
    options_left,
    question_specs,
    registration_by_token,
    takes_changes,
)
from eventsapp.translations import gettext, say
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Edition, Words, languages_of, listed_editions, with_entry, words_in, words_of
from eventsapp.web.fields import CheckedForm, Entry, Kind, Option, Typed
from eventsapp.web.forms import NO_MATTER, zone_text
from eventsapp.web.headers import keep_private
from eventsapp.web.language import Reading, letter_languages, read_in
from eventsapp.web.limits import per_network
from eventsapp.web.pages import Pages, link, now, page, reader_tzid, settings
from eventsapp.web.public import plain
from eventsapp.web.questions import QuestionForm, answered, question_fields, read_answers

manage = Pages("manage", __name__)


@dataclass(frozen=True, slots=True)
class Held:
    """One place as its holder sees it. ``live``: held, and still to come; ``joins``: there is or will be a room."""

    edition: Edition
    state: PlaceState
    live: bool

    @property
    def confirmed(self) -> bool:
        return self.live and self.state is PlaceState.CONFIRMED

    @property
    def joins(self) -> bool:
        return self.confirmed and self.edition.online


@dataclass(frozen=True, slots=True)
class Mine:
    """A registration as its manage link opens it, and through whose eyes and when. ``held`` is in order of time."""

    token: str
    registration: Registration
    event: Event
    reading: Reading
    tzid: str
    now: datetime
    editions: list[Edition]
    held: list[Held]

    @property
    def live(self) -> list[Held]:
        return [one for one in self.held if one.live]

    @property
    def changeable(self) -> bool:
        """Whether anything can still be changed, beside one's data."""
        return takes_changes(self.event, now=self.now)

    @property
    def offered(self) -> list[Edition]:
        """Dates that one could take in addition or instead."""
        mine = {one.edition.key for one in self.held if one.live or one.state is PlaceState.DECLINED}
        free = [edition for edition in self.editions if edition.key not in mine]
        admitting = [edition for edition in free if edition.standing.admits]
        coming = [edition for edition in free if edition.standing not in NO_MATTER]
        whole = self.event.choose is not Choose.ALL or len(admitting) == len(coming)
        waits_for_proof = any(one.state is PlaceState.UNVERIFIED for one in self.live)
        return admitting if whole and self.changeable and not waits_for_proof else []

    @property
    def refused(self) -> list[Edition]:
        """Dates to come that one cannot take now."""
        shown = {one.key for one in self.offered} | {one.edition.key for one in self.live}
        asking = [edition for edition in self.editions if edition.standing is not Standing.NO_REGISTRATION]
        return [edition for edition in asking if not (edition.over or edition.key in shown)]


# The hub


@manage.page("/manage/<token>", methods=["GET"])
def hub(token: str) -> Response:
    return _hub(_open(token), done=_done_words().get(request.args.get("done", ""), ""))


@manage.page("/manage/<token>/letters", methods=["POST"])
@per_network
def letters(token: str) -> Response:
    try:
        with _acting(token) as (session, registration_id):
            send_again(session, registration_id, now=now(), settings=settings())
    except (Refused, TooMany) as error:
        return _hub(_open(token), status=_status(error), problem=error)
    return _back(token, "letters")


@manage.page("/manage/<token>/letters", methods=["GET"])
def letters_were_here(token: str) -> Response:
    return _back(_open(token).token)


# Name and answers


class DetailsForm(QuestionForm):
    """Name and answers, filled with what stands there."""

    def __init__(self, mine: Mine, specs: list[QuestionSpec], typed: Typed | None = None) -> None:
        registration = mine.registration
        left = options_left(db.session(), mine.event, apart_from=registration.id)
        self._specs, self._tag = specs, mine.reading.words
        super().__init__(
            {"name": Entry(Words(_("Your name")), autocomplete="name", check=read_name)}
            | question_fields(specs, mine.reading, left)
        )
        self.process(typed, data={"name": registration.name or ""} | answered(specs, answers_of(registration)))

    def details(self) -> tuple[str, dict[str, AnswerValue]] | None:
        """Name and answers; None where something is wrong, and then ``mistakes`` says what."""
        self["name"].read()
        answers = read_answers(self, self._specs, self._tag)
        return None if self.mistakes or answers is None else (self["name"].value, answers)


@manage.page("/manage/<token>/details", methods=["GET"])
def details(token: str) -> Response:
    mine = _open(token)
    return _details(mine, DetailsForm(mine, question_specs(mine.event))) if mine.changeable else _back(token)


@manage.page("/manage/<token>/details", methods=["POST"])
@per_network
def correct(token: str) -> Response:
    mine = _open(token)
    form = DetailsForm(mine, question_specs(mine.event), request.form)
    read = form.details()
    if read is None:
        return _details(mine, form, 422)
    try:
        with _acting(token) as (session, registration_id):
            correct_details(session, registration_id, *read, now=now())
    except Refused as error:
        mine = _open(token)
        form = DetailsForm(mine, question_specs(mine.event), request.form)  # what is full now is shown as full
        form.blame(error)
        return _details(mine, form, 409)
    return _back(token, "details")


def _details(mine: Mine, form: DetailsForm, status: int = 200) -> Response:
    return _page("manage/details.html", mine, status, form=form)


# Language and zone of the letters


class LettersForm(CheckedForm):
    """In which language we write, and in which zone a letter names the time."""

    def __init__(self, mine: Mine, typed: Typed | None = None) -> None:
        tags, tag, registration = letter_languages(languages_of(mine.event)), mine.reading.tag, mine.registration
        self._tags, self._usual = tags, registration
        spoken = lookup(registration.language_tag, tags, mine.event.default_language_tag)
        super().__init__(
            {
                "language": Entry(
                    Words(_("Language of our letters to you")),
                    "select",
                    options=[Option(own, Words(own_name(own), own, direction(own))) for own in tags],
                ),
                "time_zone": Entry(
                    Words(_("Your city or time zone")),
                    hint=Words(_("Letters name the time as it is there.")),
                    check=lambda text: tzid_from_text(text, tag) if text.strip() else registration.tzid,
                ),
            }
        )
        self.process(typed, data={"language": spoken, "time_zone": zone_text(registration.tzid, tag)})

    def letters(self) -> tuple[str, str] | None:
        """Language and zone; None where something is wrong. A language that is not offered stays as it was."""
        self["time_zone"].read()
        asked, usual = self["language"].text, self._usual.language_tag
        tag = asked if asked in self._tags else usual
        if lookup(usual, self._tags, "") == tag:
            tag = usual  # "es-MX" says more than the "es" that it is shown as
        return None if self.mistakes else (tag, self["time_zone"].value)


@manage.page("/manage/<token>/language", methods=["GET"])
def language(token: str) -> Response:
    mine = _open(token)
    return _language(mine, LettersForm(mine)) if mine.changeable else _back(token)


@manage.page("/manage/<token>/language", methods=["POST"])
@per_network
def speak(token: str) -> Response:
    mine = _open(token)
    form = LettersForm(mine, request.form)
    read = form.letters()
    if read is None:
        return _language(mine, form, 422)
    try:
        with _acting(token) as (session, registration_id):
            correct_language(session, registration_id, *read, now=now())
    except Refused as error:
        form.blame(error)
        return _language(_open(token), form, 409)
    return _back(token, "language", tag=None)  # in the language just chosen


def _language(mine: Mine, form: LettersForm, status: int = 200) -> Response:
    return _page("manage/language.html", mine, status, form=form)


# Other dates


class DatesForm(CheckedForm):
    """The dates that one holds and those that one could have; where all belong together there is nothing to choose."""

    def __init__(self, mine: Mine, typed: Typed | None = None) -> None:
        self.mine = {one.edition.key: one for one in mine.live}
        keys = self.mine.keys() | {edition.key for edition in mine.offered}
        self.editions = [edition for edition in mine.editions if edition.key in keys]
        self.asks = mine.event.choose is not Choose.ALL
        kind: Kind = "radio" if mine.event.choose is Choose.ONE else "checkbox"
        options = [Option(edition.key, Words(edition.words.whole), edition) for edition in self.editions]
        legend = Words(_("The date and time that suit you"))
        super().__init__({"occurrences": Entry(legend, kind, options=options)})
        only = [self.editions[0].key] if len(self.editions) == 1 else []
        self.process(typed, data={"occurrences": list(self.mine) or only})

    @property
    def chosen(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key for key in self["occurrences"].data if key))


@manage.page("/manage/<token>/dates", methods=["GET"])
def dates(token: str) -> Response:
    mine = _open(token)
    return _dates(mine, DatesForm(mine)) if mine.changeable else _back(token)


@manage.page("/manage/<token>/dates", methods=["POST"])
@per_network
def choose(token: str) -> Response:
    """303 to the hub; 409 with a question where a confirmed place would be given up for one that is not."""
    mine = _open(token)
    came_back = not mine.live
    form = DatesForm(mine, request.form)
    sure = request.form.get("sure") == "yes"
    try:
        with _acting(token) as (session, registration_id):
            change = choose_dates(session, registration_id, form.chosen, sure=sure, now=now(), settings=settings())
    except Doubtful as doubt:
        return _ask(_open(token), form.chosen, doubt.change)
    except (Invalid, Refused) as error:
        mine = _open(token)
        form = DatesForm(mine, request.form)
        form.blame(error)
        return _dates(mine, form, _status(error), question=error.key if isinstance(error, OptionFull) else "")
    return _back(token, _change_word(change, came_back=came_back))


def _change_word(change: Change, *, came_back: bool) -> str:
    if not (change.taken or change.given_up):
        return "same"
    return "back" if came_back else "dates"


def _dates(mine: Mine, form: DatesForm, status: int = 200, question: str = "") -> Response:
    """``question``: the key of the one to answer anew before one can come back."""
    return _page("manage/dates.html", mine, status, form=form, question=question)


def _ask(mine: Mine, chosen: tuple[str, ...], change: Change) -> Response:
    """Whether to give up what is sure; what was chosen is kept, so that a yes sends it again."""
    by_key = {edition.key: edition for edition in mine.editions}
    return _page(
        "manage/sure.html",
        mine,
        409,
        chosen=chosen,
        given_up=[by_key[key] for key in change.given_up],
        taken=[(by_key[key], state) for key, state in change.taken.items()],
    )


# Cancelling


@manage.page("/manage/<token>/cancel", methods=["GET"])
def cancel(token: str) -> Response:
    mine = _open(token)
    meant = _meant(mine, request.args.get("date", ""))
    return _cancel(mine, meant) if meant else _back(token)


@manage.page("/manage/<token>/cancel", methods=["POST"])
@per_network
def give_up(token: str) -> Response:
    """Cancel the place at ``date``, or all. Whoever sends it twice is told the same."""
    key = request.form.get("date", "")
    word = "place" if key else "cancelled"
    try:
        with _acting(token) as (session, registration_id):
            places.cancel(
                session, registration_id, occurrence_key=key or None, by_owner=True, now=now(), settings=settings()
            )
    except (Invalid, Refused) as error:
        mine = _open(token)
        gone = [one for one in mine.held if key in ("", one.edition.key)]
        if gone and all(one.state is PlaceState.CANCELLED for one in gone):
            return _back(token, word)
        return _hub(mine, status=_status(error), problem=error)
    return _back(token, word)


def _meant(mine: Mine, key: str) -> list[Held]:
    """The live places that a wish to cancel is about; one of several only where they need not be held together."""
    if not key:
        return mine.live
    if mine.event.choose is Choose.ALL and len(mine.held) > 1:
        return []
    return [one for one in mine.live if one.edition.key == key]


def _cancel(mine: Mine, meant: list[Held]) -> Response:
    key = meant[0].edition.key if len(meant) < len(mine.live) else ""
    return _page("manage/cancel.html", mine, meant=meant, date=key)


# "Send me my link again"


class AskForm(CheckedForm):
    def __init__(self, typed: Typed | None = None) -> None:
        super().__init__(
            {"email": Entry(Words(_("E-mail address")), "email", autocomplete="email", check=read_address)}
        )
        self.process(typed)

    def address(self) -> Address | None:
        self["email"].read()
        found: Address | None = self["email"].value
        return found


@manage.page("/events/<slug>/link", methods=["GET"])
def ask(slug: str) -> Response:
    event = event_by_slug(db.session(), plain(slug))
    return _ask_page(event, AskForm(), address=_signed(request.args.get("sent", "")))


@manage.page("/events/<slug>/link", methods=["POST"])
@per_network
def send(slug: str) -> Response:
    """The same answer for every address; whose it is learns the rest by letter."""
    event = event_by_slug(db.session(), plain(slug))
    event_id, slug = event.id, event.slug
    form = AskForm(request.form)
    address = form.address()
    if address is None:
        return _ask_page(event, form, 422)
    try:
        with transaction() as session:
            send_link(session, event_id, address, now=now(), settings=settings())
    except TooMany as error:
        form.blame(error)
        return _retry_after(_ask_page(event_by_slug(db.session(), slug), form, 429), error)
    sent = _signer().dumps(masked(address.email))
    return keep_private(Response(status=303, headers={"Location": link("manage.ask", slug=slug, sent=sent)}))


def _ask_page(event: Event, form: AskForm, status: int = 200, address: str = "") -> Response:
    reading = read_in(languages_of(event), event.default_language_tag)
    return keep_private(
        page(
            "manage/ask.html",
            status=status,
            event=event,
            organization=event.organization,
            title=words_of(words_in(event, reading).summary, reading.words, reading),
            form=form,
            address=address,
            languages=languages_of(event),
        )
    )


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="manage.ask")


def _signed(given: str) -> str:
    """The masked address that we ourselves put into the link, or nothing."""
    try:
        return str(_signer().loads(given)) if given else ""
    except BadSignature:
        return ""


# What they share


def _open(token: str) -> Mine:
    """The registration in the language of its letters, unless the path names another. Raises NotFound."""
    session, at = db.session(), now()
    registration = registration_by_token(session, Purpose.MANAGE, token, settings=settings())
    event = registration.event
    g.asked_tag = g.asked_tag or registration.language_tag
    reading = read_in(languages_of(event), event.default_language_tag)
    tzid = reader_tzid() or registration.tzid
    listed = listed_editions(session, [event], reading=reading, reader_tzid=tzid, now=at)[event.id]
    editions = [
        with_entry(edition, occurrence, reading, settings())
        for edition, occurrence in zip(listed, event.occurrences, strict=True)
    ]
    by_id = {occurrence.id: edition for edition, occurrence in zip(editions, event.occurrences, strict=True)}
    held = [
        Held(by_id[place.occurrence_id], place.state, place.state in HELD and places.is_to_come(place, at))
        for place in _in_order(registration.places)
    ]
    return Mine(token, registration, event, reading, tzid, at, editions, held)


def _in_order(found: list[Place]) -> list[Place]:
    """By time; what was given up stands last."""
    return sorted(found, key=lambda place: (place.state not in HELD, place.occurrence.starts_at))


@contextmanager
def _acting(token: str) -> Iterator[tuple[Session, int]]:
    """A transaction for whoever the token opens a registration to, now."""
    with transaction() as session:
        yield session, registration_by_token(session, Purpose.MANAGE, token, settings=settings()).id


def _hub(mine: Mine, *, status: int = 200, done: str = "", problem: DomainError | None = None) -> Response:
    registration, event, reading = mine.registration, mine.event, mine.reading
    specs, answers = question_specs(event), answers_of(registration)
    spoken = lookup(registration.language_tag, letter_languages(languages_of(event)), event.default_language_tag)
    response = _page(
        "manage/hub.html",
        mine,
        status,
        heading=_heading(mine),
        done=done,
        problem=say(problem) if problem else "",
        answers=[_answer(spec, answers[spec.key], reading) for spec in specs if spec.key in answers],
        asks=bool(specs),
        spoken=spoken,
        city=city_words(registration.tzid, reading.tag),
        join_token=personal_token(registration, Purpose.JOIN, settings=settings()),
        SERVICES=SERVICES,
        can_send=bool(mine.live) and is_proved(registration),
    )
    return _retry_after(response, problem) if isinstance(problem, TooMany) else response


def _answer(spec: QuestionSpec, value: AnswerValue, reading: Reading) -> tuple[str, Words, Words]:
    """A question's key, the question and what was answered, in the languages of the page."""
    tag = reading.words
    said = lookup(tag, list(spec.label), spec.default_tag) if spec.label else tag
    words = answer_words(spec, value, tag, gettext)
    return spec.key, words_of(spec.label_in(tag), said, reading), words_of(words, said, reading)


def _heading(mine: Mine) -> str:
    """What one holds, in one line."""
    states = {one.state for one in mine.live}
    if mine.event.cancelled_at is not None:
        return _("This event is cancelled")
    if not mine.changeable:
        return (
            _("This event is over") if any(edition.over for edition in mine.editions) else _("This event is cancelled")
        )
    if not states:
        declined = any(one.state is PlaceState.DECLINED for one in mine.held)
        return _("The organizer could not give you a place") if declined else _("You have no place at the moment")
    if PlaceState.CONFIRMED in states:
        return _("You are registered")
    return _ONE_STATE[next(iter(states))]() if len(states) == 1 else _("We have your registration")


_ONE_STATE: Mapping[PlaceState, Callable[[], str]] = {
    PlaceState.WAITLISTED: lambda: _("You are on the waiting list"),
    PlaceState.PENDING: lambda: _("Your application waits for the organizer"),
    PlaceState.UNVERIFIED: lambda: _("Confirm your e-mail address first"),
}


def _done_words() -> dict[str, str]:
    """What the hub says after a POST, by ``?done=``; no other text gets there."""
    return {
        "details": _("Your details are saved."),
        "language": _("Language and time zone are saved. Our next letters follow them."),
        "dates": _("Your dates are changed. We have written to you."),
        "back": _("You have come back. We have written to you."),
        "same": _("Nothing was changed: you hold these dates already."),
        "place": _("Your place is cancelled. We have written to you."),
        "cancelled": _("Your registration is cancelled. We have written to you."),
        "address": _("This registration now has your e-mail address. The links in earlier letters no longer work."),
        "letters": _("We have written to you again. If there is no letter in a few minutes, look in the spam folder."),
    }


def _page(template: str, mine: Mine, status: int = 200, **context: object) -> Response:
    event, reading = mine.event, mine.reading
    return keep_private(
        page(
            template,
            status=status,
            mine=mine,
            token=mine.token,
            registration=mine.registration,
            event=event,
            organization=event.organization,
            title=words_of(words_in(event, reading).summary, reading.words, reading),
            languages=languages_of(event),
            **context,
        )
    )


def _back(token: str, done: str | None = None, **values: str | None) -> Response:
    """To the hub, which says what was done."""
    location = link("manage.hub", **({"token": token, "done": done} | values))
    return keep_private(Response(status=303, headers={"Location": location}))


def _status(error: DomainError) -> int:
    if isinstance(error, TooMany):
        return 429
    return 409 if isinstance(error, Refused) else 422


def _retry_after(response: Response, error: TooMany) -> Response:
    response.headers["Retry-After"] = str(error.values.get("seconds", 3600))
    return response
