"""Letters written by the transaction that causes them, dropped where a later fact overtook them, or sent again."""

import contextlib
import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from eventsapp.actions.statements import rows_changed
from eventsapp.config import Settings
from eventsapp.domain.addresses import Address, read_address
from eventsapp.domain.errors import N_, NotFound, Refused
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import LetterKind, MessageState, OfTries, Priority
from eventsapp.models import Message, Place, Registration, Staff

_PRIORITY = {  # of a kind that nobody asked for just now; a lower one leaves first
    LetterKind.INVITE: Priority.INVITE,
    LetterKind.CHANGED: Priority.CHANGE,
    LetterKind.REPLIED: Priority.CHANGE,
    LetterKind.ASSIGNED: Priority.CHANGE,
    LetterKind.REMINDER: Priority.REMINDER,
    LetterKind.MAILING: Priority.REMINDER,
    LetterKind.FOLLOW_UP: Priority.FOLLOW_UP,
    LetterKind.MISSED: Priority.FOLLOW_UP,
    LetterKind.DIGEST: Priority.DIGEST,
}
_BESIDE_THE_STORY = frozenset(  # they tell of no new state
    {LetterKind.INVITE, LetterKind.ALREADY_REGISTERED, LetterKind.LINK, LetterKind.ADDRESS_CHANGE, LetterKind.REPLIED}
)


class Earlier(NamedTuple):
    """What ``enqueue`` has to know of a letter that is there already."""

    kind: LetterKind
    message_id: str
    address_key: str | None
    dedupe_key: str


def earlier_letters(session: Session, registration_ids: Sequence[int]) -> dict[int, list[Earlier]]:
    """The letters written so far by registration, oldest first; one statement for all."""
    written: dict[int, list[Earlier]] = {id_: [] for id_ in registration_ids}
    rows = session.execute(
        select(Message.registration_id, Message.kind, Message.message_id, Message.address_key, Message.dedupe_key)
        .where(Message.registration_id.in_(registration_ids))
        .order_by(Message.id)
    )
    for registration_id, kind, message_id, address_key, dedupe_key in rows:
        written[cast("int", registration_id)].append(Earlier(kind, message_id, address_key, dedupe_key))
    return written


def enqueue(
    session: Session,
    registration: Registration,
    kind: LetterKind,
    *,
    now: datetime,
    settings: Settings,
    place: Place | None = None,
    context: dict[str, Any] | None = None,
    nonce: str = "",
    to: Address | None = None,
    priority: int | None = None,
    expires_at: datetime | None = None,
    earlier: list[Earlier] | None = None,
) -> Message | None:
    """Write one letter into the causing transaction. None where the same letter is there already.

    The same letter: same registration, kind, place or places, address and revision of the calendar entry, and no
    letter about another state in between. A ``nonce`` makes another one of it, for a wish to have it again.
    It goes to the registration's address, or ``to`` another one. Whoever writes many gives what ``earlier_letters``
    says of this registration: then the database is not asked, and the list is continued.
    """
    if registration.email is None or registration.erased_at is not None:
        return None
    email, address_key = (registration.email, registration.address_key) if to is None else (to.email, to.key)
    alone = earlier is None
    if earlier is None:
        session.flush()
        earlier = earlier_letters(session, [registration.id])[registration.id]
    dedupe_key = _dedupe_key(registration, kind, place, context, address_key, nonce=nonce, earlier=earlier)
    if any(letter.dedupe_key == dedupe_key for letter in earlier):
        return None
    first = next((row.message_id for row in earlier if row.address_key == address_key), "")
    message = Message(
        registration_id=registration.id,
        place_id=None if place is None else place.id,
        **new_columns(now, settings),
        thread_of=first,
        kind=kind,
        language_tag=registration.language_tag,
        recipient=email,
        address_key=address_key,
        dedupe_key=dedupe_key,
        context=context or {},
        priority=priority_of(kind) if priority is None else priority,
        expires_at=expires_at,
    )
    session.add(message)
    earlier.append(Earlier(kind, message.message_id, address_key, dedupe_key))
    if alone:
        session.flush()
    return message


def _dedupe_key(
    registration: Registration,
    kind: LetterKind,
    place: Place | None,
    context: dict[str, Any] | None,
    address_key: str | None,
    *,
    nonce: str,
    earlier: Sequence[Earlier],
) -> str:
    turn = sum(row.kind not in _BESIDE_THE_STORY and row.kind is not kind for row in earlier)
    about = [place] if place is not None else registration.places
    revision = sum(one.revision + one.occurrence.sequence for one in about)
    address = hashlib.sha256((address_key or "").encode()).hexdigest()[:8]
    places = "+".join(str(one) for one in ([place.id] if place is not None else (context or {}).get("places", [])))
    return f"{registration.public_id}:{kind}:{places or '-'}:{nonce or f'{turn}.{revision}.{address}'}"


def enqueue_for_staff(
    session: Session,
    staff: Staff,
    kind: LetterKind,
    *,
    now: datetime,
    settings: Settings,
    context: dict[str, Any],
    dedupe: str,
    priority: int,
    expires_at: datetime | None = None,
) -> Message | None:
    """Write one letter to somebody of the team. None where the same letter is there already.

    ``dedupe`` says what makes it another letter of its kind. What stands there before a colon names what the letter
    is about, and letters about the same thing are one thread.
    """
    session.flush()
    head = _head(staff, kind)
    dedupe_key = head + dedupe
    if session.scalar(select(exists().where(Message.dedupe_key == dedupe_key))):
        return None
    subject, colon, _ = dedupe.partition(":")
    same = select(Message.message_id).where(
        Message.staff_id == staff.id,
        Message.address_key == staff.address_key,
        Message.dedupe_key.startswith(f"{head}{subject}:", autoescape=True),
    )
    message = Message(
        staff_id=staff.id,
        **new_columns(now, settings),
        thread_of=(session.scalar(same.order_by(Message.id).limit(1)) if colon else None) or "",
        kind=kind,
        language_tag=staff.language_tag,
        recipient=staff.email,
        address_key=staff.address_key,
        dedupe_key=dedupe_key,
        context=context,
        priority=priority,
        expires_at=expires_at,
    )
    session.add(message)
    session.flush()
    return message


def _head(staff: Staff, kind: LetterKind) -> str:
    return f"{staff.public_id}:{kind}:"


def new_columns(now: datetime, settings: Settings) -> dict[str, Any]:
    """What every letter has that is written now: what it is known by, whatever becomes of it, and its times."""
    public_id = new_public_id()
    return {
        "public_id": public_id,
        "message_id": f"<m.{public_id}@{settings.mail_domain}>",
        "due_at": now,
        "created_at": now,
    }


def priority_of(kind: LetterKind) -> int:
    """When a letter of this kind has its turn."""
    return _PRIORITY.get(kind, Priority.ASKED_FOR)


def supersede(
    session: Session,
    registration: Registration,
    *,
    now: datetime,
    place: Place | None = None,
    spare: Collection[LetterKind] = (),
) -> int:
    """Drop the queued letters of a registration, or those about one place alone, that a later fact overtook.

    A letter that a worker has in hand is not touched, it may be on the wire; nor is one to an address that the
    registration has left, nor are the kinds to ``spare``.
    """
    session.flush()
    dropped = update(Message).where(
        Message.registration_id == registration.id,
        Message.address_key == registration.address_key,
        Message.state == MessageState.QUEUED,
        Message.kind.not_in(spare),
    )
    if place is not None:
        dropped = dropped.where(Message.place_id == place.id)
    return rows_changed(session, dropped.values(state=MessageState.SUPERSEDED, due_at=now))


def retry(session: Session, public_id: str, *, now: datetime, settings: Settings) -> Message:
    """Send a letter (again): one that failed or still waits goes out now, one that was sent is written once more.

    What never arrived keeps its Message-ID. What was sent gets a new one, because mail servers drop a Message-ID they
    have seen. Raises NotFound, and Refused for a letter that is overtaken or on its way right now.
    """
    message = session.scalar(select(Message).where(Message.public_id == public_id).with_for_update())
    if message is None:
        raise NotFound(N_("There is no message %(id)s."), id=public_id)
    if message.state is MessageState.SUPERSEDED or message.recipient is None:
        raise Refused(N_("Message %(id)s was overtaken by a later fact, so it is not sent again."), id=public_id)
    if message.state is MessageState.SENDING:
        raise Refused(N_("Message %(id)s is being sent right now. Look again in a minute."), id=public_id)
    if message.state in (MessageState.SENT, MessageState.BOUNCED):
        again = _write_again(session, message, now=now, settings=settings)
        if again is None:
            raise Refused(N_("Message %(id)s has no address any more."), id=public_id)
        return again
    message.state = MessageState.QUEUED
    message.due_at = now
    message.attempts = 0
    message.context = _without_tries(message) | {OfTries.SINCE: now.isoformat()}
    return message


def _write_again(session: Session, message: Message, *, now: datetime, settings: Settings) -> Message | None:
    nonce = new_public_id()
    if message.staff is not None:
        return enqueue_for_staff(
            session,
            message.staff,
            message.kind,
            now=now,
            settings=settings,
            context=_without_tries(message),
            dedupe=f"{message.dedupe_key.removeprefix(_head(message.staff, message.kind))}:{nonce}",
            priority=priority_of(message.kind),
        )
    if message.registration is None:
        return None
    again = enqueue(
        session,
        message.registration,
        message.kind,
        now=now,
        settings=settings,
        place=message.place,
        context=_without_tries(message),
        nonce=nonce,
        to=_frozen(message),
    )
    if again is not None:
        again.mailing_id = message.mailing_id
    return again


def retry_all(
    session: Session, state: MessageState, *, event_id: int | None = None, now: datetime, settings: Settings
) -> list[Message]:
    """The same for every letter in a state, oldest first, or for those of one event; what cannot be sent is left."""
    wanted = (
        select(Message.public_id)
        .outerjoin(Message.registration)
        .outerjoin(Message.staff)
        .where(Message.state == state, Message.recipient.is_not(None))
        .order_by(Message.id)
    )
    if event_id is not None:
        wanted = wanted.where(func.coalesce(Registration.event_id, Staff.event_id) == event_id)
    sent = []
    for public_id in session.scalars(wanted).all():
        with contextlib.suppress(Refused):
            sent.append(retry(session, public_id, now=now, settings=settings))
    return sent


def _without_tries(message: Message) -> dict[str, Any]:
    return {key: fact for key, fact in message.context.items() if key not in set(OfTries)}


def _frozen(message: Message) -> Address | None:
    """Where the letter has to go whatever the registration's address is by now; None: it follows the registration."""
    if message.kind is LetterKind.ADDRESS_CHANGE or "parting" in message.context:
        return read_address(message.recipient or "")
    return None
