"""Joining: what a person finds behind a join link at one instant, and which of several dates is the one meant.

Pure rules over plain values. A room may be named in the stages OPEN and WAITING alone, and led to in OPEN alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from eventsapp.domain.vocabulary import PlaceState


class Stage(StrEnum):
    """How a place stands for its holder who wants to join. ``MISSED``: waited, and no place became free in time."""

    WAITING = "waiting"
    OPEN = "open"
    OVER = "over"
    CALLED_OFF = "called_off"
    UNVERIFIED = "unverified"
    WAITLISTED = "waitlisted"
    MISSED = "missed"
    PENDING = "pending"
    CANCELLED = "cancelled"
    DECLINED = "declined"


_STAGES = {
    PlaceState.UNVERIFIED: Stage.UNVERIFIED,
    PlaceState.PENDING: Stage.PENDING,
    PlaceState.CANCELLED: Stage.CANCELLED,
    PlaceState.DECLINED: Stage.DECLINED,
}
_GIVEN_UP = (PlaceState.CANCELLED, PlaceState.DECLINED)


@dataclass(frozen=True, slots=True)
class Window:
    """When an occurrence may be entered: from ``opens_at`` until it ends. All are aware UTC instants."""

    starts_at: datetime
    ends_at: datetime
    opens_seconds: int  # before the start

    @property
    def opens_at(self) -> datetime:
        return self.starts_at - timedelta(seconds=self.opens_seconds)

    def is_open(self, now: datetime) -> bool:
        return self.opens_at <= now < self.ends_at

    def next_change(self, now: datetime) -> datetime | None:
        """The next instant at which a page about it reads otherwise: it opens, it begins, it ends."""
        return min((at for at in (self.opens_at, self.starts_at, self.ends_at) if now < at), default=None)


def stage(state: PlaceState, window: Window, now: datetime, *, called_off: bool) -> Stage:
    """What the holder of a place in this state finds now."""
    if called_off:
        return Stage.CALLED_OFF
    if now >= window.ends_at and state not in _GIVEN_UP:
        return Stage.OVER
    if state is PlaceState.CONFIRMED:
        return Stage.OPEN if window.is_open(now) else Stage.WAITING
    if state is PlaceState.WAITLISTED:
        return Stage.WAITLISTED if now < window.starts_at else Stage.MISSED
    return _STAGES[state]


def urgency(found: Stage, window: Window, now: datetime, *, own_language: bool) -> tuple[float, ...]:
    """Sorts a person's dates, the one that the link is opened for first.

    What runs comes before what is to come, the soonest of it first; then what is hoped for or called off; then what is
    over, the last of it first. Where two run at once it is the one in the person's language, then the one that began
    last.
    """
    soonest, latest = window.starts_at.timestamp(), -window.starts_at.timestamp()
    if found is Stage.OPEN and window.starts_at <= now:
        return (0, not own_language, latest)
    if found is Stage.OPEN:
        return (1, soonest, not own_language)
    if found is Stage.WAITING:
        return (2, soonest, not own_language)
    to_come = now < window.ends_at
    if to_come and found in (Stage.WAITLISTED, Stage.PENDING, Stage.UNVERIFIED, Stage.MISSED, Stage.CALLED_OFF):
        return (3, soonest)
    if found is Stage.OVER:
        return (4, latest)
    return (5, soonest) if to_come else (6, latest)
