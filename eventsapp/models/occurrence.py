"""One dated instance of an event, and the room it is held in."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsapp.domain.vocabulary import ConferenceAccess, ConferenceKind, ConferenceProvider, RegistrationNeed
from eventsapp.models.base import Base, Json, WallTime, one_of

if TYPE_CHECKING:
    from eventsapp.models.event import Event

_TO_TELL = text("tell_at IS NOT NULL")


class Occurrence(Base):
    """``dtstart_local, fold, tzid, duration_seconds`` are the truth; ``starts_at, ends_at`` are derived from them."""

    __tablename__ = "occurrence"
    __table_args__ = (
        UniqueConstraint("event_id", "key"),
        UniqueConstraint("uid"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity_not_negative"),
        CheckConstraint("duration_seconds > 0", name="duration_positive"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("fold IN (0, 1)", name="fold"),
        CheckConstraint("sequence >= 0", name="sequence_not_negative"),
        CheckConstraint("key <> 'calendar'", name="key_reserved"),
        Index("ix_occurrence_ends_at_event_id", "ends_at", "event_id"),
        Index("ix_occurrence_tell_at", "tell_at", sqlite_where=_TO_TELL, postgresql_where=_TO_TELL),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    key: Mapped[str]  # the record's id, part of public addresses
    uid: Mapped[str]  # RFC 5545 §3.8.4.7; made once, never changes
    sequence: Mapped[int] = mapped_column(default=0)
    first_revision: Mapped[int] = mapped_column(default=0, server_default=text("0"))  # that a new place begins with
    dtstart_local: Mapped[datetime] = mapped_column(WallTime)
    fold: Mapped[int] = mapped_column(default=0)
    tzid: Mapped[str]
    duration_seconds: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    language_tag: Mapped[str | None]  # held in this language; None: in all of the event's
    capacity: Mapped[int | None]  # None: no limit
    location: Mapped[dict[str, str]] = mapped_column(Json, default=dict)  # {language tag, or "" for all: text}
    recording: Mapped[dict[str, str]] = mapped_column(Json, default=dict)  # {language tag, or "": https address}
    registration: Mapped[RegistrationNeed] = mapped_column(
        one_of(RegistrationNeed, "registration"), default=RegistrationNeed.REQUIRED
    )
    join_opens_seconds: Mapped[int] = mapped_column(default=900)  # before the start
    cancelled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    revised_at: Mapped[datetime]  # DTSTAMP and LAST-MODIFIED of what calendars are told
    timed_at: Mapped[datetime]  # since when it starts and ends as it does
    tell_at: Mapped[datetime | None]  # when those who hold a place, or work there, are written to about what changed

    event: Mapped["Event"] = relationship(back_populates="occurrences")
    conference: Mapped["Conference | None"] = relationship(
        back_populates="occurrence", cascade="all, delete-orphan", uselist=False
    )

    @property
    def called_off(self) -> bool:
        """The date itself, or its event."""
        return self.cancelled_at is not None or self.event.cancelled_at is not None


class Revision(Base):
    """What people were told of an occurrence at one ``sequence``: what a letter about a change compares with.

    Every sequence has one. ``summary`` and ``location`` go by language tag, "" is for all.
    """

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("occurrence_id", "sequence"),)

    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    tzid: Mapped[str]
    summary: Mapped[dict[str, str]] = mapped_column(Json)
    location: Mapped[dict[str, str]] = mapped_column(Json)
    default_language_tag: Mapped[str]
    online: Mapped[bool]  # there is a room, or no address either
    cancelled: Mapped[bool]  # the date itself, or its event
    made_at: Mapped[datetime]


class Conference(Base):
    __tablename__ = "conference"
    __table_args__ = (UniqueConstraint("occurrence_id"),)

    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    provider: Mapped[ConferenceProvider] = mapped_column(one_of(ConferenceProvider, "provider"))
    kind: Mapped[ConferenceKind] = mapped_column(one_of(ConferenceKind, "kind"), default=ConferenceKind.MEETING)
    meeting_id: Mapped[str] = mapped_column(default="")  # 9 to 11 digits, nothing else
    passcode: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    dial_in: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)  # [{"number", "country", "city"}]
    access: Mapped[ConferenceAccess] = mapped_column(
        one_of(ConferenceAccess, "access"), default=ConferenceAccess.REGISTERED
    )

    occurrence: Mapped[Occurrence] = relationship(back_populates="conference")
