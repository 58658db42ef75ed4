"""Online rooms: meeting numbers, and the links that may stand in a record. A link is never opened here."""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

from eventsapp.domain.errors import N_, Invalid
from eventsapp.domain.vocabulary import ConferenceProvider

ZOOM_HOSTS = ("zoom.us", "zoom.com", "zoomgov.com")
_GROUPS = {9: (3, 3, 3), 10: (3, 3, 4), 11: (3, 4, 4)}
_LONGEST_URL = 2000
_LONGEST_TYPED = 100  # of a number in any spacing; what is longer is none
_BETWEEN_DIGITS = re.compile(r"[\s\-\u2010-\u2015\u2212.·\u200b\u2060\ufeff\u200e\u200f]+")
_NUMBER_IN_PATH = re.compile(r"/(?:j|w|s|wc|wc/join)/([0-9]{9,11})(?:/|$)")
_ODD_NUMBER = re.compile(r"/(?:j|w|wc|wc/join)/[0-9]+(?:/|$)")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_URL = re.compile(r"[!-~]+")  # printable ASCII without a space


def meeting_id(text: str) -> str:
    """The 9 to 11 digits of a Zoom meeting or webinar number in any spacing. Raises Invalid."""
    digits = unicodedata.normalize("NFKC", _BETWEEN_DIGITS.sub("", text[: _LONGEST_TYPED + 1]))
    digits = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in digits)
    if len(text) > _LONGEST_TYPED or not re.fullmatch("[0-9]{9,11}", digits):
        raise Invalid(
            N_("A Zoom meeting ID has 9 to 11 digits, for example 858 3554 9492; correct the number."),
            key="meeting_id",
        )
    return digits


def grouped(meeting_id: str) -> str:
    """The number as Zoom prints it: 858 3554 9492."""
    parts, start = [], 0
    for length in _GROUPS.get(len(meeting_id), (len(meeting_id),)):
        parts.append(meeting_id[start : start + length])
        start += length
    return " ".join(parts)


def join_url(meeting_id: str) -> str:
    """Where a room is entered when only its number is known; the passcode is asked for there."""
    return f"https://zoom.us/j/{meeting_id}" if meeting_id else ""


def dialled(number: str) -> str:
    """A telephone number as a ``tel:`` link has it: +16699006833."""
    digits = "".join(character for character in number if character in "0123456789")
    return f"+{digits}" if digits and number.lstrip(" (").startswith("+") else digits


def ways_into(url: str) -> list[str]:
    """Where a form may lead that is answered by a redirect to this room, as sources of a Content-Security-Policy.

    Browsers hold every further redirect to it as well: Zoom leads on among its own hosts, and another service perhaps
    over the sign-in page of whoever runs it, which nobody can know here. The first source is the room's own and lies
    within the rest. Empty where the link must not be followed.
    """
    try:
        host, port = link_host(url), urlsplit(url).port
    except Invalid:
        return []
    own = f"https://{host}" + (f":{port}" if port else "")
    if port or not _belongs(host, ZOOM_HOSTS):
        return [own, "https:"]
    return [own, *(f"https://{star}{known}" for known in ZOOM_HOSTS for star in ("*.", ""))]


def number_in_link(url: str) -> str:
    """The meeting number that a Zoom link carries, or an empty text (a personal room name, a registration page)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    found = _NUMBER_IN_PATH.search(unquote(parts.path))
    if found:
        return found[1]
    numbers = [value for name, value in parse_qsl(parts.query) if name == "confno"]
    return numbers[0] if numbers and re.fullmatch(r"[0-9]{9,11}", numbers[0]) else ""


def provider_of(url: str, number: str) -> ConferenceProvider:
    """Whose room it is: Zoom's, unless there is nothing but a link that leads elsewhere."""
    try:
        host = link_host(url) if url else ""
    except Invalid:
        return ConferenceProvider.ZOOM
    return ConferenceProvider.ZOOM if number or not host or _belongs(host, ZOOM_HOSTS) else ConferenceProvider.OTHER


def check_room(provider: ConferenceProvider, url: str, meeting_id: str, allowed_hosts: Sequence[str]) -> None:
    """Raise Invalid (key "url" or "meeting_id") for a link that must not be handed to people.

    Its host must be Zoom's or one in ``allowed_hosts`` (each with its subdomains), over https; its number must be
    ``meeting_id`` where both are given; and it must not be a host's start link. Empty texts are fine.
    """
    if not url:
        return
    host = link_host(url)
    if not _belongs(host, (*ZOOM_HOSTS, *allowed_hosts)):
        raise Invalid(
            N_(
                "The link leads to %(host)s, which is not Zoom's; correct it, or add the host to the organization's"
                " conference_hosts."
            ),
            key="url",
            host=host,
        )
    if provider is not ConferenceProvider.ZOOM and not _belongs(host, ZOOM_HOSTS):
        return
    path, names = urlsplit(url).path, {name for name, _value in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    if re.match(r"/+s/", unquote(path)) or "zak" in names:
        raise Invalid(
            N_("This is the host's start link: whoever opens it is signed in as the host. Write the join link (/j/…)."),
            key="url",
        )
    number = number_in_link(url)
    if not number and _ODD_NUMBER.search(unquote(path)):
        raise Invalid(
            N_("The number in the link is no meeting ID, which has 9 to 11 digits; copy the link again."), key="url"
        )
    if number and meeting_id and number != meeting_id:
        raise Invalid(
            N_("The meeting ID is %(typed)s but the link leads to %(linked)s; correct the one that is wrong."),
            key="meeting_id",
            typed=grouped(meeting_id),
            linked=grouped(number),
        )


def link_host(url: str) -> str:
    """The host of a web address in lower case. Raises Invalid (key "url") unless it is https and unmistakable."""
    if len(url) > _LONGEST_URL or not _URL.fullmatch(url) or "\\" in url:
        raise Invalid(
            N_(
                "The link must be plain ASCII without spaces; copy it again, for example https://zoom.us/j/85835549492."
            ),
            key="url",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme.lower() != "https" or not url.lower().startswith("https://"):
        raise Invalid(N_("The link must begin with https://."), key="url")
    host = (parts.hostname or "").lower()
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise Invalid(
            N_("The link must not carry a user name before its host; leave out what stands before @."), key="url"
        )
    if not _HOST.fullmatch(host) or port == 0:
        raise Invalid(
            N_("The link has no valid host name; write for example https://zoom.us/j/85835549492."), key="url"
        )
    return host


def host_name(text: str) -> str:
    """A host that an organization allows, in lower case: meet.example.org. Raises Invalid for a URL or a port."""
    host = text.strip().lower().removeprefix("*.").removeprefix(".")
    if not _HOST.fullmatch(host) or host.rpartition(".")[2].isdigit():
        raise Invalid(N_("%(host)s is no host name; write for example meet.example.org."), host=text[:80])
    return host


def _belongs(host: str, hosts: Sequence[str]) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in hosts)
