"""What must hold whatever happens, said anew and without the product's own rules: each returns what is wrong, in words.

``before`` and ``after`` are the rows around one deed.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from eventsapp.domain.vocabulary import LetterKind, MessageState, PlaceState
from tests.life.picture import OUT, Letter, Picture, Seat

TOLD = {PlaceState.CONFIRMED, PlaceState.WAITLISTED, PlaceState.PENDING}
WAITING = {PlaceState.WAITLISTED, PlaceState.PENDING}
GIVING = {
    LetterKind.CONFIRMATION,
    LetterKind.APPROVED,
    LetterKind.PROMOTED,
    LetterKind.WAITLISTED,
    LetterKind.PENDING,
}
TAKING = {LetterKind.CANCELLED, LetterKind.DECLINED}
FEW = 5  # so few places left stand on the page


@dataclass(frozen=True)
class Terms:
    """What the event says about registering."""

    choose: str
    manual: bool
    waitlist: bool


def room(before: Picture, after: Picture, *, hands_on: bool = False) -> Iterator[str]:
    """Nobody is given a place that is not there, nor an option. ``hands_on``: one of too many may pass theirs on."""
    for date in after.dates.values():
        there, came = after.holders(date.key), after.holders(date.key) - before.holders(date.key, after.at)
        most = max(date.capacity or 0, len(before.holders(date.key, after.at)) if hands_on else 0)
        if came and date.capacity is not None and len(there) > most:
            yield f"{date.key} is oversold: {len(there)} of {date.capacity}, by {sorted(came)}"
    for option, limit in after.limits.items():
        chose = after.chosen[option]
        if chose - before.chosen.get(option, frozenset()) and limit is not None and len(chose) > limit:
            yield f"{option} is oversold: {len(chose)} of {limit}"


def nobody_waits_in_vain(after: Picture, terms: Terms) -> Iterator[str]:
    """Whoever is first everywhere they wait has no room somewhere, or the date has begun."""
    live = [date.key for date in after.dates.values() if not date.called_off and after.at < date.starts_at]
    queues = {key: after.queue(key) for key in live}
    for key, queue in queues.items():
        for seat in queue[:1]:
            mine = [key]
            if terms.choose == "all":
                mine = [one for one in live if any(other.person == seat.person for other in queues[one])]
            if all(queues[one][0].person == seat.person and after.has_room(one) for one in mine):
                yield f"{seat.person} waits for {key}, where a place is free"


def order(before: Picture, after: Picture) -> Iterator[str]:
    """Nobody gets a place while somebody who waited for it before them still waits."""
    for key in after.dates:
        came = after.holders(key) - before.holders(key, after.at)
        still = [seat for seat in before.queue(key) if (seat.person, key) in _waiting(after)]
        for person in came:
            mine = before.seats.get((person, key))
            was = mine if mine is not None and mine.state is PlaceState.WAITLISTED else None
            passed = [one.person for one in still if was is None or (one.queued_at, one.id) < (was.queued_at, was.id)]
            if passed:
                yield f"{person} passed {passed} at {key}"


def standing_in_line(before: Picture, after: Picture) -> Iterator[str]:
    """Where somebody stands in the queue counts from when they applied, and from nothing later."""
    for key, seat in after.seats.items():
        was = before.seats.get(key)
        if was is None or was.state not in WAITING or seat.state not in WAITING:
            continue
        if seat.queued_at != was.queued_at:
            yield f"{key} stands at another place of the line"


def calendars(before: Picture, after: Picture) -> Iterator[str]:
    """UID stays, SEQUENCE never falls, and rises where an entry goes or comes back."""
    for key, date in before.dates.items():
        if key in after.dates and after.dates[key].uid != date.uid:
            yield f"{key} has another UID"
    for key, was in before.seats.items():
        seat = after.seats.get(key)
        if seat is None:
            yield f"the place {key} has gone"
        elif seat.sequence < was.sequence:
            yield f"SEQUENCE of {key} fell from {was.sequence} to {seat.sequence}"
        elif seat.sequence == was.sequence and (was.state is PlaceState.CANCELLED) != (
            seat.state is PlaceState.CANCELLED
        ):
            yield f"SEQUENCE of {key} did not rise from {was.state} to {seat.state}"


def letters(before: Picture, after: Picture, apart: set[int]) -> Iterator[str]:
    """One letter for each place gained or lost, with its calendar object where it is certain; none for nothing.

    One that says that somebody waits falls silent where the same deed lets them move up. People ``apart`` are not
    judged by it.
    """
    new = [one for id_, one in after.letters.items() if id_ not in before.letters]
    new = [one for one in new if one.state is not MessageState.SUPERSEDED]
    moved_up = {seat.id for seat in after.seats.values() if seat.state is PlaceState.CONFIRMED}
    given = _named(new, GIVING - {LetterKind.WAITLISTED})
    given.update(_named(new, {LetterKind.WAITLISTED}, without=moved_up))
    brought = Counter(one.carries for one in new if one.kind in GIVING | {LetterKind.INVITE} and one.carries)
    taken = _named(new, TAKING)
    for key, seat in after.seats.items():
        was = before.seats.get(key)
        if seat.person in apart:
            continue
        gained = seat.state in TOLD and (was is None or was.state is not seat.state)
        lost = seat.state in OUT and was is not None and was.state in TOLD
        if given[seat.id] != gained:
            yield f"{given[seat.id]} letters give {key} what it {'is' if gained else 'is not'} given: {seat.state}"
        if brought[seat.id] != (gained and seat.state is PlaceState.CONFIRMED):
            yield f"{brought[seat.id]} invitations for {key}, {was.state if was else None} → {seat.state}"
        silent = after.dates[seat.date].called_off  # its owner was told when it was called off
        if taken[seat.id] != lost and not (lost and silent):
            yield f"{taken[seat.id]} letters take {key} away, {was.state if was else None} → {seat.state}"


def nothing_more(before: Picture, after: Picture, allowed: Iterable[LetterKind], apart: set[int]) -> Iterator[str]:
    """Where no place changes, nobody is written to, but with what was asked for."""
    changed = apart | {
        seat.person for key, seat in after.seats.items() if _state(before.seats.get(key)) != _state(seat)
    }
    for id_, one in after.letters.items():
        if id_ not in before.letters and one.person not in changed and one.kind not in set(allowed):
            yield f"{one.kind} to {one.person}, for whom nothing changed"


def stamp(before: Picture, after: Picture) -> Iterator[str]:
    """Another number wherever pages show something else."""
    if _shown(before) != _shown(after) and before.stamp == after.stamp:
        yield f"the stamp stayed, from {_shown(before)} to {_shown(after)}"


def newcomer(picture: Picture, terms: Terms, wanted: Sequence[str], option: str) -> dict[str, PlaceState] | None:
    """What somebody unknown gets who comes now; None: they are refused."""
    dates = [picture.dates[key] for key in wanted]
    if any(date.called_off or date.ends_at <= picture.at for date in dates) or not dates:
        return None
    limit = picture.limits.get(option)
    if limit is not None and len(picture.chosen[option]) >= limit:
        return None
    free = {date.key: picture.has_room(date.key) and not picture.queue(date.key) for date in dates}
    if any(not free[date.key] and (not terms.waitlist or date.starts_at <= picture.at) for date in dates):
        return None
    if terms.manual:
        return dict.fromkeys(wanted, PlaceState.PENDING)
    together = terms.choose == "all" and not all(free.values())
    return {key: PlaceState.CONFIRMED if free[key] and not together else PlaceState.WAITLISTED for key in wanted}


def _named(written: Sequence[Letter], kinds: set[LetterKind], without: Collection[int] = ()) -> Counter[int]:
    return Counter(place for one in written if one.kind in kinds for place in one.about if place not in without)


def _state(seat: Seat | None) -> object:
    return None if seat is None else (seat.state, seat.promised)


def _waiting(picture: Picture) -> set[tuple[int, str]]:
    return {key for key, seat in picture.seats.items() if seat.state is PlaceState.WAITLISTED}


def _shown(picture: Picture) -> dict[str, object]:
    shown: dict[str, object] = {}
    for key, date in picture.dates.items():
        left = None if date.capacity is None else max(0, date.capacity - len(picture.holders(key)))
        shown[key] = left if left is None or left <= FEW else "some", bool(picture.queue(key)), date.called_off
    return shown
