"""What stands between letters and their readers: addresses not to be written to, a server that turns us away."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eventsapp.domain.vocabulary import Suppression
from eventsapp.models.base import Base, one_of


class SuppressedAddress(Base):
    """An organization does not write to this address any more. It holds a keyed hash, so it may outlive the person."""

    __tablename__ = "suppressed_address"
    __table_args__ = (UniqueConstraint("organization_id", "address_hash", "reason"),)

    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    address_hash: Mapped[str]
    reason: Mapped[Suppression] = mapped_column(one_of(Suppression, "reason"))
    words: Mapped[str] = mapped_column(default="")  # the mail server's own, without the address
    created_at: Mapped[datetime]


class Outage(Base):
    """The mail server turns *us* away (RFC 3463 X.7.X, sign-in): every worker waits, and the operator is told.

    One row for each lane at most; it goes when a letter gets through.
    """

    __tablename__ = "outage"

    lane: Mapped[str] = mapped_column(unique=True)
    since: Mapped[datetime]
    until: Mapped[datetime]  # then one letter is tried
    times: Mapped[int] = mapped_column(default=1)  # waits so far, each longer than the last; 0: on record only
    code: Mapped[int | None]
    words: Mapped[str] = mapped_column(default="")
