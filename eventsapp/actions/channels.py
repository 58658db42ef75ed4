"""Short links for the places where an event is announced, and how often each was followed."""

import secrets
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from eventsapp.actions.audit import Action, note
from eventsapp.actions.statements import insert_unless_there
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.text import clean_line
from eventsapp.models import Channel, Event, User, Visits

LONGEST_NAME = 60
MOST_CHANNELS = 100
_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"  # read out and typed without doubt
_LENGTH = 6


def open_channel(session: Session, event: Event, name: str, *, user: User, now: datetime) -> Channel:
    """A new short link. Raises Invalid (key ``name``): empty, there already, or too many."""
    name = _read_name(name)
    names = session.scalars(select(Channel.name).where(Channel.event_id == event.id)).all()
    if len(names) >= MOST_CHANNELS:
        raise Invalid(N_("There are %(limit)s short links already; remove one first."), key="name", limit=MOST_CHANNELS)
    if name.casefold() in {one.casefold() for one in names}:
        raise _there_already()
    channel = Channel(event_id=event.id, code=_new_code(session), name=name, created_at=now)
    _flush(session, channel)
    _note(session, event, user, now, [None, name])
    return channel


def rename_channel(session: Session, event: Event, channel: Channel, name: str, *, user: User, now: datetime) -> None:
    """Its link stays the same. Raises Invalid (key ``name``)."""
    before, channel.name = channel.name, _read_name(name)
    _flush(session, channel)
    _note(session, event, user, now, [before, channel.name])


def close_channel(session: Session, event: Event, channel: Channel, *, user: User, now: datetime) -> None:
    """The link leads nowhere any more, its visits are gone; people keep their source."""
    _note(session, event, user, now, [channel.name, None])
    session.delete(channel)


def count_visit(session: Session, channel: Channel, *, now: datetime) -> None:
    """One more on this day (UTC), whoever else counts one at the same moment."""
    session.execute(insert_unless_there(session, Visits).values(channel_id=channel.id, visited_on=now.date(), number=0))
    session.execute(
        update(Visits)
        .where(Visits.channel_id == channel.id, Visits.visited_on == now.date())
        .values(number=Visits.number + 1)
    )


def _read_name(text: str) -> str:
    name = clean_line(text, LONGEST_NAME)
    if not name:
        raise Invalid(N_("Say where the link will stand, for example: newsletter."), key="name")
    return name


def _new_code(session: Session) -> str:
    while True:
        code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        if session.scalar(select(Channel.id).where(Channel.code == code)) is None:
            return code


def _flush(session: Session, channel: Channel) -> None:
    try:
        with session.begin_nested():
            session.add(channel)
    except IntegrityError as error:
        raise _there_already() from error


def _there_already() -> Invalid:
    return Invalid(N_("There is a short link of this name already."), key="name")


def _note(session: Session, event: Event, user: User, now: datetime, change: list[str | None]) -> None:
    said = {"channel": change}
    organization = event.organization
    note(session, Action.CHANNEL_CHANGED, now=now, organization=organization, user=user, event=event, changes=said)
