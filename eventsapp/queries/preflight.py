"""What to look at before an event is published: each check with its findings, and where to mend them. For organizers.

What no record may say is refused elsewhere; here stands what may be meant, and mostly is a slip.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, joinedload

from eventsapp.domain import rooms, timezones
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import language_name, related
from eventsapp.domain.timezones import Day, ZoneCity
from eventsapp.domain.vocabulary import ConferenceAccess, ConferenceProvider, RegistrationNeed
from eventsapp.domain.weekdays import weekday_name, weekdays_named
from eventsapp.models import Conference, Event, LanguageVariant, Occurrence
from eventsapp.queries.desk_events import load_rooms
from eventsapp.queries.record import record_of
from eventsapp.reading.completeness import missing_by_language

FAR_AHEAD = timedelta(days=2 * 365)
LONG = timedelta(hours=12)
NIGHT_ENDS = 6  # o'clock
MEETING_SEATS, MOST_SEATS = 100, 1000  # what Zoom's smallest licence takes, and its largest for meetings
PERSONAL_DIGITS = 10  # Zoom gives meetings that are planned 11 digits, and people's own rooms mostly 10
_TEXTS = ("summary", "excerpt", "description", "what_to_bring")


class Level(IntEnum):
    """How bad it is: DOUBT asks somebody to look, WRONG stands against publishing."""

    GOOD = 0
    DOUBT = 1
    WRONG = 2


class Check(StrEnum):
    DATES = "dates"
    ROOMS = "rooms"
    LANGUAGES = "languages"
    REGISTRATION = "registration"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Finding:
    """``words`` is said as an error is; ``mend`` is the path below the event's own page, or the organization's page.

    ``tag`` is the language that it is about, or empty.
    """

    level: Level
    words: Invalid
    mend: str
    occurrence: Occurrence | None = None
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One check; without findings all is well."""

    check: Check
    findings: tuple[Finding, ...] = ()

    @property
    def level(self) -> Level:
        return max((one.level for one in self.findings), default=Level.GOOD)


ORGANIZATION = "organization"


def preflight(session: Session, event: Event, *, now: datetime) -> list[Checked]:
    """Every check, in a number of statements that does not grow with the dates."""
    load_rooms(session, event)
    coming = [one for one in event.occurrences if one.cancelled_at is None and one.ends_at > now]
    found: Mapping[Check, Iterable[Finding]] = {
        Check.DATES: [*_dates(event, coming, now), *_weekdays(event)],
        Check.ROOMS: [finding for one in coming for finding in _room(one)] + list(_shared_rooms(session, coming)),
        Check.LANGUAGES: _languages(event),
        Check.REGISTRATION: _registration(event, coming, now),
        Check.CONTACT: _contact(event),
    }
    return [Checked(check, tuple(findings)) for check, findings in found.items()]


def worst_of(checks: Iterable[Checked]) -> Level:
    return max((one.level for one in checks), default=Level.GOOD)


# Dates


def _dates(event: Event, coming: Sequence[Occurrence], now: datetime) -> Iterator[Finding]:
    if not coming:
        yield Finding(Level.WRONG, Invalid(N_("No date is still to come.")), "dates")
    for one in event.occurrences:
        if one.cancelled_at is None:
            yield from _date(one, now)


def _date(one: Occurrence, now: datetime) -> Iterator[Finding]:
    def doubt(sentence: str, **values: object) -> Finding:
        return Finding(Level.DOUBT, Invalid(sentence, key="", **values), f"dates/{one.key}", one)

    start = timezones.local(one.starts_at, one.tzid)
    if one.ends_at <= now:
        yield doubt(N_("This date is over."))
        return
    if one.starts_at - now > FAR_AHEAD:
        yield doubt(N_("This date is more than two years ahead. Is the year right?"))
    if start.hour < NIGHT_ENDS:
        yield doubt(
            N_("It begins in the night, at %(clock)s in %(city)s. Is it morning and not evening?"),
            clock=start.time(),
            city=ZoneCity(one.tzid),
        )
    if one.ends_at - one.starts_at > LONG:
        yield doubt(N_("It lasts longer than twelve hours. Is the end right?"))
    try:
        timezones.resolve(one.dtstart_local, one.tzid)
    except timezones.AmbiguousTime:
        yield doubt(N_("The clocks go back on this day and show this time twice. Is the right one meant?"))
    except Invalid:
        yield doubt(N_("The clocks go forward on this day, so that this time does not exist any more."))


def _weekdays(event: Event) -> Iterator[Finding]:
    """Texts that name a day of the week on which there is no date for those who read them."""
    for variant in event.variants:
        text = "\n".join(getattr(variant, name) for name in _TEXTS)
        tag = variant.language_tag
        named = weekdays_named(text, tag)
        held = {timezones.local(one.starts_at, one.tzid).weekday() for one in _held_for(event, tag)}
        if held.isdisjoint(named):
            for day in sorted(named):
                sentence = N_("The text says “%(weekday)s”, but no date is on that day of the week.")
                words = Invalid(sentence, weekday=weekday_name(day, tag))
                yield Finding(Level.DOUBT, words, "words", tag=tag)


def _held_for(event: Event, tag: str) -> list[Occurrence]:
    """The dates for readers of one language; all of them where none is."""
    theirs = [one for one in event.occurrences if one.language_tag is None or related(one.language_tag, tag)]
    return theirs or event.occurrences


# Rooms


def _room(one: Occurrence) -> Iterator[Finding]:
    room, mend = one.conference, f"dates/{one.key}"
    if room is None:
        if not one.location:
            sentence = N_("There is neither a room nor an address yet, so nobody knows where to go.")
            yield Finding(Level.DOUBT, Invalid(sentence), mend, one)
        return
    if not (room.url or room.meeting_id):
        yield Finding(Level.DOUBT, Invalid(N_("There is no link and no meeting ID yet.")), mend, one)
        return
    try:
        rooms.check_room(room.provider, room.url, room.meeting_id, one.event.organization.conference_hosts)
    except Invalid as error:
        yield Finding(Level.WRONG, error, mend, one)
    for sentence, values in _doubts_of(one, room):
        yield Finding(Level.DOUBT, Invalid(sentence, key="", **values), mend, one)


def _doubts_of(one: Occurrence, room: Conference) -> Iterator[tuple[str, dict[str, object]]]:
    if room.provider is ConferenceProvider.ZOOM:
        yield from _doubts_of_zoom(one, room)
    if room.access is ConferenceAccess.PUBLIC:
        yield N_("Everybody who opens the event's page sees how to get into the room."), {}
    elif one.registration is RegistrationNeed.NONE:
        yield N_("Nobody registers for this date, so nobody gets to see the room."), {}


def _doubts_of_zoom(one: Occurrence, room: Conference) -> Iterator[tuple[str, dict[str, object]]]:
    if not room.passcode and "pwd=" not in room.url:
        yield N_("The room has no passcode here. If Zoom asks for one, nobody gets in."), {}
    path = urlsplit(room.url).path
    if "/my/" in path or len(room.meeting_id) == PERSONAL_DIGITS:
        sentence = N_("This looks like somebody's personal meeting room. Whoever knows it can come in at any time.")
        yield sentence, {}
    if "/register/" in path:
        yield N_("The link leads to Zoom's own registration form and not into the room."), {}
    if "tk=" in room.url:
        yield N_("The link is one person's own (tk=). Whoever uses it joins as that person."), {}
    if one.capacity is not None and one.capacity > MOST_SEATS:
        sentence = N_("There are %(capacity)s places, and a Zoom room takes %(most)s at most. Is it a webinar?")
        yield sentence, {"capacity": one.capacity, "most": MOST_SEATS}
    elif one.capacity is not None and one.capacity > MEETING_SEATS:
        sentence = N_(
            "There are %(capacity)s places. A Zoom room takes 100, 300, 500 or 1,000 people, by the host's licence."
        )
        yield sentence, {"capacity": one.capacity}


def _shared_rooms(session: Session, coming: Sequence[Occurrence]) -> Iterator[Finding]:
    """Dates of the whole organization that meet in one room while another one is on."""
    mine = [one for one in coming if one.conference is not None and _entrance(one.conference)]
    if not mine:
        return
    event = mine[0].event
    meeting = aliased(Conference)
    others = session.scalars(
        select(Occurrence)
        .join(Occurrence.event)
        .join(meeting, meeting.occurrence_id == Occurrence.id)
        .where(
            Event.organization_id == event.organization_id,
            Event.cancelled_at.is_(None),
            Occurrence.cancelled_at.is_(None),
            Occurrence.ends_at > min(one.starts_at for one in mine),
            Occurrence.starts_at < max(one.ends_at for one in mine),
        )
        .options(joinedload(Occurrence.conference), joinedload(Occurrence.event).selectinload(Event.variants))
    ).all()
    for one in mine:
        for other in others:
            if other.id != one.id and _meet(one, other):
                sentence = N_("Another date is in the same room at the same time: %(title)s, %(when)s.")
                when = timezones.local(other.starts_at, one.tzid).replace(tzinfo=None)
                words = Invalid(sentence, title=_title(other.event), when=when)
                yield Finding(Level.DOUBT, words, f"dates/{one.key}", one)


def _meet(one: Occurrence, other: Occurrence) -> bool:
    rooms_of_both = [room for room in (one.conference, other.conference) if room is not None]
    same = len(rooms_of_both) > 1 and _entrance(rooms_of_both[0]) == _entrance(rooms_of_both[1])
    return same and one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _entrance(room: Conference) -> str:
    """What two dates in one room have in common."""
    return room.meeting_id or rooms.number_in_link(room.url) or room.url.partition("?")[0].rstrip("/").lower()


def _title(event: Event) -> str:
    titles = {variant.language_tag: variant.summary for variant in event.variants}
    return titles.get(event.default_language_tag, event.slug)


# Languages, registration, contact


def _languages(event: Event) -> Iterator[Finding]:
    missing = missing_by_language(record_of(event))
    for variant in event.variants:
        if number := missing[variant.language_tag]:
            words = Invalid(N_("Texts that are missing in this language: %(number)s."), number=number)
            yield Finding(Level.DOUBT, words, "words", tag=variant.language_tag)
    if missing[""]:
        sentence = N_("The picture is described in no language, so whoever cannot see it is told nothing.")
        yield Finding(Level.DOUBT, Invalid(sentence), "words")
    for variant in outdated_variants(event):
        sentence = N_("Some texts are older than those in %(language)s. Do they still say the same?")
        words = Invalid(sentence, language=language_name(event.default_language_tag, variant.language_tag))
        yield Finding(Level.DOUBT, words, "words", tag=variant.language_tag)


def outdated_variants(event: Event) -> list[LanguageVariant]:
    """Languages that have a text which is older than the same one in the default language."""
    by_tag = {variant.language_tag: variant for variant in event.variants}
    default = by_tag.get(event.default_language_tag)
    if default is None:
        return []
    return [
        variant
        for variant in event.variants
        if variant is not default
        and any(getattr(variant, name) and at > variant.changed.get(name, "") for name, at in default.changed.items())
    ]


def _registration(event: Event, coming: Sequence[Occurrence], now: datetime) -> Iterator[Finding]:
    registering = [one for one in coming if one.registration is RegistrationNeed.REQUIRED]
    if not registering:
        return
    first, last = registering[0].starts_at, max(one.starts_at for one in registering)
    if event.closes_at is not None and event.closes_at <= now:
        yield Finding(Level.WRONG, Invalid(N_("Registration is closed already, so nobody can register.")), "details")
    elif event.closes_at is not None and event.closes_at > first:
        sentence = N_("Registration closes after the first date has begun.")
        yield Finding(Level.DOUBT, Invalid(sentence), "details")
    if event.opens_at is not None and event.closes_at is not None and event.closes_at <= event.opens_at:
        yield Finding(Level.WRONG, Invalid(N_("Registration closes before it opens.")), "details")
    if event.opens_at is not None and event.opens_at >= last:
        yield Finding(Level.WRONG, Invalid(N_("Registration opens when all dates have begun.")), "details")
    elif event.opens_at is not None and event.opens_at > now:
        day = Day.of(timezones.local(event.opens_at, event.opens_tzid or "Etc/UTC"))
        yield Finding(Level.DOUBT, Invalid(N_("Nobody can register before %(day)s."), day=day), "details")
    for one in registering:
        if one.capacity == 0:
            words = Invalid(N_("There are 0 places, so nobody can register for this date."))
            yield Finding(Level.DOUBT, words, f"dates/{one.key}", one)


def _contact(event: Event) -> Iterator[Finding]:
    if not (event.contact or event.organization.contact):
        sentence = N_("There is no contact, so people have nobody to ask.")
        yield Finding(Level.DOUBT, Invalid(sentence), "details")
    if not event.organization.privacy_url and any(one.registration.value == "required" for one in event.occurrences):
        sentence = N_("The organization names no privacy notice, and people leave their data here.")
        yield Finding(Level.DOUBT, Invalid(sentence), ORGANIZATION)
