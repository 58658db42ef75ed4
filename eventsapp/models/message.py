"""The outbox: one letter to one person, written in the transaction that caused it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, or_, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsapp.domain.vocabulary import LetterKind, MessageState
from eventsapp.models.account import Invitation, User
from eventsapp.models.base import Base, Json, one_of
from eventsapp.models.mailing import Mailing
from eventsapp.models.registration import Place, Registration
from eventsapp.models.staff import Staff

_READERS = ("registration_id", "staff_id", "account_id", "invitation_id")
_ONE_READER = " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in _READERS) + " = 1"
_WAITING = text("state IN ('queued', 'sending')")


class Message(Base):
    """The only truth about a letter. It is rendered from the current rows when it is sent.

    ``place_id`` names the place whose calendar object the letter carries; None: it carries none.
    ``context`` holds the few facts that later rows no longer tell: the SEQUENCE of a cancellation, the places
    a decision was about. ``message_id`` is made here, so that every retry carries the same one.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("(state = 'sending') = (lease IS NOT NULL)", name="lease_while_sending"),
        CheckConstraint(_ONE_READER, name="one_reader"),
        Index("ix_message_waiting", "priority", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_message_registration_id_created_at", "registration_id", "created_at"),
        Index("ix_message_address_key_created_at", "address_key", "created_at"),
    )

    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    mailing_id: Mapped[int | None] = mapped_column(ForeignKey("mailing.id", ondelete="SET NULL"), index=True)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"), index=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    thread_of: Mapped[str] = mapped_column(default="")  # Message-ID of the first letter about this registration
    kind: Mapped[LetterKind] = mapped_column(one_of(LetterKind, "kind"))
    language_tag: Mapped[str]
    recipient: Mapped[str | None]  # frozen: a later change of address must not redirect it; None once erased
    address_key: Mapped[str | None]
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    context: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    priority: Mapped[int] = mapped_column(default=0)  # 0 leaves first
    state: Mapped[MessageState] = mapped_column(one_of(MessageState, "state"), default=MessageState.QUEUED)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    last_code: Mapped[int | None]
    last_error: Mapped[str] = mapped_column(default="")
    uncertain: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # nobody has any use for it after that; None: it stays worth sending
    created_at: Mapped[datetime]

    registration: Mapped[Registration | None] = relationship()
    staff: Mapped[Staff | None] = relationship()
    account: Mapped[User | None] = relationship()
    invitation: Mapped[Invitation | None] = relationship()
    mailing: Mapped[Mailing | None] = relationship()
    place: Mapped[Place | None] = relationship()

    @classmethod
    def may_have_come(cls) -> ColumnElement[bool]:
        """Where it has reached somebody as far as is known, or is on its way to them."""
        return or_(cls.state.in_((MessageState.SENDING, MessageState.SENT)), cls.uncertain)
