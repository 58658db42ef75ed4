"""Conditions on answers: which question one may name, which values, and what would be right where it is wrong."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from eventsapp.domain.languages import country_names
from eventsapp.domain.vocabulary import COMPARABLE_TYPES, QuestionType
from eventsapp.reading.fields import SWITCHES
from eventsapp.reading.mistakes import Path, shown
from eventsapp.reading.values import ConditionRecord

Values = Mapping[str, Any]
Report = Callable[[Path, str], None]

_MOST_SHOWN = 12
_TYPES = "single_choice, several_choices, yes_no, consent or country"


def conditions(questions: Sequence[Values | None], at: int, path: Path, report: Report) -> tuple[ConditionRecord, ...]:
    """The conditions of the question at position ``at``, whose own path is ``path``; mistakes go to ``report``.

    What could not be typed is absent and was reported already; nothing is said twice about it.
    """
    found: list[ConditionRecord] = []
    for number, given in enumerate((questions[at] or {}).get("only_if") or ()):
        here = (*path, "only_if", number)
        condition = _condition(given or {}, questions, at, here, report)
        if condition is None:
            continue
        earlier = [one for one in found if one.question == condition.question]
        if earlier and condition.values and not _can_hold_together(condition, earlier, questions[:at]):
            report(
                here,
                f"{condition.question} has one answer, so these conditions never hold together; write its values"
                f" in one list, `is: [{', '.join([*earlier[0].values, *condition.values][:_MOST_SHOWN])}]`.",
            )
        found.append(condition)
    return tuple(found)


def never_holds(condition: ConditionRecord, questions: Sequence[Values | None]) -> bool:
    """Whether it asks for a consent that was not given: nobody can register without it."""
    named = _question(condition.question, questions)
    return named is not None and named.get("type") is QuestionType.CONSENT and condition.values == ("no",)


def _condition(
    given: Values, questions: Sequence[Values | None], at: int, path: Path, report: Report
) -> ConditionRecord | None:
    name, written = given.get("question"), given.get("is")
    if not name or not written:
        return None
    named = _question(name, questions[:at])
    if named is None:
        if all((question or {}).get("id") for question in questions):  # else it may be the one that was misspelled
            report((*path, "question"), _no_such_question(name, questions, at))
        return None
    kind = named.get("type")
    if kind is None:
        return None
    if kind not in COMPARABLE_TYPES:
        report(
            (*path, "question"),
            f"A condition cannot ask about {name}, a {kind} question, only about one of type {_TYPES}.",
        )
        return None
    if named.get("retired") and not (questions[at] or {}).get("retired"):
        report(
            (*path, "question"), f"{name} is retired, so nobody would be asked this; retire this too, or ask {name}."
        )
        return None
    values = [
        _value(text, named, (*path, "is", number), report) for number, text in enumerate(written) if text is not None
    ]
    return ConditionRecord(name, tuple(dict.fromkeys(value for value in values if value is not None)))


def _question(name: str, questions: Sequence[Values | None]) -> Values | None:
    return next((question for question in questions if question and question.get("id") == name), None)


def _no_such_question(name: str, questions: Sequence[Values | None], at: int) -> str:
    if name == (questions[at] or {}).get("id"):
        return "A question cannot wait for its own answer; name one that stands above it."
    if _question(name, questions) is not None:
        return f"{name} stands below this question, and a condition names one above it; move {name} up."
    fit = [str(question["id"]) for question in questions[:at] if question and question.get("type") in COMPARABLE_TYPES]
    if not fit:
        return f"There is no question {shown(name)} above this one, and none that a condition could name ({_TYPES})."
    return f"There is no question {shown(name)} above this one; write one of: {_list(fit)}.{_meant(name, fit)}"


def _value(text: str, named: Values, path: Path, report: Report) -> str | None:
    """One value as it is stored; None where it is no answer to the question ``named``."""
    kind, name = named["type"], named["id"]
    if kind in (QuestionType.YES_NO, QuestionType.CONSENT):
        if (switched := SWITCHES.get(text.lower())) is not None:
            return "yes" if switched else "no"
        report(path, f"{shown(text)} is no answer to {name}; write yes or no.")
        return None
    if kind is QuestionType.COUNTRY:
        if text.upper() in dict(country_names("en")):
            return text.upper()
        report(path, f"{shown(text)} is no country code; write the two letters of ISO 3166, for example MX.")
        return None
    ids = [str((option or {}).get("id", "")) for option in named.get("options") or ()]
    if text in ids:
        return text
    if ids and all(ids):
        report(path, f"{shown(text)} is no option of {name}; write one of: {_list(ids)}.{_meant(text, ids)}")
    return None


def _can_hold_together(
    condition: ConditionRecord, others: Sequence[ConditionRecord], questions: Sequence[Values | None]
) -> bool:
    named = _question(condition.question, questions) or {}
    several = named.get("type") is QuestionType.SEVERAL_CHOICES
    return several or bool(set(condition.values).intersection(*(other.values for other in others)))


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_SHOWN]) + (", …" if len(names) > _MOST_SHOWN else "")


def _meant(written: str, names: Sequence[str]) -> str:
    near = get_close_matches(written.lower(), [name.lower() for name in names], n=1)
    meant = next((name for name in names if near and name.lower() == near[0]), "")
    return f" Did you mean {meant}?" if meant else ""
