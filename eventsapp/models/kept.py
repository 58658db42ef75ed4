"""What the database keeps by itself, by triggers (``migrations``): no program writes these tables.

So they are right whoever changes a row, by whatever statement, in the same transaction.
"""

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eventsapp.domain.vocabulary import PlaceState
from eventsapp.models.base import Base, one_of


class PlaceCount(Base):
    """How many places of an occurrence are in a state; no row: none ever was."""

    __tablename__ = "place_count"
    __table_args__ = (UniqueConstraint("occurrence_id", "state"),)

    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    state: Mapped[PlaceState] = mapped_column(one_of(PlaceState, "state"))
    number: Mapped[int]


class OptionCount(Base):
    """How many registrations that hold a place (``vocabulary.HELD``) have chosen an option; no row: none ever had."""

    __tablename__ = "option_count"
    __table_args__ = (UniqueConstraint("question_id", "option_id"),)

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    option_id: Mapped[str]
    number: Mapped[int]


class EventStamp(Base):
    """A number drawn anew, at random, with every change of what an event's public pages show, whichever row it is in.

    The same number: nothing they show has changed, but what changes by the clock. Of counts they show what is close to
    a limit; a change far from it draws none.
    """

    __tablename__ = "event_stamp"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), unique=True)
    number: Mapped[int] = mapped_column(BigInteger)  # 48 bits, so that many may be added up
