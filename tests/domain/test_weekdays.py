"""Days of the week in texts."""

import pytest

from eventsapp.domain.weekdays import weekday_name, weekdays_named


@pytest.mark.parametrize(
    ("text", "tag", "days"),
    [
        ("Every Monday and on SUNDAYS", "en", {0, 6}),
        ("Mondayish, sunbathing on a sunny day", "en", set()),
        ("Los miércoles y el sábado", "es", {2, 5}),
        ("Am Samstag, nicht sonntags", "de", {5, 6}),
        ("Na terça-feira", "pt-BR", {1}),
        ("يوم الأحد", "ar", {6}),
        ("我们星期三见", "zh-Hans", {2}),
        ("Monday", "es", set()),
    ],
)
def test_full_names_are_found(text, tag, days):
    assert weekdays_named(text, tag) == days


def test_a_day_has_its_name_in_each_language():
    assert [weekday_name(0, tag) for tag in ("en", "de", "zh-Hans")] == ["Monday", "Montag", "星期一"]
