"""The join page: what one registered person needs to get in, and nobody else. GET changes nothing.

A room is shown to a confirmed person until the end; in every other state not one byte of it.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from flask import Response, g, redirect
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Redirect

from eventsapp.db import db
from eventsapp.domain import admission
from eventsapp.domain.admission import Standing
from eventsapp.domain.entry import Room
from eventsapp.domain.languages import country_names
from eventsapp.domain.vocabulary import PlaceState
from eventsapp.domain.wording import until_words
from eventsapp.ical.add_links import add_links
from eventsapp.models import Place
from eventsapp.queries.entries import personal_entry, personal_room
from eventsapp.queries.registrations import offer_of, registration_by_join_token, rules_of, tallies
from eventsapp.web.editions import Edition, edition_of, languages_of, with_entry, words_in, words_of
from eventsapp.web.headers import keep_private
from eventsapp.web.language import Reading, read_in
from eventsapp.web.pages import Pages, now, page, reader_tzid, settings

join = Pages("join", __name__)


@dataclass(frozen=True, slots=True)
class Seat:
    """One place as its holder sees it. ``room`` only where it may be entered; ``begins_in`` is empty once begun."""

    edition: Edition
    state: PlaceState
    room: Room | None
    begins_in: str

    @property
    def open(self) -> bool:
        return self.state is PlaceState.CONFIRMED and not self.edition.over and not self.edition.called_off


@join.page("/j/<token>")
def room(token: str) -> Response:
    registration = registration_by_join_token(db.session(), token, settings=settings())
    event = registration.event
    available = languages_of(event)
    g.asked_tag = g.asked_tag or registration.language_tag  # the letter's language, not the browser's
    reading = read_in(available, event.default_language_tag)
    tzid = reader_tzid() or registration.tzid
    seats = [_seat(place, reading, tzid, now()) for place in _in_order(registration.places)]
    return keep_private(
        page(
            "join/room.html",
            event=event,
            organization=event.organization,
            title=words_of(words_in(event, reading).summary, reading.words, reading),
            registration=registration,
            seats=seats,
            countries=dict(country_names(reading.tag)),
            languages=available,
            Standing=Standing,
            PlaceState=PlaceState,
        )
    )


@join.page("/j/<token>/<key>/<service>")
def add_to_calendar(token: str, key: str, service: str) -> Redirect:
    """Lead on to a web calendar with this person's own entry filled in, as it stands now."""
    registration = registration_by_join_token(db.session(), token, settings=settings())
    place = next((one for one in registration.places if one.occurrence.key == key), None)
    if place is None or place.state is not PlaceState.CONFIRMED:
        raise NotFound
    entry = replace(personal_entry(place, settings=settings()), description="", lead="")
    url = next((link.url for link in add_links(entry) if link.service == service), None)
    if url is None:
        raise NotFound
    return keep_private(redirect(url, 303))


def _seat(place: Place, reading: Reading, tzid: str, at: datetime) -> Seat:
    occurrence = place.occurrence
    offer = offer_of(occurrence, tallies(db.session(), [occurrence])[occurrence.id])
    standing = admission.standing(rules_of(occurrence.event), offer, at)
    edition = with_entry(edition_of(occurrence, standing, None, reading, tzid), occurrence, reading, settings())
    wait = occurrence.starts_at - at
    return Seat(
        edition=edition,
        state=place.state,
        room=personal_room(place, now=at),
        begins_in=until_words(wait, reading.tag) if wait.total_seconds() > 0 else "",
    )


def _in_order(places: list[Place]) -> list[Place]:
    """What is still to come first, each part by time."""
    at = now()
    return sorted(places, key=lambda place: (place.occurrence.ends_at <= at, place.occurrence.starts_at))
