"""Letters to many registered people: write, look at whom it goes to, order for now or a time, follow, call back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, abort, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from eventsapp.actions import mailing as acting
from eventsapp.actions.test_letter import send_to_oneself, usual_sample
from eventsapp.db import db, transaction
from eventsapp.domain.errors import N_, DomainError, Invalid
from eventsapp.domain.languages import direction, own_name
from eventsapp.domain.letter_words import doubts
from eventsapp.domain.rights import Right
from eventsapp.domain.text import clean_line, clean_text
from eventsapp.domain.timezones import AmbiguousTime, resolve
from eventsapp.domain.typed_times import read_clock, read_date
from eventsapp.domain.vocabulary import LetterKind, PlaceState
from eventsapp.domain.wording import moment_words, zone_words
from eventsapp.mail.letters import Letter
from eventsapp.models import Event, Mailing
from eventsapp.queries.letters.sample import sample_letter
from eventsapp.queries.people import Filter
from eventsapp.queries.recipients import audience, results
from eventsapp.translations import gettext as _
from eventsapp.translations import pgettext, say
from eventsapp.web.editions import Words, languages_of
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.letter_preview import html_frame, preview_of, with_frames
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.pages import now, settings

mailings = Desk("mailings", __name__)

MOST_LISTED = 100
NOW, LATER = "now", "later"
FIRST, SECOND = "0", "1"
OFFERED = (PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING, PlaceState.CANCELLED, PlaceState.DECLINED)
ASKED_HERE = ("state", "occurrence", "language")  # of a filter; the rest of it comes from the list of registrations


@mailings.view("/events/<event>/letters/mailings", needs=Right.SEE)
def index(access: Access) -> Response:
    found = db.session.scalars(
        select(Mailing).where(Mailing.event_id == access.event.id).order_by(Mailing.id.desc()).limit(MOST_LISTED)
    ).all()
    sent = results(db.session(), [one.id for one in found])
    rows = [(one, _subject(one, access.event), standing(one), sent.get(one.id)) for one in found]
    return desk_page("organizer/mailings/index.html", rows=rows, when=_when(access))


@mailings.view("/events/<event>/letters/write", needs=Right.RUN)
def write(access: Access) -> Response:
    wanted = Filter.read(request.args)
    usual = {"state": [PlaceState.CONFIRMED.value], "needed": "no"}
    return _write_page(WriteForm(access.event, data=usual | wanted.query()), wanted)


@mailings.view("/events/<event>/letters/write", needs=Right.RUN, methods=["POST"])
def keep(access: Access) -> ResponseReturnValue:
    form = WriteForm(access.event, request.form)
    written = form.draft()
    if written is None:
        return _write_page(form, Filter.read(request.form), status=422)
    with transaction() as session:
        public_id = acting.draft(session, access.event, access.user, written, now=now()).public_id
    return again(at("mailings.show", public_id=public_id))


@mailings.view("/events/<event>/letters/write/<public_id>", needs=Right.RUN, methods=["GET", "POST"])
def rewrite(access: Access, public_id: str) -> ResponseReturnValue:
    mailing = _mailing(access, public_id)
    if mailing.due_at is not None:
        return again(at("mailings.show", public_id=public_id))
    if request.method == "GET":
        form = WriteForm(access.event, data=mailing.filter | _typed(mailing))
        return _write_page(form, Filter.read(mailing.filter))
    form = WriteForm(access.event, request.form)
    written = form.draft()
    if written is None:
        return _write_page(form, Filter.read(request.form), status=422)
    with transaction() as session:
        acting.redraft(session, access.event, public_id, written)
    return again(at("mailings.show", public_id=public_id))


@mailings.view("/events/<event>/letters/mailings/<public_id>", needs=Right.SEE)
def show(access: Access, public_id: str) -> Response:
    mailing = _mailing(access, public_id)
    return _show_page(access, mailing, OrderForm(access))


@mailings.view("/events/<event>/letters/mailings/<public_id>/html/<language>", needs=Right.SEE)
def html(access: Access, public_id: str, language: str) -> Response:
    letter = _letter(access, _mailing(access, public_id), language)
    if letter is None:
        abort(404)
    return html_frame(letter)


@mailings.view("/events/<event>/letters/mailings/<public_id>/order", needs=Right.RUN, methods=["POST"])
def order(access: Access, public_id: str) -> ResponseReturnValue:
    mailing, form = _mailing(access, public_id), OrderForm(access, request.form)
    due_at = form.due_at()
    if due_at is None:
        return _show_page(access, mailing, form, status=422)
    try:
        with transaction() as session:
            event, user = access.event, access.user
            acting.order(session, event, public_id, user, due_at=due_at, now=now(), settings=settings())
    except DomainError as error:
        form.refusal = say(error)
        return _show_page(access, _mailing(access, public_id), form, status=422)
    say_done(_("The letter is ordered."))
    return again(at("mailings.show", public_id=public_id))


@mailings.view("/events/<event>/letters/mailings/<public_id>/cancel", needs=Right.RUN, methods=["POST"])
def cancel(access: Access, public_id: str) -> ResponseReturnValue:
    _mailing(access, public_id)
    try:
        with transaction() as session:
            acting.call_back(session, access.event, public_id, access.user, now=now())
    except DomainError as error:
        say_done(say(error))
    else:
        say_done(_("The letter is cancelled. What had left before stays sent."))
    return again(at("mailings.show", public_id=public_id))


@mailings.view("/events/<event>/letters/mailings/<public_id>/discard", needs=Right.RUN, methods=["POST"])
def discard(access: Access, public_id: str) -> ResponseReturnValue:
    _mailing(access, public_id)
    with transaction() as session:
        acting.discard(session, access.event, public_id)
    say_done(_("The draft is deleted."))
    return again(at("mailings.index"))


@mailings.view("/events/<event>/letters/mailings/<public_id>/test", needs=Right.RUN, methods=["POST"])
def test(access: Access, public_id: str) -> ResponseReturnValue:
    mailing = _mailing(access, public_id)
    words, needed = {tag: dict(said) for tag, said in mailing.words.items()}, mailing.needed
    try:
        with transaction() as session:
            for tag in words:
                send_to_oneself(
                    session,
                    access.event,
                    access.user,
                    LetterKind.MAILING,
                    usual_sample(access.event, access.user, tag),
                    words=words,
                    needed=needed,
                    now=now(),
                    settings=settings(),
                )
    except DomainError as error:
        say_done(say(error))
    else:
        say_done(_("A test is on its way to %(address)s.", address=access.user.email))
    return again(at("mailings.show", public_id=public_id))


class WriteForm(DeskForm):
    """To whom, whether they need it, and the words in each of the event's languages."""

    def __init__(self, event: Event, typed: Typed | None = None, *, data: Mapping[str, Any] | None = None) -> None:
        self._event = event
        self.tags = languages_of(event)
        super().__init__(self._entries())
        self.process(typed, data=data)

    def _entries(self) -> dict[str, Entry]:
        states = [Option(state.value, Words(place_words(state))) for state in OFFERED]
        dates = [Option(one.key, Words(_date_words(one))) for one in self._event.occurrences]
        tags = [Option(tag, Words(own_name(tag), tag, direction(tag))) for tag in self.tags]
        needed = [
            Option("no", Words(_("No: who wants no more such letters does not get it"))),
            Option("yes", Words(_("Yes: it goes to everybody who is chosen above"))),
        ]
        fields = {
            "state": Entry(Words(_("Whose place is")), "checkbox", options=states),
            "occurrence": Entry(Words(_("At these dates")), "checkbox", options=dates, optional=True),
            "language": Entry(Words(_("Who read")), "checkbox", options=tags, optional=True),
            "needed": Entry(Words(_("Do people need it to take part?")), "radio", options=needed),
        }
        for tag in self.tags:
            optional = tag != self._event.default_language_tag
            fields[f"subject-{tag}"] = Entry(Words(_("Subject")), optional=optional)
            fields[f"body-{tag}"] = Entry(Words(_("Your words")), "long", optional=optional)
        return fields

    def draft(self) -> acting.Draft | None:
        """None: something is wrong, and then ``mistakes`` says what."""
        wanted = Filter.read(request.form)
        if not wanted.state:
            self["state"].blame(Invalid(N_("Choose at least one.")))
        if self["needed"].text not in {"yes", "no"}:
            self["needed"].blame(Invalid(N_("Choose yes or no.")))
        words = {tag: said for tag in self.tags if (said := self._words(tag))}
        return None if self.mistakes else acting.Draft(wanted, words, self["needed"].text == "yes")

    def _words(self, tag: str) -> dict[str, str]:
        """In one language: both or neither, and both in the default one."""
        subject, body = clean_line(self[f"subject-{tag}"].text), clean_text(self[f"body-{tag}"].text)
        if not (subject or body) and tag != self._event.default_language_tag:
            return {}
        if not subject:
            self[f"subject-{tag}"].blame(Invalid(N_("Enter a subject.")))
        if not body:
            self[f"body-{tag}"].blame(Invalid(N_("Write the letter.")))
        return {"subject": subject, "body": body}


class OrderForm(DeskForm):
    """Now, or at a time by the organizer's own clock; a time that comes twice is asked about."""

    def __init__(self, access: Access, typed: Typed | None = None) -> None:
        self._tzid = access.user.tzid
        when = [Option(NOW, Words(_("Now"))), Option(LATER, Words(_("At a time")))]
        super().__init__(
            {
                "when": Entry(Words(_("When")), "radio", options=when),
                "date": Entry(Words(_("Date")), check=read_date, hint=Words("2026-06-25")),
                "time": Entry(
                    Words(_("Time")), check=read_clock, hint=Words(zone_words(self._tzid, now(), g.reading.tag))
                ),
                "fold": Entry(
                    Words(_("This time comes twice. Which one?")),
                    "radio",
                    options=[
                        Option(FIRST, Words(_("Before the clocks change"))),
                        Option(SECOND, Words(_("After the clocks change"))),
                    ],
                ),
            }
        )
        self.asks_fold = bool(typed and typed.get("fold"))
        self.process(typed, data={"when": NOW})

    def due_at(self) -> datetime | None:
        """None: something is wrong, and then ``mistakes`` says what."""
        if self["when"].text == NOW:
            return now()
        self["date"].read()
        self["time"].read()
        if self.mistakes:
            return None
        local = datetime.combine(self["date"].value, self["time"].value)
        fold = int(self["fold"].text) if self["fold"].text in {FIRST, SECOND} else None
        try:
            due_at = resolve(local, self._tzid, fold).at
        except AmbiguousTime:
            self.asks_fold = True
            self["fold"].blame(Invalid(N_("Choose one of the two.")))
            return None
        except Invalid as error:
            self["time"].blame(error)
            return None
        if due_at <= now():
            self["date"].blame(Invalid(N_("This time is past.")))
            return None
        return due_at


def standing(mailing: Mailing) -> str:
    """Draft, planned, going, sent or cancelled."""
    if mailing.due_at is None:
        return "draft"
    if mailing.cancelled_at is not None:
        return "cancelled"
    if mailing.written_at is not None:
        return "sent"
    return "going" if mailing.after_id or mailing.due_at <= now() else "planned"


def place_words(state: PlaceState) -> str:
    return {
        PlaceState.CONFIRMED: pgettext("place", "Confirmed"),
        PlaceState.WAITLISTED: _("On the waiting list"),
        PlaceState.PENDING: _("Waiting for approval"),
        PlaceState.CANCELLED: pgettext("place", "Cancelled"),
        PlaceState.DECLINED: _("Not accepted"),
        PlaceState.UNVERIFIED: _("E-mail address not confirmed"),
    }[state]


def _write_page(form: WriteForm, wanted: Filter, *, status: int = 200) -> Response:
    others = {name: value for name, value in wanted.query().items() if name not in ASKED_HERE}
    kept = [(name, one) for name, value in others.items() for one in ([value] if isinstance(value, str) else value)]
    return desk_page("organizer/mailings/write.html", status=status, form=form, kept=kept)


def _show_page(access: Access, mailing: Mailing, form: OrderForm, *, status: int = 200) -> Response:
    stands = standing(mailing)
    open_yet = stands in {"draft", "planned"}
    previews = [
        (tag, preview_of(letter, doubts(words["subject"], words["body"])))
        for tag, words in mailing.words.items()
        if (letter := _letter(access, mailing, tag)) is not None
    ]
    return with_frames(
        desk_page(
            "organizer/mailings/show.html",
            status=status,
            form=form,
            mailing=mailing,
            subject=_subject(mailing, access.event),
            stands=stands,
            audience=audience(db.session(), mailing, settings()) if open_yet else None,
            sent=results(db.session(), [mailing.id]).get(mailing.id),
            previews=previews,
            lacking=[tag for tag in languages_of(access.event) if tag not in mailing.words],
            when=_when(access),
        )
    )


def _letter(access: Access, mailing: Mailing, tag: str) -> Letter | None:
    if tag not in mailing.words:
        return None
    return sample_letter(
        access.event,
        LetterKind.MAILING,
        usual_sample(access.event, access.user, tag),
        recipient=access.user.email,
        words=mailing.words,
        needed=mailing.needed,
        now=now(),
        settings=settings(),
    )


def _mailing(access: Access, public_id: str) -> Mailing:
    found = db.session.scalar(
        select(Mailing)
        .where(Mailing.event_id == access.event.id, Mailing.public_id == public_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        abort(404)
    return found


def _typed(mailing: Mailing) -> dict[str, Any]:
    words = {f"{part}-{tag}": said for tag, by_part in mailing.words.items() for part, said in by_part.items()}
    return words | {"needed": "yes" if mailing.needed else "no"}


def _subject(mailing: Mailing, event: Event) -> str:
    tags: Sequence[str] = [event.default_language_tag, *mailing.words]
    return next((str(mailing.words[tag]["subject"]) for tag in tags if tag in mailing.words), "")


def _date_words(occurrence: Any) -> str:
    return moment_words(occurrence.starts_at, occurrence.tzid, g.reading.tag)


def _when(access: Access) -> Any:
    return lambda moment: moment_words(moment, access.user.tzid, g.reading.tag)
