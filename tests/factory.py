"""Rows for tests: an event in the shape of the two-language forum, and people registered for it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_security import hash_password

from eventsapp.actions.revise import put_on_record
from eventsapp.db import db, transaction
from eventsapp.domain import timezones
from eventsapp.domain.questions import chosen_options
from eventsapp.domain.vocabulary import (
    CHOICE_TYPES,
    ConferenceAccess,
    ConferenceKind,
    ConferenceProvider,
    PlaceState,
    QuestionType,
    RegistrationNeed,
    Role,
    StaffRole,
)
from eventsapp.models import (
    Answer,
    Assignment,
    ChosenOption,
    Conference,
    Event,
    LanguageVariant,
    LetterText,
    Membership,
    Occurrence,
    Organization,
    Place,
    Question,
    Registration,
    Staff,
    User,
)

IN_ENGLISH: Mapping[str, Any] = {
    "key": "english",
    "dtstart_local": datetime(2026, 6, 13, 16, 0),  # noqa: DTZ001  a wall time beside its tzid
    "language_tag": "en",
    "registration": RegistrationNeed.REQUIRED,
    "conference": {
        "kind": ConferenceKind.MEETING,
        "meeting_id": "85835549492",
        "passcode": "191837",
        "url": "https://us06web.zoom.us/j/85835549492",
        "access": ConferenceAccess.PUBLIC,
    },
}
IN_SPANISH: Mapping[str, Any] = {
    "key": "spanish",
    "dtstart_local": datetime(2026, 6, 28, 17, 0),  # noqa: DTZ001
    "language_tag": "es",
    "registration": RegistrationNeed.REQUIRED,
    "conference": {
        "kind": ConferenceKind.WEBINAR,
        "meeting_id": "82314567890",
        "passcode": "428571",
        "url": "https://us06web.zoom.us/j/82314567890",
        "access": ConferenceAccess.REGISTERED,
    },
}


@dataclass
class Make:
    """Each function writes its rows in a transaction of its own and returns them attached to the session.

    What a test does not name is filled with something valid; extra names go to the row as they are.
    """

    now: datetime
    registrations: int = 0
    members: int = 0

    def organization(self, **values: Any) -> Organization:
        values = {
            "slug": "example-league",
            "name": "Example League",
            "contact": "contact@example.org",
            "default_tzid": "America/Los_Angeles",
            "default_language_tag": "en",
            "privacy_url": "https://example.org/privacy",
            "created_at": self.now,
        } | values
        with transaction() as session:
            organization = Organization(**values)
            session.add(organization)
        return organization

    def user(self, email: str = "olga@example.org", *, password: str | None = None, **values: Any) -> User:
        """Somebody with an account. ``password`` is what they type; hashing takes its time, so most have none."""
        values = {
            "email": email,
            "address_key": email.casefold(),
            "name": "Olga",
            "password": None if password is None else hash_password(password),
            "fs_uniquifier": secrets.token_hex(32),
            "created_at": self.now,
        } | values
        with transaction() as session:
            user = User(**values)
            session.add(user)
        return user

    def member(
        self,
        organization: Organization | None = None,
        role: Role = Role.OWNER,
        *,
        events: Sequence[Event] | None = None,
        user: User | None = None,
        **values: Any,
    ) -> User:
        """A member of an organization, limited to ``events`` where some are named."""
        self.members += 1
        organization = organization or self._organization()
        user = user or self.user(**{"email": f"member{self.members}@example.org"} | values)
        with transaction() as session:
            membership = Membership(
                user_id=user.id,
                organization_id=organization.id,
                role=role,
                limited=events is not None,
                created_at=self.now,
            )
            membership.events = [session.merge(event) for event in events or ()]
            session.add(membership)
        return user

    def event(
        self,
        slug: str = "forum",
        *,
        languages: Mapping[str, str | Mapping[str, Any]] | None = None,
        occurrences: Sequence[Mapping[str, Any]] = (IN_ENGLISH, IN_SPANISH),
        questions: Sequence[Mapping[str, Any]] = (),
        letters: Sequence[Mapping[str, Any]] = (),
        organization: Organization | None = None,
        **values: Any,
    ) -> Event:
        """A published event. ``languages`` maps a tag to the summary or to a whole variant's columns.

        An occurrence names at least ``key`` and ``dtstart_local``; it is an hour long at America/Los_Angeles and needs
        registration unless it says otherwise. Its ``conference`` is a mapping of columns, or left out for none.
        """
        languages = languages or {"en": "Public forum", "es": "Foro público"}
        organization_id = (organization or self._organization()).id
        values = {
            "organization_id": organization_id,
            "slug": slug,
            "default_language_tag": next(iter(languages)),
            "contact": "contact@example.org",
            "published_at": self.now,
            "created_at": self.now,
            "changed_at": self.now,
            "scheduled_at": self.now,
        } | values
        with transaction() as session:
            event = Event(**values)
            event.variants = [
                LanguageVariant(
                    position=at, language_tag=tag, **({"summary": words} if isinstance(words, str) else words)
                )
                for at, (tag, words) in enumerate(languages.items())
            ]
            event.occurrences = [self._occurrence(slug, given) for given in occurrences]
            event.questions = [
                Question(
                    **({"position": at, "type": QuestionType.SHORT_TEXT, "label": {"en": given["key"]}} | dict(given))
                )
                for at, given in enumerate(questions)
            ]
            event.letter_texts = [LetterText(**given) for given in letters]
            session.add(event)
            for occurrence in event.occurrences:
                put_on_record(session, occurrence, now=self.now)
        return event

    def registration(
        self,
        event: Event,
        *,
        email: str = "",
        places: Mapping[str, PlaceState] | None = None,
        promised: PlaceState = PlaceState.CONFIRMED,
        language_tag: str = "es",
        tzid: str = "America/Mexico_City",
        answers: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> Registration:
        """Rows only: no rule is asked, no letter is written. ``places`` default to the last occurrence, confirmed.

        An unverified place is ``promised``, and held for two hours.
        """
        self.registrations += 1
        number = self.registrations
        letters = "".join("BCDFGHJKMN"[int(digit)] for digit in f"{number:04}")
        email = email or f"person{number}@example.com"
        occurrences = {occurrence.key: occurrence.id for occurrence in event.occurrences}
        sequences = {occurrence.key: occurrence.sequence for occurrence in event.occurrences}
        questions = {question.key: question for question in event.questions}
        places = {list(occurrences)[-1]: PlaceState.CONFIRMED} if places is None else places
        queued_at = self.now + timedelta(seconds=number)
        values = {
            "event_id": event.id,
            "public_id": f"registration{letters.lower()}",
            "reference": f"K7PM-{letters}",
            "email": email,
            "address_key": email.casefold(),
            "name": "Zoë Muñoz",
            "language_tag": language_tag,
            "tzid": tzid,
            "created_at": queued_at,
            "changed_at": queued_at,
            "verify_until": self.now + timedelta(hours=2) if PlaceState.UNVERIFIED in places.values() else None,
        } | values
        with transaction() as session:
            registration = Registration(**values)
            registration.places = [
                Place(
                    occurrence_id=occurrences[key],
                    state=PlaceState(state),
                    promised=promised if state == PlaceState.UNVERIFIED else None,
                    queued_at=queued_at,
                    invited_at=queued_at if state == PlaceState.CONFIRMED else None,
                    told_sequence=None if state == PlaceState.UNVERIFIED else sequences[key],
                    told_at=None if state == PlaceState.UNVERIFIED else queued_at,
                    changed_at=queued_at,
                    created_at=queued_at,
                )
                for key, state in places.items()
            ]
            registration.answers = [
                Answer(question_id=questions[key].id, value=value) for key, value in (answers or {}).items()
            ]
            session.add(registration)
            session.flush()
            session.add_all(
                ChosenOption(registration_id=registration.id, question_id=questions[key].id, option_id=option_id)
                for key, value in (answers or {}).items()
                if questions[key].type in CHOICE_TYPES
                for option_id in chosen_options(value)
            )
        return registration

    def staff(
        self,
        event: Event,
        role: StaffRole = StaffRole.HOST,
        *,
        email: str = "",
        keys: Sequence[str] | None = None,
        language_tag: str = "en",
        tzid: str = "Europe/London",
        **values: Any,
    ) -> Staff:
        """Rows only. A host or interpreter works at the occurrences of ``keys``, or at all, and knows of none yet."""
        email = email or f"{role}@example.org"
        dates = [one for one in event.occurrences if keys is None or one.key in keys]
        values = {
            "public_id": f"staff{email.partition('@')[0]}",
            "name": "Ann Lee",
            "digested_at": self.now,
            "created_at": self.now,
        } | values
        with transaction() as session:
            staff = Staff(
                event_id=event.id,
                role=role,
                email=email,
                address_key=email.casefold(),
                language_tag=language_tag,
                tzid=tzid,
                **values,
            )
            if role is not StaffRole.ORGANIZER:
                staff.assignments = [
                    Assignment(occurrence_id=one.id, revision=0, changed_at=self.now, created_at=self.now)
                    for one in dates
                ]
            session.add(staff)
        return staff

    def _organization(self) -> Organization:
        return db.session.query(Organization).order_by(Organization.id).first() or self.organization()

    def _occurrence(self, slug: str, given: Mapping[str, Any]) -> Occurrence:
        values: dict[str, Any] = {
            "uid": f"{slug}-{given['key']}@events.example.org",
            "tzid": "America/Los_Angeles",
            "fold": 0,
            "duration_seconds": 3600,
            "created_at": self.now,
            "revised_at": self.now,
            "timed_at": self.now,
        } | dict(given)
        conference = values.pop("conference", None)
        truth = (values[name] for name in ("dtstart_local", "fold", "tzid", "duration_seconds"))
        values["starts_at"], values["ends_at"] = timezones.span(*truth)
        occurrence = Occurrence(**values)
        if conference:
            occurrence.conference = Conference(**({"provider": ConferenceProvider.ZOOM} | dict(conference)))
        return occurrence
