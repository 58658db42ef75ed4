"""One's own registration as the pages behind its manage link show it: which places are held, what can be changed."""

from dataclasses import dataclass
from datetime import datetime

from eventsapp.actions import places
from eventsapp.db import db
from eventsapp.domain.admission import Standing
from eventsapp.domain.vocabulary import HELD, Choose, PlaceState
from eventsapp.models import Event, Place, Registration
from eventsapp.queries.registrations import takes_changes
from eventsapp.web.editions import Edition, listed_editions, with_entry
from eventsapp.web.forms import NO_MATTER
from eventsapp.web.language import Reading
from eventsapp.web.pages import now, settings
from eventsapp.web.personal import opened, speak_to, tzid_of


@dataclass(frozen=True, slots=True)
class Held:
    """One place as its holder sees it. ``live``: held, and still to come; ``joins``: there is or will be a room."""

    edition: Edition
    state: PlaceState
    live: bool

    @property
    def confirmed(self) -> bool:
        return self.live and self.state is PlaceState.CONFIRMED

    @property
    def joins(self) -> bool:
        return self.confirmed and self.edition.online


@dataclass(frozen=True, slots=True)
class Mine:
    """A registration as its manage link opens it, and through whose eyes and when. ``held`` is in order of time."""

    token: str
    registration: Registration
    event: Event
    reading: Reading
    tzid: str
    now: datetime
    editions: list[Edition]
    held: list[Held]

    @property
    def live(self) -> list[Held]:
        return [one for one in self.held if one.live]

    @property
    def changeable(self) -> bool:
        """Whether anything can still be changed, beside one's data."""
        return takes_changes(self.event, now=self.now)

    @property
    def offered(self) -> list[Edition]:
        """Dates that one could take in addition or instead."""
        mine = {one.edition.key for one in self.held if one.live or one.state is PlaceState.DECLINED}
        free = [edition for edition in self.editions if edition.key not in mine]
        admitting = [edition for edition in free if edition.standing.admits]
        coming = [edition for edition in free if edition.standing not in NO_MATTER]
        whole = self.event.choose is not Choose.ALL or len(admitting) == len(coming)
        waits_for_proof = any(one.state is PlaceState.UNVERIFIED for one in self.live)
        return admitting if whole and self.changeable and not waits_for_proof else []

    @property
    def refused(self) -> list[Edition]:
        """Dates to come that one cannot take now."""
        shown = {one.key for one in self.offered} | {one.edition.key for one in self.live}
        asking = [edition for edition in self.editions if edition.standing is not Standing.NO_REGISTRATION]
        return [edition for edition in asking if not (edition.over or edition.key in shown)]


def open_mine(token: str) -> Mine:
    """The registration in the language of its letters, unless the path names another. Raises NotFound."""
    session, at = db.session(), now()
    registration = opened(token)
    event, reading, tzid = registration.event, speak_to(registration), tzid_of(registration)
    listed = listed_editions(session, [event], reading=reading, reader_tzid=tzid, now=at)[event.id]
    editions = [
        with_entry(edition, occurrence, reading, settings())
        for edition, occurrence in zip(listed, event.occurrences, strict=True)
    ]
    by_id = {occurrence.id: edition for edition, occurrence in zip(editions, event.occurrences, strict=True)}
    held = [
        Held(by_id[place.occurrence_id], place.state, place.state in HELD and places.is_to_come(place, at))
        for place in _in_order(registration.places)
    ]
    return Mine(token, registration, event, reading, tzid, at, editions, held)


def _in_order(found: list[Place]) -> list[Place]:
    """By time; what was given up stands last."""
    return sorted(found, key=lambda place: (place.state not in HELD, place.occurrence.starts_at))
