"""The envelope sender of one letter (VERP): whoever sends it back thereby says which letter it was. Sends nothing."""

from eventsapp.config import Settings
from eventsapp.domain.links import opens, public_id_in, token
from eventsapp.domain.vocabulary import Purpose


def envelope_sender(public_id: str, settings: Settings) -> str:
    """Where a mail server reports what became of this letter: ``bounce+<token>@…``, or mail_from where no
    ``bounce_address`` is set. Its local part has at most 64 octets (RFC 5321 §4.5.3.1.1)."""
    if not settings.bounce_address:
        return settings.mail_from
    local, _, domain = settings.bounce_address.rpartition("@")
    return f"{local}+{token(settings.link_key, Purpose.BOUNCE, public_id)}@{domain}"


def letter_named_by(address: str, settings: Settings) -> str | None:
    """The public id of the letter whose envelope sender this is; None where we never wrote such a sender.

    Upper and lower case count the same, since mail servers may change them.
    """
    local, _, domain = address.strip().lower().rpartition("@")
    ours, _, ours_domain = settings.bounce_address.rpartition("@")
    if not ours or domain != ours_domain or not local.startswith(f"{ours}+"):
        return None
    given = local.removeprefix(f"{ours}+")
    public_id = public_id_in(given)
    return public_id if public_id and opens(settings.link_key, Purpose.BOUNCE, given, public_id) else None
