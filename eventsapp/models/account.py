"""People who work for an organization: how they sign in, and what they may. Attendees have no account.

The sign-in mixins are the one place where a table knows a web framework: Flask-Security asks for them.
"""

from datetime import datetime

from flask_security import UserMixin, WebAuthnMixin
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsapp.domain.vocabulary import Role
from eventsapp.models.base import Base, Json, one_of
from eventsapp.models.event import Event
from eventsapp.models.organization import Organization


class User(Base, UserMixin):
    """``fs_uniquifier`` changes with the password, so that whatever was signed before is worth nothing."""

    __tablename__ = "account"  # "user" is a reserved word in SQL

    email: Mapped[str]
    address_key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    language_tag: Mapped[str] = mapped_column(default="en")
    tzid: Mapped[str] = mapped_column(default="Etc/UTC")
    created_at: Mapped[datetime]

    # Flask-Security's own names
    active: Mapped[bool] = mapped_column(default=True)
    # argon2; None: signs in by a passkey, or has yet to choose one
    password: Mapped[str | None]
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    tf_last_counter: Mapped[int | None]  # of the last code that was taken: none is taken twice
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(Json)  # keyed hashes of those that are left
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(unique=True)  # type: ignore[assignment]

    memberships: Mapped[list["Membership"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    webauthn: Mapped[list["Passkey"]] = relationship(  # type: ignore[assignment]
        back_populates="user", cascade="all, delete-orphan"
    )
    sign_ins: Mapped[list["SignIn"]] = relationship(back_populates="user", cascade="all, delete-orphan")

    @property
    def shown_name(self) -> str:
        return self.name or self.email


class Passkey(Base, WebAuthnMixin):
    __tablename__ = "passkey"

    user_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)

    # Flask-Security's own names
    name: Mapped[str]
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(Json)
    backup_state: Mapped[bool]
    device_type: Mapped[str]
    extensions: Mapped[str | None]
    create_datetime: Mapped[datetime]
    lastuse_datetime: Mapped[datetime]
    usage: Mapped[str]  # "first": instead of a password; "secondary": beside it

    user: Mapped[User] = relationship(back_populates="webauthn")


class SignIn(Base):
    """One browser in which somebody is signed in. The cookie names it; ending it here signs that browser out."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_seen_at", "seen_at"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    browser: Mapped[str] = mapped_column(default="")  # as it calls itself, shortened: "Firefox, Android"
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]  # to some minutes
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(back_populates="sign_ins")


limited_to = Table(
    "membership_event",
    Base.metadata,
    Column("membership_id", ForeignKey("membership.id", ondelete="CASCADE"), primary_key=True),
    Column("event_id", ForeignKey("event.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Membership(Base):
    """``limited``: to ``events`` alone, which may be none."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("user_id", "organization_id"),
        CheckConstraint("NOT (limited AND role = 'owner')", name="owner_unlimited"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    limited: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(back_populates="memberships")
    organization: Mapped[Organization] = relationship()
    events: Mapped[list[Event]] = relationship(secondary=limited_to)


class Invitation(Base):
    """Somebody is asked to join an organization's team. Its link is derived; accepting deletes the row."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("organization_id", "address_key"),
        Index("ix_invitation_expires_at", "expires_at"),
    )

    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    address_key: Mapped[str]
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    limited: Mapped[bool] = mapped_column(default=False)
    event_ids: Mapped[list[int]] = mapped_column(Json, default=list)  # those a limited member will see
    language_tag: Mapped[str]  # of the letter
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    organization: Mapped[Organization] = relationship()
    invited_by: Mapped[User | None] = relationship()
