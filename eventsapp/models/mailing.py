"""An organizer's letter to many, and where people come from."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsapp.models.account import User
from eventsapp.models.base import Base, Json
from eventsapp.models.event import Event

_TO_PLAN = text("written_at IS NULL AND cancelled_at IS NULL")


class Mailing(Base):
    """One letter of an organizer to all whom ``filter`` finds when it is due, each in the best of its languages.

    ``needed``: people need it to take part, so it also goes to those who want no follow-ups.
    """

    __tablename__ = "mailing"
    __table_args__ = (Index("ix_mailing_due_at", "due_at", sqlite_where=_TO_PLAN, postgresql_where=_TO_PLAN),)

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    public_id: Mapped[str] = mapped_column(unique=True)
    filter: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # as queries.people reads it
    words: Mapped[dict[str, Any]] = mapped_column(Json)  # {language tag: {"subject": …, "body": Markdown}}
    needed: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime | None]  # None: a draft
    after_id: Mapped[int] = mapped_column(default=0)  # registrations up to this one have their letter
    written_at: Mapped[datetime | None]  # all of them are in the outbox
    cancelled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    event: Mapped[Event] = relationship()
    user: Mapped[User | None] = relationship()


class Channel(Base):
    """A short link to an event for one place where it is announced: ``/s/<code>``. Its ``code`` is people's source."""

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("event_id", "name"),)

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]

    event: Mapped[Event] = relationship()


class Visits(Base):
    """How often a short link was followed on a day (UTC). Nobody is known by it."""

    __tablename__ = "visits"
    __table_args__ = (
        UniqueConstraint("channel_id", "visited_on"),
        CheckConstraint("number >= 0", name="number_not_negative"),
    )

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    visited_on: Mapped[date]
    number: Mapped[int] = mapped_column(default=0)
