"""Files that others wrote are byte by byte what was recorded."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "eventsapp" / "static" / "vendor"


def test_each_file_is_the_recorded_one():
    recorded = dict(re.findall(r"\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|", (VENDOR / "README.md").read_text()))
    there = {path.name: path for path in VENDOR.iterdir() if path.name != "README.md"}
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()} == recorded


def test_they_are_sent_as_they_came(client):
    page = client.get("/organizer/sign-in").text
    url = re.search(r'src="(/static/[0-9a-f]+/vendor/htmx\.js)"', page)[1]
    assert client.get(url).data == (VENDOR / "htmx.js").read_bytes()
