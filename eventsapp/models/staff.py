"""People who work at an event: organizers, who read its digest, and hosts and interpreters, who work at dates."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsapp.domain.vocabulary import DigestEvery, StaffRole
from eventsapp.models.base import Base, one_of
from eventsapp.models.event import Event
from eventsapp.models.occurrence import Occurrence

_TO_PLAN = text("plan_at IS NOT NULL")
_TO_REMIND = text("remind_at IS NOT NULL")
_DIGESTED = text("digest_at IS NOT NULL")


class Staff(Base):
    """One person with one role at one event. They are no registered people: they take no place and are not counted."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("event_id", "role", "address_key"),
        Index("ix_staff_digest_at", "digest_at", sqlite_where=_DIGESTED, postgresql_where=_DIGESTED),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(unique=True)
    role: Mapped[StaffRole] = mapped_column(one_of(StaffRole, "role"))
    name: Mapped[str] = mapped_column(default="")
    email: Mapped[str]
    address_key: Mapped[str]
    language_tag: Mapped[str]
    tzid: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    digest: Mapped[DigestEvery] = mapped_column(one_of(DigestEvery, "digest"), default=DigestEvery.NEVER)
    digest_at: Mapped[datetime | None]  # when the next one is due, if there is something to say
    digested_at: Mapped[datetime | None]  # up to when the last one told
    created_at: Mapped[datetime]

    event: Mapped[Event] = relationship(back_populates="team")
    assignments: Mapped[list["Assignment"]] = relationship(
        back_populates="staff", cascade="all, delete-orphan", order_by="Assignment.id"
    )


class Assignment(Base):
    """A host or interpreter at one occurrence.

    ``revision`` only rises: with the room, which their calendar shows, and when they are relieved or come back.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("staff_id", "occurrence_id"),
        CheckConstraint("revision >= 0", name="revision_not_negative"),
        Index("ix_assignment_occurrence_id_told_sequence", "occurrence_id", "told_sequence"),
        Index("ix_assignment_plan_at", "plan_at", sqlite_where=_TO_PLAN, postgresql_where=_TO_PLAN),
        Index("ix_assignment_remind_at", "remind_at", sqlite_where=_TO_REMIND, postgresql_where=_TO_REMIND),
    )

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    revision: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]  # relieved of it; the row stays while a calendar may hold the date
    told_sequence: Mapped[int | None]  # the two numbers in the last letter; None: nothing of it is in their calendar
    told_revision: Mapped[int | None]
    told_at: Mapped[datetime | None]
    plan_at: Mapped[datetime | None]  # when to write about what was not told: somebody said "tell them"
    remind_at: Mapped[datetime | None]  # when to look next which reminders are due; any change brings it on
    changed_at: Mapped[datetime]
    created_at: Mapped[datetime]

    staff: Mapped[Staff] = relationship(back_populates="assignments")
    occurrence: Mapped[Occurrence] = relationship()
