"""What became of one attempt to hand a letter to a mail server."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """ACCEPTED: the server answers for it now. DEFERRED: this letter may try again later. REFUSED: never again.

    FAULT: the server turns *us* away (sign-in, sender, policy), so the next letter would fare no better.
    UNREACHABLE: there was no talking to the server at all. UNCERTAIN: all of it was sent and no answer came.
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    FAULT = "fault"
    UNREACHABLE = "unreachable"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``code`` is the SMTP reply code where there was a reply; ``words`` are the server's or the system's own.

    ``about_us`` says that the connection or the sender was turned away before any recipient was named.
    """

    verdict: Verdict
    code: int | None = None
    words: str = ""
    about_us: bool = False


def reply_words(code: int | None, words: str) -> str:
    """What a mail server answered, in one line."""
    return " ".join(filter(None, [str(code or ""), words]))


@dataclass(frozen=True, slots=True)
class Envelope:
    """Bare ASCII addresses; ``public_id`` names the letter where a transport files it."""

    sender: str
    recipient: str
    public_id: str
