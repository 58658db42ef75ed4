"""Letters about dates that changed, as their receivers get them: from what they were told last, to what is so now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from eventsapp.actions import tell
from eventsapp.actions.revise import revise
from eventsapp.config import Settings
from eventsapp.db import transaction
from eventsapp.domain import timezones
from eventsapp.domain.vocabulary import LetterKind, PlaceState
from eventsapp.models import Event, Occurrence
from tests.factory import IN_ENGLISH, IN_SPANISH, Make
from tests.mail.conftest import Deliver
from tests.mail.test_golden import NAMES, WORDS, ZONES, Scene, as_document

CONFIRMED, WAITLISTED = PlaceState.CONFIRMED, PlaceState.WAITLISTED
ONE, WAITING, BOTH = {"spanish": CONFIRMED}, {"spanish": WAITLISTED}, {"english": CONFIRMED, "spanish": CONFIRMED}
IN_EVERY_LANGUAGE = frozenset({"several"})


@dataclass(frozen=True)
class Case:
    """``first`` happens and is told before ``values`` does; ``hours`` later, or another name."""

    name: str
    places: Mapping[str, PlaceState]
    values: Mapping[str, Any]
    first: Mapping[str, Any] | None = None
    keys: tuple[str, ...] = ("spanish",)


CASES = [
    Case("time", ONE, {"hours": 2}),
    Case("place", ONE, {"location": {"": "Hall 2, Example Street 7"}}),
    Case("name", ONE, {"summary": "Open house"}),
    Case("several", ONE, {"hours": 24, "location": {"": "Hall 2"}, "summary": "Open house"}),
    Case("put_back", ONE, {"cancelled": False}, first={"cancelled": True}),
    Case("waitlisted", WAITING, {"hours": 2}),
    Case("several_dates", BOTH, {"hours": 2}, keys=("english", "spanish")),
]
ALL = [(case, tag) for case in CASES for tag in WORDS if tag == "en" or case.name in IN_EVERY_LANGUAGE]


@pytest.fixture
def database(_sqlite_url: str) -> str:
    """The words are the same on both, so one is enough here."""
    return _sqlite_url


@pytest.fixture
def build(session: Session, settings: Settings, now: datetime, make: Make, deliver: Deliver) -> Callable[..., Scene]:
    def build(case: Case, language: str) -> Scene:
        make.organization(accent="#7a2e8d")
        event = make.event(languages=WORDS, occurrences=(IN_ENGLISH, IN_SPANISH))
        registration = make.registration(
            event,
            email="zoe@example.com",
            places=case.places,
            language_tag=language,
            tzid=ZONES[language],
            name=NAMES[language],
            public_id="registrationabcd",
            reference="K7PM-2QXD",
        )
        return Scene(session, settings, now, event, registration, deliver)

    return build


def change(scene: Scene, keys: tuple[str, ...], values: Mapping[str, Any]) -> None:
    with transaction() as session:
        event = session.scalars(select(Event)).one()
        if "summary" in values:
            for variant in event.variants:
                variant.summary = values["summary"]
        for occurrence in event.occurrences:
            if occurrence.key in keys:
                _change(occurrence, values, scene.now)
                revise(session, occurrence, now=scene.now)
        tell.tell(session, event, now=scene.now, settings=scene.settings)
    with transaction() as session:
        later = scene.now + timedelta(seconds=scene.settings.change_delay)
        assert tell.plan_changes(session, now=later, settings=scene.settings) > 0
    scene.name_messages()


def _change(occurrence: Occurrence, values: Mapping[str, Any], now: datetime) -> None:
    occurrence.dtstart_local += timedelta(hours=values.get("hours", 0))
    occurrence.starts_at, occurrence.ends_at = timezones.span(
        occurrence.dtstart_local, occurrence.fold, occurrence.tzid, occurrence.duration_seconds
    )
    occurrence.location = values.get("location", occurrence.location)
    if "cancelled" in values:
        occurrence.cancelled_at = now if values["cancelled"] else None


@pytest.mark.parametrize(("case", "language"), ALL, ids=lambda part: part if isinstance(part, str) else part.name)
def test_letter_about_a_change(
    case: Case, language: str, build: Callable[..., Scene], golden: Callable[[str, str], None]
) -> None:
    scene = build(case, language)
    scene.announce(LetterKind.CONFIRMATION if case.places != WAITING else LetterKind.WAITLISTED, case.keys)
    scene.deliver()
    if case.first is not None:
        change(scene, case.keys, case.first)
        scene.deliver()
    change(scene, case.keys, case.values)
    golden(f"mail/changed.{language}.{case.name}.txt", as_document(scene.deliver()[0]))
