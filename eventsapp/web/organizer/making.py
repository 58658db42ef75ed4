"""A new event: from its title and first date, or as another one at other dates."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from eventsapp.actions.create_event import create_event, free_slug
from eventsapp.actions.duplicate import copy_of, moments, moved
from eventsapp.db import transaction
from eventsapp.domain import timezones
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import direction, own_name
from eventsapp.domain.rights import Right
from eventsapp.domain.shifting import Shifted, shift
from eventsapp.domain.text import clean_line
from eventsapp.domain.timezones import Reading
from eventsapp.domain.typed_times import length_text, read_clock, read_date, read_length
from eventsapp.domain.vocabulary import EventStatus
from eventsapp.domain.wording import moment_words
from eventsapp.models import Event
from eventsapp.queries.record import organization_record, record_of
from eventsapp.reading import values as record_values
from eventsapp.reading.mistakes import RecordRefused
from eventsapp.reading.values import EventRecord, Moment, OccurrenceRecord
from eventsapp.translations import INTERFACE_LANGUAGES
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.forms import zone_text
from eventsapp.web.organizer.door import Access, Desk, again
from eventsapp.web.organizer.forms import DeskForm
from eventsapp.web.organizer.pages import desk_page, event_title, say_done
from eventsapp.web.pages import now, settings

making = Desk("making", __name__)

LONGEST_TITLE = 200
_HOUR = 3600
_WEEK = timedelta(days=7)
_MEANT = "meant"  # the field that asks which of two times is meant
_UNCLEAR = N_("The clocks change at that time. Choose which one you mean.")


def read_title(text: str) -> str:
    """Raises Invalid."""
    title = clean_line(text, 10 * LONGEST_TITLE)
    if not title:
        raise Invalid(N_("Enter a title."), key="title")
    if len(title) > LONGEST_TITLE:
        raise Invalid(N_("Enter a title of at most %(limit)s characters."), key="title", limit=LONGEST_TITLE)
    return title


class NewEventForm(DeskForm):
    """The least that an event needs; everything else has a page of its own."""

    def __init__(self, access: Access, typed: Typed | None = None) -> None:
        usual_tzid = access.organization.default_tzid
        super().__init__(_fields_of(access, usual_tzid))
        usual = {
            "language": access.organization.default_language_tag,
            "zone": zone_text(usual_tzid, g.reading.tag),
            "length": length_text(_HOUR),
        }
        self.process(typed, data=usual)

    def field_of(self, key: str) -> str:
        return "title" if key.endswith("summary") else super().field_of(key)

    def record(self, access: Access) -> EventRecord | None:
        """Without its slug; None where something is wrong, and then ``mistakes`` says what."""
        for field in self:
            field.read()
        start = None if self.mistakes else self._start()
        if start is None:
            return None
        tag, address = self["language"].value, self["address"].value
        return EventRecord(
            slug="",
            organization=organization_record(access.organization),
            default_language=tag,
            languages={tag: record_values.Words(self["title"].value)},
            occurrences=(
                OccurrenceRecord(
                    id=start.local.date().isoformat(),
                    start=start,
                    duration_seconds=self["length"].value,
                    location={"": address} if address else {},
                ),
            ),
            status=EventStatus.DRAFT,
        )

    def _start(self) -> Moment | None:
        tzid = self["zone"].value
        try:
            shifted = shift(datetime.combine(self["date"].value, self["time"].value), tzid, timedelta())
        except Invalid as error:  # a year that nobody means
            self["date"].blame(error)
            return None
        meant = _meant(self[_MEANT], shifted, tzid)
        return None if meant is None else Moment(meant.local, tzid, meant.fold)


class DuplicateForm(DeskForm):
    """The new first date; and where a clock change makes a time unclear, which one is meant."""

    def __init__(self, record: EventRecord, typed: Typed | None = None) -> None:
        self._record, self._moments = record, moments(record)
        fields = {
            "date": Entry(
                Words(_("New first date")),
                "date",
                hint=Words(_("All other dates move by as many days; each keeps its time of day.")),
                check=read_date,
            ),
            "staff": Entry(Words(_("Take hosts and interpreters along")), "consent"),
        }
        unclear = {
            f"{_MEANT}:{key}": Entry(Words(_("Which time do you mean?")), "radio", hint=Words(_before(moment)))
            for key, moment in self._moments.items()
        }
        super().__init__(fields | unclear)
        self.first = min(one.start.local for one in record.occurrences).date()
        self.process(typed, data={"date": _proposed(self.first)})

    @property
    def unclear(self) -> list[Entry]:
        """The fields that have to be asked."""
        return [field for field in self if field.name.startswith(f"{_MEANT}:") and field.options]

    @property
    def with_staff(self) -> bool:
        return self["staff"].text == "yes"

    def readings(self) -> Mapping[str, Reading] | None:
        """By key what each new time means; None where something has to be put right or answered first."""
        self["date"].read()
        if self.mistakes:
            return None
        try:
            shifted = moved(self._record, self["date"].value - self.first)
        except Invalid as error:
            self["date"].blame(error)
            return None
        meant = {key: _meant(self[f"{_MEANT}:{key}"], one, self._moments[key].tzid) for key, one in shifted.items()}
        return None if self.mistakes else {key: one for key, one in meant.items() if one is not None}


@making.view("/new-event", needs=Right.CREATE, methods=["GET", "POST"])
def new(access: Access) -> ResponseReturnValue:
    form = NewEventForm(access, request.form if request.method == "POST" else None)
    record = form.record(access) if request.method == "POST" else None
    if record is not None:
        title = record.languages[record.default_language].summary
        slug = _create(access, record, title, form)
        if slug:
            say_done(_("The event is there, as a draft. Nobody else sees it until you publish it."))
            return again(url_for("organizer.events.overview", organization=access.organization.slug, event=slug))
    return desk_page("organizer/events/new.html", status=422 if _refused(form) else 200, form=form)


@making.view("/events/<event>/duplicate", needs=Right.CREATE, methods=["GET", "POST"])
def duplicate(access: Access) -> ResponseReturnValue:
    record = record_of(access.event)
    form = DuplicateForm(record, request.form if request.method == "POST" else None)
    readings = form.readings() if request.method == "POST" else None
    if readings is not None:
        copy = copy_of(record, readings, slug="", with_staff=form.with_staff)
        slug = _create(access, copy, event_title(access.event), form)
        if slug:
            say_done(_("This is the copy, as a draft. Nobody else sees it until you publish it."))
            return again(url_for("organizer.events.overview", organization=access.organization.slug, event=slug))
    return desk_page("organizer/events/duplicate.html", status=422 if _refused(form) else 200, form=form)


def _create(access: Access, record: EventRecord, title: str, form: DeskForm) -> str:
    """The new event's slug; empty where the form has to be shown again."""
    try:
        with transaction() as session:
            named = replace(record, slug=free_slug(session, title))
            event: Event = create_event(session, named, user=access.user, now=now(), settings=settings())
            return event.slug
    except RecordRefused as error:
        form.refuse(error)
    except Invalid as error:
        form.blame(error)
    return ""


def _meant(field: Entry, shifted: Shifted, tzid: str) -> Reading | None:
    """What a wall time means; where it is unclear the field asks, and takes no answer to another question."""
    if shifted.doubt is None:
        return shifted.readings[0]
    ways = {one.at.isoformat(): one for one in shifted.readings}
    field.options = [Option(at, Words(moment_words(one.at, tzid, g.reading.tag))) for at, one in ways.items()]
    if field.text not in ways:
        field.blame(Invalid(_UNCLEAR, key=field.name))
    return ways.get(field.text)


def _refused(form: DeskForm) -> bool:
    return bool(form.mistakes or form.refused)


def _before(moment: Moment) -> str:
    """A time as it was in the event that is copied."""
    return moment_words(timezones.instant(moment.local, moment.tzid, moment.fold), moment.tzid, g.reading.tag)


def _proposed(first: date) -> str:
    """Four weeks on, or as many more as it takes until it is to come: on the same day of the week."""
    weeks = max(4, (now().date() - first) // _WEEK + 1)
    return (first + weeks * _WEEK).isoformat()


def _fields_of(access: Access, usual_tzid: str) -> dict[str, Entry]:
    tag, tags = g.reading.tag, _languages(access)
    options = [Option(one, Words(own_name(one), one, direction(one))) for one in tags]
    usual = access.organization.default_language_tag
    return {
        "title": Entry(Words(_("Title")), check=read_title),
        "language": Entry(
            Words(_("Language of the title")),
            "select",
            hint=Words(_("You can add more languages afterwards.")),
            options=options,
            check=lambda text: text if text in tags else usual,
        ),
        "date": Entry(Words(_("First date")), "date", check=read_date),
        "time": Entry(Words(_("Begins at")), "time", check=read_clock),
        "zone": Entry(
            Words(_("City or time zone")),
            hint=Words(_("The time is the one that clocks show there.")),
            check=lambda text: tzid_from_text(text, tag) if text.strip() else usual_tzid,
        ),
        _MEANT: Entry(Words(_("Which time do you mean?")), "radio"),
        "length": Entry(
            Words(_("How long it takes")), hint=Words(_("Hours and minutes, like 1:30.")), check=read_length
        ),
        "address": Entry(
            Words(_("Address")),
            hint=Words(_("Leave it empty if the event is online.")),
            optional=True,
            check=lambda text: clean_line(text, LONGEST_TITLE),
        ),
    }


def _languages(access: Access) -> list[str]:
    tags = (access.organization.default_language_tag, *INTERFACE_LANGUAGES)
    return list(dict.fromkeys(tags))
