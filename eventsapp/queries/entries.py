"""Rows as calendar entries: one occurrence in one language, for everybody or for the one person who holds a place.

The room's own link, number and passcode stand in a public entry of a public room and nowhere else. A person's entry
carries that person's join link alone, because a room may change after the letter left.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from eventsapp.config import Settings
from eventsapp.domain import timezones
from eventsapp.domain.addresses import for_headers
from eventsapp.domain.entry import CalendarEntry, DialIn, Party, Room
from eventsapp.domain.joining import Stage, Window, stage
from eventsapp.domain.languages import language_name, lookup, related, spoken
from eventsapp.domain.links import token
from eventsapp.domain.markdown import to_plain
from eventsapp.domain.rooms import join_url, ways_into
from eventsapp.domain.vocabulary import ConferenceAccess, PlaceState, Purpose, StaffRole
from eventsapp.models import (
    AddressChange,
    Assignment,
    Conference,
    Event,
    LanguageVariant,
    Occurrence,
    Place,
    Registration,
)
from eventsapp.translations import gettext as _
from eventsapp.translations import speaking

CONFIRMED, CANCELLED = "CONFIRMED", "CANCELLED"
_GONE = (PlaceState.CANCELLED, PlaceState.DECLINED)


def variant(event: Event, asked: str) -> LanguageVariant:
    """The event's words for a reader who asked for ``asked``: that tag, its parents, the event's default."""
    by_tag = {words.language_tag: words for words in event.variants}
    return by_tag[lookup(asked, list(by_tag), event.default_language_tag)]


def held_tag(occurrence: Occurrence, asked: str) -> str:
    """The language an occurrence is held in; where it is held in all of the event's, the one that serves ``asked``."""
    return occurrence.language_tag or variant(occurrence.event, asked).language_tag


def text_for(asked: str, texts: Mapping[str, str], event: Event) -> tuple[str, str]:
    """Of texts by language tag the one that serves ``asked``, and its tag: "" where it is for all languages.

    Where none serves it is the one for all, or in the event's default language, or any. Two empty texts: there is none.
    """
    return text_in(asked, texts, event.default_language_tag)


def text_in(asked: str, texts: Mapping[str, str], default_tag: str) -> tuple[str, str]:
    """The same, where the event had another default language."""
    texts = {tag: text for tag, text in texts.items() if text}
    if not texts:
        return "", ""
    fallback = next(tag for tag in ("", default_tag, *texts) if tag in texts)
    tag = lookup(asked, [tag for tag in texts if tag], fallback)
    return texts[tag], tag


def page_url(event: Event, tag: str, *, settings: Settings) -> str:
    """The absolute address of the event's page in one of its languages."""
    return f"{settings.base_url}/{tag}/events/{quote(event.slug, safe='')}"


def personal_join_url(registration: Registration, *, settings: Settings) -> str:
    """The join link of one person; whoever has it gets in, so it travels by mail alone."""
    return f"{settings.base_url}/j/{personal_token(registration, Purpose.JOIN, settings=settings)}"


def personal_manage_url(registration: Registration, *, settings: Settings) -> str:
    """Where one person changes or cancels the registration; whoever has it can, so it travels by mail alone."""
    return f"{settings.base_url}/manage/{personal_token(registration, Purpose.MANAGE, settings=settings)}"


def address_change_url(change: AddressChange, *, settings: Settings) -> str:
    """Where the reader of a new address says that the registration may move there."""
    return f"{settings.base_url}/address/{token(settings.link_key, Purpose.ADDRESS, change.public_id)}"


def personal_verify_url(registration: Registration, *, settings: Settings) -> str:
    """Where whoever reads the letters to an address says that it is theirs; so it travels by mail alone."""
    return f"{settings.base_url}/verify/{personal_token(registration, Purpose.VERIFY, settings=settings)}"


def unsubscribe_url(registration: Registration, purpose: Purpose, *, settings: Settings) -> str:
    """Where whoever gets reminders or follow-ups ends them, by a press or by their mail program (RFC 8058)."""
    kind = purpose.replace("_", "-")
    return f"{settings.base_url}/unsubscribe/{kind}/{personal_token(registration, purpose, settings=settings)}"


def personal_token(registration: Registration, purpose: Purpose, *, settings: Settings) -> str:
    """The token of one person for one purpose, good until ``link_generation`` rises."""
    return token(settings.link_key, purpose, registration.public_id, registration.link_generation)


def public_entry(occurrence: Occurrence, tag: str, *, settings: Settings) -> CalendarEntry:
    """What everybody may read. ``tag`` is asked for; the entry is in the language that serves it."""
    status = _status(occurrence)
    room = _public_room(occurrence.conference) if status == CONFIRMED else None
    entry = _entry(occurrence, tag, status, room.url if room else "", settings)
    return replace(entry, room=room, transparent=True)


def personal_entry(
    place: Place, *, settings: Settings, tag: str | None = None, sequence: int | None = None, status: str | None = None
) -> CalendarEntry:
    """What the holder of a place is sent, in the registration's language unless ``tag`` says otherwise.

    ``sequence`` and ``status`` hold a letter to what it was written for. The join link stands only in the entry of a
    confirmed place, and not where people meet at an address alone.
    """
    occurrence, registration = place.occurrence, place.registration
    if status is None:
        status = CANCELLED if place.state in _GONE else _status(occurrence)
    joins = status == CONFIRMED and place.state is PlaceState.CONFIRMED and is_online(occurrence)
    own_url = personal_join_url(registration, settings=settings) if joins else ""
    entry = _entry(occurrence, tag or registration.language_tag, status, own_url, settings)
    revised_at = max(occurrence.revised_at, place.changed_at)
    return replace(
        entry,
        sequence=occurrence.sequence + place.revision if sequence is None else sequence,
        dtstamp=revised_at,
        last_modified=revised_at,
        url=own_url or entry.url,
        attendee=_attendee(registration),
        place_alone=status == CANCELLED and _status(occurrence) == CONFIRMED,
    )


def staff_entry(assignment: Assignment, *, settings: Settings) -> CalendarEntry:
    """What a host or interpreter is sent, in their language, with the room itself while they work there.

    It is an entry of its own, by its ``uid``: who gives up a place at the same date, or another role, still has it.
    """
    occurrence, staff = assignment.occurrence, assignment.staff
    status = CANCELLED if assignment.ended_at is not None else _status(occurrence)
    room = _room(occurrence.conference) if status == CONFIRMED and occurrence.conference else None
    entry = _entry(occurrence, staff.language_tag, status, room.url if room else "", settings)
    with speaking(entry.language_tag):
        role = _("You interpret on this date") if staff.role is StaffRole.INTERPRETER else _("You host this date")
    revised_at = max(occurrence.revised_at, assignment.changed_at)
    return replace(
        entry,
        uid=f"{staff.role}-{entry.uid}",
        lead="\n".join(filter(None, [role if status == CONFIRMED else "", entry.lead])),
        sequence=occurrence.sequence + assignment.revision,
        dtstamp=revised_at,
        last_modified=revised_at,
        attendee=Party(for_headers(staff.email), staff.name),
        room=room,
        place_alone=status == CANCELLED and _status(occurrence) == CONFIRMED,
    )


def window_of(occurrence: Occurrence) -> Window:
    return Window(occurrence.starts_at, occurrence.ends_at, occurrence.join_opens_seconds)


def stage_of(place: Place, *, now: datetime) -> Stage:
    """How a place stands for its holder who wants to join."""
    called_off = _status(place.occurrence) == CANCELLED
    return stage(place.state, window_of(place.occurrence), now, called_off=called_off)


def personal_room(place: Place, *, now: datetime) -> Room | None:
    """The room as it is now, for the holder of a confirmed place; None where it is cancelled or over."""
    may_know = stage_of(place, now=now) in (Stage.WAITING, Stage.OPEN)
    conference = place.occurrence.conference
    return _room(conference) if may_know and conference is not None else None


def open_room(place: Place, *, now: datetime) -> Room | None:
    """The room that the holder of a place may be led to now; None before it opens, or where no link is known."""
    room = personal_room(place, now=now) if stage_of(place, now=now) is Stage.OPEN else None
    return room if room is not None and ways_into(room.url) else None


def personal_recording(place: Place, asked: str, *, now: datetime) -> tuple[str, str]:
    """What was recorded, for a reader of ``asked``: its address and its language tag, "" for all; or two empty texts.

    It is shown to those to whom the room was: holders of a confirmed place, or everybody where the room was public.
    """
    occurrence = place.occurrence
    shown = place.state is PlaceState.CONFIRMED or _public_room(occurrence.conference) is not None
    if not shown or stage_of(place, now=now) is not Stage.OVER:
        return "", ""
    followed = {tag: url for tag, url in occurrence.recording.items() if ways_into(url)}
    return text_for(asked, followed, occurrence.event)


def _entry(occurrence: Occurrence, asked: str, status: str, join_url: str, settings: Settings) -> CalendarEntry:
    """What both kinds share; ``join_url`` may be empty."""
    event, words = occurrence.event, variant(occurrence.event, asked)
    tag = words.language_tag
    with speaking(tag):
        lead = _("Join: %(url)s", url=join_url) if join_url else ""
        description = _description(occurrence, words)
    return CalendarEntry(
        uid=occurrence.uid,
        sequence=occurrence.sequence,
        dtstamp=occurrence.revised_at,
        created=occurrence.created_at,
        last_modified=occurrence.revised_at,
        tzid=occurrence.tzid,
        dtstart_local=occurrence.dtstart_local,
        dtend_local=timezones.local(occurrence.ends_at, occurrence.tzid).replace(tzinfo=None, fold=0),
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        language_tag=tag,
        summary=words.summary,
        description=description,
        location=text_for(tag, occurrence.location, event)[0],
        url=page_url(event, tag, settings=settings),
        status=status,
        organizer=Party(settings.mail_from, event.organization.sender_name or event.organization.name),
        join_url=join_url,
        lead=lead,
        categories=tuple(text_for(tag, topic, event)[0] for topic in event.topics),
    )


def _description(occurrence: Occurrence, words: LanguageVariant) -> str:
    """Speaks the language in force."""
    parts = []
    held = occurrence.language_tag
    if held and not related(held, words.language_tag):
        parts.append(_("Held in %(language)s.", language=language_name(spoken(held), words.language_tag)))
    parts.append(to_plain(words.description))
    if words.what_to_bring:
        parts.append(_("What to bring") + "\n" + to_plain(words.what_to_bring))
    return "\n\n".join(part for part in parts if part)


def _status(occurrence: Occurrence) -> str:
    return CANCELLED if occurrence.called_off else CONFIRMED


def is_online(occurrence: Occurrence) -> bool:
    """Whether there is or will be a room to join: an occurrence without an address is held nowhere else."""
    return occurrence.conference is not None or not any(occurrence.location.values())


def _public_room(conference: Conference | None) -> Room | None:
    if conference is None or conference.access is not ConferenceAccess.PUBLIC:
        return None
    return _room(conference)


def _room(conference: Conference) -> Room:
    return Room(
        provider=conference.provider,
        kind=conference.kind,
        url=conference.url or join_url(conference.meeting_id),
        meeting_id=conference.meeting_id,
        passcode=conference.passcode,
        dial_in=tuple(
            DialIn(line.get("number", ""), line.get("country", ""), line.get("city", "")) for line in conference.dial_in
        ),
    )


def _attendee(registration: Registration) -> Party | None:
    """None once the person's data were erased."""
    if registration.email is None:
        return None
    return Party(for_headers(registration.email), registration.name or "")
