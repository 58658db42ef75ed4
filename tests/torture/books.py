"""What has to hold afterwards, whatever happened: rows, people and letters agree. Every rule names what breaks it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from eventsapp.domain.vocabulary import HELD, Choose, LetterKind, MessageState, PlaceState
from eventsapp.models import Event, Message, Place, Registration
from eventsapp.queries.kept import wrong_counts
from tests.torture.crowd import Crowd, Person

WELCOME = {LetterKind.CONFIRMATION: PlaceState.CONFIRMED, LetterKind.WAITLISTED: PlaceState.WAITLISTED}
GIVE_A_PLACE = (LetterKind.CONFIRMATION, LetterKind.PROMOTED, LetterKind.INVITE)
CONFIRMED, WAITLISTED = PlaceState.CONFIRMED, PlaceState.WAITLISTED


@dataclass(frozen=True)
class Books:
    """``doubles``: so many letters may have come twice."""

    session: Session
    crowd: Crowd
    people: list[Person]
    doubles: int = 0

    def wrong(self, *, anew: bool = True) -> list[str]:
        """A line for each thing that is not as it should be. ``anew``: as it is committed."""
        if anew:
            self.session.rollback()
        self.session.expire_all()
        rules = (self._people, self._letters, self._calendars, self._places, self._counts)
        return [line for rule in rules for line in rule()]

    def _people(self) -> Iterator[str]:
        registrations = self._registrations()
        asked = {person.email for person in self.people}
        yield from (f"lost: {one} was told of a receipt" for one in self.crowd.told - registrations.keys())
        yield from (f"unasked: {one} sent no form" for one in registrations.keys() - asked)
        for email, registration in registrations.items():
            holds = any(place.state in HELD for place in registration.places)
            if email in self.crowd.gone and holds:
                yield f"not cancelled: {email}"
            if email in self.crowd.told - self.crowd.gone and not holds:
                yield f"holds nothing: {email}"
        yield from (f"unclear: {words} ({times})" for words, times in Counter(self.crowd.unclear).items())

    def _letters(self) -> Iterator[str]:
        box = self.crowd.postbox
        written: dict[str, list[Message]] = defaultdict(list)
        for message in self.session.scalars(select(Message).order_by(Message.id)):
            written[message.recipient or ""].append(message)
        for email, registration in self._registrations().items():
            yield from self._letters_of(email, registration, written[email])
        for email in box.came.keys() - self._registrations().keys():
            yield f"letter to a stranger: {email}"
        if box.doubles > self.doubles:
            yield f"doubled: {box.doubles} letters, where {self.doubles} may be"

    def _letters_of(self, email: str, registration: Registration, letters: list[Message]) -> Iterator[str]:
        yield from (
            f"left behind: a {letter.kind} to {email} is {letter.state}"
            for letter in letters
            if letter.state not in (MessageState.SENT, MessageState.SUPERSEDED)
        )
        sent = [letter for letter in letters if letter.state is MessageState.SENT]
        came = self.crowd.postbox.came.get(email, Counter()).keys()
        yield from (f"dropped: a {one.kind} to {email} never came" for one in sent if one.message_id not in came)
        yield from (f"unrecorded: {id_} came to {email}" for id_ in came - {one.message_id for one in letters})
        welcome = [letter for letter in letters if letter.kind in WELCOME]
        if len(welcome) != 1:
            yield f"welcome: {email} got {len(welcome)} letters about the registration"
        elif welcome[0].message_id not in came and LetterKind.PROMOTED not in {letter.kind for letter in sent}:
            yield f"welcome: {email} got no letter about the registration"
        carried = {letter.place_id for letter in sent if letter.kind in GIVE_A_PLACE}
        for place in registration.places:
            if place.state is CONFIRMED and place.id not in carried:
                yield f"no entry: {email} holds a place without a letter that carries it"
        if email in self.crowd.gone and LetterKind.CANCELLED not in {letter.kind for letter in sent}:
            yield f"no goodbye: {email} cancelled and got no letter"

    def _calendars(self) -> Iterator[str]:
        for email, registration in self._registrations().items():
            for place in registration.places:
                occurrence = place.occurrence
                entry = self.crowd.postbox.entries.get((email, occurrence.uid))
                shown = None if entry is None else entry.starts_at
                comes = place.state is CONFIRMED and occurrence.cancelled_at is None
                if shown != (occurrence.starts_at if comes else None):
                    yield f"calendar: {email} holds a {place.state} place at {occurrence.starts_at}, and sees {shown}"

    def _places(self) -> Iterator[str]:
        states: dict[int, Counter[PlaceState]] = defaultdict(Counter)
        for occurrence_id, state in self.session.execute(select(Place.occurrence_id, Place.state)):
            states[occurrence_id][state] += 1
        for event in self.session.scalars(select(Event)).unique():
            left = {
                one.id: one.capacity - states[one.id][CONFIRMED]
                for one in event.occurrences
                if one.capacity is not None
            }
            yield from (f"oversold: {event.slug} by {-places}" for places in left.values() if places < 0)
            idle = [id_ for id_, places in left.items() if places > 0 and states[id_][WAITLISTED]]
            if idle and (event.choose is not Choose.ALL or len(idle) == len(left)):
                yield f"idle: somebody waits for a free place of {event.slug}"

    def _counts(self) -> Iterator[str]:
        yield from (f"miscounted: {line}" for line in wrong_counts(self.session))

    def _registrations(self) -> dict[str, Registration]:
        found = self.session.scalars(
            select(Registration).options(selectinload(Registration.places).joinedload(Place.occurrence))
        )
        return {registration.email or "": registration for registration in found}
