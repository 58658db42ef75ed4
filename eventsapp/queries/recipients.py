"""Who gets a mailing: of those whom its filter finds, everybody who can be written to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.orm import Session

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState
from eventsapp.models import Event, Mailing, Message, Place, Registration
from eventsapp.queries.letters.mailing import words_for
from eventsapp.queries.people import Filter, conditions
from eventsapp.queries.suppressed import holds_back, suppressions_of

_AT_ONCE = 1000


class Recipient(NamedTuple):
    """Somebody's columns as a letter to them needs them."""

    id: int
    public_id: str
    email: str
    address_key: str
    language_tag: str


def recipients(event: Event, wanted: Filter, *, after_id: int, limit: int) -> Select[*tuple[Any, ...]]:
    """The next ``limit`` of them, by id. Whoever has not proved the address yet is not among them."""
    waiting = exists().where(Place.registration_id == Registration.id, Place.state == PlaceState.UNVERIFIED)
    return (
        select(
            Registration.id,
            Registration.public_id,
            Registration.email,
            Registration.address_key,
            Registration.language_tag,
        )
        .where(
            *conditions(event, wanted),
            Registration.email.is_not(None),
            ~waiting,
            or_(Registration.verify_until.is_(None), Registration.verified_at.is_not(None)),
            Registration.id > after_id,
        )
        .order_by(Registration.id)
        .limit(limit)
    )


def held_back(
    session: Session, organization_id: int, people: Sequence[Recipient], settings: Settings, *, needed: bool
) -> set[int]:
    """The ids of those among them whose addresses this letter does not go to; one statement for all."""
    addresses = [(organization_id, one.address_key) for one in people]
    suppressions = suppressions_of(session, addresses, settings)
    return {
        one.id
        for one in people
        if holds_back(LetterKind.MAILING, suppressions.get((organization_id, one.address_key), ()), needed=needed)
    }


@dataclass(slots=True)
class Audience:
    """How many a mailing would go to now: by the language they read, and by the one it is written to them in."""

    people: int = 0
    held_back: int = 0
    reading: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)


def audience(session: Session, mailing: Mailing, settings: Settings) -> Audience:
    """Looks at all of them, in batches."""
    found, after_id, event = Audience(), 0, mailing.event
    while True:
        wanted = recipients(event, Filter.read(mailing.filter), after_id=after_id, limit=_AT_ONCE)
        people = [Recipient(*row) for row in session.execute(wanted)]
        kept = held_back(session, event.organization_id, people, settings, needed=mailing.needed)
        found.held_back += len(kept)
        for one in people:
            if one.id not in kept:
                found.people += 1
                found.reading[one.language_tag] += 1
                found.written[words_for(mailing.words, one.language_tag, event.default_language_tag)] += 1
        if len(people) < _AT_ONCE:
            return found
        after_id = people[-1].id


@dataclass(frozen=True, slots=True)
class Sent:
    """What has become of a mailing's letters."""

    written: int = 0
    waiting: int = 0
    sent: int = 0
    troubled: int = 0
    held_back: int = 0


def results(session: Session, mailing_ids: Sequence[int]) -> dict[int, Sent]:
    """By mailing; one statement for all."""

    def number(*states: MessageState) -> ColumnElement[int]:
        return func.count(case((Message.state.in_(states), 1)))

    rows = session.execute(
        select(
            Message.mailing_id,
            func.count(),
            number(MessageState.QUEUED, MessageState.SENDING),
            number(MessageState.SENT),
            number(MessageState.FAILED, MessageState.BOUNCED),
            number(MessageState.SUPPRESSED),
        )
        .where(Message.mailing_id.in_(mailing_ids))
        .group_by(Message.mailing_id)
    )
    return {id_: Sent(*numbers) for id_, *numbers in rows if id_ is not None}
