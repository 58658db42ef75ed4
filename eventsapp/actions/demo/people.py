"""Made-up people for the demo, so that an organizer's first look finds a lively house. Nobody is written to."""

import random
import tomllib
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from eventsapp.actions.outbox.writing import new_columns
from eventsapp.config import Settings
from eventsapp.domain.links import new_public_id, new_reference
from eventsapp.domain.questions import chosen_options
from eventsapp.domain.vocabulary import (
    CHOICE_TYPES,
    HELD,
    Choose,
    Evidence,
    LetterKind,
    MessageState,
    PlaceState,
    QuestionType,
    RegistrationNeed,
)
from eventsapp.models import (
    Answer,
    Attendance,
    Channel,
    ChosenOption,
    Event,
    Message,
    Occurrence,
    Place,
    Question,
    Registration,
    Visits,
)

_WEEKS = timedelta(weeks=4)  # over which people have registered
_BOUNCE_EVERY = 71  # of so many letters one came back
_WORDS = "550 5.1.1 No such user here"
_LETTER = {
    PlaceState.CONFIRMED: LetterKind.CONFIRMATION,
    PlaceState.WAITLISTED: LetterKind.WAITLISTED,
    PlaceState.CANCELLED: LetterKind.CANCELLED,
}


def fill(session: Session, path: Path, *, slugs: tuple[str, ...], now: datetime, settings: Settings) -> None:
    """The people that the file describes, for those of ``slugs`` that it names. The same ones each time."""
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    for slug in (slug for slug in said["events"] if slug in slugs):
        loading = (selectinload(Event.occurrences), selectinload(Event.questions))
        event = session.scalars(select(Event).where(Event.slug == slug).options(*loading)).one()
        _Crowd(session, event, said, now, settings).register()
        _announce(session, event, said["channels"].get(slug, []), now)
    session.flush()


class _Crowd:
    def __init__(self, session: Session, event: Event, said: dict[str, Any], now: datetime, settings: Settings) -> None:
        self.session, self.event, self.said, self.now, self.settings = session, event, said, now, settings
        self.chance = random.Random(event.slug)  # noqa: S311  a demo, the same each time
        self.dates = [one for one in event.occurrences if one.registration is RegistrationNeed.REQUIRED]
        self.left = {one.id: one.capacity for one in self.dates}
        self.sources = [_code(event, name) for name, _visits in said["channels"].get(event.slug, [])]
        self.taken: set[str] = set()
        self.choices: list[tuple[Registration, int, str]] = []  # what the limits of options count

    def register(self) -> None:
        """In the order in which they came, so that the last ones find the dates full."""
        tags = [tag for tag, people in self.said["events"][self.event.slug].items() for _ in range(people)]
        self.chance.shuffle(tags)
        until = min([self.now, *(one.starts_at for one in self.dates)])
        steps = sorted(self.chance.random() ** 0.6 for _ in tags)  # more of them lately
        for tag, step in zip(tags, steps, strict=True):
            self.session.add_all(self._one(tag, until - _WEEKS * (1 - step)))
        self.session.flush()
        self.session.add_all(
            ChosenOption(registration_id=one.id, question_id=question_id, option_id=option)
            for one, question_id, option in self.choices
        )

    def _one(self, tag: str, at: datetime) -> Iterator[Any]:
        language = self.said["languages"][tag]
        name = f"{self.chance.choice(language['given'])} {self.chance.choice(language['family'])}"
        email = self._address(name)
        registration = Registration(
            event_id=self.event.id,
            public_id=new_public_id(),
            reference=new_reference(),
            email=email,
            address_key=email,
            name=name,
            language_tag=tag,
            tzid=self.chance.choice(language["tzids"]),
            source=self.chance.choice([*self.sources, *self.sources, ""]),
            created_at=at,
            changed_at=at,
        )
        registration.places = [self._place(one, at) for one in self._chosen(tag)]
        self._answer(registration, language["asks"])
        yield registration
        yield self._letter(registration, at)
        yield from (self._came(place) for place in registration.places if self._was_there(place))

    def _address(self, name: str) -> str:
        plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
        local = "".join(sign if sign.isalpha() else "." for sign in plain).strip(".") or "guest"
        number = sum(1 for one in self.taken if one.startswith(f"{local}."))
        email = f"{local}.{number + 1}@example.com"
        self.taken.add(email)
        return email

    def _chosen(self, tag: str) -> list[Occurrence]:
        mine = [one for one in self.dates if one.language_tag == tag] or [self.chance.choice(self.dates)]
        both = self.event.choose is Choose.ANY and self.chance.random() < 0.1  # noqa: PLR2004  some come to all
        return self.dates if both else mine[:1]

    def _place(self, occurrence: Occurrence, at: datetime) -> Place:
        state, left = PlaceState.CONFIRMED, self.left[occurrence.id]
        if left is not None and left <= 0:
            state = PlaceState.WAITLISTED
        elif self.chance.random() < 0.05:  # noqa: PLR2004  some change their minds
            state = PlaceState.CANCELLED
        if left is not None and state is PlaceState.CONFIRMED:
            self.left[occurrence.id] = left - 1
        return Place(
            occurrence=occurrence,
            state=state,
            revision=1 if state is PlaceState.CANCELLED else 0,
            queued_at=at,
            changed_at=at,
            created_at=at,
            invited_at=None if state is PlaceState.WAITLISTED else at,
            told_sequence=occurrence.sequence,
            told_at=at,
        )

    def _answer(self, registration: Registration, asks: str) -> None:
        held = any(place.state in HELD for place in registration.places)
        for question in self.event.questions:
            value = self._value(question, asks)
            if value is None:
                continue
            registration.answers.append(Answer(question_id=question.id, value=value))
            if held and question.type in CHOICE_TYPES:
                self.choices += [(registration, question.id, option) for option in chosen_options(value)]

    def _value(self, question: Question, asks: str) -> Any:
        if question.type is QuestionType.CONSENT:
            return True
        if question.type is QuestionType.YES_NO:
            return self.chance.random() < 0.2  # noqa: PLR2004
        if question.type is QuestionType.SINGLE_CHOICE:
            return self.chance.choice([option["id"] for option in question.options if not option.get("other")])
        if question.type is QuestionType.LONG_TEXT:
            return asks if self.chance.random() < 0.15 else None  # noqa: PLR2004
        return None

    def _letter(self, registration: Registration, at: datetime) -> Message:
        """What they were sent when they registered, as it stands in the log."""
        state = registration.places[0].state
        back = len(self.taken) % _BOUNCE_EVERY == 0
        columns = new_columns(at, self.settings)
        return Message(
            **columns,
            registration=registration,
            kind=_LETTER[state],
            language_tag=registration.language_tag,
            recipient=registration.email,
            address_key=registration.address_key,
            dedupe_key=f"demo:{columns['public_id']}",
            state=MessageState.BOUNCED if back else MessageState.SENT,
            last_code=550 if back else 250,
            last_error=_WORDS if back else "",
            attempts=1,
            sent_at=at + timedelta(seconds=2),
        )

    def _was_there(self, place: Place) -> bool:
        over = place.occurrence.ends_at < self.now
        return over and place.state is PlaceState.CONFIRMED and self.chance.random() < 0.7  # noqa: PLR2004

    def _came(self, place: Place) -> Attendance:
        late = timedelta(minutes=self.chance.randint(-8, 12))
        return Attendance(place=place, evidence=Evidence.JOIN_LINK, joined_at=place.occurrence.starts_at + late)


def _code(event: Event, name: str) -> str:
    return f"{event.slug[:3]}{name[:4]}"


def _announce(session: Session, event: Event, channels: list[list[Any]], now: datetime) -> None:
    """Short links, and how often they were followed in the last four weeks."""
    for name, visits in channels:
        channel = Channel(event_id=event.id, code=_code(event, name), name=name, created_at=now - _WEEKS)
        session.add(channel)
        session.flush()
        days = _WEEKS.days
        session.add_all(
            Visits(
                channel_id=channel.id,
                visited_on=(now - timedelta(days=day)).date(),
                number=visits * (days - day) // sum(range(1, days + 1)) + (day % 3 == 0),
            )
            for day in range(days)
        )
