"""What a good record says, and what natural spellings it may use."""

from datetime import datetime
from pathlib import Path

import pytest

from eventsapp.domain.entry import DialIn
from eventsapp.domain.vocabulary import (
    Approval,
    Choose,
    ConferenceAccess,
    ConferenceKind,
    ConferenceProvider,
    EventStatus,
    LetterKind,
    QuestionType,
    RegistrationNeed,
    Visibility,
)
from eventsapp.reading.values import (
    ConditionRecord,
    ConferenceRecord,
    EventRecord,
    LetterWords,
    Moment,
    OccurrenceRecord,
    OptionRecord,
    OrganizationRecord,
    QuestionRecord,
    Words,
)
from tests.reading.records import none_known, occurrence, read, record

LA = "America/Los_Angeles"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def worked_example() -> str:
    page = (Path(__file__).parents[2] / "docs" / "event-record.md").read_text(encoding="utf-8")
    return page.partition("```yaml\n")[2].partition("```")[0]


def test_the_worked_example_says_what_is_meant():
    said = read(worked_example())
    assert said.organization == OrganizationRecord(
        slug="example-league",
        name="Example League (International)",
        contact="forum@league.example",
        privacy_url="https://league.example/privacy",
    )
    assert said.occurrences == (
        OccurrenceRecord(
            id="english",
            start=Moment(at("2027-06-12T16:00"), LA),
            duration_seconds=5400,
            language="en",
            registration=RegistrationNeed.NONE,
            conference=ConferenceRecord(meeting_id="85835549492", passcode="191837", access=ConferenceAccess.PUBLIC),
        ),
        OccurrenceRecord(
            id="spanish",
            start=Moment(at("2027-06-27T17:00"), LA),
            duration_seconds=5400,
            language="es",
            capacity=300,
            join_opens_seconds=1200,
            conference=ConferenceRecord(
                kind=ConferenceKind.WEBINAR,
                meeting_id="82314567890",
                passcode="428571",
                url="https://us06web.zoom.us/j/82314567890",
                dial_in=(DialIn("+52 55 4161 4288", "MX", "Ciudad de México"), DialIn("+57 601 514 7820")),
            ),
        ),
    )
    assert said.questions == (
        QuestionRecord(
            id="source",
            type=QuestionType.SINGLE_CHOICE,
            required=False,
            label={"en": "How did you hear about the forum?", "es": "¿Cómo se enteró del foro?"},
            options=(
                OptionRecord("friend", {"en": "From a friend", "es": "Por una amistad"}),
                OptionRecord("other", {"en": "Somewhere else", "es": "De otra manera"}, other=True),
            ),
        ),
        QuestionRecord(
            id="consent",
            type=QuestionType.CONSENT,
            required=True,
            label={
                "en": "I agree that the Example League keeps these data in order to hold the forum.",
                "es": "Acepto que la Example League guarde estos datos para celebrar el foro.",
            },
        ),
    )
    assert (said.opens, said.closes) == (Moment(at("2027-05-01T09:00"), LA), None)
    assert said.city_tzids == (LA, "America/Mexico_City", "Europe/Madrid")
    assert (said.choose, said.approval, said.waitlist) == (Choose.ONE, Approval.AUTOMATIC, True)
    assert said.letters == {
        LetterKind.CONFIRMATION: {
            "en": LetterWords("You are registered: {summary}", "Thank you, {name}."),
            "es": LetterWords("Inscripción confirmada: {summary}", "Gracias, {name}."),
        }
    }
    assert (said.status, said.visibility, said.notes) == (EventStatus.PUBLISHED, Visibility.PUBLIC, ())


def test_what_is_left_out_is_at_its_default():
    assert read(record()) == EventRecord(
        slug="forum",
        organization=OrganizationRecord("example-league"),
        default_language="en",
        languages={"en": Words("Public forum")},
        occurrences=(OccurrenceRecord("one", Moment(at("2027-06-12T16:00"), LA), 3600),),
    )


@pytest.mark.parametrize(
    ("written", "local"),
    [
        ("2027-06-12 16:00", "2027-06-12T16:00"),
        ("2027-06-12T16:00", "2027-06-12T16:00"),
        ("2027-06-12t16:00:00", "2027-06-12T16:00"),
        ("2027-06-12 16:00:30", "2027-06-12T16:00:30"),
        ("2027-06-12  9:05", "2027-06-12T09:05"),
        ("2027-6-2 16:00:00.000", "2027-06-02T16:00"),
    ],
)
def test_a_start_may_be_spelled_in_these_ways(written, local):
    assert read(record(occurrences=[occurrence(start=written)])).occurrences[0].start.local == at(local)


@pytest.mark.parametrize(
    ("keys", "seconds"),
    [
        ({"duration": "PT1H30M"}, 5400),
        ({"duration": "pt90m"}, 5400),
        ({"duration": "P1DT2H"}, 26 * 3600),
        ({"duration": "P1W"}, 7 * 24 * 3600),
        ({"duration": "PT1.5H"}, 5400),
        ({"duration": "90 min"}, 5400),
        ({"duration": "1h 30m"}, 5400),
        ({"duration": "2 hours"}, 7200),
        ({"duration": None, "end": "2027-06-12 17:30"}, 5400),
        ({"duration": None, "end": "17:30"}, 5400),
        ({"duration": None, "end": "2027-06-13T01:00:00"}, 9 * 3600),
        # the clocks in Los Angeles go forward at 2:00 on 14 March 2027 and back at 2:00 on 7 November 2027
        ({"start": "2027-03-14 01:30", "duration": None, "end": "03:30"}, 3600),
        ({"start": "2027-11-07 00:30", "duration": None, "end": "02:30"}, 3 * 3600),
        ({"start": "2027-11-07 01:30", "fold": "0", "duration": None, "end": "02:30"}, 2 * 3600),
        ({"start": "2027-11-07 01:30", "fold": "1", "duration": None, "end": "02:30"}, 3600),
        ({"start": "2027-11-07 01:40", "fold": "1", "duration": None, "end": "01:50"}, 600),
    ],
    ids=str,
)
def test_a_length_is_elapsed_time(keys, seconds):
    assert read(record(occurrences=[occurrence(**keys)])).occurrences[0].duration_seconds == seconds


@pytest.mark.parametrize(
    ("written", "tzid", "noted"),
    [
        ("America/Los_Angeles", LA, False),
        ("america/los angeles", LA, False),
        ("US/Pacific", LA, True),
        ("Asia/Calcutta", "Asia/Kolkata", True),
        ("UTC", "Etc/UTC", True),
    ],
)
def test_older_zone_names_are_mapped_with_a_note(written, tzid, noted):
    said = read(record(occurrences=[occurrence(tzid=written)]))
    assert said.occurrences[0].start.tzid == tzid
    assert said.notes == ((f"occurrences[0].tzid: {written.replace(' ', '_')} is taken as {tzid}.",) if noted else ())


def test_the_second_pass_of_an_overlap_is_chosen_by_fold():
    said = read(record(occurrences=[occurrence(start="2027-11-07 01:30", fold="1")]))
    assert said.occurrences[0].start == Moment(at("2027-11-07T01:30"), LA, 1)
    needless = read(record(occurrences=[occurrence(fold="1")]))
    assert needless.occurrences[0].start.fold == 0
    assert needless.notes == ("occurrences[0].start: the clock shows this time once; fold is not needed.",)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("short text", QuestionType.SHORT_TEXT),
        ("Long-Text", QuestionType.LONG_TEXT),
        ("yes/no", QuestionType.YES_NO),
        ("several choices", QuestionType.SEVERAL_CHOICES),
        ("multiple_choice", QuestionType.SEVERAL_CHOICES),
        ("single-choice", QuestionType.SINGLE_CHOICE),
        ("URL", QuestionType.URL),
    ],
)
def test_question_types_may_be_written_as_one_speaks(written, kind):
    options = ["a", "b"] if "choice" in kind else None
    question = {"id": "q", "type": written, "label": "Why?"} | ({"options": options} if options else {})
    (said,) = read(record(registration={"questions": [question]})).questions
    assert (said.type, said.label) == (kind, {"en": "Why?"})
    assert [(option.id, dict(option.label)) for option in said.options] == [(o, {"en": o}) for o in options or ()]


@pytest.mark.parametrize("word", ["true", "yes", "on", "True", "YES"])
def test_switches_take_the_usual_words(word):
    assert read(record(registration={"waitlist": word})).waitlist is True


@pytest.mark.parametrize(
    ("written", "need"),
    [("none", RegistrationNeed.NONE), ("no", RegistrationNeed.NONE), ("required", RegistrationNeed.REQUIRED)],
)
def test_an_occurrence_says_whether_people_register(written, need):
    assert read(record(occurrences=[occurrence(registration=written)])).occurrences[0].registration is need


@pytest.mark.parametrize(("written", "seconds"), [("PT20M", 1200), ("30", 1800), ("PT0M", 0), ("1 hour", 3600)])
def test_the_room_opens_a_while_before(written, seconds):
    assert read(record(occurrences=[occurrence(join_opens=written)])).occurrences[0].join_opens_seconds == seconds


def test_an_organization_may_be_a_slug_a_name_or_a_mapping():
    assert read(record(organization="example-league")).organization == OrganizationRecord("example-league")
    named = read(record(organization="Liga de Ejemplo (México)")).organization
    assert named == OrganizationRecord("liga-de-ejemplo-mexico")
    assert named.new_name == "Liga de Ejemplo (México)"
    assert read(record(organization={"name": "Example League"})).organization == OrganizationRecord(
        "example-league", "Example League"
    )
    whole = {
        "slug": "example-league",
        "name": "Example League",
        "sender": "The League",
        "contact": "Ana@Example.org",
        "default_language": "ES_mx",
        "default_tzid": "US/Pacific",
        "privacy_url": "https://münchen.example/datenschutz erklärung".replace(" ", "-"),
        "imprint_url": "http://example.org/imprint",
        "accent": "0B6B5C",
        "conference_hosts": "Meet.Example.org",
        "retention_days": "90",
    }
    assert read(record(organization=whole)).organization == OrganizationRecord(
        slug="example-league",
        name="Example League",
        sender_name="The League",
        contact="Ana@example.org",
        default_language="es-MX",
        default_tzid="America/Los_Angeles",
        privacy_url="https://xn--mnchen-3ya.example/datenschutz-erkl%C3%A4rung",
        imprint_url="http://example.org/imprint",
        accent="#0b6b5c",
        conference_hosts=("meet.example.org",),
        retention_days=90,
    )


def test_an_address_as_the_sender_becomes_the_contact():
    said = read(record(organization={"slug": "league", "sender": "The League <ana@example.org>"}))
    assert (said.organization.sender_name, said.organization.contact) == ("The League", "ana@example.org")
    assert said.notes == ("organization.sender: letters leave from our own address; ana@example.org is the contact.",)


def test_what_is_stored_of_the_organization_fills_the_gaps():
    def known(slug):
        assert slug == "example-league"
        return OrganizationRecord(
            slug, "Example League", default_language="es", default_tzid="Asia/Tokyo", conference_hosts=("example.org",)
        )

    languages = {"en": "Forum", "es": "Foro"}
    room = {"url": "https://meet.example.org/forum"}
    said = read(record(languages=languages, occurrences=[occurrence(tzid=None, conference=room)]), known)
    assert said.default_language == "es"
    assert said.occurrences[0].start.tzid == "Asia/Tokyo"
    assert said.occurrences[0].conference == ConferenceRecord(ConferenceProvider.OTHER, url=room["url"])
    assert said.organization.name is None
    assert read(record(organization="Example League"), known).organization.name is None


def test_the_number_is_taken_from_the_link():
    said = read(record(occurrences=[occurrence(conference={"url": "https://zoom.us/j/85835549492?pwd=x"})]))
    assert said.occurrences[0].conference == ConferenceRecord(
        meeting_id="85835549492", url="https://zoom.us/j/85835549492?pwd=x"
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("+52 55 4161 4288", DialIn("+52 55 4161 4288")),
        (["+1 669 900 6833 US (San Jose)"], DialIn("+1 669 900 6833", "US", "San Jose")),
        (["+52 554 161 4288 Mexico"], DialIn("+52 554 161 4288", "", "Mexico")),
        (["+16469313860,,85835549492# US"], DialIn("+16469313860,,85835549492#", "US")),
        ([{"number": "(01) 800-123", "country": "mx"}], DialIn("(01) 800-123", "MX")),
    ],
)
def test_a_number_to_dial_may_be_a_line_of_an_invitation(written, said):
    room = {"meeting_id": "85835549492", "dial_in": written}
    assert read(record(occurrences=[occurrence(conference=room)])).occurrences[0].conference.dial_in == (said,)


def test_a_contact_may_have_a_name_before_it():
    assert read(record(contact="Ana López <ana@Example.org>")).contact == "ana@example.org"


def test_a_location_is_one_text_or_one_for_each_language():
    one = read(record(occurrences=[occurrence(location=" Calle  1\nCDMX ")]))
    assert one.occurrences[0].location == {"": "Calle 1 CDMX"}
    each = read(
        record(
            languages={"en": "x", "es": "y"}, default_language="en", occurrences=[occurrence(location={"ES": "Calle"})]
        )
    )
    assert each.occurrences[0].location == {"es": "Calle"}


@pytest.mark.parametrize(
    ("written", "topics"),
    [
        ("Esperanto", ({"": "Esperanto"},)),
        (["Esperanto", " two\nwords "], ({"": "Esperanto"}, {"": "two words"})),
        (
            [{"en": "Democracy", "ES": "Democracia"}, "Esperanto"],
            ({"en": "Democracy", "es": "Democracia"}, {"": "Esperanto"}),
        ),
        ({"en": "Democracy", "es": "Democracia"}, ({"en": "Democracy", "es": "Democracia"},)),
        (
            [{"en": "A", "es": "B"}, "", {"es": "B", "en": "A"}, {"en": ""}, "A", "A"],
            ({"en": "A", "es": "B"}, {"": "A"}),
        ),
    ],
    ids=str,
)
def test_a_topic_is_one_text_or_one_for_each_language(written, topics):
    languages = {"en": "Forum", "es": "Foro"}
    assert read(record(languages=languages, default_language="en", topics=written)).topics == topics


ASKED = [
    {"id": "meal", "type": "yes_no", "label": "Meal?"},
    {"id": "diet", "type": "single_choice", "label": "Diet", "options": ["vegan", "other"]},
    {"id": "days", "type": "several_choices", "label": "Days", "options": ["1", "2"]},
    {"id": "country", "type": "country", "label": "Country"},
    {"id": "terms", "type": "consent", "label": "Terms"},
]


@pytest.mark.parametrize(
    ("written", "conditions"),
    [
        ({"question": "meal", "is": "yes"}, [("meal", ("yes",))]),
        ({"question": "meal", "is": "No"}, [("meal", ("no",))]),
        ({"question": "meal", "is": ["true", "yes", "off"]}, [("meal", ("yes", "no"))]),
        ({"question": "diet", "is": ["other", "vegan", "other"]}, [("diet", ("other", "vegan"))]),
        ({"question": "country", "is": ["no", "mx"]}, [("country", ("NO", "MX"))]),
        ({"question": "terms", "is": "yes"}, [("terms", ("yes",))]),
        ([{"question": "days", "is": "1"}, {"question": "days", "is": "2"}], [("days", ("1",)), ("days", ("2",))]),
        (
            [{"question": "diet", "is": ["vegan", "other"]}, {"question": "diet", "is": "other"}],
            [("diet", ("vegan", "other")), ("diet", ("other",))],
        ),
        ([], []),
    ],
    ids=str,
)
def test_a_question_may_wait_for_the_answers_to_others(written, conditions):
    last = {"id": "last", "type": "consent", "label": "?", "only_if": written}
    said = read(record(registration={"questions": [*ASKED, last]}))
    assert said.questions[-1].only_if == tuple(ConditionRecord(*condition) for condition in conditions)
    assert said.notes == ()


def test_yaml_words_stay_words_in_conditions():
    text = """\
record: 1
slug: forum
organization: league
languages: {en: Forum}
occurrences: [{id: one, start: 2027-06-12 16:00, tzid: America/Los_Angeles, duration: PT1H}]
registration:
  questions:
    - {id: on, type: yes_no, label: On?}
    - {id: country, type: country, label: Where?, only_if: {question: on, is: no}}
    - {id: y, type: date, label: When?, only_if: {question: country, is: [NO, on-]}}
"""
    assert read(text.replace("on-", "MX")).questions[2].only_if == (ConditionRecord("country", ("NO", "MX")),)
    assert read(text.replace("on-", "MX")).questions[1].only_if == (ConditionRecord("on", ("no",)),)


def test_what_nobody_will_be_asked_is_noted():
    last = {"id": "last", "type": "date", "label": "?", "only_if": {"question": "terms", "is": "no"}}
    assert read(record(registration={"questions": [*ASKED, last]})).notes == (
        "registration.questions[5].only_if: nobody is asked this, because a consent is always given.",
    )


def test_options_have_limits_and_one_asks_what_is_meant():
    options = [{"id": "a", "label": "A", "limit": "0"}, {"id": "b", "label": "B", "limit": "20", "other": "yes"}, "c"]
    (said,) = read(record(registration={"questions": [ASKED[1] | {"options": options}]})).questions
    assert [(option.id, option.limit, option.other) for option in said.options] == [
        ("a", 0, False),
        ("b", 20, True),
        ("c", None, False),
    ]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [({"within": "PT2H"}, 7200), ("PT10M", 600), ({"within": "P7D"}, 604_800), ("1 hour", 3600), (None, None)],
    ids=str,
)
def test_places_may_be_held_for_an_address_to_be_confirmed(written, seconds):
    registration = {"waitlist": "true"} | ({"verify": written} if written else {})
    assert read(record(registration=registration)).verify_seconds == seconds


@pytest.mark.parametrize(
    ("written", "recording"),
    [
        (" https://video.example.org/forum?a=b ", {"": "https://video.example.org/forum?a=b"}),
        ({"ES": "https://münchen.example/ü"}, {"es": "https://xn--mnchen-3ya.example/%C3%BC"}),
        ({"en": "https://a.example/1", "es": "https://a.example/2"},) * 2,
        ("", {}),
    ],
    ids=str,
)
def test_a_recording_is_one_address_or_one_for_each_language(written, recording):
    both = {"languages": {"en": "x", "es": "y"}, "default_language": "en"}
    (said,) = read(record(**both, occurrences=[occurrence(recording=written)])).occurrences
    assert said.recording == recording


@pytest.mark.parametrize(
    ("written", "tzids", "noted"),
    [
        (["Los Angeles", "America/Mexico_City", "Madrid"], (LA, "America/Mexico_City", "Europe/Madrid"), []),
        (["los angeles", "Ciudad de México"], (LA, "America/Mexico_City"), []),
        ("Bogota", ("America/Bogota",), []),
        (["San Francisco", "US/Eastern"], (LA, "America/New_York"), ["San Francisco", "US/Eastern"]),
        ([], (), []),
    ],
    ids=str,
)
def test_cities_are_found_in_the_languages_of_the_event(written, tzids, noted):
    said = read(record(languages={"en": "x", "es": "y"}, default_language="en", cities=written))
    assert said.city_tzids == tzids
    assert said.notes == tuple(f"cities[{at}]: {name} is taken as {tzids[at]}." for at, name in enumerate(noted))


def test_the_window_takes_the_zone_that_all_occurrences_share():
    said = read(record(registration={"opens": "2027-06-01 09:00", "closes": {"at": "2027-11-07 01:30", "fold": "1"}}))
    assert said.opens == Moment(at("2027-06-01T09:00"), LA)
    assert said.closes == Moment(at("2027-11-07T01:30"), LA, 1)


def test_hostile_text_is_text():
    hostile = "<script>alert(1)</script> {{7*7}} %(x)s {name.__class__} =1+1 \\n; ,'\""
    words = {"summary": hostile, "description": f"{hostile}\n\u202e# x\u202c\n"}
    said = read(record(languages={"en": words}))
    assert said.languages["en"] == Words(hostile, description=f"{hostile}\n# x")


def test_notes_say_what_should_be_known():
    room = {"kind": "webinar"}
    said = read(record(occurrences=[occurrence(registration="none", capacity="3", conference=room)]))
    assert said.notes == (
        "occurrences[0].conference: there is no room yet; add meeting_id or url before it begins.",
        "occurrences[0].conference: nobody registers, so nobody will see the room; write `access: public` to show it.",
        "occurrences[0]: the capacity counts for nothing, because nobody registers.",
    )
    letters = {"confirmation": {"en": "Dear {first_name} {name}"}}
    (note,) = read(record(letters=letters)).notes
    assert note.startswith("letters.confirmation.en: {first_name} is no placeholder and stays as written;")


def test_reading_needs_nothing_but_the_bytes():
    assert read(record(), none_known) == read(record())
