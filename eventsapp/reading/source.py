"""The bytes of a YAML or JSON file → a plain tree of texts, with the line of every key.

PyYAML says where things begin and end (its events); it never builds an object here. Every scalar stays the text that
was written: ``no`` is Norwegian, ``012345`` a passcode. What a hostile file can cost is bounded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from eventsapp.reading.mistakes import Mistake, Path, RecordRefused, key_of, shown

MOST_BYTES = 1024 * 1024
_DEEPEST = 20
_MOST_NODES = 20_000  # after aliases are followed
_MOST_CHARACTERS = 4 * MOST_BYTES  # likewise
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN_TAGS = frozenset(
    [
        "",
        "!",
        *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")),
    ]
)
_MERGE = "<<"
# YAML allows a tab here and PyYAML does not: after a colon, before a comment, at the end of a line.
_HARMLESS_TAB = re.compile(r"(?<=:)\t+|[ \t]*\t[ \t]*(?=#|\r?$)", re.MULTILINE)
_STRING_OR_TAB = re.compile(r'"(?:[^"\\]|\\.)*"|\t', re.DOTALL)

Plain = str | list["Plain | None"] | dict[str, "Plain"]


@dataclass(slots=True)
class Source:
    """A file as a plain tree. An absent, empty or null value is left out of its mapping; in a list it is None."""

    file: str
    tree: dict[str, Plain]
    lines: dict[Path, int]
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a key, or of the nearest one above it that was written."""
        path = spelled(path)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def written(self, path: Path) -> bool:
        """Whether the file has a value there, right or wrong. Keys are looked up as they are written."""
        value: Plain | None = self.tree
        for step in path:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return False
        return value is not None

    def report(self, path: Path, message: str) -> None:
        self.mistakes.append(Mistake(self.file, self.line(path), key_of(path), message))


@dataclass(slots=True)
class _Node:
    line: int
    text: str | None = None  # of a scalar; None is an empty one
    items: "list[_Node] | None" = None
    pairs: "list[tuple[_Node, _Node]] | None" = None
    plain: bool = False  # a scalar without quotes
    refused: str = ""  # the tag that cannot be had


class _Unreadable(Exception):
    def __init__(self, line: int, message: str) -> None:
        self.line, self.message = line, message
        super().__init__(message)


def read_source(data: bytes, file: str) -> Source:
    """Read a whole file. Duplicate keys and the like are collected; raises RecordRefused where nothing can be read."""
    source = Source(file, {}, {})
    try:
        source.tree = _tree(_decoded(data), source)
    except _Unreadable as error:
        raise RecordRefused(source.mistakes or [Mistake(file, error.line, "", error.message)]) from error
    return source


def _tree(text: str, source: Source) -> dict[str, Plain]:
    if text.lstrip().startswith(("{", "[")):  # JSON may be indented with tabs
        text = _STRING_OR_TAB.sub(lambda found: " " if found[0] == "\t" else found[0], text)
    else:
        text = _HARMLESS_TAB.sub(" ", text)
    root = _composed(text)
    if root is None:
        raise _Unreadable(0, "The file is empty; write an event record (see docs/event-record.md).")
    tree = _Walk(source).plain(root, ())
    if not isinstance(tree, dict):
        raise _Unreadable(root.line, "An event record is a mapping of keys: begin with `record: 1`.")
    return tree


def spelled(path: Path) -> Path:
    """A path as ``lines`` holds it: language tags are found in any spelling."""
    return tuple(step if isinstance(step, int) else step.lower().replace("_", "-") for step in path)


def _decoded(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise _Unreadable(0, f"The file is larger than {MOST_BYTES // 1024} kB; an event record is a small text file.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:4]:
        raise _Unreadable(0, "The file is not in UTF-8; save it again as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _Unreadable(line, "This line is not in UTF-8; save the file again as UTF-8.") from error
    if bad := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        raise _Unreadable(line, f"There is a control character (U+{ord(bad[0]):04X}) in this line; delete it.")
    return text


def _composed(text: str) -> _Node | None:
    """The one document as nodes that may be shared (aliases), without recursion."""
    try:
        builder = _Builder()
        for event in yaml.parse(text, Loader=_Scanner):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _Unreadable(mark.line + 1 if mark else 0, _in_plain_words(error)) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: \U escapes beyond Unicode
        raise _Unreadable(0, f"The file cannot be read as YAML or JSON ({shown(str(error))}).") from error
    return builder.root


class _Scanner(yaml.BaseLoader):
    """PyYAML's scanner, which lets a question mark stand in ``{en: Why?}`` as YAML 1.2 does."""

    def __init__(self, text: str) -> None:
        self.in_plain_text = False
        super().__init__(text)

    def scan_plain(self) -> yaml.ScalarToken:
        self.in_plain_text = True
        try:
            return super().scan_plain()
        finally:
            self.in_plain_text = False

    def peek(self, index: int = 0) -> str:
        character = str(super().peek(index))
        return "x" if character == "?" and self.in_plain_text else character


class _Builder:
    """PyYAML's events → nodes. Its own composer recurses and knows no bounds."""

    def __init__(self) -> None:
        self.root: _Node | None = None
        self.documents = 0
        self.anchors: dict[str, _Node] = {}
        self.open: list[_Node] = []
        self.keys: list[_Node | None] = []  # of each open collection: the key that waits for its value

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _Unreadable(line, "A file holds one event; move what follows `---` into a file of its own.")
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
            self.keys.pop()
        elif isinstance(event, yaml.NodeEvent):
            node = self._node(event, line)
            self._place(node)
            if isinstance(event, yaml.CollectionStartEvent):
                if len(self.open) >= _DEEPEST:
                    raise _Unreadable(line, f"This is nested more than {_DEEPEST} levels deep; no record needs that.")
                self.open.append(node)
                self.keys.append(None)

    def _place(self, node: _Node) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if parent.items is not None:
            parent.items.append(node)
        elif (key := self.keys[-1]) is None:
            self.keys[-1] = node
        elif parent.pairs is not None:
            parent.pairs.append((key, node))
            self.keys[-1] = None

    def _node(self, event: yaml.NodeEvent, line: int) -> _Node:
        name = event.anchor or ""
        if isinstance(event, yaml.AliasEvent):
            if name not in self.anchors:
                raise _Unreadable(line, f"*{shown(name)} names nothing above; write &{shown(name)} where it is meant.")
            return self.anchors[name]
        tag = str(getattr(event, "tag", None) or "")
        node = _Node(line, refused="" if tag in _PLAIN_TAGS else tag)
        if isinstance(event, yaml.ScalarEvent):
            node.plain = not event.style
            empty = node.plain and event.value in _EMPTY and tag != "tag:yaml.org,2002:str"
            node.text = None if empty else _whole(event.value)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.items = []
        else:
            node.pairs = []
        if name:
            self.anchors[name] = node
        return node


def _whole(text: str) -> str:
    r"""Two halves of a character, as JSON's \ud83d\ude00 writes it, become one; a half alone becomes U+FFFD."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class _Walk:
    """Nodes → plain values, following aliases within bounds, with lines and mistakes noted in ``source``."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.nodes = 0
        self.characters = 0

    def plain(self, node: _Node, path: Path) -> Plain | None:
        self._count(node, path)
        if node.refused:
            self._report(node, path, f"The tag {shown(node.refused)} cannot be used here; leave it out.")
            return None
        if node.pairs is not None:
            return self._mapping(node, path)
        if node.items is not None:
            values: list[Plain | None] = []
            for at, item in enumerate(node.items):
                self.source.lines.setdefault((*spelled(path), at), item.line)
                values.append(self.plain(item, (*path, at)))
            return values
        return node.text

    def _mapping(self, node: _Node, path: Path) -> dict[str, Plain]:
        mapping: dict[str, Plain] = {}
        seen: dict[str, int] = {}
        for key, value in self._pairs(node, path):
            if key.text is None or key.refused:
                self._report(key, path, "A key must be a plain word.")
                continue
            name = key.text.strip()
            if name in seen:
                self._report(key, (*path, name), f"This key stands here twice; it is also in line {seen[name]}.")
                continue
            seen[name] = key.line
            self.source.lines.setdefault(spelled((*path, name)), key.line)
            plain = self.plain(value, (*path, name))
            if plain is not None:
                mapping[name] = plain
        return mapping

    def _pairs(self, node: _Node, path: Path) -> Iterator[tuple[_Node, _Node]]:
        """The pairs of a mapping; behind them those of ``<<: *other`` that it has not itself."""
        merged: list[tuple[_Node, _Node]] = []
        own: set[str | None] = set()
        for key, value in node.pairs or ():
            if key.plain and key.text == _MERGE:
                merged += self._merged(value, path)
            else:
                own.add(key.text)
                yield key, value
        for key, value in merged:
            if key.text not in own:
                own.add(key.text)
                yield key, value

    def _merged(self, node: _Node, path: Path) -> list[tuple[_Node, _Node]]:
        others = node.items if node.items is not None else [node]
        pairs: list[tuple[_Node, _Node]] = []
        for other in others:
            self._count(other, path)
            if other.pairs is None:
                self._report(node, (*path, _MERGE), "Write the alias of a mapping: `<<: *name`.")
                continue
            pairs += self._pairs(other, (*path, _MERGE))
            self.nodes += len(pairs)
        return pairs

    def _count(self, node: _Node, path: Path) -> None:
        self.nodes += 1
        self.characters += len(node.text or "")
        if len(path) > _DEEPEST:
            raise _Unreadable(node.line, "An alias (*name) stands inside what it names; write the value out.")
        if self.nodes > _MOST_NODES or self.characters > _MOST_CHARACTERS:
            raise _Unreadable(node.line, "This is far too much for one event; aliases (*name) count in full.")

    def _report(self, node: _Node, path: Path, message: str) -> None:
        self.source.mistakes.append(Mistake(self.source.file, node.line, key_of(path), message))


_PLAIN_WORDS = (
    ("'\\t'", "There is a tab before a key or value; indent with spaces."),
    (
        "mapping values are not allowed",
        "A colon cannot stand here; put quotes around the text, or mend the indentation.",
    ),
    (
        "expected <block end>",
        "This line's indentation does not fit the lines above; mend it, or put quotes around the text.",
    ),
    ("expected a single document", "This line's indentation does not fit the lines above."),
    ("could not find expected ':'", "A colon is missing near this line, or a text of several lines is not indented."),
    ("stream end", "Something is not closed: look for a missing quote or bracket."),
    ("end of stream", "Something is not closed: look for a missing quote or bracket."),
    ("cannot start any token", "This sign cannot begin a value; put quotes around the text."),
)


def _in_plain_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    for phrase, words in _PLAIN_WORDS:
        if phrase in problem:
            return words
    return f"This cannot be read as YAML or JSON ({shown(problem)}); look at quotes, brackets and indentation."
