"""Events as the pages read them: what is listed, and one event with all its parts. Never shows a draft."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from eventsapp.domain.errors import N_, NotFound
from eventsapp.domain.vocabulary import Visibility
from eventsapp.models import Event, Occurrence, Organization
from eventsapp.queries.shown import event_shown, stamp_of

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of events, soonest first; ``page`` counts from 1 and ``pages`` is at least 1."""

    events: list[Event]
    page: int
    pages: int
    total: int


def upcoming(session: Session, *, now: datetime, page: int = 1, page_size: int = PAGE_SIZE) -> Listing:
    """Public events with a date that has not ended, by that date; cancelled ones too, so that people learn of it.

    Variants, occurrences and organization are loaded with them. Raises NotFound beyond the last page.
    """
    return _page(session, _listed(now), page, page_size)


def events_of_organization(
    session: Session, slug: str, *, now: datetime, page: int = 1, page_size: int = PAGE_SIZE
) -> tuple[Organization, Listing]:
    """An organization with its upcoming public events. Raises NotFound where it never published a public one."""
    found = session.scalar(
        select(Organization).where(
            Organization.slug == slug,
            select(Event.id)
            .where(
                Event.organization_id == Organization.id,
                Event.published_at.is_not(None),
                Event.visibility == Visibility.PUBLIC,
            )
            .exists(),
        )
    )
    if found is None:
        raise NotFound(N_("There is no such page."))
    return found, _page(session, _listed(now).where(Event.organization_id == found.id), page, page_size)


def event_by_slug(session: Session, slug: str) -> Event:
    """A published event, listed or unlisted, with variants, occurrences, rooms, questions and organization; to read.

    One statement where it is kept (``queries.shown``). Raises NotFound, for a draft in the same words as for what
    never was.
    """
    found = stamp_of(session, slug)
    if found is None:
        raise NotFound(N_("There is no such page."))
    return event_shown(session, *found)


_PARTS: tuple[ExecutableOption, ...] = (
    joinedload(Event.organization),
    selectinload(Event.variants),
    selectinload(Event.occurrences),
)


def _listed(now: datetime) -> Select[int, datetime]:
    """Ids of the listed events with the start of their next date, which orders them."""
    return (
        select(Event.id, func.min(Occurrence.starts_at).label("next_at"))
        .join(Event.occurrences)
        .where(Event.published_at.is_not(None), Event.visibility == Visibility.PUBLIC, Occurrence.ends_at > now)
        .group_by(Event.id)
    )


def _page(session: Session, listed: Select[int, datetime], page: int, page_size: int) -> Listing:
    total = session.scalar(select(func.count()).select_from(listed.subquery())) or 0
    pages = max(1, -(-total // page_size))
    if not 1 <= page <= pages:
        raise NotFound(N_("There is no such page."))
    upon = listed.subquery()
    events = session.scalars(
        select(Event)
        .join(upon, upon.c.id == Event.id)
        .order_by(upon.c.next_at, Event.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
        .options(*_PARTS)
    ).all()
    return Listing(list(events), page, pages, total)
