"""Files as files: encodings, YAML, JSON, and what a hostile one may not do."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.reading.mistakes import RecordRefused
from eventsapp.reading.record import read_bytes, read_record
from eventsapp.reading.source import read_source
from tests.reading.records import mistakes, read, record, text_of


def tree(text: str):
    return read_source(text.encode(), "x.yaml").tree


def test_every_value_stays_the_text_that_was_written():
    text = """
        no: Norwegian
        passcode: 012345
        time: 16:00
        date: 2026-06-10
        float: 1e3
        bool: yes
        octal: 0o17
        equal: =
        tagged: !!int 7
        quoted null: 'null'
        question: {en: Why? Because}
    """
    assert tree(text) == {
        "no": "Norwegian",
        "passcode": "012345",
        "time": "16:00",
        "date": "2026-06-10",
        "float": "1e3",
        "bool": "yes",
        "octal": "0o17",
        "equal": "=",
        "tagged": "7",
        "quoted null": "null",
        "question": {"en": "Why? Because"},
    }


@pytest.mark.parametrize("empty", ["", "~", "null", "Null", "NULL"])
def test_an_empty_value_is_left_out(empty):
    assert tree(f"a: {empty}\nb: [x, {empty or '~'}]\nc: ''") == {"b": ["x", None], "c": ""}


def test_lines_are_those_of_the_keys():
    source = read_source(b"# first\na:\n\n  b: |\n    text\n    text\n  es_MX: x\nlist:\n  - one\n  - c: two\n", "x")
    assert [source.line(path) for path in (("a",), ("a", "b"), ("a", "es-MX"), ("list", 1), ("list", 1, "c"))] == [
        2,
        4,
        7,
        10,
        10,
    ]
    assert source.line(("a", "missing")) == 2
    assert source.line(("missing",)) == 1


def test_tabs_that_mean_nothing_are_no_mistake():
    assert tree("a:\tb\t\nc: d\t# comment\ne: |\n  x\n\t\n  y\n") == {"a": "b", "c": "d", "e": "x\n\ny\n"}


def test_aliases_and_merges_are_followed():
    text = "room: &room {id: 1, code: a}\nmore: &more\n  <<: *room\n  code: b\nlast:\n  <<: [*more, {id: 3, x: y}]\n"
    assert tree(text) == {
        "room": {"id": "1", "code": "a"},
        "more": {"id": "1", "code": "b"},
        "last": {"id": "1", "code": "b", "x": "y"},
    }


def test_json_is_read_with_tabs_and_surrogate_pairs():
    text = '{\n\t"slug":\t"x",\n\t"a": {"no": null, "emoji": "\\ud83d\\ude00", "tab": "a\\tb",'
    text += ' "n": 1.50, "t": true},"e":"\\/"\n}'
    assert tree(text) == {"slug": "x", "a": {"emoji": "😀", "tab": "a\tb", "n": "1.50", "t": "true"}, "e": "/"}
    assert read(json.dumps(record())) == read(record())


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbf" + text_of(record()).encode(), text_of(record()).replace("\n", "\r\n").encode()]
)
def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(data):
    assert read(data) == read(record())


LAUGHS = "a: &a [x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in ("ab", "bc", "cd", "de", "ef")
)

UNREADABLE = [
    (b"", 0, "The file is empty"),
    (b"# nothing but a comment\n", 0, "The file is empty"),
    (b"null", 1, "An event record is a mapping"),
    (b"[1, 2]", 1, "An event record is a mapping"),
    (b"just words", 1, "An event record is a mapping"),
    ("record: 1".encode("utf-16"), 0, "not in UTF-8"),
    ("record: 1".encode("utf-16-le"), 0, "not in UTF-8"),
    (b"a: 1\nb: \xff", 2, "not in UTF-8"),
    (b"a: 1\nb: \x00", 2, "control character (U+0000)"),
    (b"a: 1\nb: \x1b[31m", 2, "control character (U+001B)"),
    (b"a:\n\tb: 1", 2, "There is a tab"),
    (b"a: b: c", 1, "A colon cannot stand here"),
    (b"a: 'x\n\n", 3, "Something is not closed"),
    (b"a: [x", 1, "Something is not closed"),
    (b"a:\n  - b\n c: d", 3, "indentation"),
    (b"a: @x", 1, "This sign cannot begin a value"),
    (b"a: 1\n---\nb: 2", 2, "A file holds one event"),
    (b"a: *b", 1, "*b names nothing above"),
    (b"a: &a [*a]", 1, "An alias (*name) stands inside what it names"),
    (b"a: &a\n  <<: *a", 1, "An alias (*name) stands inside what it names"),
    (LAUGHS.encode(), 1, "far too much"),
    (b"a: &x '" + b"y" * 300_000 + b"'\nb: [" + b"*x, " * 1000 + b"]", 1, "far too much"),
    (b"[" * 500_000, 1, "nested more than 20 levels"),
    (b"- " * 400_000, 1, "nested more than 20 levels"),
    (b'{"a":' * 150_000, 1, "nested more than 20 levels"),
    (b"a" * (10 * 1024 * 1024), 0, "larger than 1024 kB"),
    (b'a: "\\UFFFFFFFF"', 0, "cannot be read as YAML"),
    (b"%YAML 9.9\n---\na: 1", 1, "cannot be read as YAML"),
]


@pytest.mark.parametrize(("data", "line", "words"), UNREADABLE, ids=lambda value: ascii(value)[:24])
def test_a_file_that_cannot_be_read_is_one_clear_mistake(data, line, words):
    began = time.perf_counter()
    with pytest.raises(RecordRefused) as refused:
        read_bytes(data, "x.yaml")
    assert time.perf_counter() - began < 20
    (mistake,) = refused.value.mistakes
    assert words in mistake.message
    assert (mistake.file, mistake.line, mistake.key) == ("x.yaml", line, "")


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system", "!!python/name:os.system", "!!binary", "!!set", "!!omap", "!custom"]
)
def test_no_tag_makes_an_object(tag):
    text = text_of(record()).replace("slug: forum", f"slug: {tag} forum")
    assert [message for key, message in mistakes(text) if key == "slug" and "tag" in message]
    with pytest.raises(RecordRefused, match="The tag "):
        read(f"{tag} [ls]")


def test_duplicate_keys_are_reported_with_both_lines():
    text = text_of(record()) + "slug: other\nlanguages:\n  en: x\n"
    assert [(key, message) for key, message in mistakes(text) if "twice" in message] == [
        ("slug", "This key stands here twice; it is also in line 2."),
        ("languages", "This key stands here twice; it is also in line 4."),
    ]


def test_a_key_must_be_a_word():
    assert ("", "A key must be a plain word.") in mistakes(text_of(record()) + "? [a, b]\n: c\n")


def test_a_missing_file_or_a_folder_is_a_mistake(tmp_path):
    for path in (tmp_path / "missing.yaml", tmp_path, tmp_path / ("x" * 300), tmp_path / "nul\0"):
        with pytest.raises(RecordRefused) as refused:
            read_record(path)
        assert str(path) in str(refused.value)


def test_a_mistake_reads_as_file_line_key_and_sentence(tmp_path):
    path = tmp_path / "forum.yaml"
    path.write_text(text_of(record(slug="Public Forum")))
    with pytest.raises(RecordRefused) as refused:
        read_record(path)
    assert str(refused.value) == (
        f"{path}:2: slug: Public Forum cannot be part of an address; write small letters a–z, digits and single"
        " hyphens, at most 80 characters, for example public-forum."
    )


def test_what_a_mistake_repeats_is_safe_for_a_terminal_and_short():
    hostile = 'slug: "\\e[31m\\u202e' + "x" * 5000 + '"'
    (message,) = [message for key, message in mistakes(text_of(record(slug=None)) + hostile) if key == "slug"]
    assert "\x1b" not in message
    assert "\u202e" not in message
    assert len(message) < 300


WORDS = [
    *["a", "b", ":", " ", "\n", "- ", "  ", '"', "'", "{", "}", "[", "]", ",", "&x", "*x", "!", "!!str", "|", ">", "%"],
    *[
        "@",
        "#",
        "?",
        "<<",
        "~",
        "null",
        "é",
        "\t",
        "---",
        "...",
        "\\u12",
        "0",
        "\u2028",
        "\x85",
        "record: 1\n",
        "slug: x\n",
    ],
]


@given(st.lists(st.sampled_from(WORDS), max_size=40).map("".join).map(str.encode) | st.binary(max_size=60))
def test_no_file_breaks_the_reader(data):
    with suppress(RecordRefused):
        read_bytes(data, "x.yaml")
