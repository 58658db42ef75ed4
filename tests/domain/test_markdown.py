import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain.markdown import fill_html, fill_line, fill_plain, to_html, to_plain

JOIN = "https://events.example.org/j/abc.def"
LINKS = {"join_url": JOIN, "contact": "mailto:forum@example.org"}


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.targets += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(
    ("markdown", "html", "plain"),
    [
        ("", "", ""),
        ("Hello **you** and *you*.", "<p>Hello <strong>you</strong> and <em>you</em>.</p>", "Hello you and you."),
        ("one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>", "one two\n\nthree"),
        ("Regards  \nThe team", "<p>Regards<br>\nThe team</p>", "Regards\nThe team"),
        ("- a\n- b\n  - c", "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>", "- a\n- b\n  - c"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>', "3. a\n4. b"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>", "> said"),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>", "a\n\n* * *\n\nb"),
        ("`x < y`", "<p><code>x &lt; y</code></p>", "x < y"),
        ("    x < y", "<pre><code>x &lt; y\n</code></pre>", "    x < y"),
        ("![A map](https://t.example/pixel.png)", "<p>A map</p>", "A map"),
        ('<img src=x onerror="go()">', '<p>&lt;img src=x onerror="go()"&gt;</p>', '<img src=x onerror="go()">'),
        ("<script>go()</script>", "<p>&lt;script&gt;go()&lt;/script&gt;</p>", "<script>go()</script>"),
        ("5 &lt; 6 &amp; ü", "<p>5 &lt; 6 &amp; ü</p>", "5 < 6 & ü"),
    ],
)
def test_markdown_as_html_and_as_plain_text(markdown: str, html: str, plain: str) -> None:
    assert to_html(markdown) == html
    assert to_plain(markdown) == plain


def test_a_table_keeps_its_rows() -> None:
    table = "| Time | Topic |\n| --- | ---: |\n| 5 pm | Hello |"
    assert Tags(to_html(table)).tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    assert to_plain(table) == "Time | Topic\n5 pm | Hello"


@pytest.mark.parametrize(
    ("markdown", "tags"),
    [("# a\n\n## b\n\n# c", ["h3", "h4", "h3"]), ("### a\n\n###### b", ["h3", "h4"]), ("## a", ["h3"])],
)
def test_headings_follow_the_page_without_a_gap(markdown: str, tags: list[str]) -> None:
    assert Tags(to_html(markdown)).tags == tags


def test_headings_stop_at_the_sixth_level() -> None:
    assert Tags(to_html("# a\n\n## b\n\n### c", top_heading=5)).tags == ["h5", "h6", "h6"]


@pytest.mark.parametrize(
    "target",
    ["http://x.example", "javascript:alert(1)", "data:text/html,x", "//x.example", "/x", "x", "vbscript:x", "https:x",
     "JaVaScRiPt:alert(1)", "java&#115;cript:alert(1)", "https:\\\\x.example", "https:///x.example", "mailto://x"],
)  # fmt: skip
def test_a_link_to_anywhere_but_https_or_mailto_is_no_link(target: str) -> None:
    assert Tags(to_html(f"[words]({target})")).targets == []
    assert Tags(to_html(f"[words]: {target}\n\n[words]")).targets == []


@pytest.mark.parametrize(
    ("markdown", "target", "plain"),
    [
        ("[us](https://x.example/a?b=1&c=2)", "https://x.example/a?b=1&c=2", "us (https://x.example/a?b=1&c=2)"),
        ("[us](mailto:a@x.example)", "mailto:a@x.example", "us (a@x.example)"),
        ("<https://x.example>", "https://x.example", "https://x.example"),
        ("<a@x.example>", "mailto:a@x.example", "a@x.example"),
        ("See https://x.example/_a_(b)_c.", "https://x.example/_a_(b)_c", "See https://x.example/_a_(b)_c."),
        ("(https://x.example/a)", "https://x.example/a", "(https://x.example/a)"),
        ("**https://x.example/a**", "https://x.example/a", "https://x.example/a"),
    ],
)
def test_links_of_the_organizer(markdown: str, target: str, plain: str) -> None:
    assert Tags(to_html(markdown)).targets == [target]
    assert to_plain(markdown) == plain
    assert 'rel="noopener noreferrer"' in to_html(markdown)


@pytest.mark.parametrize(
    "text", ["www.x.example", "x.example", "a@x.example", "http://x.example", "xhttps://x.example"]
)
def test_nothing_else_links_itself(text: str) -> None:
    assert to_html(text) == f"<p>{text}</p>"


BLOCKS = {"p", "br", "hr", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre"}
TAGS = BLOCKS | {"code", "strong", "em", "s", "a", "table", "thead", "tbody", "tr", "th", "td"}
HOSTILE = [
    "{join_url}", "{name}", "https://evil.example", "www.evil.example", "<b>bold</b>", "[x](https://evil.example)",
    "**bold**", "`code`", "<https://evil.example>", "![x](https://evil.example/p.png)", "a@evil.example", "\\{name}",
    "{event.__class__}", "{{7*7}}", "%(x)s", "{0}", "{name!r:>99999999}", "# heading", "- item", "&lt;b&gt;",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_text_and_never_read_again(value: str) -> None:
    shown = Tags(fill_html("Dear {name}!", {"name": value}, LINKS))
    assert shown.tags == ["p"]
    assert shown.words == f"Dear {value}!"
    assert fill_plain("Dear {name}!", {"name": value}, LINKS) == f"Dear {value}!"
    assert fill_line("Dear {name}!", {"name": value, "join_url": JOIN}) == f"Dear {value}!"


@pytest.mark.parametrize(
    "text",
    ["{event.__class__}", "{0}", "{name!r:>99999999}", "{{7*7}}", "%(x)s", "{unknown}", "{Name}", "{na me}", "{"],
)
def test_an_unknown_placeholder_stays_as_typed(text: str) -> None:
    assert Tags(fill_html(text, {"name": "Ana"}, LINKS)).words == text
    assert fill_plain(text, {"name": "Ana"}, LINKS) == text
    assert fill_line(text, {"name": "Ana"}) == text


def test_placeholders_in_doubled_braces_are_filled_inside_the_outer_pair() -> None:
    assert fill_plain("{{name}}", {"name": "Ana"}, {}) == "{Ana}"


def test_a_backslash_and_code_keep_a_placeholder_from_being_filled() -> None:
    markdown = "\\{name} and `{name}`"
    assert fill_plain(markdown, {"name": "Ana"}, {}) == "{name} and {name}"
    assert Tags(fill_html(markdown, {"name": "Ana"}, {})).words == "{name} and {name}"


def test_our_own_links() -> None:
    shown = Tags(fill_html("[Join]({join_url}) {join_url} [at {join_url}]({contact}) {contact}", {}, LINKS))
    assert shown.targets == [JOIN, JOIN, "mailto:forum@example.org", "mailto:forum@example.org"]
    assert shown.words == f"Join {JOIN} at {JOIN} forum@example.org"
    assert fill_plain("[Join]({join_url})\n\n{contact}", {}, LINKS) == f"Join ({JOIN})\n\nforum@example.org"


@pytest.mark.parametrize(
    "markdown", ["[x]({name})", "[x]({unknown})", "[{name}]({unknown})", "[x](https://x.example/{name})"]
)
def test_a_value_never_becomes_a_target(markdown: str) -> None:
    for target in Tags(fill_html(markdown, {"name": "https://evil.example"}, LINKS)).targets:
        assert target == "https://x.example/%7Bname%7D"


def test_a_bare_address_ends_where_a_value_begins() -> None:
    shown = Tags(fill_html("https://x.example/{name}", {"name": "evil"}, {}))
    assert shown.targets == ["https://x.example/"]
    assert shown.words == "https://x.example/evil"


def test_a_value_stays_on_its_line() -> None:
    assert fill_plain("- {name}\n- b", {"name": "a\n\n# c"}, {}) == "- a # c\n- b"


def test_wrapping_keeps_addresses_whole_and_hangs_items() -> None:
    address = "https://events.example.org/j/" + "a" * 70
    text = fill_plain(f"- one two three four five six seven eight\n- {address}\n\nA word. {address}", {}, {}, width=24)
    assert text.split("\n") == [
        "- one two three four", "  five six seven eight", f"- {address}", "", "A word.", address
    ]  # fmt: skip


ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
ROUGH = st.text(st.sampled_from("{}[]()<>_*`\\!#-=|~&;:/ \n\tnamejoin_urlhttpsw.@1"), max_size=60)


@given(markdown=ANY | ROUGH, value=ANY | ROUGH)
def test_no_text_whatever_makes_anything_but_known_tags_and_targets(markdown: str, value: str) -> None:
    shown = Tags(fill_html(markdown, {"name": value}, LINKS))
    assert set(shown.tags) <= TAGS
    assert all(re.match(r"(?i)https://|mailto:", target) for target in shown.targets)
    fill_plain(markdown, {"name": value}, LINKS, width=40)


@given(value=ANY | ROUGH)
def test_any_value_adds_neither_tag_nor_target(value: str) -> None:
    shown = Tags(fill_html("**{name}** [x]({name}) {name}", {"name": value}, LINKS))
    assert (shown.tags, shown.targets) == (["p", "strong"], [])
