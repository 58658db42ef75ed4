"""What people read: exact words in many languages, and what holds in all of them."""

import re
import subprocess
import sys
import unicodedata
from datetime import UTC, date, datetime, time, timedelta

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from eventsapp.domain import timezones
from eventsapp.domain.errors import Invalid, Minutes
from eventsapp.domain.timezones import Day, ZoneCity
from eventsapp.domain.wording import (
    TimeWords,
    cities_line,
    city_words,
    duration_words,
    in_language,
    moment_words,
    reader_words,
    soon_words,
    time_words,
    until_words,
    zone_words,
)
from eventsapp.translations import INTERFACE_LANGUAGES, say, speaking

LOS_ANGELES = "America/Los_Angeles"
HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# The two forums: in English on Saturday 10 June 2023 at 16:00, in Spanish on Sunday 25 June at 17:00, Pacific time.
IN_ENGLISH = utc("2023-06-10 23:00")
IN_SPANISH = utc("2023-06-26 00:00")


def whole(tag: str, starts_at: datetime = IN_SPANISH, tzid: str = LOS_ANGELES, lasts: timedelta = HOUR) -> str:
    return time_words(starts_at, starts_at + lasts, tzid, tag).whole


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("en", "Sunday 25 June 2023, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)"),
        ("en-GB", "Sunday 25 June 2023, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)"),
        ("en-AU", "Sunday 25 June 2023, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)"),
        ("en-IN", "Sunday 25 June 2023, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)"),
        ("en-US", "Sunday, June 25, 2023, 5:00 PM – 6:00 PM, Pacific Time (Los Angeles, UTC−7)"),
        ("en-CA", "Sunday, June 25, 2023, 5:00 p.m. – 6:00 p.m., Pacific Time (Los Angeles, UTC−7)"),
        ("es", "domingo, 25 de junio de 2023, 17:00–18:00, hora del Pacífico (Los Ángeles, UTC−7)"),
        ("es-ES", "domingo, 25 de junio de 2023, 17:00–18:00, hora del Pacífico (Los Ángeles, UTC−7)"),
        ("es-MX", "domingo, 25 de junio de 2023, 5:00 p.m. – 6:00 p.m., hora del Pacífico (Los Ángeles, UTC−7)"),
        ("es-US", "domingo, 25 de junio de 2023, 5:00 p.m. – 6:00 p.m., hora del Pacífico (Los Ángeles, UTC−7)"),
        ("de", "Sonntag, 25. Juni 2023, 17:00–18:00 Uhr, Nordamerikanische Westküstenzeit (Los Angeles, UTC−7)"),
        ("fr", "dimanche 25 juin 2023, 17:00 – 18:00, heure du Pacifique nord-américain (Los Angeles, UTC−7)"),
        ("fr-CA", "dimanche 25 juin 2023, 17 h 00 – 18 h 00, heure du Pacifique (Los Angeles, UTC−7)"),
        ("it", "domenica 25 giugno 2023, 17:00–18:00, ora del Pacifico USA (Los Angeles, UTC−7)"),
        ("pt-BR", "domingo, 25 de junho de 2023, 17:00 – 18:00, horário do Pacífico (Los Angeles, UTC−7)"),
        ("pt-PT", "domingo, 25 de junho de 2023, 17:00 – 18:00, hora do Pacífico norte-americana (Los Angeles, UTC−7)"),
        ("ar", "الأحد، 25 يونيو 2023، 5:00 م – 6:00 م، توقيت المحيط الهادي (لوس انجلوس، UTC−7)"),
        ("ar-EG", "الأحد، ٢٥ يونيو ٢٠٢٣، ٥:٠٠ م – ٦:٠٠ م، توقيت المحيط الهادي (لوس انجلوس، UTC−7)"),
        ("fa", "یکشنبه ۲۵ ژوئن ۲۰۲۳، ۱۷:۰۰ تا ۱۸:۰۰، وقت غرب امریکا (لوس‌آنجلس، UTC−7)"),
        ("ur", "اتوار، 25 جون، 2023، 17:00 – 18:00، پیسفک ٹائم (لاس اینجلس، UTC−7)"),
        ("he", "יום ראשון, 25 ביוני 2023, 17:00–18:00, שעון מערב ארה״ב (לוס אנג׳לס, UTC−7)"),
        ("ru", "воскресенье, 25 июня 2023 г., 17:00–18:00, Тихоокеанское время (Лос-Анджелес, UTC−7)"),
        ("zh", "2023年6月25日星期日 17:00–18:00，北美太平洋时间（洛杉矶，UTC−7）"),
        ("zh-Hant", "2023年6月25日 星期日 下午5:00 – 下午6:00，太平洋時間（洛杉磯，UTC−7）"),
        ("ja", "2023年6月25日日曜日 17:00～18:00、アメリカ太平洋時間（ロサンゼルス、UTC−7）"),
        ("ko", "2023년 6월 25일 일요일, 오후 5:00 ~ 오후 6:00, 미 태평양 시간 (로스앤젤레스, UTC−7)"),
        ("fi", "sunnuntai 25. kesäkuuta 2023, 17.00–18.00, Yhdysvaltain Tyynenmeren aika (Los Angeles, UTC−7)"),
        ("tlh", "Sunday 25 June 2023, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)"),
        ("", "Sunday 25 June 2023, 5:00 pm – 6:00 pm, Pacific Time (Los Angeles, UTC−7)"),
    ],
)
def test_the_spanish_forum_in_every_language(tag: str, words: str) -> None:
    assert whole(tag) == words


def test_every_part_of_the_words() -> None:
    assert time_words(IN_SPANISH, IN_SPANISH + HOUR, LOS_ANGELES, "es") == TimeWords(
        whole="domingo, 25 de junio de 2023, 17:00–18:00, hora del Pacífico (Los Ángeles, UTC−7)",
        when="domingo, 25 de junio de 2023, 17:00–18:00",
        weekday="domingo",
        date="25 de junio de 2023",
        full_date="domingo, 25 de junio de 2023",
        clock="17:00–18:00",
        start="17:00",
        zone="hora del Pacífico (Los Ángeles, UTC−7)",
        city="Los Ángeles",
        iso_start="2023-06-25T17:00:00-07:00",
        iso_end="2023-06-25T18:00:00-07:00",
        tile_month="jun",
        tile_day="25",
        tile_weekday="dom",
    )


@pytest.mark.parametrize(
    ("tag", "tile"),
    [
        ("en", ("Jun", "25", "Sun")),
        ("de", ("Jun", "25", "So")),
        ("fr", ("juin", "25", "dim")),
        ("pt-BR", ("jun", "25", "dom")),
        ("ar", ("يونيو", "25", "الأحد")),
        ("zh", ("6月", "25", "周日")),
        ("ja", ("6月", "25", "日")),
    ],
)
def test_the_tile_has_short_names(tag: str, tile: tuple[str, str, str]) -> None:
    words = time_words(IN_SPANISH, IN_SPANISH + HOUR, LOS_ANGELES, tag)
    assert (words.tile_month, words.tile_day, words.tile_weekday) == tile


# The same moment elsewhere


@pytest.mark.parametrize(
    ("starts_at", "tzid", "short", "mark"),
    [
        (IN_ENGLISH, "America/Mexico_City", "Saturday 5:00 pm – 6:00 pm (Mexico City, UTC−6)", ""),
        (IN_ENGLISH, "America/Bogota", "Saturday 6:00 pm – 7:00 pm (Bogota, UTC−5)", ""),
        (IN_ENGLISH, "America/New_York", "Saturday 7:00 pm – 8:00 pm (New York, UTC−4)", ""),
        (IN_ENGLISH, "America/Santiago", "Saturday 7:00 pm – 8:00 pm (Santiago, UTC−4)", ""),
        (
            IN_ENGLISH,
            "America/Argentina/Buenos_Aires",
            "Saturday 8:00 pm – 9:00 pm (Buenos Aires, UTC−3)",
            "",
        ),
        (IN_ENGLISH, "America/Sao_Paulo", "Saturday 8:00 pm – 9:00 pm (Sao Paulo, UTC−3)", ""),
        (IN_ENGLISH, "Africa/Lagos", "Sunday 12:00 am – 1:00 am (Lagos, UTC+1)", "+1 day"),
        (IN_ENGLISH, "Europe/London", "Sunday 12:00 am – 1:00 am (London, UTC+1)", "+1 day"),
        (IN_ENGLISH, "Europe/Madrid", "Sunday 1:00 am – 2:00 am (Madrid, UTC+2)", "+1 day"),
        (IN_ENGLISH, "Asia/Kolkata", "Sunday 4:30 am – 5:30 am (Kolkata, UTC+5:30)", "+1 day"),
        (IN_ENGLISH, "Asia/Tokyo", "Sunday 8:00 am – 9:00 am (Tokyo, UTC+9)", "+1 day"),
        (IN_ENGLISH, "Australia/Sydney", "Sunday 9:00 am – 10:00 am (Sydney, UTC+10)", "+1 day"),
        (IN_SPANISH, "America/Mexico_City", "Sunday 6:00 pm – 7:00 pm (Mexico City, UTC−6)", ""),
        (IN_SPANISH, "America/Bogota", "Sunday 7:00 pm – 8:00 pm (Bogota, UTC−5)", ""),
        (IN_SPANISH, "America/New_York", "Sunday 8:00 pm – 9:00 pm (New York, UTC−4)", ""),
        (IN_SPANISH, "America/Sao_Paulo", "Sunday 9:00 pm – 10:00 pm (Sao Paulo, UTC−3)", ""),
        (IN_SPANISH, "Europe/London", "Monday 1:00 am – 2:00 am (London, UTC+1)", "+1 day"),
        (IN_SPANISH, "Europe/Madrid", "Monday 2:00 am – 3:00 am (Madrid, UTC+2)", "+1 day"),
        (IN_SPANISH, "Asia/Tokyo", "Monday 9:00 am – 10:00 am (Tokyo, UTC+9)", "+1 day"),
        (IN_SPANISH, "Etc/UTC", "Monday 12:00 am – 1:00 am (UTC)", "+1 day"),
        (IN_SPANISH, "Pacific/Kiritimati", "Monday 2:00 pm – 3:00 pm (Kiritimati, UTC+14)", "+1 day"),
        (IN_SPANISH, "Pacific/Honolulu", "Sunday 2:00 pm – 3:00 pm (Honolulu, UTC−10)", ""),
    ],
)
def test_both_forums_for_readers_elsewhere(starts_at: datetime, tzid: str, short: str, mark: str) -> None:
    words = reader_words(starts_at, starts_at + HOUR, tzid, LOS_ANGELES, "en")
    assert (words.short, words.day_mark) == (short, mark)
    assert words.day_shift == (1 if mark else 0)
    assert words.whole == whole("en", starts_at, tzid)
    assert not words.same_zone


@pytest.mark.parametrize(
    ("tag", "short", "mark"),
    [
        ("es", "lunes, 2:00–3:00 (Madrid, UTC+2)", "+1 día"),
        ("es-MX", "lunes 2:00 a.m. – 3:00 a.m. (Madrid, UTC+2)", "+1 día"),
        ("en-US", "Monday 2:00 AM – 3:00 AM (Madrid, UTC+2)", "+1 day"),
        ("de", "Montag, 02:00–03:00 Uhr (Madrid, UTC+2)", "+1 Tag"),
        ("fr", "lundi 02:00 – 03:00 (Madrid, UTC+2)", "+1 jour"),
        ("ar", "الاثنين 2:00 ص – 3:00 ص (مدريد، UTC+2)", "اليوم التالي"),
        ("zh", "星期一02:00–03:00（马德里，UTC+2）", "+1天"),
        ("pt-BR", "segunda-feira, 02:00 – 03:00 (Madri, UTC+2)", "+1 dia"),
        ("ja", "月曜日 2:00～3:00（マドリード、UTC+2）", "+1日"),
    ],
)
def test_a_reader_in_madrid_in_every_language(tag: str, short: str, mark: str) -> None:
    words = reader_words(IN_SPANISH, IN_SPANISH + HOUR, "Europe/Madrid", LOS_ANGELES, tag)
    assert (words.short, words.day_mark) == (short, mark)


@pytest.mark.parametrize(
    ("tzid", "event_tzid", "shift", "en", "es", "ar"),
    [
        (LOS_ANGELES, "Pacific/Kiritimati", -1, "−1 day", "−1 día", "اليوم السابق"),
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", 2, "+2 days", "+2 días", "بعد يومين"),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", -2, "−2 days", "−2 días", "قبل يومين"),
    ],
)
def test_day_marks_the_other_way_and_over_the_date_line(
    *, tzid: str, event_tzid: str, shift: int, en: str, es: str, ar: str
) -> None:
    at = utc("2026-06-13 10:30")
    words = {tag: reader_words(at, at + HOUR, tzid, event_tzid, tag) for tag in ("en", "es", "ar")}
    assert {each.day_shift for each in words.values()} == {shift}
    assert {tag: each.day_mark for tag, each in words.items()} == {"en": en, "es": es, "ar": ar}


@pytest.mark.parametrize(
    ("tzid", "event_tzid", "starts_at", "same"),
    [
        (LOS_ANGELES, LOS_ANGELES, IN_SPANISH, True),
        ("America/Tijuana", LOS_ANGELES, IN_SPANISH, True),
        ("America/Vancouver", LOS_ANGELES, IN_SPANISH, True),
        ("America/Vancouver", LOS_ANGELES, utc("2027-01-15 19:00"), False),
        ("America/Phoenix", LOS_ANGELES, utc("2026-11-01 08:30"), False),  # the same at the start, not at the end
    ],
)
def test_a_reader_whose_clock_is_the_events(tzid: str, event_tzid: str, starts_at: datetime, same: bool) -> None:
    assert reader_words(starts_at, starts_at + HOUR, tzid, event_tzid, "en").same_zone == same


# More than one day, more than one offset


@pytest.mark.parametrize(
    ("starts_at", "lasts", "tzid", "tag", "words"),
    [
        (
            "2027-01-01 06:30",
            HOUR,
            LOS_ANGELES,
            "en",
            "Thursday 31 December 2026, 10:30 pm – 11:30 pm, Pacific Time (Los Angeles, UTC−8)",
        ),
        (
            "2027-01-01 07:30",
            HOUR,
            LOS_ANGELES,
            "en",
            (
                "Thursday 31 December 2026, 11:30 pm – Friday 1 January 2027, 12:30 am, "
                "Pacific Time (Los Angeles, UTC−8)"
            ),
        ),
        (
            "2027-01-01 07:30",
            HOUR,
            LOS_ANGELES,
            "es",
            (
                "jueves, 31 de diciembre de 2026, 23:30 – viernes, 1 de enero de 2027, 0:30, "
                "hora del Pacífico (Los Ángeles, UTC−8)"
            ),
        ),
        (
            "2027-01-01 07:30",
            HOUR,
            LOS_ANGELES,
            "ja",
            "2026年12月31日木曜日 23:30～2027年1月1日金曜日 0:30、アメリカ太平洋時間（ロサンゼルス、UTC−8）",
        ),
        (
            "2026-06-14 06:00",
            HOUR,
            LOS_ANGELES,
            "en",
            "Saturday 13 June 2026, 11:00 pm – Sunday 14 June 2026, 12:00 am, Pacific Time (Los Angeles, UTC−7)",
        ),
        (
            "2026-03-08 09:30",
            HOUR,
            LOS_ANGELES,
            "en",
            "Sunday 8 March 2026, 1:30 am – 3:30 am, Pacific Time (Los Angeles, UTC−8 → UTC−7)",
        ),
        (
            "2026-11-01 08:30",
            HOUR,
            LOS_ANGELES,
            "en",
            "Sunday 1 November 2026, 1:30 am – 1:30 am, Pacific Time (Los Angeles, UTC−7 → UTC−8)",
        ),
        (
            "2026-11-01 09:30",
            HOUR,
            LOS_ANGELES,
            "en",
            "Sunday 1 November 2026, 1:30 am – 2:30 am, Pacific Time (Los Angeles, UTC−8)",
        ),
        (
            "2026-03-28 21:00",
            timedelta(days=1),
            "Europe/Berlin",
            "de",
            (
                "Samstag, 28. März 2026, 22:00 Uhr – Sonntag, 29. März 2026, 23:00 Uhr, "
                "Mitteleuropäische Zeit (Berlin, UTC+1 → UTC+2)"
            ),
        ),
        (
            "2026-04-04 14:30",
            HOUR,
            "Australia/Lord_Howe",
            "en",
            "Sunday 5 April 2026, 1:30 am – 2:00 am, Lord Howe Time (Lord Howe Island, UTC+11 → UTC+10:30)",
        ),
        (
            "2026-06-13 16:00",
            HOUR,
            "Asia/Kathmandu",
            "en",
            "Saturday 13 June 2026, 9:45 pm – 10:45 pm, Nepal Time (Kathmandu, UTC+5:45)",
        ),
    ],
)
def test_ends_on_another_day_or_another_offset(
    *, starts_at: str, lasts: timedelta, tzid: str, tag: str, words: str
) -> None:
    assert whole(tag, utc(starts_at), tzid, lasts) == words


@pytest.mark.parametrize(
    ("tag", "short"),
    [
        ("en", "Thursday 10:30 pm – Friday 12:30 am (London, UTC+0)"),
        ("es", "jueves, 22:30 – viernes, 0:30 (Londres, UTC+0)"),
        ("ja", "木曜日 22:30～金曜日 0:30（ロンドン、UTC+0）"),
    ],
)
def test_a_reader_whose_midnight_lies_within(tag: str, short: str) -> None:
    at = utc("2026-12-31 22:30")
    assert reader_words(at, at + 2 * HOUR, "Europe/London", "Asia/Tokyo", tag).short == short


# Zones and cities


@pytest.mark.parametrize(
    ("tzid", "at", "tag", "words"),
    [
        # Clocks change here: neither "standard" nor "summer" time may be named for the whole year.
        ("Europe/London", "2026-06-13 12:00", "en", "United Kingdom Time (London, UTC+1)"),
        ("Europe/London", "2026-01-13 12:00", "en", "United Kingdom Time (London, UTC+0)"),
        ("Europe/London", "2026-06-13 12:00", "es", "hora de Londres (UTC+1)"),
        ("Europe/London", "2026-06-13 12:00", "es-MX", "hora de Londres (UTC+1)"),
        ("Europe/London", "2026-06-13 12:00", "de", "Ortszeit London (UTC+1)"),
        ("Europe/London", "2026-06-13 12:00", "ru", "Великобритания (Лондон, UTC+1)"),
        ("Europe/London", "2026-06-13 12:00", "zh-Hant", "英國時間（倫敦，UTC+1）"),
        ("Europe/Dublin", "2026-06-13 12:00", "en", "Ireland Time (Dublin, UTC+1)"),
        ("Africa/Accra", "2026-06-13 12:00", "en", "Greenwich Mean Time (Accra, UTC+0)"),
        ("Asia/Kolkata", "2026-06-13 12:00", "en", "India Standard Time (Kolkata, UTC+5:30)"),
        ("Asia/Kolkata", "2026-06-13 12:00", "es", "hora estándar de la India (Calcuta, UTC+5:30)"),
        ("Africa/Lagos", "2026-06-13 12:00", "en", "West Africa Time (Lagos, UTC+1)"),
        # Zones that CLDR has no name for
        ("Africa/Casablanca", "2026-06-13 12:00", "en", "Morocco Time (Casablanca, UTC+1)"),
        ("Africa/Casablanca", "2026-12-13 12:00", "en", "Morocco Time (Casablanca, UTC+0)"),
        ("America/Coyhaique", "2026-06-13 12:00", "en", "Coyhaique Time (UTC−3)"),
        ("Europe/Istanbul", "2026-06-13 12:00", "es", "hora de Estambul (UTC+3)"),
        ("Europe/Istanbul", "2026-06-13 12:00", "fr", "heure d’Istanbul (UTC+3)"),
        ("Africa/Casablanca", "2026-06-13 12:00", "fr-CA", "heure de Casablanca (UTC+1)"),
        ("Africa/Casablanca", "2026-06-13 12:00", "it", "ora di Casablanca (UTC+1)"),
        ("Africa/Casablanca", "2026-06-13 12:00", "pt-BR", "horário de Casablanca (UTC+1)"),
        ("Africa/Casablanca", "2026-06-13 12:00", "ar", "توقيت المغرب (الدار البيضاء، UTC+1)"),
        ("Europe/Isle_of_Man", "2026-06-13 12:00", "fr", "heure de l’île de Man (UTC+1)"),
        ("Europe/Isle_of_Man", "2026-06-13 12:00", "pt-BR", "horário da ilha de Man (UTC+1)"),
        # The laws of 2026
        ("America/Vancouver", "2027-01-15 12:00", "en", "Pacific Time (Vancouver, UTC−7)"),
        ("America/Edmonton", "2027-01-15 12:00", "en", "Mountain Time (Edmonton, UTC−6)"),
        (LOS_ANGELES, "2027-01-15 12:00", "en", "Pacific Time (Los Angeles, UTC−8)"),
        ("America/Mexico_City", "2026-06-13 12:00", "es-MX", "hora central (Ciudad de México, UTC−6)"),
        ("Etc/UTC", "2026-06-13 12:00", "en", "Coordinated Universal Time (UTC)"),
        ("Etc/UTC", "2026-06-13 12:00", "es", "tiempo universal coordinado (UTC)"),
        ("Etc/UTC", "2026-06-13 12:00", "ja", "協定世界時（UTC）"),
    ],
)
def test_a_zone_in_words(tzid: str, at: str, tag: str, words: str) -> None:
    assert zone_words(tzid, utc(at), tag) == words


@pytest.mark.parametrize(
    ("tzid", "tag", "city"),
    [
        ("America/Mexico_City", "en", "Mexico City"),
        ("America/Mexico_City", "es", "Ciudad de México"),
        ("America/Argentina/Buenos_Aires", "en", "Buenos Aires"),
        ("America/Indiana/Indianapolis", "en", "Indianapolis"),
        ("Asia/Ho_Chi_Minh", "en", "Ho Chi Minh City"),
        ("Europe/Kyiv", "en", "Kyiv"),
        ("Europe/Kyiv", "uk", "Київ"),
        ("Africa/Cairo", "ar", "القاهرة"),
        ("Asia/Tokyo", "ja", "東京"),
        ("Etc/UTC", "es", "UTC"),
    ],
)
def test_a_city_in_words(tzid: str, tag: str, city: str) -> None:
    assert city_words(tzid, tag) == city


def test_every_offered_zone_has_a_name_of_its_own_in_every_interface_language() -> None:
    at = utc("2026-06-13 12:00")
    for tag in INTERFACE_LANGUAGES:
        words = [zone_words(tzid, at, tag) for tzid in timezones.offered_tzids()]
        assert len(set(words)) == len(words)
        assert not [each for each in words if each[-1] not in ")）"]
        assert not [
            each for each in words if re.search("Summer|Daylight|verano|été|Sommer|verão|legale|صيف|夏令", each)
        ]


def test_an_unknown_zone_is_invalid() -> None:
    with pytest.raises(Invalid):
        whole("en", tzid="Nowhere/City")


# Moments, waiting times, lengths


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("en", "Sunday 25 June 2023, 5:00 pm, Pacific Time (Los Angeles, UTC−7)"),
        ("en-US", "Sunday, June 25, 2023, 5:00 PM, Pacific Time (Los Angeles, UTC−7)"),
        ("es", "domingo, 25 de junio de 2023, 17:00, hora del Pacífico (Los Ángeles, UTC−7)"),
        ("ar", "الأحد، 25 يونيو 2023، 5:00 م، توقيت المحيط الهادي (لوس انجلوس، UTC−7)"),
        ("zh", "2023年6月25日星期日 17:00，北美太平洋时间（洛杉矶，UTC−7）"),
    ],
)
def test_a_moment_in_words(tag: str, words: str) -> None:
    assert moment_words(IN_SPANISH, LOS_ANGELES, tag) == words


@pytest.mark.parametrize(
    ("delta", "en", "es"),
    [
        (timedelta(seconds=-5), "0 minutes", "0 minutos"),
        (timedelta(seconds=0.4), "0 minutes", "0 minutos"),
        (timedelta(seconds=40), "40 seconds", "40 segundos"),
        (timedelta(seconds=61), "1 minute", "1 minuto"),
        (timedelta(minutes=5), "5 minutes", "5 minutos"),
        (timedelta(minutes=59, seconds=59), "59 minutes", "59 minutos"),
        (timedelta(hours=1), "1 hour", "1 hora"),
        (timedelta(hours=2, minutes=59), "2 hours 59 minutes", "2 horas y 59 minutos"),
        (timedelta(hours=3), "3 hours", "3 horas"),
        (timedelta(days=1, hours=5), "1 day 5 hours", "1 día y 5 horas"),
        (timedelta(days=2), "2 days", "2 días"),
        (timedelta(days=9, hours=23), "9 days 23 hours", "9 días y 23 horas"),
        (timedelta(days=10, hours=23), "10 days", "10 días"),
        (timedelta(days=400), "400 days", "400 días"),
    ],
)
def test_a_waiting_time_in_words(delta: timedelta, en: str, es: str) -> None:
    assert (until_words(delta, "en"), until_words(delta, "es")) == (en, es)


@pytest.mark.parametrize(
    ("delta", "en", "es"),
    [
        (timedelta(seconds=5), "in 1 minute", "dentro de 1 minuto"),
        (timedelta(seconds=100), "in 2 minutes", "dentro de 2 minutos"),
        (timedelta(minutes=9, seconds=50), "in 10 minutes", "dentro de 10 minutos"),
        (timedelta(minutes=10, seconds=29), "in 10 minutes", "dentro de 10 minutos"),
        (timedelta(minutes=12, seconds=40), "in 15 minutes", "dentro de 15 minutos"),
        (timedelta(minutes=57, seconds=20), "in 55 minutes", "dentro de 55 minutos"),
        (timedelta(minutes=59, seconds=57), "in 1 hour", "dentro de 1 hora"),
    ],
)
def test_a_time_from_now_in_words(delta: timedelta, en: str, es: str) -> None:
    assert (soon_words(delta, "en"), soon_words(delta, "es")) == (en, es)


@pytest.mark.parametrize(
    ("tag", "minute", "half_an_hour", "hour"),
    [
        ("fr", "dans 1 minute", "dans 30 minutes", "dans 1 heure"),
        ("de", "in 1 Minute", "in 30 Minuten", "in 1 Stunde"),
        ("pt-BR", "em 1 minuto", "em 30 minutos", "em 1 hora"),
        ("it", "tra 1 minuto", "tra 30 minuti", "tra 1 ora"),
        ("ar", "خلال دقيقة واحدة", "خلال 30 دقيقة", "خلال ساعة واحدة"),
        ("zh-Hans", "1分钟后", "30分钟后", "1小时后"),
        ("mr", "१ मिनिटामध्ये", "३० मिनिटांमध्ये", "१ तासामध्ये"),
    ],
)
def test_a_time_from_now_as_natives_say_it(tag: str, minute: str, half_an_hour: str, hour: str) -> None:
    assert [soon_words(timedelta(minutes=minutes), tag) for minutes in (1, 30, 60)] == [minute, half_an_hour, hour]


@pytest.mark.parametrize(
    ("tag", "waiting", "length"),
    [
        ("en", "2 days 3 hours", "2 hours 5 minutes"),
        ("es", "2 días y 3 horas", "2 horas y 5 minutos"),
        ("fr", "2 jours et 3 heures", "2 heures et 5 minutes"),
        ("de", "2 Tage und 3 Stunden", "2 Stunden und 5 Minuten"),
        ("pt-BR", "2 dias e 3 horas", "2 horas e 5 minutos"),
        ("it", "2 giorni e 3 ore", "2 ore e 5 minuti"),
        ("ar", "يومان و3 ساعات", "ساعتين و5 دقائق"),  # beside a label, and after a preposition
        ("zh-Hans", "2天3小时", "2小时5分钟"),
    ],
)
def test_a_waiting_time_and_a_length_as_natives_say_them(tag: str, waiting: str, length: str) -> None:
    assert until_words(timedelta(days=2, hours=3, minutes=4), tag) == waiting
    assert duration_words(7500, tag) == length


@pytest.mark.parametrize(
    ("tag", "full_date", "start", "clock"),
    [
        ("en", "Friday 1 January 2027", "5:00 pm", "5:00 pm – 6:30 pm"),
        ("es", "viernes, 1 de enero de 2027", "17:00", "17:00–18:30"),
        ("es-MX", "viernes, 1 de enero de 2027", "5:00 p.m.", "5:00 p.m. – 6:30 p.m."),
        ("fr", "vendredi 1er janvier 2027", "17:00", "17:00 – 18:30"),
        ("fr-CA", "vendredi 1er janvier 2027", "17 h 00", "17 h 00 – 18 h 30"),
        ("de", "Freitag, 1. Januar 2027", "17:00 Uhr", "17:00–18:30 Uhr"),
        ("de-AT", "Freitag, 1. Jänner 2027", "17:00 Uhr", "17:00–18:30 Uhr"),
        ("pt-BR", "sexta-feira, 1º de janeiro de 2027", "17:00", "17:00 – 18:30"),
        ("it", "venerdì 1 gennaio 2027", "17:00", "17:00–18:30"),
        ("ar", "الجمعة، 1 يناير 2027", "5:00 م", "5:00 م – 6:30 م"),
        ("zh-Hans", "2027年1月1日星期五", "17:00", "17:00–18:30"),
    ],
)
def test_the_first_of_january_at_five_as_natives_write_it(tag: str, full_date: str, start: str, clock: str) -> None:
    words = time_words(utc("2027-01-01 17:00"), utc("2027-01-01 18:30"), "Etc/UTC", tag)
    assert (words.full_date, words.start, words.clock) == (full_date, start, clock)
    eleventh = time_words(utc("2027-01-11 17:00"), utc("2027-01-11 18:30"), "Etc/UTC", tag)
    assert not re.search("1er|1º", eleventh.full_date)


@pytest.mark.parametrize(
    ("seconds", "tag", "words"),
    [
        (1800, "en", "30 minutes"),
        (3600, "en", "1 hour"),
        (5400, "en", "1 hour 30 minutes"),
        (93600, "en", "1 day 2 hours"),
        (3661, "en", "1 hour 1 minute 1 second"),
        (5400, "es", "1 hora y 30 minutos"),
        (5400, "de", "1 Stunde und 30 Minuten"),
        (5400, "fr", "1 heure et 30 minutes"),
        (5400, "ar", "ساعة و30 دقيقة"),
        (7200, "ar", "ساعتين"),
        (10800, "ar", "3 ساعات"),
        (10800, "ar-EG", "٣ ساعات"),
        (5400, "zh", "1小时30分钟"),
        (5400, "ja", "1時間30分"),
        (5400, "pt-BR", "1 hora e 30 minutos"),
        (18000, "ru", "5 часов"),
    ],
)
def test_a_length_in_words(seconds: int, tag: str, words: str) -> None:
    assert duration_words(seconds, tag) == words


@pytest.mark.parametrize(
    ("value", "tag", "words"),
    [
        (Day(2026, 3, 8), "en", "8 March 2026"),
        (date(2026, 3, 8), "es", "8 de marzo de 2026"),
        (time(14, 30), "en", "2:30 pm"),
        (time(14, 30), "es", "14:30"),
        (datetime.fromisoformat("2026-03-08 14:30"), "es", "domingo, 8 de marzo de 2026, 14:30"),
        (ZoneCity(LOS_ANGELES), "es", "Los Ángeles"),
        ("PST", "es", "PST"),
        (7, "es", "7"),
        (7, "ar", "7"),
        (7, "ar-EG", "٧"),
        (12000, "de", "12.000"),
        (Minutes(1), "en", "1 minute"),
        (Minutes(30), "de", "30 Minuten"),
        (Minutes(2), "ar", "دقيقتين"),
        (12000, "fr", "12 000"),
    ],
)
def test_a_value_of_an_error_in_the_readers_language(value: object, tag: str, words: object) -> None:
    assert in_language(value, tag) == words


def test_an_error_is_said_with_its_date_and_city_in_the_language_in_force() -> None:
    with pytest.raises(Invalid) as asked:
        timezones.resolve(datetime.fromisoformat("2026-03-08 02:30"), LOS_ANGELES)
    with speaking("en"):
        assert say(asked.value) == str(asked.value)


# What holds in every language

tags = st.sampled_from(sorted(name.replace("_", "-") for name in locale_identifiers()))
zones = st.sampled_from(timezones.offered_tzids())
instants = st.datetimes(
    min_value=datetime.fromisoformat("2020-01-01"),
    max_value=datetime.fromisoformat("2035-12-31"),
    timezones=st.just(UTC),
)
lengths = st.integers(min_value=1, max_value=3 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(tags, zones, zones, instants, lengths)
def test_words_are_plain_text_in_every_language(
    tag: str, tzid: str, event_tzid: str, starts_at: datetime, lasts: timedelta
) -> None:
    words = reader_words(starts_at, starts_at + lasts, tzid, event_tzid, tag)
    texts = [getattr(words, name) for name in TimeWords.__slots__]
    texts += [words.short, until_words(lasts, tag), duration_words(int(lasts.total_seconds()), tag)]
    for text in texts:
        assert text
        assert text == " ".join(text.split(" "))
        assert not re.search(r"[\u00a0\u2000-\u200b\u200e\u200f\u202a-\u202f\u2066-\u2069\n%{}∅]|duration-", text)
        assert text.strip() == text
        assert all(c == " " or unicodedata.category(c) not in {"Zs", "Zl", "Zp", "Cc"} for c in text)


@given(tags, zones, instants, lengths)
def test_whole_holds_date_clock_and_zone(tag: str, tzid: str, starts_at: datetime, lasts: timedelta) -> None:
    words = time_words(starts_at, starts_at + lasts, tzid, tag)
    assert words.whole.startswith(words.full_date)
    assert words.whole.endswith(words.zone)
    assert words.clock in words.whole
    assert words.clock.startswith(words.start.removesuffix(" Uhr"))
    assert datetime.fromisoformat(words.iso_start) == starts_at.replace(microsecond=0)
    same_day = words.iso_start[:10] == words.iso_end[:10]
    last = datetime.fromisoformat(words.iso_end)
    assert same_day or time_words(last, last, tzid, tag).full_date in words.clock


def test_one_language_never_answers_in_another() -> None:
    """Babel's data are shared between languages and were changed by being read (python-babel/babel#1234)."""
    languages = ["he", "zh", "ja", "pt", "it", "de", "ar", "es-MX", "ru", "fi", "en"]
    code = (
        "import sys\n"
        "from datetime import UTC, datetime, timedelta\n"
        "from eventsapp.domain.wording import reader_words, duration_words\n"
        "at = datetime(2026, 6, 13, 23, tzinfo=UTC)\n"
        "for tag in sys.argv[1:]:\n"
        "    words = reader_words(at, at + timedelta(hours=1), 'Asia/Tokyo', 'Etc/UTC', tag)\n"
        "    print(words, duration_words(5400, tag))"
    )

    def said(*tags: str) -> list[str]:
        done = subprocess.run([sys.executable, "-c", code, *tags], capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    forwards, backwards = said(*languages), said(*reversed(languages))
    assert forwards == backwards[::-1]
    assert forwards[-1] == said("en")[0]
    assert len(forwards) == len(languages)


CITIES = ("America/Los_Angeles", "America/Mexico_City", "Europe/Madrid")
LINES = {
    "en": "Los Angeles 16:00 · Mexico City 17:00 · Madrid 01:00 (+1)",
    "en-US": "Los Angeles 16:00 · Mexico City 17:00 · Madrid 01:00 (+1)",
    "es": "Los Ángeles 16:00 · Ciudad de México 17:00 · Madrid 01:00 (+1)",
    "fr-CA": "Los Angeles 16 h 00 · Mexico 17 h 00 · Madrid 01 h 00 (+1)",
    "fi": "Los Angeles 16.00 · Ciudad de México 17.00 · Madrid 01.00 (+1)",
    "zh-Hans": "洛杉矶 16:00 · 墨西哥城 17:00 · 马德里 01:00 (+1)",
    "ar": "لوس انجلوس 16:00 · مكسيكو سيتي 17:00 · مدريد 01:00 (الأحد)",
    "ar-EG": "لوس انجلوس ١٦:٠٠ · مكسيكو سيتي ١٧:٠٠ · مدريد ٠١:٠٠ (الأحد)",
    "he": "לוס אנג׳לס 16:00 · מקסיקו סיטי 17:00 · מדריד 01:00 (יום ראשון)",
}


@pytest.mark.parametrize("tag", LINES)
def test_one_instant_is_told_by_the_clocks_of_cities(tag: str) -> None:
    starts_at = datetime(2026, 6, 13, 23, tzinfo=UTC)
    assert cities_line(starts_at, [(tzid, city_words(tzid, tag)) for tzid in CITIES], tag) == LINES[tag]


def test_the_days_of_cities_are_held_against_the_first() -> None:
    starts_at = datetime(2026, 6, 13, 10, 30, tzinfo=UTC)
    cities = [("Pacific/Kiritimati", "Kiritimati"), ("Pacific/Pago_Pago", "Pago Pago"), ("Asia/Kolkata", "Pune")]
    assert cities_line(starts_at, cities, "en") == "Kiritimati 00:30 · Pago Pago 23:30 (−2) · Pune 16:00 (−1)"
