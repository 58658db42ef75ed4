"""Files and mails as nobody should send them: right ones with something wrong in them."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

import eventsapp
from eventsapp.reading.source import read_source
from eventsapp.spreadsheets import XlsxWriter, csv_bytes
from tests.fuzz.requests import HOSTILE, TEXT
from tests.mail.returned import complaint, delivery_status
from tests.reading.test_record import worked_example

DEMO = sorted((Path(eventsapp.__file__).parent / "demo").glob("*.yaml"))
SAMPLES = [worked_example().encode(), *(one.read_bytes() for one in DEMO)]
RECORDS: list[Any] = [read_source(data, "record.yaml").tree for data in SAMPLES]
HEADS = ["Name", "First name", "Last name", "E-mail", "Language", "Time zone", "Date", "State", "food", "number", "x"]
TOKENS = [
    b"\r\n",
    b"\n",
    b"\0",
    b"--B\r\n",
    b"--B--",
    b"=?utf-8?b?//8=?=",
    b"=?x?q?=FF?=",
    b"\xff\xfe",
    b"@",
    b"<>" * 500,
]
VALUES = st.one_of(
    TEXT,
    st.sampled_from(
        [None, True, False, 0, -1, 10**30, 1.5, float("inf"), [], {}, [[]], {"en": None}, ["a", "a"], {"": ""}]
    ),
)


def places_in(tree: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a tree but the whole."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        yield (*at, key)
        yield from places_in(value, (*at, key))


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """An event record with up to three values, keys or bytes that are wrong."""
    tree = json.loads(json.dumps(draw(st.sampled_from(RECORDS)), default=str))
    for _ in range(draw(st.integers(0, 3))):
        ways = list(places_in(tree))
        if not ways:
            break
        *way, last = draw(st.sampled_from(ways))
        parent = tree
        for key in way:
            parent = parent[key]
        match draw(st.sampled_from(["value", "value", "drop", "key", "again", "swap"])):
            case "value":
                parent[last] = draw(VALUES)
            case "drop":
                del parent[last]
            case "key" if isinstance(parent, dict):
                parent[draw(TEXT)] = parent.pop(last)
            case "again" if isinstance(parent, list):
                parent.append(parent[last])
            case _:
                found = tree
                for key in draw(st.sampled_from(ways)):
                    found = found[key]
                parent[last] = json.loads(json.dumps(found))
    if draw(st.booleans()):
        data = json.dumps(tree, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    else:
        data = yaml.dump(tree, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")
    return draw(mutated(data)) if draw(st.integers(0, 3)) == 0 else data


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """With some bytes cut out, put in, or put in another place."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 3, 40, 400])))
        new = draw(st.sampled_from(TOKENS) | st.binary(max_size=8) | st.sampled_from([data[start:end] * 3]))
        data = data[:start] + new + data[end:]
    return data


@st.composite
def mails(draw: st.DrawFn, reply: bytes, **known: str) -> bytes:
    """A report or a calendar's answer, about a letter of ours or not, with something wrong."""
    text = st.sampled_from([one for one in HOSTILE if "\n" not in one]).map(
        lambda one: one.encode("utf-8", "replace").decode()
    )
    said = known["returned"]
    data = draw(
        st.one_of(
            st.builds(
                delivery_status,
                to=st.just(known["to"]) | text,
                action=st.sampled_from(["failed", "delayed", "delivered", "x"]) | text,
                status=st.sampled_from(["5.1.1", "4.2.2", "5.7.1"]) | text,
                diagnosis=st.just("smtp; 550 5.1.1 User unknown") | text,
                recipient=st.just(known["recipient"]) | text,
                returned=st.just(said) | text,
            ),
            st.builds(
                complaint, to=st.just(known["to"]), recipient=st.just(known["recipient"]) | text, returned=st.just(said)
            ),
            st.just(reply),
        )
    )
    return draw(mutated(data)) if draw(st.integers(0, 3)) else data


CELL = st.sampled_from(["Zoë", "zoe@example.com", "x@example.org", "en", "Madrid", "vegan", "yes"]) | TEXT.map(
    lambda text: text.encode("utf-8", "replace").decode()
)
ROWS = st.integers(1, 5).flatmap(lambda wide: st.lists(st.lists(CELL, min_size=wide, max_size=wide), max_size=4))


@st.composite
def sheets(draw: st.DrawFn) -> bytes:
    """A spreadsheet of people, CSV or XLSX, as it is or damaged, also within its parts."""
    heads = draw(st.lists(st.sampled_from(HEADS) | CELL, min_size=1, max_size=6))
    rows = draw(ROWS)
    if draw(st.booleans()):
        data = csv_bytes([heads, *rows])
    else:
        file = io.BytesIO()
        writer = XlsxWriter(file)
        for row in [heads, *rows]:
            writer.row(row)
        writer.close()
        data = draw(repacked(file.getvalue()))
    return draw(mutated(data)) if draw(st.integers(0, 2)) == 0 else data


@st.composite
def repacked(draw: st.DrawFn, data: bytes) -> bytes:
    """With something wrong in one of the parts, and the whole a good archive all the same."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        names = packed.namelist()
        wrong = draw(st.sampled_from(names))
        for name in names:
            part = packed.read(name)
            new.writestr(name, draw(mutated(part)) if name == wrong and draw(st.booleans()) else part)
    return file.getvalue()
