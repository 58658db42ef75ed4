"""Before an event is published: what to look at, where to mend it, and the button."""

from dataclasses import replace

from flask import request
from flask.typing import ResponseReturnValue

from eventsapp.actions.test_letter import send_in_each_language
from eventsapp.db import db, transaction
from eventsapp.domain.errors import N_, DomainError, Invalid, Refused
from eventsapp.domain.rights import Right
from eventsapp.domain.vocabulary import EventStatus, LetterKind, Visibility
from eventsapp.queries.counts import counts_of
from eventsapp.queries.preflight import ORGANIZATION, Check, Checked, Level, preflight, worst_of
from eventsapp.reading.values import EventRecord
from eventsapp.translations import gettext as _
from eventsapp.translations import ngettext, say
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.events import dates_of, overview_page, words_of
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import at, desk_page, say_done
from eventsapp.web.organizer.saving import save
from eventsapp.web.pages import now, settings

flight = Desk("preflight", __name__)


class PublishForm(DeskForm):
    """Who finds the event; and where there is a doubt, that somebody looked at it."""

    def __init__(self, access: Access, checks: list[Checked], typed: Typed | None = None) -> None:
        self._level = worst_of(checks)
        fields = {
            "visibility": Entry(
                Words(_("Who finds the event")),
                "radio",
                options=[
                    Option(Visibility.PUBLIC, Words(_("Everybody: it stands in the list of events"))),
                    Option(Visibility.UNLISTED, Words(_("Only who has its address"))),
                ],
            )
        }
        if self._level is Level.DOUBT:
            fields["looked"] = Entry(Words(_("I have looked at every doubt, and it is meant so.")), "consent")
        super().__init__(fields, version=access.event.version)
        self.process(typed, data={"visibility": access.event.visibility.value})

    @property
    def visibility(self) -> Visibility:
        return Visibility.UNLISTED if self["visibility"].text == Visibility.UNLISTED else Visibility.PUBLIC

    def check(self) -> None:
        if self._level is Level.WRONG:
            self.blame(Refused(N_("Mend what is wrong first. Then the event can be published.")))
        elif self._level is Level.DOUBT and self["looked"].text != "yes":
            sentence = N_("Look at every doubt, and tick the box if it is meant so.")
            self.blame(Invalid(sentence, key="looked"))


@flight.view("/events/<event>/check", needs=Right.RUN, methods=["GET", "POST"])
def check(access: Access) -> ResponseReturnValue:
    checks = preflight(db.session(), access.event, now=now())
    form = PublishForm(access, checks, request.form if request.method == "POST" else None)
    if request.method == "POST":
        form.check()
        if not form.mistakes:
            done = _("The event is published.")
            visibility = form.visibility

            def publish(record: EventRecord) -> EventRecord:
                return replace(record, status=EventStatus.PUBLISHED, visibility=visibility)

            answer = save(access, publish, form=form, back=at("events.overview"), done=done)
            if answer is not None:
                return answer
            checks = preflight(db.session(), access.event, now=now())
    counts = counts_of(db.session(), access.event, now=now())
    return desk_page(
        "organizer/preflight/check.html",
        status=422 if form.mistakes or form.refused else 200,
        form=form,
        checks=checks,
        worst=worst_of(checks),
        dates=[date for date in dates_of(access.event, counts, access.user.tzid, now()) if not date.over],
        headings=_headings(),
        Level=Level,
        mend=_mend,
        said=say,
        words_of=words_of,
        draft=access.event.status is EventStatus.DRAFT,
    )


@flight.view("/events/<event>/check/letter", needs=Right.RUN, methods=["POST"])
def letter(access: Access) -> ResponseReturnValue:
    """The confirmation in every language of the event, to whoever asks and to nobody else."""
    address, kind = access.user.email, LetterKind.CONFIRMATION
    try:
        with transaction() as session:
            sent = send_in_each_language(session, access.event, access.user, kind, now=now(), settings=settings())
        number = len(sent)
    except DomainError as error:
        return overview_page(access, status=422, problem=say(error))
    say_done(
        ngettext("%(num)s letter goes to %(address)s.", "%(num)s letters go to %(address)s.", number, address=address)
    )
    return again(at("preflight.check"))


def _mend(place: str) -> str:
    """The page on which a finding is mended."""
    if place == ORGANIZATION:
        return at("events.index").removesuffix("/events") + "/organization"
    return f"{at('events.overview')}/{place}"


def _headings() -> dict[Check, tuple[str, str]]:
    """Each check's name, and what is said where all is well."""
    return {
        Check.DATES: (_("Dates"), _("All dates are to come, by day.")),
        Check.ROOMS: (_("Rooms"), _("Links, meeting IDs and passcodes fit together.")),
        Check.LANGUAGES: (_("Languages"), _("Every text is there in every language.")),
        Check.REGISTRATION: (_("Registration"), _("People can register in time.")),
        Check.CONTACT: (_("Contact and privacy"), _("People know whom to ask and what becomes of their data.")),
    }
