"""What workers do with letters: claim them under a lease, and record what came of them. Sends nothing itself.

Every write-back names the lease it works under, so a worker that lost its lease changes nothing.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, exists, func, null, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.dml import ReturningUpdate

from eventsapp.actions import outage
from eventsapp.actions.statements import rows_changed
from eventsapp.domain.text import REPLY_LIMIT, clean_line
from eventsapp.domain.vocabulary import MessageState, OfTries, Priority
from eventsapp.models import Message, Registration

LEASE = timedelta(minutes=2)  # renewed while its worker lives; what a dead one had in hand waits for no longer
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800, 7200))
SCATTER = 0.2
GIVE_UP_AFTER = timedelta(hours=48)
ASK_AGAIN_AFTER = timedelta(minutes=15)  # a letter that may have arrived is sent once more, recognisable as the same
_WAITING = (MessageState.QUEUED, MessageState.SENDING)
_SOONER_THAN_ASKED_AGAIN = sum(step * (1 + SCATTER) < ASK_AGAIN_AFTER for step in BACK_OFF)  # tries
_DONE = tuple(sorted(set(MessageState) - set(_WAITING)))


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
    in_hand: Collection[int] = (),
    lapsed: bool = True,
) -> list[int]:
    """Take up to ``limit`` due letters under ``worker``'s lease and return their ids, in the order to send them.

    Letters to one person leave one after the other, oldest first: no invite before its confirmation, and nothing
    overtakes a letter on the wire; but a letter does not wait for an earlier one that is less urgent. A letter whose
    lease ran out is due again by itself, unless ``lapsed`` is false, and may have arrived. ``without`` names mail
    domains to leave alone, ``in_hand`` letters that the caller still has on the wire, whatever became of their leases.
    """
    ids: list[int] = []
    for priority in sorted(priorities):  # one by one: each is a short way in the index, however much waits elsewhere
        if len(ids) < limit:
            due = _due(priority, now, without, in_hand, lapsed=lapsed)
            ids += session.scalars(due.limit(limit - len(ids)))
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
                uncertain=Message.uncertain | Message.lease.is_not(None),
            )
            .execution_options(synchronize_session=False)
        )
    return ids


def hold(session: Session, ids: Sequence[int], *, worker: str, now: datetime) -> int:
    """Renew the leases of letters in hand; returns how many. One that was lost is not taken back."""
    return rows_changed(session, _mine(ids, worker).values(lease_until=now + LEASE, due_at=now + LEASE)) if ids else 0


def release(session: Session, ids: Sequence[int], *, worker: str, now: datetime) -> int:
    """Give claimed letters back untried."""
    if not ids:
        return 0
    given_back = _mine(ids, worker).values(**_BACK, due_at=now, attempts=Message.attempts - 1)
    return rows_changed(session, given_back)


def put_back(session: Session, *, now: datetime) -> None:
    """No letter waits for longer than it ever has to: the clock may have been ahead when its time was set.

    A new letter is due at once, one that was turned away with all others once the longest outage is over, and another
    after its back-off at the latest; a lease ends when one taken now does. Changes nothing where clocks go right.
    """
    steps = {tries: now + step * (1 + SCATTER) for tries, step in enumerate(BACK_OFF, 1)}
    latest = case(
        ((Message.attempts == 0) & (Message.last_error == ""), now),
        (Message.attempts == 0, now + outage.STEPS[-1]),
        (Message.uncertain & (Message.attempts <= _SOONER_THAN_ASKED_AGAIN), now + ASK_AGAIN_AFTER),
        *((Message.attempts == tries, until) for tries, until in steps.items()),
        else_=now + BACK_OFF[-1] * (1 + SCATTER),
    )
    later = (_is_waiting(Message), Message.priority.in_(tuple(Priority)), Message.due_at > now)  # a way in the index
    waiting = update(Message).where(*later).execution_options(synchronize_session=False)
    session.execute(waiting.where(Message.lease.is_(None), Message.due_at > latest).values(due_at=latest))
    leased = waiting.where(Message.lease.is_not(None), Message.lease_until > now + LEASE)
    session.execute(leased.values(lease_until=now + LEASE, due_at=now + LEASE))


def record_sent(
    session: Session, ids: Collection[int], *, worker: str, now: datetime, code: int | None = None
) -> set[int]:
    """The mail server took them, all with this answer. Returns whose lease was not lost; nothing else changed."""
    return _finish(
        session, ids, worker, state=MessageState.SENT, sent_at=now, last_code=code, last_error="", uncertain=False
    )


def record_failed(session: Session, message_id: int, *, worker: str, code: int | None = None, error: str = "") -> bool:
    """Refused for good, or not to be composed. ``error`` are the words that the organizer reads.

    Like every ``record_…`` of one letter: False where the lease was lost, and then nothing changed.
    """
    values = {"state": MessageState.FAILED, "last_code": code, "last_error": _words(error)}
    return bool(_finish(session, [message_id], worker, **values))


def record_superseded(session: Session, message_id: int, *, worker: str) -> bool:
    """What the letter would say is no longer so."""
    return bool(_finish(session, [message_id], worker, state=MessageState.SUPERSEDED))


def record_suppressed(session: Session, message_id: int, *, worker: str, reason: str) -> bool:
    """Not sent, because the organization does not write to that address, or its reader wants no such letter."""
    values = {"state": MessageState.SUPPRESSED, "last_code": None, "last_error": reason}
    return bool(_finish(session, [message_id], worker, **values))


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
    if OfTries.UNANSWERED in message.context:
        return record_failed(session, message_id, worker=worker, error=error)
    return _record(
        session,
        message_id,
        worker,
        **_BACK,
        due_at=now + ASK_AGAIN_AFTER,
        uncertain=True,
        context=message.context | {OfTries.UNANSWERED: now.isoformat()},
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


def _due(
    priority: int, now: datetime, without: Collection[str], in_hand: Collection[int] = (), *, lapsed: bool = True
) -> Select[int]:
    """The ids of due letters of one priority that no other letter to the same reader has to leave before."""
    spared = (Message.id.not_in(in_hand),) if in_hand else ()
    untaken = () if lapsed else (Message.lease.is_(None),)
    wanted = select(Message.id).where(
        _is_waiting(Message),
        Message.priority == priority,
        Message.due_at <= now,
        *_nothing_before(),
        *spared,
        *untaken,
        *(~Message.address_key.endswith(f"@{domain}", autoescape=True) for domain in without),
    )
    return wanted.order_by(Message.due_at, Message.id).with_for_update(skip_locked=True, of=Message)


@cache
def _nothing_before() -> tuple[ColumnElement[bool], ...]:
    """Made once: an alias of the table costs more than the statement."""
    earlier = aliased(Message)
    before = (
        earlier.address_key == Message.address_key,  # a dead address holds up nobody's letters but its own
        earlier.id < Message.id,
        earlier.priority <= Message.priority,
        # The same as _is_waiting, in words that keep PostgreSQL to the index of readers: that of what waits, which it
        # takes for empty when very much has come to wait since it looked, would be gone through for each letter.
        earlier.state.not_in(bindparam("done", _DONE, expanding=True, literal_execute=True, unique=True)),
    )
    return (
        ~exists().where(earlier.registration_id == Message.registration_id, *before),
        ~exists().where(earlier.staff_id == Message.staff_id, *before),
    )


_BACK: dict[str, Any] = {"state": MessageState.QUEUED, "lease": None, "lease_until": None}


def _tried_since(message: Message) -> datetime:
    since = message.context.get(OfTries.SINCE)
    return datetime.fromisoformat(since) if since else message.created_at


def _words(error: str) -> str:
    return clean_line(error, REPLY_LIMIT)


def _mine(ids: Collection[int], worker: str) -> Any:
    return update(Message).where(Message.id.in_(ids), Message.lease == worker, Message.state == MessageState.SENDING)


def _record(session: Session, message_id: int, worker: str, **values: Any) -> bool:
    return rows_changed(session, _mine([message_id], worker).values(**values)) == 1


def _finish(session: Session, ids: Collection[int], worker: str, **values: Any) -> set[int]:
    """The last word about letters. Where the person's data were erased meanwhile, the address goes with it."""
    said = {"ids": list(ids), "me": worker, **{f"new_{name}": value for name, value in values.items()}}
    return set(session.connection().scalars(_finishing(tuple(values)), said))


@cache
def _finishing(names: tuple[str, ...]) -> ReturningUpdate[tuple[int]]:
    """Made once: making such a statement costs more than what it does."""
    message, registration = Message.__table__.c, Registration.__table__.c
    erased = exists().where(registration.id == message.registration_id, registration.erased_at.is_not(None))
    kept = {name: case((erased, null()), else_=message[name]) for name in ("recipient", "address_key")}
    new: dict[str, Any] = {name: bindparam(f"new_{name}", type_=message[name].type) for name in names}
    if "last_error" in new:
        new["last_error"] = case((erased, ""), else_=new["last_error"])
    return (
        update(Message.__table__)  # type: ignore[arg-type]  # a Table
        .where(
            message.id.in_(bindparam("ids", expanding=True)),
            message.lease == bindparam("me"),
            message.state == MessageState.SENDING,
        )
        .values(lease=None, lease_until=None, **kept, **new)
        .returning(message.id)
    )
