"""Who joined when, and how we know. Never a state of a place."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsapp.domain.vocabulary import Evidence
from eventsapp.models.base import Base, one_of
from eventsapp.models.registration import Place


class Attendance(Base):
    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint("left_at IS NULL OR left_at >= joined_at", name="left_after_joined"),
        Index("ix_attendance_place_id_joined_at", "place_id", "joined_at"),
    )

    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    evidence: Mapped[Evidence] = mapped_column(one_of(Evidence, "evidence"))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))  # who checked them in

    place: Mapped[Place] = relationship()
