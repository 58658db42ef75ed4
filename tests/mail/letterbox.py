"""What a test looks for in a letter."""

import re
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

_VOID = {"meta", "br", "hr", "img", "link"}


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def calendars_of(mail: EmailMessage) -> list[EmailMessage]:
    """The iMIP alternative and the attached file, in that order."""
    parts = [part for part in mail.walk() if part.get_content_type() in ("text/calendar", "application/ics")]
    return [part for part in parts if isinstance(part, EmailMessage)]


def calendar_of(mail: EmailMessage) -> str:
    """The unfolded calendar object, or an empty text."""
    parts = calendars_of(mail)
    if not parts:
        return ""
    data: Any = parts[0].get_payload(decode=True)
    return re.sub(r"\r\n[ \t]", "", data.decode("utf-8")).replace("\r\n", "\n")


def everything_in(mail: EmailMessage) -> str:
    """All that a receiver could read anywhere: headers, decoded parts, and the raw bytes."""
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    heads = [f"{name}: {value}" for part in mail.walk() for name, value in part.items()]
    decoded = [part.decode("utf-8") for part in parts if isinstance(part, bytes)]
    unfolded = [re.sub(r"\r?\n[ \t]", "", part) for part in decoded]
    return "\n".join([*heads, *decoded, *unfolded, mail.as_bytes().decode("ascii")])


def shape_of(mail: EmailMessage, depth: int = 0) -> list[str]:
    """The MIME tree, one line a part, indented by depth."""
    lines = ["  " * depth + mail.get_content_type()]
    for part in mail.iter_parts() if mail.is_multipart() else ():
        assert isinstance(part, EmailMessage)
        lines += shape_of(part, depth + 1)
    return lines


class Page(HTMLParser):
    """An HTML part reduced to what is read: words line by line, targets, language changes; and its open tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.targets: list[str] = []
        self.languages: list[tuple[str, str, str]] = []
        self.tags: list[str] = []
        self._line = ""
        self._silent = 0
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self._end_line()
        assert self._open == [], "tags left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in _VOID:
            self._open.append(tag)
        self._silent += tag in ("style", "script")
        if "lang" in values:
            self.languages.append((tag, values["lang"] or "", values.get("dir") or ""))
            self._line += f"[{values['lang']} {values.get('dir')}] "
        if tag == "a":
            self.targets.append(values.get("href") or "")
        if tag in ("p", "div", "td", "h1", "br", "li", "title"):
            self._end_line()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._silent -= tag in ("style", "script")
        if tag == "a" and not self._silent:
            self._line += f" <{self.targets[-1]}>"
        if tag in ("p", "div", "td", "h1", "li", "title"):
            self._end_line()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._line += re.sub(r"[\s\u200c\u00a0]+", " ", data)

    def _end_line(self) -> None:
        if self._line.strip():
            self.lines.append(" ".join(self._line.split(" ")).strip())
        self._line = ""
