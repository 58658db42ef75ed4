"""Who is in an organization's team, and who is invited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from eventsapp.config import Settings
from eventsapp.domain import links
from eventsapp.domain.errors import N_, NotFound
from eventsapp.domain.vocabulary import Purpose
from eventsapp.models import Event, Invitation, Membership, SignIn, User


@dataclass(frozen=True, slots=True)
class Member:
    membership: Membership
    seen_at: datetime | None  # None: never signed in, or not for two weeks


def members_of(session: Session, organization_id: int) -> list[Member]:
    """By name; users and the events that somebody is limited to are loaded with them."""
    rows = session.scalars(
        select(Membership)
        .where(Membership.organization_id == organization_id)
        .options(joinedload(Membership.user), selectinload(Membership.events).selectinload(Event.variants))
    ).all()
    last_seen = session.execute(
        select(SignIn.user_id, func.max(SignIn.seen_at).label("seen_at"))
        .where(SignIn.user_id.in_([row.user_id for row in rows]))
        .group_by(SignIn.user_id)
    )
    seen: dict[int, datetime] = {row.user_id: row.seen_at for row in last_seen}
    in_order = sorted(rows, key=lambda row: (row.user.shown_name.casefold(), row.id))
    return [Member(row, seen.get(row.user_id)) for row in in_order]


def member_of(session: Session, organization_id: int, membership_id: int) -> Membership:
    """Raises NotFound."""
    found = session.scalar(
        select(Membership).where(Membership.id == membership_id, Membership.organization_id == organization_id)
    )
    if found is None:
        raise NotFound(N_("There is no such page."))
    return found


def invitations_of(session: Session, organization_id: int) -> list[Invitation]:
    """The newest first, also those whose time is over."""
    wanted = select(Invitation).where(Invitation.organization_id == organization_id).order_by(Invitation.id.desc())
    return list(session.scalars(wanted.options(joinedload(Invitation.invited_by))))


def invitation_of(session: Session, organization_id: int, public_id: str) -> Invitation:
    """Raises NotFound."""
    found = session.scalar(
        select(Invitation).where(Invitation.public_id == public_id, Invitation.organization_id == organization_id)
    )
    if found is None:
        raise NotFound(N_("There is no such page."))
    return found


def invitation_by_token(session: Session, token: str, *, now: datetime, settings: Settings) -> Invitation | None:
    """The one that a letter's link opens; None: wrong in any way, used, withdrawn or too late."""
    public_id = links.public_id_in(token) or ""
    found = session.scalar(
        select(Invitation)
        .where(Invitation.public_id == public_id, Invitation.expires_at > now)
        .options(joinedload(Invitation.organization), joinedload(Invitation.invited_by))
    )
    if found is None or not links.opens(settings.link_key, Purpose.INVITATION, token, found.public_id):
        return None
    return found


def user_of_address(session: Session, address_key: str) -> User | None:
    return session.scalar(select(User).where(User.address_key == address_key))


def events_to_choose(session: Session, organization_id: int) -> Sequence[Event]:
    """Those that a member may be limited to, the newest first; words are loaded with them."""
    return session.scalars(
        select(Event)
        .where(Event.organization_id == organization_id)
        .options(selectinload(Event.variants))
        .order_by(Event.id.desc())
    ).all()
