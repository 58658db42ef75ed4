"""The page of one question: what it is called in each language, its options, and when it is asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from werkzeug.datastructures import MultiDict

from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.languages import direction, own_name, parents
from eventsapp.domain.text import clean_line
from eventsapp.domain.vocabulary import CHOICE_TYPES, COMPARABLE_TYPES, QuestionType
from eventsapp.reading.schema import MOST_OPTIONS
from eventsapp.reading.values import ConditionRecord, EventRecord, OptionRecord, QuestionRecord
from eventsapp.translations import gettext as _
from eventsapp.web.editions import Words
from eventsapp.web.fields import Entry, Option, Typed
from eventsapp.web.organizer.form.arrange import label_of, new_key, waiting_for
from eventsapp.web.organizer.form.conditions import group_fields, groups_of, read_group, typed_groups
from eventsapp.web.organizer.form.options import (
    OTHER,
    Row,
    name,
    rows_in,
    rows_of,
    spoken_in,
    stepped,
    typed_rows,
)
from eventsapp.web.organizer.form.presets import KIND_WORDS
from eventsapp.web.organizer.forms import DeskForm

LONGEST_LABEL, LONGEST_HELP, LONGEST_OPTION, HIGHEST_LIMIT = 500, 1000, 200, 1_000_000
_TEXTS = (QuestionType.SHORT_TEXT, QuestionType.LONG_TEXT)
_RECORD_KEY = re.compile(r"registration\.questions\[\d+\]\.(label|help)(?:\.(.+))?")


class QuestionForm(DeskForm):
    """``question`` is the one as it is stored, or as it is proposed; ``tags`` the event's languages, its own first.

    ``answered`` is how many have answered it, ``chosen`` how many chose each option. ``read`` gives what was typed.
    """

    def __init__(
        self,
        record: EventRecord,
        question: QuestionRecord,
        *,
        tag: str,
        typed: Typed | None = None,
        answered: int = 0,
        chosen: Mapping[str, int] | None = None,
        version: int | None = None,
    ) -> None:
        self.record, self.question, self.tag = record, question, tag
        self.answered, self.chosen = answered, chosen or {}
        self.tags = [record.default_language, *(one for one in record.languages if one != record.default_language)]
        self.groups = groups_of(record, question)
        self.kinds = self._kinds_open()
        posted = self._stored() if typed is None else typed
        wished = posted.get("type", "")
        self.kind = next((kind for kind in self.kinds if kind == wished), question.type)
        self.rows = rows_in(posted, self.tags, MOST_OPTIONS)
        step = posted.get("step", "")
        if step:
            self.rows = stepped(self.rows, step)
        if self.kind in CHOICE_TYPES and not self.rows:
            self.rows = spoken_in([Row(), Row(), Row()], self.tags)
        others = [(key, value) for key, value in posted.items(multi=True) if not key.startswith("option-")]
        super().__init__(self._asked(), version=version)
        self.process(MultiDict([*others, *typed_rows(spoken_in(self.rows, self.tags))]))

    @property
    def takes_options(self) -> bool:
        return self.kind in CHOICE_TYPES

    @property
    def gone(self) -> list[tuple[str, int]]:
        """Options that are taken out here although people chose them: label and how many did."""
        kept = {row.id for row in self.rows} if self.takes_options else set()
        return [
            (label_of(self.record, option, self.tag), self.chosen[option.id])
            for option in self.question.options
            if option.id not in kept and self.chosen.get(option.id)
        ]

    def lacking(self, kind: str, tag: str) -> bool:
        """Whether the stored question has no such text in this language, but in another."""
        return _lacks(getattr(self.question, kind), tag)

    def field_of(self, key: str) -> str:
        found = _RECORD_KEY.fullmatch(key)
        return f"{found[1]}-{found[2] or self.tags[0]}" if found and f"{found[1]}-{found[2]}" in self else ""

    def read(self) -> QuestionRecord | None:
        """The question as it was typed; None where something is wrong, and then ``mistakes`` says what."""
        options = self._read_options() if self.takes_options else ()
        conditions = self._read_conditions()
        self._check_waiting(options)
        question = replace(
            self.question,
            type=self.kind,
            required=self.kind is QuestionType.CONSENT or bool(self["required"].text),
            label=self._texts("label", self.question.label, LONGEST_LABEL),
            help=self._texts("help", self.question.help, LONGEST_HELP),
            options=options,
            only_if=conditions,
        )
        if not any(tag in question.label for tag in parents(self.tags[0])):
            language = own_name(self.tags[0])
            self._blame(f"label-{self.tags[0]}", N_("Write the question in %(language)s."), language=language)
        elif question.help and not any(tag in question.help for tag in parents(self.tags[0])):
            self._blame(f"help-{self.tags[0]}", N_("Write this in %(language)s, too."), language=own_name(self.tags[0]))
        return None if self.mistakes else question

    # Reading

    def _texts(self, kind: str, stored: Mapping[str, str], limit: int) -> dict[str, str]:
        """By language; in languages that are not the event's what is stored stays."""
        found = {tag: text for tag, text in stored.items() if tag not in self.tags}
        for tag in self.tags:
            text = self._line(f"{kind}-{tag}", limit)
            if text:
                found[tag] = text
        return found

    def _line(self, field: str, limit: int) -> str:
        text = clean_line(self[field].text, 4 * limit)
        if len(text) > limit:
            self._blame(field, N_("Shorten this to %(limit)s characters or fewer."), limit=limit)
        return text

    def _read_options(self) -> tuple[OptionRecord, ...]:
        stored = {option.id: option for option in self.question.options}
        found: list[OptionRecord] = []
        for number, row in enumerate(self.rows):
            if row.empty:
                continue
            known = stored.get(row.id)
            kept = {} if known is None else {tag: text for tag, text in known.label.items() if tag not in self.tags}
            labels = kept | {
                tag: text for tag in self.tags if (text := self._line(name(number, f"label-{tag}"), LONGEST_OPTION))
            }
            if not any(tag in labels for tag in parents(self.tags[0])):
                field = name(number, f"label-{self.tags[0]}")
                self._blame(field, N_("Write the option in %(language)s."), language=own_name(self.tags[0]))
            taken = [*stored, *(one.id for one in found)]
            id_ = row.id if known else new_key(labels.get(self.tags[0], ""), taken, f"option-{number + 1}")
            found.append(OptionRecord(id_, labels, self._limit(number), row.other))
        if not found and self.rows:
            self._blame(name(0, f"label-{self.tags[0]}"), N_("Write at least one option."))
        return tuple({option.id: option for option in found}.values())

    def _limit(self, number: int) -> int | None:
        field = name(number, "limit")
        text = self[field].text.strip()
        if not text:
            return None
        if text.isdecimal() and len(text) < 8 and int(text) <= HIGHEST_LIMIT:  # noqa: PLR2004
            return int(text)
        self._blame(field, N_("Enter a whole number of people, or nothing where there is no limit."))
        return None

    def _read_conditions(self) -> tuple[ConditionRecord, ...]:
        found = []
        for group in self.groups:
            try:
                found.append(read_group(group, self[group.name], self.tag))
            except Invalid as error:
                self[group.name].blame(error)
        return tuple(condition for condition in found if condition is not None)

    def _check_waiting(self, options: Sequence[OptionRecord]) -> None:
        """What other questions wait for has to stay among the answers to this one."""
        ids, key = {option.id for option in options}, self.question.id
        for other in waiting_for(self.record, key):
            wanted = {value for condition in other.only_if if condition.question == key for value in condition.values}
            if not self._same_answers() or (self.takes_options and not wanted <= ids):
                label = label_of(self.record, other, self.tag)
                self.refusal = _(
                    "“%(label)s” is asked only after an answer that is not here any more. Change that first.",
                    label=label,
                )

    def _same_answers(self) -> bool:
        both = {self.kind, self.question.type}
        return self.kind in COMPARABLE_TYPES and (len(both) == 1 or both <= CHOICE_TYPES)

    def _blame(self, field: str, message: str, **values: object) -> None:
        self[field].blame(Invalid(message, key=field, **values))

    # Fields

    def _kinds_open(self) -> list[QuestionType]:
        """The kinds it can be of: once it was answered only those that the answers fit."""
        if not self.answered:
            return list(KIND_WORDS)
        return list(_TEXTS) if self.question.type in _TEXTS else [self.question.type]

    def _stored(self) -> Typed:
        question = self.question
        fields = [("type", question.type.value), ("required", "yes" if question.required else "")]
        fields += [(f"label-{tag}", question.label.get(tag, "")) for tag in self.tags]
        fields += [(f"help-{tag}", question.help.get(tag, "")) for tag in self.tags]
        return MultiDict([*fields, *typed_rows(rows_of(question.options)), *typed_groups(self.groups, self.tag)])

    def _asked(self) -> dict[str, Entry]:
        kinds = [Option(kind.value, Words(_(KIND_WORDS[kind]))) for kind in self.kinds]
        fields = {
            "type": Entry(Words(_("Kind of answer")), "select", options=kinds),
            "required": Entry(Words(_("People must answer it to register")), "consent"),
        }
        fields |= {f"label-{tag}": Entry(_language(tag)) for tag in self.tags}
        fields |= {f"help-{tag}": Entry(_language(tag)) for tag in self.tags}
        for number in range(len(self.rows)):
            fields[name(number, "id")] = Entry(Words(""))
            fields |= {name(number, f"label-{tag}"): Entry(_language(tag)) for tag in self.tags}
            fields[name(number, "limit")] = Entry(Words(_("At most")), "number")
        fields[OTHER] = Entry(Words(""))
        return fields | group_fields(self.record, self.groups, self.tag)


def lacking(question: QuestionRecord, tags: Sequence[str]) -> list[str]:
    """The languages in which a text of the question is missing that another one has."""
    texts = [question.label, question.help, *(option.label for option in question.options)]
    return [tag for tag in tags if any(_lacks(one, tag) for one in texts)]


def _lacks(texts: Mapping[str, str], tag: str) -> bool:
    return bool(texts) and not any(step in texts for step in parents(tag))


def _language(tag: str) -> Words:
    return Words(own_name(tag), tag, direction(tag))
