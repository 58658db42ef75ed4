"""Which interface language serves a tag, and how values are said in it."""

import pytest

from eventsapp.domain.errors import Invalid, Minutes, TooMany
from eventsapp.translations import (
    CATALOGS,
    INTERFACE_LANGUAGES,
    gettext,
    interface_language,
    ngettext,
    say,
    speaking,
    spoken,
)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        *((tag, tag) for tag in INTERFACE_LANGUAGES),
        ("en-GB", "en"),
        ("es-MX", "es"),
        ("ES_mx", "es"),
        ("es-419", "es"),
        ("fr-CA", "fr"),
        ("de-AT", "de"),
        ("de-1901", "de"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("pt-AO", "pt-BR"),
        ("ar-EG", "ar"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh-Hans-MY", "zh-Hans"),
        ("cmn-Hans", "zh-Hans"),
        ("zh-Hant", "en"),
        ("zh-TW", "en"),
        ("zh-HK", "en"),
        ("zh-Latn", "en"),
        ("ja", "en"),
        ("tlh", "en"),
        ("", "en"),
        ("%$", "en"),
    ],
)
def test_the_interface_serves_a_tag_within_its_script(tag, language):
    assert interface_language(tag) == language
    with speaking(tag):
        assert spoken() == language


def test_every_language_but_that_of_the_source_has_a_catalog():
    assert CATALOGS == {
        "es": "es",
        "fr": "fr",
        "de": "de",
        "pt-BR": "pt_BR",
        "it": "it",
        "ar": "ar",
        "zh-Hans": "zh_Hans",
    }


@pytest.mark.parametrize(
    ("tag", "said"),
    [("en", "12,000 – 7"), ("de", "12.000 – 7"), ("ar", "12,000 – 7"), ("ar-EG", "١٢٬٠٠٠ – ٧"), ("fa", "12,000 – 7")],
)
def test_numbers_are_written_as_the_reader_s_region_does(tag, said):
    with speaking(tag):
        assert gettext("%(many)s – %(few)s", many=12000, few=7) == said


def test_texts_among_the_values_stay_as_they_are():
    with speaking("ar-EG"):
        assert gettext("%(id)s", id="858 3554 9492") == "858 3554 9492"
        assert ngettext("%(num)s thing", "%(num)s things", 3) == "٣ things"


def test_an_error_says_its_waiting_time_whole():
    error = TooMany("Wait %(minutes)s.", minutes=Minutes(30), seconds=1790)
    assert (str(error), error.values["minutes"]) == ("Wait 30 minutes.", 30)
    with speaking("es"):
        assert say(error) == "Wait 30 minutos."


def test_words_quoted_in_an_error_keep_their_own_direction():
    error = Invalid("Answer “%(question)s” in %(num)s words.", key="q", question="Why?", num=3)
    with speaking("es"):
        assert say(error) == "Answer “Why?” in 3 words."
    with speaking("ar"):
        assert say(error) == "Answer “\u2068Why?\u2069” in 3 words."
