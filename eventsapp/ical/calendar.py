"""Entries as calendar files: PUBLISH for a download or feed, REQUEST and CANCEL for one person's mail (RFC 5546).

The same entries give the same bytes, always: no clock and no chance in this room. Only this room knows METHOD.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial

from icalendar import Event, vCalAddress, vUri
from icalendar.prop import vCategory

from eventsapp.domain import timezones
from eventsapp.domain.entry import CalendarEntry, Party, Room
from eventsapp.domain.languages import direction
from eventsapp.domain.rooms import grouped
from eventsapp.domain.vocabulary import ConferenceKind
from eventsapp.domain.wording import time_words
from eventsapp.ical.check import check
from eventsapp.ical.text import QuotedParameters, Text, mailto, one_line, paragraphs, uri
from eventsapp.ical.timezone import CompactZone, zone_for
from eventsapp.ical.written import Written, folded
from eventsapp.translations import gettext as _
from eventsapp.translations import pgettext, speaking

PRODID = "-//eventsapp//eventsapp//EN"
REFRESH = "PT1H"
CANCELLED = "CANCELLED"
LEFT_TO_RIGHT = "\u200e"  # keeps the groups of a number in their order within lines that run the other way


def publish(
    entries: Sequence[CalendarEntry], *, name: str = "", url: str = "", written: Written | None = None
) -> bytes:
    """A file to download or subscribe to: no ATTENDEE, whoever reads it. Entries have different ``uid``.

    ``url`` is the address of a feed that is read again and again, ``name`` what it is called there; leave both out of a
    file that is added once, or Outlook makes a calendar of its own of it. What ``written`` has already is not written
    again, and what it has not is added to it.
    """
    lines = []
    if name:
        lines += [_text_line("NAME", name), _text_line("X-WR-CALNAME", name)]
    if url:
        lines += [f"SOURCE;VALUE=URI:{uri(url)}", f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"]
        lines += [f"X-PUBLISHED-TTL:{REFRESH}"]
    return _calendar("PUBLISH", entries, lines, written)


def request(entry: CalendarEntry) -> bytes:
    """The invitation for one registered person, already accepted: calendars show it without asking for a reply."""
    return _calendar("REQUEST", [entry])


def cancel(entry: CalendarEntry) -> bytes:
    """Takes the invitation back. ``entry.sequence`` must be higher than what was sent before."""
    return _calendar("CANCEL", [entry])


def description(entry: CalendarEntry) -> str:
    """The notes of an entry as plain text: how to join, the time in words, what it is about, where to read more."""
    with speaking(entry.language_tag):
        parts = [
            _cancelled(entry),
            "\n".join([line for line in (entry.lead, *room_lines(entry.room, entry.language_tag)) if line]),
            time_words(entry.starts_at, entry.ends_at, entry.tzid, entry.language_tag).whole,
            entry.description,
        ]
    if entry.url not in entry.lead:
        parts.append(entry.url)
    return paragraphs("\n\n".join(part for part in parts if part))


def _cancelled(entry: CalendarEntry) -> str:
    if entry.status != CANCELLED:
        return ""
    return pgettext("place", "Cancelled") if entry.place_alone else _("Cancelled")


def room_lines(room: Room | None, tag: str) -> list[str]:
    """Number, passcode and telephone numbers, a line each; speaks the language in force, which is that of ``tag``."""
    if room is None:
        return []
    mark = LEFT_TO_RIGHT if direction(tag) == "rtl" else ""
    lines = []
    if room.meeting_id:
        number = mark + grouped(room.meeting_id)
        webinar = room.kind is ConferenceKind.WEBINAR
        lines.append(_("Webinar ID: %(id)s", id=number) if webinar else _("Meeting ID: %(id)s", id=number))
    if room.passcode:
        lines.append(_("Passcode: %(passcode)s", passcode=mark + room.passcode))
    for line in room.dial_in:
        place = ", ".join(word for word in (line.city, line.country) if word)
        number = f"{mark}{line.number} ({place})" if place else f"{mark}{line.number}"
        lines.append(_("By phone: %(number)s", number=number))
    return lines


def _calendar(
    method: str, entries: Sequence[CalendarEntry], names: Iterable[str] = (), written: Written | None = None
) -> bytes:
    if len({entry.uid for entry in entries}) != len(entries):
        raise ValueError("two entries of one file have the same uid")
    zones: dict[str, CompactZone] = {}
    parts: list[tuple[bytes, int]] = []
    for entry in entries:
        zone = _zone(entry, zones)
        lines = partial(_event_lines, method, entry, zone)
        parts.append(folded(lines()) if written is None else written.octets(entry, lines, in_utc=zone is None))
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", f"METHOD:{method}", *names]
    head += [line for zone in zones.values() for line in zone.lines]
    parts = [folded(head), *parts, folded(["END:VCALENDAR"])]
    data = b"".join(octets for octets, _number in parts)
    check(data, method=method, events=len(entries), zones=zones, lines=sum(number for _octets, number in parts))
    return data


def _zone(entry: CalendarEntry, zones: dict[str, CompactZone]) -> CompactZone | None:
    """The entry's time zone, noted in ``zones``; None for UTC. One file holds one block for a TZID."""
    zone = zone_for(entry.tzid, entry.dtstart_local, entry.starts_at, entry.dtend_local, entry.ends_at)
    if zone is None or zones.setdefault(entry.tzid, zone).lines != zone.lines:
        return None
    return zone


def _event_lines(method: str, entry: CalendarEntry, zone: CompactZone | None) -> list[str]:
    event = Event()  # no LANGUAGE on any text: node-ical, for one, hands a text with parameters on as something else
    event.add("UID", Text(one_line(entry.uid)))
    event.add("SEQUENCE", entry.sequence)
    event.add("DTSTAMP", entry.dtstamp)
    event.add("CREATED", entry.created)
    event.add("LAST-MODIFIED", entry.last_modified)
    event.add("DTSTART", _time(entry.dtstart_local, entry.starts_at, zone))
    event.add("DTEND", _time(entry.dtend_local, entry.ends_at, zone))
    event.add("SUMMARY", Text(one_line(entry.summary)))
    event.add("DESCRIPTION", Text(description(entry)))
    if place := location(entry):
        event.add("LOCATION", Text(place))
    if entry.url:
        event.add("URL", vUri(uri(entry.url)))
    if entry.join_url:
        event.add("CONFERENCE", _conference(entry))
    if categories := [one_line(word) for word in entry.categories if one_line(word)]:
        event.add("CATEGORIES", vCategory(categories))
    event.add("STATUS", Text(CANCELLED if method == "CANCEL" else entry.status))
    event.add("TRANSP", Text("TRANSPARENT" if entry.transparent else "OPAQUE"))
    event.add("ORGANIZER", _party(entry.organizer))
    if method != "PUBLISH":
        if entry.attendee is None:
            raise ValueError(f"{method} goes to one person, but the entry names none")
        event.add("ATTENDEE", _party(entry.attendee, ROLE="REQ-PARTICIPANT", PARTSTAT="ACCEPTED", RSVP="FALSE"))
    return [line for line in event.content_lines(sorted=False) if line]


def _time(wall: datetime, at: datetime, zone: CompactZone | None) -> datetime:
    if zone is None:
        return at.astimezone(UTC).replace(microsecond=0)
    return wall.replace(tzinfo=timezones.tzinfo(zone.tzid), microsecond=0)


def location(entry: CalendarEntry) -> str:
    """One line: the address, or else where the occurrence is joined."""
    address = ", ".join(part for line in entry.location.splitlines() if (part := line.strip(" ,")))
    return one_line(address) or uri(entry.join_url)


def _conference(entry: CalendarEntry) -> vUri:
    with speaking(entry.language_tag):
        label = _("Join")
    conference = vUri(uri(entry.join_url))
    conference.params = QuotedParameters(VALUE="URI", FEATURE="VIDEO", LABEL=label)
    return conference


def _party(party: Party, **parameters: str) -> vCalAddress:
    address = vCalAddress(mailto(party.email))
    name = {"CN": one_line(party.name)} if one_line(party.name) else {}
    address.params = QuotedParameters(**name, **parameters)
    return address


def _text_line(name: str, text: str) -> str:
    return f"{name}:{Text(one_line(text)).to_ical().decode()}"
