"""The outbox: letters are written here by the transaction that causes them, and claimed, sent and recorded from here.

Nothing in this room sends or renders. Every write-back names the lease it works under, so a worker that lost its
lease changes nothing.
"""

import contextlib
import hashlib
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, Select, bindparam, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from eventsapp.config import Settings
from eventsapp.domain.addresses import Address, read_address
from eventsapp.domain.errors import N_, NotFound, Refused
from eventsapp.domain.links import new_public_id
from eventsapp.domain.text import REPLY_LIMIT, clean_line
from eventsapp.domain.vocabulary import LetterKind, MessageState, Priority
from eventsapp.models import Message, Place, Registration, Staff

LEASE = timedelta(minutes=2)  # renewed while its worker lives; what a dead one had in hand waits for no longer
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800, 7200))
SCATTER = 0.2
GIVE_UP_AFTER = timedelta(hours=48)
ASK_AGAIN_AFTER = timedelta(minutes=15)  # a letter that may have arrived is sent once more, recognisable as the same

_WAITING = (MessageState.QUEUED, MessageState.SENDING)
_PRIORITY = {  # of a kind that nobody asked for just now; a lower one leaves first
    LetterKind.INVITE: Priority.INVITE,
    LetterKind.CHANGED: Priority.CHANGE,
    LetterKind.REPLIED: Priority.CHANGE,
    LetterKind.ASSIGNED: Priority.CHANGE,
    LetterKind.REMINDER: Priority.REMINDER,
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
    turn = sum(row.kind not in _BESIDE_THE_STORY and row.kind is not kind for row in earlier)
    about = [place] if place is not None else registration.places
    revision = sum(one.revision + one.occurrence.sequence for one in about)
    address = hashlib.sha256((address_key or "").encode()).hexdigest()[:8]
    places = "+".join(str(one) for one in ([place.id] if place is not None else (context or {}).get("places", [])))
    dedupe_key = f"{registration.public_id}:{kind}:{places or '-'}:{nonce or f'{turn}.{revision}.{address}'}"
    if any(letter.dedupe_key == dedupe_key for letter in earlier):
        return None
    first = next((row.message_id for row in earlier if row.address_key == address_key), "")
    public_id = new_public_id()
    message = Message(
        registration_id=registration.id,
        place_id=None if place is None else place.id,
        public_id=public_id,
        message_id=f"<m.{public_id}@{settings.mail_domain}>",
        thread_of=first,
        kind=kind,
        language_tag=registration.language_tag,
        recipient=email,
        address_key=address_key,
        dedupe_key=dedupe_key,
        context=context or {},
        priority=priority_of(kind) if priority is None else priority,
        due_at=now,
        expires_at=expires_at,
        created_at=now,
    )
    session.add(message)
    earlier.append(Earlier(kind, message.message_id, address_key, dedupe_key))
    if alone:
        session.flush()
    return message


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
    public_id = new_public_id()
    message = Message(
        staff_id=staff.id,
        public_id=public_id,
        message_id=f"<m.{public_id}@{settings.mail_domain}>",
        thread_of=(session.scalar(same.order_by(Message.id).limit(1)) if colon else None) or "",
        kind=kind,
        language_tag=staff.language_tag,
        recipient=staff.email,
        address_key=staff.address_key,
        dedupe_key=dedupe_key,
        context=context,
        priority=priority,
        due_at=now,
        expires_at=expires_at,
        created_at=now,
    )
    session.add(message)
    session.flush()
    return message


def _head(staff: Staff, kind: LetterKind) -> str:
    return f"{staff.public_id}:{kind}:"


def priority_of(kind: LetterKind) -> int:
    """When a letter of this kind has its turn."""
    return _PRIORITY.get(kind, Priority.ASKED_FOR)


def supersede(session: Session, registration: Registration, *, now: datetime, place: Place | None = None) -> int:
    """Drop the queued letters of a registration, or those about one place alone, that a later fact overtook.

    A letter that a worker has in hand is not touched, it may be on the wire; nor is one to an address that the
    registration has left.
    """
    session.flush()
    dropped = update(Message).where(
        Message.registration_id == registration.id,
        Message.address_key == registration.address_key,
        Message.state == MessageState.QUEUED,
    )
    if place is not None:
        dropped = dropped.where(Message.place_id == place.id)
    return _changed(session, dropped.values(state=MessageState.SUPERSEDED, due_at=now))


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
    message.uncertain = False
    message.context = message.context | {"tried_since": now.isoformat()}
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
            context=message.context,
            dedupe=f"{message.dedupe_key.removeprefix(_head(message.staff, message.kind))}:{nonce}",
            priority=priority_of(message.kind),
        )
    if message.registration is None:
        return None
    return enqueue(
        session,
        message.registration,
        message.kind,
        now=now,
        settings=settings,
        place=message.place,
        context=message.context,
        nonce=nonce,
        to=_frozen(message),
    )


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


def anything_due(session: Session, *, now: datetime, priorities: Sequence[int] = tuple(Priority)) -> bool:
    """A cheap look, without the locks that ``claim`` takes."""
    due = exists().where(_is_waiting(Message), Message.priority.in_(priorities), Message.due_at <= now)
    return bool(session.scalar(select(due)))


def claim(
    session: Session,
    *,
    worker: str,
    limit: int,
    now: datetime,
    priorities: Sequence[int] = tuple(Priority),
    without: Collection[str] = (),
) -> list[int]:
    """Take up to ``limit`` due letters under ``worker``'s lease and return their ids, in the order to send them.

    Letters to one person leave one after the other, oldest first: no invite before its confirmation, and nothing
    overtakes a letter on the wire; but a letter does not wait for an earlier one that is less urgent. A lease that ran
    out is due again by itself. ``without`` names mail domains to leave alone.
    """
    ids: list[int] = []
    for priority in sorted(priorities):  # one by one: each is a short way in the index, however much waits elsewhere
        if len(ids) < limit:
            ids += session.scalars(_due(priority, now, without).limit(limit - len(ids)))
    if ids:
        session.execute(
            update(Message)
            .where(Message.id.in_(ids))
            .values(
                state=MessageState.SENDING,
                lease=worker,
                lease_until=now + LEASE,
                due_at=now + LEASE,
                attempts=Message.attempts + 1,
            )
            .execution_options(synchronize_session=False)
        )
    return ids


def hold(session: Session, ids: Sequence[int], *, worker: str, now: datetime) -> int:
    """Renew the leases of letters in hand; returns how many. One that was lost is not taken back."""
    return _changed(session, _mine(ids, worker).values(lease_until=now + LEASE, due_at=now + LEASE)) if ids else 0


def release(session: Session, ids: Sequence[int], *, worker: str, now: datetime) -> int:
    """Give claimed letters back untried."""
    if not ids:
        return 0
    given_back = _mine(ids, worker).values(**_BACK, due_at=now, attempts=Message.attempts - 1)
    return _changed(session, given_back)


def record_sent(session: Session, message_id: int, *, worker: str, now: datetime, code: int | None = None) -> bool:
    """The mail server took it. Like every ``record_…``: False where the lease was lost, and then nothing changed."""
    return _finish(
        session,
        message_id,
        worker,
        state=MessageState.SENT,
        sent_at=now,
        last_code=code,
        last_error="",
        uncertain=False,
    )


def record_failed(session: Session, message_id: int, *, worker: str, code: int | None = None, error: str = "") -> bool:
    """Refused for good, or not to be composed. ``error`` are the words that the organizer reads."""
    return _finish(
        session,
        message_id,
        worker,
        state=MessageState.FAILED,
        last_code=code,
        last_error=_words(error),
    )


def record_superseded(session: Session, message_id: int, *, worker: str) -> bool:
    """What the letter would say is no longer so."""
    return _finish(session, message_id, worker, state=MessageState.SUPERSEDED)


def record_suppressed(session: Session, message_id: int, *, worker: str, reason: str) -> bool:
    """Not sent, because the organization does not write to that address, or its reader wants no such letter."""
    return _finish(session, message_id, worker, state=MessageState.SUPPRESSED, last_code=None, last_error=reason)


def record_retry(
    session: Session, message_id: int, *, worker: str, now: datetime, code: int | None = None, error: str = ""
) -> bool:
    """Try again after the next step of the back-off; 48 hours after the first try it has failed."""
    message = session.get(Message, message_id, populate_existing=True)
    if message is None:
        return False
    if now - _tried_since(message) >= GIVE_UP_AFTER:
        return record_failed(session, message_id, worker=worker, code=code, error=error)
    due_at = now + pause_before(message.attempts + 1)
    return _record(session, message_id, worker, **_BACK, due_at=due_at, last_code=code, last_error=_words(error))


def record_waiting(
    session: Session,
    message_id: int,
    *,
    worker: str,
    until: datetime,
    code: int | None = None,
    error: str = "",
) -> bool:
    """The server turned us away, not this letter: it stays queued, for as long as it takes, as if untried."""
    return _record(
        session,
        message_id,
        worker,
        **_BACK,
        due_at=until,
        attempts=Message.attempts - 1,
        last_code=code,
        last_error=_words(error),
    )


def record_uncertain(session: Session, message_id: int, *, worker: str, now: datetime, error: str = "") -> bool:
    """All of it was sent and no answer came. It is sent once more with the same Message-ID; a second time it failed."""
    message = session.get(Message, message_id, populate_existing=True)
    if message is None:
        return False
    if message.uncertain:
        return record_failed(session, message_id, worker=worker, error=error)
    return _record(
        session,
        message_id,
        worker,
        **_BACK,
        due_at=now + ASK_AGAIN_AFTER,
        uncertain=True,
        last_code=None,
        last_error=_words(error),
    )


def pause_before(attempt: int) -> timedelta:
    """How long to wait before the given attempt (2 is the first repetition), scattered so that no crowd returns."""
    step = BACK_OFF[min(max(attempt - 2, 0), len(BACK_OFF) - 1)]
    return step * random.uniform(1 - SCATTER, 1 + SCATTER)  # noqa: S311  no secret hangs on it


@dataclass(frozen=True, slots=True)
class Waiting:
    """The outbox at a glance: how many letters are due, and since when the oldest."""

    due: int
    oldest_due_at: datetime | None


def waiting(session: Session, *, now: datetime) -> Waiting:
    """What ought to have left by now."""
    count, oldest = session.execute(
        select(func.count(), func.min(Message.due_at)).where(Message.due_at <= now, Message.state.in_(_WAITING))
    ).one()
    return Waiting(count, oldest)


def _is_waiting(message: type[Message]) -> ColumnElement[bool]:
    """Spelled out in the statement, or neither database would see that the partial index has all of these rows."""
    return message.state.in_(bindparam("waiting", _WAITING, expanding=True, literal_execute=True, unique=True))


def _due(priority: int, now: datetime, without: Collection[str]) -> Select[int]:
    """The ids of due letters of one priority that no other letter to the same reader has to leave before."""
    earlier = aliased(Message)
    before = (
        earlier.address_key == Message.address_key,  # a dead address holds up nobody's letters but its own
        earlier.id < Message.id,
        earlier.priority <= Message.priority,
        _is_waiting(earlier),
    )
    wanted = select(Message.id).where(
        _is_waiting(Message),
        Message.priority == priority,
        Message.due_at <= now,
        ~exists().where(earlier.registration_id == Message.registration_id, *before),
        ~exists().where(earlier.staff_id == Message.staff_id, *before),
        *(~Message.address_key.endswith(f"@{domain}", autoescape=True) for domain in without),
    )
    return wanted.order_by(Message.due_at, Message.id).with_for_update(skip_locked=True, of=Message)


_BACK: dict[str, Any] = {"state": MessageState.QUEUED, "lease": None, "lease_until": None}


def _tried_since(message: Message) -> datetime:
    since = message.context.get("tried_since")
    return datetime.fromisoformat(since) if since else message.created_at


def _words(error: str) -> str:
    return clean_line(error, REPLY_LIMIT)


def _mine(ids: Sequence[int], worker: str) -> Any:
    return update(Message).where(Message.id.in_(ids), Message.lease == worker, Message.state == MessageState.SENDING)


def _record(session: Session, message_id: int, worker: str, **values: Any) -> bool:
    return _changed(session, _mine([message_id], worker).values(**values)) == 1


def _finish(session: Session, message_id: int, worker: str, **values: Any) -> bool:
    """The last word about a letter. Where the person's data were erased meanwhile, the address goes with it."""
    if not _record(session, message_id, worker, lease=None, lease_until=None, **values):
        return False
    erased = exists().where(Registration.id == Message.registration_id, Registration.erased_at.is_not(None))
    session.execute(
        update(Message)
        .where(Message.id == message_id, erased)
        .values(recipient=None, address_key=None, last_error="")
        .execution_options(synchronize_session=False)
    )
    return True


def _frozen(message: Message) -> Address | None:
    """Where the letter has to go whatever the registration's address is by now; None: it follows the registration."""
    if message.kind is LetterKind.ADDRESS_CHANGE or "parting" in message.context:
        return read_address(message.recipient or "")
    return None


def _changed(session: Session, statement: Any) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
