"""Errors that the domain raises. A message is one plain English sentence and a translation key at once.

A door says it in the reader's language: ``translations.say(error)``. Never put anything secret into values.
"""


def N_(message: str) -> str:
    """Mark a sentence for the translation catalogs without translating it."""
    return message


class Minutes(int):
    """A time to wait inside an error: English as text, and ``wording.in_language`` says it in another language."""

    def __str__(self) -> str:
        return f"{int(self)} minute{'' if self == 1 else 's'}"


class DomainError(Exception):
    """A rule says no. ``message`` is a ``%(name)s`` template, ``values`` fill it, ``key`` names the input field."""

    def __init__(self, message: str, *, key: str = "", **values: object) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.key = key
        self.values = values


class Invalid(DomainError):
    """What was typed cannot be used; the message says what to type instead."""


class NotFound(DomainError):
    """There is no such thing, or it is not for this person: the two must look the same."""


class Refused(DomainError):
    """A registration rule refuses: full, closed, not yet open, cancelled."""


class TooMany(DomainError):
    """A limit against floods was reached; the message says when to try again."""
