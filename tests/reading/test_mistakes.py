"""Broken records: every mistake is named at its key, in a sentence that says what would be right, all at once."""

from copy import deepcopy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from eventsapp.domain.errors import Invalid
from eventsapp.reading.mistakes import Mistake, RecordRefused
from eventsapp.reading.writing import write_record
from tests.reading.records import mistakes, occurrence, read, record
from tests.reading.test_record import worked_example


def one(key, **changes):
    """The record with one occurrence changed, and the key's own path."""
    return record(occurrences=[occurrence(**changes)]), f"occurrences[0].{key}"


def room(key, **conference):
    return record(occurrences=[occurrence(conference=conference)]), f"occurrences[0].conference.{key}"


def question(key, **changes):
    asked = {"id": "q", "type": "short_text", "label": {"en": "Why?"}} | changes
    asked = {name: value for name, value in asked.items() if value is not None}
    return record(registration={"questions": [asked]}), f"registration.questions[0].{key}"


DIET = {"id": "diet", "type": "single_choice", "label": "Diet", "options": ["vegan", "other"]}
ABOVE = [
    {"id": "name", "type": "short_text", "label": "Name"},
    DIET,
    {"id": "meal", "type": "yes_no", "label": "Meal?"},
    {"id": "country", "type": "country", "label": "Country"},
]
BELOW = {"id": "terms", "type": "consent", "label": "Terms"}


def asked(key, *conditions, above=ABOVE):
    """The record with a question in the midst of others that waits for their answers."""
    last = {"id": "last", "type": "date", "label": "Last", "only_if": list(conditions)}
    return record(registration={"questions": [*above, last, BELOW]}), f"registration.questions[{len(above)}].{key}"


def wants(name, *values):
    return {"question": name, "is": list(values)}


def option(key, **changes):
    options = [{"id": "a", "label": "A", "other": "true"}, {"id": "b", "label": "B"} | changes]
    return record(
        registration={"questions": [DIET | {"options": options}]}
    ), f"registration.questions[0].options[1].{key}"


TWO = {"en": "Forum", "es": "Foro"}
CASES = [
    # the event
    (record(record="2"), "record", "2 cannot stand here; write 1."),
    (record(record=None), "record", "This key is missing; write for example `record: 1`."),
    (record(slug=None), "slug", "This key is missing; write for example `slug: forum`."),
    (record(slug="../../etc"), "slug", "cannot be part of an address"),
    (record(slug="Über-Forum"), "slug", "for example uber-forum"),
    (record(slug="a" * 81), "slug", "at most 80 characters"),
    (record(slug=["a"]), "slug", "This is a list; write one value here."),
    (record(slug={"a": "b"}), "slug", "This is a mapping; write one value here."),
    (
        record(organization=None),
        "organization",
        "This key is missing; write for example `organization: example-league`.",
    ),
    (record(organization="日本語"), "organization.slug", "The organization needs a slug"),
    (record(organization={}), "organization.slug", "The organization needs a slug"),
    (record(organization={"slug": "x", "contact": "nobody"}), "organization.contact", "in the correct format"),
    (record(organization={"slug": "x", "accent": "teal"}), "organization.accent", "teal is no colour"),
    (record(organization={"slug": "x", "retention_days": "0"}), "organization.retention_days", "a whole number from 1"),
    (
        record(organization={"slug": "x", "privacy_url": "javascript:alert(1)"}),
        "organization.privacy_url",
        "is no web address",
    ),
    (
        record(organization={"slug": "x", "privacy_url": "https://a@b.example"}),
        "organization.privacy_url",
        "is no web address",
    ),
    (
        record(organization={"slug": "x", "conference_hosts": ["x"]}),
        "organization.conference_hosts[0]",
        "no host name",
    ),
    (record(organization={"slug": "x", "sender": "a@@b"}), "organization.sender", "Write the sender's name here"),
    (record(contact="Ana"), "contact", "in the correct format"),
    (record(contact="üser@example.org"), "contact", "unaccented"),
    (record(picture="../secret.png"), "picture", "leads out of the record's folder"),
    (record(picture="/etc/passwd"), "picture", "leads out of the record's folder"),
    (record(picture="..\\x.png"), "picture", "leads out of the record's folder"),
    (record(picture="file:///x.png"), "picture", "leads out of the record's folder"),
    (record(topics=["x"] * 21), "topics", "At most 20 can stand here."),
    (record(topics=["x" * 61]), "topics[0]", "at most 60 characters"),
    (record(topics=[None]), "topics[0]", "This is empty"),
    (record(topics=["x", ["y"]]), "topics[1]", "Write a mapping here"),
    (record(topics=["x", {"en": "y" * 61}]), "topics[1].en", "at most 60 characters"),
    (record(topics=[{"en": "x", "de": "y"}]), "topics[0].de", "The event has no language de"),
    (record(topics={"en": ["x", "y"]}), "topics[0].en", "This is a list"),
    (record(status="live"), "status", "live is not known here; write one of: draft, published, cancelled."),
    (record(visibility="privat"), "visibility", "write one of: public, unlisted."),
    (record(cities=["Springfield"]), "cities[0]", "We do not know Springfield. Write a big city near it"),
    (record(cities=["Madrid", "Mexico"]), "cities[1]", "Mexico may mean several places. Write one of these:"),
    (record(cities=["PST"]), "cities[0]", "PST may mean several time zones."),
    (record(cities=["UTC+2"]), "cities[0]", "is an offset"),
    (record(cities=["Madrid", "Rome", "Europe/Madrid"]), "cities[2]", "Europe/Madrid stands here twice (also in [0])"),
    (record(cities=["Los Angeles", "San Francisco"]), "cities[1]", "America/Los_Angeles stands here twice"),
    (record(cities=["Madrid", None]), "cities[1]", "This is empty"),
    (record(cities=["Madrid"] * 13), "cities", "At most 12 can stand here."),
    (record(cities={"es": "Madrid"}), "cities[0]", "This is a mapping"),
    # languages
    (record(languages=None), "languages", "This key is missing"),
    (record(languages={}), "languages", "At least one must stand here."),
    (record(languages=["en"]), "languages", "Write a mapping here"),
    (record(languages={"english": "x"}), "languages.english", "is not a language tag"),
    (record(languages={"en": {}}), "languages.en.summary", "This key is missing"),
    (record(languages={"en": {"summary": "''"[:0]}}), "languages.en.summary", "This is empty"),
    (record(languages={"en": {"summary": "\u200b"}}), "languages.en.summary", "This is empty"),
    (
        record(languages={"en": {"summary": "x" * 201}}),
        "languages.en.summary",
        "at most 200 characters",
    ),
    (
        record(languages={"en": {"summary": "x", "description": "y\n" * 20_001}}),
        "languages.en.description",
        "at most 20000",
    ),
    (record(languages={"es-MX": "x", "es_mx": "y"}), "languages.es_mx", "the same as another key here (es-MX)"),
    (record(languages=TWO), "default_language", "This key is missing; write which of en, es it is."),
    (
        record(languages=TWO, default_language="fr"),
        "default_language",
        "write one of en, es.",
    ),
    # time
    (*one("start", start=None), "This key is missing; write for example `start: 2026-06-10 16:00`."),
    (*one("start", start="2027-06-12"), "The time of day is missing; write for example `2027-06-12 16:00`."),
    (*one("start", start="2027-06-12T16:00Z"), "Leave out Z or the offset"),
    (*one("start", start="2027-06-12 16:00+02:00"), "Leave out Z or the offset"),
    (*one("start", start="2027-06-12 16:00 -0700"), "Leave out Z or the offset"),
    (*one("start", start="2027-06-12T16:00[America/Los_Angeles]"), "Leave out Z or the offset"),
    (*one("start", start="2027-02-29 10:00"), "is no date and time of the calendar"),
    (*one("start", start="2027-06-12 24:00"), "is no date and time of the calendar"),
    (*one("start", start="10/06/2027 16:00"), "write year-month-day hour:minute"),
    (*one("start", start="next Saturday"), "write year-month-day hour:minute"),
    (*one("start", start="0001-01-01 00:00"), "Write a year from 1970 to 2200."),
    (*one("start", start="9999-12-31 23:59"), "Write a year from 1970 to 2200."),
    (*one("start", start="2027-03-14 02:30"), "02:30 does not exist. Write 03:30 or 01:30."),
    (*one("start", start="2027-11-07 01:30"), "Add fold: 0 for the first (UTC−7) or fold: 1 for the second (UTC−8)."),
    (*one("fold", start="2027-11-07 01:30", fold="2"), "write a whole number from 0 to 1"),
    (*one("tzid", tzid=None), "This key is missing; write for example `tzid: America/Los_Angeles`."),
    (*one("tzid", tzid="PST"), "PST may mean several time zones."),
    (*one("tzid", tzid="Mars/Olympus"), "There is no time zone Mars/Olympus."),
    (*one("tzid", tzid="../../etc/passwd"), "There is no time zone"),
    (*one("tzid", tzid="UTC-7"), "an offset does not follow clock changes"),
    (*one("duration", duration=None), "Write how long it lasts"),
    (*one("duration", duration="1:30"), "1:30 is no duration; write for example PT1H30M"),
    (*one("duration", duration="P1M"), "P1M is no duration"),
    (*one("duration", duration="PT"), "PT is no duration"),
    (*one("duration", duration="-PT1H"), "is no duration"),
    (*one("duration", duration="PT0M"), "write a duration from PT1M to PT1440H"),
    (*one("duration", duration="PT99999H"), "write a duration from PT1M to PT1440H"),
    (*one("end", end="2027-06-12 17:00"), "Write duration or end, not both."),
    (*one("end", duration=None, end="2027-06-12 15:00"), "The end is not after the start"),
    (*one("end", duration=None, end="16:00"), "The end is not after the start"),
    (*one("end", duration=None, end="25:00"), "25:00 is no time of day"),
    (*one("end", duration=None, end="2028-06-12 15:00"), "more than 60 days after the start"),
    (*one("end", start="2027-03-14 01:00", duration=None, end="02:30"), "02:30 does not exist"),
    (
        *one("end", start="2027-11-07 00:30", duration=None, end="01:30"),
        "instead of end (PT60M or PT120M)",
    ),
    # occurrences
    (record(occurrences=None), "occurrences", "This key is missing"),
    (record(occurrences=[]), "occurrences", "At least one must stand here."),
    (record(occurrences={"id": "x"}), "occurrences", "Write a list here"),
    (record(occurrences=["x"]), "occurrences[0]", "Write a mapping here"),
    (record(occurrences=[None, occurrence()]), "occurrences[0]", "This is empty"),
    (*one("id", id=None), "This key is missing"),
    (*one("id", id="calendar"), "calendar is reserved"),
    (*one("id", id="Calendar"), "Calendar is reserved"),
    (*one("id", id="../x"), "cannot be an id"),
    (*one("id", id=".hidden"), "beginning with a letter or digit"),
    (*one("id", id="año"), "for example ano"),
    (*one("id", id="a b"), "for example a-b"),
    (*one("id", id="x" * 61), "at most 60 characters"),
    (record(occurrences=[occurrence(), occurrence(id="One")]), "occurrences[1].id", "stands here twice (also in [0])"),
    (*one("language", language="fr"), "The event has no language fr; it has en."),
    (*one("language", language="xx"), "names no known language"),
    (*one("capacity", capacity="0"), "write a whole number from 1"),
    (*one("capacity", capacity="-5"), "write a whole number from 1"),
    (*one("capacity", capacity="1.5"), "write a whole number from 1"),
    (*one("capacity", capacity="many"), "write a whole number from 1"),
    (*one("capacity", capacity="9" * 400), "write a whole number from 1"),
    (*one("location.de", location={"de": "x"}), "The event has no language de"),
    (*one("registration", registration="optional"), "write one of: none, required."),
    (*one("join_opens", join_opens="PT200H"), "write a duration from PT0M to PT168H"),
    (*one("status", status="draft"), "One date cannot be a draft"),
    (*one("recording", recording="http://example.org/x"), "write an address that begins with https://"),
    (*one("recording", recording="javascript:alert(1)"), "is no web address"),
    (*one("recording.en", recording={"en": "https://u:p@example.org/x"}), "is no web address"),
    (*one("recording.de", recording={"de": "https://example.org/x"}), "The event has no language de"),
    (*one("recording", recording=["https://example.org/x"]), "Write a mapping here"),
    (*one("video", video="https://example.org/x"), "Did you mean recording?"),
    # rooms
    (*room("meeting_id", meeting_id="1234"), "9 to 11 digits"),
    (
        *room("meeting_id", meeting_id="85835549493", url="https://zoom.us/j/85835549492"),
        "correct the one that is wrong",
    ),
    (*room("url", url="https://zoom.us.evil.example/j/85835549492", provider="zoom"), "which is not Zoom's"),
    (*room("url", url="https://zoom.us.evil.example/j/85835549492"), "which is not Zoom's"),
    (*room("url", url="https://evilzoom.us/j/85835549492"), "which is not Zoom's"),
    (*room("url", url="https://zoom.us@evil.example/"), "must not carry a user name"),
    (*room("url", url="http://zoom.us/j/85835549492"), "must begin with https://"),
    (*room("url", url="https://zoom.us/s/85835549492"), "start link"),
    (*room("url", url="javascript:alert(1)"), "must begin with https://"),
    (*room("url", url="https://zооm.us/j/85835549492"), "plain ASCII"),
    (*room("passcode", passcode="abcdefghijk"), "at most 10 characters"),
    (*room("kind", kind="webinarr"), "write one of: meeting, webinar. Did you mean webinar?"),
    (*room("access", access="everybody"), "write one of: public, registered."),
    (*room("provider", provider="teams"), "write one of: zoom, other."),
    (*room("dial_in[0].number", dial_in=["call me"]), "is no telephone number"),
    (*room("dial_in[0].country", dial_in=[{"number": "+52 55 4161 4288", "country": "Mexico"}]), "no country code"),
    (*room("dial_in[1]", dial_in=["+52 55 4161 4288", None]), "This is empty"),
    # registration
    (record(registration="open"), "registration", "Write a mapping here"),
    (record(registration={"choose": "two"}), "registration.choose", "write one of: one, any, all."),
    (record(registration={"approval": "sometimes"}), "registration.approval", "write one of: automatic, manual."),
    (record(registration={"waitlist": "maybe"}), "registration.waitlist", "neither true nor false"),
    (record(registration={"opens": {"tzid": "Europe/Madrid"}}), "registration.opens.at", "This key is missing"),
    (
        record(registration={"opens": "2027-06-02 09:00", "closes": "2027-06-01 09:00"}),
        "registration.closes",
        "closes before it opens",
    ),
    (
        record(
            occurrences=[occurrence(), occurrence(id="two", tzid="Asia/Tokyo")],
            registration={"closes": "2027-06-01 09:00"},
        ),
        "registration.closes.tzid",
        "This key is missing",
    ),
    (record(registration={"closes": "2027-03-14 02:30"}), "registration.closes", "does not exist"),
    (*question("id", id="a/b"), "cannot be an id"),
    (*question("type", type="sigle_choice"), "Did you mean single_choice?"),
    (*question("type", type=None), "This key is missing"),
    (*question("label", label=None), "This key is missing"),
    (*question("label", label=""), "This is empty"),
    (
        question("", label={"es": "x"})[0] | {"languages": TWO, "default_language": "en"},
        "registration.questions[0].label",
        "The text in the default language is missing; add `en: …`.",
    ),
    (*question("label.es", label={"es": "x", "en": "y"}), "The event has no language es"),
    (*question("options", type="single_choice"), "A choice needs options"),
    (*question("options", type="single_choice", options=[]), "A choice needs at least one option."),
    (*question("options", options=["a"]), "A short_text question takes no options"),
    (*question("options[1].id", type="single_choice", options=["a", "A"]), "stands here twice"),
    (*question("options[0].id", type="single_choice", options=["From a friend"]), "for example from-a-friend"),
    (*question("required", type="consent", required="false"), "A consent must be ticked"),
    (*option("other", other="true"), "One option of a question can ask what is meant, and [0] does so already"),
    (*option("other", other="maybe"), "neither true nor false"),
    (*option("limit", limit="-1"), "write a whole number from 0"),
    (*option("limit", limit="1.5"), "write a whole number from 0"),
    (*option("capacity", capacity="5"), "Did you mean limit?"),
    (*question("limit", limit="5"), "it belongs to an option"),
    (*asked("only_if[0].question", {"is": "x"}), "This key is missing; write for example `question: diet`."),
    (*asked("only_if[0].is", {"question": "diet"}), "This key is missing; write for example `is: other`."),
    (*asked("only_if[0].is", wants("diet")), "At least one must stand here."),
    (*asked("only_if[0].is[1]", wants("diet", "vegan", None)), "This is empty"),
    (*asked("only_if[0].values", wants("diet", "vegan") | {"values": "x"}), "Did you mean is?"),
    (*asked("only_if[1]", wants("diet", "vegan"), "meal"), "Write a mapping here"),
    (*asked("only_if", *[wants("diet", "vegan")] * 11), "At most 10 can stand here."),
    (*asked("only_if[0].question", wants("last", "x")), "A question cannot wait for its own answer"),
    (*asked("only_if[0].question", wants("terms", "yes")), "terms stands below this question"),
    (
        *asked("only_if[0].question", wants("diets", "vegan")),
        "There is no question diets above this one; write one of: diet, meal, country. Did you mean diet?",
    ),
    (*asked("only_if[0].question", wants("Meal", "yes")), "write one of: diet, meal, country. Did you mean meal?"),
    (
        *asked("only_if[0].question", wants("diet", "vegan"), above=ABOVE[:1]),
        "There is no question diet above this one, and none that a condition could name (single_choice,",
    ),
    (
        *asked("only_if[0].question", wants("diet", "vegan"), above=[DIET | {"retired": "true"}]),
        "diet is retired, so nobody would be asked this; retire this too, or ask diet.",
    ),
    (*asked("only_if[0].question", wants("name", "Ana")), "A condition cannot ask about name, a short_text question"),
    (
        *asked("only_if[0].is[1]", wants("diet", "other", "vegans")),
        "vegans is no option of diet; write one of: vegan, other. Did you mean vegan?",
    ),
    (*asked("only_if[0].is[0]", wants("diet", "Other")), "write one of: vegan, other. Did you mean other?"),
    (*asked("only_if[0].is[0]", wants("meal", "maybe")), "maybe is no answer to meal; write yes or no."),
    (*asked("only_if[0].is[0]", wants("country", "Mexico")), "Mexico is no country code"),
    (
        *asked("only_if[1]", wants("diet", "vegan"), wants("diet", "other")),
        "diet has one answer, so these conditions never hold together; write its values in one list, `is: [vegan, oth",
    ),
    (*asked("only_if[2]", wants("meal", "yes"), wants("diet", "vegan"), wants("meal", "no")), "never hold together"),
    (*question("show_if", show_if="x"), "Did you mean only_if?"),
    (record(registration={"verify": {}}), "registration.verify.within", "write for example `within: PT2H`"),
    (record(registration={"verify": "soon"}), "registration.verify.within", "soon is no duration"),
    (record(registration={"verify": "PT9M"}), "registration.verify.within", "a duration from PT10M to PT168H"),
    (record(registration={"verify": {"within": "P8D"}}), "registration.verify.within", "from PT10M to PT168H"),
    (record(within="PT2H"), "within", "it belongs to verify"),
    (record(registration={"questions": [{}] * 51}), "registration.questions", "At most 50 can stand here."),
    # letters
    (record(letters={"welcome": {"en": "x"}}), "letters.welcome", "welcome is not known here"),
    (record(letters={"link": {"en": "x"}}), "letters.link", "The letter link carries no words of yours"),
    (record(letters={"Verification": {"en": "x"}}), "letters.Verification", "The letter verification carries no words"),
    (record(letters={"address change": {"en": "x"}}), "letters.address change", "leave it out"),
    (record(letters={"confirmation": {"es": "x"}}), "letters.confirmation.es", "The event has no language es"),
    (record(letters={"confirmation": "x"}), "letters.confirmation", "Write a mapping here"),
    (record(letters={"confirmation": {"en": {"body": "x" * 20_001}}}), "letters.confirmation.en.body", "at most 20000"),
    # unknown keys
    (record(langages={}), "langages", "There is no key langages here. Did you mean languages?"),
    (record(organisation="x"), "organisation", "Did you mean organization?"),
    (record(questions=["x"]), "questions", "The key questions does not stand here; it belongs to registration."),
    (record(zzz="x"), "zzz", "known are record, slug, organization"),
    (*one("timezone", timezone="x"), "Did you mean tzid?"),
    (*one("meeting_id", meeting_id="x"), "it belongs to conference"),
    (*room("password", password="x"), "Did you mean passcode?"),
    (*question("lable", lable="x"), "Did you mean label?"),
    (record(languages={"en": {"summary": "x", "title": "y"}}), "languages.en.title", "Did you mean summary?"),
]


@pytest.mark.parametrize(
    ("values", "key", "words"), CASES, ids=[f"{key}: {words[:40]}" for _values, key, words in CASES]
)
def test_a_mistake_is_named_at_its_key_and_alone(values, key, words):
    ((said_key, message),) = mistakes(values)
    assert said_key == key
    assert words in message
    assert len(message) < 400


BROKEN = """\
record: 1
slug: Public Forum
languages:
  en:
    sumary: Forum
  es: {summary: Foro}
default_language: en
occurrences:
  - id: one
    start: 2027-03-14 02:30
    tzid: America/Los_Angeles
    duration: PT1H
  - id: two
    start: 2027-06-12 16:00
    tzid: PST
    duration: PT1H
    conference:
      meeting_id: 858 3554 9493
      url: https://zoom.us/j/85835549492
"""


def test_all_mistakes_are_reported_at_once_with_their_lines():
    with pytest.raises(RecordRefused) as refused:
        read(BROKEN)
    assert [(mistake.line, mistake.key) for mistake in refused.value.mistakes] == [
        (1, "organization"),
        (2, "slug"),
        (4, "languages.en.summary"),
        (5, "languages.en.sumary"),
        (10, "occurrences[0].start"),
        (15, "occurrences[1].tzid"),
        (18, "occurrences[1].conference.meeting_id"),
    ]
    assert str(refused.value).splitlines()[-1] == (
        "forum.yaml:18: occurrences[1].conference.meeting_id: The meeting ID is 858 3554 9493 but the link leads to"
        " 858 3554 9492; correct the one that is wrong."
    )


def test_a_file_of_nothing_but_mistakes_stays_readable():
    text = "record: 1\n" + "".join(f"key{number}: x\n" for number in range(5000))
    with pytest.raises(RecordRefused) as refused:
        read(text)
    assert len(refused.value.mistakes) == 201
    assert refused.value.mistakes[-1].message.endswith("more.")


def test_a_mistake_of_the_whole_file_has_no_line():
    assert str(Mistake("x.yaml", 0, "", "It is empty.")) == "x.yaml: It is empty."
    assert not issubclass(RecordRefused, Invalid)


ODD = [
    *[
        "x",
        "",
        [],
        {},
        None,
        ["a"],
        {"a": "b"},
        [None],
        [[]],
        {"": ""},
        "1",
        "-1",
        "16:00",
        "es",
        "fr",
        "es_MX",
        "calendar",
    ],
    *["2027-11-07 01:30", "2027-03-14 02:30", {"at": "2027-11-07 01:30"}, "Europe/Madrid", "PT1H", "true", "consent"],
    *[{"en": None}, {"en": "x"}, {"en": {"en": "x"}}, ["x", "x"], [{}], "https://zoom.us/j/1", {"slug": "x"}],
]


def steps_into(values, path=()):
    yield path
    pairs = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for step, below in pairs:
        yield from steps_into(below, (*path, step))


@settings(max_examples=60)
@given(st.data())
def test_no_shape_breaks_the_reader(data):
    """A value of the worked example is taken out or becomes something odd: it is read, or refused with lines."""
    values = yaml.load(worked_example(), Loader=yaml.BaseLoader)  # noqa: S506  builds nothing but texts
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from([path for path in steps_into(values) if path]))
        parent = values
        for step in way:
            parent = parent[step]
        if data.draw(st.booleans()):
            parent[last] = deepcopy(data.draw(st.sampled_from(ODD)))
        else:
            del parent[last]
    try:
        said = read(values)
    except RecordRefused as refused:
        lines = [mistake.line for mistake in refused.mistakes]
    else:
        assert read(write_record(said)) == said
        lines = [1]
    assert lines
    assert min(lines) >= 1
