"""The outbox, read: one queued row as the letter it has become by now, and the list that the command line shows."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload, selectinload

from eventsapp.config import Settings
from eventsapp.domain.addresses import hinted, read_address
from eventsapp.domain.entry import CalendarEntry, Party
from eventsapp.domain.errors import Invalid
from eventsapp.domain.languages import lookup
from eventsapp.domain.vocabulary import LetterKind, MessageState, Parting, PlaceState
from eventsapp.mail.inert import inert
from eventsapp.mail.letters import Invitation, Letter, Passage, Slot
from eventsapp.models import AddressChange, Event, LetterText, Message, Occurrence, Place, Registration
from eventsapp.queries.entries import (
    CANCELLED,
    address_change_url,
    page_url,
    personal_entry,
    personal_join_url,
    personal_manage_url,
    personal_verify_url,
    text_for,
    variant,
)
from eventsapp.queries.registrations import is_proved

_LIVE = frozenset({PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING})
_CONFIRMED = frozenset({PlaceState.CONFIRMED})
# A letter still tells the truth while one of the places it is about is in one of these states.
_TRUE_WHILE: dict[LetterKind, frozenset[PlaceState]] = {
    LetterKind.CONFIRMATION: _CONFIRMED,
    LetterKind.INVITE: _CONFIRMED,
    LetterKind.WAITLISTED: frozenset({PlaceState.WAITLISTED}),
    LetterKind.PENDING: frozenset({PlaceState.PENDING}),
    LetterKind.APPROVED: _CONFIRMED,
    LetterKind.DECLINED: frozenset({PlaceState.DECLINED}),
    LetterKind.PROMOTED: _CONFIRMED,
    LetterKind.CANCELLED: frozenset({PlaceState.CANCELLED}),
    LetterKind.ALREADY_REGISTERED: _LIVE | {PlaceState.DECLINED},
    LetterKind.LINK: frozenset(PlaceState) - {PlaceState.UNVERIFIED},
}
# These are about all places, whatever their state.
_OVERVIEWS = frozenset({LetterKind.CONFIRMATION, LetterKind.ALREADY_REGISTERED, LetterKind.LINK})
_INVITING = tuple(
    kind for kind, states in _TRUE_WHILE.items() if PlaceState.CONFIRMED in states and kind is not LetterKind.LINK
)
_LIKE_A_CONFIRMATION = frozenset({LetterKind.APPROVED, LetterKind.PROMOTED, LetterKind.ALREADY_REGISTERED})


def letter_of(session: Session, message: Message, *, settings: Settings) -> Letter | None:
    """What a queued message says by now; None where that is no longer so, or the person's data were erased.

    Only a confirmed place brings the join link with it; nothing here ever holds the room's own address or passcode.
    Raises Invalid where the stored address cannot be written to.
    """
    registration = _registration(session, message)
    if "parting" in message.context and message.recipient is not None:
        return _withdrawal(session, message, registration, settings)
    if message.recipient is None or registration.erased_at is not None:
        return None
    if message.kind is LetterKind.ADDRESS_CHANGE:
        return _wish(session, message, registration, settings)
    if message.address_key != registration.address_key:
        return None  # it would bring somebody else's link
    if message.kind is LetterKind.VERIFICATION:
        return _verification(message, registration, settings)
    return _personal_letter(session, message, registration, settings)


def _personal_letter(
    session: Session, message: Message, registration: Registration, settings: Settings
) -> Letter | None:
    """To the person whose registration it is, at the address that it has now."""
    kind, event = message.kind, registration.event
    if kind is LetterKind.LINK and not is_proved(registration):
        return None
    told = set(message.context.get("places") or [place.id for place in registration.places])
    about = [
        place
        for place in registration.places
        if place.id in told and (kind in _OVERVIEWS or standing_of(place) in _TRUE_WHILE[kind])
    ]
    if not any(standing_of(place) in _TRUE_WHILE[kind] for place in about):
        return None
    others = [place for place in registration.places if place not in about]
    return replace(
        _frame(message, registration, settings),
        name=registration.name or "",
        reference=registration.reference,
        about=_slots(about, settings),
        others=_slots(others, settings),
        join_url=personal_join_url(registration, settings=settings) if _any_confirmed(registration.places) else "",
        manage_url=personal_manage_url(registration, settings=settings) if is_proved(registration) else "",
        own_subject=_own(event, kind, registration.language_tag, "subject"),
        own_body=_own(event, kind, registration.language_tag, "body", as_confirmed=_any_confirmed(about)),
        invitation=_invitation(session, message, about, settings),
    )


def _verification(message: Message, registration: Registration, settings: Settings) -> Letter | None:
    """To an address that nobody has proved to be theirs: what it is about, one link, and no word that anybody typed."""
    promised = [place for place in registration.places if standing_of(place) is PlaceState.UNVERIFIED]
    if not promised:
        return None
    return replace(
        _frame(message, registration, settings),
        what_to_bring=Passage("", ""),
        about=_slots(promised, settings),
        action_url=personal_verify_url(registration, settings=settings),
        action_until=registration.verify_until,
    )


def _withdrawal(session: Session, message: Message, registration: Registration, settings: Settings) -> Letter | None:
    """To an address that the registration has left. Nothing of the person, who is a stranger there, comes with it."""
    place = next(place for place in registration.places if place.id == message.place_id)
    if registration.erased_at is None and not _was_invited(session, message):  # after erasure nothing tells any more
        return None
    frame = _frame(message, registration, settings)
    entry = personal_entry(place, settings=settings, sequence=message.context.get("sequence"), status=CANCELLED)
    entry = replace(entry, attendee=Party(frame.recipient))
    slot = replace(_slot(place, settings), state=PlaceState.CANCELLED, called_off=False, entry=None)
    return replace(
        frame, about=(slot,), invitation=Invitation("CANCEL", entry), parting=Parting(message.context["parting"])
    )


def _wish(session: Session, message: Message, registration: Registration, settings: Settings) -> Letter | None:
    """To an address that a registration may move to, while that is still wished for. Its reader may be a stranger."""
    change = session.scalar(select(AddressChange).where(AddressChange.registration_id == registration.id))
    if change is None or change.public_id != message.context.get("change"):
        return None
    if change.address_key != message.address_key or change.address_key == registration.address_key:
        return None
    return replace(
        _frame(message, registration, settings),
        action_url=address_change_url(change, settings=settings),
        action_until=change.expires_at,
        asked_by=hinted(registration.email or ""),
    )


def _frame(message: Message, registration: Registration, settings: Settings) -> Letter:
    """What any letter about this event has, whoever reads it."""
    event = registration.event
    words = variant(event, registration.language_tag)
    organization = event.organization
    contact = event.contact or organization.contact
    return Letter(
        kind=message.kind,
        public_id=message.public_id,
        message_id=message.message_id,
        thread_of=message.thread_of,
        written_at=message.created_at,
        language_tag=registration.language_tag,
        tzid=registration.tzid,
        recipient=read_address(message.recipient or "").ascii_email,
        name="",
        reference="",
        sender=Party(settings.mail_from, organization.sender_name or organization.name),
        reply_to=_address(contact),
        organization=organization.name,
        contact=contact,
        event_slug=event.slug,
        event_url=page_url(event, registration.language_tag, settings=settings),
        summary=Passage(words.summary, words.language_tag),
        what_to_bring=Passage(words.what_to_bring, words.language_tag),
        about=(),
        event_called_off=event.cancelled_at is not None,
        accent=organization.accent,
        privacy_url=organization.privacy_url,
        imprint_url=organization.imprint_url,
    )


def standing_of(place: Place) -> PlaceState:
    """The place's state as its holder has to hear it: no place is left where the date or the event is cancelled."""
    occurrence = place.occurrence
    called_off = occurrence.cancelled_at is not None or occurrence.event.cancelled_at is not None
    return PlaceState.CANCELLED if called_off else place.state


def messages(
    session: Session, *, state: MessageState | None = None, event: str | None = None, limit: int = 100
) -> list[Message]:
    """The newest messages first, with registration and event loaded; ``event`` is a slug."""
    wanted = (
        select(Message)
        .join(Message.registration)
        .options(joinedload(Message.registration).joinedload(Registration.event))
        .order_by(Message.id.desc())
        .limit(limit)
    )
    if state is not None:
        wanted = wanted.where(Message.state == state)
    if event is not None:
        wanted = wanted.join(Registration.event).where(Event.slug == event)
    return list(session.scalars(wanted))


def _registration(session: Session, message: Message) -> Registration:
    return session.scalars(
        select(Registration)
        .where(Registration.id == message.registration_id)
        .options(
            joinedload(Registration.event).joinedload(Event.organization),
            joinedload(Registration.event).selectinload(Event.variants),
            joinedload(Registration.event).selectinload(Event.letter_texts),
            selectinload(Registration.places).joinedload(Place.occurrence).joinedload(Occurrence.conference),
        )
    ).one()


def _slots(places: Sequence[Place], settings: Settings) -> tuple[Slot, ...]:
    in_order = sorted(places, key=lambda place: (place.occurrence.starts_at, place.id))
    return tuple(_slot(place, settings) for place in in_order)


def _slot(place: Place, settings: Settings) -> Slot:
    occurrence, state = place.occurrence, standing_of(place)
    read_tag = variant(occurrence.event, place.registration.language_tag).language_tag
    return Slot(
        key=occurrence.key,
        state=state,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        tzid=occurrence.tzid,
        location=Passage(*text_for(read_tag, occurrence.location, occurrence.event)),
        held_tag=occurrence.language_tag or "",
        join_opens_seconds=occurrence.join_opens_seconds,
        called_off=state is PlaceState.CANCELLED and place.state is not PlaceState.CANCELLED,
        entry=_personal(place, settings) if state is PlaceState.CONFIRMED else None,
    )


def _personal(
    place: Place, settings: Settings, *, sequence: int | None = None, status: str | None = None
) -> CalendarEntry:
    """Calendars show the attendee's name to whoever reads them, and some link what looks like an address."""
    entry = personal_entry(place, settings=settings, sequence=sequence, status=status)
    attendee = entry.attendee
    return replace(entry, attendee=replace(attendee, name=inert(attendee.name)) if attendee else None)


def _any_confirmed(places: Sequence[Place]) -> bool:
    return any(standing_of(place) is PlaceState.CONFIRMED for place in places)


def _own(event: Event, kind: LetterKind, asked: str, part: str, *, as_confirmed: bool = False) -> Passage | None:
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


def _address(contact: str) -> str:
    try:
        return read_address(contact).ascii_email
    except Invalid:
        return ""  # a telephone number or a page: shown, but nothing that a mail can be answered to


def _invitation(session: Session, message: Message, about: Sequence[Place], settings: Settings) -> Invitation | None:
    if message.place_id is None or message.kind not in (*_INVITING, LetterKind.CANCELLED):
        return None
    place = next(place for place in about if place.id == message.place_id)
    if message.kind is not LetterKind.CANCELLED:
        return Invitation("REQUEST", _personal(place, settings)) if standing_of(place) in _CONFIRMED else None
    if not _was_invited(session, message):
        return None
    return Invitation("CANCEL", _personal(place, settings, sequence=message.context.get("sequence"), status=CANCELLED))


def _was_invited(session: Session, message: Message) -> bool:
    """Whether an invitation to this place may have reached this address: calendars know no CANCEL without one."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Message.place_id == message.place_id,
                    Message.address_key == message.address_key,
                    Message.kind.in_(_INVITING),
                    Message.id < message.id,
                    Message.state.in_((MessageState.SENT, MessageState.SENDING)) | Message.uncertain,
                )
            )
        )
    )
