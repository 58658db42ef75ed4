"""Dates moved by whole days on the wall clock, and what a clock change then makes of them. Nothing is guessed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from eventsapp.domain import timezones
from eventsapp.domain.timezones import AmbiguousTime, NonexistentTime, Reading


@dataclass(frozen=True, slots=True)
class Shifted:
    """A wall time on its new day. ``doubt`` says what is wrong with it there; then ``readings`` are what may be meant.

    Where there is no doubt, its one reading is what it means.
    """

    readings: tuple[Reading, ...]
    doubt: NonexistentTime | AmbiguousTime | None = None

    @property
    def repeated(self) -> bool:
        """The clock shows it twice, so that the readings look alike but for their offset."""
        return isinstance(self.doubt, AmbiguousTime)


def shift(local: datetime, tzid: str, by: timedelta) -> Shifted:
    """The same wall time ``by`` whole days later or earlier. Raises Invalid where no year is left for it."""
    try:
        moved = local + by
    except OverflowError:
        moved = datetime.max if by > timedelta(0) else datetime.min  # noqa: DTZ901  refused by its year
    try:
        return Shifted((timezones.resolve(moved, tzid),))
    except (NonexistentTime, AmbiguousTime) as doubt:
        return Shifted(doubt.readings, doubt)
