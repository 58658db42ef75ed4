"""What a command works with: settings, a database session and the time; and how it says that it cannot."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from eventsapp.config import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from eventsapp.models import Event


class CommandFailed(Exception):
    """A command cannot do what was asked. The text is what the person reads."""


@contextlib.contextmanager
def application() -> Iterator[tuple[Settings, "Session"]]:
    """The settings and a database session, with the application's context around the block. For reading."""
    from eventsapp.app import create_app
    from eventsapp.db import db
    from eventsapp.instance import at_work

    settings = Settings.from_environment()
    with at_work(settings.instance_path), create_app(settings).app_context():
        try:
            yield settings, db.session()
        finally:
            db.session.remove()
            db.engine.dispose()


@contextlib.contextmanager
def writing() -> Iterator[tuple[Settings, "Session"]]:
    """The same, in one transaction: it is kept as a whole or not at all."""
    from eventsapp.db import transaction

    with application() as (settings, _), transaction() as session:
        yield settings, session


class _Undone(Exception):
    pass


@contextlib.contextmanager
def rehearsal() -> Iterator["Session"]:
    """Within ``application``: a transaction of which nothing is kept."""
    from eventsapp.db import transaction

    with contextlib.suppress(_Undone), transaction() as session:
        yield session
        raise _Undone


def now() -> datetime:
    return datetime.now(UTC)


def event_of(session: "Session", slug: str) -> "Event":
    from sqlalchemy import select

    from eventsapp.models import Event

    event = session.scalar(select(Event).where(Event.slug == slug))
    if event is None:
        raise CommandFailed(f"There is no event {slug}.")
    return event
