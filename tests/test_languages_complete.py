"""The interface's catalogs hold every text of the code and the templates, translated, with the same values in it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from eventsapp import translations
from eventsapp.domain import timezones

ROOT = Path(__file__).parents[1]
LANGUAGES = translations.INTERFACE_LANGUAGES[1:]  # the first is the source itself
VALUE = re.compile(r"%\((\w+)\)[a-z]|%(?!%)[^(\s]?")


def catalog(path: Path, locale: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def key(message):
    return message.context, message.id


def texts(message):
    """Pairs of a source text and what stands for it; several where a number decides."""
    if message.pluralizable:
        return [(message.id[min(at, 1)], text) for at, text in enumerate(message.string)]
    return [(message.id, message.string)]


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Catalog:
    """Every text, by the command that `make translations` runs."""
    pot = tmp_path_factory.mktemp("extracted") / "messages.pot"
    command = ["-q", "extract", "--mapping-file", "pyproject.toml", "--output-file", str(pot), "."]
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", *command], cwd=ROOT, check=True)
    return catalog(pot)


@pytest.fixture(scope="module", params=LANGUAGES)
def translated(request) -> Catalog:
    language = request.param.replace("-", "_")
    return catalog(ROOT / f"eventsapp/translations/{language}/LC_MESSAGES/messages.po", language)


def test_every_text_and_no_other_is_in_the_catalog(source, translated):
    wanted, there = {key(one) for one in source if one.id}, {key(one) for one in translated if one.id}
    assert sorted(wanted - there, key=str) == [], "run `make translations` and translate what is new"
    assert sorted(there - wanted, key=str) == [], "run `make translations`"
    assert list(translated.obsolete) == []


def test_every_text_is_translated(translated):
    assert [key(one) for one in translated if one.id and not all(text for _, text in texts(one))] == []
    assert [key(one) for one in translated if one.id and one.fuzzy] == []


def test_no_translation_loses_or_invents_a_value(translated):
    wrong = [
        (said, text)
        for one in translated
        if one.id
        for said, text in texts(one)
        if sorted(set(VALUE.findall(said)) | {"num"} & set(VALUE.findall(text))) != sorted(set(VALUE.findall(text)))
    ]
    assert wrong == []


def test_no_translation_loses_the_space_or_line_break_at_its_ends(translated):
    def ends(text):
        return len(text) - len(text.lstrip()), len(text) - len(text.rstrip())

    assert [(said, text) for one in translated if one.id for said, text in texts(one) if ends(said) != ends(text)] == []


def test_values_are_named(source):
    """A nameless %s says nothing to a translator, and its place in the sentence cannot change."""
    assert [one.id for one in source if one.id for said, _ in texts(one) if "" in VALUE.findall(said)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogs_are_compiled(language):
    with translations.speaking(language):
        assert translations.spoken() == language
        assert isinstance(translations.catalog(language).info(), dict)


def test_both_packages_of_zone_data_are_of_one_release():
    listed, computed = timezones.data_release()
    assert listed == computed
