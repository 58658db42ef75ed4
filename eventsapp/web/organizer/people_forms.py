"""The form about one person, as organizers fill it in: to put something right, or to register somebody by hand."""

from collections.abc import Mapping
from dataclasses import replace

from flask import g

from eventsapp.domain.addresses import Address, read_address
from eventsapp.domain.applicant import Applicant, read_name
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.languages import direction, lookup, own_name
from eventsapp.domain.questions import AnswerValue
from eventsapp.domain.vocabulary import Choose, RegistrationNeed
from eventsapp.domain.wording import time_words
from eventsapp.models import Event, Occurrence, Registration
from eventsapp.queries.registrations import answers_of, question_specs
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words, languages_of
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.forms import zone_text
from eventsapp.web.language import Reading, letter_languages
from eventsapp.web.pages import now
from eventsapp.web.questions import QuestionForm, answered, question_fields, read_answers

SOURCE = "organizer"


def reading_of(event: Event) -> Reading:
    """The organizer's page, with the event's words in the best of its languages."""
    reading: Reading = g.reading
    return replace(reading, words=lookup(reading.tag, languages_of(event), event.default_language_tag))


class PersonForm(QuestionForm):
    """Name, language and zone of the letters, and the event's questions, which may stay open: only the person knows."""

    def __init__(
        self,
        event: Event,
        *,
        registration: Registration | None = None,
        left: Mapping[tuple[str, str], int] | None = None,
        typed: Typed | None = None,
        first: Mapping[str, Entry] | None = None,
    ) -> None:
        reading = reading_of(event)
        self._event, self._reading = event, reading
        self._specs = [replace(spec, required=False) for spec in question_specs(event)]
        self._tags = letter_languages(languages_of(event))
        self._usual = (registration.language_tag, registration.tzid) if registration else _usual(event)
        super().__init__({"name": _name()} | dict(first or {}) | self._letters() | self._questions(left))
        self.process(typed, data=self._data(registration))

    def details(self) -> tuple[str, str, str, dict[str, AnswerValue]] | None:
        """Name, language tag, tzid and answers; None where something is wrong, and then ``mistakes`` say what."""
        for name in ("name", "time_zone"):
            self[name].read()
        answers = read_answers(self, self._specs, self._reading.words, may_stay_open=True)
        if self.mistakes or answers is None:
            return None
        asked, usual = self["language"].text, self._usual[0]
        tag = asked if asked in self._tags else usual
        if lookup(usual, self._tags, "") == tag:
            tag = usual  # "es-MX" says more than the "es" that it is shown as
        return self["name"].value, tag, self["time_zone"].value, answers

    def _letters(self) -> dict[str, Entry]:
        tag, usual = self._reading.tag, self._usual[1]
        tags = [Option(own, Words(own_name(own), own, direction(own))) for own in self._tags]
        return {
            "language": Entry(Words(_("Language of the letters")), "select", options=tags),
            "time_zone": Entry(
                Words(_("City or time zone")),
                hint=Words(_("Letters name the time as it is there.")),
                check=lambda text: tzid_from_text(text, tag) if text.strip() else usual,
            ),
        }

    def _questions(self, left: Mapping[tuple[str, str], int] | None) -> dict[str, Entry]:
        return question_fields(self._specs, self._reading, left)

    def _data(self, registration: Registration | None) -> dict[str, object]:
        tag, tzid = self._usual
        usual: dict[str, object] = {
            "language": lookup(tag, self._tags, self._event.default_language_tag),
            "time_zone": zone_text(tzid, self._reading.tag),
        }
        if registration is None:
            return usual
        return usual | {"name": registration.name or ""} | answered(self._specs, answers_of(registration))


class NewPersonForm(PersonForm):
    """Somebody whom an organizer registers: also the address, the dates, and what the organizer decides."""

    def __init__(
        self,
        event: Event,
        dates: list[Occurrence],
        *,
        left: Mapping[tuple[str, str], int] | None = None,
        typed: Typed | None = None,
    ) -> None:
        self.dates = dates
        self.asks_for_date = event.choose is not Choose.ALL and len(dates) > 1
        first = {
            "email": Entry(Words(_("E-mail address")), "email", check=read_address),
            "occurrences": Entry(
                Words(_("Date")),
                "radio" if event.choose is Choose.ONE else "checkbox",
                options=[Option(one.key, Words(date_words(one))) for one in dates],
            ),
            "over": Entry(Words(_("Give the place even where a date is full")), "consent", optional=True),
            "quietly": Entry(Words(_("Write no letter to this person")), "consent", optional=True),
        }
        super().__init__(event, left=left, typed=typed, first=first)

    def applicant(self) -> Applicant | None:
        self["email"].read()
        found = self.details()
        if found is None:
            return None
        name, tag, tzid, answers = found
        address: Address = self["email"].value
        keys = tuple(key for key in self["occurrences"].data if key)
        return Applicant(name, address, tag, tzid, keys, answers, SOURCE)

    @property
    def over(self) -> bool:
        return bool(self["over"].text)

    @property
    def tell(self) -> bool:
        return not self["quietly"].text


def dates_to_come(event: Event) -> list[Occurrence]:
    """Those for which people register, whether registration is open or not."""
    return [
        one
        for one in event.occurrences
        if one.registration is RegistrationNeed.REQUIRED and not one.called_off and one.ends_at > now()
    ]


def date_words(occurrence: Occurrence) -> str:
    return time_words(occurrence.starts_at, occurrence.ends_at, occurrence.tzid, g.reading.tag).whole


def _name() -> Entry:
    return Entry(Words(_("Name")), check=read_name)


def _usual(event: Event) -> tuple[str, str]:
    dates = event.occurrences
    return event.default_language_tag, dates[0].tzid if dates else event.organization.default_tzid
