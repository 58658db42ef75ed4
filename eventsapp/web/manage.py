"""One's own registration: see it, correct it, choose other dates, cancel, and come back.

Only who has the manage link gets here, and that link comes by letter alone. GET changes nothing.
"""

from collections.abc import Callable, Mapping

from flask import Response, request

from eventsapp.actions import places, suppress
from eventsapp.actions.correct import correct_details, correct_language
from eventsapp.actions.move import Doubtful, choose_dates
from eventsapp.actions.resend import send_again
from eventsapp.db import db, transaction
from eventsapp.domain.admission import Change
from eventsapp.domain.applicant import read_name
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import DomainError, Invalid, Refused, TooMany
from eventsapp.domain.languages import direction, lookup, own_name
from eventsapp.domain.questions import AnswerValue, OptionFull, QuestionSpec
from eventsapp.domain.vocabulary import Choose, PlaceState, Purpose
from eventsapp.domain.wording import city_words
from eventsapp.drawing.qr import qr_data
from eventsapp.ical.add_links import SERVICES
from eventsapp.queries.check_in import ticket_url
from eventsapp.queries.entries import personal_token
from eventsapp.queries.registrations import answers_of, is_proved, options_left, question_specs
from eventsapp.queries.suppressed import wishes_of
from eventsapp.translations import gettext as _
from eventsapp.translations import say
from eventsapp.web.editions import Words, languages_of
from eventsapp.web.errors import retry_after, status_of
from eventsapp.web.fields import CheckedForm, Entry, Kind, Option, Typed
from eventsapp.web.forms import zone_text
from eventsapp.web.language import letter_languages
from eventsapp.web.limits import per_network
from eventsapp.web.mine import Held, Mine, open_mine
from eventsapp.web.pages import Pages, link, now, settings
from eventsapp.web.personal import acting, opened, personal_page, see_other
from eventsapp.web.questions import QuestionForm, answered, question_fields, read_answers, said

manage = Pages("manage", __name__)


# The hub


@manage.page("/manage/<token>", methods=["GET"])
def hub(token: str) -> Response:
    return _hub(open_mine(token), done=_done_words().get(request.args.get("done", ""), ""))


@manage.page("/manage/<token>/letters", methods=["POST"])
@per_network
def letters(token: str) -> Response:
    try:
        with acting(token) as (session, registration_id):
            send_again(session, registration_id, now=now(), settings=settings())
    except (Refused, TooMany) as error:
        return _hub(open_mine(token), status=status_of(error), problem=error)
    return _back(token, "letters")


@manage.page("/manage/<token>/letters", methods=["GET"])
def letters_were_here(token: str) -> Response:
    return _back(open_mine(token).token)


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
    mine = open_mine(token)
    return _details(mine, DetailsForm(mine, question_specs(mine.event))) if mine.changeable else _back(token)


@manage.page("/manage/<token>/details", methods=["POST"])
@per_network
def correct(token: str) -> Response:
    mine = open_mine(token)
    form = DetailsForm(mine, question_specs(mine.event), request.form)
    read = form.details()
    if read is None:
        return _details(mine, form, 422)
    try:
        with acting(token) as (session, registration_id):
            correct_details(session, registration_id, *read, now=now())
    except Refused as error:
        mine = open_mine(token)
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
    mine = open_mine(token)
    return _language(mine, LettersForm(mine)) if mine.changeable else _back(token)


@manage.page("/manage/<token>/language", methods=["POST"])
@per_network
def speak(token: str) -> Response:
    mine = open_mine(token)
    form = LettersForm(mine, request.form)
    read = form.letters()
    if read is None:
        return _language(mine, form, 422)
    try:
        with acting(token) as (session, registration_id):
            correct_language(session, registration_id, *read, now=now())
    except Refused as error:
        form.blame(error)
        return _language(open_mine(token), form, 409)
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
    mine = open_mine(token)
    return _dates(mine, DatesForm(mine)) if mine.changeable else _back(token)


@manage.page("/manage/<token>/dates", methods=["POST"])
@per_network
def choose(token: str) -> Response:
    """303 to the hub; 409 with a question where a confirmed place would be given up for one that is not."""
    mine = open_mine(token)
    came_back = not mine.live
    form = DatesForm(mine, request.form)
    sure = request.form.get("sure") == "yes"
    try:
        with acting(token) as (session, registration_id):
            change = choose_dates(session, registration_id, form.chosen, sure=sure, now=now(), settings=settings())
    except Doubtful as doubt:
        return _ask(open_mine(token), form.chosen, doubt.change)
    except (Invalid, Refused, TooMany) as error:
        mine = open_mine(token)
        form = DatesForm(mine, request.form)
        form.blame(error)
        question = error.key if isinstance(error, OptionFull) else ""
        return retry_after(_dates(mine, form, status_of(error), question), error)
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
    mine = open_mine(token)
    meant = _meant(mine, request.args.get("date", ""))
    return _cancel(mine, meant) if meant else _back(token)


@manage.page("/manage/<token>/cancel", methods=["POST"])
@per_network
def give_up(token: str) -> Response:
    """Cancel the place at ``date``, or all. Whoever sends it twice is told the same."""
    key = request.form.get("date", "")
    word = "place" if key else "cancelled"
    try:
        with acting(token) as (session, registration_id):
            places.cancel(
                session, registration_id, occurrence_key=key or None, by_owner=True, now=now(), settings=settings()
            )
    except (Invalid, Refused) as error:
        mine = open_mine(token)
        gone = [one for one in mine.held if key in ("", one.edition.key)]
        if gone and all(one.state is PlaceState.CANCELLED for one in gone):
            return _back(token, word)
        return _hub(mine, status=status_of(error), problem=error)
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


# Letters that leave because of a time


@manage.page("/manage/<token>/reminders", methods=["POST"])
@per_network
def reminders(token: str) -> Response:
    return _switch(token, Purpose.REMINDERS)


@manage.page("/manage/<token>/follow-ups", methods=["POST"])
@per_network
def follow_ups(token: str) -> Response:
    return _switch(token, Purpose.FOLLOW_UPS)


@manage.page("/manage/<token>/reminders", methods=["GET"])
@manage.page("/manage/<token>/follow-ups", methods=["GET"])
def switches_were_here(token: str) -> Response:
    return _back(open_mine(token).token)


def _switch(token: str, purpose: Purpose) -> Response:
    """End these letters, or have them again, whichever the button said."""
    wanted = request.form.get("want") == "yes"
    change = suppress.resume_letters if wanted else suppress.end_letters
    with transaction() as session:
        change(session, opened(token), purpose, now=now(), settings=settings())
    return _back(token, f"{purpose.value}_{'again' if wanted else 'ended'}")


# What they share


def _hub(mine: Mine, *, status: int = 200, done: str = "", problem: DomainError | None = None) -> Response:
    registration, event, reading = mine.registration, mine.event, mine.reading
    specs, answers = question_specs(event, retired=True), answers_of(registration)
    spoken = lookup(registration.language_tag, letter_languages(languages_of(event)), event.default_language_tag)
    response = _page(
        "manage/hub.html",
        mine,
        status,
        heading=_heading(mine),
        done=done,
        problem=say(problem) if problem else "",
        answers=[(spec.key, *said(spec, answers[spec.key], reading)) for spec in specs if spec.key in answers],
        asks=bool(question_specs(event)),
        spoken=spoken,
        city=city_words(registration.tzid, reading.tag),
        ticket=_ticket(mine),
        join_token=personal_token(registration, Purpose.JOIN, settings=settings()),
        SERVICES=SERVICES,
        can_send=bool(mine.live) and is_proved(registration),
        wishes=wishes_of(db.session(), registration, settings()),
    )
    return retry_after(response, problem) if problem else response


def _ticket(mine: Mine) -> str:
    """The QR code for the door, where there is a door to go to; else an empty text."""
    goes = any(one.live and one.confirmed and one.edition.location for one in mine.held)
    return qr_data(ticket_url(mine.registration, settings())) if goes else ""


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
        "reminders_ended": _("You get no more reminders of this event."),
        "reminders_again": _("You get reminders of this event again."),
        "follow_ups_ended": _("You get no more letters after events."),
        "follow_ups_again": _("You get letters after events again."),
        "letters": _("We have written to you again. If there is no letter in a few minutes, look in the spam folder."),
    }


def _page(template: str, mine: Mine, status: int = 200, **context: object) -> Response:
    return personal_page(template, mine.registration, status=status, mine=mine, token=mine.token, **context)


def _back(token: str, done: str | None = None, **values: str | None) -> Response:
    """To the hub, which says what was done."""
    return see_other(link("manage.hub", **({"token": token, "done": done} | values)))
