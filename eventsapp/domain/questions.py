"""Questions of an event: check what was answered, and say an answer in words. Answers are stored as plain JSON."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from babel.dates import format_date
from babel.numbers import format_decimal

from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import babel_locale, country_names, lookup
from eventsapp.domain.text import clean_line, clean_text
from eventsapp.domain.vocabulary import QuestionType

AnswerValue = str | int | float | bool | list[str]

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

    ``default_tag`` is the event's default language: it serves where the asked language has no label.
    """

    key: str
    type: QuestionType
    required: bool
    label: Mapping[str, str]
    help: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[Mapping[str, object]] = ()
    default_tag: str = ""

    def label_in(self, tag: str) -> str:
        return _in_language(self.label, tag, self.default_tag) or self.key

    def help_in(self, tag: str) -> str:
        return _in_language(self.help, tag, self.default_tag)

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


def check_answers(
    questions: Sequence[QuestionSpec], raw: Mapping[str, Sequence[str]], tag: str
) -> tuple[dict[str, AnswerValue], dict[str, Invalid]]:
    """The answers that can be stored and the mistakes, both by question key; ``raw`` holds all posted values of a key.

    A question left empty that may be has no answer. Keys that are no question are ignored. The mistakes name the
    question by its label in the language ``tag``.
    """
    answers: dict[str, AnswerValue] = {}
    mistakes: dict[str, Invalid] = {}
    for question in questions:
        label = question.label_in(tag)
        given = [clean_text(text, 4 * LONGEST_LONG_TEXT) for text in raw.get(question.key, ())]
        try:
            value = _CHECKS[question.type](question, given)
        except _WrongError as wrong:
            mistakes[question.key] = Invalid(wrong.message, key=question.key, label=label, **wrong.values)
            continue
        if value is not None:
            answers[question.key] = value
        elif question.required or question.type is QuestionType.CONSENT:
            mistakes[question.key] = Invalid(_MISSING[question.type], key=question.key, label=label)
    return answers, mistakes


def answer_words(question: QuestionSpec, value: AnswerValue, tag: str, say: Callable[[str], str] = str) -> str:
    """An answer for people, in the language ``tag``; ``say`` translates the two words Yes and No."""
    if isinstance(value, bool):
        return say(N_("Yes")) if value else say(N_("No"))
    if isinstance(value, list):
        return "; ".join(question.option_in(option_id, tag) for option_id in value)
    if isinstance(value, int | float):
        return str(format_decimal(value, format="#,##0.###############", locale=babel_locale(tag)))
    return _words(question, value, tag)


def _words(question: QuestionSpec, value: str, tag: str) -> str:
    if question.type is QuestionType.SINGLE_CHOICE:
        return question.option_in(value, tag)
    if question.type is QuestionType.COUNTRY:
        return dict(country_names(tag)).get(value, value)
    if question.type is QuestionType.DATE and _DATE.fullmatch(value):
        return str(format_date(date.fromisoformat(value), "long", locale=babel_locale(tag)))
    return value


class _WrongError(Exception):
    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


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
