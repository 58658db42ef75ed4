"""Words of an event that somebody has read again: they still say what the default language says."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.actions.places import take_event


def mark_current(session: Session, event_id: int, texts: Iterable[tuple[str, str]], *, now: datetime) -> None:
    """``texts`` are pairs of a language tag and the name of a text; a language that is not there is passed over."""
    wanted = set(texts)
    for variant in take_event(session, event_id).variants:
        names = {name for tag, name in wanted if tag == variant.language_tag}
        variant.changed = variant.changed | dict.fromkeys(names, now.isoformat())
