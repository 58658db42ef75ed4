"""What is offered, its words in each language, its questions and the organizer's own letter texts."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsapp.domain.triggers import DEFAULT_REMINDERS
from eventsapp.domain.vocabulary import Approval, Choose, EventStatus, LetterKind, QuestionType, Visibility
from eventsapp.models.base import Base, Json, WallTime, one_of
from eventsapp.models.occurrence import Occurrence
from eventsapp.models.organization import Organization

if TYPE_CHECKING:
    from eventsapp.models.staff import Staff


class Event(Base):
    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("(opens_local IS NULL) = (opens_tzid IS NULL)", name="opens_has_zone"),
        CheckConstraint("(closes_local IS NULL) = (closes_tzid IS NULL)", name="closes_has_zone"),
        CheckConstraint("length(slug) > 0", name="slug_not_empty"),
        CheckConstraint("verify_seconds IS NULL OR verify_seconds > 0", name="verify_positive"),
        Index("ix_event_organization_id_published_at", "organization_id", "published_at"),
    )

    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    default_language_tag: Mapped[str]
    contact: Mapped[str] = mapped_column(default="")
    picture: Mapped[str] = mapped_column(default="")  # file name below instance/pictures, or empty
    topics: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)  # [{language tag, or "" for all: text}]
    visibility: Mapped[Visibility] = mapped_column(one_of(Visibility, "visibility"), default=Visibility.PUBLIC)
    published_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]  # out of the organizer's sight; nothing else changes

    choose: Mapped[Choose] = mapped_column(one_of(Choose, "choose"), default=Choose.ONE)
    approval: Mapped[Approval] = mapped_column(one_of(Approval, "approval"), default=Approval.AUTOMATIC)
    waitlist: Mapped[bool] = mapped_column(default=False)
    opens_local: Mapped[datetime | None] = mapped_column(WallTime)
    opens_tzid: Mapped[str | None]
    opens_fold: Mapped[int] = mapped_column(default=0)
    opens_at: Mapped[datetime | None]
    closes_local: Mapped[datetime | None] = mapped_column(WallTime)
    closes_tzid: Mapped[str | None]
    closes_fold: Mapped[int] = mapped_column(default=0)
    closes_at: Mapped[datetime | None]
    verify_seconds: Mapped[int | None]  # how long a place is held for an address to be proved; None: none need be
    reminders: Mapped[list[str]] = mapped_column(Json, default=lambda: list(DEFAULT_REMINDERS))  # domain.triggers texts
    # [{"trigger": text, "for": came, missed or all, "wait_for_recording": True where it is worth nothing without one}]
    follow_ups: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    scheduled_at: Mapped[datetime]  # since when the two are as they are: no letter goes out that was due before
    city_tzids: Mapped[list[str]] = mapped_column(Json, default=list)  # whose clocks an announcement names

    version: Mapped[int] = mapped_column(default=1)  # rises with every change of the record
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    organization: Mapped[Organization] = relationship()
    variants: Mapped[list["LanguageVariant"]] = relationship(
        back_populates="event", cascade="all, delete-orphan", order_by="LanguageVariant.position"
    )
    occurrences: Mapped[list[Occurrence]] = relationship(
        back_populates="event", cascade="all, delete-orphan", order_by="Occurrence.starts_at, Occurrence.id"
    )
    questions: Mapped[list["Question"]] = relationship(
        back_populates="event", cascade="all, delete-orphan", order_by="Question.position"
    )
    letter_texts: Mapped[list["LetterText"]] = relationship(
        back_populates="event", cascade="all, delete-orphan", order_by="LetterText.id"
    )
    team: Mapped[list["Staff"]] = relationship(
        back_populates="event", cascade="all, delete-orphan", order_by="Staff.position, Staff.id"
    )

    @property
    def status(self) -> EventStatus:
        if self.cancelled_at is not None:
            return EventStatus.CANCELLED
        return EventStatus.DRAFT if self.published_at is None else EventStatus.PUBLISHED


class LanguageVariant(Base):
    __tablename__ = "language_variant"
    __table_args__ = (UniqueConstraint("event_id", "language_tag"),)

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    language_tag: Mapped[str]
    summary: Mapped[str]
    excerpt: Mapped[str] = mapped_column(default="")  # one line under the title
    description: Mapped[str] = mapped_column(default="")  # Markdown
    what_to_bring: Mapped[str] = mapped_column(default="")  # Markdown
    picture_alt: Mapped[str] = mapped_column(default="")
    changed: Mapped[dict[str, str]] = mapped_column(Json, default=dict)  # {field: when its words changed, ISO 8601 UTC}

    event: Mapped[Event] = relationship(back_populates="variants")


class LetterText(Base):
    """The organizer's words for one kind of letter in one language; they are added to the facts."""

    __tablename__ = "letter_text"
    __table_args__ = (UniqueConstraint("event_id", "kind", "language_tag"),)

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    kind: Mapped[LetterKind] = mapped_column(one_of(LetterKind, "kind"))
    language_tag: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")  # plain text with placeholders
    body: Mapped[str] = mapped_column(default="")  # Markdown with placeholders

    event: Mapped[Event] = relationship(back_populates="letter_texts")


class Question(Base):
    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("event_id", "key"),)

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    key: Mapped[str]  # the record's id, for example "diet"
    type: Mapped[QuestionType] = mapped_column(one_of(QuestionType, "type"))
    required: Mapped[bool] = mapped_column(default=False)
    label: Mapped[dict[str, str]] = mapped_column(Json)  # {language tag: text}
    help: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    # [{"id": …, "label": {tag: text}, "limit": most who may choose it, "other": True where one may say what}]
    options: Mapped[list[dict[str, object]]] = mapped_column(Json, default=list)
    # [{"question": key of an earlier one, "is": [values]}]; asked only where all of them hold
    only_if: Mapped[list[dict[str, object]]] = mapped_column(Json, default=list)
    retired: Mapped[bool] = mapped_column(default=False)  # nobody is asked any more; what was answered stays

    event: Mapped[Event] = relationship(back_populates="questions")
