"""Every page is valid HTML for the W3C's own checker, in the source that the server sends."""

import json
import subprocess
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.scenes import SCENES, STATES, Scene

WRONG = '<!doctype html><html lang="en"><title>x</title><p><time datetime="2026-13-01">never</time></html>'
TIMES = "/{{tag}}/events/{}?tz=America/Mexico_City&part=times"


def test_every_page_is_valid(reader: Page, paths: dict[str, str], checker: list[str], tmp_path: Path) -> None:
    pages = [(name, scene, tag) for tag in ("es", "ar") for name, scene in SCENES.items()]
    pages += [(name, scene, "es") for name, scene in STATES.items()]
    pages += [(f"times-{slug}", Scene(TIMES.format(slug)), "en") for slug in ("forum", "evening", "series")]
    for name, scene, tag in pages:
        source = (scene.open if scene.send else scene.fetch)(reader, tag, paths).text()
        (tmp_path / f"{name}-{tag}.html").write_text(source, encoding="utf-8")
    (tmp_path / "wrong.html").write_text(WRONG)
    wrong, rest = messages(checker, tmp_path)
    assert len(wrong) == 1
    assert "\n".join(rest) == ""


def messages(checker: list[str], folder: Path) -> tuple[list[str], list[str]]:
    """What the checker says of ``wrong.html``, so that its silence about the rest means something; and of the rest."""
    files = map(str, sorted(folder.glob("*.html")))
    done = subprocess.run([*checker, "--format", "json", *files], capture_output=True, check=False)
    found = [
        f"{Path(at['url']).name}:{at.get('lastLine')}: {at['message']} {at.get('extract')!r}"
        for at in json.loads(done.stderr)["messages"]
    ]
    wrong = [words for words in found if words.startswith("wrong.html")]
    return wrong, [words for words in found if words not in wrong]
