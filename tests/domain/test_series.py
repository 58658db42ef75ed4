"""A series by its rule, and times as people type them."""

from datetime import date, time

import pytest

from eventsapp.domain.errors import Invalid
from eventsapp.domain.series import MOST_DATES, Repeat, Rule, dates_of
from eventsapp.domain.typed_times import length_text, read_clock, read_length

FIRST = date(2026, 6, 1)  # a Monday


def days(**rule):
    return [f"{day:%d.%m.}" for day in dates_of(Rule(**{"repeat": Repeat.WEEKLY, "first": FIRST} | rule))]


def test_weeks():
    assert days(count=3) == ["01.06.", "08.06.", "15.06."]
    assert days(count=4, weekdays=(0, 3)) == ["01.06.", "04.06.", "08.06.", "11.06."]
    assert days(until=date(2026, 6, 29), every=2) == ["01.06.", "15.06.", "29.06."]
    assert days(count=2, weekdays=(6,)) == ["07.06.", "14.06."]


def test_months():
    by_weekday = {"repeat": Repeat.MONTHLY_BY_WEEKDAY, "count": 3}
    assert days(**by_weekday) == ["01.06.", "06.07.", "03.08."]
    assert days(**by_weekday, which=-1, weekdays=(3,)) == ["25.06.", "30.07.", "27.08."]
    long_months = {"repeat": Repeat.MONTHLY_BY_DATE, "first": date(2026, 8, 31), "count": 3}
    assert days(**long_months) == ["31.08.", "31.10.", "31.12."]


def test_a_series_ends():
    assert len(days(count=MOST_DATES)) == MOST_DATES
    assert days(count=2, until=date(2026, 6, 1)) == ["01.06."]
    for rule in ({}, {"count": MOST_DATES + 1}, {"until": date(2030, 1, 1)}, {"until": date(2026, 5, 1)}):
        with pytest.raises(Invalid):
            days(**rule)


def test_clocks_as_they_are_typed():
    typed = ("17:00", "5 pm", "5:30 p.m.", "17h30", "17.00", "12 am")
    assert [read_clock(text) for text in typed] == [
        time(17, 0), time(17, 0), time(17, 30), time(17, 30), time(17, 0), time(0, 0)
    ]  # fmt: skip
    for text in ("", "5", "25:00", "13 pm", "17:60", "noon"):
        with pytest.raises(Invalid):
            read_clock(text)


def test_lengths_as_they_are_typed():
    typed = ("1:30", "1h30", "1 h 30 min", "90", "90 min", "2 h", "48:00")
    assert [read_length(text) // 60 for text in typed] == [90, 90, 90, 90, 90, 120, 2880]
    assert length_text(read_length("1:05")) == "1:05"
    for text in ("", "2", "0:00", "1500:00", "-1", "an hour"):
        with pytest.raises(Invalid):
            read_length(text)
