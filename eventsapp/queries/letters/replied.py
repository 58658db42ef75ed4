"""To somebody whose calendar says that they cannot come: do they give the place back?"""

from dataclasses import replace
from datetime import datetime

from eventsapp.config import Settings
from eventsapp.domain.vocabulary import HELD, Choose, PlaceState
from eventsapp.mail.letters import Letter, Passage
from eventsapp.models import Message, Place, Registration
from eventsapp.queries.entries import personal_manage_url
from eventsapp.queries.letters.frame import frame_of, slot_of, standing_of


def replied_letter(message: Message, registration: Registration, *, now: datetime, settings: Settings) -> Letter | None:
    """None where the place is given up already, or the date has begun. It leads to a page that asks once more."""
    asked = message.context["places"]
    place = next((place for place in registration.places if place.id in asked), None)
    if place is None or standing_of(place) is not PlaceState.CONFIRMED or place.occurrence.starts_at <= now:
        return None
    manage_url = personal_manage_url(registration, settings=settings)
    return replace(
        frame_of(message, registration, settings),
        name=registration.name or "",
        reference=registration.reference,
        what_to_bring=Passage("", ""),
        about=(replace(slot_of(place), held=False, joins=False),),
        manage_url=manage_url,
        action_url=f"{manage_url}/cancel{_date(place)}",
    )


def _date(place: Place) -> str:
    """Which of several places is meant, where one of them can be given back alone."""
    registration = place.registration
    several = sum(one.state in HELD for one in registration.places) > 1
    alone = several and registration.event.choose is not Choose.ALL
    return f"?date={place.occurrence.key}" if alone else ""
