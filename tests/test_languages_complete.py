"""The interface's catalogs hold every text of the code and the templates, whole, and written as each language is.

One language alone: ``pytest tests/test_languages_complete.py -k in_de`` (in_pt_BR, in_zh_Hans).
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel import Locale
from babel.messages import Catalog
from babel.messages.pofile import read_po

from eventsapp import translations
from eventsapp.domain import timezones

ROOT = Path(__file__).parents[1]
LANGUAGES = translations.INTERFACE_LANGUAGES[1:]  # the first is the source itself
VALUE = re.compile(r"%\((\w+)\)[a-z]|%(?!%)[^(\s]?")
MARKUP = re.compile(r"<[a-zA-Z/!]|&#?\w+;")
SIGNS = ("Zoom", ".ics", "https://")  # stay as they are
UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|  ")
MANY = range(1002)

# What ends a text, whatever a language writes for it; quotes and brackets do not count.
CLOSERS = " \u00a0\u202f”“’»\"')）」』"
ENDS = {"。": ".", "．": ".", "？": "?", "؟": "?", "！": "!", "：": ":", "，": ",", "،": ",", "；": ";", "؛": ";"}
GREETING = {",", ":", "!"}  # "Hello Zoë," is "Hola, Zoë:" in Spanish

HAN, ARABIC = "[\u4e00-\u9fff]", "[\u0621-\u064a]"
# Per language: what must not stand in a text, and why.
AGAINST = {
    "es": [
        (r"^[^¿]*\?(?!\w)", "a question begins with ¿"),
        (r"^[^¡]*!", "an exclamation begins with ¡"),
        ("[“”„]", "quotes are « »"),
    ],
    "fr": [
        ("(?<![\u00a0\u202f])[;!?»](?!\\w)|(?<![\u00a0\u202f]):(?=\\s|$)", "a no-break space before : ; ! ? »"),
        ("«(?![\u00a0\u202f])", "a no-break space after «"),
        ("[“”„]", "quotes are « »"),
        ("'", "the apostrophe is ’"),
    ],
    "de": [("[«»”]", "quotes are „ “"), ("(?i)\\b(du|dich|dir|dein|deine[mnrs]?)\\b", "the reader is Sie")],
    "pt-BR": [("[«»„]", "quotes are “ ”")],
    "it": [("[“”„]", "quotes are « »"), ("'", "the apostrophe is ’")],
    "ar": [
        (f"{ARABIC} ?[,;?]", "commas and question marks are ، ؛ ؟"),
        ("[“”„]", "quotes are « »"),
        ("[\u0660-\u0669]", "digits are 0 to 9; values bring their own"),
    ],
    "zh-Hans": [
        (rf"{HAN}[,;:?!()]|[,;:?!()]{HAN}|{HAN}\.(?!\w)", "signs beside Chinese are full width"),
        (f"{HAN} | {HAN}", "no spaces beside Chinese"),
        ("[«»„]", "quotes are “ ”"),
        ("你", "the reader is 您"),
    ],
}
NAMES = {"Apple", "Google", "Microsoft", "Office", "Outlook", "Yahoo", "Zoom", "UTC", "ics"}


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


def pairs(translated: Catalog) -> list[tuple[str, str]]:
    """All such pairs that are translated; what is not is another test's matter."""
    return [pair for one in translated if one.id for pair in texts(one) if pair[1]]


def index_of(expression: str, number: int) -> int:
    """The plural form that a ``Plural-Forms`` header chooses for a number."""
    return translations.stdlib_gettext.c2py(expression)(number)


def end(text: str) -> str:
    last = text.rstrip(CLOSERS)[-1:]
    last = ENDS.get(last, last)
    return last if last in ".?!:,;…" else ""


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Catalog:
    """Every text, by the command that `make translations` runs."""
    pot = tmp_path_factory.mktemp("extracted") / "messages.pot"
    command = ["-q", "extract", "--mapping-file", "pyproject.toml", "--output-file", str(pot), "."]
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", *command], cwd=ROOT, check=True)
    return catalog(pot)


@pytest.fixture(scope="module", params=LANGUAGES, ids=lambda tag: f"in_{translations.CATALOGS[tag]}")
def language(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def translated(language) -> Catalog:
    name = translations.CATALOGS[language]
    return catalog(ROOT / f"eventsapp/translations/{name}/LC_MESSAGES/messages.po", name)


def test_every_text_and_no_other_is_in_the_catalog(source, translated):
    wanted, there = {key(one) for one in source if one.id}, {key(one) for one in translated if one.id}
    assert sorted(wanted - there, key=str) == [], "run `make translations` and translate what is new"
    assert sorted(there - wanted, key=str) == [], "run `make translations`"
    assert list(translated.obsolete) == []


def test_every_text_is_translated(translated):
    assert [key(one) for one in translated if one.id and not all(text for _, text in texts(one))] == []
    assert [key(one) for one in translated if one.id and one.fuzzy] == []


def test_no_text_stayed_english(translated):
    def words(text):
        return [word for word in re.findall(r"[^\W\d]+", VALUE.sub("", text)) if word not in NAMES]

    assert [said for said, text in pairs(translated) if said == text and len(words(said)) > 2] == []


def test_plural_forms_are_those_of_cldr(language, translated):
    """Numbers that CLDR tells apart have forms of their own, and no others have; the header counts them."""
    locale, expression = Locale.parse(language, sep="-"), translated.plural_expr
    forms = {(locale.plural_form(number), index_of(expression, number)) for number in MANY}
    assert len({category for category, _ in forms}) == len({form for _, form in forms}) == len(forms)
    assert {form for _, form in forms} == set(range(translated.num_plurals))
    order = ["zero", "one", "two", "few", "many", "other"]
    assert [category for _, category in sorted((form, category) for category, form in forms)] == sorted(
        {category for category, _ in forms}, key=order.index
    )
    assert [key(one) for one in translated if one.pluralizable and len(one.string) != translated.num_plurals] == []


def test_no_translation_loses_or_invents_a_value(translated):
    """A number may become a word ("one place"): where, the next test says."""

    def values(text, but):
        return set(VALUE.findall(text)) - but

    wrong = [
        (said, text)
        for one in translated
        if one.id
        for said, text in texts(one)
        for but in [{"num"} if one.pluralizable else set()]
        if text and values(said, but) != values(text, but)
    ]
    assert wrong == []


def test_a_form_for_several_numbers_names_the_number(translated):
    """ "One place" may do without %(num)s only where that form stands for nothing but 1."""
    numbers = [[n for n in MANY if index_of(translated.plural_expr, n) == at] for at in range(translated.num_plurals)]
    wrong = [
        (one.id, text)
        for one in translated
        if one.pluralizable and "%(num)" in one.id[1]
        for at, text in enumerate(one.string)
        if text and len(numbers[at]) > 1 and "%(num)" not in text
    ]
    assert wrong == []


def test_no_translation_loses_the_space_or_line_break_at_its_ends(translated):
    def ends(text):
        return len(text) - len(text.lstrip()), len(text) - len(text.rstrip())

    assert [pair for pair in pairs(translated) if ends(pair[0]) != ends(pair[1])] == []


def test_every_translation_ends_as_the_text_does(translated):
    wrong = [
        (said, text)
        for said, text in pairs(translated)
        if end(said) != end(text) and not (end(said) == "," and end(text) in GREETING)
    ]
    assert wrong == []


def test_no_translation_has_markup_or_signs_that_nobody_sees(translated):
    assert [text for _, text in pairs(translated) if MARKUP.search(text) or UNSEEN.search(text)] == []


def test_names_and_signs_stay_as_they_are(translated):
    wrong = [(said, text) for said, text in pairs(translated) for sign in SIGNS if said.count(sign) != text.count(sign)]
    assert wrong == []


def test_every_translation_is_written_as_the_language_is(language, translated):
    wrong = [(why, text) for _, text in pairs(translated) for sign, why in AGAINST[language] if re.search(sign, text)]
    assert wrong == []


def test_values_are_named(source):
    """A nameless %s says nothing to a translator, and its place in the sentence cannot change."""
    assert [one.id for one in source if one.id for said, _ in texts(one) if "" in VALUE.findall(said)] == []


def test_no_text_has_markup(source):
    """A translator writes words; what surrounds them is the template's."""
    assert [one.id for one in source if one.id for said, _ in texts(one) if MARKUP.search(said)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogs_are_compiled(language):
    with translations.speaking(language):
        assert translations.spoken() == language
        assert isinstance(translations.catalog(language).info(), dict)


def test_both_packages_of_zone_data_are_of_one_release():
    listed, computed = timezones.data_release()
    assert listed == computed
