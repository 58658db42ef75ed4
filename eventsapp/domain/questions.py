"""Questions of an event: which are asked, what was answered, how an answer reads. Answers are stored as plain JSON."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypedDict
from urllib.parse import urlsplit

from babel.dates import format_date
from babel.numbers import format_decimal

from eventsapp.domain.errors import N_, Invalid, Refused
from eventsapp.domain.languages import babel_locale, country_names, listed, lookup
from eventsapp.domain.text import clean_line, clean_text
from eventsapp.domain.vocabulary import CHOICE_TYPES, QuestionType


class Said(TypedDict):
    """What was chosen where one option asks to say what, and what was said."""

    chosen: list[str]
    said: str


AnswerValue = str | int | float | bool | list[str] | Said

DETAILS = ":other"  # after a question's key: the text beside an option that asks to say what; no key has a colon
LONGEST_SHORT_TEXT = 200
LONGEST_LONG_TEXT = 5000
LONGEST_URL = 2000
LONGEST_PHONE = 40
FEWEST_PHONE_DIGITS = 4
MOST_DIGITS = 15  # what a float keeps exactly
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})


@dataclass(frozen=True, slots=True)
class QuestionSpec:
    """``label`` and ``help`` go by language tag; ``options`` are ``{"id": …, "label": {tag: text}}`` in order.

    An option may have a ``"limit"``, the most who can choose it, and ``"other": True`` where whoever chooses it says
    what. ``only_if`` are ``{"question": key of an earlier one, "is": [values]}``: all must hold for it to be asked.
    ``default_tag`` is the event's default language: it serves where the asked language has no label.
    """

    key: str
    type: QuestionType
    required: bool
    label: Mapping[str, str]
    help: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[Mapping[str, object]] = ()
    default_tag: str = ""
    only_if: Sequence[Mapping[str, object]] = ()

    def label_in(self, tag: str) -> str:
        return _in_language(self.label, tag, self.default_tag) or self.key

    def option_ids(self) -> list[str]:
        return [str(option["id"]) for option in self.options]

    def option_in(self, option_id: str, tag: str) -> str:
        """An option's label; its id where the option has been taken out since it was chosen."""
        for option in self.options:
            if option["id"] == option_id:
                labels = option.get("label")
                words = _in_language(labels, tag, self.default_tag) if isinstance(labels, Mapping) else ""
                return words or option_id
        return option_id

    def other(self) -> str:
        """The id of the option that asks to say what; an empty text where none does."""
        if self.type not in CHOICE_TYPES:
            return ""
        return next((str(option["id"]) for option in self.options if option.get("other")), "")

    def limits(self) -> dict[str, int]:
        """The most who can choose an option, by option id; without those that have no limit."""
        if self.type not in CHOICE_TYPES:
            return {}
        limits = {str(option["id"]): option.get("limit") for option in self.options}
        return {option_id: limit for option_id, limit in limits.items() if isinstance(limit, int)}

    def conditions(self) -> list[tuple[str, list[str]]]:
        """Each condition as the question it asks about and the values that make it hold."""
        found = [(str(condition["question"]), condition["is"]) for condition in self.only_if]
        return [(key, [str(value) for value in values] if isinstance(values, list) else []) for key, values in found]


class OptionFull(Refused):
    """An option's last place is taken. ``key`` is the question's, ``option`` the option's id."""

    def __init__(self, question: QuestionSpec, option: str, tag: str) -> None:
        super().__init__(
            N_("No places are left for “%(option)s”. Choose another option for “%(label)s”."),
            key=question.key,
            label=question.label_in(tag),
            option=question.option_in(option, tag),
        )
        self.option = option


def check_answers(
    questions: Sequence[QuestionSpec], raw: Mapping[str, Sequence[str]], tag: str, *, may_stay_open: bool = False
) -> tuple[dict[str, AnswerValue], dict[str, Invalid]]:
    """The answers that can be stored and the mistakes, both by key; ``raw`` holds all posted values of a key.

    What was said beside an option comes, and goes wrong, as ``<key>:other``. A question whose conditions do not hold
    is not asked: what was posted for it counts for nothing. A question left empty that may be has no answer. Keys
    that are no question are ignored. The mistakes name the question by its label in the language ``tag``.
    ``may_stay_open``: whoever fills it in does so for somebody else, and may not know.
    """
    answers: dict[str, AnswerValue] = {}
    mistakes: dict[str, Invalid] = {}
    given: dict[str, set[str]] = {}  # of the questions asked so far, as conditions name it
    for question in questions:
        if not _is_asked(question, given):
            continue
        try:
            value = _checked(question, raw, tag)
        except _WrongError as wrong:
            key = f"{question.key}{DETAILS}" if wrong.chosen else question.key
            mistakes[key] = Invalid(wrong.message, key=key, label=question.label_in(tag), **wrong.values)
            given[question.key] = set(wrong.chosen)
            continue
        if value is not None:
            answers[question.key] = value
        elif not may_stay_open and (question.required or question.type is QuestionType.CONSENT):
            mistakes[question.key] = Invalid(_MISSING[question.type], key=question.key, label=question.label_in(tag))
        given[question.key] = _given(question, value)
    return answers, mistakes


def chosen_options(value: AnswerValue) -> list[str]:
    """The ids of the options that the answer to a choice names."""
    if isinstance(value, dict):
        return list(value["chosen"])
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, str) else []


def answer_words(question: QuestionSpec, value: AnswerValue, tag: str, say: Callable[[str], str] = str) -> str:
    """An answer for people, in the language ``tag``; ``say`` translates the interface's few words in it."""
    if isinstance(value, bool):
        return say(N_("Yes")) if value else say(N_("No"))
    if isinstance(value, dict):
        return listed(_with_details(question, value, tag, say), tag)
    if isinstance(value, list):
        return listed((question.option_in(option_id, tag) for option_id in value), tag)
    if isinstance(value, int | float):
        return str(format_decimal(value, format="#,##0.###############", locale=babel_locale(tag)))
    return _words(question, value, tag)


def typed_values(question: QuestionSpec, value: AnswerValue) -> dict[str, list[str]]:
    """What a form posts for a stored answer: ``check_answers`` makes the same answer of it again."""
    if isinstance(value, bool):
        return {question.key: ["yes" if value else "no"]}
    if isinstance(value, dict):
        return {question.key: list(value["chosen"]), f"{question.key}{DETAILS}": [value["said"]]}
    if isinstance(value, list):
        return {question.key: list(value)}
    if isinstance(value, int | float):
        return {question.key: [_typed_number(value)]}
    return {question.key: [value]}


def _typed_number(value: float) -> str:
    text = f"{Decimal(repr(value)):f}"
    if sum(character.isdigit() for character in text) > MOST_DIGITS:
        return text.replace("0.", ".", 1)
    return f"{text}0" if _AMBIGUOUS.fullmatch(text) else text


def _with_details(question: QuestionSpec, value: Said, tag: str, say: Callable[[str], str]) -> list[str]:
    """The options in words; what was said stands after the one that asked for it, or last where none does any more."""
    words = {option_id: question.option_in(option_id, tag) for option_id in value["chosen"]}
    asking = question.other()
    if asking not in words:
        return [*words.values(), value["said"]]
    words[asking] = say(N_("%(option)s: %(details)s")) % {"option": words[asking], "details": value["said"]}
    return list(words.values())


def _checked(question: QuestionSpec, raw: Mapping[str, Sequence[str]], tag: str) -> AnswerValue | None:
    given = [clean_text(text, 4 * LONGEST_LONG_TEXT) for text in raw.get(question.key, ())]
    asking = question.other()
    if not asking:
        return _CHECKS[question.type](question, given)
    details = [clean_line(text, 4 * LONGEST_SHORT_TEXT) for text in raw.get(f"{question.key}{DETAILS}", ())]
    if any(details) and not any(given):
        given = [asking]  # whoever says what, and chooses nothing, means that option
    value = _CHECKS[question.type](question, given)
    chosen = [] if value is None else chosen_options(value)
    if asking not in chosen:
        return value
    try:
        return Said(chosen=chosen, said=_details(question, details, question.option_in(asking, tag)))
    except _WrongError as wrong:
        wrong.chosen = chosen
        raise


def _details(question: QuestionSpec, details: Sequence[str], option: str) -> str:
    said = _text(LONGEST_SHORT_TEXT, clean_line)(question, details)
    if said is None:
        raise _WrongError(N_("Give details for “%(option)s”, or choose another option for “%(label)s”."), option=option)
    return said


def _is_asked(question: QuestionSpec, given: Mapping[str, set[str]]) -> bool:
    return all(not given.get(key, set()).isdisjoint(values) for key, values in question.conditions())


def _given(question: QuestionSpec, value: AnswerValue | None) -> set[str]:
    if value is None:
        return {"no"} if question.type is QuestionType.CONSENT else set()
    return set(typed_values(question, value)[question.key])


def _words(question: QuestionSpec, value: str, tag: str) -> str:
    if question.type is QuestionType.SINGLE_CHOICE:
        return question.option_in(value, tag)
    if question.type is QuestionType.COUNTRY:
        return dict(country_names(tag)).get(value, value)
    if question.type is QuestionType.DATE and _DATE.fullmatch(value):
        return str(format_date(date.fromisoformat(value), "long", locale=babel_locale(tag)))
    return value


class _WrongError(Exception):
    """``chosen``: the options, where those are right and what was said beside one is not."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values
        self.chosen: Sequence[str] = ()


_MISSING = {
    QuestionType.SHORT_TEXT: N_("Answer “%(label)s”."),
    QuestionType.LONG_TEXT: N_("Answer “%(label)s”."),
    QuestionType.SINGLE_CHOICE: N_("Choose an option for “%(label)s”."),
    QuestionType.SEVERAL_CHOICES: N_("Choose at least one option for “%(label)s”."),
    QuestionType.YES_NO: N_("Choose yes or no for “%(label)s”."),
    QuestionType.CONSENT: N_("Tick the box “%(label)s” to register."),
    QuestionType.NUMBER: N_("Enter a number for “%(label)s”."),
    QuestionType.DATE: N_("Enter a date for “%(label)s”, as year-month-day, like 2026-06-25."),
    QuestionType.COUNTRY: N_("Choose a country for “%(label)s”."),
    QuestionType.PHONE: N_("Enter a telephone number for “%(label)s”."),
    QuestionType.URL: N_("Enter a web address for “%(label)s”, like https://example.org."),
}


def _only(values: Sequence[str]) -> str:
    """The one thing that was answered, or an empty text; the same thing posted twice is one thing."""
    given = {text for text in values if text}
    if len(given) > 1:
        raise _WrongError(N_("Give one answer to “%(label)s”."))
    return given.pop() if given else ""


def _text(limit: int, clean: Callable[[str, int], str]) -> Callable[[QuestionSpec, Sequence[str]], str | None]:
    def check(_question: QuestionSpec, values: Sequence[str]) -> str | None:
        text = clean(_only(values), 4 * limit)
        if len(text) > limit:
            raise _WrongError(
                N_("Your answer to “%(label)s” is too long. Shorten it to %(limit)s characters or fewer."), limit=limit
            )
        return text or None

    return check


def _single_choice(question: QuestionSpec, values: Sequence[str]) -> str | None:
    chosen = _only(values)
    if chosen and chosen not in question.option_ids():
        raise _WrongError(N_("Choose one of the options shown for “%(label)s”."))
    return chosen or None


def _several_choices(question: QuestionSpec, values: Sequence[str]) -> list[str] | None:
    chosen = {text for text in values if text}
    if not chosen <= set(question.option_ids()):
        raise _WrongError(N_("Choose only from the options shown for “%(label)s”."))
    return [option_id for option_id in question.option_ids() if option_id in chosen] or None


def _yes_no(_question: QuestionSpec, values: Sequence[str]) -> bool | None:
    word = _only(values).lower()
    if word and word not in _YES | _NO:
        raise _WrongError(N_("Choose yes or no for “%(label)s”."))
    return word in _YES if word else None


def _consent(_question: QuestionSpec, values: Sequence[str]) -> bool | None:
    return True if any(text.lower() in _YES for text in values) else None


_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d*)?|[+-]?[.,]\d+", re.ASCII)
_GROUPED = re.compile(
    r"([+-]?[1-9]\d{0,2})(?:([.,' \u00a0\u202f\u2009’])\d{3})((?:\2\d{3})*)(?:([.,])(\d+))?", re.ASCII
)
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)  # 1.234: a thousand and more, or one and a bit?


def _number(_question: QuestionSpec, values: Sequence[str]) -> int | float | None:
    text = _western_digits(_only(values)).replace("−", "-").strip()
    if not text:
        return None
    if _AMBIGUOUS.fullmatch(text):
        raise _WrongError(
            N_(
                "“%(typed)s” can be read in two ways. Enter the number for “%(label)s” without a thousands "
                "separator, like 1234 or 1.5."
            ),
            typed=text,
        )
    grouped = _GROUPED.fullmatch(text)
    if grouped and grouped[2] != grouped[4]:
        whole = re.sub(r"[^\d+-]", "", text[: grouped.start(4)] if grouped[4] else text)
        text = f"{whole}.{grouped[5]}" if grouped[4] else whole
    if not _PLAIN.fullmatch(text):
        raise _WrongError(N_("Enter only a number for “%(label)s”, like 3 or 1.5."))
    text = text.replace(",", ".")
    if sum(character.isdigit() for character in text) > MOST_DIGITS:
        raise _WrongError(N_("Enter a number of at most %(limit)s digits for “%(label)s”."), limit=MOST_DIGITS)
    number = float(text)
    return int(number) if number.is_integer() else number


_DATE = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)


def _date(_question: QuestionSpec, values: Sequence[str]) -> str | None:
    text = re.sub(r"\s", "", _western_digits(_only(values)))
    if not text:
        return None
    found = _DATE.fullmatch(text)
    if not found:
        raise _WrongError(N_("Enter the date for “%(label)s” as year-month-day, like 2026-06-25."))
    try:
        day = date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError as error:
        raise _WrongError(
            N_("Enter a date that exists for “%(label)s”, as year-month-day, like 2026-06-25.")
        ) from error
    if day.year < 1000:  # noqa: PLR2004  a year that lost its century
        raise _WrongError(N_("Enter the year with four digits for “%(label)s”, like 2026-06-25."))
    return day.isoformat()


def _country(_question: QuestionSpec, values: Sequence[str]) -> str | None:
    code = _only(values).upper()
    if code and code not in {known for known, _name in country_names("en")}:
        raise _WrongError(N_("Choose a country from the list for “%(label)s”."))
    return code or None


_PHONE = re.compile(r"[+(\d][\d\s()/.,;x#*+–-]*", re.ASCII)


def _phone(_question: QuestionSpec, values: Sequence[str]) -> str | None:
    """E.164 where that is certain, otherwise what was typed: a number we cannot judge is still theirs."""
    text = clean_line(_western_digits(_only(values)), 4 * LONGEST_PHONE)
    if not text:
        return None
    digits = sum(character.isdigit() for character in text)
    if len(text) > LONGEST_PHONE or digits < FEWEST_PHONE_DIGITS or not _PHONE.fullmatch(text):
        raise _WrongError(N_("Enter a telephone number with its country code for “%(label)s”, like +52 55 1234 5678."))
    import phonenumbers  # noqa: PLC0415  its tables are heavy, and few events ask for a telephone number

    try:
        number = phonenumbers.parse(re.sub(r"^00", "+", text), None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number) or number.extension:
        return text
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _url(_question: QuestionSpec, values: Sequence[str]) -> str | None:
    text = clean_line(_only(values), 4 * LONGEST_URL)
    if not text:
        return None
    if len(text) > LONGEST_URL:
        raise _WrongError(N_("Enter a web address of at most %(limit)s characters for “%(label)s”."), limit=LONGEST_URL)
    if "://" not in text and re.match(r"[\w-]+(\.[\w-]+)+(/|$|\?)", text):
        text = f"https://{text}"
    if not _is_web_address(text):
        raise _WrongError(
            N_("Enter a web address for “%(label)s” that begins with https://, like https://example.org.")
        )
    return text


def _is_web_address(text: str) -> bool:
    if any(character.isspace() or character in "\\<>\"'`{}|^" for character in text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host_has_dot = re.search(r"[^.]\.[^.]", parts.hostname or "") is not None
    return parts.scheme in ("http", "https") and host_has_dot and "@" not in parts.netloc and port != 0


_CHECKS: dict[QuestionType, Callable[[QuestionSpec, Sequence[str]], AnswerValue | None]] = {
    QuestionType.SHORT_TEXT: _text(LONGEST_SHORT_TEXT, clean_line),
    QuestionType.LONG_TEXT: _text(LONGEST_LONG_TEXT, clean_text),
    QuestionType.SINGLE_CHOICE: _single_choice,
    QuestionType.SEVERAL_CHOICES: _several_choices,
    QuestionType.YES_NO: _yes_no,
    QuestionType.CONSENT: _consent,
    QuestionType.NUMBER: _number,
    QuestionType.DATE: _date,
    QuestionType.COUNTRY: _country,
    QuestionType.PHONE: _phone,
    QuestionType.URL: _url,
}


def _western_digits(text: str) -> str:
    """Digits of any script, Arabic or Devanagari or full-width, as 0 to 9; the Arabic separators as dot and comma."""
    text = text.translate({0x066B: ".", 0x066C: ",", 0xFF0E: ".", 0xFF0C: ",", 0xFF0D: "-", 0xFF0B: "+", 0xFF0F: "/"})
    return "".join(
        str(unicodedata.decimal(character)) if unicodedata.category(character) == "Nd" else character
        for character in text
    )


def _in_language(words: Mapping[str, str], tag: str, default_tag: str) -> str:
    if not words:
        return ""
    first = default_tag if default_tag in words else next(iter(words))
    return words[lookup(tag, list(words), first)]
