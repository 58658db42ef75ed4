"""Who holds events."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eventsapp.models.base import Base, Json


class Organization(Base):
    __tablename__ = "organization"
    __table_args__ = (CheckConstraint("retention_days IS NULL OR retention_days >= 1", name="retention_positive"),)

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sender_name: Mapped[str] = mapped_column(default="")
    contact: Mapped[str] = mapped_column(default="")  # address that answers people; Reply-To of every letter
    default_tzid: Mapped[str] = mapped_column(default="Etc/UTC")
    default_language_tag: Mapped[str] = mapped_column(default="en")
    privacy_url: Mapped[str] = mapped_column(default="")
    imprint_url: Mapped[str] = mapped_column(default="")
    accent: Mapped[str] = mapped_column(default="")  # "#rrggbb", or empty for the product's own
    conference_hosts: Mapped[list[str]] = mapped_column(Json, default=list)  # link hosts allowed besides Zoom's
    retention_days: Mapped[int | None]
    created_at: Mapped[datetime]
