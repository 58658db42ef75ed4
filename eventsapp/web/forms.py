"""The forms: which fields, what was typed, what is wrong with it. Every rule about the input itself is the domain's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.form import BaseForm

from eventsapp.domain.addresses import Address, read_address
from eventsapp.domain.admission import Standing
from eventsapp.domain.applicant import Applicant, read_name
from eventsapp.domain.cities import tzid_from_text
from eventsapp.domain.errors import N_, DomainError, Invalid
from eventsapp.domain.languages import country_names, direction, lookup, own_name
from eventsapp.domain.questions import AnswerValue, QuestionSpec, check_answers
from eventsapp.domain.vocabulary import Choose, QuestionType
from eventsapp.domain.wording import city_words
from eventsapp.models import Event
from eventsapp.queries.registrations import question_specs
from eventsapp.translations import gettext as _
from eventsapp.translations import say
from eventsapp.web.editions import Edition, Words, languages_of, words_of
from eventsapp.web.language import Reading

Kind = Literal["text", "email", "tel", "url", "number", "long", "radio", "checkbox", "consent", "select"]
Typed = MultiDict[str, str]

NO_MATTER = (Standing.PAST, Standing.CANCELLED, Standing.NO_REGISTRATION)
TRAP = "homepage"  # nobody sees this field, so only a program fills it in
QUESTION = "q-"


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: Words
    edition: Edition | None = None


class Entry(Field):
    """One field as its template draws it. ``data`` are all posted values, raw: nothing that was typed is lost."""

    def __init__(
        self,
        label: Words,
        kind: Kind = "text",
        *,
        hint: Words | None = None,
        options: Sequence[Option] = (),
        optional: bool = False,
        autocomplete: str = "",
        check: Callable[[str], object] | None = None,
        **bound: Any,
    ) -> None:
        super().__init__(label.text, **bound)
        self.words, self.kind, self.hint = label, kind, hint
        self.options, self.optional, self.autocomplete = options, optional, autocomplete
        self._check = check
        self.value: Any = None

    @property
    def text(self) -> str:
        return self.data[0] if self.data else ""

    @property
    def described_by(self) -> str:
        ids = [f"{self.id}:hint"] if self.hint else []
        return " ".join([*ids, f"{self.id}:error"] if self.errors else ids)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = list(valuelist)

    def process_data(self, value: str | None) -> None:
        self.data = [value] if value else []

    def read(self) -> None:
        """Set ``value``, or ``errors`` by what the field's check raises."""
        if self._check is not None:
            try:
                self.value = self._check(self.text)
            except Invalid as error:
                self.blame(error)

    def blame(self, error: DomainError) -> None:
        self.errors = [say(error)]


class CheckedForm(BaseForm):
    """Fields in order, and the mistakes as the summary lists them: (id of the first input, sentence)."""

    def __init__(self, fields: Mapping[str, Any]) -> None:  # WTForms makes an unbound field of each Entry(…)
        super().__init__(fields)
        self.refusal = ""  # a rule that refuses the whole, not one field

    def __getitem__(self, name: str) -> Entry:
        return cast("Entry", super().__getitem__(name))

    def __iter__(self) -> Iterator[Entry]:
        return cast("Iterator[Entry]", super().__iter__())

    @property
    def mistakes(self) -> list[tuple[str, str]]:
        named = [(field.id, str(sentence)) for field in self for sentence in field.errors]
        return [("", self.refusal), *named] if self.refusal else named

    def blame(self, error: DomainError) -> None:
        """Put a domain error beside the field it names, or above all where there is none."""
        if error.key in self:
            self[error.key].blame(error)
        else:
            self.refusal = say(error)


class RegistrationForm(CheckedForm):
    """An event's form: who, when, in which language and zone to write, and the event's own questions."""

    def __init__(
        self,
        event: Event,
        editions: Sequence[Edition],
        *,
        reading: Reading,
        reader_tzid: str | None,
        typed: Typed | None = None,
    ) -> None:
        self._event, self._reading = event, reading
        self._specs = question_specs(event)
        self.choose = event.choose
        self.choosable = _choosable(event.choose, editions)
        zones = [edition.tzid for edition in (self.choosable or editions)]
        self._usual_tzid = reader_tzid or (zones or [event.organization.default_tzid])[0]
        super().__init__(self._fields_of(event))
        usual = {"language": reading.words, "time_zone": zone_text(self._usual_tzid, reading.tag)}
        self.process(typed, data=usual)
        self.trapped = bool(typed and typed.get(TRAP))

    @property
    def asks_for_date(self) -> bool:
        return self.choose is not Choose.ALL and len(self.choosable) > 1

    @property
    def questions(self) -> list[Entry]:
        return [self[f"{QUESTION}{spec.key}"] for spec in self._specs]

    def applicant(self) -> Applicant | None:
        """The person that the form describes; None where something is wrong, and then ``mistakes`` says what."""
        for name in ("name", "email", "time_zone"):
            self[name].read()
        chosen = self._chosen()
        answers = self._answers()
        if self.mistakes:
            return None
        address: Address = self["email"].value
        return Applicant(
            name=self["name"].value,
            address=address,
            language_tag=lookup(self["language"].text, languages_of(self._event), self._reading.words),
            tzid=self["time_zone"].value,
            occurrence_keys=chosen,
            answers=answers,
        )

    def _chosen(self) -> tuple[str, ...]:
        keys = tuple(dict.fromkeys(key for key in self["occurrences"].data if key))
        if self.asks_for_date and not keys:
            self["occurrences"].blame(Invalid(N_("Choose the date and time that suit you."), key="occurrences"))
        return keys

    def _answers(self) -> dict[str, AnswerValue]:
        raw = {spec.key: self[f"{QUESTION}{spec.key}"].data for spec in self._specs}
        answers, mistakes = check_answers(self._specs, raw, self._reading.words)
        for key, error in mistakes.items():
            self[f"{QUESTION}{key}"].blame(error)
        return answers

    def _fields_of(self, event: Event) -> dict[str, Entry]:
        tag = self._reading.tag
        dates = [Option(edition.key, Words(edition.words.whole), edition) for edition in self.choosable]
        tags = [Option(own, Words(own_name(own), own, direction(own))) for own in languages_of(event)]
        fields = {
            "name": Entry(Words(_("Your name")), autocomplete="name", check=read_name),
            "email": Entry(
                Words(_("E-mail address")),
                "email",
                hint=Words(_("We write to it with what you need to take part.")),
                autocomplete="email",
                check=read_address,
            ),
            "occurrences": Entry(
                Words(_("The date and time that suit you")),
                "radio" if event.choose is Choose.ONE else "checkbox",
                options=dates,
            ),
            "language": Entry(Words(_("Language of our letters to you")), "select", options=tags),
            "time_zone": Entry(
                Words(_("Your city or time zone")),
                hint=Words(_("Letters name the time as it is there.")),
                check=lambda text: tzid_from_text(text, tag) if text.strip() else self._usual_tzid,
            ),
        }
        return fields | {f"{QUESTION}{spec.key}": self._question(spec) for spec in self._specs}

    def _question(self, spec: QuestionSpec) -> Entry:
        return Entry(
            self._said(spec, spec.label) or Words(spec.key),
            KINDS[spec.type],
            hint=self._said(spec, spec.help) or _usual_hint(spec.type),
            options=self._options(spec),
            optional=not spec.required and spec.type is not QuestionType.CONSENT,
            autocomplete=AUTOCOMPLETE.get(spec.type, ""),
        )

    def _said(self, spec: QuestionSpec, texts: object) -> Words:
        """One of the organizer's texts, marked with the language that it is really in."""
        if not isinstance(texts, Mapping) or not texts:
            return Words("")
        usual = spec.default_tag if spec.default_tag in texts else next(iter(texts))
        tag = lookup(self._reading.words, list(texts), usual)
        return words_of(texts[tag], tag, self._reading)

    def _options(self, spec: QuestionSpec) -> list[Option]:
        if spec.type is QuestionType.YES_NO:
            return [Option("yes", Words(_("Yes"))), Option("no", Words(_("No")))]
        if spec.type is QuestionType.COUNTRY:
            return [
                Option("", Words("–")),
                *(Option(code, Words(name)) for code, name in country_names(self._reading.tag)),
            ]
        return [
            Option(str(option["id"]), self._said(spec, option.get("label")) or Words(str(option["id"])))
            for option in spec.options
        ]


class AddressForm(CheckedForm):
    """Where a mistyped address is put right."""

    def __init__(self, typed: Typed | None = None) -> None:
        super().__init__(
            {"email": Entry(Words(_("The right e-mail address")), "email", autocomplete="email", check=read_address)}
        )
        self.process(typed)

    def address(self) -> Address | None:
        self["email"].read()
        found: Address | None = self["email"].value
        return found


def _choosable(choose: Choose, editions: Sequence[Edition]) -> list[Edition]:
    """The dates that take people now. Where all belong together, one that takes nobody closes the others too."""
    coming = [edition for edition in editions if edition.standing not in NO_MATTER]
    admitting = [edition for edition in coming if edition.standing.admits]
    return [] if choose is Choose.ALL and len(admitting) < len(coming) else admitting


def zone_text(tzid: str, tag: str) -> str:
    """A zone as its field shows it: the city where that alone leads back to this zone, else IANA's name."""
    city = city_words(tzid, tag)
    try:
        return city if tzid_from_text(city, tag) == tzid else tzid
    except Invalid:
        return tzid


KINDS: dict[QuestionType, Kind] = {
    QuestionType.SHORT_TEXT: "text",
    QuestionType.LONG_TEXT: "long",
    QuestionType.SINGLE_CHOICE: "radio",
    QuestionType.SEVERAL_CHOICES: "checkbox",
    QuestionType.YES_NO: "radio",
    QuestionType.CONSENT: "consent",
    QuestionType.NUMBER: "number",
    QuestionType.DATE: "text",
    QuestionType.COUNTRY: "select",
    QuestionType.PHONE: "tel",
    QuestionType.URL: "url",
}
AUTOCOMPLETE = {QuestionType.PHONE: "tel", QuestionType.COUNTRY: "country"}


def _usual_hint(type_: QuestionType) -> Words | None:
    if type_ is QuestionType.DATE:
        return Words(_("Year, month and day, for example 2026-06-25."))
    if type_ is QuestionType.PHONE:
        return Words(_("With the country code, for example +52 55 1234 5678."))
    return None
