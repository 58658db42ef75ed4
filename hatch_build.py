"""The build hook: a wheel carries compiled translations, templates and migrations. `make` calls it to compile, too."""

import os
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogs(root: Path) -> list[Path]:
    """Write ``messages.mo`` beside each ``messages.po`` that is newer; return those written. Leaves fuzzy texts out."""
    written = []
    for source in sorted(root.glob("eventsapp/translations/*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parent.parent.name)
        draft = compiled.with_suffix(f".{os.getpid()}.tmp")  # a test process beside us never reads half a file
        with draft.open("wb") as file:
            write_mo(file, catalog)
        draft.replace(compiled)
        written.append(compiled)
    return written


class CatalogHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_catalogs(Path(self.root))
        if version != "editable":  # eventsapp.config.resource finds them in either place
            build_data["force_include"] |= {name: f"eventsapp/{name}" for name in ("templates", "migrations")}


if __name__ == "__main__":
    compile_catalogs(Path(__file__).parent)
