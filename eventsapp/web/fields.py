"""What forms are made of: a field with everything that was typed into it, and a form that gathers the mistakes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.form import BaseForm

from eventsapp.domain.errors import DomainError, Invalid
from eventsapp.domain.questions import DETAILS
from eventsapp.translations import say
from eventsapp.web.editions import FEW, Edition, Words

Kind = Literal[
    "text",
    "email",
    "tel",
    "url",
    "number",
    "date",
    "time",
    "password",
    "long",
    "radio",
    "checkbox",
    "consent",
    "select",
]
Typed = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Option:
    """``left``: how many may still choose it, None without a limit; ``details``: it asks to say what."""

    value: str
    label: Words
    edition: Edition | None = None
    left: int | None = None
    details: bool = False

    @property
    def full(self) -> bool:
        return self.left == 0

    @property
    def few(self) -> int | None:
        """``left`` where it is small enough to be said."""
        return self.left if self.left is not None and self.left <= FEW else None


@dataclass(frozen=True, slots=True)
class Condition:
    """A field is asked about only where the field ``name`` says one of ``values``; ``hint`` says so in words."""

    name: str
    values: tuple[str, ...]
    hint: Words


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
        only_if: Sequence[Condition] = (),
        check: Callable[[str], object] | None = None,
        **bound: Any,
    ) -> None:
        super().__init__(label.text, **bound)
        self.words, self.kind, self.hint = label, kind, hint
        self.options, self.optional, self.autocomplete = options, optional, autocomplete
        self.only_if = only_if
        self.details: Entry | None = None  # the field beside an option that asks to say what
        self._check = check
        self.value: Any = None

    @property
    def text(self) -> str:
        return self.data[0] if self.data else ""

    @property
    def first(self) -> Option | None:
        """The option that carries the field's own id, so that a mistake's link leads to an input one can use."""
        return next((option for option in self.options if not option.full), None)

    @property
    def asked_if(self) -> list[tuple[str, tuple[str, ...]]]:
        """The conditions as the page's script reads them: all must hold."""
        return [(condition.name, condition.values) for condition in self.only_if]

    @property
    def described_by(self) -> str:
        ids = [f"{self.id}:if"] if self.only_if else []
        ids += [f"{self.id}:hint"] if self.hint else []
        return " ".join([*ids, f"{self.id}:error"] if self.errors else ids)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = list(valuelist)

    def process_data(self, value: str | Sequence[str] | None) -> None:
        self.data = [value] if isinstance(value, str) and value else list(value or ())

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
        for field in self:
            if f"{field.name}{DETAILS}" in self:
                field.details = self[f"{field.name}{DETAILS}"]
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
