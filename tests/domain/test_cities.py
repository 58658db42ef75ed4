"""What people type to say where they are."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain import cities, timezones
from eventsapp.domain.cities import (
    City,
    city_from_text,
    city_key,
    city_of_key,
    folded,
    search_cities,
    tzid_from_text,
    usual_tzids,
    zone_cities,
)
from eventsapp.domain.errors import Invalid
from eventsapp.domain.timezones import UnclearZone
from tests.domain.native_names import FILE, native_names


def found(query: str, tag: str = "en", limit: int = 5) -> list[tuple[str, str]]:
    return [(city.name, city.tzid) for city in search_cities(query, tag, limit)]


def test_a_city_is_named_in_the_asked_language() -> None:
    assert search_cities("mexico city", "en", 1) == [City("America/Mexico_City", "Mexico City", "Mexico", "Americas")]
    assert search_cities("mexico city", "es", 1) == [
        City("America/Mexico_City", "Ciudad de México", "México", "América")
    ]
    assert search_cities("mexico city", "ja", 1) == [
        City("America/Mexico_City", "メキシコシティー", "メキシコ", "アメリカ大陸")
    ]


@pytest.mark.parametrize(
    ("query", "tag", "first"),
    [
        # accents and case, in the asked language, English and the place's own
        ("PARÍS", "es", ("París", "Europe/Paris")),
        ("paris", "es", ("París", "Europe/Paris")),
        ("bogotá", "en", ("Bogota", "America/Bogota")),
        ("sao paulo", "pt", ("São Paulo", "America/Sao_Paulo")),
        ("lodz", "en", ("Łódź", "Europe/Warsaw")),
        ("Wien", "en", ("Vienna", "Europe/Vienna")),
        ("Praha", "es", ("Praga", "Europe/Prague")),
        ("København", "en", ("Copenhagen", "Europe/Copenhagen")),
        ("القاهرة", "en", ("Cairo", "Africa/Cairo")),
        ("القاهره", "ar", ("القاهرة", "Africa/Cairo")),
        ("東京", "ja", ("東京", "Asia/Tokyo")),
        ("北京", "en", ("Beijing", "Asia/Shanghai")),
        ("Москва", "en", ("Moscow", "Europe/Moscow")),
        ("Αθήνα", "en", ("Athens", "Europe/Athens")),
        # the beginning, and any word of it
        ("guadalaj", "es", ("Guadalajara", "America/Mexico_City")),
        ("angeles", "en", ("Los Angeles", "America/Los_Angeles")),
        ("york", "en", ("New York", "America/New_York")),
        ("mexico monterrey", "es", ("Monterrey", "America/Monterrey")),
        ("valencia venezuela", "en", ("Valencia", "America/Caracas")),
        # cities that are no zone's own, and old names
        ("san francisco", "en", ("San Francisco", "America/Los_Angeles")),
        ("pekin", "es", ("Pekín", "Asia/Shanghai")),
        ("Peking", "de", ("Peking", "Asia/Shanghai")),
        ("bombay", "en", ("Mumbai", "Asia/Kolkata")),
        ("muenchen", "de", ("München", "Europe/Berlin")),
        ("kiev", "en", ("Kyiv", "Europe/Kyiv")),
        ("calcutta", "en", ("Kolkata", "Asia/Kolkata")),
        ("saigon", "en", ("Saigon", "Asia/Ho_Chi_Minh")),
        ("montreal", "en", ("Montreal", "America/Toronto")),
        ("cdmx", "es", ("Ciudad de México", "America/Mexico_City")),
        ("NYC", "es", ("Nueva York", "America/New_York")),
        # countries
        ("Deutschland", "en", ("Berlin", "Europe/Berlin")),
        ("españa", "en", ("Madrid", "Europe/Madrid")),
        ("brasil", "en", ("Sao Paulo", "America/Sao_Paulo")),
        ("usa", "en", ("New York", "America/New_York")),
        ("uk", "en", ("London", "Europe/London")),
        ("日本", "en", ("Tokyo", "Asia/Tokyo")),
        # IANA's names, abbreviations
        ("america/mexico_city", "en", ("Mexico City", "America/Mexico_City")),
        ("Asia/Ho", "en", ("Ho Chi Minh City", "Asia/Ho_Chi_Minh")),
        ("PST", "es", ("Los Ángeles", "America/Los_Angeles")),
        ("utc", "en", ("UTC", "Etc/UTC")),
    ],
)
def test_the_likeliest_city_comes_first(query: str, tag: str, first: tuple[str, str]) -> None:
    assert found(query, tag, 1) == [first]


def test_an_exact_name_comes_before_its_beginnings() -> None:
    assert found("santiago", limit=10) == [
        ("Santiago", "America/Santiago"),
        ("Santiago de Compostela", "Europe/Madrid"),
        ("Cali", "America/Bogota"),
        ("Santiago de Cuba", "America/Havana"),
        ("Santiago de los Caballeros", "America/Santo_Domingo"),
    ]


def test_every_claimant_of_a_name_is_listed() -> None:
    assert found("valencia") == [("Valencia", "Europe/Madrid"), ("Valencia", "America/Caracas")]


@pytest.mark.parametrize("query", ["", "   ", "-", "\x00", "\ud800", "zzzzzz", "’", "%"])
def test_nothing_is_found_for_nothing(query: str) -> None:
    assert search_cities(query, "en") == []


@given(st.text(max_size=30), st.sampled_from(["en", "es", "ar", "zh", "xx", ""]))
def test_any_query_gets_a_short_list(query: str, tag: str) -> None:
    assert len(search_cities(query, tag, 7)) <= 7
    assert not search_cities("x" * 5000 + query, tag)


@pytest.mark.parametrize("tag", ["en", "es", "ar", "ja"])
def test_every_offered_zone_can_be_chosen_from_a_list_and_found_by_its_name(tag: str) -> None:
    listed = zone_cities(tag)
    assert sorted(city.tzid for city in listed) == list(timezones.offered_tzids())
    assert listed[-1].tzid == "Etc/UTC"
    for city in listed:
        assert city in search_cities(city.name, tag, 10), city
        assert city in search_cities(city.tzid, tag, 60), city
        assert bool(city.region) == (city.tzid != "Etc/UTC")


def test_the_list_is_grouped_by_continent() -> None:
    regions = list(dict.fromkeys(city.region for city in zone_cities("en")))
    assert regions == ["Africa", "Americas", "Antarctica", "Asia", "Europe", "Oceania", ""]


# What is typed into a form


@pytest.mark.parametrize(
    ("text", "tag", "tzid"),
    [
        ("Mexico City", "en", "America/Mexico_City"),
        ("Ciudad de México", "es", "America/Mexico_City"),
        ("ciudad de mexico", "en", "America/Mexico_City"),
        ("America/Mexico_City", "es", "America/Mexico_City"),
        ("US/Pacific", "es", "America/Los_Angeles"),
        ("cdmx", "en", "America/Mexico_City"),
        ("París", "es", "Europe/Paris"),
        ("Mexico", "fr", "America/Mexico_City"),  # French for the city
        ("London", "es", "Europe/London"),
        ("Washington", "en", "America/New_York"),
        ("Washington DC", "en", "America/New_York"),
        ("St Louis", "en", "America/Chicago"),
        ("Köln", "en", "Europe/Berlin"),
        ("Valencia, España", "es", "Europe/Madrid"),
        ("Valencia, Spain", "es", "Europe/Madrid"),
        ("Valencia, Venezuela", "en", "America/Caracas"),
        ("San José, Costa Rica", "es", "America/Costa_Rica"),
        ("San Jose, USA", "en", "America/Los_Angeles"),
        ("Córdoba, Argentina", "es", "America/Argentina/Cordoba"),
        ("Santiago", "es", "America/Santiago"),
        ("Guadalaj", "es", "America/Mexico_City"),
        ("Germany", "en", "Europe/Berlin"),  # Büsingen has the same clock
        ("Alemania", "es", "Europe/Berlin"),
        ("India", "en", "Asia/Kolkata"),
        ("Japan", "en", "Asia/Tokyo"),
        ("Singapore", "en", "Asia/Singapore"),
        ("UTC", "en", "Etc/UTC"),
    ],
)
def test_what_is_typed_names_one_zone(text: str, tag: str, tzid: str) -> None:
    assert tzid_from_text(text, tag) == tzid


@pytest.mark.parametrize(
    ("text", "tag", "sentence"),
    [
        (
            "Valencia",
            "es",
            (
                "Valencia may mean several places. Write one of these: Europe/Madrid (Valencia, España); "
                "America/Caracas (Valencia, Venezuela)."
            ),
        ),
        (
            "San Jose",
            "en",
            (
                "San Jose may mean several places. Write one of these: America/Los_Angeles (San Jose, United States); "
                "America/Costa_Rica (San José, Costa Rica)."
            ),
        ),
        (
            "España",
            "es",
            (
                "España may mean several places. Write one of these: Europe/Madrid (Madrid, España); "
                "Atlantic/Canary (Canarias, España)."
            ),
        ),
        (
            "Canada",
            "en",
            (
                "Canada may mean several places. Write one of these: America/Toronto (Toronto, Canada); "
                "America/Vancouver (Vancouver, Canada); America/Moncton (Moncton, Canada); "
                "America/Regina (Regina, Canada); America/St_Johns (St. John’s, Canada); "
                "America/Blanc-Sablon (Blanc-Sablon, Canada); America/Atikokan (Atikokan, Canada); "
                "America/Resolute (Resolute, Canada); …."
            ),
        ),
        (
            "PST",
            "es",
            (
                "PST may mean several time zones. Write one of these: America/Los_Angeles, America/Vancouver, "
                "America/Tijuana, Asia/Manila."
            ),
        ),
        (
            "UTC+2",
            "es",
            (
                "UTC+2 is an offset, and an offset does not follow clock changes. Write a zone such as "
                "America/Mexico_City."
            ),
        ),
        ("Londn", "es", "We do not know Londn. Did you mean Europe/London (Londres, Reino Unido)?"),
        ("asdfghjkl", "es", "We do not know asdfghjkl. Write a big city near it, for example Ciudad de México."),
        ("q", "en", "We do not know q. Write a big city near it, for example Mexico City."),
        ("", "es", "Write a city, for example Ciudad de México."),
        ("\x00", "en", "Write a city, for example Mexico City."),
        (
            "../../etc/passwd",
            "en",
            "We do not know ../../etc/passwd. Write a big city near it, for example Mexico City.",
        ),
    ],
)
def test_what_may_mean_several_or_nothing_is_refused_with_what_to_write(text: str, tag: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        tzid_from_text(text, tag)
    assert str(refused.value) == sentence
    assert refused.value.key == "tzid"


def test_what_a_sentence_names_can_be_written() -> None:
    for text in ("Valencia", "San Jose", "Canada", "USA", "Victoria"):
        with pytest.raises(Invalid) as refused:
            tzid_from_text(text, "en")
        candidates = str(refused.value.values["candidates"]).removesuffix("; …")
        for candidate in candidates.split("; "):
            tzid, _, label = candidate.rstrip(")").partition(" (")
            assert tzid_from_text(tzid, "en") == tzid_from_text(label, "en") == tzid


@pytest.mark.parametrize("text", ["CET", "ist", "Pacific Time (US and Canada)", "GMT-7"])
def test_an_abbreviation_is_never_taken_for_a_city(text: str) -> None:
    with pytest.raises(UnclearZone):
        tzid_from_text(text, "en")


@given(st.text(max_size=40), st.sampled_from(["en", "es", "zh"]))
def test_any_text_is_an_offered_zone_or_invalid(text: str, tag: str) -> None:
    with suppress(Invalid):
        assert tzid_from_text(text, tag) in timezones.offered_tzids()


@given(st.sampled_from(timezones.offered_tzids()), st.sampled_from(["en", "es", "de", "ar", "zh"]))
def test_a_citys_own_name_with_its_country_is_its_zone(tzid: str, tag: str) -> None:
    city = next(each for each in zone_cities(tag) if each.tzid == tzid)
    text = f"{city.name}, {city.country}" if city.country else city.name
    assert timezones.same_clock(tzid_from_text(text, tag), tzid)


# The tables


def test_there_are_many_big_cities_and_each_is_written_once() -> None:
    table = cities._big_cities()
    assert set(table) <= set(timezones.offered_tzids())
    names = [(tzid, city["en"]) for tzid, listed in table.items() for city in listed if city["en"] != "*"]
    assert len(names) > 550
    assert len(set(names)) == len(names)
    spellings = [spelling for listed in table.values() for city in listed for spelling in city.values()]
    assert not [spelling for spelling in spellings if spelling.strip() != spelling or ":" in spelling or not spelling]


def test_every_big_city_is_found_by_each_of_its_spellings() -> None:
    for tzid, listed in cities._big_cities().items():
        for city in listed:
            for spelling in set(city.values()) - {"*"}:
                assert tzid in {each.tzid for each in search_cities(spelling, "en", 20)}, spelling


def test_native_names_are_those_of_cldr() -> None:
    assert FILE.read_text(encoding="utf-8") == native_names(), "run: python -m tests.domain.native_names"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Ciudad de México", "ciudad de mexico"),
        ("Port-au-Prince", "port au prince"),
        ("N’Djamena", "ndjamena"),
        ("Tórshavn", "torshavn"),
        ("Łódź", "lodz"),
        ("STRASSE Straße", "strasse strasse"),
        ("İstanbul", "istanbul"),
        ("ﬁ Ⅷ", "fi viii"),
        ("  a_b/c.d ", "a b c d"),
    ],
)
def test_folding(text: str, same: str) -> None:
    assert folded(text) == same


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [
        ("houston", "Houston", "Houston, US"),
        ("San Francisco", "San Francisco", "San Francisco, US"),
        ("America/Chicago", "Chicago", "America/Chicago"),
        ("Milano", "Milan", "Milan, IT"),
        ("Germany", "Berlin", "Europe/Berlin"),
    ],
)
def test_a_city_keeps_its_own_name_beside_its_zone(text: str, name: str, key: str) -> None:
    city = city_from_text(text, "en")
    assert (city.name, city_key(city, "en")) == (name, key)


@pytest.mark.parametrize("text", ["San José", "Spain", "Atlantis", "EST", ""])
def test_a_city_that_is_not_clear_is_none(text: str) -> None:
    with pytest.raises(Invalid):
        city_from_text(text, "en")
    assert city_of_key(text, "en") is None


def test_every_city_is_known_by_its_key_in_every_language() -> None:
    for tag in ("en", "es", "ar"):
        for city in dict.fromkeys(entry.city for entry in cities._entries(tag)):
            key = city_key(city, tag)
            assert {
                known and known.tzid for known in (city_of_key(key, other) for other in ("en", "ar", "zh-Hans"))
            } == {city.tzid}


@pytest.mark.parametrize(
    ("tag", "tzids"),
    [
        ("es", ("America/Mexico_City", "America/Bogota", "Europe/Madrid")),
        ("es-AR", ("America/Argentina/Buenos_Aires", "America/Mexico_City", "America/Bogota", "Europe/Madrid")),
        ("pt-PT", ("Europe/Lisbon", "America/Sao_Paulo")),
        ("fr-CA", ("America/Toronto", "Europe/Paris")),
        ("zh-Hant", ("Asia/Taipei",)),
        ("ja", ("Asia/Tokyo",)),
        ("eo", ()),
    ],
)
def test_a_language_is_read_in_certain_zones(tag: str, tzids: tuple[str, ...]) -> None:
    assert usual_tzids(tag) == tzids
    assert set(tzids) <= set(timezones.offered_tzids())
