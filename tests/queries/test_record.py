from datetime import datetime

from eventsapp.domain.entry import DialIn
from eventsapp.domain.vocabulary import ConferenceAccess, ConferenceKind, EventStatus, LetterKind, QuestionType
from eventsapp.queries.record import known_organization, record_of
from eventsapp.reading.record import read_bytes
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
from eventsapp.reading.writing import write_record

LEAGUE = OrganizationRecord(
    slug="example-league",
    name="Example League",
    sender_name="",
    contact="contact@example.org",
    default_language="en",
    default_tzid="America/Los_Angeles",
    privacy_url="https://example.org/privacy",
    imprint_url="",
    accent="",
    conference_hosts=(),
)


def test_every_row_of_an_event_is_in_its_record(make, now):
    labels = {"en": "How?", "es": "¿Cómo?"}
    event = make.event(
        slug="forum",
        languages={"en": {"summary": "Forum", "description": "**x**", "what_to_bring": "y"}, "es": "Foro"},
        occurrences=[
            {
                "key": "one",
                "dtstart_local": datetime(2026, 11, 1, 1, 30),  # noqa: DTZ001  a wall time beside its tzid
                "fold": 1,
                "capacity": 7,
                "location": {"": "Street 1"},
                "recording": {"es": "https://video.example.org/1"},
                "language_tag": "es",
                "join_opens_seconds": 60,
                "cancelled_at": now,
                "conference": {
                    "kind": ConferenceKind.WEBINAR,
                    "meeting_id": "85835549492",
                    "passcode": "012345",
                    "dial_in": [{"number": "+52 55 4161 4288", "country": "MX", "city": ""}],
                    "access": ConferenceAccess.PUBLIC,
                },
            }
        ],
        questions=[
            {
                "key": "q",
                "type": QuestionType.SINGLE_CHOICE,
                "label": labels,
                "help": labels,
                "options": [{"id": "a", "label": labels}, {"id": "b", "label": labels, "limit": 0, "other": True}],
            },
            {"key": "r", "only_if": [{"question": "q", "is": ["a", "b"]}], "retired": True},
        ],
        letters=[{"kind": LetterKind.PENDING, "language_tag": "es", "subject": "s", "body": "b"}],
        closes_local=datetime(2026, 6, 1, 9, 0),  # noqa: DTZ001
        closes_tzid="Europe/Madrid",
        closes_at=now,
        topics=[{"": "a"}, {"en": "b", "es": "c"}],
        city_tzids=["Asia/Tokyo", "Europe/Madrid"],
        verify_seconds=7200,
    )
    expected = EventRecord(
        slug="forum",
        organization=LEAGUE,
        default_language="en",
        languages={"en": Words("Forum", description="**x**", what_to_bring="y"), "es": Words("Foro")},
        occurrences=(
            OccurrenceRecord(
                id="one",
                start=Moment(datetime.fromisoformat("2026-11-01T01:30"), "America/Los_Angeles", 1),
                duration_seconds=3600,
                language="es",
                capacity=7,
                location={"": "Street 1"},
                recording={"es": "https://video.example.org/1"},
                join_opens_seconds=60,
                cancelled=True,
                conference=ConferenceRecord(
                    kind=ConferenceKind.WEBINAR,
                    meeting_id="85835549492",
                    passcode="012345",
                    dial_in=(DialIn("+52 55 4161 4288", "MX"),),
                    access=ConferenceAccess.PUBLIC,
                ),
            ),
        ),
        contact="contact@example.org",
        topics=({"": "a"}, {"en": "b", "es": "c"}),
        closes=Moment(datetime.fromisoformat("2026-06-01T09:00"), "Europe/Madrid"),
        questions=(
            QuestionRecord(
                "q",
                QuestionType.SINGLE_CHOICE,
                False,
                labels,
                labels,
                (OptionRecord("a", labels), OptionRecord("b", labels, limit=0, other=True)),
            ),
            QuestionRecord(
                "r",
                QuestionType.SHORT_TEXT,
                False,
                {"en": "r"},
                only_if=(ConditionRecord("q", ("a", "b")),),
                retired=True,
            ),
        ),
        city_tzids=("Asia/Tokyo", "Europe/Madrid"),
        verify_seconds=7200,
        letters={LetterKind.PENDING: {"es": LetterWords("s", "b")}},
        status=EventStatus.PUBLISHED,
    )
    assert record_of(event) == expected
    assert read_bytes(write_record(expected).encode(), "forum.yaml") == expected


def test_what_is_stored_of_an_organization_is_known_by_its_slug(make, session):
    make.organization()
    assert known_organization(session, "example-league") == LEAGUE
    assert known_organization(session, "other") is None
