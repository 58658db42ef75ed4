"""An event's own questions as form fields, wherever they are asked. What an answer must be is ``domain.questions``'."""

from collections.abc import Mapping, Sequence

from babel.lists import format_list

from eventsapp.domain.errors import N_, DomainError, Invalid, Refused
from eventsapp.domain.languages import babel_locale, country_names, lookup
from eventsapp.domain.questions import (
    DETAILS,
    AnswerValue,
    OptionFull,
    QuestionSpec,
    answer_words,
    check_answers,
    typed_values,
)
from eventsapp.domain.vocabulary import QuestionType
from eventsapp.translations import gettext
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words, words_of
from eventsapp.web.fields import CheckedForm, Condition, Entry, Kind, Option
from eventsapp.web.language import Reading

QUESTION = "q-"

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


class QuestionForm(CheckedForm):
    """A form that asks an event's questions among other things: its fields hold those of ``question_fields``."""

    @property
    def questions(self) -> list[Entry]:
        """The questions' own fields in order; one for details hangs on its question."""
        return [field for field in self if field.name.startswith(QUESTION) and not field.name.endswith(DETAILS)]

    def blame(self, error: DomainError) -> None:
        if isinstance(error, OptionFull) and f"{QUESTION}{error.key}" in self:
            self[f"{QUESTION}{error.key}"].blame(_as_shown(error, self[f"{QUESTION}{error.key}"]))
        else:
            super().blame(error)


def question_fields(
    specs: Sequence[QuestionSpec], reading: Reading, left: Mapping[tuple[str, str], int] | None = None
) -> dict[str, Entry]:
    """A field for each question, by its name in the form, and one for the details that an option asks for.

    ``left`` is ``queries.registrations.options_left``: an option without places cannot be chosen. Where people
    change their answers it must leave out their own registration.
    """
    asked = _Asked(specs, reading, left or {})
    fields: dict[str, Entry] = {}
    for spec in specs:
        fields[f"{QUESTION}{spec.key}"] = asked.question(spec)
        if spec.other():
            fields[f"{QUESTION}{spec.key}{DETAILS}"] = asked.details(spec)
    return fields


def answered(specs: Sequence[QuestionSpec], answers: Mapping[str, AnswerValue]) -> dict[str, list[str]]:
    """Stored answers as the data of ``question_fields``, by the fields' names."""
    typed = [typed_values(spec, answers[spec.key]) for spec in specs if spec.key in answers]
    return {f"{QUESTION}{key}": values for one in typed for key, values in one.items()}


def read_answers(
    form: CheckedForm, specs: Sequence[QuestionSpec], tag: str, *, may_stay_open: bool = False
) -> dict[str, AnswerValue] | None:
    """The answers as they can be stored; None where something is wrong, and then the fields say what.

    ``tag`` is the language of the organizer's words on the page. ``may_stay_open``: no question must be answered.
    """
    names = [f"{spec.key}{end}" for spec in specs for end in ("", DETAILS)]
    raw = {name: form[f"{QUESTION}{name}"].data for name in names if f"{QUESTION}{name}" in form}
    answers, mistakes = check_answers(specs, raw, tag, may_stay_open=may_stay_open)
    for key, error in mistakes.items():
        entry = form[f"{QUESTION}{key}"]
        entry.blame(_none_left(error) if entry.options and entry.first is None else error)
    return None if mistakes else answers


def _as_shown(error: OptionFull, entry: Entry) -> DomainError:
    """With the words that stand on the page."""
    words = {option.value: option.label.text for option in entry.options}
    option = words.get(error.option, error.option)
    return Refused(error.message, key=error.key, label=entry.words.text, option=option)


def _none_left(error: Invalid) -> Invalid:
    message = N_("No option of “%(label)s” has places left, so this form cannot be sent. Write to the organizer.")
    return Invalid(message, key=error.key, label=error.values["label"])


def said(spec: QuestionSpec, value: AnswerValue, reading: Reading) -> tuple[Words, Words]:
    """The question and what was answered, in the language of the page's words."""
    tag = reading.words
    label_tag = lookup(tag, list(spec.label), spec.default_tag) if spec.label else tag
    words = answer_words(spec, value, tag, gettext)
    return words_of(spec.label_in(tag), label_tag, reading), words_of(words, label_tag, reading)


class _Asked:
    """Questions in the languages of one page."""

    def __init__(self, specs: Sequence[QuestionSpec], reading: Reading, left: Mapping[tuple[str, str], int]) -> None:
        self._specs = {spec.key: spec for spec in specs}
        self._reading, self._left = reading, left

    def question(self, spec: QuestionSpec) -> Entry:
        return Entry(
            self._said(spec, spec.label) or Words(spec.key),
            KINDS[spec.type],
            hint=self._said(spec, spec.help) or _usual_hint(spec.type),
            options=self._options(spec),
            optional=not spec.required and spec.type is not QuestionType.CONSENT,
            autocomplete=AUTOCOMPLETE.get(spec.type, ""),
            only_if=[
                Condition(f"{QUESTION}{key}", tuple(values), self._only_if(self._specs[key], values))
                for key, values in spec.conditions()
                if key in self._specs
            ],
        )

    def details(self, spec: QuestionSpec) -> Entry:
        option = spec.option_in(spec.other(), self._reading.words)
        return Entry(Words(_("Give details for “%(option)s”", option=option)))

    def _only_if(self, spec: QuestionSpec, values: Sequence[str]) -> Words:
        label = spec.label_in(self._reading.words)
        if spec.type is QuestionType.CONSENT:
            return Words(_("Only if you ticked “%(label)s”.", label=label))
        shown = [option.label.text for option in self._options(spec) if option.value in values]
        quoted = [_("“%(words)s”", words=words) for words in shown]
        either = format_list(quoted, "or", babel_locale(self._reading.interface))
        if spec.type is QuestionType.YES_NO:
            return Words(_("Only if you answered %(words)s to “%(label)s”.", words=either, label=label))
        return Words(_("Only if you chose %(options)s for “%(label)s”.", options=either, label=label))

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
            Option(
                option_id,
                self._said(spec, option.get("label")) or Words(option_id),
                left=self._left.get((spec.key, option_id)),
                details=option_id == spec.other(),
            )
            for option_id, option in zip(spec.option_ids(), spec.options, strict=True)
        ]


def _usual_hint(type_: QuestionType) -> Words | None:
    if type_ is QuestionType.DATE:
        return Words(_("Year, month and day, for example 2026-06-25."))
    if type_ is QuestionType.PHONE:
        return Words(_("With the country code, for example +52 55 1234 5678."))
    return None
