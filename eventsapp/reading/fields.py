"""marshmallow fields that take texts and type them. A refusal says what would be right.

Everything a record says passes through here once and is clean afterwards: one Unicode form, no control characters.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit, urlunsplit

import idna
from marshmallow import ValidationError, fields

from eventsapp.domain import rooms
from eventsapp.domain.addresses import read_address
from eventsapp.domain.errors import Invalid
from eventsapp.domain.languages import canonical_tag, country_names
from eventsapp.domain.text import clean_line, clean_text
from eventsapp.domain.timezones import canonical_tzid
from eventsapp.domain.triggers import read_trigger
from eventsapp.domain.vocabulary import NEUTRAL_LETTERS, WITH_OWN_WORDS, LetterKind
from eventsapp.reading.mistakes import shown

Json = dict[str, Any]

SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
ID = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_LONGEST_SLUG = 80
_LONGEST_ID = 60
_LONGEST_URL = 2000
_EXAMPLE_TIME = "2026-06-10 16:00"
_DAY = 24 * 3600
SWITCHES = dict.fromkeys(("true", "yes", "on", "1", "y"), True) | dict.fromkeys(("false", "no", "off", "0", "n"), False)


class Bad(ValidationError):
    """One sentence about one value."""


class Told(fields.Field[Any]):
    """A field that says what it is for and, where it is missing, what to write."""

    def __init__(self, *args: Any, about: str = "", example: str = "", **kwargs: Any) -> None:
        missing = f"This key is missing; write for example `{example}`." if example else "This key is missing."
        missing = missing.replace("{", "{{").replace("}", "}}")  # marshmallow formats it
        kwargs["error_messages"] = {"required": missing, "null": "This is empty; write a value or leave it out."}
        if about:
            kwargs["metadata"] = {"description": about}
        super().__init__(*args, **kwargs)


class FromText(Told):
    """A value that is written as one text. Subclasses type it in ``typed`` and may raise Bad or Invalid."""

    shape: ClassVar[Json] = {"type": "string"}

    def typed(self, text: str) -> Any:
        raise NotImplementedError

    def json_shape(self) -> Json:
        return dict(self.shape)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        if not isinstance(value, str):
            kind = "a list" if isinstance(value, list) else "a mapping"
            raise Bad(f"This is {kind}; write one value here.")
        try:
            typed = self.typed(value)
        except Invalid as error:
            raise Bad(str(error)) from error
        if self.required and typed == "":
            raise Bad("This is empty; write a value.")
        return typed


class Line(FromText):
    """One line of text, cleaned. Too long is refused, never cut."""

    def __init__(self, limit: int = 200, **kwargs: Any) -> None:
        self.limit = limit
        super().__init__(**kwargs)

    def typed(self, text: str) -> str:
        return _within(text, self.limit, clean_line)

    def json_shape(self) -> Json:
        return {"type": ["string", "number", "boolean"]}


class Prose(Line):
    """Several lines, cleaned."""

    def typed(self, text: str) -> str:
        return _within(text, self.limit, clean_text)


def _within(text: str, limit: int, clean: Callable[[str, int], str]) -> str:
    cleaned = clean(text, limit + 1)
    if len(cleaned) > limit or len(text) > 4 * limit + 1000:
        raise Bad(f"This is too long: at most {limit} characters can stand here, and these are {len(text)}.")
    return cleaned


class Word(FromText):
    """One word of a vocabulary, in any case, with spaces or hyphens as one likes."""

    def __init__(self, words: Iterable[StrEnum], also: Mapping[str, StrEnum] | None = None, **kwargs: Any) -> None:
        self.words = tuple(words)
        self.known: dict[str, StrEnum] = {word.value: word for word in self.words} | dict(also or {})
        super().__init__(**kwargs)

    def typed(self, text: str) -> StrEnum:
        word = _as_a_word(text)
        if word in self.known:
            return self.known[word]
        near = get_close_matches(word, self.known, n=1)
        hint = f" Did you mean {self.known[near[0]]}?" if near else ""
        raise Bad(f"{shown(text)} is not known here; write one of: {', '.join(self.words)}.{hint}")

    def json_shape(self) -> Json:
        return {"type": "string", "enum": [word.value for word in self.words]}


def _as_a_word(text: str) -> str:
    return re.sub(r"[\s/_-]+", "_", clean_line(text).lower())


class LetterName(Word):
    """A kind of letter that an organizer can add words to."""

    def __init__(self, **kwargs: Any) -> None:
        own = (kind for kind in LetterKind if kind in WITH_OWN_WORDS)
        super().__init__(own, {"canceled": LetterKind.CANCELLED}, **kwargs)

    def typed(self, text: str) -> StrEnum:
        if (kind := _as_a_word(text)) in NEUTRAL_LETTERS:
            raise Bad(f"The letter {kind} carries no words of yours, because anybody can have it sent; leave it out.")
        return super().typed(text)


class Switch(FromText):
    """true or false, as people write it."""

    shape: ClassVar[Json] = {"type": ["boolean", "string"]}

    def typed(self, text: str) -> bool:
        word = text.strip().lower()
        if word not in SWITCHES:
            raise Bad(f"{shown(text)} is neither true nor false; write true or false.")
        return SWITCHES[word]


class Count(FromText):
    """A whole number within bounds."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**kwargs)

    def typed(self, text: str) -> int:
        digits = text.strip()
        if not re.fullmatch(r"[+-]?[0-9]{1,12}", digits) or not self.least <= int(digits) <= self.most:
            range_ = f"a whole number from {self.least} to {self.most}" if self.least < self.most else str(self.least)
            raise Bad(f"{shown(text)} cannot stand here; write {range_}.")
        return int(digits)

    def json_shape(self) -> Json:
        return {"type": ["integer", "string"], "minimum": self.least, "maximum": self.most}


class Tag(FromText):
    """A BCP 47 language tag, made canonical."""

    def typed(self, text: str) -> str:
        return canonical_tag(clean_line(text))


class Tzid(FromText):
    """A zone's name; older names come out as today's."""

    def typed(self, text: str) -> str:
        return canonical_tzid(clean_line(text))


class WallTime(FromText):
    """A date and time as the clock on the wall shows it; the zone stands beside it."""

    _shape_of = re.compile(
        r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|\s+)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]0+)?)?"
    )
    _offset = re.compile(r"(?:[0-9]\s*[zZ]|[0-9:]\s*[+-][0-9]{1,2}(?::?[0-9]{2})?|\b(?:UTC|GMT)\b.*|\[.*\])\s*\Z")

    def typed(self, text: str) -> datetime | time:
        text = clean_line(text)
        if found := self._shape_of.fullmatch(text):
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
            try:
                return datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            except ValueError as error:
                raise Bad(f"{shown(text)} is no date and time of the calendar; correct it.") from error
        if re.match(r"[0-9]{4}-[0-9]", text) and self._offset.search(text[8:]):
            raise Bad(
                f"Leave out Z or the offset in {shown(text)}: this is the time on the clock at tzid,"
                f" for example `{_EXAMPLE_TIME}`."
            )
        if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", text):
            raise Bad(f"The time of day is missing; write for example `{text} 16:00`.")
        raise Bad(f"{shown(text)} is no date and time; write year-month-day hour:minute, as in `{_EXAMPLE_TIME}`.")


class EndTime(WallTime):
    """Like the start, or the time of day alone for the same date."""

    def typed(self, text: str) -> datetime | time:
        if found := re.fullmatch(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?", clean_line(text)):
            hour, minute, second = (int(part or 0) for part in found.groups())
            try:
                return time(hour, minute, second)
            except ValueError as error:
                raise Bad(f"{shown(text)} is no time of day; correct it.") from error
        return super().typed(text)


class Duration(FromText):
    """An ISO 8601 duration, or hours and minutes in words, as seconds. A day is 24 hours here."""

    _iso = re.compile(
        r"P(?:([0-9]{1,4})W)?(?:([0-9]{1,4})D)?"
        r"(?:T(?:([0-9]{1,5}(?:[.,][0-9]{1,3})?)H)?(?:([0-9]{1,6}(?:[.,][0-9]{1,3})?)M)?(?:([0-9]{1,7})S)?)?",
        re.IGNORECASE,
    )
    _words = re.compile(
        r"(?:([0-9]{1,4})\s*(?:h|hrs?|hours?))?\s*(?:([0-9]{1,5})\s*(?:m|mins?|minutes?|'))?", re.IGNORECASE
    )

    def __init__(self, least: timedelta, most: timedelta, *, bare_minutes: bool = False, **kwargs: Any) -> None:
        self.least, self.most, self.bare_minutes = int(least.total_seconds()), int(most.total_seconds()), bare_minutes
        super().__init__(**kwargs)

    def typed(self, text: str) -> int:
        seconds = self._seconds(clean_line(text))
        if seconds is None:
            raise Bad(f"{shown(text)} is no duration; write for example PT1H30M for an hour and a half.")
        if not self.least <= seconds <= self.most:
            raise Bad(
                f"{shown(text)} cannot stand here; write a duration from {iso_duration(self.least)}"
                f" to {iso_duration(self.most)}."
            )
        return seconds

    def _seconds(self, text: str) -> int | None:
        if self.bare_minutes and re.fullmatch(r"[0-9]{1,6}", text):
            return int(text) * 60
        if (found := self._iso.fullmatch(text)) and any(found.groups()) and text[-1] not in "Tt":
            weeks, days, hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in found.groups())
            return round((weeks * 7 + days) * _DAY + hours * 3600 + minutes * 60 + seconds)
        if (found := self._words.fullmatch(text)) and any(found.groups()):
            return int(found[1] or 0) * 3600 + int(found[2] or 0) * 60
        return None

    def json_shape(self) -> Json:
        return {"type": ["string", "integer"] if self.bare_minutes else "string"}


class When(FromText):
    """So long before or after an event, as ``domain.triggers`` writes it."""

    shape: ClassVar[Json] = {"type": "string", "examples": ["1 day before start at 09:00", "2 hours after end"]}

    def typed(self, text: str) -> str:
        return str(read_trigger(text))


def iso_duration(seconds: int) -> str:
    """PT1H30M; days stay hours, because a day of the calendar may have 23."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = f"{hours}H" * (hours > 0) + f"{minutes}M" * (minutes > 0) + f"{rest}S" * (rest > 0)
    return f"PT{parts or '0M'}"


class Slug(FromText):
    """The name in an address: small letters, digits and single hyphens."""

    def typed(self, text: str) -> str:
        text = text.strip()
        if re.fullmatch(SLUG, text) and len(text) <= _LONGEST_SLUG:
            return text
        raise Bad(
            f"{shown(text)} cannot be part of an address; write small letters a–z, digits and single hyphens, at most"
            f" {_LONGEST_SLUG} characters{_meant(slugified(text))}."
        )

    def json_shape(self) -> Json:
        return {"type": ["string", "integer"], "pattern": f"^{SLUG}$", "maxLength": _LONGEST_SLUG}


class SlugOrName(Line):
    """A slug; any other text is taken as a name, for ``settle`` to derive the slug from."""


class Id(FromText):
    """The name of one thing within the record, fit for an address."""

    def typed(self, text: str) -> str:
        text = text.strip()
        if re.fullmatch(ID, text) and len(text) <= _LONGEST_ID:
            return text
        raise Bad(
            f"{shown(text)} cannot be an id; write letters a–z, digits, hyphens, dots and underscores, at most"
            f" {_LONGEST_ID} characters, beginning with a letter or digit{_meant(slugified(text)[:_LONGEST_ID])}."
        )

    def json_shape(self) -> Json:
        return {"type": ["string", "integer"], "pattern": f"^{ID}$", "maxLength": _LONGEST_ID}


def slugified(text: str) -> str:
    """The nearest slug, without accents; empty where the text has no Latin letter or digit."""
    plain = unicodedata.normalize("NFKD", text[:400]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-")


def _meant(slug: str) -> str:
    return f", for example {slug}" if slug else ""


class Email(FromText):
    """An address; a name before it, ``Ana <ana@example.org>``, is left out."""

    def typed(self, text: str) -> str:
        text = clean_line(text, 400)
        if found := re.fullmatch(r"[^<>]*<([^<>]+)>", text):
            text = found[1]
        return read_address(text).email if text else ""


class WebAddress(FromText):
    """An http or https address of a page; other scripts in it are encoded."""

    def typed(self, text: str) -> str:
        text = clean_line(text, _LONGEST_URL + 1)
        if not text:
            return ""
        try:
            parts = urlsplit(text)
            host = _ascii_host(parts.hostname or "")
            port = parts.port
        except (ValueError, UnicodeError) as error:
            raise Bad(f"{shown(text)} is no web address; write for example https://example.org/privacy.") from error
        odd = "@" in parts.netloc or "\\" in text or " " in text or "." not in host or len(text) > _LONGEST_URL
        if parts.scheme not in ("http", "https") or odd:
            raise Bad(f"{shown(text)} is no web address; write for example https://example.org/privacy.")
        netloc = f"{host}:{port}" if port else host
        path, query, fragment = (quote(part, safe="/%:=&?~+!$,;'()*@[]") for part in parts[2:5])
        return urlunsplit((parts.scheme, netloc, path, query, fragment))


def _ascii_host(host: str) -> str:
    return host.lower() if host.isascii() else idna.encode(host, uts46=True).decode("ascii")


class Link(FromText):
    """The link to a room, as it was copied; ``domain.rooms.check_room`` judges it."""

    def typed(self, text: str) -> str:
        text = text.strip()
        if text:
            rooms.link_host(text)
        return text


class SecureAddress(WebAddress):
    """An https address that people are led to."""

    def typed(self, text: str) -> str:
        if (address := super().typed(text)).startswith("http://"):
            raise Bad(f"{shown(text)} is not secure; write an address that begins with https://.")
        return address


class Host(FromText):
    def typed(self, text: str) -> str:
        return rooms.host_name(clean_line(text))


class MeetingId(FromText):
    shape: ClassVar[Json] = {"type": ["string", "integer"]}

    def typed(self, text: str) -> str:
        return rooms.meeting_id(text) if text.strip() else ""


class Phone(FromText):
    """A telephone number as it is dialled into a room, one-tap forms too: +16469313860,,85835549492#."""

    shape: ClassVar[Json] = {"type": ["string", "integer"]}
    _form = re.compile(r"[0-9+()\s./,#*;\-\u2010-\u2013]{4,60}")
    _fewest_digits = 4

    def typed(self, text: str) -> str:
        text = clean_line(text, 80)
        fewest = 4
        if (
            not re.fullmatch(r"[0-9+()\s./,#*;\-\u2010-\u2013\u00a0\u202f]{4,60}", text)
            or len(re.sub(r"\D", "", text)) < fewest
        ):
            raise Bad(f"{shown(text)} is no telephone number; write for example +52 55 4161 4288.")
        return text


class Country(FromText):
    def typed(self, text: str) -> str:
        code = text.strip().upper()
        if code and code not in dict(country_names("en")):
            raise Bad(f"{shown(text)} is no country code; write the two letters of ISO 3166, for example MX.")
        return code


class Accent(FromText):
    def typed(self, text: str) -> str:
        found = re.fullmatch(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})", text.strip())
        if not text.strip():
            return ""
        if found is None:
            raise Bad(f"{shown(text)} is no colour; write '#0b6b5c' with the quotes.")
        digits = found[1].lower()
        return f"#{digits}" if len(digits) == 6 else "#" + "".join(digit * 2 for digit in digits)  # noqa: PLR2004


class PictureName(FromText):
    """A file beside the record, or the name of a stored picture. It cannot lead out of that folder."""

    def typed(self, text: str) -> str:
        text = clean_line(text, 255)
        parts = text.split("/")
        if text and (
            text.startswith("/") or "\\" in text or ":" in text or any(part in ("", ".", "..") for part in parts)
        ):
            raise Bad(
                f"{shown(text)} leads out of the record's folder; put the file beside the record and write its name."
            )
        return text
