"""An organizer's Markdown as safe HTML and as readable plain text. Raw HTML is always text, an image is its words.

Placeholders are filled after parsing, into text alone, and what was filled in is never read again: a value can
become neither markup nor a link nor another placeholder. Links come from the organizer's own text or from ``links``.
"""

import html
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

PLACEHOLDER = re.compile(r"\{([a-z][a-z_]*)\}")

_BRACED = re.compile(r"\{[^\s{}]{1,60}\}")
_LINK_TO_PLACEHOLDER = re.compile(r"%7B([a-z][a-z_]*)%7D")
_ALLOWED_LINK = re.compile(r"https://[^/\\]|mailto:[^/\\]", re.IGNORECASE)
_BARE_LINK = re.compile(r"://[^\s<>{}\"“”«»|\\^`]+")
_AFTER_A_LINK = ".,;:!?'’*_~)]"

_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("strong", "em", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
_DEEPEST_HEADING = 6


@lru_cache(maxsize=256)  # each date of an event asks for the same words
def to_html(markdown: str, *, top_heading: int = 3) -> str:
    """Safe HTML blocks. The text's highest heading becomes ``h<top_heading>``, the others follow without a gap."""
    return fill_html(markdown, {}, {}, top_heading=top_heading)


@lru_cache(maxsize=256)
def to_plain(markdown: str, *, width: int = 0) -> str:
    """The same words for calendars, excerpts and text mails; ``width`` wraps lines, 0 leaves paragraphs whole."""
    return fill_plain(markdown, {}, {}, width=width)


def fill_html(markdown: str, values: Mapping[str, str], links: Mapping[str, str], *, top_heading: int = 3) -> str:
    """As ``to_html``, with ``{name}`` replaced by the plain ``values`` or by a link to one of ``links``.

    ``links`` maps a name to an absolute https, http or mailto address of our own making; it also serves as a target:
    ``[Join]({join_url})``. A name in neither stays as it was typed, and so does one after a backslash or in code.
    """
    tokens = _parsed(markdown, values, links)
    levels = sorted({token.tag for token in tokens if token.type == "heading_open"})
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(top_heading + levels.index(token.tag), _DEEPEST_HEADING)}"
    rendered: str = _reader().renderer.render(tokens, _reader().options, {})
    return nh3.clean(
        rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"https", "http", "mailto"}, url_relative="deny"
    ).strip()


def fill_plain(markdown: str, values: Mapping[str, str], links: Mapping[str, str], *, width: int = 0) -> str:
    """As ``to_plain``, with placeholders filled as ``fill_html`` does; a link is its address in plain sight."""
    return "\n".join(_blocks(SyntaxTreeNode(_parsed(markdown, values, links)), width)).strip("\n")


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """One line of plain text, no Markdown, with its placeholders filled once: a subject."""
    return " ".join(PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text).split())


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    reader.validateLink = _may_link  # type: ignore[method-assign]
    reader.inline.ruler.before("emphasis", "placeholder", _read_placeholder)
    reader.inline.ruler.before("emphasis", "bare_link", _read_bare_link)
    reader.add_render_rule("image", lambda _self, tokens, index, _options, _env: html.escape(tokens[index].content))
    return reader


def _may_link(url: str) -> bool:
    return bool(_ALLOWED_LINK.match(url) or _LINK_TO_PLACEHOLDER.fullmatch(url))


def _read_placeholder(state: StateInline, silent: bool) -> bool:
    """Anything in braces is one token, so that ``{event_url}`` and ``{event.__class__}`` are never emphasis."""
    found = _BRACED.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.push("placeholder", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _read_bare_link(state: StateInline, silent: bool) -> bool:
    """Link an https address that the organizer typed bare; no value has been filled in yet."""
    scheme = re.search(r"(?<![^\W_])https$", state.pending, re.IGNORECASE)
    found = _BARE_LINK.match(state.src, state.pos, state.posMax)
    if not scheme or not found or state.linkLevel:
        return False
    rest = found[0]
    while rest[-1] in _AFTER_A_LINK and not (rest[-1] == ")" and rest.count("(") >= rest.count(")")):
        rest = rest[:-1]
    url = state.md.normalizeLink(scheme[0] + rest)
    if not _may_link(url):
        return False
    if not silent:
        state.pending = state.pending[: scheme.start()]
        state.push("link_open", "a", 1).attrs = {"href": url}
        state.push("text", "", 0).content = scheme[0] + rest
        state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _parsed(markdown: str, values: Mapping[str, str], links: Mapping[str, str]) -> list[Token]:
    tokens: list[Token] = _reader().parse(markdown)
    for token in tokens:
        if token.type == "inline":
            token.children = list(_filled(token.children or [], values, links))
    return tokens


def _filled(tokens: Sequence[Token], values: Mapping[str, str], links: Mapping[str, str]) -> Iterator[Token]:
    inside_link = False
    typed = ""  # the target of ``[words]({name})`` whose name is no link of ours: then show what was typed
    for token in tokens:
        if token.type == "link_open":
            target = _LINK_TO_PLACEHOLDER.fullmatch(str(token.attrs["href"]))
            typed = f"]({{{target[1]}}})" if target and target[1] not in links else ""
            if target and not typed:
                token.attrs["href"] = links[target[1]]
            inside_link = not typed
            yield _text("[") if typed else token
        elif token.type == "link_close":
            inside_link = False
            yield _text(typed) if typed else token
        elif token.type == "placeholder":
            yield from _value(token.content, values, links, inside_link=inside_link)
        else:
            yield token


def _value(braced: str, values: Mapping[str, str], links: Mapping[str, str], *, inside_link: bool) -> Iterator[Token]:
    name = braced[1:-1]
    if name in values:
        yield _text(" ".join(values[name].split()))
    elif name not in links:
        yield _text(braced)
    elif inside_link:
        yield _text(_address_words(links[name]))
    else:
        yield Token("link_open", "a", 1, attrs={"href": links[name]})
        yield _text(_address_words(links[name]))
        yield Token("link_close", "a", -1)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _address_words(url: str) -> str:
    return url.removeprefix("mailto:")


def _blocks(node: SyntaxTreeNode, width: int) -> list[str]:
    """The lines of a node's children, with an empty line between blocks but none between the items of a tight list."""
    lines: list[str] = []
    number = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
    for child in node.children:
        if child.type == "list_item":
            mark = f"{number}. " if node.type == "ordered_list" else "- "
            number += 1
            body = _blocks(child, max(width - len(mark), 20) if width else 0)
            block = [mark + line if at == 0 else " " * len(mark) + line if line else "" for at, line in enumerate(body)]
        else:
            block = _block(child, width)
        if block and lines and not _is_tight(node, child):
            lines.append("")
        lines += block
    return lines


def _is_tight(parent: SyntaxTreeNode, child: SyntaxTreeNode) -> bool:
    if child.type == "list_item":
        return all(part.hidden for part in child.children if part.type == "paragraph")
    return parent.type == "list_item" and child.type in ("bullet_list", "ordered_list")


def _block(node: SyntaxTreeNode, width: int) -> list[str]:
    if node.type in ("paragraph", "heading"):
        return _wrapped(_inline(node), width)
    if node.type == "blockquote":
        return [f"> {line}".rstrip() for line in _blocks(node, max(width - 2, 20) if width else 0)]
    if node.type in ("fence", "code_block"):
        return [f"    {line}" for line in node.content.rstrip("\n").split("\n")]
    if node.type == "hr":
        return ["* * *"]
    if node.type == "table":
        return [" | ".join(_inline(cell) for cell in row.children) for part in node.children for row in part.children]
    return _blocks(node, width)


def _wrapped(text: str, width: int) -> list[str]:
    if not width:
        return text.split("\n")
    return [
        line
        for part in text.split("\n")
        for line in textwrap.wrap(part, width, break_long_words=False, break_on_hyphens=False) or [""]
    ]


def _inline(node: SyntaxTreeNode) -> str:
    return "".join(_words(child) for child in node.children)


def _words(node: SyntaxTreeNode) -> str:
    if node.type in ("text", "code_inline", "image"):
        return node.content
    if node.type == "softbreak":
        return " "
    if node.type == "hardbreak":
        return "\n"
    words = _inline(node)
    if node.type == "link":
        address = _address_words(str(node.attrs["href"]))
        return words if words in (address, str(node.attrs["href"])) else f"{words} ({address})"
    return words
