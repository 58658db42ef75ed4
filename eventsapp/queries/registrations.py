"""Registrations as pages, letters and the command line read them: how dates stand, who holds which place.

``standings`` is the one place where rows become ``domain.admission`` values: pages and ``register`` ask the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, CompoundSelect, Select, bindparam, exists, false, func, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from eventsapp.config import Settings
from eventsapp.domain import admission, links
from eventsapp.domain.addresses import Address
from eventsapp.domain.admission import Offer, Rules, Standing
from eventsapp.domain.errors import N_, NotFound
from eventsapp.domain.questions import AnswerValue, QuestionSpec
from eventsapp.domain.vocabulary import HELD, Choose, PlaceState, Purpose, RegistrationNeed
from eventsapp.models import (
    Answer,
    ChosenOption,
    Event,
    EventStamp,
    Occurrence,
    OptionCount,
    Place,
    PlaceCount,
    Receipt,
    Registration,
)
from eventsapp.models.base import UtcInstant
from eventsapp.queries.shown import event_shown

_HELD_UNTIL = ""  # no occurrence's key


@dataclass(frozen=True, slots=True)
class Tally:
    """How many hold a place in one occurrence, and how many wait for one."""

    confirmed: int = 0
    waiting: int = 0


def tallies(session: Session, occurrences: Iterable[Occurrence], *, now: datetime) -> dict[int, Tally]:
    """Counts by occurrence id, one statement for all; it reads what the database keeps (``models.kept``).

    A confirmed place that is promised until the address is verified counts as one until its time is over. Whoever
    would have to wait does not keep others waiting before the address is verified.
    """
    ids = [occurrence.id for occurrence in occurrences]
    counted: dict[tuple[int, PlaceState], int] = defaultdict(int)
    for occurrence_id, state, number in session.execute(_COUNTS, {"ids": ids, "now": now}):
        counted[occurrence_id, state] += number
    return {id_: Tally(counted[id_, PlaceState.CONFIRMED], counted[id_, PlaceState.WAITLISTED]) for id_ in ids}


def _counts() -> CompoundSelect[int, PlaceState, int]:
    ids: BindParameter[int] = bindparam("ids", expanding=True)
    kept = select(PlaceCount.occurrence_id, PlaceCount.state, PlaceCount.number).where(
        PlaceCount.occurrence_id.in_(ids), PlaceCount.state.in_((PlaceState.CONFIRMED, PlaceState.WAITLISTED))
    )
    promised = (
        select(Place.occurrence_id, Place.promised, func.count())
        .join(Registration, Registration.id == Place.registration_id)
        .where(
            Place.occurrence_id.in_(ids),
            Place.state == PlaceState.UNVERIFIED,
            Place.promised == PlaceState.CONFIRMED,
            Registration.verify_until > bindparam("now", type_=UtcInstant),
        )
        .group_by(Place.occurrence_id, Place.promised)
    )
    return kept.union_all(promised)


_COUNTS = _counts()


def rules_of(event: Event) -> Rules:
    return Rules(event.status, event.choose, event.approval, event.waitlist, event.opens_at, event.closes_at)


def offer_of(occurrence: Occurrence, tally: Tally) -> Offer:
    return Offer(
        key=occurrence.key,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        cancelled=occurrence.cancelled_at is not None,
        needs_registration=occurrence.registration is RegistrationNeed.REQUIRED,
        capacity=occurrence.capacity,
        confirmed=tally.confirmed,
        waiting=tally.waiting,
    )


def offers_of(event: Event, counted: Mapping[int, Tally]) -> list[Offer]:
    return [offer_of(occurrence, counted[occurrence.id]) for occurrence in event.occurrences]


def standings_of(session: Session, events: Sequence[Event], *, now: datetime) -> dict[int, Standing]:
    """How each occurrence of these events stands for a newcomer, by occurrence id; one statement for all."""
    counted = tallies(session, [occurrence for event in events for occurrence in event.occurrences], now=now)
    return {
        occurrence.id: admission.standing(rules_of(event), offer_of(occurrence, counted[occurrence.id]), now)
        for event in events
        for occurrence in event.occurrences
    }


def standings(session: Session, event: Event, *, now: datetime) -> dict[int, Standing]:
    """How each occurrence of one event stands for a newcomer, by occurrence id."""
    return standings_of(session, [event], now=now)


def places_left(session: Session, event: Event, *, now: datetime) -> dict[int, int | None]:
    """Places left by occurrence id, never below 0; None where there is no limit."""
    counted = tallies(session, event.occurrences, now=now)
    return {occurrence.id: offer_of(occurrence, counted[occurrence.id]).left for occurrence in event.occurrences}


def question_specs(event: Event, *, retired: bool = False) -> list[QuestionSpec]:
    """What an event asks, as ``domain.questions`` takes it, in order; ``retired``: also what it asks no longer."""
    return [
        QuestionSpec(
            key=question.key,
            type=question.type,
            required=question.required,
            label=question.label,
            help=question.help,
            options=question.options,
            default_tag=event.default_language_tag,
            only_if=question.only_if,
        )
        for question in event.questions
        if retired or not question.retired
    ]


def options_left(session: Session, event: Event, *, apart_from: int | None = None) -> dict[tuple[str, str], int]:
    """How many may still choose an option, by (question key, option id), never below 0; without unlimited options.

    Registrations that hold a place count. To the one ``apart_from`` (its id) what it has chosen stays open, even where
    a limit was lowered since. One statement; none without limits.
    """
    ids = {question.key: question.id for question in event.questions}
    limits = {
        (ids[spec.key], option_id): (spec.key, limit)
        for spec in question_specs(event)
        for option_id, limit in spec.limits().items()
    }
    if not limits:
        return {}
    own = (
        exists()
        .where(
            ChosenOption.registration_id == apart_from,
            ChosenOption.question_id == OptionCount.question_id,
            ChosenOption.option_id == OptionCount.option_id,
            exists().where(Place.registration_id == apart_from, Place.state.in_(HELD)),
        )
        .correlate(OptionCount)
    )
    counted = select(
        OptionCount.question_id, OptionCount.option_id, OptionCount.number, own if apart_from else false()
    ).where(OptionCount.question_id.in_({question_id for question_id, _option_id in limits}))
    taken: dict[tuple[int, str], tuple[int, bool]] = {
        (question_id, option_id): (number - chosen, chosen)
        for question_id, option_id, number, chosen in session.execute(counted)
    }
    left: dict[tuple[str, str], int] = {}
    for option, (question_key, limit) in limits.items():
        others, mine = taken.get(option, (0, False))
        left[question_key, option[1]] = max(1 if mine else 0, limit - others)
    return left


def answers_of(registration: Registration) -> dict[str, AnswerValue]:
    """What was answered, by question key."""
    return {answer.question.key: answer.value for answer in registration.answers}


def takes_changes(event: Event, *, now: datetime) -> bool:
    """Whether something of the event is still to come, so that a registration for it can be changed."""
    return event.cancelled_at is None and any(
        occurrence.cancelled_at is None and now < occurrence.ends_at for occurrence in event.occurrences
    )


def is_proved(registration: Registration) -> bool:
    """Whether the owner of the address wants our letters, as far as we ask for that: only then go personal links there.

    Not so while places wait for the address to be verified, nor after that time has run out.
    """
    waiting = any(place.state is PlaceState.UNVERIFIED for place in registration.places)
    return not waiting and (registration.verify_until is None or registration.verified_at is not None)


def lapsed_places(registration: Registration) -> list[Place]:
    """Places that were given up because the address was not verified in time: what coming late is about.

    Whatever was cancelled for another reason was so before that time was over.
    """
    until = registration.verify_until
    if until is None or registration.verified_at is not None:
        return []
    return [place for place in registration.places if place.state is PlaceState.CANCELLED and place.changed_at >= until]


def events_with_late(session: Session, *, now: datetime) -> list[int]:
    """Ids of events that hold places for an address to be verified for longer than they said."""
    late = (
        select(Place.id)
        .join(Registration, Registration.id == Place.registration_id)
        .where(
            Place.occurrence_id == PlaceCount.occurrence_id,
            Place.state == PlaceState.UNVERIFIED,
            Registration.verify_until <= now,
        )
        .correlate(PlaceCount)
    )
    return list(
        session.scalars(
            select(Occurrence.event_id)
            .join(PlaceCount, PlaceCount.occurrence_id == Occurrence.id)
            .where(PlaceCount.state == PlaceState.UNVERIFIED, PlaceCount.number > 0, late.exists())
            .distinct()
            .order_by(Occurrence.event_id)
        )
    )


def events_with_room(session: Session, *, now: datetime) -> list[int]:
    """Ids of events booked as a whole where the clock alone made room: a date has begun, and somebody still waits who
    needs that one no more, and may get those to come.
    """
    begun, taken = aliased(Occurrence), aliased(PlaceCount)
    full = select(taken.number).where(
        taken.occurrence_id == Occurrence.id, taken.state == PlaceState.CONFIRMED, taken.number >= Occurrence.capacity
    )
    return list(
        session.scalars(
            select(Occurrence.event_id)
            .join(PlaceCount, PlaceCount.occurrence_id == Occurrence.id)
            .join(Occurrence.event)
            .where(
                PlaceCount.state == PlaceState.WAITLISTED,
                PlaceCount.number > 0,
                Event.choose == Choose.ALL,
                Occurrence.starts_at > now,
                Occurrence.cancelled_at.is_(None),
                ~full.exists(),
                exists().where(begun.event_id == Event.id, begun.starts_at <= now),
            )
            .distinct()
            .order_by(Occurrence.event_id)
        )
    )


def receipt_by_token(session: Session, token: str, *, now: datetime, settings: Settings) -> tuple[Receipt, Event]:
    """The receipt that a token opens, and its event to read (``queries.shown``).

    Raises NotFound: wrong in any way, or older than 24 hours.
    """
    public_id = links.public_id_in(token)
    found = session.execute(_RECEIPT, {"public_id": public_id or "", "now": now}).one_or_none()
    if found is None or not links.opens(settings.link_key, Purpose.RECEIPT, token, found[0].public_id):
        raise _not_found()
    receipt, stamp = found
    return receipt, event_shown(session, receipt.event_id, stamp)


_RECEIPT = (
    select(Receipt, EventStamp.number)
    .join(EventStamp, EventStamp.event_id == Receipt.event_id)
    .where(Receipt.public_id == bindparam("public_id"), Receipt.expires_at > bindparam("now"))
)


def receipt_outcome(event: Event, outcome: Mapping[str, PlaceState], now: datetime) -> dict[str, str]:
    """What a receipt keeps of it, and until when it is held where the address has to be verified."""
    kept = {key: state.value for key, state in outcome.items()}
    if event.verify_seconds is not None:
        kept[_HELD_UNTIL] = (now + timedelta(seconds=event.verify_seconds)).isoformat()
    return kept


def promised_by(receipt: Receipt) -> dict[str, PlaceState]:
    """By occurrence key the place that a newcomer gets, or is promised until the address is verified."""
    return {key: PlaceState(state) for key, state in receipt.outcome.items() if key != _HELD_UNTIL}


def held_until(receipt: Receipt) -> datetime | None:
    """Until when the places are only promised; None where the address need not be verified."""
    until = receipt.outcome.get(_HELD_UNTIL)
    return datetime.fromisoformat(until) if until else None


def receipt_token(receipt: Receipt, settings: Settings) -> str:
    return links.token(settings.link_key, Purpose.RECEIPT, receipt.public_id)


def registration_by_join_token(session: Session, token: str, *, settings: Settings) -> Registration:
    """The registration whose join link this is.

    The link opens the page for every state of its places; what is shown of a room depends on the place.
    """
    return registration_by_token(session, Purpose.JOIN, token, settings=settings)


def registration_by_token(session: Session, purpose: Purpose, token: str, *, settings: Settings) -> Registration:
    """The registration that a personal link of this purpose opens, with places, occurrences, rooms and event loaded.

    Raises NotFound: wrong in any way, of another purpose, revoked, or erased.
    """
    public_id = links.public_id_in(token)
    registration = session.scalar(
        _whole().where(Registration.public_id == (public_id or ""), Registration.erased_at.is_(None))
    )
    if registration is None or not links.opens(
        settings.link_key, purpose, token, registration.public_id, registration.link_generation
    ):
        raise _not_found()
    return registration


def registration_known(session: Session, event_id: int, address: Address) -> Registration | None:
    """Who is registered by this address, with places and answers; the event must be taken. One statement where nobody
    is.
    """
    return session.scalar(_KNOWN, {"event_id": event_id, "key": address.key})


_KNOWN = (
    select(Registration)
    .where(Registration.event_id == bindparam("event_id"), Registration.address_key == bindparam("key"))
    .options(selectinload(Registration.places).joinedload(Place.occurrence), selectinload(Registration.answers))
    .execution_options(populate_existing=True)
)


def registration_by_reference(session: Session, reference: str) -> Registration:
    """A registration by what people read out, in any case and with or without the hyphen. For organizers alone."""
    letters = "".join(character for character in reference.upper() if character.isalnum())
    registration = session.scalar(_whole().where(Registration.reference == f"{letters[:4]}-{letters[4:]}"))
    if registration is None:
        raise NotFound(N_("There is no registration with the reference %(reference)s."), reference=reference)
    return registration


def registrations_of(session: Session, slug: str, *, state: PlaceState | None = None) -> list[Registration]:
    """All registrations of an event, drafts too, oldest first; with ``state`` those that hold such a place.

    For organizers alone. Raises NotFound.
    """
    event_id = session.scalar(select(Event.id).where(Event.slug == slug))
    if event_id is None:
        raise NotFound(N_("There is no event %(slug)s."), slug=slug)
    wanted = _whole().where(Registration.event_id == event_id).order_by(Registration.created_at, Registration.id)
    if state is not None:
        wanted = wanted.where(Registration.places.any(Place.state == state))
    wanted = wanted.options(selectinload(Registration.answers).joinedload(Answer.question))
    return list(session.scalars(wanted).all())


def _whole() -> Select[Registration]:
    return select(Registration).options(
        joinedload(Registration.event).joinedload(Event.organization),
        selectinload(Registration.places).joinedload(Place.occurrence).joinedload(Occurrence.conference),
    )


def _not_found() -> NotFound:
    return NotFound(N_("There is no such page."))
