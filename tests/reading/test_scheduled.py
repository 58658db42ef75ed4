"""Reminders and follow-ups in a record."""

from typing import Any

import pytest
import yaml

from eventsapp.domain.triggers import DEFAULT_REMINDERS
from eventsapp.domain.vocabulary import FollowUpFor
from eventsapp.reading.values import FollowUpRecord
from eventsapp.reading.writing import plain_record, write_record
from tests.reading.records import mistakes, read, record


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, DEFAULT_REMINDERS),
        ([], ()),
        ("none", ()),
        ("None", ()),
        ("10 minutes before start", ("10 minutes before start",)),
        (["-P1D", "1h before"], ("1 day before start", "1 hour before start")),
        (["30 minutes after start", "at start"], ("30 minutes after start", "at start")),
    ],
)
def test_reminders_are_the_default_or_what_is_said(said: Any, meant: tuple[str, ...]) -> None:
    assert read(record(reminders=said)).reminders == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, ()),
        ("none", ()),
        ("2 hours after", (FollowUpRecord("2 hours after end"),)),
        (
            ["at end", {"send": "1 day after at 10:00"}],
            (FollowUpRecord("at end"), FollowUpRecord("1 day after end at 10:00")),
        ),
        (
            [{"send": "2 hours after end", "to": "Came", "wait_for_recording": "yes"}],
            (FollowUpRecord("2 hours after end", FollowUpFor.CAME, wait_for_recording=True),),
        ),
        (
            [{"send": "at end", "to": "came"}, {"send": "at end", "to": "missed"}],
            (FollowUpRecord("at end", FollowUpFor.CAME), FollowUpRecord("at end", FollowUpFor.MISSED)),
        ),
    ],
)
def test_follow_ups_are_none_or_what_is_said(said: Any, meant: tuple[FollowUpRecord, ...]) -> None:
    assert read(record(follow_ups=said)).follow_ups == meant


def test_a_bare_yaml_reader_and_ours_read_the_same() -> None:
    text = """
record: 1
slug: forum
organization: example-league
languages: {en: Forum}
occurrences: [{id: one, start: 2027-06-12 16:00, tzid: Europe/Madrid, duration: PT1H}]
reminders: [1 day before start at 09:00, 1 hour before start]
follow_ups: [{send: 1 day after end at 10:00, to: came}]
"""
    said = read(text)
    assert list(said.reminders) == yaml.safe_load(text)["reminders"]
    assert said.follow_ups == (FollowUpRecord("1 day after end at 10:00", FollowUpFor.CAME),)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ({}, (None, None)),
        ({"reminders": list(reversed(DEFAULT_REMINDERS))}, (["1 hour before start", "24 hours before start"], None)),
        ({"reminders": list(DEFAULT_REMINDERS), "follow_ups": []}, (None, None)),
        ({"reminders": []}, ("none", None)),
        ({"follow_ups": "at end"}, (None, [{"send": "at end"}])),
        (
            {"follow_ups": [{"send": "at end", "to": "missed", "wait_for_recording": True}]},
            (None, [{"send": "at end", "to": "missed", "wait_for_recording": True}]),
        ),
    ],
)
def test_only_what_is_not_the_default_is_written(said: dict[str, Any], written: tuple[Any, Any]) -> None:
    one = read(record(**said))
    plain = plain_record(one)
    assert (plain.get("reminders"), plain.get("follow_ups")) == written
    assert read(write_record(one)) == one


@pytest.mark.parametrize(
    ("said", "key", "sentence"),
    [
        ({"reminders": ["soon"]}, "reminders[0]", "soon is no time before or after an event. Write for example "),
        (
            {"reminders": ["1 hour before start at 09:00"]},
            "reminders[0]",
            "Give a time of day only together with whole days. ",
        ),
        ({"reminders": ["400 days before start"]}, "reminders[0]", "Write a time of at most 366 days."),
        ({"reminders": ["at start", "2 hours after end"]}, "reminders[1]", "A reminder comes before the end; "),
        (
            {"reminders": ["1h before", "60m before", "-PT60M"]},
            "reminders[2]",
            "This stands here twice; leave one out.",
        ),
        ({"reminders": ["at start"] * 11}, "reminders", "At most 10 can stand here."),
        ({"reminders": {"at": "start"}}, "reminders[0]", "This is a mapping; write one value here."),
        ({"reminder": ["at start"]}, "reminder", "There is no key reminder here. Did you mean reminders?"),
        ({"follow_ups": [{"to": "came"}]}, "follow_ups[0].send", "This key is missing; write for example `send: 1 day"),
        ({"follow_ups": ["1 hour before start"]}, "follow_ups[0].send", "A follow-up comes after the end; write for "),
        ({"follow_ups": ["2 hours after start"]}, "follow_ups[0].send", "A follow-up comes after the end; write for "),
        ({"follow_ups": ["15 minutes before end"]}, "follow_ups[0].send", "A follow-up comes after the end; "),
        ({"follow_ups": [{"send": "at end", "to": "al"}]}, "follow_ups[0].to", "al is not known here; write one of: "),
        ({"follow_ups": [{"send": "at end", "for": "all"}]}, "follow_ups[0].for", "There is no key for here. Did you "),
        ({"follow_ups": ["at end", {"send": "at end", "to": "came"}]}, "follow_ups[1]", "Somebody would get two "),
        ({"follow_ups": ["at end"] * 11}, "follow_ups", "At most 10 can stand here."),
        ({"letters": {"digest": {"en": "Hello"}}}, "letters.digest", "digest is not known here; write one of: "),
    ],
)
def test_mistakes_say_what_would_be_right(said: dict[str, Any], key: str, sentence: str) -> None:
    found = mistakes(record(**said))
    assert [(where, message[: len(sentence)]) for where, message in found if where == key][:1] == [(key, sentence)]


def test_words_of_ones_own_stand_in_letters_that_a_time_causes() -> None:
    words = {kind: {"en": "Hello"} for kind in ("changed", "reminder", "follow_up", "missed")}
    assert sorted(read(record(letters=words)).letters) == sorted(words)
