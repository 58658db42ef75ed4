"""Tickets: the dates that somebody took, as the receipt and the pages of a verification show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventsapp.domain.vocabulary import PlaceState
from eventsapp.web.editions import Edition


@dataclass(frozen=True, slots=True)
class Ticket:
    """``state`` is that of the place. ``promised`` is there only while it is held for an address to be verified."""

    edition: Edition
    state: PlaceState
    promised: PlaceState | None = None

    @property
    def confirmed(self) -> bool:
        return self.state is PlaceState.CONFIRMED

    @property
    def addable(self) -> bool:
        """Whether it belongs into a calendar."""
        return self.confirmed and not self.edition.over and not self.edition.called_off


def tickets_of(
    editions: Sequence[Edition], states: Mapping[str, PlaceState], *, promised: bool = False
) -> list[Ticket]:
    """For each edition that ``states`` names by its key; ``promised``: it gets that once the address is verified."""
    return [
        Ticket(edition, PlaceState.UNVERIFIED, state) if promised else Ticket(edition, state)
        for edition in editions
        if (state := states.get(edition.key)) is not None
    ]
