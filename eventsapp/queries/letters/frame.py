"""What all letters about an event share: the frame around them, places as slots, the organizer's own words."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from eventsapp.config import Settings
from eventsapp.domain.addresses import for_headers
from eventsapp.domain.entry import CalendarEntry, Party
from eventsapp.domain.errors import Invalid
from eventsapp.domain.languages import lookup
from eventsapp.domain.vocabulary import LetterKind, PlaceState
from eventsapp.mail.inert import inert
from eventsapp.mail.letters import Letter, Passage, Slot, Was
from eventsapp.models import Event, LetterText, Message, Occurrence, Place, Registration, Staff
from eventsapp.queries.entries import is_online, page_url, personal_entry, text_for, variant

_LIKE_A_CONFIRMATION = frozenset({LetterKind.APPROVED, LetterKind.PROMOTED, LetterKind.ALREADY_REGISTERED})


def messages_of(session: Session, ids: Collection[int]) -> dict[int, Message]:
    """Messages by id as they are now, with what their letters are made of: as many statements for many as for one."""
    registration = joinedload(Message.registration)
    event = registration.selectinload(Registration.event)
    occurrence = registration.selectinload(Registration.places).selectinload(Place.occurrence)
    found = session.scalars(
        select(Message)
        .where(Message.id.in_(ids))
        .options(
            event.joinedload(Event.organization),
            event.selectinload(Event.variants),
            event.selectinload(Event.letter_texts),
            occurrence.joinedload(Occurrence.conference),
        )
        .execution_options(populate_existing=True)
    )
    return {message.id: message for message in found}


def frame_of(message: Message, reader: Registration | Staff, settings: Settings) -> Letter:
    """What any letter about this event has, whoever reads it."""
    event = reader.event
    words = variant(event, reader.language_tag)
    organization = event.organization
    contact = event.contact or organization.contact
    return Letter(
        kind=message.kind,
        public_id=message.public_id,
        message_id=message.message_id,
        thread_of=message.thread_of,
        written_at=message.created_at,
        language_tag=reader.language_tag,
        tzid=reader.tzid,
        recipient=for_headers(message.recipient or ""),
        name="",
        reference="",
        sender=Party(settings.mail_from, organization.sender_name or organization.name),
        reply_to=_address(contact),
        organization=organization.name,
        contact=contact,
        event_slug=event.slug,
        event_url=page_url(event, reader.language_tag, settings=settings),
        summary=Passage(words.summary, words.language_tag),
        what_to_bring=Passage(words.what_to_bring, words.language_tag),
        about=(),
        event_called_off=event.cancelled_at is not None,
        accent=organization.accent,
        privacy_url=organization.privacy_url,
        imprint_url=organization.imprint_url,
    )


def _address(contact: str) -> str:
    try:
        return for_headers(contact)
    except Invalid:
        return ""  # a telephone number or a page: shown, but nothing that a mail can be answered to


def standing_of(place: Place) -> PlaceState:
    """The place's state as its holder has to hear it: no place is left where the date or the event is cancelled."""
    return PlaceState.CANCELLED if place.occurrence.called_off else place.state


def any_confirmed(places: Sequence[Place]) -> bool:
    return any(standing_of(place) is PlaceState.CONFIRMED for place in places)


def is_visited(slot: Slot) -> bool:
    """Whether its holder goes to a place, at whose door a ticket may be asked for."""
    return slot.state is PlaceState.CONFIRMED and bool(slot.location.text)


def slots_of(places: Sequence[Place]) -> tuple[Slot, ...]:
    in_order = sorted(places, key=lambda place: (place.occurrence.starts_at, place.id))
    return tuple(slot_of(place) for place in in_order)


def slot_of(place: Place) -> Slot:
    state = standing_of(place)
    return slot_at(
        place.occurrence,
        place.registration.language_tag,
        state=state,
        called_off=state is PlaceState.CANCELLED and place.state is not PlaceState.CANCELLED,
        held=state is PlaceState.CONFIRMED,
        joins=state is PlaceState.CONFIRMED and is_online(place.occurrence),
    )


def given_up(slot: Slot) -> Slot:
    """As of a place that its holder has given up, whatever has become of it since."""
    return replace(slot, state=PlaceState.CANCELLED, called_off=False, held=False, joins=False)


def slot_at(
    occurrence: Occurrence,
    asked: str,
    *,
    state: PlaceState,
    called_off: bool,
    held: bool,
    joins: bool,
    was: Was | None = None,
) -> Slot:
    """A date as a reader of ``asked`` is shown it, whatever they have to do with it."""
    read_tag = variant(occurrence.event, asked).language_tag
    return Slot(
        key=occurrence.key,
        state=state,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        tzid=occurrence.tzid,
        location=Passage(*text_for(read_tag, occurrence.location, occurrence.event)),
        online=is_online(occurrence),
        held_tag=occurrence.language_tag or "",
        join_opens_seconds=occurrence.join_opens_seconds,
        called_off=called_off,
        held=held,
        joins=joins,
        was=was,
    )


def personal_of(
    place: Place, settings: Settings, *, sequence: int | None = None, status: str | None = None
) -> CalendarEntry:
    return with_inert_name(personal_entry(place, settings=settings, sequence=sequence, status=status))


def with_inert_name(entry: CalendarEntry) -> CalendarEntry:
    """Calendars show the attendee's name to whoever reads them, and some link what looks like an address."""
    attendee = entry.attendee
    return replace(entry, attendee=replace(attendee, name=inert(attendee.name)) if attendee else None)


def own_words(event: Event, kind: LetterKind, asked: str, part: str, *, as_confirmed: bool = False) -> Passage | None:
    """The organizer's subject or body: asked language, its parents, the event's default.

    ``as_confirmed``: whoever gets a place later reads what a confirmation would have said, unless that letter has
    words of its own.
    """
    kinds = [kind]
    if as_confirmed and kind in _LIKE_A_CONFIRMATION:
        kinds.append(LetterKind.CONFIRMATION)
    for wanted in kinds:
        texts: dict[str, LetterText] = {
            text.language_tag: text for text in event.letter_texts if text.kind is wanted and getattr(text, part)
        }
        tag = lookup(asked, list(texts), event.default_language_tag)
        if tag in texts:
            return Passage(getattr(texts[tag], part), tag)
    return None
