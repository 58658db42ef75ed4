"""Header rules that Python's email package does not keep by itself, and names fit for a From line."""

import email.policy
import re
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy

from eventsapp.domain.text import clean_line

LONGEST_DISPLAY_NAME = 75
LONGEST_SUBJECT = 200
_LINE = 78
_NOT_IN_A_DISPLAY_NAME = re.compile(r"[@:,;\"<>()\[\]\\]+")


class Verbatim(UnstructuredHeader):
    """A header of machine words. The package would write long ones as RFC 2047 words, which no receiver reads."""

    name: str  # the registry mixes BaseHeader in
    max_count = 1

    def fold(self, *, policy: EmailPolicy) -> str:
        lines, line = [], f"{self.name}:"
        for word in str(self).split():
            if not word.isascii():
                raise ValueError(f"{self.name} must be ASCII")
            if line != f"{self.name}:" and len(line) + 1 + len(word) > _LINE:
                lines.append(line)
                line = ""
            line += f" {word}"
        return policy.linesep.join([*lines, line]) + policy.linesep


class Sentence(UnstructuredHeader):
    """A header of human words. The package loses or doubles spaces where it goes from plain to RFC 2047 words."""

    name: str
    max_count = 1

    def fold(self, *, policy: EmailPolicy) -> str:
        text = str(self)
        plain = text.isascii() and all(len(word) < _LINE // 2 for word in text.split())
        words = Header(text, "us-ascii" if plain else "utf-8", _LINE, self.name)
        return f"{self.name}: {words.encode(linesep=policy.linesep)}{policy.linesep}"


def _policy() -> "EmailPolicy[EmailMessage]":
    registry = HeaderRegistry()
    for name in (
        *("list-unsubscribe", "list-unsubscribe-post", "list-id", "references", "in-reply-to"),
        *("feedback-id", "x-eventsapp-correlation"),
    ):
        registry.map_to_type(name, Verbatim)  # type: ignore[arg-type]
    registry.map_to_type("subject", Sentence)  # type: ignore[arg-type]
    return email.policy.SMTP.clone(header_factory=registry, cte_type="7bit")


POLICY = _policy()  # a message must be *constructed* with it, or base64 parts hold bare line feeds


def display_name(name: str) -> str:
    """What large receivers accept as a sender's name: without signs that belong to an address, at most 75 long."""
    return clean_line(_NOT_IN_A_DISPLAY_NAME.sub(" ", name), LONGEST_DISPLAY_NAME)


def mailbox(name: str, address: str) -> Address:
    """``address`` is a bare ASCII address. Raises for anything else."""
    return Address(display_name(name), addr_spec=address)


def subject_line(text: str) -> str:
    """One line without control characters, cut with an ellipsis."""
    line = clean_line(text, LONGEST_SUBJECT + 1)
    return line if len(line) <= LONGEST_SUBJECT else clean_line(text, LONGEST_SUBJECT - 1) + "…"
