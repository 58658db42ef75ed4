"""Reads an answer's HTML as a tree, so that tests speak of elements and never of strings of markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from werkzeug.test import TestResponse

VOID = frozenset({"meta", "link", "img", "input", "br", "hr", "source", "wbr"})


class Element:
    def __init__(self, tag: str, attrs: dict[str, str]) -> None:
        self.tag, self.attrs = tag, attrs
        self.children: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        return self.attrs[name]

    def get(self, name: str) -> str | None:
        return self.attrs.get(name)

    def walk(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    @property
    def text(self) -> str:
        """What a reader reads, in one line."""
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return re.sub(r"\s+", " ", "".join(parts)).strip()

    def all(self, tag: str | None = None, **attrs: str) -> list[Element]:
        """Elements by tag and attributes; ``class_`` is one of the classes, ``_`` in a name stands for a hyphen."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}
        return [e for e in self.walk() if tag in (None, e.tag) and all(e.has(n, v) for n, v in wanted.items())]

    def one(self, tag: str | None = None, **attrs: str) -> Element:
        found = self.all(tag, **attrs)
        assert len(found) == 1, f"{len(found)} of {tag} {attrs}"
        return found[0]

    def has(self, name: str, value: str) -> bool:
        mine = self.attrs.get(name)
        return mine is not None and (value in mine.split() if name == "class" else mine == value)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("document", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(response: TestResponse) -> Element:
    """The page; every element must be closed in order, and no id stands twice."""
    assert response.mimetype == "text/html"
    reader = _Reader()
    reader.feed(response.get_data(as_text=True))
    reader.close()
    assert [element.tag for element in reader.open] == ["document"]
    page = reader.open[0]
    ids = [element["id"] for element in page.walk() if "id" in element.attrs]
    assert sorted(set(ids)) == sorted(ids)
    return page


def values(form: Element) -> dict[str, list[str]]:
    """What a browser would post if the form were sent as it stands."""
    found: dict[str, list[str]] = {}
    for field in form.walk():
        name = field.get("name")
        if name is None or field.tag == "button":
            continue
        if field.tag == "select":
            options = field.all("option")
            chosen = [option["value"] for option in options if "selected" in option.attrs] or [options[0]["value"]]
            found.setdefault(name, []).extend(chosen)
        elif field.tag == "textarea":
            text = "".join(child for child in field.children if isinstance(child, str))
            found.setdefault(name, []).append(text.removeprefix("\n"))
        elif field.get("type") not in {"radio", "checkbox"} or "checked" in field.attrs:
            found.setdefault(name, []).append(field.get("value") or "")
    return found
