"""The audit trail, read: who did what in an organization or at one event, newest first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload

from eventsapp.domain.errors import N_, NotFound
from eventsapp.models import AuditEntry, Event, Registration, User

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Trail:
    """One page of entries; ``page`` counts from 1, and ``pages`` is at least 1."""

    entries: Sequence[AuditEntry]
    page: int
    pages: int
    total: int


def trail(
    session: Session,
    organization_id: int,
    *,
    event_id: int | None = None,
    user_id: int | None = None,
    actions: Collection[str] = (),
    page: int = 1,
) -> Trail:
    """Users, registrations and events with their words come with the entries. Raises NotFound beyond the last page."""
    wanted = _wanted(organization_id, event_id)
    if user_id is not None:
        wanted &= AuditEntry.user_id == user_id
    if actions:
        wanted &= AuditEntry.action.in_(actions)
    total = session.scalar(select(func.count()).select_from(AuditEntry).where(wanted)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    if not 1 <= page <= pages:
        raise NotFound(N_("There is no such page."))
    entries = session.scalars(
        select(AuditEntry)
        .where(wanted)
        .options(
            joinedload(AuditEntry.user),
            joinedload(AuditEntry.registration),
            joinedload(AuditEntry.event).selectinload(Event.variants),
        )
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    return Trail(entries, page, pages, total)


def entries_about(session: Session, registration: Registration) -> Sequence[AuditEntry]:
    """What was done with one registration, newest first."""
    return session.scalars(
        select(AuditEntry)
        .where(AuditEntry.registration_id == registration.id)
        .options(joinedload(AuditEntry.user))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(PAGE_SIZE)
    ).all()


def people_on(session: Session, organization_id: int, event_id: int | None = None) -> list[User]:
    """Everybody with an entry, by name."""
    named = select(AuditEntry.user_id).where(_wanted(organization_id, event_id), AuditEntry.user_id.is_not(None))
    found = session.scalars(select(User).where(User.id.in_(named))).all()
    return sorted(found, key=lambda user: (user.shown_name.casefold(), user.id))


def names_of(session: Session, user_ids: Collection[int]) -> dict[int, str]:
    """What the people of these accounts are called now; an account that is gone is left out."""
    if not user_ids:
        return {}
    return {user.id: user.shown_name for user in session.scalars(select(User).where(User.id.in_(user_ids)))}


def _wanted(organization_id: int, event_id: int | None) -> ColumnElement[bool]:
    of_organization = AuditEntry.organization_id == organization_id
    return of_organization if event_id is None else and_(of_organization, AuditEntry.event_id == event_id)
