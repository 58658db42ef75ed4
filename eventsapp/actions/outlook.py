"""Before anybody is written to of a change: whom it concerns, and what they would read. Tells nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from eventsapp.actions.tell import rehearsed
from eventsapp.config import Settings
from eventsapp.mail.letters import Letter
from eventsapp.mail.rendering import Rendered, render
from eventsapp.models import Event
from eventsapp.queries.letters import letter_of
from eventsapp.queries.untold import Untold, untold


@dataclass(frozen=True, slots=True)
class Outlook:
    """Who does not know how an event's dates stand, and by language tag the letter that one of them would get.

    ``news``: something that is done just now is among it.
    """

    slug: str
    untold: Untold
    letters: Mapping[str, Rendered]
    news: bool = True


def look(session: Session, event: Event, *, now: datetime, settings: Settings) -> Outlook:
    """What telling this event's people would mean now. The event must be taken: letters are written and dropped."""
    behind, slug = untold(session, event, now=now), event.slug
    letters: dict[str, Rendered] = {}
    with rehearsed(session, event, behind.samples.values(), now=now, settings=settings) as written:
        for message in written:
            letter = letter_of(session, message, now=now, settings=settings)
            if letter is not None:
                letters.setdefault(message.language_tag, render(without_keys(letter, settings)))
    return Outlook(slug, behind, letters)


def without_keys(letter: Letter, settings: Settings) -> Letter:
    """The links of the person whose letter it is are nobody else's, and a screen keeps what it has shown."""
    return replace(
        letter,
        join_url=letter.join_url and f"{settings.base_url}/j/…",
        manage_url=letter.manage_url and f"{settings.base_url}/manage/…",
    )
