"""The form of one date: when it is, what holds at it, and its room. It reads and writes ``OccurrenceRecord``."""

import re
from collections.abc import Callable
from dataclasses import replace

from eventsapp.domain import rooms
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import direction, own_name
from eventsapp.domain.text import clean_line
from eventsapp.domain.vocabulary import ConferenceAccess, ConferenceKind, ConferenceProvider, RegistrationNeed
from eventsapp.models import Event
from eventsapp.reading.invitation import dial_in_text, read_dial_in, read_invitation
from eventsapp.reading.settle import LONGEST_ZOOM_PASSCODE
from eventsapp.reading.values import JOIN_OPENS_SECONDS, ConferenceRecord, Labels, OccurrenceRecord
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Kind, Option, Typed
from eventsapp.web.organizer.dates.when import WhenForm, usual_when
from eventsapp.web.organizer.saving import VERSION

MOST_PLACES = 1_000_000
MOST_MINUTES = 7 * 24 * 60
ABOUT = ("language", "capacity", "registration", "join_opens")
ROOM = ("meeting_id", "passcode", "url", "dial_in")
USUAL_SECONDS = 3600
READ = "read"  # the button beside what is pasted
_KEYS = {"start": "date", "tzid": "zone", "duration": "length", "id": "date"}
_OF_OCCURRENCE = re.compile(r"occurrences(?:\[\d+\])?\.(?:conference\.)?(\w+)(?:\.([\w-]+)|\[.*)?")


class DateForm(WhenForm):
    """``pasted``: an invitation was read into the room's fields just now, so nothing is saved yet."""

    def __init__(
        self,
        event: Event,
        tag: str,
        *,
        given: OccurrenceRecord | None = None,
        typed: Typed | None = None,
        dated: bool = True,
        **more: Entry,
    ) -> None:
        self.event, self.given = event, given
        self.tags = [variant.language_tag for variant in event.variants]
        self.pasted = False
        fields = about_fields(self.tags, given) | place_fields(self.tags) | room_fields()
        super().__init__(tag, version=_seen(typed, event), **fields, **more)
        start = given.start if given and dated else None
        tzid = given.start.tzid if given else event.organization.default_tzid
        seconds = given.duration_seconds if given else USUAL_SECONDS
        self.fill(typed, usual_when(start, seconds, tzid, tag) | usual_about(given) | usual_room(given))
        if typed is not None and (READ in typed or self["paste"].text.strip()):
            self._read_pasted()

    def occurrence(self, key: str) -> OccurrenceRecord | None:
        """The date that the form describes; None where something is wrong, and then the fields say what."""
        start = self.read_when()
        for name in ABOUT:
            self[name].read()
        conference = self._conference()
        location, recording = self._labels("location"), self._labels("recording", check=_secure)
        if start is None or self.mistakes:
            return None
        return OccurrenceRecord(
            id=key,
            start=start,
            duration_seconds=self.seconds,
            language=self["language"].text or None,
            capacity=self["capacity"].value,
            location=location,
            registration=RegistrationNeed(self["registration"].value),
            join_opens_seconds=self["join_opens"].value * 60,
            cancelled=self.given is not None and self.given.id == key and self.given.cancelled,
            conference=conference,
            recording=recording,
        )

    def field_of(self, key: str) -> str:
        found = _OF_OCCURRENCE.fullmatch(key)
        name = _KEYS.get(found[1], found[1]) if found else key
        own = f"{name}-{found[2]}" if found and found[2] else name
        return own if own in self else name if name in self else ""

    @property
    def shown_to_all(self) -> bool:
        return self["access"].text == ConferenceAccess.PUBLIC

    def _read_pasted(self) -> None:
        found = read_invitation(self["paste"].text)
        self.pasted = bool(found)
        if not found:
            self["paste"].blame(Invalid(N_("There is no link and no meeting ID in this text.")))
            return
        values = {"meeting_id": rooms.grouped(found.meeting_id), "passcode": found.passcode, "url": found.url}
        for name, value in (values | {"dial_in": dial_in_text(found.dial_in)}).items():
            self[name].process_data(value)
        self["paste"].process_data("")

    def _conference(self) -> ConferenceRecord | None:
        before = self.given.conference if self.given else None
        number, url, passcode = (clean_line(self[name].text, 2000) for name in ("meeting_id", "url", "passcode"))
        for name in ("dial_in", "kind", "access"):
            self[name].read()
        if not (number or url or passcode or self["dial_in"].text.strip()):
            empty = before is not None and not (before.url or before.meeting_id or before.passcode or before.dial_in)
            return before if empty else None
        provider = rooms.provider_of(url, number)
        try:
            number = rooms.meeting_id(number) if number else ""
            rooms.check_room(provider, url, number, tuple(self.event.organization.conference_hosts))
        except Invalid as error:
            self[error.key].blame(error)
        if provider is ConferenceProvider.ZOOM:
            number = number or rooms.number_in_link(url)
            self._check_passcode(passcode)
        return ConferenceRecord(
            provider=provider,
            kind=ConferenceKind(self["kind"].value or ConferenceKind.MEETING),
            meeting_id=number,
            passcode=passcode,
            url=url,
            dial_in=self["dial_in"].value or (),
            access=ConferenceAccess(self["access"].value or ConferenceAccess.REGISTERED),
        )

    def _check_passcode(self, passcode: str) -> None:
        if len(passcode) > LONGEST_ZOOM_PASSCODE:
            message = N_("A Zoom passcode has %(most)s characters at most; what stands behind pwd= is another thing.")
            self["passcode"].blame(Invalid(message, most=LONGEST_ZOOM_PASSCODE))

    def _labels(self, name: str, check: Callable[[str], str] = str) -> Labels:
        """One text for all languages; where some have their own, the others get the common one by name."""
        typed: dict[str, str] = {}
        for tag in ("", *self.tags):
            field = self[_field(name, tag)]
            try:
                typed[tag] = check(clean_line(field.text, 2000 if check is _secure else 300))
            except Invalid as error:
                field.blame(error)
        common = typed.pop("", "")
        if not any(typed.values()):
            return {"": common} if common else {}
        return {tag: own or common for tag, own in typed.items() if own or common}


def _seen(typed: Typed | None, event: Event) -> int:
    """The version that the form was opened with, however often it is shown again."""
    given = typed.get(VERSION, "") if typed is not None else ""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else event.version  # noqa: PLR2004


def about_fields(tags: list[str], given: OccurrenceRecord | None) -> dict[str, Entry]:
    held = given.language if given else None
    spoken = [*tags, *([held] if held and held not in tags else [])]
    return {
        "language": Entry(
            Words(_("Held in")),
            "select",
            options=[Option("", Words(_("All languages of the event"))), *map(_language, spoken)],
            check=_among({"", *spoken}),
        ),
        "capacity": Entry(
            Words(_("Places")),
            "number",
            hint=Words(_("Leave it empty for no limit.")),
            optional=True,
            check=_count("capacity", 1, MOST_PLACES),
        ),
        "registration": Entry(
            Words(_("Do people register?")),
            "radio",
            options=[
                Option(RegistrationNeed.REQUIRED, Words(_("Yes, before they take part"))),
                Option(RegistrationNeed.NONE, Words(_("No, everybody can simply come"))),
            ],
            check=_among(set(RegistrationNeed)),
        ),
        "join_opens": Entry(
            Words(_("How many minutes before the start people are let into the room")),
            "number",
            check=_count("join_opens", 0, MOST_MINUTES),
        ),
    }


def place_fields(tags: list[str]) -> dict[str, Entry]:
    """A text for all languages, and one for each of the event's."""
    fields = {}
    both: list[tuple[str, str, Kind]] = [
        ("location", _("Address"), "text"),
        ("recording", _("Link to the recording"), "url"),
    ]
    for name, words, kind in both:
        fields[name] = Entry(Words(words), kind, optional=True)
        for tag in tags:
            own = Words(own_name(tag), tag, direction(tag))
            fields[_field(name, tag)] = Entry(own, kind, optional=True)
    return fields


def room_fields() -> dict[str, Entry]:
    return {
        "paste": Entry(
            Words(_("Paste the invitation or the link")),
            "long",
            hint=Words(_("Number, passcode, link and telephone numbers are read from it and filled in below.")),
            optional=True,
        ),
        "kind": Entry(
            Words(_("Kind of room")),
            "radio",
            options=[
                Option(ConferenceKind.MEETING, Words(_("Meeting: everybody can speak"))),
                Option(ConferenceKind.WEBINAR, Words(_("Webinar: people listen and ask in writing"))),
            ],
            check=_among(set(ConferenceKind)),
        ),
        "meeting_id": Entry(Words(_("Meeting ID")), optional=True, autocomplete="off"),
        "passcode": Entry(Words(_("Passcode")), optional=True, autocomplete="off"),
        "url": Entry(Words(_("Link to join")), "url", optional=True),
        "dial_in": Entry(
            Words(_("Telephone numbers")),
            "long",
            hint=Words(_("One to a line, like +1 669 900 6833 US (San Jose).")),
            optional=True,
            check=read_dial_in,
        ),
        "access": Entry(
            Words(_("Who sees the room?")),
            "radio",
            options=[
                Option(ConferenceAccess.REGISTERED, Words(_("Only people with a confirmed place, by their own link"))),
                Option(ConferenceAccess.PUBLIC, Words(_("Everybody, on the event’s page: strangers can come in, too"))),
            ],
            check=_among(set(ConferenceAccess)),
        ),
    }


def usual_about(given: OccurrenceRecord | None) -> dict[str, str | list[str]]:
    opens = given.join_opens_seconds if given else JOIN_OPENS_SECONDS
    values: dict[str, str | list[str]] = {
        "registration": given.registration if given else RegistrationNeed.REQUIRED,
        "join_opens": str(opens // 60),
    }
    if given is None:
        return values
    texts = {"location": given.location, "recording": given.recording}
    labels = {_field(name, tag): text for name, by_tag in texts.items() for tag, text in by_tag.items()}
    return values | labels | {"language": given.language or "", "capacity": str(given.capacity or "")}


def usual_room(given: OccurrenceRecord | None) -> dict[str, str | list[str]]:
    room = given.conference if given else None
    room = room or ConferenceRecord()
    return {
        "kind": room.kind,
        "meeting_id": rooms.grouped(room.meeting_id),
        "passcode": room.passcode,
        "url": room.url,
        "dial_in": dial_in_text(room.dial_in),
        "access": room.access,
    }


def without_recording(record: OccurrenceRecord) -> OccurrenceRecord:
    """A date like it: nothing was recorded yet, and nobody called it off."""
    return replace(record, recording={}, cancelled=False)


def _field(name: str, tag: str) -> str:
    return f"{name}-{tag}" if tag else name


def _language(tag: str) -> Option:
    return Option(tag, Words(own_name(tag), tag, direction(tag)))


def _among(values: set[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in values:
            raise Invalid(N_("Choose one of the answers."))
        return text

    return check


def _count(name: str, least: int, most: int) -> Callable[[str], int | None]:
    """A whole number; nothing typed is None where the least is one, which means no limit."""

    def check(text: str) -> int | None:
        text = text.strip().replace(" ", "")
        if not text and least:
            return None
        if text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most:
            return int(text)
        raise Invalid(N_("Enter a whole number from %(least)s to %(most)s."), key=name, least=least, most=most)

    return check


def _secure(text: str) -> str:
    if text:
        rooms.link_host(text)
    return text
