"""Who works for an organization: invited by letter, with a role and perhaps for single events only, changed and let go.

Whether an address has an account is told to nobody but its own reader.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from eventsapp.actions import outbox
from eventsapp.actions.audit import Action, note
from eventsapp.config import Settings
from eventsapp.domain.addresses import Address
from eventsapp.domain.errors import N_, Invalid, NotFound, Refused
from eventsapp.domain.links import new_public_id
from eventsapp.domain.vocabulary import LetterKind, Priority, Role
from eventsapp.models import AuditEntry, Event, Invitation, Membership, Message, Organization, User

OPEN_FOR = timedelta(days=7)
MOST_A_DAY = 50  # invitations of one organization: they are letters to strangers


@dataclass(frozen=True, slots=True)
class Scope:
    """What a member may: a role, in all events or in ``events`` alone. An owner is never limited."""

    role: Role
    limited: bool = False
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        if self.role is Role.OWNER and self.limited:
            raise Invalid(N_("An owner works on all events. Choose another role to limit it."), key="limited")

    @property
    def words(self) -> list[str]:
        """As the trail keeps it: the slugs of events, or none."""
        return sorted(event.slug for event in self.events) if self.limited else []


def invite(
    session: Session,
    organization: Organization,
    address: Address,
    scope: Scope,
    *,
    language_tag: str,
    user: User,
    now: datetime,
    settings: Settings,
) -> Invitation:
    """Write to somebody that they may join. An earlier invitation of the same address is worth nothing any more.

    Raises Refused: that address is a member's, or too many were invited today.
    """
    _take(session, organization.id)
    if _is_member(session, organization, address.key):
        raise Refused(N_("Somebody with this address is in the team already."), key="email")
    _bound(session, organization, now)
    session.execute(
        delete(Invitation).where(Invitation.organization_id == organization.id, Invitation.address_key == address.key)
    )
    invitation = Invitation(
        organization_id=organization.id,
        public_id=new_public_id(),
        email=address.email,
        address_key=address.key,
        role=scope.role,
        limited=scope.limited,
        event_ids=[event.id for event in scope.events] if scope.limited else [],
        language_tag=language_tag,
        invited_by_id=user.id,
        created_at=now,
        expires_at=now + OPEN_FOR,
    )
    session.add(invitation)
    session.flush()
    session.add(_letter(invitation, now, settings))
    changes = {"role": [None, scope.role.value], "events": [[], scope.words]}
    note(session, Action.MEMBER_INVITED, now=now, organization=organization, user=user, changes=changes)
    return invitation


def withdraw(session: Session, invitation: Invitation, *, user: User, now: datetime) -> None:
    """Its link opens nothing any more; a letter that still waits does not leave."""
    changes = {"role": [invitation.role.value, None]}
    note(
        session,
        Action.INVITATION_WITHDRAWN,
        now=now,
        organization=invitation.organization,
        user=user,
        changes=changes,
    )
    session.delete(invitation)
    session.flush()


def accept(session: Session, public_id: str, user: User, *, now: datetime) -> Membership:
    """Whoever has the invited address joins. Raises NotFound: used, withdrawn, too late, or somebody else's."""
    invitation = session.scalar(
        select(Invitation).where(Invitation.public_id == public_id, Invitation.expires_at > now).with_for_update()
    )
    if invitation is None or invitation.address_key != user.address_key:
        raise NotFound(N_("There is no such page."))
    organization = invitation.organization
    events = session.scalars(
        select(Event).where(Event.organization_id == organization.id, Event.id.in_(invitation.event_ids))
    ).all()
    membership = Membership(
        user_id=user.id,
        organization_id=organization.id,
        role=invitation.role,
        limited=invitation.limited,
        created_at=now,
        events=list(events),
    )
    session.add(membership)
    changes = {"role": [None, invitation.role.value], "events": [[], sorted(event.slug for event in events)]}
    note(session, Action.MEMBER_JOINED, now=now, organization=organization, user=user, changes=changes)
    session.delete(invitation)
    session.flush()
    return membership


def change_member(
    session: Session, organization_id: int, membership_id: int, scope: Scope, *, user: User, now: datetime
) -> None:
    """Give a member another role, or other events. Raises NotFound, and Refused for the last owner."""
    membership = _member(session, organization_id, membership_id)
    if membership.role is Role.OWNER and scope.role is not Role.OWNER:
        _another_owner(session, membership)
    before = Scope(membership.role, membership.limited, tuple(membership.events))
    if (before.role, before.limited, before.words) == (scope.role, scope.limited, scope.words):
        return
    membership.role, membership.limited = scope.role, scope.limited
    membership.events = list(scope.events) if scope.limited else []
    both: dict[str, list[Any]] = {
        "member": [None, membership.user_id],
        "role": [before.role.value, scope.role.value],
        "events": [before.words, scope.words],
    }
    changes = {key: [old, new] for key, (old, new) in both.items() if old != new}
    note(
        session,
        Action.MEMBER_CHANGED,
        now=now,
        organization=membership.organization,
        user=user,
        changes=changes,
    )


def remove_member(session: Session, organization_id: int, membership_id: int, *, user: User, now: datetime) -> None:
    """Somebody leaves, or is removed; the account stays theirs. Raises NotFound, and Refused for the last owner."""
    membership = _member(session, organization_id, membership_id)
    if membership.role is Role.OWNER:
        _another_owner(session, membership)
    changes = {"member": [membership.user_id, None], "role": [membership.role.value, None]}
    note(
        session,
        Action.MEMBER_LEFT,
        now=now,
        organization=membership.organization,
        user=user,
        changes=changes,
    )
    session.delete(membership)
    session.flush()


def _bound(session: Session, organization: Organization, now: datetime) -> None:
    """Counted on the trail, so that withdrawing makes no room for more letters."""
    invited = select(func.count(AuditEntry.id)).where(
        AuditEntry.organization_id == organization.id,
        AuditEntry.action == Action.MEMBER_INVITED.value,
        AuditEntry.at > now - timedelta(days=1),
    )
    if (session.scalar(invited) or 0) >= MOST_A_DAY:
        raise Refused(N_("Many people were invited today. Invite the others tomorrow."), key="email")


def _letter(invitation: Invitation, now: datetime, settings: Settings) -> Message:
    return Message(
        invitation_id=invitation.id,
        **outbox.new_columns(now, settings),
        kind=LetterKind.TEAM_INVITATION,
        language_tag=invitation.language_tag,
        recipient=invitation.email,
        address_key=invitation.address_key,
        dedupe_key=f"{invitation.public_id}:{LetterKind.TEAM_INVITATION}",
        priority=Priority.ASKED_FOR,
        expires_at=invitation.expires_at,
    )


def _take(session: Session, organization_id: int) -> None:
    """Whoever changes a team waits for whoever else does, so that two owners cannot remove each other at once."""
    session.execute(
        select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True)
    ).one()


def _member(session: Session, organization_id: int, membership_id: int) -> Membership:
    _take(session, organization_id)
    membership = session.scalar(
        select(Membership)
        .where(Membership.id == membership_id, Membership.organization_id == organization_id)
        .execution_options(populate_existing=True)
    )
    if membership is None:
        raise NotFound(N_("There is no such page."))
    return membership


def _another_owner(session: Session, membership: Membership) -> None:
    others = select(func.count()).where(
        Membership.organization_id == membership.organization_id,
        Membership.role == Role.OWNER,
        Membership.id != membership.id,
    )
    if not session.scalar(others):
        raise Refused(N_("This is the only owner. Make somebody else an owner first."))


def _is_member(session: Session, organization: Organization, address_key: str) -> bool:
    found: Sequence[int] = session.scalars(
        select(Membership.id)
        .join(Membership.user)
        .where(Membership.organization_id == organization.id, User.address_key == address_key)
    ).all()
    return bool(found)
