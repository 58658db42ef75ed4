import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain.errors import Invalid
from eventsapp.domain.languages import (
    babel_locale,
    canonical_tag,
    country_names,
    direction,
    language_name,
    lookup,
    negotiate,
    own_name,
    parents,
    related,
    spoken,
)


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("ES_mx", "es-MX"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("ZH-HANT", "zh-Hant"),
        ("es-419", "es-419"),
        ("iw", "he"),
        ("no", "no"),
        ("nb", "nb"),
        ("en-UK", "en-GB"),
        ("spa", "es"),
        ("zh-cmn-Hans", "zh-Hans"),
        ("zh-yue", "yue"),
        ("ca-valencia", "ca-valencia"),
        ("de-1996", "de-1996"),
        ("tlh", "tlh"),
        (" pt-br ", "pt-BR"),
    ],
)
def test_a_tag_is_made_canonical(typed, tag):
    assert canonical_tag(typed) == tag
    assert canonical_tag(tag) == tag


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("english", "is not a language tag"),
        ("", "is not a language tag"),
        ("e", "is not a language tag"),
        ("es-", "is not a language tag"),
        ("es--MX", "is not a language tag"),
        ("es-MX-MX", "is not a language tag"),
        ("en-u-ca-buddhist", "is not a language tag"),
        ("es_ES.UTF-8", "is not a language tag"),
        ("es\x00", "is not a language tag"),
        ("../../etc", "is not a language tag"),
        ("a" * 10_000, "is not a language tag"),
        ("x-klingon", "old or private"),
        ("i-klingon", "old or private"),
        ("zh-min-nan", "old or private"),
        ("qqq", "no known language"),
        ("und", "no known language"),
        ("mul", "no known language"),
        ("es-Xxxx", "no known script"),
        ("es-XX", "no known region"),
        ("es-nonsense", "no known language variant"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_what_is_no_language_is_refused_in_a_sentence(typed, why):
    with pytest.raises(Invalid) as refused:
        canonical_tag(typed)
    assert why in str(refused.value)
    assert len(str(refused.value)) < 200


@given(st.text(max_size=40))
def test_any_text_is_a_tag_or_refused(text):
    try:
        tag = canonical_tag(text)
    except Invalid:
        return
    assert canonical_tag(tag) == tag


@pytest.mark.parametrize(
    ("tag", "chain"),
    [
        ("es-MX", ["es-MX", "es-419", "es"]),
        ("es-ES", ["es-ES", "es"]),
        ("en-AU", ["en-AU", "en-001", "en"]),
        ("pt-AO", ["pt-AO", "pt-PT", "pt"]),
        ("zh-TW", ["zh-TW", "zh-Hant", "zh"]),
        ("zh-Hant-HK", ["zh-Hant-HK", "zh-Hant", "zh"]),
        ("nb", ["nb", "no"]),
        ("ca-valencia", ["ca-valencia", "ca"]),
        ("fr", ["fr"]),
    ],
)
def test_parents_come_nearest_first(tag, chain):
    assert parents(tag) == chain


@pytest.mark.parametrize(
    ("asked", "available", "served"),
    [
        ("es", ["en", "es"], "es"),
        ("ES_mx", ["en", "es"], "es"),
        ("es-MX", ["es", "es-419"], "es-419"),
        ("es-MX", ["en", "es-ES", "es-AR"], "es-AR"),
        ("es", ["en", "es-MX"], "es-MX"),
        ("en-GB", ["es", "en-US"], "en-US"),
        ("pt", ["en", "pt-PT", "pt-BR"], "pt-BR"),
        ("pt-AO", ["en", "pt-BR", "pt-PT"], "pt-PT"),
        ("zh-TW", ["en", "zh-Hans", "zh-Hant"], "zh-Hant"),
        ("zh-CN", ["en", "zh-Hant", "zh-Hans"], "zh-Hans"),
        ("zh", ["zh-Hant", "zh-Hans"], "zh-Hans"),
        ("zh-HK", ["en", "zh"], "zh"),
        ("nb", ["en", "no"], "no"),
        ("no", ["en", "nb"], "nb"),
        ("nn", ["en", "nb"], "nb"),
        ("sr", ["en", "sr-Latn"], "sr-Latn"),
        ("fr", ["en", "es"], "en"),
        ("xx-bogus", ["es", "en"], "en"),
        ("'; DROP TABLE--", ["es", "en"], "en"),
    ],
)
def test_lookup_serves_the_asked_language_its_parents_its_regions_or_the_default(asked, available, served):
    assert lookup(asked, available, "en") == served


def test_languages_are_related_by_region_and_script_and_macrolanguage():
    assert related("es-MX", "es-ES")
    assert related("zh-Hant", "zh-Hans")
    assert related("nb", "nn")
    assert not related("es", "pt")


@pytest.mark.parametrize(
    ("header", "served"),
    [
        ("es", "es"),
        ("da, en-GB;q=0.8, es;q=0.9", "es"),
        ("fr, *;q=0.5", "en"),
        ("es;q=0, en", "en"),
        ("es;q=0.001", "es"),
        ("es-419,es;q=0.9,en;q=0.8", "es"),
        ("EN-us;q=0.7 , es-ES ;q=0.70", "en"),
        ("es;q=nonsense, en", "en"),
        ("es;q=9, en", "en"),
        ("es;q=-1", "en"),
        (None, "en"),
        ("", "en"),
        (",,;;==", "en"),
        ("\x00\u202e" * 3000, "en"),
        ("fr," * 100_000 + "es", "en"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_accept_language_is_negotiated_and_hostile_ones_are_safe(header, served):
    assert negotiate(header, ["en", "es"], "en") == served


@given(st.text(max_size=60))
def test_no_accept_language_breaks(header):
    assert negotiate(header, ["es", "en"], "en") in {"es", "en"}


@pytest.mark.parametrize(
    ("tag", "way"),
    [
        *[(tag, "rtl") for tag in ("ar", "he", "fa-AF", "ur", "dv", "yi", "az-Arab", "pa-PK")],
        *[(tag, "ltr") for tag in ("es", "az", "ks-Deva", "tlh", "ja", "zh-Hant")],
    ],
)
def test_the_script_decides_the_direction(tag, way):
    assert direction(tag) == way


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("es", "Español"),
        ("es-419", "Español latinoamericano"),
        ("ar", "العربية"),
        ("zh-Hant", "繁體中文"),
        ("pt-BR", "Português (Brasil)"),
        ("ka", "ქართული"),
        ("no", "Norsk"),
        ("tlh", "Klingon"),
    ],
)
def test_a_language_says_its_own_name(tag, name):
    assert own_name(tag) == name


def test_a_language_is_named_in_another():
    assert language_name("es", "en") == "Spanish"
    assert language_name("en", "es") == "inglés"
    assert language_name("en", "tlh") == "English"  # no data for the asked one


@pytest.mark.parametrize(
    ("tag", "locale"), [("es-MX", "es_MX"), ("zh-TW", "zh_Hant_TW"), ("es-JP", "es_JP"), ("tlh", "en"), ("xx", "en")]
)
def test_the_nearest_locale_is_found(tag, locale):
    assert str(babel_locale(tag)) in {locale, "es_419"}


def test_countries_are_sorted_for_their_language_and_are_countries():
    names = country_names("es")
    assert dict(names)["MX"] == "México"
    assert [name for _code, name in names[:3]] == ["Afganistán", "Albania", "Alemania"]
    codes = {code for code, _name in names}
    assert {"XK", "TW", "AQ"} <= codes
    assert not codes & {"EU", "UN", "ZZ", "001", "XA"}
    assert len(codes) == len(names) == 250


@pytest.mark.parametrize(
    ("tag", "said"),
    [("zh-Hans", "zh"), ("zh-Hant-TW", "zh-TW"), ("es-419", "es-419"), ("de-1996", "de-1996"), ("en", "en")],
)
def test_what_is_spoken_has_no_script(tag, said):
    assert spoken(tag) == said
