"""What forms of organizers share: they carry the version that was seen, and show what stands against saving."""

from collections.abc import Mapping
from typing import Any

from eventsapp.actions.edit import Meanwhile, Overtaken
from eventsapp.reading.mistakes import RecordRefused
from eventsapp.translations import say
from eventsapp.web.fields import CheckedForm


class DeskForm(CheckedForm):
    """Fields about an event. ``keys`` maps a record's key, as a mistake names it, to the field that it is about."""

    def __init__(self, fields: Mapping[str, Any], *, version: int | None = None) -> None:
        super().__init__(fields)
        self.version = version
        self.meanwhile: list[Meanwhile] = []  # what somebody else did since the form was opened
        self.refused: list[str] = []  # sentences of the record's rules, which are English, that no field is about

    def field_of(self, key: str) -> str:
        """The name of the field that a record's key is about; an empty text where there is none."""
        return key if key in self else ""

    def overtake(self, error: Overtaken) -> None:
        self.meanwhile, self.version = error.meanwhile, error.version
        self.refusal = say(error)

    def refuse(self, error: RecordRefused) -> None:
        for mistake in error.mistakes:
            name = self.field_of(mistake.key)
            if name:
                self[name].errors = [*self[name].errors, mistake.message]
            else:
                self.refused.append(f"{mistake.key}: {mistake.message}" if mistake.key else mistake.message)
