"""Admission: who gets which place. Pure rules over plain values; the lock that makes them true is the action's.

``standing`` says how one date stands for somebody who comes now; ``decide`` uses the same words, so that a page and
the form behind it cannot disagree.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from eventsapp.domain.errors import N_, DomainError, Invalid, Refused
from eventsapp.domain.vocabulary import Approval, Choose, EventStatus, PlaceState


class Standing(StrEnum):
    """How an occurrence stands for a newcomer. ``WAITLIST``: full, but one can wait for a place."""

    OPEN = "open"
    WAITLIST = "waitlist"
    FULL = "full"
    NOT_YET_OPEN = "not_yet_open"
    CLOSED = "closed"
    PAST = "past"
    CANCELLED = "cancelled"
    NO_REGISTRATION = "no_registration"

    @property
    def admits(self) -> bool:
        """Whether somebody who comes now is taken in, with a place or on the waitlist."""
        return self in (Standing.OPEN, Standing.WAITLIST)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an event says about registering; the instants are aware UTC, None: no such limit."""

    status: EventStatus
    choose: Choose
    approval: Approval
    waitlist: bool
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    def in_time(self) -> "Rules":
        """The same for somebody who came within opening and closing already."""
        return replace(self, opens_at=None, closes_at=None)


@dataclass(frozen=True, slots=True)
class Offer:
    """One occurrence as admission sees it. ``capacity`` None: no limit; ``confirmed`` and ``waiting`` count places."""

    key: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool = False
    needs_registration: bool = True
    capacity: int | None = None
    confirmed: int = 0
    waiting: int = 0

    @property
    def left(self) -> int | None:
        """Places left, never below 0; None: no limit."""
        return None if self.capacity is None else max(0, self.capacity - self.confirmed)

    @property
    def has_room(self) -> bool:
        """Whether one more can be confirmed, whoever it is."""
        return self.capacity is None or self.confirmed < self.capacity


def standing(rules: Rules, offer: Offer, now: datetime) -> Standing:
    """How ``offer`` stands for a newcomer at ``now``. It closes at its end, or earlier where the rules say so."""
    if rules.status is EventStatus.CANCELLED or offer.cancelled:
        return Standing.CANCELLED
    if now >= offer.ends_at:
        return Standing.PAST
    if not offer.needs_registration:
        return Standing.NO_REGISTRATION
    if rules.status is EventStatus.DRAFT or (rules.closes_at is not None and now >= rules.closes_at):
        return Standing.CLOSED
    if rules.opens_at is not None and now < rules.opens_at:
        return Standing.NOT_YET_OPEN
    return _by_room(rules, offer, now)


def _by_room(rules: Rules, offer: Offer, now: datetime) -> Standing:
    """Nobody passes those who wait already; and once it has begun nobody moves up, so nobody need begin to wait."""
    if offer.has_room and not offer.waiting:
        return Standing.OPEN
    return Standing.WAITLIST if rules.waitlist and now < offer.starts_at else Standing.FULL


def decide(rules: Rules, offers: Sequence[Offer], chosen: Sequence[str], now: datetime) -> dict[str, PlaceState]:
    """The state of each place that a newcomer gets, by occurrence key, in the order of ``offers``.

    ``chosen`` may stay empty where there is nothing to choose: one date alone, or all of them. With "all", every date
    that is still to come is meant, all get the same state, and one that is full refuses the whole. Raises Invalid for
    a choice that is not on offer and Refused for one that is not admitted (values ``occurrence`` and ``standing``).
    """
    if rules.status is EventStatus.CANCELLED:
        raise _refused(Standing.CANCELLED, "", N_("This event is cancelled, so you can no longer register for it."))
    wanted = _wanted(rules, offers, chosen, now)
    standings = {offer.key: standing(rules, offer, now) for offer in wanted}
    for key, found in standings.items():
        if not found.admits:
            raise refusal(found, key)
    if rules.approval is Approval.MANUAL:
        return dict.fromkeys(standings, PlaceState.PENDING)
    if rules.choose is Choose.ALL and Standing.WAITLIST in standings.values():
        return dict.fromkeys(standings, PlaceState.WAITLISTED)
    return {
        key: PlaceState.CONFIRMED if found is Standing.OPEN else PlaceState.WAITLISTED
        for key, found in standings.items()
    }


@dataclass(frozen=True, slots=True)
class Change:
    """What choosing anew comes to, by occurrence key: ``taken`` with the state that each of the new dates gets.

    ``doubtful``: something sure is given up for something that is not, so its owner has to say yes to that.
    """

    kept: tuple[str, ...]
    given_up: tuple[str, ...]
    taken: dict[str, PlaceState]
    doubtful: bool


def change(
    rules: Rules, offers: Sequence[Offer], held: Mapping[str, PlaceState], chosen: Sequence[str], now: datetime
) -> Change:
    """What becomes of one registration's places, ``held`` by occurrence key, when its owner chooses ``chosen``.

    What is held and chosen stays as it is, however full the date; what is new is decided as for a newcomer. Places of
    dates that are over or cancelled are not touched and not counted. With "all" every date to come is meant, whatever
    was chosen, and so is the one date to come of somebody who holds none. Raises as ``decide`` does.
    """
    coming = [offer for offer in offers if standing(rules, offer, now) not in (Standing.CANCELLED, Standing.PAST)]
    mine = {offer.key: held[offer.key] for offer in coming if offer.key in held}
    keys = {key for key in chosen if key}
    if not keys <= {offer.key for offer in offers}:
        raise _invalid(N_("Choose a date from those on this page."))
    if rules.choose is Choose.ALL:
        keys = mine.keys() | {offer.key for offer in coming if offer.needs_registration}
    if not keys and mine:
        raise _invalid(N_("Choose at least one date. If you want none of them, cancel your registration instead."))
    if rules.choose is Choose.ONE and len(keys) > 1:
        raise _invalid(N_("Choose one date only."))
    new = [offer for offer in offers if offer.key in keys and offer.key not in mine]
    if new or not keys:
        together = Choose.ALL if rules.choose is Choose.ALL else Choose.ANY
        taken = decide(replace(rules, choose=together), new or offers, [offer.key for offer in new], now)
    else:
        taken = {}
    given_up = tuple(key for key in mine if key not in keys)
    return Change(
        kept=tuple(key for key in mine if key in keys),
        given_up=given_up,
        taken=taken,
        doubtful=any(mine[key] is PlaceState.CONFIRMED for key in given_up)
        and any(state is not PlaceState.CONFIRMED for state in taken.values()),
    )


def approve(rules: Rules, offers: Sequence[Offer], now: datetime) -> dict[str, PlaceState]:
    """The states of places that the organizer approves together: confirmed, or waitlisted where there is no room.

    Opening and closing bind applicants, not the organizer. Raises Refused: cancelled, past, or full without waitlist.
    """
    choose = Choose.ALL if rules.choose is Choose.ALL else Choose.ANY
    rules = replace(rules.in_time(), approval=Approval.AUTOMATIC, choose=choose)
    return decide(rules, offers, [offer.key for offer in offers], now)


def refusal(found: Standing, occurrence_key: str = "") -> Refused:
    """The sentence for a standing that does not admit."""
    return _refused(found, occurrence_key, _REFUSALS[found])


_REFUSALS = {
    Standing.FULL: N_("The date you chose is full. Choose another date if there is one."),
    Standing.NOT_YET_OPEN: N_("Registration is not open yet. Come back when it opens."),
    Standing.CLOSED: N_("Registration is closed."),
    Standing.PAST: N_("The date you chose is over. Choose another date if there is one."),
    Standing.CANCELLED: N_("The date you chose is cancelled. Choose another date if there is one."),
    Standing.NO_REGISTRATION: N_("The date you chose needs no registration. You can simply take part."),
}


def _wanted(rules: Rules, offers: Sequence[Offer], chosen: Sequence[str], now: datetime) -> list[Offer]:
    """The offers that the choice means. Unknown keys are refused, whatever the event says about choosing."""
    keys = {key for key in chosen if key}
    if not keys <= {offer.key for offer in offers}:
        raise _invalid(N_("Choose a date from those on this page."))
    coming = [
        offer
        for offer in offers
        if offer.needs_registration and standing(rules, offer, now) not in (Standing.CANCELLED, Standing.PAST)
    ]
    if not coming and not keys:
        raise _nothing_to_come(offers, rules, now)
    if not keys and (rules.choose is Choose.ALL or len(coming) == 1):
        return coming
    if not keys:
        raise _invalid(N_("Choose the date and time that suit you."))
    if rules.choose is Choose.ONE and len(keys) > 1:
        raise _invalid(N_("Choose one date only."))
    if rules.choose is Choose.ALL and not keys >= {offer.key for offer in coming}:
        raise _invalid(N_("You can only register for all dates together. Choose all of them."))
    return [offer for offer in offers if offer.key in keys]


def _nothing_to_come(offers: Sequence[Offer], rules: Rules, now: datetime) -> DomainError:
    found = [standing(rules, offer, now) for offer in offers]
    for reason in (Standing.NO_REGISTRATION, Standing.PAST, Standing.CANCELLED):
        if reason in found:
            return _refused(reason, "", _REFUSALS_OF_ALL[reason])
    return refusal(Standing.CLOSED)


_REFUSALS_OF_ALL = {
    Standing.NO_REGISTRATION: N_("This event needs no registration. You can simply take part."),
    Standing.PAST: N_("This event is over, so you can no longer register for it."),
    Standing.CANCELLED: N_("This event is cancelled, so you can no longer register for it."),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One waitlisted place: whose it is, and for which occurrence."""

    registration_id: int
    occurrence_key: str


def move_up(rules: Rules, offers: Sequence[Offer], queue: Sequence[Waiting], now: datetime) -> list[Waiting]:
    """Those of the queue, given in its order, who get a place now.

    With "all", somebody moves up only when every date they wait for has room. Whoever cannot move up keeps those
    behind from passing at the same dates. Nobody moves up once a date has begun, or where it is cancelled.
    """
    if rules.status is not EventStatus.PUBLISHED:
        return []
    rooms = {offer.key: offer for offer in offers if not offer.cancelled and now < offer.starts_at}
    left = {
        key: offer.capacity if offer.capacity is None else offer.capacity - offer.confirmed
        for key, offer in rooms.items()
    }
    blocked: set[str] = set()
    moved: list[Waiting] = []
    for together in _together(rules, [waiting for waiting in queue if waiting.occurrence_key in rooms]):
        keys = {waiting.occurrence_key for waiting in together}
        if keys & blocked or not _room_at(left, keys):
            blocked |= keys
            continue
        for key in keys:
            left[key] = _one_less(left[key])
        moved += together
    return moved


def _together(rules: Rules, queue: Sequence[Waiting]) -> list[list[Waiting]]:
    if rules.choose is not Choose.ALL:
        return [[waiting] for waiting in queue]
    groups: dict[int, list[Waiting]] = {}
    for waiting in queue:
        groups.setdefault(waiting.registration_id, []).append(waiting)
    return list(groups.values())


def _room_at(left: dict[str, int | None], keys: AbstractSet[str]) -> bool:
    return all(places is None or places > 0 for places in (left[key] for key in keys))


def _one_less(places: int | None) -> int | None:
    return None if places is None else places - 1


def _invalid(message: str) -> Invalid:
    return Invalid(message, key="occurrences")


def _refused(found: Standing, occurrence_key: str, message: str) -> Refused:
    return Refused(message, key="occurrences", occurrence=occurrence_key, standing=found)
