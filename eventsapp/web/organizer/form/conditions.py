"""When a question is asked, as groups of boxes: one for each question above whose answers are known beforehand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import country_names
from eventsapp.domain.vocabulary import COMPARABLE_TYPES, QuestionType
from eventsapp.reading.values import ConditionRecord, EventRecord, QuestionRecord
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option
from eventsapp.web.organizer.form.arrange import label_of

_IF = "if:"


@dataclass(frozen=True, slots=True)
class Group:
    """The field ``name`` asks which answers to ``question`` the condition names; ``values`` are those it names now."""

    name: str
    question: QuestionRecord
    values: tuple[str, ...] = ()


def groups_of(record: EventRecord, question: QuestionRecord) -> list[Group]:
    """A group for each condition that there is, and an empty one for each question that another could name."""
    ids = [one.id for one in record.questions]
    above = record.questions[: ids.index(question.id)] if question.id in ids else record.questions
    found = []
    for one in above:
        held = [condition.values for condition in question.only_if if condition.question == one.id]
        if not held and (one.retired or one.type not in COMPARABLE_TYPES):
            continue
        for number, values in enumerate(held or [()]):
            found.append(Group(f"{_IF}{one.id}{f':{number}' if number else ''}", one, values))
    return found


def typed_groups(groups: Sequence[Group], tag: str) -> list[tuple[str, str]]:
    """The conditions that there are, as a form posts them; countries by their names in the language ``tag``."""
    found = []
    for group in groups:
        if group.question.type is QuestionType.COUNTRY:
            names = dict(country_names(tag))
            found.append((group.name, ", ".join(names.get(code, code) for code in group.values)))
        else:
            found += [(group.name, value) for value in group.values]
    return found


def group_fields(record: EventRecord, groups: Sequence[Group], tag: str) -> dict[str, Entry]:
    """``tag``: the language of the organizer's words on the page."""
    return {group.name: _field(record, group, tag) for group in groups}


def read_group(group: Group, entry: Entry, tag: str) -> ConditionRecord | None:
    """The condition that was ticked; None where nothing was. Raises Invalid."""
    given = [text for text in entry.data if text]
    if group.question.type is QuestionType.COUNTRY:
        given = [_country(part, tag) for text in given for part in re.split(r"[,;،，、\n]", text) if part.strip()]
    elif not {*given} <= {option.value for option in entry.options}:
        raise Invalid(N_("Choose only from the options shown for “%(label)s”."), label=entry.words.text)
    return ConditionRecord(group.question.id, tuple(dict.fromkeys(given))) if given else None


def _field(record: EventRecord, group: Group, tag: str) -> Entry:
    label = Words(label_of(record, group.question, tag))
    if group.question.type is QuestionType.COUNTRY:
        return Entry(label, hint=Words(_("Names of countries, with commas between them.")), optional=True)
    return Entry(label, "checkbox", options=[Option(*one) for one in _answers(record, group, tag)])


def _answers(record: EventRecord, group: Group, tag: str) -> list[tuple[str, Words]]:
    if group.question.type is QuestionType.YES_NO:
        return [("yes", Words(_("Yes"))), ("no", Words(_("No")))]
    if group.question.type is QuestionType.CONSENT:
        unticked = [("no", Words(_("Not ticked")))] if "no" in group.values else []  # which nobody can register with
        return [("yes", Words(_("Ticked"))), *unticked]
    return [(option.id, Words(label_of(record, option, tag))) for option in group.question.options]


def _country(text: str, tag: str) -> str:
    """The code of a country named in the language ``tag`` or in English, or by its code."""
    wanted = text.strip().casefold()
    for language in (tag, "en"):
        for code, name in country_names(language):
            if wanted in (code.casefold(), name.casefold()):
                return code
    raise Invalid(N_("“%(typed)s” is no country that we know. Write its whole name."), typed=text.strip())
