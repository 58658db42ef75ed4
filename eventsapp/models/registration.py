"""A person's registration for an event, the places it holds, the answers given, and the receipt shown for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsapp.domain.vocabulary import PlaceState
from eventsapp.models.base import Base, Json, one_of
from eventsapp.models.event import Event, Question
from eventsapp.models.occurrence import Occurrence

_TO_PLAN = text("plan_at IS NOT NULL")


class Registration(Base):
    """Unique per event and ``address_key``. Erasure keeps the row for the counts and nulls what is personal."""

    __tablename__ = "registration"
    __table_args__ = (
        UniqueConstraint("event_id", "address_key"),
        Index("ix_registration_address_key_created_at", "address_key", "created_at"),
        Index("ix_registration_event_id_created_at", "event_id", "created_at"),
        # By it alone the organizer's table is counted, and its languages are found:
        Index("ix_registration_event_id_erased_at_language_tag", "event_id", "erased_at", "language_tag"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(unique=True)
    reference: Mapped[str] = mapped_column(unique=True)  # what people read out, for example K7PM-2QXD
    email: Mapped[str | None]
    address_key: Mapped[str | None]
    name: Mapped[str | None]
    language_tag: Mapped[str]  # of the letters
    tzid: Mapped[str]  # of the letters
    link_generation: Mapped[int] = mapped_column(default=1)
    source: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]  # somebody who reads this address said so, by a link in a letter
    verify_until: Mapped[datetime | None]  # unverified places are held until then
    reminders_off_at: Mapped[datetime | None]  # the person wants none of them
    note: Mapped[str] = mapped_column(default="")  # the organizer's own

    event: Mapped[Event] = relationship()
    places: Mapped[list["Place"]] = relationship(
        back_populates="registration", cascade="all, delete-orphan", order_by="Place.id"
    )
    answers: Mapped[list["Answer"]] = relationship(back_populates="registration", cascade="all, delete-orphan")


class Place(Base):
    """One registration's place in one occurrence. ``revision`` only rises (see ``CalendarEntry.sequence``)."""

    __tablename__ = "place"
    __table_args__ = (
        UniqueConstraint("registration_id", "occurrence_id"),
        CheckConstraint("revision >= 0", name="revision_not_negative"),
        CheckConstraint("(state = 'unverified') = (promised IS NOT NULL)", name="promised_while_unverified"),
        Index("ix_place_occurrence_id_state_queued_at", "occurrence_id", "state", "queued_at", "id"),
        Index("ix_place_occurrence_id_told_sequence", "occurrence_id", "told_sequence"),
        Index("ix_place_plan_at", "plan_at", sqlite_where=_TO_PLAN, postgresql_where=_TO_PLAN),
    )

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id"))
    state: Mapped[PlaceState] = mapped_column(one_of(PlaceState, "state"))
    promised: Mapped[PlaceState | None] = mapped_column(one_of(PlaceState, "promised"))  # once the address is verified
    revision: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime]  # the waitlist's order
    invited_at: Mapped[datetime | None]  # first confirmed: a calendar may hold the entry since then
    told_sequence: Mapped[int | None]  # the occurrence's, in the last letter written to say how this place stands
    told_at: Mapped[datetime | None]  # when that was written
    plan_at: Mapped[datetime | None]  # when to look next which scheduled letters are due; any change brings it on
    changed_at: Mapped[datetime]
    created_at: Mapped[datetime]

    registration: Mapped[Registration] = relationship(back_populates="places")
    occurrence: Mapped[Occurrence] = relationship()


class Answer(Base):
    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("registration_id", "question_id"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), index=True)
    value: Mapped[Any] = mapped_column(Json)  # as domain.questions stores it

    registration: Mapped[Registration] = relationship(back_populates="answers")
    question: Mapped[Question] = relationship()


class ChosenOption(Base):
    """One option of a choice question, as somebody chose it: what the options' limits count."""

    __tablename__ = "chosen_option"
    __table_args__ = (
        UniqueConstraint("registration_id", "question_id", "option_id"),
        Index("ix_chosen_option_question_id_option_id", "question_id", "option_id"),
    )

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    option_id: Mapped[str]


class AddressChange(Base):
    """A registration's wish to move to another address; it moves once the new address's owner agrees.

    A later wish takes the earlier one's place. The worker deletes what has expired.
    """

    __tablename__ = "address_change"
    __table_args__ = (Index("ix_address_change_expires_at", "expires_at"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), unique=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    address_key: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    registration: Mapped[Registration] = relationship()


class Receipt(Base):
    """What the page after a POST shows for 24 hours: the same for a new and for a known address.

    ``applicant`` keeps what was typed, so that a mistyped address can be corrected; the worker deletes the row.
    ``registration_id`` is set only where this very POST made the registration.
    """

    __tablename__ = "receipt"
    __table_args__ = (Index("ix_receipt_expires_at", "expires_at"),)

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id", ondelete="SET NULL"), index=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    reference: Mapped[str]
    applicant: Mapped[dict[str, Any]] = mapped_column(Json)
    # {occurrence key: place state a new applicant gets, "": until when it is held for the address to be verified}
    outcome: Mapped[dict[str, str]] = mapped_column(Json)
    corrections: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    event: Mapped[Event] = relationship()


class AddressUse(Base):
    """A form was sent for an address: what the limits against floods count, for an hour.

    Both columns hold keyed hashes, so nothing personal stays here; and every form leaves the same row, whether the
    address was known or not.
    """

    __tablename__ = "address_use"
    __table_args__ = (
        Index("ix_address_use_address_hash_used_at", "address_hash", "used_at"),
        Index("ix_address_use_domain_hash_used_at", "domain_hash", "used_at"),
        Index("ix_address_use_used_at", "used_at"),
    )

    address_hash: Mapped[str]
    domain_hash: Mapped[str]
    used_at: Mapped[datetime]
