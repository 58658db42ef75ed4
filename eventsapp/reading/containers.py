"""marshmallow fields that hold others: lists, mappings with typed keys, nested parts. Each reports all its mistakes."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields

from eventsapp.reading.fields import Bad, FromText, Told


class ListOf(Told):
    """A list; each item keeps its position, beside wrong ones (None) too.

    With ``single`` a value alone may stand without its dash; with ``none`` that word for an empty list.
    """

    def __init__(
        self,
        inner: fields.Field[Any],
        *,
        least: int = 0,
        most: int,
        single: bool = False,
        none: bool = False,
        **kwargs: Any,
    ) -> None:
        self.inner, self.least, self.most, self.single, self.none = inner, least, most, single, none
        super().__init__(**kwargs)

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        self.inner._bind_to_schema(field_name, self)  # noqa: SLF001  as marshmallow's own List does

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> list[Any]:
        if self.none and isinstance(value, str) and value.strip().lower() == "none":
            value = []
        if isinstance(value, (str, Mapping)) and self.single:
            value = [value]
        if not isinstance(value, list):
            raise Bad("Write a list here: one line each, beginning with a dash.")
        _within(len(value), self.least, self.most)
        results: list[Any] = []
        errors: dict[int, Any] = {}
        for at, item in enumerate(value):
            try:
                results.append(self.inner.deserialize(item))
            except ValidationError as error:
                results.append(error.valid_data or None)
                errors[at] = error.messages
        if errors:
            raise ValidationError(errors, valid_data=results)
        return results


class KeyedBy(Told):
    """A mapping whose keys are typed too: ``{language tag: …}``, ``{letter kind: …}``. Empty texts are left out.

    With ``plain`` a text may stand for the whole mapping; it comes out under the key "".
    """

    def __init__(
        self,
        key: FromText,
        value: fields.Field[Any],
        *,
        least: int = 0,
        most: int = 60,
        plain: bool = False,
        **kwargs: Any,
    ) -> None:
        self.key, self.value, self.least, self.most, self.plain = key, value, least, most, plain
        super().__init__(**kwargs)

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        self.key._bind_to_schema(field_name, self)  # noqa: SLF001  as marshmallow's own Dict does
        self.value._bind_to_schema(field_name, self)  # noqa: SLF001

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> dict[str, Any]:
        if isinstance(value, str) and self.plain:
            value = {"": value}
        if not isinstance(value, Mapping):
            raise Bad("Write a mapping here: one `key: value` each line.")
        _within(len(value), self.least, self.most)
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for written, item in value.items():
            try:
                key = str(self.key.deserialize(written)) if written else ""
            except ValidationError as error:
                errors[written] = error.messages
                continue
            if key in results or not (key or self.plain):
                errors[written] = [f"This is the same as another key here ({key}); write it once."]
                continue
            try:
                results[key] = self.value.deserialize(item)
            except ValidationError as error:
                errors[written] = error.messages
                results[key] = error.valid_data or ""
        if self.required and not any(results.values()):
            errors = errors or {"_schema": ["This is empty; write a text."]}
        if errors:
            errors = errors.pop("") if list(errors) == [""] else errors
            raise ValidationError(errors, valid_data=results)
        return {key: item for key, item in results.items() if item != ""}


class Part(Told, fields.Nested):
    """A nested mapping. With ``text_as`` a text alone may stand for it and is taken for those keys."""

    def __init__(self, nested: type[Schema], *, text_as: Sequence[str] = (), **kwargs: Any) -> None:
        self.text_as = tuple(text_as)
        super().__init__(nested, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and self.text_as:
            value = dict.fromkeys(self.text_as, value)
        if not isinstance(value, Mapping):
            raise Bad("Write a mapping here: one `key: value` each line.")
        return super()._deserialize(value, *args, **kwargs)


def _within(count: int, least: int, most: int) -> None:
    if count < least:
        raise Bad("At least one must stand here." if least == 1 else f"At least {least} must stand here.")
    if count > most:
        raise Bad(f"At most {most} can stand here.")
