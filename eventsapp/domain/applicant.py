"""Applicant: a person as the form described them, before admission. Plain values, already cleaned and checked."""

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from eventsapp.domain.addresses import Address
from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.questions import AnswerValue
from eventsapp.domain.text import clean_line

LONGEST_NAME = 120
_LINK = re.compile(r"://|www\.|@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Applicant:
    """``language_tag`` (BCP 47) and ``tzid`` are those of the letters; ``answers`` go by question key."""

    name: str
    address: Address
    language_tag: str
    tzid: str
    occurrence_keys: tuple[str, ...]
    answers: dict[str, AnswerValue] = field(default_factory=dict)
    source: str = ""

    def at(self, address: Address) -> "Applicant":
        """The same person with another address."""
        return replace(self, address=address)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; ``from_json`` gives back an equal Applicant."""
        return asdict(self) | {"occurrence_keys": list(self.occurrence_keys)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Applicant":
        return cls(
            **stored | {"address": Address(**stored["address"]), "occurrence_keys": tuple(stored["occurrence_keys"])}
        )


def read_name(text: str) -> str:
    """A person's name, any characters. Raises Invalid (key ``name``): empty, too long, or a link in disguise.

    Strangers can make us write to other people's addresses, so the name must not carry an advertisement.
    """
    name = clean_line(text, 10 * LONGEST_NAME)
    if not name:
        raise Invalid(N_("Enter your name."), key="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(N_("Enter your name in at most %(limit)s characters."), key="name", limit=LONGEST_NAME)
    if _LINK.search(name):
        raise Invalid(N_("Enter your name alone, without a link or an e-mail address."), key="name")
    return name
