"""``python -m tests.browser.pictures FOLDER``: a picture of every page in every dress, for people to look at."""

import sys
import tempfile
from itertools import product
from pathlib import Path

from tests.browser.chromium import Visitor, chromium, executable
from tests.browser.live import Live, serving
from tests.browser.scenes import SCENES, STATES, set_paths, set_stage

WIDE = (360, 768, 1280)
SCHEMES = ("light", "dark")
TAGS = ("en", "es", "de", "ar")


def take(live: Live, folder: Path) -> int:
    """Write ``<page>-<language>-<width>-<scheme>.png`` for all of them; returns how many."""
    paths = set_paths(live)
    taken = 0
    with chromium() as browser:
        visitor = Visitor.of(browser, live.url(""), timezone_id="America/Mexico_City")
        page = visitor.page
        for name, scene in (SCENES | STATES).items():
            for tag in TAGS if "{tag}" in scene.path else ("",):
                scene.open(page, tag, paths)
                page.wait_for_load_state("networkidle")
                for wide, scheme in product(WIDE, SCHEMES):
                    page.set_viewport_size({"width": wide, "height": 900})
                    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                    label = "-".join(filter(None, [name, tag, str(wide), scheme]))
                    page.screenshot(path=folder / f"{label}.png", full_page=True)
                    taken += 1
        if told := visitor.tell():
            print(told, file=sys.stderr)  # noqa: T201  a command for people
        visitor.context.close()
    return taken


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m tests.browser.pictures FOLDER")
    if executable() is None:
        sys.exit("No Chromium is installed; install the package chromium.")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as instance, serving(Path(instance) / "instance") as live:
        set_stage(live)
        print(f"{take(live, folder)} pictures are in {folder}")  # noqa: T201


if __name__ == "__main__":
    main()
