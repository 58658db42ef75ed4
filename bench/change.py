"""One date of the long feed is held elsewhere from now on: ``python -m bench.change``."""

import secrets
from datetime import UTC, datetime

from sqlalchemy import select

from bench.records import FEED
from eventsapp.app import create_app
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.models import Event, Occurrence


def main() -> None:
    with create_app(Settings.from_environment()).app_context(), transaction() as session:
        dates = select(Occurrence).join(Occurrence.event).where(Event.slug == FEED).order_by(Occurrence.id)
        date = session.scalars(dates.offset(1000).limit(1)).one()
        date.location, date.revised_at = {"": secrets.token_hex()}, datetime.now(UTC)


if __name__ == "__main__":
    main()
